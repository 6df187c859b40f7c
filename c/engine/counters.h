/* Counting in the callback. A counter that it alone writes and any thread reads needs no read-modify-write. */
#ifndef PS_ENGINE_COUNTERS_H
#define PS_ENGINE_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define RELAXED memory_order_relaxed
#define READ(counter) atomic_load_explicit(&(counter), RELAXED)
#define ADD(counter, n) atomic_store_explicit(&(counter), READ(counter) + (n), RELAXED)

/* A function that few callbacks call: it is compiled apart from what all of them do. */
#define SELDOM __attribute__((cold))

/* At most `frames` of what is `left`, which may be less than nothing. */
static inline size_t at_most(size_t frames, int64_t left) {
  return left <= 0 ? 0 : (uint64_t)left < frames ? (size_t)left : frames;
}

#endif
