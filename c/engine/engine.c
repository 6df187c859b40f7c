#include "engine/engine.h"

#include <string.h>

#include "engine/format.h"
#include "engine/gain.h"

/* The flags that are xruns, in the order of their bits. */
static const int32_t flag_glitches[4] = {PS_GLITCH_INPUT_UNDERFLOW, PS_GLITCH_INPUT_OVERFLOW,
                                         PS_GLITCH_OUTPUT_UNDERFLOW, PS_GLITCH_OUTPUT_OVERFLOW};

#define RELAXED memory_order_relaxed
#define READ(counter) atomic_load_explicit(&(counter), RELAXED)
/* All counters have one writer, the callback, so adding to them needs no read-modify-write. */
#define ADD(counter, n) atomic_store_explicit(&(counter), READ(counter) + (n), RELAXED)

static void direction_init(struct engine_direction *direction, int32_t channels, int32_t format) {
  direction->channels = channels;
  direction->format = format;
  direction->frame_bytes = (size_t)channels * format_bytes(format);
  channel_map_init(&direction->map, channels, format);
}

void engine_init(struct engine *engine) {
  atomic_init(&engine->gain, 1.0f);
  atomic_init(&engine->draining, 0);
  memset(&engine->run, 0, sizeof engine->run);
  engine->result = CALLBACK_COMPLETE; /* nothing runs before engine_start */
  engine_set_formats(engine, 0, 0, 0, 0);
}

void engine_set_formats(struct engine *engine, int32_t input_channels, int32_t input_format, int32_t output_channels,
                        int32_t output_format) {
  direction_init(&engine->input, input_channels, input_format);
  direction_init(&engine->output, output_channels, output_format);
}

/* The length rule: frames of a run whose source has `source` frames (-1: not known yet); -1 while that is unknown, or
 * for ever. A source that is drained, and one that ends before `frames`, are told from it where they end. */
static int64_t run_length(const struct engine_run *run, int64_t source) {
  if (run->frames >= 0) return run->frames + (run->pad > 0 ? run->pad : 0);
  return source < 0 || run->pad < 0 ? -1 : source + run->pad;
}

static void set_total(struct engine *engine, int64_t total) {
  engine->total = total;
  atomic_store_explicit(&engine->total_seen, total, RELAXED);
}

void engine_clear(struct engine *engine) {
  _Atomic int64_t *wide[] = {&engine->count, &engine->source_count, &engine->sink_count, &engine->dropped};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) atomic_store_explicit(wide[i], 0, RELAXED);
  _Atomic int32_t *narrow[] = {
      &engine->xruns,      &engine->source_underflows, &engine->sink_overflows, &engine->flagged[0],
      &engine->flagged[1], &engine->flagged[2],        &engine->flagged[3],     &engine->status,
      &engine->outcome};
  for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) atomic_store_explicit(narrow[i], 0, RELAXED);
  glitch_reset(&engine->glitches);
}

void engine_start(struct engine *engine, const struct engine_run *run) {
  engine->run = *run;
  set_total(engine, run_length(run, -1));
  engine->drain_left = -1;
  engine->loop_length = run->source && run->source_loop ? ring_read_available(run->source) : 0;
  engine->loop_position = 0;
  engine->in_gap = engine->in_drop = 0;
  engine_clear(engine);
  engine->result = CALLBACK_CONTINUE;
  atomic_store_explicit(&engine->ended, 0, memory_order_release);
}

/* The run ends with this block. The first reason stands. */
static void end_run(struct engine *engine, int result, int32_t outcome) {
  if (engine->result != CALLBACK_CONTINUE) return;
  engine->result = result;
  atomic_store_explicit(&engine->outcome, outcome, RELAXED);
}

static void note_flags(struct engine *engine, double time, unsigned long flags) {
  if (!flags) return;
  int32_t status = READ(engine->status);
  if ((status | (int32_t)flags) != status) atomic_store_explicit(&engine->status, status | (int32_t)flags, RELAXED);
  if (!(flags & FLAGS_XRUN)) return;
  ADD(engine->xruns, 1);
  for (int bit = 0; bit < 4; bit++) {
    if (!(flags & 1ul << bit)) continue;
    ADD(engine->flagged[bit], 1);
    glitch_add(&engine->glitches, READ(engine->count), time, flag_glitches[bit], 0);
  }
}

/* Copies `frames` frames of the looped memory, over and over. */
static void take_looped(struct engine *engine, const struct channel_table *table, uint8_t *output, size_t frames) {
  size_t bytes = engine->output.frame_bytes, length = engine->loop_length;
  struct ring_region region;
  ring_read_region(engine->run.source, length, &region);
  while (frames) {
    size_t position = engine->loop_position, first = region.count[0];
    int in_first = position < first;
    const uint8_t *from = in_first ? region.part[0] + position * bytes : region.part[1] + (position - first) * bytes;
    size_t count = (in_first ? first : length) - position;
    if (count > frames) count = frames;
    channel_map_gather(table, output, from, count);
    engine->loop_position = position + count == length ? 0 : position + count;
    output += count * bytes;
    frames -= count;
  }
}

/* Copies `frames` frames, which are there, out of the source. */
static void take_from_source(struct engine *engine, uint8_t *output, size_t frames) {
  const struct channel_table *table = channel_map_table(&engine->output.map);
  if (engine->run.source_loop) {
    take_looped(engine, table, output, frames);
    return;
  }
  struct ring_region region;
  ring_read_region(engine->run.source, frames, &region);
  channel_map_gather(table, output, region.part[0], region.count[0]);
  if (region.count[1])
    channel_map_gather(table, output + region.count[0] * engine->output.frame_bytes, region.part[1], region.count[1]);
  ring_read_advance(engine->run.source, frames);
}

/* The source is late: what is missing is silence, and the run goes on. */
static void note_gap(struct engine *engine, int goes_on, int64_t frame, double time, int64_t frames) {
  if (goes_on) {
    glitch_extend(&engine->glitches, engine->gap, frames);
    return;
  }
  ADD(engine->source_underflows, 1);
  ADD(engine->xruns, 1);
  engine->gap = glitch_add(&engine->glitches, frame, time, PS_GLITCH_SOURCE_UNDERFLOW, frames);
}

/* At most `frames` of what is `left`, which may be less than nothing. */
static size_t at_most(size_t frames, int64_t left) {
  return left <= 0 ? 0 : (uint64_t)left < frames ? (size_t)left : frames;
}

/* Frames of a block that the total leaves. */
static size_t total_leaves(const struct engine *engine, size_t frames) {
  return engine->total < 0 ? frames : at_most(frames, engine->total - READ(engine->count));
}

/* Frames of a block that the source is asked for. What was late in a gap is played later, at the cost of the pad. */
static size_t source_wants(const struct engine *engine, size_t frames) {
  if (!engine->run.source || (engine->run.frames < 0 && engine->total >= 0)) return 0; /* only its pad is left */
  if (engine->drain_left >= 0) frames = at_most(frames, engine->drain_left);
  if (engine->run.frames < 0 || engine->run.pad < 0) return frames;
  return at_most(frames, engine->run.frames - READ(engine->source_count));
}

/* Frames at the start of a block that are not recorded, since `offset` drops them. */
static size_t offset_skips(const struct engine *engine, size_t frames) {
  return at_most(frames, engine->run.offset - READ(engine->count));
}

static int is_draining(const struct engine *engine) {
  return atomic_load_explicit(&engine->draining, memory_order_acquire);
}

/* A source that is being drained has ended, but for a file: its thread still reads on. */
static int source_ended(const struct engine *engine) {
  return engine->run.source_complete || (is_draining(engine) && !engine->run.source_file) ||
         ring_ended(engine->run.source);
}

/* At the first look at a drain: the frames that the source gives at most; of a loop the rest of this pass. */
static void notice_drain(struct engine *engine) {
  struct ring *source = engine->run.source;
  if (!is_draining(engine) || engine->drain_left >= 0 || !source || engine->run.source_file) return;
  if (!engine->run.source_loop)
    engine->drain_left = (int64_t)ring_read_available(source);
  else if (READ(engine->source_count) && !engine->loop_position)
    engine->drain_left = 0;
  else
    engine->drain_left = (int64_t)(engine->loop_length - engine->loop_position);
}

/* What is known of a block before anything of it is moved. */
struct plan {
  size_t frames; /* that belong to the run */
  size_t played; /* of them from the source, */
  int late;      /* and whether what is missing then is a gap */
  int64_t total; /* frames of the run; -1 while that is unknown */
  int32_t error; /* that ends the run with the block */
};

/* The part of it that the total and the source decide. */
static struct plan plan_source(const struct engine *engine, size_t frames) {
  const struct engine_run *run = &engine->run;
  struct plan plan = {.frames = total_leaves(engine, frames), .total = engine->total};
  size_t wanted = source_wants(engine, plan.frames);
  int ended = 1;
  if (wanted) {
    ended = source_ended(engine); /* before looking: what was written before the end is then seen */
    struct ring_region region;
    plan.played = !run->source_loop ? ring_read_region(run->source, wanted, &region) : engine->loop_length ? wanted : 0;
  }
  plan.late = plan.played < wanted && !ended;
  int64_t after_source = READ(engine->count) + (int64_t)plan.played;
  if (is_draining(engine)) {
    if (plan.late || plan.played == plan.frames) return plan;
    plan.total = after_source;
    plan.frames = plan.played;
  } else if (plan.played < wanted && ended && run->pad >= 0) {
    if (run->frames >= 0) {
      plan.error = PS_ERR_BUFFER_EMPTY;
      plan.frames = plan.played;
    } else {
      plan.total = run_length(run, after_source);
      plan.frames = at_most(plan.frames, (int64_t)plan.played + run->pad);
    }
  }
  return plan;
}

/* A sink without room for the whole block ends the run where it is full. */
static void plan_sink(struct engine *engine, struct plan *plan) {
  if (!engine->run.sink || engine->run.sink_drop) return;
  struct ring_region region;
  size_t skipped = offset_skips(engine, plan->frames);
  size_t room = skipped + ring_write_region(engine->run.sink, plan->frames - skipped, &region);
  if (room == plan->frames) return;
  plan->frames = room;
  plan->error = PS_ERR_BUFFER_FULL;
  if (plan->played > room) plan->played = room;
}

/* Fills the device's block with the source and silence. */
static void play(struct engine *engine, const struct plan *plan, uint8_t *output, size_t frames, double time) {
  const struct engine_direction *direction = &engine->output;
  size_t played = plan->played;
  if (played) {
    take_from_source(engine, output, played);
    ADD(engine->source_count, (int64_t)played);
    if (engine->drain_left >= 0) engine->drain_left -= (int64_t)played;
    float gain = READ(engine->gain);
    if (gain != 1.0f) gain_apply(gain, direction->format, output, played * (size_t)direction->channels);
  }
  if (played < frames)
    format_silence(direction->format, output + played * direction->frame_bytes,
                   (frames - played) * (size_t)direction->channels);
  if (!plan->frames) return;
  int gap = plan->late && played < plan->frames;
  if (gap)
    note_gap(engine, engine->in_gap && !played, READ(engine->count) + (int64_t)played, time,
             (int64_t)(plan->frames - played));
  engine->in_gap = gap;
}

static size_t put_into_sink(struct engine *engine, const uint8_t *input, size_t frames) {
  const struct channel_table *table = channel_map_table(&engine->input.map);
  struct ring_region region;
  frames = ring_write_region(engine->run.sink, frames, &region);
  channel_map_gather(table, region.part[0], input, region.count[0]);
  if (region.count[1])
    channel_map_gather(table, region.part[1], input + region.count[0] * engine->input.frame_bytes, region.count[1]);
  ring_write_advance(engine->run.sink, frames);
  return frames;
}

/* Records the frames of a block that belong to the run; what finds no room now is to be dropped. */
static void record(struct engine *engine, const uint8_t *input, size_t frames, double time) {
  size_t skipped = offset_skips(engine, frames), wanted = frames - skipped;
  if (!engine->run.sink || !wanted) return;
  size_t got = put_into_sink(engine, input + skipped * engine->input.frame_bytes, wanted);
  ADD(engine->sink_count, (int64_t)got);
  if (got == wanted) {
    engine->in_drop = 0;
    return;
  }
  int64_t lost = (int64_t)(wanted - got);
  ADD(engine->dropped, lost);
  if (engine->in_drop && !got) {
    glitch_extend(&engine->glitches, engine->drop, lost);
  } else {
    ADD(engine->sink_overflows, 1);
    int64_t frame = READ(engine->count) + (int64_t)(skipped + got);
    engine->drop = glitch_add(&engine->glitches, frame, time, PS_GLITCH_SINK_OVERFLOW, lost);
  }
  engine->in_drop = 1;
}

int engine_process(struct engine *engine, const void *input, void *output, size_t frames, double time,
                   unsigned long flags) {
  const struct engine_direction *out = &engine->output;
  if (engine->result != CALLBACK_CONTINUE) {
    if (output) format_silence(out->format, output, frames * (size_t)out->channels);
    return engine->result;
  }
  note_flags(engine, time, flags);
  notice_drain(engine);
  struct plan plan = plan_source(engine, frames);
  if (input) plan_sink(engine, &plan);
  if (plan.total != engine->total) set_total(engine, plan.total);
  if (output) play(engine, &plan, output, frames, time);
  if (input) record(engine, input, plan.frames, time);
  ADD(engine->count, (int64_t)plan.frames);
  if (plan.error) end_run(engine, CALLBACK_ABORT, plan.error);
  if (engine->run.fatal_xruns && READ(engine->xruns)) end_run(engine, CALLBACK_ABORT, PS_ERR_XRUN);
  if (engine->total >= 0 && READ(engine->count) >= engine->total) end_run(engine, CALLBACK_COMPLETE, PS_OK);
  if (engine->result != CALLBACK_CONTINUE) atomic_store_explicit(&engine->ended, 1, memory_order_release);
  return engine->result;
}

size_t engine_ready(struct engine *engine, size_t frames) {
  if (engine->result != CALLBACK_CONTINUE) return frames;
  notice_drain(engine);
  struct plan plan = plan_source(engine, frames);
  size_t ready = plan.late ? plan.played : plan.frames;
  if (engine->run.sink && !engine->run.sink_memory) {
    size_t skipped = offset_skips(engine, ready), room = ring_write_available(engine->run.sink);
    if (room < ready - skipped) ready = skipped + room;
  }
  return ready < plan.frames ? ready : frames;
}

int engine_waits_in_vain(const struct engine *engine, size_t frames) {
  const struct engine_run *run = &engine->run;
  int source_full = run->source && run->source->size < frames && !ring_write_available(run->source);
  int sink_small = run->sink && !run->sink_memory && run->sink->size < frames;
  return source_full || sink_small;
}
