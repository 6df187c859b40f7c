#include "engine/meter.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/format.h"

#define LOOKS 1000 /* of a reader at sums between which blocks came, before it takes them as they are */

/* A unit of the format as a share of full scale, by PS_FORMAT_. The kernels have packed 24 bits at the top of 32. */
static const float units[] = {1.0f,          1.0f / 2147483648.0f, 1.0f / 2147483648.0f, 1.0f / 32768.0f,
                              1.0f / 128.0f, 1.0f / 128.0f};

int32_t meter_init(struct meter *meter, int32_t channels, int32_t format) {
  meter_free(meter);
  meter->format = format;
  meter->measure = meter_kernels()[format];
  if (!channels) return PS_OK;
  meter->channel = calloc((size_t)channels, sizeof *meter->channel);
  if (!meter->channel) return error_set(PS_ERR_MEMORY, 0, "no memory for the meters of %d channels", channels);
  meter->channels = channels;
  meter->piece_frames = METER_SAMPLES / (size_t)channels;
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

/* The stores are releases, and the loads of read_sums acquires, so that a reader that sees one of them sees the turn
 * that allowed the callback to overwrite what was there. */
void meter_add_block(struct meter *meter, const void *samples, size_t frames) {
  size_t channels = (size_t)meter->channels;
  size_t frame_bytes = channels * format_bytes(meter->format), piece_frames = meter->piece_frames;
  float unit = units[meter->format];
  uint32_t turn = atomic_load_explicit(&meter->turn, memory_order_relaxed), now = turn & 1, next = !now;
  for (size_t done = 0; done < frames; done += piece_frames) {
    size_t count = frames - done < piece_frames ? frames - done : piece_frames;
    float peak[METER_SAMPLES], squares[METER_SAMPLES];
    meter->measure((const uint8_t *)samples + done * frame_bytes, count * channels, channels, peak, squares);
    for (size_t c = 0; c < channels; c++) {
      struct meter_channel *channel = &meter->channel[c];
      add_peak(channel, peak[c] * unit);
      double sum = atomic_load_explicit(&channel->squares[done ? next : now], memory_order_relaxed);
      atomic_store_explicit(&channel->squares[next], sum + (double)(squares[c] * unit * unit), memory_order_release);
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
