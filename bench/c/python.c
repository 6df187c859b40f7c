/* The callback of pastream for Python with the two rings that it uses, all built by gcc as pip does. Built only where
 * the sources are given: see run.mjs. */
#include "python.h"

#include <stdlib.h>
#include <string.h>

#include <py_pastream.c>

static Py_PaStream stream;
static PaUtilRingBuffer source, sink;
static int (*volatile called)(void *, void *, unsigned long, const PaStreamCallbackTimeInfo *, PaStreamCallbackFlags,
                              void *) = callback; /* as PortAudio calls it */

static void open_ring(PaUtilRingBuffer *ring, size_t frame_bytes, size_t frames) {
  void *data = aligned_alloc(64, frame_bytes * frames);
  memset(data, 1, frame_bytes * frames);
  PaUtil_InitializeRingBuffer(ring, (ring_buffer_size_t)frame_bytes, (ring_buffer_size_t)frames, data);
}

void python_open(size_t frame_bytes, size_t ring_frames) {
  if (!source.buffer) {
    open_ring(&source, frame_bytes, ring_frames);
    open_ring(&sink, frame_bytes, ring_frames);
  }
  init_stream(&stream);
  stream.txElementSize = stream.rxElementSize = (ring_buffer_size_t)frame_bytes;
  stream.txbuffer = &source;
  stream.rxbuffer = &sink;
}

void python_refill(void) {
  PaUtil_AdvanceRingBufferWriteIndex(&source, PaUtil_GetRingBufferWriteAvailable(&source));
  PaUtil_AdvanceRingBufferReadIndex(&sink, PaUtil_GetRingBufferReadAvailable(&sink));
}

void python_run(void *input, void *output, size_t block, int calls) {
  double now = 0;
  for (int i = 0; i < calls; i++) {
    now += (double)block / 48000;
    const PaStreamCallbackTimeInfo times = {now, now, now};
    called(input, output, block, &times, 0, &stream);
  }
}
