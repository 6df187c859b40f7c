#include "engine.h"

#include <string.h>

#include "device.h"
#include "format.h"
#include "gain.h"

/* PaStreamCallbackFlags that are xruns, in the order of their bits. */
#define FLAGS_XRUN 0xf
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

void engine_init(struct engine *engine, int32_t input_channels, int32_t input_format, int32_t output_channels,
                 int32_t output_format) {
  direction_init(&engine->input, input_channels, input_format);
  direction_init(&engine->output, output_channels, output_format);
  atomic_init(&engine->gain, 1.0f);
  memset(&engine->run, 0, sizeof engine->run);
  engine->result = CALLBACK_COMPLETE; /* nothing runs before engine_start */
}

static void set_total(struct engine *engine, int64_t total) {
  engine->total = total;
  atomic_store_explicit(&engine->total_seen, total, RELAXED);
}

void engine_start(struct engine *engine, const struct engine_run *run) {
  engine->run = *run;
  set_total(engine, run->frames < 0 ? -1 : run->frames + (run->pad > 0 ? run->pad : 0));
  engine->source_done = 0;
  engine->loop_length = run->source && run->source_loop ? ring_read_available(run->source) : 0;
  engine->loop_position = 0;
  engine->in_gap = engine->in_drop = 0;
  _Atomic int64_t *wide[] = {&engine->count, &engine->source_count, &engine->sink_count, &engine->dropped};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) atomic_store_explicit(wide[i], 0, RELAXED);
  _Atomic int32_t *narrow[] = {&engine->xruns,      &engine->source_underflows, &engine->sink_overflows,
                               &engine->flagged[0], &engine->flagged[1],        &engine->flagged[2],
                               &engine->flagged[3], &engine->status,            &engine->outcome};
  for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) atomic_store_explicit(narrow[i], 0, RELAXED);
  glitch_reset(&engine->glitches);
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

/* Copies up to `frames` frames of the looped memory, over and over. */
static size_t take_looped(struct engine *engine, const struct channel_table *table, uint8_t *output, size_t frames) {
  size_t bytes = engine->output.frame_bytes, done = 0;
  while (engine->loop_length && done < frames) {
    size_t count = engine->loop_length - engine->loop_position;
    if (count > frames - done) count = frames - done;
    channel_map_gather(table, output + done * bytes, engine->run.source->data + engine->loop_position * bytes, count);
    engine->loop_position += count;
    if (engine->loop_position == engine->loop_length) engine->loop_position = 0;
    done += count;
  }
  return done;
}

static size_t take_from_source(struct engine *engine, uint8_t *output, size_t frames) {
  const struct channel_table *table = channel_map_table(&engine->output.map);
  if (engine->run.source_loop) return take_looped(engine, table, output, frames);
  struct ring_region region;
  frames = ring_read_region(engine->run.source, frames, &region);
  channel_map_gather(table, output, region.part[0], region.count[0]);
  if (region.count[1])
    channel_map_gather(table, output + region.count[0] * engine->output.frame_bytes, region.part[1], region.count[1]);
  ring_read_advance(engine->run.source, frames);
  return frames;
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

/* Frames that the source still has to give of a block. */
static size_t source_wants(const struct engine *engine, size_t frames) {
  if (!engine->run.source || engine->source_done) return 0;
  if (engine->run.frames < 0) return frames;
  int64_t left = engine->run.frames - READ(engine->count);
  return left <= 0 ? 0 : (uint64_t)left < frames ? (size_t)left : frames;
}

static int source_ended(const struct engine *engine) {
  return engine->run.source_complete || ring_ended(engine->run.source);
}

/* Fills `frames` frames of output with source and silence; answers how many of them belong to the run. */
static size_t play(struct engine *engine, uint8_t *output, size_t frames, double time) {
  const struct engine_direction *direction = &engine->output;
  size_t wanted = source_wants(engine, frames), got = 0;
  if (wanted) {
    int ended = source_ended(engine); /* before taking: what was written before the end is then seen */
    got = take_from_source(engine, output, wanted);
    ADD(engine->source_count, (int64_t)got);
    float gain = READ(engine->gain);
    if (gain != 1.0f) gain_apply(gain, direction->format, output, got * (size_t)direction->channels);
    if (got < wanted && !ended) {
      note_gap(engine, engine->in_gap && !got, READ(engine->count) + (int64_t)got, time, (int64_t)(wanted - got));
      engine->in_gap = 1;
    } else {
      engine->in_gap = 0;
    }
    if (got < wanted && ended && engine->run.pad >= 0) {
      if (engine->run.frames >= 0) {
        end_run(engine, CALLBACK_ABORT, PS_ERR_BUFFER_EMPTY);
        frames = got;
      } else {
        engine->source_done = 1;
        set_total(engine, READ(engine->count) + (int64_t)got + engine->run.pad);
        if ((uint64_t)engine->run.pad < frames - got) frames = got + (size_t)engine->run.pad;
      }
    }
  }
  format_silence(direction->format, output + got * direction->frame_bytes, (frames - got) * (size_t)direction->channels);
  return frames;
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

/* Frames at the start of a block that are not recorded, since `offset` drops them. */
static size_t offset_skips(const struct engine *engine, size_t frames) {
  int64_t left = engine->run.offset - READ(engine->count);
  return left <= 0 ? 0 : (uint64_t)left < frames ? (size_t)left : frames;
}

/* Records a block; answers how many of its frames belong to the run. */
static size_t record(struct engine *engine, const uint8_t *input, size_t frames, double time) {
  if (!engine->run.sink) return frames;
  size_t skipped = offset_skips(engine, frames), wanted = frames - skipped;
  size_t got = put_into_sink(engine, input + skipped * engine->input.frame_bytes, wanted);
  ADD(engine->sink_count, (int64_t)got);
  if (got == wanted) {
    engine->in_drop = 0;
    return frames;
  }
  if (!engine->run.sink_drop) {
    end_run(engine, CALLBACK_ABORT, PS_ERR_BUFFER_FULL);
    return skipped + got;
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
  return frames;
}

/* Frames of a block that the total leaves. */
static size_t total_leaves(const struct engine *engine, size_t frames) {
  if (engine->total < 0) return frames;
  int64_t left = engine->total - READ(engine->count);
  return left <= 0 ? 0 : (uint64_t)left < frames ? (size_t)left : frames;
}

int engine_process(struct engine *engine, const void *input, void *output, size_t frames, double time,
                   unsigned long flags) {
  const struct engine_direction *out = &engine->output;
  if (engine->result != CALLBACK_CONTINUE) {
    if (output) format_silence(out->format, output, frames * (size_t)out->channels);
    return engine->result;
  }
  note_flags(engine, time, flags);
  size_t done = total_leaves(engine, frames);
  if (output) {
    size_t played = play(engine, output, done, time);
    format_silence(out->format, (uint8_t *)output + played * out->frame_bytes, (frames - played) * (size_t)out->channels);
    done = played;
  }
  if (input) done = record(engine, input, done, time);
  ADD(engine->count, (int64_t)done);
  if (engine->run.fatal_xruns && READ(engine->xruns)) end_run(engine, CALLBACK_ABORT, PS_ERR_XRUN);
  if (engine->total >= 0 && READ(engine->count) >= engine->total) end_run(engine, CALLBACK_COMPLETE, PS_OK);
  if (engine->result != CALLBACK_CONTINUE) atomic_store_explicit(&engine->ended, 1, memory_order_release);
  return engine->result;
}

size_t engine_ready(const struct engine *engine, size_t frames) {
  if (engine->result != CALLBACK_CONTINUE) return frames;
  const struct engine_run *run = &engine->run;
  size_t ready = total_leaves(engine, frames);
  size_t wanted = engine->output.channels ? source_wants(engine, ready) : 0;
  if (wanted && !run->source_loop && !source_ended(engine)) {
    size_t available = ring_read_available(run->source);
    if (available < wanted) return available;
  }
  if (run->sink && !run->sink_memory) {
    size_t skipped = offset_skips(engine, ready), room = ring_write_available(run->sink);
    if (room < ready - skipped) return skipped + room;
  }
  return frames;
}
