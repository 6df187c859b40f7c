/* Writing a block into a ring and reading it out again, on one thread, against PortAudio's own ring buffer. Built only
 * where PortAudio's source is given: see run.mjs. */
#include "engine/ring.h"

#include <pa_ringbuffer.h>

#include "bench.h"

#define RING_FRAMES 4096

struct rings {
  struct ring *ours;
  PaUtilRingBuffer theirs;
  size_t frame, block;
  unsigned char *data, *copy;
};

static void nothing(void *argument) { (void)argument; }

static void run_ours(void *argument, int calls) {
  struct rings *rings = argument;
  for (int i = 0; i < calls; i++) {
    ring_write(rings->ours, rings->data, rings->block);
    ring_read(rings->ours, rings->copy, rings->block);
  }
}

static void run_theirs(void *argument, int calls) {
  struct rings *rings = argument;
  for (int i = 0; i < calls; i++) {
    PaUtil_WriteRingBuffer(&rings->theirs, rings->data, (ring_buffer_size_t)rings->block);
    PaUtil_ReadRingBuffer(&rings->theirs, rings->copy, (ring_buffer_size_t)rings->block);
  }
}

static void measure(const char *name, size_t frame, size_t block, const char *target) {
  struct rings rings = {.ours = ring_create(frame, RING_FRAMES), .frame = frame, .block = block};
  void *storage = calloc(RING_FRAMES, frame);
  rings.data = calloc(block, frame);
  rings.copy = calloc(block, frame);
  PaUtil_InitializeRingBuffer(&rings.theirs, (ring_buffer_size_t)frame, RING_FRAMES, storage);
  const struct piece ours = {nothing, run_ours}, theirs = {nothing, run_theirs};
  bench(name, &ours, &theirs, &rings, 500, target);
  object_release(&rings.ours->object);
  free(storage);
  free(rings.data);
  free(rings.copy);
}

int main(void) {
  bench_head("ring: a write and a read", "PortAudio");
  measure("1 frame of 2 channels of float32", 8, 1, "");
  measure("64 frames of 2 channels of float32", 8, 64, "");
  measure("256 frames of 2 channels of float32", 8, 256, "1");
  measure("1024 frames of 2 channels of float32", 8, 1024, "");
  return 0;
}
