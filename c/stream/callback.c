/* The audio callback: the engine, with the clocks and meters around it. */
#include <math.h>

#include "engine/format.h"
#include "stream/state.h"

#define RELAXED memory_order_relaxed
/* A capture time that is further than this from where the last one lets expect it is a leap of the clock, seconds. */
#define CLOCK_LEAP 0.02
/* The due moment follows a clock that is a little slower than ours by this share of the lateness. */
#define LATENESS_LEAK 0.01

/* A device that has stalled or lost input goes on later than the frame count tells. */
static void log_leap(struct stream *stream, int64_t frame, double input) {
  struct anchor *last = &stream->anchor; /* which only this thread writes */
  if (atomic_load_explicit(&last->frames, RELAXED) == 0) return;
  double since = (double)(frame - atomic_load_explicit(&last->frame, RELAXED)) * stream->period;
  double leap = input - atomic_load_explicit(&last->input, RELAXED) - since;
  if (fabs(leap) > CLOCK_LEAP) glitch_add(&stream->leaps, frame, leap, 0, 0);
}

static double latency(const struct stream *stream, int direction) {
  return atomic_load_explicit(&stream->latencies[direction], RELAXED);
}

/* Returns when the first output frame is heard. */
static double set_anchor(struct stream *stream, int64_t frame, size_t frames, double began,
                         const struct callback_times *times) {
  struct anchor *anchor = &stream->anchor;
  /* Some host APIs leave these at 0. */
  double input = times->input != 0 ? times->input : times->now - latency(stream, DEVICE_INPUT);
  double output = times->output != 0 ? times->output : times->now + latency(stream, DEVICE_OUTPUT);
  log_leap(stream, frame, input);
  uint32_t turn = atomic_load_explicit(&anchor->turn, RELAXED);
  atomic_store_explicit(&anchor->turn, turn + 1, RELAXED);
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&anchor->frame, frame, RELAXED);
  atomic_store_explicit(&anchor->frames, (int64_t)frames, RELAXED);
  atomic_store_explicit(&anchor->began, began, RELAXED);
  atomic_store_explicit(&anchor->input, input, RELAXED);
  atomic_store_explicit(&anchor->output, output, RELAXED);
  atomic_store_explicit(&anchor->turn, turn + 2, memory_order_release);
  return output;
}

struct anchor_values stream_anchor(struct stream *stream) {
  struct anchor *anchor = &stream->anchor;
  struct anchor_values values;
  uint32_t turn;
  do {
    turn = atomic_load_explicit(&anchor->turn, memory_order_acquire);
    values.frame = atomic_load_explicit(&anchor->frame, RELAXED);
    values.frames = atomic_load_explicit(&anchor->frames, RELAXED);
    values.began = atomic_load_explicit(&anchor->began, RELAXED);
    values.input = atomic_load_explicit(&anchor->input, RELAXED);
    values.output = atomic_load_explicit(&anchor->output, RELAXED);
    atomic_thread_fence(memory_order_acquire);
  } while ((turn & 1) || turn != atomic_load_explicit(&anchor->turn, RELAXED));
  return values;
}

void stream_callback_reset(struct stream *stream) {
  static const struct callback_times none;
  glitch_reset(&stream->leaps);
  heard_reset(&stream->heard);
  atomic_store_explicit(&stream->anchor.frames, 0, RELAXED);
  set_anchor(stream, 0, 0, 0, &none);
  stream->expected = 0;
  stream->period = 1 / stream->actual[PS_ACTUAL_SAMPLE_RATE];
}

void stream_clear(struct stream *stream) {
  engine_clear(&stream->engine);
  meter_reset(&stream->meters[0]);
  meter_reset(&stream->meters[1]);
  timing_reset(&stream->timing);
  stream_callback_reset(stream);
}

/* How late this callback is, reckoned from the earliest of those before it. */
static double lateness(struct stream *stream, double began, size_t frames) {
  double late = stream->expected > 0 ? began - stream->expected : 0;
  double from = late > 0 ? stream->expected + LATENESS_LEAK * late : began;
  stream->expected = from + (double)(int64_t)frames * stream->period;
  return late;
}

static void note_heartbeat(struct stream *stream, double time) {
  atomic_store_explicit(&stream->heartbeat, time, RELAXED);
}

static int callback(struct device_host *host, const void *input, void *output, size_t frames,
                    const struct callback_times *times, unsigned long flags) {
  struct stream *stream = stream_of(host);
  struct engine *engine = &stream->engine;
  double began = times->began > 0 ? times->began : os_time();
  note_heartbeat(stream, began);
  int over = engine->result != CALLBACK_CONTINUE;
  if (over || atomic_load_explicit(&host->halted, memory_order_acquire)) {
    if (output) format_silence(engine->output.format, output, frames * (size_t)engine->output.channels);
    return over ? engine->result : CALLBACK_COMPLETE;
  }
  int64_t before = atomic_load_explicit(&engine->count, RELAXED);
  double heard = set_anchor(stream, before, frames, began, times);
  if (times->gap > 0) {
    double rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
    int64_t at = before - (int64_t)(times->gap_age * rate + 0.5);
    glitch_add(&engine->glitches, at > 0 ? at : 0, times->now - times->gap_age, PS_GLITCH_DEVICE_GAP,
               (int64_t)(times->gap * rate));
  }
  int64_t played = source_played(engine);
  int result = engine_process(engine, input, output, frames, times->now, flags);
  size_t done = (size_t)(atomic_load_explicit(&engine->count, RELAXED) - before);
  heard += (double)(int64_t)engine->source.after * stream->period;
  heard_add(&stream->heard, heard, played, source_played(engine) - played, engine->run.source_period);
  if (input) meter_add(&stream->meters[0], input, done);
  if (output) meter_add(&stream->meters[1], output, done);
  timing_add(&stream->timing, lateness(stream, began, frames), os_time() - began);
  waits_count(&stream->waits, before + (int64_t)done);
  if (result != CALLBACK_CONTINUE) os_event_post(&stream->wake);
  return result;
}

static size_t ready(struct device_host *host, size_t frames, int whole) {
  struct stream *stream = stream_of(host);
  size_t found = engine_ready(&stream->engine, frames);
  if (found >= frames || (whole && engine_waits_in_vain(&stream->engine, frames))) return frames;
  note_heartbeat(stream, os_time());
  if (stream->reader) file_reader_wake(stream->reader);
  if (stream->writer) file_writer_wake(stream->writer);
  taps_wake(stream);
  return found;
}

static int silent(struct device_host *host) { return stream_silent(stream_of(host)); }

void stream_host_init(struct stream *stream) {
  stream->host.callback = callback;
  stream->host.ready = ready;
  stream->host.silent = silent;
}
