/* Sinks beside the sink of the run: each stays until it is removed, over any number of runs, and may come and go while
 * one is on. */
#ifndef PS_STREAM_TAPS_H
#define PS_STREAM_TAPS_H

#include <stdint.h>

#include "base/error.h"
#include "engine/sink.h"
#include "stream/endpoint.h"

#define TAPS (ENGINE_SINKS - 1) /* tap i has slot i + 1 of the engine */

struct stream;

/* All under the stream's lock. */
struct tap {
  struct stream *stream;
  int32_t generation; /* of the tap in this place, or of the last one that was; 0: there was none */
  int used;
  int removing; /* it goes as soon as the callback has let go of it */
  struct endpoint endpoint;
  int64_t offset, length;
  /* Of the run. */
  struct ring *ring;
  struct adapter *adapter;
  struct file_writer *writer;
  int32_t outcome;             /* how it ended: a PS_TAP_, PS_TAP_WAITING while it has not */
  int64_t got, dropped, first; /* as last seen; the frame of the run that was its first, -1: none yet */
  struct error failure;        /* PS_TAP_FAILED: why */
};

void taps_init(struct stream *stream);
/* Control thread. Takes what the taps record into and makes them part of the run that is about to start. */
int32_t taps_start(struct stream *stream);
/* Finishes the files of taps that are being removed; returns whether one still waits for the callback. */
int taps_tend(struct stream *stream);
/* The run has ended: files are finished, rings given back. */
void taps_end(struct stream *stream, double patience);
/* None is set any more. Under the lock, while no run is on. */
void taps_drop(struct stream *stream);
/* Limits how long a file that is being finished may take. Under the lock. */
void taps_hurry(struct stream *stream, double patience);
/* A device that freewheels waits for the writers. Callback. */
void taps_wake(struct stream *stream);

#endif
