/* The arithmetic of a level meter, in the widest vectors that the processor has. */
#ifndef PS_METER_KERNEL_H
#define PS_METER_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/processor.h"

#define METER_SAMPLES 1024

/* Peak and sum of squares, in units of the format, of each channel of `count` interleaved samples: whole frames, of at
 * most METER_SAMPLES. Sums over so few are kept in float, which costs no relevant precision. A NaN counts for
 * neither, an infinite sample for the peak only. */
typedef void meter_measure(const void *samples, size_t count, size_t channels, float *peak, float *squares);

/* By PS_FORMAT_: the functions for this processor; */
meter_measure *const *meter_kernels(void);
/* those that every processor can run, and those for AVX2, whose sums may differ in the last bits (FMA rounds once). */
extern meter_measure *const meter_kernels_baseline[6];
#if HAVE_AVX2
extern meter_measure *const meter_kernels_avx2[6];
#endif

#endif
