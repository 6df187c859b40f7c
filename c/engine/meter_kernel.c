#include "engine/meter_kernel.h"

#include <string.h>

#include "pastream.h"

#if HAVE_AVX2
#include <immintrin.h>
#endif

#pragma GCC diagnostic ignored "-Wpsabi" /* of vectors as arguments: all functions that have some are inlined */

/* Sample i belongs to lane i % lanes, whose number is a multiple of the channels. Eight lanes are a vector, of which
 * the compiler makes two for SSE and NEON. Four vectors at a time keep an adder busy that has its result after three or
 * four cycles. */
#define VECTOR 8
#define FEW_LANES 32
#define LANES_MOST METER_SAMPLES
/* Float samples below this, -379 dB, count as this in the sums: their squares are denormal numbers, or they are such
 * numbers themselves, and those take some processors many times as long. A sum that so many of them make is none. */
#define LEAST 0x1p-63f
#define LEAST_SUM (METER_SAMPLES * LEAST * LEAST)

typedef float floats __attribute__((vector_size(32)));
typedef int32_t ints __attribute__((vector_size(32)));
typedef int16_t shorts __attribute__((vector_size(16)));
typedef int8_t chars __attribute__((vector_size(8)));
#define INLINE static inline __attribute__((always_inline))

/* What the functions below are compiled for; constants wherever they are used. */
struct kernel {
  int32_t format; /* PS_FORMAT_ */
  int avx2;
};

INLINE size_t sample_bytes(struct kernel kernel) {
  switch (kernel.format) {
    case PS_FORMAT_INT24: return 3;
    case PS_FORMAT_INT16: return 2;
    case PS_FORMAT_INT8:
    case PS_FORMAT_UINT8: return 1;
    default: return 4;
  }
}

#if HAVE_AVX2
/* clang makes two loads of an ordinary unaligned one when it compiles for older processors, but leaves this one
 * alone. */
AVX2 static inline void load_avx2(const uint8_t *from, floats *to) {
  *to = (floats)_mm256_lddqu_si256((const __m256i *)from);
}
#else
INLINE void load_avx2(const uint8_t *from, floats *to) { memcpy(to, from, sizeof *to); }
#endif

INLINE floats load32(struct kernel kernel, const uint8_t *from) {
  floats x;
  if (kernel.avx2)
    load_avx2(from, &x);
  else
    memcpy(&x, from, sizeof x);
  return x;
}

INLINE ints load24(const uint8_t *s) {
  ints x = {0};
  for (int i = 0; i < VECTOR; i++, s += 3)
    x[i] = (int32_t)((uint32_t)s[0] << 8 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 24);
  return x;
}

/* Eight samples, which need not be aligned. */
INLINE floats load(struct kernel kernel, const uint8_t *from) {
  const chars half = {-128, -128, -128, -128, -128, -128, -128, -128};
  shorts narrow;
  chars bytes;
  switch (kernel.format) {
    case PS_FORMAT_FLOAT32: return load32(kernel, from);
    case PS_FORMAT_INT32: return __builtin_convertvector((ints)load32(kernel, from), floats);
    case PS_FORMAT_INT24: return __builtin_convertvector(load24(from), floats);
    case PS_FORMAT_INT16: memcpy(&narrow, from, sizeof narrow); return __builtin_convertvector(narrow, floats);
    default: memcpy(&bytes, from, sizeof bytes);
  }
  return __builtin_convertvector(kernel.format == PS_FORMAT_UINT8 ? bytes ^ half : bytes, floats);
}

INLINE floats larger(floats a, floats b) {
  ints is = a > b; /* not where a is NaN */
  return (floats)((is & (ints)a) | (~is & (ints)b));
}

/* Denormal numbers do not slow down this comparison. */
INLINE floats at_least(floats x, floats least) {
  ints is = (ints)x > (ints)least;
  return (floats)((is & (ints)x) | (~is & (ints)least));
}

/* 0 where a lane is not finite, or had nothing in it. */
INLINE floats finite(floats x) { return (floats)((x - x == 0) & (x > LEAST_SUM) & (ints)x); }

/* Adds a sample to each lane. */
INLINE void add_round(struct kernel kernel, const uint8_t *samples, size_t lanes, floats *peak, floats *squares) {
  const ints magnitude = (ints){0} + INT32_MAX;
  const floats least = (floats){0} + LEAST;
  for (size_t v = 0; v < lanes / VECTOR; v++, samples += VECTOR * sample_bytes(kernel)) {
    floats x = (floats)((ints)load(kernel, samples) & magnitude);
    peak[v] = larger(x, peak[v]);
    if (kernel.format == PS_FORMAT_FLOAT32) x = at_least(x, least);
    squares[v] += x * x;
  }
}

/* The same where there are fewer samples than lanes: silence follows them. */
INLINE void add_few(struct kernel kernel, const uint8_t *samples, size_t count, size_t lanes, floats *peak,
                    floats *squares) {
  uint8_t padded[LANES_MOST * 4];
  memset(padded, kernel.format == PS_FORMAT_UINT8 ? 0x80 : 0, lanes * sample_bytes(kernel));
  memcpy(padded, samples, count * sample_bytes(kernel));
  add_round(kernel, padded, lanes, peak, squares);
}

INLINE void fold_lanes(const floats *lane_peak, const floats *lane_squares, size_t lanes, size_t channels, float *peak,
                       float *squares) {
  for (size_t c = 0; c < channels; c++) {
    float most = 0, sum = 0;
    for (size_t l = c; l < lanes; l += channels) {
      float value = lane_peak[l / VECTOR][l % VECTOR];
      most = value > most ? value : most;
      sum += lane_squares[l / VECTOR][l % VECTOR];
    }
    peak[c] = most;
    squares[c] = sum;
  }
}

/* For 1, 2, 4 and 8 channels: the lanes stay in registers. */
INLINE void measure_few(struct kernel kernel, const uint8_t *samples, size_t count, size_t channels, float *peak,
                        float *squares) {
  floats p[4] = {{0}}, q[4] = {{0}};
  for (; count >= FEW_LANES; count -= FEW_LANES, samples += FEW_LANES * sample_bytes(kernel))
    add_round(kernel, samples, FEW_LANES, p, q);
  if (count) add_few(kernel, samples, count, FEW_LANES, p, q);
  floats vector_peak = larger(larger(p[0], p[1]), larger(p[2], p[3]));
  floats vector_squares = (finite(q[0]) + finite(q[1])) + (finite(q[2]) + finite(q[3]));
  switch (channels) { /* with a constant number of channels there is no loop */
    case 1: fold_lanes(&vector_peak, &vector_squares, VECTOR, 1, peak, squares); break;
    case 2: fold_lanes(&vector_peak, &vector_squares, VECTOR, 2, peak, squares); break;
    case 4: fold_lanes(&vector_peak, &vector_squares, VECTOR, 4, peak, squares); break;
    default: fold_lanes(&vector_peak, &vector_squares, VECTOR, 8, peak, squares);
  }
}

/* The smallest multiple of the channels that fills whole vectors. */
static size_t whole_vectors(size_t channels) {
  size_t count = channels;
  while (count % VECTOR) count += channels;
  return count;
}

/* For any number of channels. A round is as many frames as fill whole vectors, or one where those are too many. */
INLINE void measure_many(struct kernel kernel, const uint8_t *samples, size_t count, size_t channels, float *peak,
                         float *squares) {
  floats p[LANES_MOST / VECTOR], q[LANES_MOST / VECTOR];
  size_t lanes = whole_vectors(channels), round = lanes, now;
  if (lanes > LANES_MOST) {
    round = channels;
    lanes = (channels + VECTOR - 1) / VECTOR * VECTOR;
  }
  memset(p, 0, lanes * sizeof(float));
  memset(q, 0, lanes * sizeof(float));
  for (; count > 0; count -= now, samples += now * sample_bytes(kernel)) {
    now = count < round ? count : round;
    if (now == lanes)
      add_round(kernel, samples, lanes, p, q);
    else
      add_few(kernel, samples, now, lanes, p, q);
  }
  for (size_t v = 0; v < lanes / VECTOR; v++) q[v] = finite(q[v]);
  fold_lanes(p, q, lanes, channels, peak, squares);
}

INLINE void measure(struct kernel kernel, const void *samples, size_t count, size_t channels, float *peak,
                    float *squares) {
  if (VECTOR / channels * channels == VECTOR)
    measure_few(kernel, samples, count, channels, peak, squares);
  else
    measure_many(kernel, samples, count, channels, peak, squares);
}

#define MEASURE(NAME, TARGET, FORMAT, AVX2)                                                                  \
  TARGET static void NAME(const void *samples, size_t count, size_t channels, float *peak, float *squares) { \
    measure((struct kernel){FORMAT, AVX2}, samples, count, channels, peak, squares);                         \
  }
#define NO_TARGET
MEASURE(float32, NO_TARGET, PS_FORMAT_FLOAT32, 0)
MEASURE(int32, NO_TARGET, PS_FORMAT_INT32, 0)
MEASURE(int24, NO_TARGET, PS_FORMAT_INT24, 0)
MEASURE(int16, NO_TARGET, PS_FORMAT_INT16, 0)
MEASURE(int8, NO_TARGET, PS_FORMAT_INT8, 0)
MEASURE(uint8, NO_TARGET, PS_FORMAT_UINT8, 0)
meter_measure *const meter_kernels_baseline[6] = {float32, int32, int24, int16, int8, uint8};

#if HAVE_AVX2
MEASURE(float32_avx2, AVX2, PS_FORMAT_FLOAT32, 1)
MEASURE(int32_avx2, AVX2, PS_FORMAT_INT32, 1)
MEASURE(int24_avx2, AVX2, PS_FORMAT_INT24, 1)
MEASURE(int16_avx2, AVX2, PS_FORMAT_INT16, 1)
MEASURE(int8_avx2, AVX2, PS_FORMAT_INT8, 1)
MEASURE(uint8_avx2, AVX2, PS_FORMAT_UINT8, 1)
meter_measure *const meter_kernels_avx2[6] = {float32_avx2, int32_avx2, int24_avx2, int16_avx2, int8_avx2, uint8_avx2};

meter_measure *const *meter_kernels(void) { return processor_has_avx2() ? meter_kernels_avx2 : meter_kernels_baseline; }
#else
meter_measure *const *meter_kernels(void) { return meter_kernels_baseline; }
#endif
