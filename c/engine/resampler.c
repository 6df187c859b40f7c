#include "engine/resampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/channel_map.h"
#include "engine/format.h"
#include "engine/resampler_kernel.h"
#include "engine/resampler_table.h"

#define CHUNK 512  /* frames of input that there is room for beside what the filter spans, at least */
#define BLOCK 1024 /* samples converted between formats at a time */
#define GROUP 4    /* output frames made at a time, as many as a kernel makes */
#define VARYING_UP ((uint64_t)1 << 40)

struct resampler {
  struct resampler_setup setup;
  struct resampler_ratio ratio;
  struct resampler_table *table;
  const struct resampler_kernel *kernel;

  /* The position of the next output frame: its row begins at frame `base` of the lines, at `phase` / ratio.up. */
  size_t base;
  uint64_t phase;
  uint64_t whole, part; /* an output frame further: ratio.down = whole * ratio.up + part */

  double rows_per_unit; /* rows of the table to a unit of `phase`, where rows are interpolated */

  float *lines;          /* the input that is still needed, a line of `length` samples for each channel */
  size_t length, filled; /* frames */
  float *blended;        /* GROUP rows, where rows are interpolated; in `memory` */
  void *memory;

  uint64_t taken, made; /* frames since the start */
  uint64_t total;       /* frames of output, once the end is known */
  int ending;

  double drift, target; /* ppm */
  size_t until_change;  /* output frames */
};

_Static_assert(BLOCK >= CHANNELS_MAX, "a frame must fit into a block");

/* ---------------------------------------------------------------- ratio */

static void set_step(struct resampler *r) {
  if (r->setup.varies) {
    double step = r->setup.in_rate / r->setup.out_rate * (1 + r->drift * 1e-6);
    r->ratio = (struct resampler_ratio){VARYING_UP, (uint64_t)llround(step * (double)VARYING_UP)};
  }
  r->rows_per_unit = (double)r->table->phases / (double)r->ratio.up;
  r->whole = r->ratio.down / r->ratio.up;
  r->part = r->ratio.down % r->ratio.up;
}

void resampler_set_drift(struct resampler *r, double ppm) {
  if (!(ppm >= -RESAMPLER_DRIFT_MAX)) ppm = -RESAMPLER_DRIFT_MAX;
  r->target = ppm > RESAMPLER_DRIFT_MAX ? RESAMPLER_DRIFT_MAX : ppm;
}

double resampler_drift(const struct resampler *r) { return r->drift; }

static void change_drift(struct resampler *r) {
  double step = r->target - r->drift;
  if (step > RESAMPLER_DRIFT_STEP) step = RESAMPLER_DRIFT_STEP;
  if (step < -RESAMPLER_DRIFT_STEP) step = -RESAMPLER_DRIFT_STEP;
  r->until_change = RESAMPLER_DRIFT_BLOCK;
  if (step == 0) return;
  r->drift += step;
  set_step(r);
}

/* frames * by / to, whole and rest, without overflow: 13 bits of `frames` at a time, which leaves 50 for the rest. A
 * type of 128 bits would link zig's runtime, whose memcpy then takes the place of the C library's. */
static uint64_t scaled(uint64_t frames, uint64_t by, uint64_t to, uint64_t *rest) {
  uint64_t whole = by / to, part = by % to, quotient = 0;
  *rest = 0;
  for (int shift = 52; shift >= 0; shift -= 13) {
    uint64_t value = (*rest << 13) + (frames >> shift & 0x1fff) * part;
    quotient = (quotient << 13) + value / to;
    *rest = value % to;
  }
  return frames * whole + quotient;
}

static uint64_t length_at(struct resampler_ratio ratio, uint64_t frames) {
  uint64_t rest, length = scaled(frames, ratio.up, ratio.down, &rest);
  return length + (2 * rest >= ratio.down);
}

int64_t resampler_length(int64_t frames, double in_rate, double out_rate) {
  return frames <= 0 ? 0 : (int64_t)length_at(resampler_ratio(in_rate, out_rate), (uint64_t)frames);
}

/* --------------------------------------------------- making and freeing */

static int32_t check(const struct resampler_setup *setup) {
  const double rates[2] = {setup->in_rate, setup->out_rate};
  for (int i = 0; i < 2; i++)
    if (!(rates[i] >= RESAMPLER_RATE_MIN && rates[i] <= RESAMPLER_RATE_MAX))
      return error_set(PS_ERR_ARGUMENT, 0, "cannot convert a rate of %g Hz", rates[i]);
  double ratio = setup->in_rate / setup->out_rate;
  if (ratio > RESAMPLER_RATIO_MAX || ratio < 1.0 / RESAMPLER_RATIO_MAX)
    return error_set(PS_ERR_ARGUMENT, 0, "cannot convert %g Hz to %g Hz: the ratio is above %d", setup->in_rate,
                     setup->out_rate, RESAMPLER_RATIO_MAX);
  if (setup->channels < 1 || setup->channels > CHANNELS_MAX)
    return error_set(PS_ERR_ARGUMENT, 0, "cannot convert %d channels", (int)setup->channels);
  if (!format_bytes(setup->in_format) || !format_bytes(setup->out_format))
    return error_set(PS_ERR_ARGUMENT, 0, "no such sample format");
  return PS_OK;
}

void resampler_restart(struct resampler *r) {
  r->base = 0;
  r->phase = 0;
  r->filled = r->table->taps / 2 - 1; /* silence before the first frame */
  for (int32_t c = 0; c < r->setup.channels; c++)
    memset(r->lines + (size_t)c * r->length, 0, r->filled * sizeof *r->lines);
  r->taken = r->made = r->total = 0;
  r->ending = 0;
  r->until_change = RESAMPLER_DRIFT_BLOCK;
}

int32_t resampler_new(const struct resampler_setup *setup, struct resampler **resampler) {
  int32_t status = check(setup);
  if (status < 0) return status;
  struct resampler *r = calloc(1, sizeof *r);
  if (r) {
    r->setup = *setup;
    r->ratio = resampler_ratio(setup->in_rate, setup->out_rate);
    r->kernel = resampler_kernel();
    r->table = resampler_table_use(r->ratio, setup->varies);
  }
  if (r && r->table) {
    size_t taps = r->table->taps;
    r->length = taps + (taps > CHUNK ? taps : CHUNK);
    r->lines = malloc(r->length * (size_t)setup->channels * sizeof *r->lines);
    r->memory = malloc((r->table->exact ? 0 : GROUP * taps * sizeof *r->blended) + RESAMPLER_ALIGNMENT);
    r->blended = resampler_aligned(r->memory);
  }
  if (!r || !r->lines || !r->memory) {
    resampler_free(r);
    return error_set(PS_ERR_MEMORY, 0, "no memory to convert sample rates");
  }
  set_step(r);
  resampler_restart(r);
  *resampler = r;
  return PS_OK;
}

void resampler_free(struct resampler *r) {
  if (!r) return;
  if (r->table) resampler_table_release(r->table);
  free(r->lines);
  free(r->memory);
  free(r);
}

/* ---------------------------------------------------------------- input */

/* Makes room at the end of the lines by dropping what no row needs any more. */
static void compact(struct resampler *r) {
  size_t drop = r->base < r->filled ? r->base : r->filled, keep = r->filled - drop;
  for (int32_t c = 0; c < r->setup.channels; c++) {
    float *line = r->lines + (size_t)c * r->length;
    memmove(line, line + drop, keep * sizeof *line);
  }
  r->base -= drop;
  r->filled = keep;
}

/* Appends whole frames of interleaved float32, which need not be aligned. */
static void append(struct resampler *r, const unsigned char *in, size_t frames) {
  size_t channels = (size_t)r->setup.channels;
  for (size_t c = 0; c < channels; c++) {
    float *line = r->lines + c * r->length + r->filled;
    if (channels == 1)
      memcpy(line, in, frames * sizeof *line);
    else
      for (size_t i = 0; i < frames; i++) memcpy(line + i, in + (i * channels + c) * sizeof *line, sizeof *line);
  }
  r->filled += frames;
}

/* Takes as many frames as there is room for; `in` NULL: silence. */
static size_t take(struct resampler *r, const unsigned char *in, size_t frames) {
  size_t channels = (size_t)r->setup.channels, bytes = format_bytes(r->setup.in_format) * channels;
  if (r->filled + frames > r->length) compact(r);
  if (frames > r->length - r->filled) frames = r->length - r->filled;
  if (in && r->setup.in_format == PS_FORMAT_FLOAT32) {
    append(r, in, frames);
  } else if (in) {
    float floats[BLOCK];
    for (size_t done = 0, most = BLOCK / channels; done < frames;) {
      size_t now = frames - done < most ? frames - done : most;
      format_convert(PS_FORMAT_FLOAT32, floats, r->setup.in_format, in + done * bytes, now * channels);
      append(r, (const unsigned char *)floats, now);
      done += now;
    }
  } else {
    for (size_t c = 0; c < channels; c++) memset(r->lines + c * r->length + r->filled, 0, frames * sizeof *r->lines);
    r->filled += frames;
  }
  return frames;
}

/* --------------------------------------------------------------- output */

/* The row of the position, interpolated into row `number` of `blended` where the table has none. */
static const float *row_at(const struct resampler *r, size_t number) {
  const struct resampler_table *table = r->table;
  if (table->exact) return table->rows + (size_t)r->phase * table->taps;
  float *blended = r->blended + number * table->taps;
  double at = (double)r->phase * r->rows_per_unit;
  size_t index = (size_t)at < table->phases ? (size_t)at : table->phases - 1;
  const float *from = table->rows + index * table->taps;
  r->kernel->blend(blended, from, from + table->taps, (float)(at - (double)index), table->taps);
  return blended;
}

static void advance(struct resampler *r) {
  r->base += (size_t)r->whole;
  r->phase += r->part;
  if (r->phase >= r->ratio.up) {
    r->phase -= r->ratio.up;
    r->base++;
  }
  r->made++;
  if (r->setup.varies && --r->until_change == 0) change_drift(r);
}

/* `count` frames by their rows, of which each begins at frame `at` of the lines: GROUP frames of a channel at once. */
static void combine_frames(const struct resampler *r, const float **rows, size_t *at, size_t count,
                           unsigned char *out) {
  size_t channels = (size_t)r->setup.channels;
  for (size_t i = count; i < GROUP; i++) rows[i] = rows[0], at[i] = at[0];
  for (size_t c = 0; c < channels; c++) {
    const float *samples[GROUP];
    float values[GROUP];
    for (size_t i = 0; i < GROUP; i++) samples[i] = r->lines + c * r->length + at[i];
    if (r->ratio.up == 1)
      r->kernel->dot_one(rows[0], samples, r->table->taps, values);
    else
      r->kernel->dot(rows, samples, r->table->taps, values);
    for (size_t i = 0; i < count; i++) memcpy(out + (i * channels + c) * sizeof *values, &values[i], sizeof *values);
  }
}

/* The same, GROUP channels of a frame at a time. */
static void combine_channels(const struct resampler *r, const float **rows, const size_t *at, size_t count,
                             unsigned char *out) {
  size_t channels = (size_t)r->setup.channels;
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < channels; c += GROUP) {
      const float *samples[GROUP];
      float values[GROUP];
      size_t some = channels - c < GROUP ? channels - c : GROUP;
      for (size_t s = 0; s < GROUP; s++) samples[s] = r->lines + (c + (s < some ? s : 0)) * r->length + at[i];
      r->kernel->dot_one(rows[i], samples, r->table->taps, values);
      memcpy(out + (i * channels + c) * sizeof *values, values, some * sizeof *values);
    }
}

/* `count` frames after each other that begin at frame `at` of the lines, and those of the next GROUP - 1 periods. */
static void combine_periods(const struct resampler *r, const float *const rows[2], size_t at, size_t count,
                            unsigned char *out) {
  size_t channels = (size_t)r->setup.channels, period = (size_t)r->ratio.up * channels;
  for (size_t c = 0; c < channels; c++) {
    const float *samples[GROUP];
    float values[2 * GROUP];
    for (size_t i = 0; i < GROUP; i++) samples[i] = r->lines + c * r->length + at + i * (size_t)r->ratio.down;
    if (count == 2)
      r->kernel->dot_two(rows, samples, r->table->taps, values);
    else
      r->kernel->dot_one(rows[0], samples, r->table->taps, values);
    for (size_t j = 0; j < count; j++)
      for (size_t i = 0; i < GROUP; i++)
        memcpy(out + (i * period + j * channels + c) * sizeof *values, &values[j * GROUP + i], sizeof *values);
  }
}

/* Makes GROUP periods of the ratio, after each of which the rows come again, or nothing where there is less room or
 * input. So each row and each sample that is loaded is used several times. */
static size_t make_periods(struct resampler *r, size_t frames, unsigned char *out) {
  size_t taps = r->table->taps, frame = (size_t)r->setup.channels * sizeof(float);
  uint64_t up = r->ratio.up, down = r->ratio.down;
  if (!r->table->exact || r->setup.channels >= GROUP || frames < GROUP * up) return 0;
  if (r->base + GROUP * down + taps > r->filled) return 0;
  uint64_t phase = r->phase;
  size_t at = r->base, count;
  for (uint64_t made = 0; made < up; made += count, out += count * frame) {
    count = made + 1 < up && phase + down < up ? 2 : 1;
    const float *row = r->table->rows + (size_t)phase * taps, *rows[2] = {row, row + (count - 1) * (size_t)down * taps};
    combine_periods(r, rows, at, count, out);
    phase += count * down;
    at += (size_t)(phase / up);
    phase %= up;
  }
  r->base += (size_t)(GROUP * down);
  r->made += GROUP * up;
  return (size_t)(GROUP * up);
}

/* Makes up to GROUP frames of interleaved float32, which need not be aligned, as many as there is input for; returns
 * how many. */
static size_t make(struct resampler *r, size_t frames, unsigned char *out) {
  const float *rows[GROUP];
  size_t taps = r->table->taps, at[GROUP], count = make_periods(r, frames, out);
  if (count > 0) return count;
  if (frames > GROUP) frames = GROUP;
  while (count < frames && r->base + taps <= r->filled) {
    at[count] = r->base;
    rows[count] = row_at(r, count);
    count++;
    advance(r);
  }
  if (count == 0) return 0;
  if (r->setup.channels >= GROUP)
    combine_channels(r, rows, at, count, out);
  else
    combine_frames(r, rows, at, count, out);
  return count;
}

/* Makes as many frames as there is input for. */
static size_t give(struct resampler *r, unsigned char *out, size_t frames) {
  size_t channels = (size_t)r->setup.channels, bytes = format_bytes(r->setup.out_format) * channels;
  float floats[GROUP * CHANNELS_MAX];
  size_t done = 0, most = GROUP * CHANNELS_MAX / channels;
  if (r->ending && frames > r->total - r->made) frames = (size_t)(r->total - r->made);
  for (size_t count = 1; done < frames && count > 0; done += count) {
    size_t room = frames - done;
    if (r->setup.out_format == PS_FORMAT_FLOAT32) {
      count = make(r, room, out + done * bytes);
    } else {
      count = make(r, room < most ? room : most, (unsigned char *)floats);
      format_convert(r->setup.out_format, out + done * bytes, PS_FORMAT_FLOAT32, floats, count * channels);
    }
  }
  return done;
}

void resampler_process(struct resampler *r, struct resampler_block *block) {
  const unsigned char *in = block->in;
  unsigned char *out = block->out;
  size_t in_bytes = format_bytes(r->setup.in_format) * (size_t)r->setup.channels, in_done = 0;
  size_t out_bytes = format_bytes(r->setup.out_format) * (size_t)r->setup.channels, out_done = 0;
  for (;;) {
    out_done += give(r, out + out_done * out_bytes, block->out_frames - out_done);
    if (out_done == block->out_frames || (r->ending && r->made == r->total)) break;
    if (r->ending) {
      take(r, NULL, r->table->taps);
      continue;
    }
    if (in_done == block->in_frames) break;
    size_t taken = take(r, in + in_done * in_bytes, block->in_frames - in_done);
    in_done += taken;
    r->taken += taken;
  }
  block->in_frames = in_done;
  block->out_frames = out_done;
}

void resampler_end(struct resampler *r) {
  if (r->ending) return;
  r->ending = 1;
  if (!r->setup.varies) {
    r->total = length_at(r->ratio, r->taken);
    return;
  }
  double left = resampler_held(r) / ((double)r->ratio.down / (double)r->ratio.up);
  r->total = r->made + (left > 0 ? (uint64_t)llround(left) : 0);
}

int resampler_ended(const struct resampler *r) { return r->ending && r->made == r->total; }

/* -------------------------------------------------------------- outlook */

size_t resampler_needs(const struct resampler *r, size_t out_frames) {
  if (out_frames == 0 || r->ending) return 0;
  uint64_t rest, last = scaled(out_frames - 1, r->ratio.down, r->ratio.up, &rest);
  size_t end = r->base + (size_t)(last + (rest + r->phase) / r->ratio.up) + r->table->taps;
  return end > r->filled ? end - r->filled : 0;
}

size_t resampler_gives(const struct resampler *r, size_t in_frames) {
  if (r->ending) return (size_t)(r->total - r->made);
  size_t end = r->filled + in_frames, first = r->base + r->table->taps;
  if (end < first) return 0;
  /* The positions before (end - first + 1) * up, from `phase` on. */
  uint64_t rest, most = scaled(end - first + 1, r->ratio.up, r->ratio.down, &rest);
  return (size_t)(rest > r->phase ? most + 1 : most - (r->phase - rest) / r->ratio.down);
}

size_t resampler_left(const struct resampler *r, size_t in_frames) {
  return (size_t)((r->ending ? r->total : length_at(r->ratio, r->taken + in_frames)) - r->made);
}

uint64_t resampler_taken(const struct resampler *r) { return r->taken; }

uint64_t resampler_played(const struct resampler *r) {
  if (resampler_ended(r)) return r->taken;
  uint64_t played = length_at((struct resampler_ratio){r->ratio.down, r->ratio.up}, r->made);
  return played < r->taken ? played : r->taken;
}

double resampler_held(const struct resampler *r) {
  double position = (double)r->base + (double)(r->table->taps / 2 - 1) + (double)r->phase / (double)r->ratio.up;
  return (double)r->filled - position;
}

size_t resampler_reach(const struct resampler *r) { return r->table->taps / 2; }
