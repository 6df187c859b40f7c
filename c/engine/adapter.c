#include "engine/adapter.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/format.h"

#define PIECE 256 /* frames that are mapped at a time */

struct adapter {
  struct adapter_setup setup;
  struct resampler *resampler; /* NULL: equal rates */
  size_t in_frame, out_frame;  /* bytes */
  uint64_t passed;             /* frames, without a resampler */
  int ended;
  struct channel_map map;
  uint8_t *piece; /* PIECE frames between map and resampler */
};

int32_t adapter_new(const struct adapter_setup *setup, struct adapter **adapter) {
  struct adapter *a = calloc(1, sizeof *a);
  size_t sample = format_bytes(setup->format);
  int32_t between = setup->map_first ? setup->out_channels : setup->in_channels;
  if (a) a->piece = malloc(PIECE * (size_t)between * sample);
  if (!a || !a->piece) {
    adapter_free(a);
    return error_set(PS_ERR_MEMORY, 0, "no memory to convert rates or channels");
  }
  a->setup = *setup;
  a->in_frame = (size_t)setup->in_channels * sample;
  a->out_frame = (size_t)setup->out_channels * sample;
  channel_map_init(&a->map, setup->in_channels, setup->out_channels, setup->format);
  int32_t status = PS_OK;
  if (setup->in_rate != setup->out_rate) {
    const struct resampler_setup rates = {.in_rate = setup->in_rate,
                                          .out_rate = setup->out_rate,
                                          .channels = between,
                                          .in_format = setup->format,
                                          .out_format = setup->format};
    status = resampler_new(&rates, &a->resampler);
  }
  if (status < 0)
    adapter_free(a);
  else
    *adapter = a;
  return status;
}

void adapter_free(struct adapter *a) {
  if (!a) return;
  resampler_free(a->resampler);
  free(a->piece);
  free(a);
}

struct channel_map *adapter_map(struct adapter *a) { return &a->map; }

/* ------------------------------------------------------------------ process */

/* The resampler works on pieces that have been mapped. */
static void map_and_convert(struct adapter *a, const struct channel_table *table, struct resampler_block *block) {
  const uint8_t *in = block->in;
  uint8_t *out = block->out;
  size_t taken = 0, made = 0;
  for (;;) {
    size_t now = block->in_frames - taken < PIECE ? block->in_frames - taken : PIECE;
    channel_map_gather(table, a->piece, in + taken * a->in_frame, now);
    struct resampler_block part = {a->piece, now, out + made * a->out_frame, block->out_frames - made};
    resampler_process(a->resampler, &part);
    taken += part.in_frames;
    made += part.out_frames;
    if (part.in_frames < now || taken == block->in_frames) break;
  }
  *block = (struct resampler_block){in, taken, out, made};
}

/* What the resampler makes is mapped, a piece at a time. */
static void convert_and_map(struct adapter *a, const struct channel_table *table, struct resampler_block *block) {
  const uint8_t *in = block->in;
  uint8_t *out = block->out;
  size_t taken = 0, made = 0;
  for (;;) {
    size_t now = block->out_frames - made < PIECE ? block->out_frames - made : PIECE;
    struct resampler_block part = {in + taken * a->in_frame, block->in_frames - taken, a->piece, now};
    resampler_process(a->resampler, &part);
    channel_map_gather(table, out + made * a->out_frame, a->piece, part.out_frames);
    taken += part.in_frames;
    made += part.out_frames;
    if (part.out_frames < now || made == block->out_frames) break;
  }
  *block = (struct resampler_block){in, taken, out, made};
}

void adapter_process(struct adapter *a, struct resampler_block *block) {
  const struct channel_table *table = channel_map_table(&a->map);
  if (a->resampler) {
    if (a->setup.map_first)
      map_and_convert(a, table, block);
    else
      convert_and_map(a, table, block);
    return;
  }
  if (block->in_frames > block->out_frames) block->in_frames = block->out_frames;
  channel_map_gather(table, block->out, block->in, block->in_frames);
  block->out_frames = block->in_frames;
  a->passed += block->in_frames;
}

void adapter_end(struct adapter *a) {
  a->ended = 1;
  if (a->resampler) resampler_end(a->resampler);
}

int adapter_ended(const struct adapter *a) { return a->ended && (!a->resampler || resampler_ended(a->resampler)); }

void adapter_restart(struct adapter *a) {
  a->ended = 0;
  a->passed = 0;
  if (a->resampler) resampler_restart(a->resampler);
}

/* ------------------------------------------------------------------ outlook */

size_t adapter_needs(const struct adapter *a, size_t out_frames) {
  return a->resampler ? resampler_needs(a->resampler, out_frames) : out_frames;
}

size_t adapter_gives(const struct adapter *a, size_t in_frames) {
  return a->resampler ? resampler_gives(a->resampler, in_frames) : in_frames;
}

uint64_t adapter_taken(const struct adapter *a) { return a->resampler ? resampler_taken(a->resampler) : a->passed; }
uint64_t adapter_played(const struct adapter *a) { return a->resampler ? resampler_played(a->resampler) : a->passed; }

size_t adapter_left(const struct adapter *a, size_t in_frames) {
  if (!a->resampler) return in_frames;
  size_t left = resampler_left(a->resampler, in_frames);
  if (!a->ended) return left;
  return left + (size_t)resampler_length((int64_t)in_frames, a->setup.in_rate, a->setup.out_rate);
}

size_t adapter_fits(const struct adapter *a, size_t in_frames, size_t room) {
  size_t fits = 0, too_many = in_frames + 1;
  if (adapter_left(a, in_frames) <= room) return in_frames;
  while (too_many - fits > 1) {
    size_t half = fits + (too_many - fits) / 2;
    if (adapter_left(a, half) <= room)
      fits = half;
    else
      too_many = half;
  }
  return fits;
}

double adapter_ratio(const struct adapter *a) { return a->setup.out_rate / a->setup.in_rate; }
