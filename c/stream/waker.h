/* Wakers: how a JavaScript thread, which native threads may not call, is woken when a stream has something for it.
 * The callback only compares a frame count, and posts an event; one thread for all streams does the rest. */
#ifndef PS_STREAM_WAKER_H
#define PS_STREAM_WAKER_H

#include <stdatomic.h>
#include <stdint.h>

#define STREAM_WAITS 8 /* threads that can wait for one stream */
#define WAIT_NEVER INT64_MAX

struct stream;
struct waker;

/* A thread that waits for a stream. Under the lock of all wakers. */
struct waiting {
  struct waker *waker; /* NULL: nobody */
  int32_t handle;      /* by which it knows the stream */
  int64_t at;          /* the frame count that it waits for, or WAIT_NEVER */
  int due;             /* it has been woken for this stream, and has not asked yet */
};

/* A stream's part. */
struct waits {
  _Atomic int64_t at; /* the least frame count that a thread waits for */
  struct waiting list[STREAM_WAITS];
  int listed;
  struct stream *next; /* of those that threads wait for */
};

void waits_init(struct waits *waits);

/* Lets `waker` wait for the stream until one of the two ends: from now on it is woken by every change. Returns 1, 0 if
 * it did so before, or PS_ERR_BUSY. */
int32_t waits_join(struct stream *stream, int32_t handle, struct waker *waker);
/* Wakes it once when `at` frames have been processed as well. */
void waits_aim(struct stream *stream, struct waker *waker, int64_t at);

/* Callback: this is the frame count now. */
void waits_reached(struct waits *waits);
static inline void waits_count(struct waits *waits, int64_t count) {
  if (count >= atomic_load_explicit(&waits->at, memory_order_relaxed)) waits_reached(waits);
}

/* Control thread, without the stream's lock: a command or the run has ended, or a sink was let go of. */
void waits_changed(struct stream *stream);
/* The same; no thread waits any more. */
void waits_end(struct stream *stream);

#endif
