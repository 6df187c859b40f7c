#include "engine/source.h"

#include "engine/counters.h"
#include "engine/engine.h"
#include "engine/gain.h"

static int is_draining(const struct engine *engine) {
  return atomic_load_explicit(&engine->draining, memory_order_acquire);
}

void source_start(struct engine *engine) {
  struct engine_source *source = &engine->source;
  const struct engine_run *run = &engine->run;
  source->drain_left = -1;
  source->loop_length = run->source && run->source_loop ? ring_read_available(run->source) : 0;
  source->loop_position = 0;
  source->clearing = source->cleared = source->cut = 0;
  source->seen = READ(source->requests);
  atomic_store_explicit(&source->served, source->seen, RELAXED);
}

/* ------------------------------------------------------- draining, clearing */

/* Frames of a loop until its memory starts again. */
static size_t rest_of_pass(const struct engine_source *source) {
  if (READ(source->count) && !source->loop_position) return 0;
  return source->loop_length - source->loop_position;
}

/* At the first look at a drain: the frames that the source gives at most. A file's thread still reads on. */
static void notice_drain(struct engine *engine) {
  struct engine_source *source = &engine->source;
  if (!is_draining(engine) || source->drain_left >= 0 || engine->run.source_file) return;
  source->drain_left =
      (int64_t)(engine->run.source_loop ? rest_of_pass(source) : ring_read_available(engine->run.source));
}

int32_t source_clear(struct engine *engine, int64_t fade) {
  struct engine_source *source = &engine->source;
  struct ring *ring = engine->run.source;
  uint64_t mark = ring ? atomic_load_explicit(&ring->written, memory_order_acquire) : 0;
  atomic_store_explicit(&source->request_mark, mark, RELAXED);
  atomic_store_explicit(&source->request_fade, fade, RELAXED);
  int32_t number = READ(source->requests) + 1;
  atomic_store_explicit(&source->requests, number, memory_order_release);
  return number;
}

/* Frames of the ring before the mark. */
static size_t before_mark(const struct engine *engine) {
  uint64_t read = atomic_load_explicit(&engine->run.source->read, RELAXED);
  return engine->source.mark > read ? (size_t)(engine->source.mark - read) : 0;
}

/* Drops what is left before the mark, now that the fade has been played. */
static void finish_clear(struct engine *engine) {
  struct engine_source *source = &engine->source;
  size_t lost = engine->run.source_loop ? rest_of_pass(source) : before_mark(engine);
  if (!engine->run.source_loop) ring_skip(engine->run.source, lost);
  if (source->drain_left >= 0)
    source->drain_left = source->drain_left > (int64_t)lost ? source->drain_left - (int64_t)lost : 0;
  ADD(source->lost, (int64_t)lost);
  atomic_store_explicit(&source->lost_at, READ(source->count), RELAXED);
  source->clearing = 0;
  source->cut = engine->run.source_loop || engine->run.source_file;
  atomic_store_explicit(&source->served, source->seen, memory_order_release);
}

/* A request during a fade lets that fade go on. */
static void notice_clear(struct engine *engine) {
  struct engine_source *source = &engine->source;
  int32_t requests = atomic_load_explicit(&source->requests, memory_order_acquire);
  if (requests == source->seen) return;
  source->seen = requests;
  source->mark = READ(source->request_mark);
  source->cleared = 1;
  if (!source->clearing) {
    size_t there = engine->run.source_loop ? source->loop_length : before_mark(engine);
    source->fade_left = source->fade_length = source->cut ? 0 : at_most(there, READ(source->request_fade));
    source->clearing = 1;
  }
  if (source->fade_left == 0) finish_clear(engine);
}

void source_notice(struct engine *engine) {
  if (!engine->run.source) return;
  notice_drain(engine);
  notice_clear(engine);
}

/* ------------------------------------------------------------------- taking */

/* A source that is being drained has ended, except a file, whose thread still reads on. */
static int has_ended(const struct engine *engine) {
  return engine->run.source_complete || (is_draining(engine) && !engine->run.source_file) ||
         ring_ended(engine->run.source);
}

size_t source_holds(const struct engine *engine, size_t wanted, int *ended) {
  const struct engine_source *source = &engine->source;
  int ends_at_fade = source->clearing && (engine->run.source_loop || engine->run.source_file);
  *ended = source->cut || ends_at_fade || has_ended(engine); /* first: what was written before the end is then seen */
  if (source->cut) return 0;
  if (ends_at_fade) return wanted < source->fade_left ? wanted : source->fade_left;
  if (engine->run.source_loop) return source->loop_length ? wanted : 0;
  struct ring_region region;
  if (!source->clearing || wanted <= source->fade_left) return ring_read_region(engine->run.source, wanted, &region);
  size_t skipped = before_mark(engine) - source->fade_left; /* these will be dropped before the rest of the block */
  return ring_read_region(engine->run.source, wanted + skipped, &region) - skipped;
}

/* Copies `frames` frames of the looped memory, over and over. */
static void take_looped(struct engine *engine, const struct channel_table *table, uint8_t *output, size_t frames) {
  struct engine_source *source = &engine->source;
  size_t bytes = engine->output.frame_bytes, length = source->loop_length;
  struct ring_region region;
  ring_read_region(engine->run.source, length, &region);
  while (frames) {
    size_t position = source->loop_position, first = region.count[0];
    int in_first = position < first;
    const uint8_t *from = in_first ? region.part[0] + position * bytes : region.part[1] + (position - first) * bytes;
    size_t count = (in_first ? first : length) - position;
    if (count > frames) count = frames;
    channel_map_gather(table, output, from, count);
    source->loop_position = position + count == length ? 0 : position + count;
    output += count * bytes;
    frames -= count;
  }
}

static void take_straight(struct engine *engine, const struct channel_table *table, uint8_t *output, size_t frames) {
  struct ring_region region;
  ring_read_region(engine->run.source, frames, &region);
  channel_map_gather(table, output, region.part[0], region.count[0]);
  if (region.count[1])
    channel_map_gather(table, output + region.count[0] * engine->output.frame_bytes, region.part[1], region.count[1]);
  ring_read_advance(engine->run.source, frames);
}

static void take(struct engine *engine, uint8_t *output, size_t frames) {
  struct engine_source *source = &engine->source;
  const struct channel_table *table = channel_map_table(&engine->output.map);
  if (engine->run.source_loop)
    take_looped(engine, table, output, frames);
  else
    take_straight(engine, table, output, frames);
  ADD(source->count, (int64_t)frames);
  if (source->drain_left >= 0) source->drain_left -= (int64_t)frames;
}

/* The gain falls as 1 - 3x^2 + 2x^3, which is level at both ends, so that neither clicks. */
static void fade_out(struct engine *engine, uint8_t *output, size_t frames) {
  struct engine_source *source = &engine->source;
  const struct engine_direction *direction = &engine->output;
  for (size_t i = 0; i < frames; i++, output += direction->frame_bytes) {
    float left = (float)source->fade_left-- / (float)(source->fade_length + 1);
    gain_apply(left * left * (3 - 2 * left), direction->format, output, (size_t)direction->channels);
  }
}

void source_take(struct engine *engine, uint8_t *output, size_t frames) {
  struct engine_source *source = &engine->source;
  if (source->clearing) {
    size_t faded = frames < source->fade_left ? frames : source->fade_left;
    take(engine, output, faded);
    fade_out(engine, output, faded);
    if (source->fade_left == 0) finish_clear(engine);
    output += faded * engine->output.frame_bytes;
    frames -= faded;
  }
  if (frames) take(engine, output, frames);
}
