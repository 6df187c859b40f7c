/* Histograms of how late callbacks come and how long they take. One writer (the callback), any reader. */
#ifndef PS_TIMING_H
#define PS_TIMING_H

#include <stdatomic.h>
#include <stdint.h>

/* Buckets on a logarithmic scale of nanoseconds: 16 to the octave (6 %), up to 2^40 ns (18 minutes). */
#define TIMING_STEPS 16
#define TIMING_BUCKETS (40 * TIMING_STEPS)

struct histogram {
  _Atomic uint32_t buckets[TIMING_BUCKETS];
  _Atomic double max; /* seconds */
};

struct timing {
  struct histogram lateness, duration;
  _Atomic uint32_t count;
};

void timing_reset(struct timing *timing);
/* Callback: one more, in seconds; a lateness < 0 counts as 0. */
void timing_add(struct timing *timing, double lateness, double duration);
/* p50, p99 and max of both, in seconds (as PS_API ps_stream_timing has them). Any thread. */
void timing_read(const struct timing *timing, double values[6]);

#endif
