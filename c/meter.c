#include "meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "format.h"

/* Sums of squares are kept in float over pieces this long, which costs no precision worth naming and vectorises. */
#define PIECE_SAMPLES 1024
#define LANES 8

struct bytes3 { uint8_t byte[3]; };

static inline float sample_float32(float x) { return x; }
static inline float sample_int32(int32_t x) { return (float)x; }
static inline float sample_int16(int16_t x) { return (float)x; }
static inline float sample_int8(int8_t x) { return (float)x; }
static inline float sample_uint8(uint8_t x) { return (float)(x - 128); }
static inline float sample_int24(struct bytes3 x) {
  return (float)(int32_t)((uint32_t)x.byte[0] << 8 | (uint32_t)x.byte[1] << 16 | (uint32_t)x.byte[2] << 24);
}

/* Peak and sum of squares of `count` samples, sample i in lane i % lanes; `lanes` is a multiple of the channels. Eight
 * lanes are the case that the compiler makes vectors of. */
#define MEASURE(NAME, TYPE)                                                                                    \
  static void measure_##NAME(const void *samples, size_t count, size_t lanes, float *peak, float *squares) {   \
    const TYPE *s = samples;                                                                                   \
    size_t i = 0;                                                                                              \
    if (lanes == LANES) {                                                                                      \
      float p[LANES] = {0}, q[LANES] = {0};                                                                    \
      for (; i + LANES <= count; i += LANES)                                                                   \
        for (size_t l = 0; l < LANES; l++) {                                                                   \
          float x = sample_##NAME(s[i + l]), a = x < 0 ? -x : x;                                               \
          p[l] = a > p[l] ? a : p[l];                                                                          \
          q[l] += x * x;                                                                                       \
        }                                                                                                      \
      memcpy(peak, p, sizeof p);                                                                               \
      memcpy(squares, q, sizeof q);                                                                            \
    }                                                                                                          \
    for (size_t l = 0; i < count; i++, l = l + 1 < lanes ? l + 1 : 0) {                                        \
      float x = sample_##NAME(s[i]), a = x < 0 ? -x : x;                                                       \
      peak[l] = a > peak[l] ? a : peak[l];                                                                     \
      squares[l] += x * x;                                                                                     \
    }                                                                                                          \
  }
MEASURE(float32, float)
MEASURE(int32, int32_t)
MEASURE(int24, struct bytes3)
MEASURE(int16, int16_t)
MEASURE(int8, int8_t)
MEASURE(uint8, uint8_t)

/* In the order of PS_FORMAT_, with what one of the format's units is of full scale. */
static const struct {
  void (*measure)(const void *samples, size_t count, size_t lanes, float *peak, float *squares);
  float unit;
} formats[] = {
    {measure_float32, 1.0f},           {measure_int32, 1.0f / 2147483648.0f}, {measure_int24, 1.0f / 2147483648.0f},
    {measure_int16, 1.0f / 32768.0f},  {measure_int8, 1.0f / 128.0f},         {measure_uint8, 1.0f / 128.0f},
};

int32_t meter_init(struct meter *meter, int32_t channels, int32_t format) {
  meter_free(meter);
  meter->format = format;
  if (!channels) return PS_OK;
  meter->channel = calloc((size_t)channels, sizeof *meter->channel);
  if (!meter->channel) return error_set(PS_ERR_MEMORY, 0, "no memory for the meters of %d channels", channels);
  meter->channels = channels;
  return PS_OK;
}

void meter_free(struct meter *meter) {
  free(meter->channel);
  meter->channel = NULL;
  meter->channels = 0;
}

void meter_reset(struct meter *meter) {
  for (int32_t c = 0; c < meter->channels; c++) {
    atomic_store_explicit(&meter->channel[c].peak, 0, memory_order_relaxed);
    atomic_store_explicit(&meter->channel[c].squares, 0, memory_order_relaxed);
    atomic_store_explicit(&meter->channel[c].squares_seen, 0, memory_order_relaxed);
  }
  atomic_store_explicit(&meter->frames, 0, memory_order_relaxed);
  atomic_store_explicit(&meter->frames_seen, 0, memory_order_relaxed);
}

static void channel_add(struct meter_channel *channel, float peak, float squares) {
  float before = atomic_load_explicit(&channel->peak, memory_order_relaxed);
  /* Only the reader interferes, and only by leaving 0: then the new peak stands. */
  if (peak > before && !atomic_compare_exchange_strong_explicit(&channel->peak, &before, peak, memory_order_relaxed,
                                                                memory_order_relaxed))
    atomic_store_explicit(&channel->peak, peak, memory_order_relaxed);
  if (!isfinite(squares)) return; /* a sample was no number: it must not spoil the sum for the rest of the run */
  double sum = atomic_load_explicit(&channel->squares, memory_order_relaxed);
  atomic_store_explicit(&channel->squares, sum + (double)squares, memory_order_relaxed);
}

void meter_add(struct meter *meter, const void *samples, size_t frames) {
  size_t channels = (size_t)meter->channels;
  if (!channels) return;
  size_t lanes = LANES % channels ? channels : LANES;
  size_t frame_bytes = channels * format_bytes(meter->format);
  size_t piece_frames = PIECE_SAMPLES / channels; /* whole rounds of lanes but in the last piece */
  float unit = formats[meter->format].unit;
  for (size_t done = 0; done < frames; done += piece_frames) {
    size_t count = frames - done < piece_frames ? frames - done : piece_frames;
    float peak[PIECE_SAMPLES], squares[PIECE_SAMPLES];
    memset(peak, 0, lanes * sizeof *peak);
    memset(squares, 0, lanes * sizeof *squares);
    formats[meter->format].measure((const uint8_t *)samples + done * frame_bytes, count * channels, lanes, peak, squares);
    for (size_t l = 0; l < lanes; l++)
      channel_add(&meter->channel[l % channels], peak[l] * unit, squares[l] * unit * unit);
  }
  int64_t total = atomic_load_explicit(&meter->frames, memory_order_relaxed);
  atomic_store_explicit(&meter->frames, total + (int64_t)frames, memory_order_release);
}

void meter_read(struct meter *meter, double *levels, int32_t channels) {
  int64_t frames = atomic_load_explicit(&meter->frames, memory_order_acquire);
  int64_t since = frames - atomic_exchange_explicit(&meter->frames_seen, frames, memory_order_relaxed);
  for (int32_t c = 0; c < meter->channels && c < channels; c++) {
    struct meter_channel *channel = &meter->channel[c];
    double squares = atomic_load_explicit(&channel->squares, memory_order_relaxed);
    double sum = squares - atomic_exchange_explicit(&channel->squares_seen, squares, memory_order_relaxed);
    levels[2 * c] = (double)atomic_exchange_explicit(&channel->peak, 0, memory_order_relaxed);
    levels[2 * c + 1] = since > 0 && sum > 0 ? sqrt(sum / (double)since) : 0;
  }
}
