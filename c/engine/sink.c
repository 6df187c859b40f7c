#include "engine/sink.h"

#include <math.h>

#include "engine/counters.h"
#include "engine/engine.h"
#include "pastream.h"

static enum sink_state state_of(const struct engine_sink *sink) {
  return (enum sink_state)atomic_load_explicit(&sink->state, memory_order_acquire);
}

/* One of the two sides may have moved the state meanwhile; then it stays. */
static int move(struct engine_sink *sink, enum sink_state from, enum sink_state to) {
  int32_t expected = (int32_t)from;
  return atomic_compare_exchange_strong_explicit(&sink->state, &expected, (int32_t)to, memory_order_acq_rel,
                                                 memory_order_acquire);
}

void sink_join(struct engine *engine, int number, const struct engine_sink *settings) {
  struct engine_sink *sink = &engine->sinks[number];
  sink->ring = settings->ring;
  sink->adapter = settings->adapter;
  if (sink->adapter) adapter_restart(sink->adapter);
  sink->overflow = settings->overflow;
  sink->memory = settings->memory;
  sink->offset = settings->offset;
  sink->length = settings->length;
  atomic_store_explicit(&sink->started, -1, RELAXED);
  atomic_store_explicit(&sink->count, 0, RELAXED);
  atomic_store_explicit(&sink->dropped, 0, RELAXED);
  atomic_store_explicit(&sink->state, SINK_JOINING, memory_order_release);
  atomic_fetch_or_explicit(&engine->sinks_used, 1u << number, memory_order_release);
}

void sink_leave(struct engine *engine, int number) {
  struct engine_sink *sink = &engine->sinks[number];
  if (!move(sink, SINK_JOINING, SINK_LEAVING)) move(sink, SINK_ACTIVE, SINK_LEAVING);
}

int sink_is_mine(const struct engine *engine, int number) {
  enum sink_state state = state_of(&engine->sinks[number]);
  return state != SINK_JOINING && state != SINK_ACTIVE && state != SINK_LEAVING;
}

void sink_free(struct engine *engine, int number) {
  atomic_fetch_and_explicit(&engine->sinks_used, ~(1u << number), RELAXED);
  atomic_store_explicit(&engine->sinks[number].state, SINK_FREE, memory_order_release);
}

void sinks_start(struct engine *engine) {
  const struct engine_run *run = &engine->run;
  const struct engine_sink own = {.ring = run->sink,
                                  .adapter = run->sink_adapter,
                                  .overflow = run->sink_drop ? SINK_DROPS : SINK_ENDS_RUN,
                                  .memory = run->sink_memory,
                                  .offset = run->offset,
                                  .length = -1};
  if (own.ring)
    sink_join(engine, 0, &own);
  else
    sink_free(engine, 0);
  sinks_notice(engine);
}

/* The slots of a set, lowest first. */
#define EACH_SINK(set) for (uint32_t left = (set); left; left &= left - 1)

static struct engine_sink *first_sink(const struct engine *engine, uint32_t set) {
  return (struct engine_sink *)&engine->sinks[__builtin_ctz(set)];
}

void sinks_notice(struct engine *engine) {
  uint32_t recorded = 0;
  EACH_SINK(atomic_load_explicit(&engine->sinks_used, memory_order_acquire)) {
    struct engine_sink *sink = first_sink(engine, left);
    uint32_t bit = left & -left;
    enum sink_state state = state_of(sink);
    if (state == SINK_ACTIVE) {
      recorded |= bit;
    } else if (state == SINK_LEAVING) {
      atomic_store_explicit(&sink->state, SINK_LEFT, memory_order_release);
    } else if (state == SINK_JOINING) {
      sink->first = engine->captured;
      sink->in_drop = 0;
      if (!move(sink, SINK_JOINING, SINK_ACTIVE)) continue;
      atomic_store_explicit(&sink->started, sink->first, memory_order_release);
      recorded |= bit;
    }
  }
  engine->recorded = recorded;
}

int sink_is_recorded(const struct engine *engine, int number) { return (engine->recorded >> number & 1) != 0; }

/* The callback is done with a sink. */
SELDOM static void end_sink(struct engine *engine, struct engine_sink *sink, enum sink_state state) {
  engine->recorded &= ~(1u << (sink - engine->sinks));
  move(sink, SINK_ACTIVE, state);
}

/* What a sink takes of a block: sets `skips` and `now`. */
static void cut(struct engine_sink *sink, int64_t count, size_t frames) {
  int64_t at = count - sink->first; /* its own number of the block's first frame */
  if (sink->length >= 0) frames = at_most(frames, sink->length - at);
  sink->skips = at_most(frames, sink->offset - at);
  sink->now = frames - sink->skips;
}

/* Frames of the stream that the ring has room for, with what the adapter holds back at the end. Memory that is no whole
 * number of the stream's frames long takes the one that fills it. */
static size_t fits_adapted(const struct engine_sink *sink, size_t frames) {
  size_t room = ring_write_available(sink->ring);
  size_t whole = adapter_fits(sink->adapter, frames, room);
  if (!sink->memory || whole == frames || adapter_left(sink->adapter, 0) >= room) return whole;
  size_t filling = adapter_fits(sink->adapter, frames, room - 1) + 1;
  return filling > whole ? filling : whole;
}

static size_t fits(const struct engine_sink *sink, size_t frames) {
  return sink->adapter ? fits_adapted(sink, frames) : ring_writable(sink->ring, frames);
}

size_t sinks_room(struct engine *engine, size_t frames) {
  EACH_SINK(engine->recorded) {
    struct engine_sink *sink = first_sink(engine, left);
    if (sink->overflow != SINK_ENDS_RUN) continue;
    cut(sink, engine->captured, frames);
    size_t room = fits(sink, sink->now);
    if (room < sink->now) frames = sink->skips + room;
  }
  return frames;
}

/* What the adapter makes of `frames` frames, and after its end; returns how much of it the ring had no room for. */
static int64_t convert(struct engine_sink *sink, const uint8_t *input, size_t frames, size_t frame_bytes) {
  uint8_t nowhere[CHANNELS_MAX * sizeof(float)];
  size_t nowhere_frames = sizeof nowhere / sink->ring->element_size;
  int64_t lost = 0;
  for (;;) {
    struct ring_region region;
    size_t room = ring_write_region(sink->ring, SIZE_MAX, &region);
    struct resampler_block block = {.in = input, .in_frames = frames, .out = region.part[0], region.count[0]};
    if (!room) block.out = nowhere, block.out_frames = nowhere_frames;
    adapter_process(sink->adapter, &block);
    if (room)
      ring_write_advance(sink->ring, block.out_frames), ADD(sink->count, (int64_t)block.out_frames);
    else
      lost += (int64_t)block.out_frames;
    input += block.in_frames * frame_bytes;
    frames -= block.in_frames;
    if (!frames && block.out_frames < (room ? region.count[0] : nowhere_frames)) return lost;
  }
}

static int64_t finish(struct engine_sink *sink) {
  static const uint8_t none[1];
  if (!sink->adapter || adapter_ended(sink->adapter)) return 0;
  adapter_end(sink->adapter);
  return convert(sink, none, 0, 0);
}

void sink_finish(struct engine *engine, int number) {
  struct engine_sink *sink = &engine->sinks[number];
  if (state_of(sink) == SINK_FREE) return;
  int64_t lost = finish(sink);
  if (sink->overflow == SINK_DROPS) ADD(sink->dropped, lost);
}

static size_t put(struct engine *engine, struct engine_sink *sink, const uint8_t *input) {
  const struct channel_table *table = channel_map_table(&engine->input.map);
  size_t bytes = engine->input.frame_bytes;
  struct ring_region region;
  size_t got = ring_write_region(sink->ring, sink->now, &region);
  input += sink->skips * bytes;
  channel_map_gather(table, region.part[0], input, region.count[0]);
  if (region.count[1]) channel_map_gather(table, region.part[1], input + region.count[0] * bytes, region.count[1]);
  ring_write_advance(sink->ring, got);
  ADD(sink->count, (int64_t)got);
  return got;
}

/* The same through the adapter. */
static size_t put_adapted(struct engine *engine, struct engine_sink *sink, const uint8_t *input) {
  size_t bytes = engine->input.frame_bytes;
  input += sink->skips * bytes;
  if (sink->overflow != SINK_DROPS) {
    size_t now = fits(sink, sink->now);
    convert(sink, input, now, bytes);
    return now;
  }
  int64_t lost = convert(sink, input, sink->now, bytes);
  ADD(sink->dropped, lost);
  int64_t of_stream = llround((double)lost / adapter_ratio(sink->adapter));
  return sink->now - at_most(sink->now, of_stream > 0 || !lost ? of_stream : 1);
}

SELDOM static void note_drop(struct engine *engine, struct engine_sink *sink, size_t got, double time) {
  int64_t lost = (int64_t)(sink->now - got), number = sink - engine->sinks;
  ADD(engine->dropped, lost);
  if (!sink->adapter) ADD(sink->dropped, lost);
  if (sink->in_drop && !got) {
    glitch_extend(&engine->glitches, sink->drop, lost);
    return;
  }
  ADD(engine->sink_overflows, 1);
  int64_t frame = engine->captured + (int64_t)(sink->skips + got);
  int32_t kind = PS_GLITCH_SINK_OVERFLOW + (int32_t)number * PS_GLITCH_SINK;
  sink->drop = glitch_add(&engine->glitches, frame, time, kind, lost);
}

static void record(struct engine *engine, struct engine_sink *sink, const uint8_t *input, size_t frames, double time) {
  cut(sink, engine->captured, frames);
  if (sink->now) {
    size_t got = sink->adapter ? put_adapted(engine, sink, input) : put(engine, sink, input);
    int lost = got < sink->now;
    if (lost && sink->overflow == SINK_ENDS_ALONE) {
      end_sink(engine, sink, SINK_FULL);
      return;
    }
    if (lost) note_drop(engine, sink, got, time);
    sink->in_drop = lost;
  }
  if (sink->length < 0 || engine->captured + (int64_t)frames - sink->first < sink->length) return;
  finish(sink);
  end_sink(engine, sink, SINK_ENDED);
}

void sinks_record(struct engine *engine, const uint8_t *input, size_t frames, double time) {
  EACH_SINK(engine->recorded) record(engine, first_sink(engine, left), input, frames, time);
}

size_t sinks_ready(struct engine *engine, size_t frames) {
  EACH_SINK(engine->recorded) {
    struct engine_sink *sink = first_sink(engine, left);
    if (sink->memory) continue;
    cut(sink, engine->captured, frames);
    size_t room = fits(sink, sink->now);
    if (room < sink->now) frames = sink->skips + room;
  }
  return frames;
}

int sinks_are_small(const struct engine *engine, size_t frames) {
  EACH_SINK(engine->recorded) {
    const struct engine_sink *sink = first_sink(engine, left);
    size_t needed = sink->adapter ? adapter_left(sink->adapter, frames) : frames;
    if (!sink->memory && sink->ring->size < needed) return 1;
  }
  return 0;
}
