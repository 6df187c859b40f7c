#include "engine/resampler_kernel.h"

#if HAVE_AVX2
#include <immintrin.h>
#endif

/* Eight samples, which the compiler makes of two vectors of SSE or NEON. */
typedef float vector __attribute__((vector_size(32)));
typedef float unaligned __attribute__((vector_size(32), aligned(4), may_alias));
#define LOAD(FROM) (*(const unaligned *)(FROM))
#define SUM(V) (((V[0] + V[4]) + (V[1] + V[5])) + ((V[2] + V[6]) + (V[3] + V[7])))

static void dot(const float *const rows[4], const float *const samples[4], size_t taps, float out[4]) {
  vector sum[4] = {{0}};
  for (size_t k = 0; k < taps; k += 8)
    for (int i = 0; i < 4; i++) sum[i] += LOAD(rows[i] + k) * LOAD(samples[i] + k);
  for (int i = 0; i < 4; i++) out[i] = SUM(sum[i]);
}

static void dot_one(const float *row, const float *const samples[4], size_t taps, float out[4]) {
  vector sum[4] = {{0}};
  for (size_t k = 0; k < taps; k += 8) {
    vector weight = LOAD(row + k);
    for (int i = 0; i < 4; i++) sum[i] += weight * LOAD(samples[i] + k);
  }
  for (int i = 0; i < 4; i++) out[i] = SUM(sum[i]);
}

static void dot_two(const float *const rows[2], const float *const samples[4], size_t taps, float out[8]) {
  for (int j = 0; j < 2; j++) dot_one(rows[j], samples, taps, out + 4 * j);
}

static void blend(float *row, const float *from, const float *to, float part, size_t taps) {
  for (size_t k = 0; k < taps; k += 8) {
    vector a = LOAD(from + k), b = LOAD(to + k);
    *(unaligned *)(row + k) = a + part * (b - a);
  }
}

const struct resampler_kernel resampler_kernel_baseline = {dot, dot_one, dot_two, blend};

#if HAVE_AVX2
/* clang makes two loads of an ordinary unaligned one when it compiles for older processors, but leaves this one
 * alone. */
AVX2 static inline __m256 load(const float *from) {
  return _mm256_castsi256_ps(_mm256_lddqu_si256((const __m256i *)from));
}

/* The sums of four vectors. */
AVX2 static inline __m128 sums(const __m256 v[4]) {
  __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

/* Two sums for each output sample hide the time that an addition takes. */
AVX2 static void dot_avx2(const float *const rows[4], const float *const samples[4], size_t taps, float out[4]) {
  __m256 sum[4], more[4];
  for (int i = 0; i < 4; i++) sum[i] = more[i] = _mm256_setzero_ps();
  for (size_t k = 0; k < taps; k += 16)
    for (int i = 0; i < 4; i++) {
      sum[i] = _mm256_fmadd_ps(_mm256_load_ps(rows[i] + k), load(samples[i] + k), sum[i]);
      more[i] = _mm256_fmadd_ps(_mm256_load_ps(rows[i] + k + 8), load(samples[i] + k + 8), more[i]);
    }
  for (int i = 0; i < 4; i++) sum[i] = _mm256_add_ps(sum[i], more[i]);
  _mm_storeu_ps(out, sums(sum));
}

AVX2 static void dot_one_avx2(const float *row, const float *const samples[4], size_t taps, float out[4]) {
  __m256 sum[4], more[4];
  for (int i = 0; i < 4; i++) sum[i] = more[i] = _mm256_setzero_ps();
  for (size_t k = 0; k < taps; k += 16) {
    __m256 weight = _mm256_load_ps(row + k), weight_more = _mm256_load_ps(row + k + 8);
    for (int i = 0; i < 4; i++) {
      sum[i] = _mm256_fmadd_ps(weight, load(samples[i] + k), sum[i]);
      more[i] = _mm256_fmadd_ps(weight_more, load(samples[i] + k + 8), more[i]);
    }
  }
  for (int i = 0; i < 4; i++) sum[i] = _mm256_add_ps(sum[i], more[i]);
  _mm_storeu_ps(out, sums(sum));
}

/* Every other eight taps, by six loads for eight multiplications: as many of these as there can be in a cycle. */
AVX2 static inline void dot_two_half(const float *const rows[2], const float *const samples[4], size_t taps,
                                     __m256 sum[8]) {
  for (int i = 0; i < 8; i++) sum[i] = _mm256_setzero_ps();
  for (size_t k = 0; k < taps; k += 16) {
    __m256 weight = _mm256_load_ps(rows[0] + k), other = _mm256_load_ps(rows[1] + k);
    for (int i = 0; i < 4; i++) {
      __m256 sample = load(samples[i] + k);
      sum[i] = _mm256_fmadd_ps(weight, sample, sum[i]);
      sum[4 + i] = _mm256_fmadd_ps(other, sample, sum[4 + i]);
    }
  }
}

/* In two halves, so that the sums fit into registers, and are the same to the bit as those of the others. */
AVX2 static void dot_two_avx2(const float *const rows[2], const float *const samples[4], size_t taps, float out[8]) {
  const float *later_rows[2] = {rows[0] + 8, rows[1] + 8};
  const float *later[4] = {samples[0] + 8, samples[1] + 8, samples[2] + 8, samples[3] + 8};
  __m256 sum[8], more[8];
  dot_two_half(rows, samples, taps, sum);
  dot_two_half(later_rows, later, taps, more);
  for (int i = 0; i < 8; i++) sum[i] = _mm256_add_ps(sum[i], more[i]);
  _mm_storeu_ps(out, sums(sum));
  _mm_storeu_ps(out + 4, sums(sum + 4));
}

AVX2 static void blend_avx2(float *row, const float *from, const float *to, float part, size_t taps) {
  __m256 weight = _mm256_set1_ps(part);
  for (size_t k = 0; k < taps; k += 8) {
    __m256 a = _mm256_load_ps(from + k);
    _mm256_store_ps(row + k, _mm256_fmadd_ps(weight, _mm256_sub_ps(_mm256_load_ps(to + k), a), a));
  }
}

const struct resampler_kernel resampler_kernel_avx2 = {dot_avx2, dot_one_avx2, dot_two_avx2, blend_avx2};

const struct resampler_kernel *resampler_kernel(void) {
  return processor_has_avx2() ? &resampler_kernel_avx2 : &resampler_kernel_baseline;
}
#else
const struct resampler_kernel *resampler_kernel(void) { return &resampler_kernel_baseline; }
#endif
