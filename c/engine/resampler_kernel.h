/* The arithmetic of a resampler, in the widest vectors that the processor has. */
#ifndef PS_RESAMPLER_KERNEL_H
#define PS_RESAMPLER_KERNEL_H

#include <stddef.h>

#include "base/processor.h"

/* Rows are at multiples of 32 bytes. */
struct resampler_kernel {
  /* Four output samples at once: out[i] = sum of rows[i][k] * samples[i][k] for k < taps, a multiple of 16. */
  void (*dot)(const float *const rows[4], const float *const samples[4], size_t taps, float out[4]);
  /* The same with one row for all four. */
  void (*dot_one)(const float *row, const float *const samples[4], size_t taps, float out[4]);
  /* Two rows for all four: out[4 * j + i] is of rows[j] and samples[i]. */
  void (*dot_two)(const float *const rows[2], const float *const samples[4], size_t taps, float out[8]);
  /* row[k] = from[k] + part * (to[k] - from[k]) */
  void (*blend)(float *row, const float *from, const float *to, float part, size_t taps);
};

/* The one for this processor. */
const struct resampler_kernel *resampler_kernel(void);
/* The one that every processor can run, */
extern const struct resampler_kernel resampler_kernel_baseline;
#if HAVE_AVX2
extern const struct resampler_kernel resampler_kernel_avx2; /* and the one for those since 2013 */
#endif

#endif
