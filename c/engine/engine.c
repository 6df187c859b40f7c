#include "engine/engine.h"

#include <string.h>

#include "engine/counters.h"
#include "engine/format.h"
#include "engine/gain.h"

/* The flags that are xruns, in the order of their bits. */
static const int32_t flag_glitches[4] = {PS_GLITCH_INPUT_UNDERFLOW, PS_GLITCH_INPUT_OVERFLOW,
                                         PS_GLITCH_OUTPUT_UNDERFLOW, PS_GLITCH_OUTPUT_OVERFLOW};

static void direction_init(struct engine_direction *direction, int32_t channels, int32_t format) {
  direction->channels = channels;
  direction->format = format;
  direction->frame_bytes = (size_t)channels * format_bytes(format);
  channel_map_init(&direction->map, channels, channels, format);
}

void engine_init(struct engine *engine) {
  atomic_init(&engine->gain, 1.0f);
  atomic_init(&engine->draining, 0);
  atomic_init(&engine->sinks_used, 0);
  engine->recorded = 0;
  for (int i = 0; i < ENGINE_SINKS; i++) atomic_init(&engine->sinks[i].state, SINK_FREE);
  memset(&engine->run, 0, sizeof engine->run);
  memset(&engine->source, 0, sizeof engine->source);
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
  _Atomic int64_t *wide[] = {&engine->count,          &engine->source.count, &engine->source.taken,
                             &engine->source.played,  &engine->source.lost,  &engine->source.lost_at,
                             &engine->sinks[0].count, &engine->dropped,      &engine->source.unwritten};
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
  engine->captured = 0;
  engine->lead = run->input_lag;
  engine->in_gap = 0;
  engine->skipped = 0;
  engine_clear(engine);
  source_start(engine);
  sinks_start(engine);
  engine->result = CALLBACK_CONTINUE;
  atomic_store_explicit(&engine->ended, 0, memory_order_release);
}

/* The run ends with this block. The first reason stands. */
SELDOM static void end_run(struct engine *engine, int result, int32_t outcome) {
  if (engine->result != CALLBACK_CONTINUE) return;
  engine->result = result;
  atomic_store_explicit(&engine->outcome, outcome, RELAXED);
}

SELDOM static void note_flags(struct engine *engine, double time, unsigned long flags) {
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

/* The source is late: what is missing is silence, and the run goes on. */
SELDOM static void note_gap(struct engine *engine, int goes_on, int64_t frame, double time, int64_t frames) {
  if (goes_on) {
    glitch_extend(&engine->glitches, engine->gap, frames);
    return;
  }
  ADD(engine->source_underflows, 1);
  ADD(engine->xruns, 1);
  engine->gap = glitch_add(&engine->glitches, frame, time, PS_GLITCH_SOURCE_UNDERFLOW, frames);
}

/* Frames of a block that the total leaves. */
static size_t total_leaves(const struct engine *engine, size_t frames) {
  return engine->total < 0 ? frames : at_most(frames, engine->total - READ(engine->count));
}

/* Frames of a block that the source is asked for. What was late in a gap is played later, at the cost of the pad. */
static size_t source_wants(const struct engine *engine, size_t frames) {
  if (!engine->run.source || (engine->run.frames < 0 && engine->total >= 0)) return 0; /* only its pad is left */
  if (engine->source.drain_left >= 0 && !engine->source.adapter) frames = at_most(frames, engine->source.drain_left);
  if (engine->run.frames < 0 || engine->run.pad < 0) return frames;
  return at_most(frames, engine->run.frames - READ(engine->source.count));
}

/* What is known of a block before anything of it is moved. */
struct plan {
  size_t frames;         /* that belong to the run */
  size_t silent;         /* of them before the source is asked */
  size_t wanted, played; /* of them from the source: asked for, and there; */
  int late;              /* and whether what is missing then is a gap */
  size_t lead, captured; /* frames of its input that come before the run, and that belong to it */
  int64_t total;         /* frames of the run; -1 while that is unknown */
  int full;              /* the run ends with the block, since memory to record into does */
  int32_t error;         /* that ends the run with the block */
};

/* The part of it that the total and the source decide. */
static struct plan plan_source(const struct engine *engine, size_t frames, int can_wait) {
  const struct engine_run *run = &engine->run;
  struct plan plan = {.frames = total_leaves(engine, frames), .total = engine->total};
  int draining = atomic_load_explicit(&engine->draining, memory_order_acquire);
  plan.silent = draining ? 0 : at_most(plan.frames, run->lead - READ(engine->count));
  size_t wanted = source_wants(engine, plan.frames - plan.silent);
  int ended = 1;
  if (wanted) plan.played = source_holds(engine, wanted, can_wait, &ended);
  plan.wanted = wanted;
  plan.late = plan.played < wanted && !ended;
  int64_t after_source = READ(engine->count) + (int64_t)(plan.silent + plan.played);
  if (plan.played < wanted && ended == RING_FAILED) {
    plan.error = PS_ERR_BUFFER_EMPTY;
    plan.frames = plan.silent + plan.played;
  } else if (draining) {
    if (plan.late || plan.played == plan.frames) return plan;
    plan.total = after_source;
    plan.frames = plan.played;
  } else if (plan.played < wanted && ended && run->pad >= 0) {
    if (run->frames >= 0 && !engine->source.cleared) {
      plan.error = PS_ERR_BUFFER_EMPTY;
      plan.frames = plan.silent + plan.played;
    } else if (run->frames < 0) {
      plan.total = run_length(run, after_source);
      plan.frames = at_most(plan.frames, (int64_t)(plan.silent + plan.played) + run->pad);
    }
  }
  return plan;
}

/* The part that the input decides: one that lags goes on after the last frame of the output. */
static void plan_input(const struct engine *engine, struct plan *plan, size_t frames) {
  plan->lead = engine->lead < frames ? engine->lead : frames;
  plan->captured = frames - plan->lead;
  if (engine->run.input_lag == 0)
    plan->captured = plan->frames;
  else if (plan->total >= 0)
    plan->captured = at_most(plan->captured, plan->total - engine->captured);
}

/* A sink without room for the whole block ends the run where it is full. */
static void plan_sinks(struct engine *engine, struct plan *plan) {
  size_t room = sinks_room(engine, plan->captured);
  if (room == plan->captured) return;
  plan->captured = room;
  plan->full = engine->skipped && engine->run.sink_memory; /* by the silence of a hole: as long as it was to be */
  if (!plan->full) plan->error = PS_ERR_BUFFER_FULL;
  if (plan->frames > room) plan->frames = room;
  if (plan->silent > room) plan->silent = room;
  if (plan->played > room - plan->silent) plan->played = room - plan->silent;
}

/* Fills the device's block with the source and silence. */
static void play(struct engine *engine, const struct plan *plan, uint8_t *output, size_t frames, double time) {
  const struct engine_direction *direction = &engine->output;
  size_t played = plan->played, silent = plan->silent;
  int64_t first = READ(engine->count) + (int64_t)silent;
  if (silent) format_silence(direction->format, output, silent * (size_t)direction->channels);
  output += silent * direction->frame_bytes;
  frames -= silent;
  engine->source.after = silent;
  if (played) {
    source_take(engine, output, played);
    if (engine->source.joined) note_gap(engine, 0, first, time, 0);
    engine->source.joined = 0;
    float gain = READ(engine->gain);
    if (gain != 1.0f) gain_apply(gain, direction->format, output, played * (size_t)direction->channels);
  }
  if (plan->wanted && !played) source_pass(engine);
  if (played < frames)
    format_silence(direction->format, output + played * direction->frame_bytes,
                   (frames - played) * (size_t)direction->channels);
  if (!plan->frames) return;
  int64_t missing = (int64_t)(plan->frames - silent - played);
  int gap = plan->late && missing > 0;
  if (gap) note_gap(engine, engine->in_gap && !played && !silent, first + (int64_t)played, time, missing);
  engine->in_gap = gap;
}

static void capture(struct engine *engine, const struct plan *plan, const uint8_t *input, double time) {
  engine->lead -= plan->lead;
  sinks_record(engine, input + plan->lead * engine->input.frame_bytes, plan->captured, time);
  engine->captured += (int64_t)plan->captured;
}

/* Whether all frames have been played, and recorded. */
static int is_complete(const struct engine *engine) {
  if (engine->total < 0 || READ(engine->count) < engine->total) return 0;
  return engine->run.input_lag == 0 || engine->captured >= engine->total || READ(engine->sinks_used) == 0;
}

int engine_process(struct engine *engine, const void *input, void *output, size_t frames, double time,
                   unsigned long flags) {
  const struct engine_direction *out = &engine->output;
  if (engine->result != CALLBACK_CONTINUE) {
    if (output) format_silence(out->format, output, frames * (size_t)out->channels);
    return engine->result;
  }
  if (flags) note_flags(engine, time, flags);
  source_notice(engine);
  sinks_notice(engine);
  struct plan plan = plan_source(engine, frames, 0);
  plan_input(engine, &plan, frames);
  if (input) plan_sinks(engine, &plan);
  if (plan.total != engine->total) set_total(engine, plan.total);
  if (output) play(engine, &plan, output, frames, time);
  if (input) capture(engine, &plan, input, time);
  ADD(engine->count, (int64_t)plan.frames);
  /* What came before the end of a source is good: it is heard whole. */
  if (plan.error == PS_ERR_BUFFER_EMPTY) end_run(engine, CALLBACK_COMPLETE, plan.error);
  if (plan.error) end_run(engine, CALLBACK_ABORT, plan.error);
  if (plan.full) end_run(engine, CALLBACK_COMPLETE, PS_OK);
  if (engine->run.fatal_xruns && READ(engine->xruns)) end_run(engine, CALLBACK_ABORT, PS_ERR_XRUN);
  if (is_complete(engine)) end_run(engine, CALLBACK_COMPLETE, PS_OK);
  if (engine->result != CALLBACK_CONTINUE) atomic_store_explicit(&engine->ended, 1, memory_order_release);
  return engine->result;
}

void engine_set_lag(struct engine *engine, size_t lag) { engine->run.input_lag = engine->lead = lag; }

size_t engine_skip(struct engine *engine, const void *silence, size_t frames, double time) {
  sinks_notice(engine);
  int64_t count = READ(engine->count);
  int extends = engine->run.source != NULL; /* what is played is played whole, */
  if (extends && engine->run.sink_memory)   /* whether or not there is room to record the end of it */
    engine->sinks[0].overflow = SINK_DROPS;
  if (engine->total >= 0 && !extends) frames = at_most(frames, engine->total - count);
  if (engine->input.channels) {
    size_t behind = at_most(frames, count - engine->captured); /* what the last device has not given any more */
    size_t room = sinks_room(engine, frames + behind);
    sinks_record(engine, silence, room, time);
    engine->captured += (int64_t)room;
    frames = room < behind ? 0 : room - behind;
  }
  if (engine->total >= 0 && extends) set_total(engine, engine->total + (int64_t)frames);
  ADD(engine->count, (int64_t)frames);
  engine->skipped = 1;
  if (is_complete(engine)) end_run(engine, CALLBACK_COMPLETE, PS_OK);
  if (engine->result != CALLBACK_CONTINUE) atomic_store_explicit(&engine->ended, 1, memory_order_release);
  return frames;
}

size_t engine_ready(struct engine *engine, size_t frames) {
  if (engine->result != CALLBACK_CONTINUE) return frames;
  source_notice(engine);
  sinks_notice(engine); /* one that waits for room must not keep another from leaving */
  struct plan plan = plan_source(engine, frames, 1);
  if (plan.late && plan.silent + plan.played < plan.frames) plan.frames = frames = plan.silent + plan.played;
  plan_input(engine, &plan, frames);
  size_t room = sinks_ready(engine, plan.captured);
  return room < plan.captured ? plan.lead + room : frames;
}

int engine_waits_in_vain(const struct engine *engine, size_t frames) {
  const struct ring *source = engine->run.source;
  const struct adapter *adapter = engine->source.adapter;
  size_t needed = adapter && source ? adapter_needs(adapter, frames) : frames;
  return (source && source->size < needed && !ring_write_available((struct ring *)source)) ||
         sinks_are_small(engine, frames);
}
