/* Wakers: how a JavaScript thread, which native threads may not call, is woken when an object has something for it: a
 * stream, or what is done for a file on a thread of its own. A stream's callback only compares a frame count, and posts
 * an event; one thread for all streams does the rest. */
#ifndef PS_BASE_WAKER_H
#define PS_BASE_WAKER_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/handle.h"

#define OBJECT_WAITS 8 /* threads that can wait for one object */
#define WAIT_NEVER INT64_MAX

struct waker;

/* A thread that waits for an object. Under the lock of all wakers. */
struct waiting {
  struct waker *waker; /* NULL: nobody */
  int32_t handle;      /* by which it knows the object */
  int64_t at;          /* the frame count that it waits for, or WAIT_NEVER */
  int due;             /* it has been woken for this object, and has not asked yet */
};

/* The part of an object that threads can wait for. */
struct waits {
  struct object *object;
  _Atomic int64_t *count; /* its frames processed so far; NULL if it has no such count */
  _Atomic int64_t at;     /* the least frame count that a thread waits for */
  struct waiting list[OBJECT_WAITS];
  int listed;
  struct waits *next; /* of those that threads wait for */
};

/* `waits` is a member of `object`, which is new. */
void waits_init(struct waits *waits, struct object *object, _Atomic int64_t *count);

/* The object behind a handle, if threads can wait for it, with one use added; or NULL (PS_ERR_HANDLE). */
struct object *waits_use(int32_t handle);
/* The waker behind a handle, with one use added, or NULL (PS_ERR_HANDLE); and gives the use back. */
struct waker *waker_use(int32_t handle);
int32_t waker_done(struct waker *waker, int32_t result);

/* Lets `waker` wait for the object, which the thread knows by `handle`, until one of the two ends: from now on it is
 * woken by every change. Returns 1, 0 if it did so before, or PS_ERR_BUSY. */
int32_t waits_join(struct waits *waits, int32_t handle, struct waker *waker);
/* Wakes it once when `at` frames have been processed as well. */
void waits_aim(struct waits *waits, struct waker *waker, int64_t at);

/* Callback: this is the frame count now. */
void waits_reached(struct waits *waits);
static inline void waits_count(struct waits *waits, int64_t count) {
  if (count >= atomic_load_explicit(&waits->at, memory_order_relaxed)) waits_reached(waits);
}

/* Any thread but the callback: something is different for those who wait. */
void waits_changed(struct waits *waits);
/* The same; no thread waits any more. */
void waits_end(struct waits *waits);

#endif
