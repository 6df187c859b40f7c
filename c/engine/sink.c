#include "engine/sink.h"

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

/* The slots of `set`, lowest first: takes one out of it; NULL at the end. */
static struct engine_sink *next_sink(const struct engine *engine, uint32_t *set) {
  if (!*set) return NULL;
  int number = __builtin_ctz(*set);
  *set &= *set - 1;
  return (struct engine_sink *)&engine->sinks[number];
}

#define EACH_RECORDED(engine, sink)  \
  uint32_t set = (engine)->recorded; \
  for (struct engine_sink *sink = next_sink(engine, &set); sink; sink = next_sink(engine, &set))

static uint32_t bit_of(const struct engine *engine, const struct engine_sink *sink) {
  return 1u << (sink - engine->sinks);
}

void sinks_notice(struct engine *engine) {
  uint32_t used = atomic_load_explicit(&engine->sinks_used, memory_order_acquire);
  engine->recorded = 0;
  for (struct engine_sink *sink = next_sink(engine, &used); sink; sink = next_sink(engine, &used)) {
    enum sink_state state = state_of(sink);
    if (state == SINK_ACTIVE) {
      engine->recorded |= bit_of(engine, sink);
    } else if (state == SINK_LEAVING) {
      atomic_store_explicit(&sink->state, SINK_LEFT, memory_order_release);
    } else if (state == SINK_JOINING) {
      sink->first = engine->captured;
      sink->in_drop = 0;
      if (!move(sink, SINK_JOINING, SINK_ACTIVE)) continue;
      atomic_store_explicit(&sink->started, sink->first, memory_order_release);
      engine->recorded |= bit_of(engine, sink);
    }
  }
}

int sink_is_recorded(const struct engine *engine, int number) { return (engine->recorded >> number & 1) != 0; }

/* The callback is done with a sink. */
static void end_sink(struct engine *engine, struct engine_sink *sink, enum sink_state state) {
  engine->recorded &= ~bit_of(engine, sink);
  move(sink, SINK_ACTIVE, state);
}

/* What a sink takes of a block: sets `skips` and `now`. */
static void cut(struct engine_sink *sink, int64_t count, size_t frames) {
  int64_t at = count - sink->first; /* its own number of the block's first frame */
  if (sink->length >= 0) frames = at_most(frames, sink->length - at);
  sink->skips = at_most(frames, sink->offset - at);
  sink->now = frames - sink->skips;
}

size_t sinks_room(struct engine *engine, size_t frames) {
  EACH_RECORDED(engine, sink) {
    if (sink->overflow != SINK_ENDS_RUN) continue;
    struct ring_region region;
    cut(sink, engine->captured, frames);
    size_t room = ring_write_region(sink->ring, sink->now, &region);
    if (room < sink->now) frames = sink->skips + room;
  }
  return frames;
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

static void note_drop(struct engine *engine, struct engine_sink *sink, size_t got, double time) {
  int64_t lost = (int64_t)(sink->now - got);
  ADD(sink->dropped, lost);
  ADD(engine->dropped, lost);
  if (sink->in_drop && !got) {
    glitch_extend(&engine->glitches, sink->drop, lost);
    return;
  }
  ADD(engine->sink_overflows, 1);
  int64_t frame = engine->captured + (int64_t)(sink->skips + got);
  sink->drop = glitch_add(&engine->glitches, frame, time, PS_GLITCH_SINK_OVERFLOW, lost);
}

static void record(struct engine *engine, struct engine_sink *sink, const uint8_t *input, size_t frames, double time) {
  cut(sink, engine->captured, frames);
  if (sink->now) {
    size_t got = put(engine, sink, input);
    int lost = got < sink->now;
    if (lost && sink->overflow == SINK_ENDS_ALONE) {
      end_sink(engine, sink, SINK_FULL);
      return;
    }
    if (lost) note_drop(engine, sink, got, time);
    sink->in_drop = lost;
  }
  if (sink->length >= 0 && engine->captured + (int64_t)frames - sink->first >= sink->length)
    end_sink(engine, sink, SINK_ENDED);
}

void sinks_record(struct engine *engine, const uint8_t *input, size_t frames, double time) {
  EACH_RECORDED(engine, sink)
  record(engine, sink, input, frames, time);
}

size_t sinks_ready(struct engine *engine, size_t frames) {
  EACH_RECORDED(engine, sink) {
    if (sink->memory) continue;
    cut(sink, engine->captured, frames);
    size_t room = ring_write_available(sink->ring);
    if (room < sink->now) frames = sink->skips + room;
  }
  return frames;
}

int sinks_are_small(const struct engine *engine, size_t frames) {
  EACH_RECORDED(engine, sink)
  if (!sink->memory && sink->ring->size < frames) return 1;
  return 0;
}
