#include "engine/source.h"

#include "engine/counters.h"
#include "engine/engine.h"
#include "engine/format.h"
#include "engine/gain.h"

#define ENDLESS ((size_t)1 << 40) /* frames of a loop */

static int is_draining(const struct engine *engine) {
  return atomic_load_explicit(&engine->draining, memory_order_acquire);
}

void source_start(struct engine *engine) {
  struct engine_source *source = &engine->source;
  const struct engine_run *run = &engine->run;
  source->adapter = run->source ? run->source_adapter : NULL;
  source->base = 0;
  source->torn = source->joined = 0;
  if (source->adapter) adapter_restart(source->adapter);
  source->drain_left = -1;
  source->loop_length = run->source && run->source_loop ? ring_read_available(run->source) : 0;
  source->loop_position = 0;
  source->clearing = source->cleared = source->cut = 0;
  source->seen = READ(source->requests);
  atomic_store_explicit(&source->served, source->seen, RELAXED);
}

int64_t source_played(const struct engine *engine) {
  const struct engine_source *source = &engine->source;
  return source->adapter ? READ(source->played) : READ(source->count);
}

int64_t source_taken(const struct engine *engine) {
  const struct engine_source *source = &engine->source;
  return source->adapter ? READ(source->taken) : READ(source->count);
}

static void publish(struct engine_source *source) {
  int64_t taken = source->base + (int64_t)adapter_taken(source->adapter);
  int64_t played = source->base + (int64_t)adapter_played(source->adapter);
  atomic_store_explicit(&source->taken, taken, RELAXED);
  atomic_store_explicit(&source->played, played, RELAXED);
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
  uint64_t mark = 0;
  int64_t held = ring ? ring_clear(ring, &mark) : 0;
  ADD(source->unwritten, held);
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

/* What the adapter holds is dropped. Returns how much of the ring that is. */
static size_t clear_adapter(struct engine_source *source) {
  if (!source->adapter) return 0;
  int64_t held = READ(source->taken) - READ(source->played);
  source->base = READ(source->played);
  source->torn = 0;
  adapter_restart(source->adapter);
  publish(source);
  return (size_t)held;
}

/* Drops what is left before the mark, now that the fade has been played. */
SELDOM static void finish_clear(struct engine *engine) {
  struct engine_source *source = &engine->source;
  size_t lost = engine->run.source_loop ? rest_of_pass(source) : before_mark(engine);
  if (!engine->run.source_loop) ring_skip(engine->run.source, lost);
  if (source->drain_left >= 0)
    source->drain_left = source->drain_left > (int64_t)lost ? source->drain_left - (int64_t)lost : 0;
  lost += clear_adapter(source);
  ADD(source->lost, (int64_t)lost);
  atomic_store_explicit(&source->lost_at, source_played(engine), RELAXED);
  source->clearing = 0;
  source->cut = engine->run.source_loop || engine->run.source_file;
  atomic_store_explicit(&source->served, source->seen, memory_order_release);
}

/* A request during a fade lets that fade go on. */
SELDOM static void begin_clear(struct engine *engine) {
  struct engine_source *source = &engine->source;
  source->mark = READ(source->request_mark);
  source->cleared = 1;
  if (!source->clearing) {
    size_t there = engine->run.source_loop ? source->loop_length : before_mark(engine);
    if (source->adapter) there = adapter_left(source->adapter, engine->run.source_loop ? ENDLESS : there);
    source->fade_left = source->fade_length = source->cut ? 0 : at_most(there, READ(source->request_fade));
    source->clearing = 1;
  }
  if (source->fade_left == 0) finish_clear(engine);
}

static void notice_clear(struct engine *engine) {
  struct engine_source *source = &engine->source;
  int32_t requests = atomic_load_explicit(&source->requests, memory_order_acquire);
  if (requests == source->seen) return;
  source->seen = requests;
  begin_clear(engine);
}

void source_settle(struct engine *engine) {
  struct engine_source *source = &engine->source;
  if (source->served == READ(source->requests)) return;
  atomic_store_explicit(&source->lost_at, source_played(engine), RELAXED);
  atomic_store_explicit(&source->served, READ(source->requests), memory_order_release);
}

void source_notice(struct engine *engine) {
  if (!engine->run.source) return;
  notice_drain(engine);
  notice_clear(engine);
}

/* ------------------------------------------------------------------- taking */

/* How: RING_ENDED, RING_FAILED or 0. One that is being drained has, except a file, whose thread still reads on. */
static int has_ended(const struct engine *engine) {
  if (engine->run.source_complete) return RING_ENDED;
  int ended = ring_ended(engine->run.source);
  return ended || !is_draining(engine) || engine->run.source_file ? ended : RING_ENDED;
}

/* Frames of the ring that can be taken now. */
static size_t there_is(const struct engine *engine) {
  const struct engine_source *source = &engine->source;
  size_t there =
      engine->run.source_loop ? (source->loop_length ? ENDLESS : 0) : ring_read_available(engine->run.source);
  return source->drain_left >= 0 ? at_most(there, source->drain_left) : there;
}

/* After a fade the adapter begins anew with what was written after the mark. */
static size_t adapter_holds(const struct engine *engine, size_t wanted, int can_wait, int ended) {
  const struct engine_source *source = &engine->source;
  size_t there = there_is(engine), before = 0, left;
  if (source->clearing && wanted > source->fade_left) {
    size_t after = there > before_mark(engine) ? there - before_mark(engine) : 0;
    before = source->fade_left;
    left = (size_t)resampler_length((int64_t)after, engine->run.source_rate, engine->run.rate);
  } else if (source->clearing) {
    return wanted;
  } else if (can_wait && !ended) {
    left = adapter_gives(source->adapter, there);
  } else {
    left = adapter_left(source->adapter, there);
  }
  return left < wanted - before ? before + left : wanted;
}

size_t source_holds(const struct engine *engine, size_t wanted, int can_wait, int *ended) {
  const struct engine_source *source = &engine->source;
  int ends_at_fade = source->clearing && (engine->run.source_loop || engine->run.source_file);
  /* First: what was written before the end is then seen. */
  *ended = source->cut || ends_at_fade ? RING_ENDED : has_ended(engine);
  if (source->cut) return 0;
  if (ends_at_fade) return wanted < source->fade_left ? wanted : source->fade_left;
  if (source->adapter) return adapter_holds(engine, wanted, can_wait, *ended);
  if (engine->run.source_loop) return source->loop_length ? wanted : 0;
  if (!source->clearing || wanted <= source->fade_left) return ring_readable(engine->run.source, wanted);
  size_t skipped = before_mark(engine) - source->fade_left; /* these will be dropped before the rest of the block */
  return ring_readable(engine->run.source, wanted + skipped) - skipped;
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

/* The frames of the ring, or of the loop, that are next and lie together: at most `frames`. */
static struct resampler_block next_part(struct engine *engine, size_t frames) {
  struct engine_source *source = &engine->source;
  struct ring *ring = engine->run.source;
  struct ring_region region;
  if (!engine->run.source_loop) {
    ring_read_region(ring, frames, &region);
    return (struct resampler_block){.in = region.part[0], .in_frames = region.count[0]};
  }
  ring_read_region(ring, source->loop_length, &region);
  size_t position = source->loop_position, first = region.count[0], part = position >= first;
  const uint8_t *from = region.part[part] + (position - (part ? first : 0)) * ring->element_size;
  size_t count = (part ? source->loop_length : first) - position;
  return (struct resampler_block){.in = from, .in_frames = count < frames ? count : frames};
}

static void go_on(struct engine *engine, size_t frames) {
  struct engine_source *source = &engine->source;
  if (source->drain_left >= 0) source->drain_left -= (int64_t)frames;
  if (!engine->run.source_loop)
    ring_read_advance(engine->run.source, frames);
  else if ((source->loop_position += frames) == source->loop_length)
    source->loop_position = 0;
}

/* The adapter has ended, and more has come. */
static void restart_adapter(struct engine *engine) {
  struct engine_source *source = &engine->source;
  source->base += (int64_t)adapter_taken(source->adapter);
  source->joined |= source->torn && !engine->in_gap;
  source->torn = 0;
  adapter_restart(source->adapter);
}

/* It holds the frames, by adapter_holds: what it looks ahead for and is not there yet is silence. */
static void take_adapted(struct engine *engine, uint8_t *output, size_t frames) {
  struct engine_source *source = &engine->source;
  struct adapter *adapter = source->adapter;
  size_t there = source->clearing && !engine->run.source_loop ? before_mark(engine) : there_is(engine);
  ADD(source->count, (int64_t)frames);
  while (frames) {
    if (adapter_ended(adapter) && there) restart_adapter(engine);
    size_t needed = adapter_needs(adapter, frames);
    struct resampler_block block = next_part(engine, needed < there ? needed : there);
    block.out = output;
    block.out_frames = frames;
    if (needed && !there) {
      int over = has_ended(engine);
      adapter_end(adapter);
      source->torn = !over;
    }
    adapter_process(adapter, &block);
    go_on(engine, block.in_frames);
    there -= block.in_frames;
    output += block.out_frames * engine->output.frame_bytes;
    frames -= block.out_frames;
    if (!block.out_frames && !there && adapter_ended(adapter)) break;
  }
  format_silence(engine->output.format, output, frames * (size_t)engine->output.channels);
  publish(source);
}

static void take(struct engine *engine, uint8_t *output, size_t frames) {
  struct engine_source *source = &engine->source;
  if (source->adapter) {
    take_adapted(engine, output, frames);
    return;
  }
  const struct channel_table *table = channel_map_table(&engine->output.map);
  if (engine->run.source_loop)
    take_looped(engine, table, output, frames);
  else
    take_straight(engine, table, output, frames);
  ADD(source->count, (int64_t)frames);
  if (source->drain_left >= 0) source->drain_left -= (int64_t)frames;
}

/* The gain falls as 1 - 3x^2 + 2x^3, which is level at both ends, so that neither clicks. */
SELDOM static void fade_out(struct engine *engine, uint8_t *output, size_t frames) {
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

void source_pass(struct engine *engine) {
  struct engine_source *source = &engine->source;
  size_t there =
      source->adapter && !source->clearing && !source->cut && !engine->run.source_loop ? there_is(engine) : 0;
  if (!there || adapter_left(source->adapter, there)) return;
  ring_skip(engine->run.source, there);
  if (source->drain_left >= 0) source->drain_left -= (int64_t)there;
  source->base += (int64_t)there;
  publish(source);
}
