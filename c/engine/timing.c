#include "engine/timing.h"

#include <string.h>

/* Below TIMING_STEPS ns there is a bucket for each; above, the leading bit picks the octave and the next four the step.
 * The shift leaves those five bits, and the leading one of them counts the octave itself. */
static unsigned bucket_of(double seconds) {
  uint64_t ns = seconds <= 0 ? 0 : (uint64_t)(int64_t)(seconds * 1e9); /* less than 2^63, which is converted faster */
  unsigned shift = 59u - (unsigned)__builtin_clzll(ns | TIMING_STEPS);
  unsigned bucket = shift * TIMING_STEPS + (unsigned)(ns >> shift);
  return bucket < TIMING_BUCKETS ? bucket : TIMING_BUCKETS - 1;
}

/* The upper edge of a bucket, in seconds. */
static double bucket_edge(unsigned bucket) {
  if (bucket < TIMING_STEPS) return (double)bucket * 1e-9;
  unsigned octave = bucket / TIMING_STEPS + 3, step = bucket % TIMING_STEPS;
  return (double)((uint64_t)(TIMING_STEPS + step + 1) << (octave - 4)) * 1e-9;
}

static void histogram_add(struct histogram *histogram, double seconds) {
  _Atomic uint32_t *bucket = &histogram->buckets[bucket_of(seconds)];
  atomic_store_explicit(bucket, atomic_load_explicit(bucket, memory_order_relaxed) + 1, memory_order_relaxed);
  if (seconds > atomic_load_explicit(&histogram->max, memory_order_relaxed))
    atomic_store_explicit(&histogram->max, seconds, memory_order_relaxed);
}

static double histogram_quantile(const struct histogram *histogram, double q) {
  uint64_t all = 0, seen = 0;
  uint32_t counts[TIMING_BUCKETS];
  for (unsigned i = 0; i < TIMING_BUCKETS; i++)
    all += counts[i] = atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
  double max = atomic_load_explicit(&histogram->max, memory_order_relaxed);
  for (unsigned i = 0; i < TIMING_BUCKETS && all; i++) {
    seen += counts[i];
    if ((double)seen >= q * (double)all) return bucket_edge(i) < max ? bucket_edge(i) : max;
  }
  return max;
}

static void histogram_reset(struct histogram *histogram) {
  for (unsigned i = 0; i < TIMING_BUCKETS; i++) atomic_store_explicit(&histogram->buckets[i], 0, memory_order_relaxed);
  atomic_store_explicit(&histogram->max, 0, memory_order_relaxed);
}

void timing_reset(struct timing *timing) {
  histogram_reset(&timing->lateness);
  histogram_reset(&timing->duration);
  atomic_store_explicit(&timing->count, 0, memory_order_release);
}

void timing_add(struct timing *timing, double lateness, double duration) {
  histogram_add(&timing->lateness, lateness);
  histogram_add(&timing->duration, duration);
  uint32_t count = atomic_load_explicit(&timing->count, memory_order_relaxed);
  atomic_store_explicit(&timing->count, count + 1, memory_order_release);
}

void timing_read(const struct timing *timing, double values[6]) {
  const struct histogram *both[2] = {&timing->lateness, &timing->duration};
  for (int i = 0; i < 2; i++) {
    values[3 * i] = histogram_quantile(both[i], 0.5);
    values[3 * i + 1] = histogram_quantile(both[i], 0.99);
    values[3 * i + 2] = atomic_load_explicit(&both[i]->max, memory_order_relaxed);
  }
}
