/* The filters of a resampler: made once for a ratio, shared by all who convert by it. */
#ifndef PS_RESAMPLER_TABLE_H
#define PS_RESAMPLER_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Positions between two input frames are counted in units of 1 / up; an output frame is `down` units after the last. */
struct resampler_ratio {
  uint64_t up, down;
};

#define RESAMPLER_ALIGNMENT 64 /* of rows */

/* The first address from `memory` on that a row can have. */
static inline float *resampler_aligned(void *memory) {
  return (float *)(((uintptr_t)memory + RESAMPLER_ALIGNMENT - 1) / RESAMPLER_ALIGNMENT * RESAMPLER_ALIGNMENT);
}

struct resampler_table {
  struct resampler_table *next;
  size_t uses;
  double in_per_out; /* what it was made for, */
  uint64_t exact;    /* and `up` where each position has a row of its own; 0: rows are interpolated */
  size_t taps;       /* of a row; a multiple of 16 */
  size_t phases;     /* rows, without the one at the end which ends the last interval of interpolated ones */
  const float *rows; /* aligned, in `memory` */
  void *memory;
};

/* Two rates as a ratio in its lowest terms, with rates rounded to 2^-20 Hz. */
struct resampler_ratio resampler_ratio(double in_rate, double out_rate);

/* The table for a ratio, of which each position may have its row, or a ratio that varies around it; NULL: no memory.
 * Any thread but the callback. */
struct resampler_table *resampler_table_use(struct resampler_ratio ratio, int varies);
void resampler_table_release(struct resampler_table *table);
size_t resampler_tables_live(void); /* for tests */

#endif
