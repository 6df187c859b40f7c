#include "engine/meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/format.h"

/* Sums of squares are kept in float over pieces this long, which costs no precision worth naming and vectorises. */
#define PIECE_SAMPLES 1024
#define LANES 8
#define LOOKS 1000 /* of a reader at sums between which blocks came, before it takes them as they are */

struct bytes3 {
  uint8_t byte[3];
};

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
#define MEASURE(NAME, TYPE)                                                                                  \
  static void measure_##NAME(const void *samples, size_t count, size_t lanes, float *peak, float *squares) { \
    const TYPE *s = samples;                                                                                 \
    size_t i = 0;                                                                                            \
    if (lanes == LANES) {                                                                                    \
      float p[LANES] = {0}, q[LANES] = {0};                                                                  \
      for (; i + LANES <= count; i += LANES)                                                                 \
        for (size_t l = 0; l < LANES; l++) {                                                                 \
          float x = sample_##NAME(s[i + l]), a = fabsf(x);                                                   \
          p[l] = a > p[l] ? a : p[l];                                                                        \
          q[l] += x * x;                                                                                     \
        }                                                                                                    \
      memcpy(peak, p, sizeof p);                                                                             \
      memcpy(squares, q, sizeof q);                                                                          \
    }                                                                                                        \
    for (size_t l = 0; i < count; i++, l = l + 1 < lanes ? l + 1 : 0) {                                      \
      float x = sample_##NAME(s[i]), a = fabsf(x);                                                           \
      peak[l] = a > peak[l] ? a : peak[l];                                                                   \
      squares[l] += x * x;                                                                                   \
    }                                                                                                        \
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
    {measure_float32, 1.0f},          {measure_int32, 1.0f / 2147483648.0f}, {measure_int24, 1.0f / 2147483648.0f},
    {measure_int16, 1.0f / 32768.0f}, {measure_int8, 1.0f / 128.0f},         {measure_uint8, 1.0f / 128.0f},
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
    struct meter_channel *channel = &meter->channel[c];
    atomic_store_explicit(&channel->peak, 0, memory_order_relaxed);
    for (int i = 0; i < 2; i++) atomic_store_explicit(&channel->squares[i], 0, memory_order_relaxed);
    atomic_store_explicit(&channel->squares_seen, 0, memory_order_relaxed);
  }
  for (int i = 0; i < 2; i++) atomic_store_explicit(&meter->frames[i], 0, memory_order_relaxed);
  atomic_store_explicit(&meter->frames_seen, 0, memory_order_relaxed);
}

static void add_peak(struct meter_channel *channel, float peak) {
  float before = atomic_load_explicit(&channel->peak, memory_order_relaxed);
  /* Only the reader interferes, and only by leaving 0: then the new peak stands. */
  if (peak > before && !atomic_compare_exchange_strong_explicit(&channel->peak, &before, peak, memory_order_relaxed,
                                                                memory_order_relaxed))
    atomic_store_explicit(&channel->peak, peak, memory_order_relaxed);
}

static void add_squares(_Atomic double *sum, float squares) {
  if (!isfinite(squares)) return; /* a sample was no number: it must not spoil the sum for the rest of the run */
  double before = atomic_load_explicit(sum, memory_order_relaxed);
  atomic_store_explicit(sum, before + (double)squares, memory_order_release);
}

/* The stores are releases, and the loads of read_sums acquires, so that who sees one of them sees the turn that allowed
 * the callback to overwrite what was there. */
void meter_add(struct meter *meter, const void *samples, size_t frames) {
  size_t channels = (size_t)meter->channels;
  if (!channels) return;
  size_t lanes = LANES % channels ? channels : LANES;
  size_t frame_bytes = channels * format_bytes(meter->format);
  size_t piece_frames = PIECE_SAMPLES / channels; /* whole rounds of lanes but in the last piece */
  float unit = formats[meter->format].unit;
  uint32_t turn = atomic_load_explicit(&meter->turn, memory_order_relaxed), now = turn & 1, next = !now;
  for (size_t c = 0; c < channels; c++) {
    struct meter_channel *channel = &meter->channel[c];
    double sum = atomic_load_explicit(&channel->squares[now], memory_order_relaxed);
    atomic_store_explicit(&channel->squares[next], sum, memory_order_release);
  }
  for (size_t done = 0; done < frames; done += piece_frames) {
    size_t count = frames - done < piece_frames ? frames - done : piece_frames;
    float peak[PIECE_SAMPLES], squares[PIECE_SAMPLES];
    memset(peak, 0, lanes * sizeof *peak);
    memset(squares, 0, lanes * sizeof *squares);
    formats[meter->format].measure((const uint8_t *)samples + done * frame_bytes, count * channels, lanes, peak,
                                   squares);
    for (size_t l = 0; l < lanes; l++) {
      struct meter_channel *channel = &meter->channel[l % channels];
      add_peak(channel, peak[l] * unit);
      add_squares(&channel->squares[next], squares[l] * unit * unit);
    }
  }
  int64_t total = atomic_load_explicit(&meter->frames[now], memory_order_relaxed);
  atomic_store_explicit(&meter->frames[next], total + (int64_t)frames, memory_order_release);
  atomic_store_explicit(&meter->turn, turn + 1, memory_order_release);
}

/* Puts the sums of squares into every other number, and returns the number of frames that they are of. */
static int64_t read_sums(struct meter *meter, double *levels, int32_t channels) {
  int64_t frames;
  uint32_t turn;
  int looks = 0;
  do {
    turn = atomic_load_explicit(&meter->turn, memory_order_acquire);
    frames = atomic_load_explicit(&meter->frames[turn & 1], memory_order_acquire);
    for (int32_t c = 0; c < channels; c++)
      levels[2 * c + 1] = atomic_load_explicit(&meter->channel[c].squares[turn & 1], memory_order_acquire);
  } while (turn != atomic_load_explicit(&meter->turn, memory_order_relaxed) && ++looks < LOOKS);
  return frames;
}

void meter_read(struct meter *meter, double *levels, int32_t channels) {
  if (channels > meter->channels) channels = meter->channels;
  int64_t frames = read_sums(meter, levels, channels);
  int64_t since = frames - atomic_exchange_explicit(&meter->frames_seen, frames, memory_order_relaxed);
  for (int32_t c = 0; c < channels; c++) {
    struct meter_channel *channel = &meter->channel[c];
    double squares = levels[2 * c + 1];
    double sum = squares - atomic_exchange_explicit(&channel->squares_seen, squares, memory_order_relaxed);
    levels[2 * c] = (double)atomic_exchange_explicit(&channel->peak, 0, memory_order_relaxed);
    levels[2 * c + 1] = since > 0 && sum > 0 ? sqrt(sum / (double)since) : 0;
  }
}
