/* The public functions that ask about a stream. Each is one look at what callback and control thread publish. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "stream/device.h"

#define DUE_LONGEST 0.25 /* the farthest that ps_stream_due looks ahead, seconds */
#define RELAXED memory_order_relaxed

/* The device's clock or load, while it is open; the clock's last value afterwards. */
static double ask_device(struct stream *stream, int32_t what) {
  struct device *device = &stream->device;
  os_mutex_lock(&stream->lock);
  double value = what == PS_NUMBER_TIME ? stream->last_time : 0;
  if (stream_is_open(stream) && stream->has_device)
    value = what == PS_NUMBER_TIME ? device->ops->time(device) : device->ops->cpu_load(device);
  os_mutex_unlock(&stream->lock);
  return value;
}

int64_t stream_heard(struct stream *stream) {
  if (stream_running(stream) && stream->has_device) {
    double time = stream->device.ops->time(&stream->device);
    int64_t heard = heard_at(&stream->heard, time, stream->engine.run.source_rate);
    if (heard > stream->heard_most) stream->heard_most = heard;
  }
  return stream->heard_most;
}

void stream_note_heard(struct stream *stream, int all) {
  os_mutex_lock(&stream->lock);
  int64_t played = source_played(&stream->engine);
  stream->heard_most = all ? played : stream_heard(stream);
  os_mutex_unlock(&stream->lock);
}

static double get_heard(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  int64_t heard = stream_heard(stream);
  os_mutex_unlock(&stream->lock);
  return (double)heard;
}

struct ring *stream_source_ring(const struct stream *stream) {
  const struct endpoint *source = &stream->endpoints[DEVICE_OUTPUT];
  struct ring *ring = stream->rings[DEVICE_OUTPUT]; /* of the run; before that, as it is set */
  return !ring && source->kind == PS_ENDPOINT_RING ? (struct ring *)source->object : ring;
}

/* Frames of the source that are in its ring, or played and not heard yet. A loop has no end until it is cleared. */
static double get_queued(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  struct ring *ring = stream_source_ring(stream);
  int64_t taken = source_taken(&stream->engine);
  int loops = stream->endpoints[DEVICE_OUTPUT].flags & PS_SOURCE_LOOP;
  double queued = stream_running(stream) ? (double)(taken - stream_heard(stream)) : 0;
  if (!stream->engine.source.cut && loops)
    queued = INFINITY;
  else if (!stream->engine.source.cut && ring)
    queued += (double)ring_read_available(ring);
  os_mutex_unlock(&stream->lock);
  return queued;
}

static double get_number(struct stream *stream, int32_t what) {
  const struct engine *engine = &stream->engine;
  switch (what) {
    case PS_NUMBER_FRAME_COUNT: return (double)atomic_load_explicit(&engine->count, RELAXED);
    case PS_NUMBER_XRUNS: return atomic_load_explicit(&engine->xruns, RELAXED);
    case PS_NUMBER_INPUT_UNDERFLOWS:
    case PS_NUMBER_INPUT_OVERFLOWS:
    case PS_NUMBER_OUTPUT_UNDERFLOWS:
    case PS_NUMBER_OUTPUT_OVERFLOWS:
      return atomic_load_explicit(&engine->flagged[what - PS_NUMBER_INPUT_UNDERFLOWS], RELAXED);
    case PS_NUMBER_SOURCE_UNDERFLOWS: return atomic_load_explicit(&engine->source_underflows, RELAXED);
    case PS_NUMBER_SINK_OVERFLOWS: return atomic_load_explicit(&engine->sink_overflows, RELAXED);
    case PS_NUMBER_DROPPED_FRAMES: return (double)atomic_load_explicit(&engine->dropped, RELAXED);
    case PS_NUMBER_STATUS: return atomic_load_explicit(&engine->status, RELAXED);
    case PS_NUMBER_TIME:
    case PS_NUMBER_CPU_LOAD: return ask_device(stream, what);
    case PS_NUMBER_SOURCE_FRAMES: return (double)atomic_load_explicit(&engine->source.count, RELAXED);
    case PS_NUMBER_RECORDED_FRAMES: return (double)atomic_load_explicit(&engine->sinks[0].count, RELAXED);
    case PS_NUMBER_CALLBACKS: return atomic_load_explicit(&stream->timing.count, RELAXED);
    case PS_NUMBER_GLITCHES: return (double)atomic_load_explicit(&engine->glitches.written, RELAXED);
    case PS_NUMBER_TOTAL_FRAMES: return (double)atomic_load_explicit(&engine->total_seen, RELAXED);
    case PS_NUMBER_SINCE_CALLBACK: return os_time() - stream_anchor(stream).began;
    case PS_NUMBER_BLOCK_FRAMES: return (double)stream_anchor(stream).frames;
    case PS_NUMBER_BLOCK_FRAME: return (double)stream_anchor(stream).frame;
    case PS_NUMBER_BLOCK_ADC_TIME: return stream_anchor(stream).input;
    case PS_NUMBER_BLOCK_DAC_TIME: return stream_anchor(stream).output;
    case PS_NUMBER_HEARD_FRAMES: return get_heard(stream);
    case PS_NUMBER_QUEUED_FRAMES: return get_queued(stream);
    case PS_NUMBER_CLEARED_FRAMES:
      return (double)(atomic_load_explicit(&engine->source.lost, RELAXED) +
                      atomic_load_explicit(&engine->source.unwritten, RELAXED));
    case PS_NUMBER_CLEARS: return atomic_load_explicit(&engine->source.requests, RELAXED);
    case PS_NUMBER_CLEARED_AT: return (double)atomic_load_explicit(&engine->source.lost_at, RELAXED);
    default: return error_number(check_choice("number of a stream", what, PS_NUMBER_COUNT));
  }
}

double ps_stream_number(int32_t handle, int32_t what) {
  struct stream *stream = stream_use(handle);
  if (!stream) return error_number(PS_ERR_HANDLE);
  double number = get_number(stream, what);
  object_release(&stream->object);
  return number;
}

int32_t ps_stream_numbers(int32_t handle, double *numbers, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = check_memory("numbers", numbers, count);
  for (int32_t i = 0; status >= 0 && i < count && i < PS_NUMBER_COUNT; i++) numbers[i] = get_number(stream, i);
  return stream_done(stream, status);
}

int32_t ps_stream_actual(int32_t handle, double *actual, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = stream_state(stream) == PS_STATE_NEW ? error_set(PS_ERR_STATE, 0, "the stream is not open") : PS_OK;
  if (status >= 0) status = check_memory("actual", actual, count);
  if (status >= 0 && count > 0) {
    stream_renumber_devices(stream);
    os_mutex_lock(&stream->lock);
    for (int i = 0; i < 2; i++) stream->actual[PS_ACTUAL_INPUT_LATENCY + i] = atomic_load(&stream->latencies[i]);
    memcpy(actual, stream->actual, (size_t)(count < PS_ACTUAL_SIZE ? count : PS_ACTUAL_SIZE) * sizeof *actual);
    os_mutex_unlock(&stream->lock);
  }
  return stream_done(stream, status);
}

int32_t ps_stream_levels(int32_t handle, int32_t direction, double *levels, int32_t channels) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = check_choice("direction", direction, 3);
  if (status >= 0) status = check_memory("levels", levels, channels);
  if (status < 0) return stream_done(stream, status);
  if (stream_state(stream) == PS_STATE_NEW) return stream_done(stream, 0);
  int32_t count = 0;
  for (int i = PS_DIRECTION_INPUT; i <= PS_DIRECTION_OUTPUT; i++) {
    if (direction != PS_DIRECTION_BOTH && direction != i) continue;
    int32_t room = channels > count ? channels - count : 0;
    if (room > 0) meter_read(&stream->meters[i], levels + PS_LEVEL_SIZE * count, room);
    count += stream->meters[i].channels;
  }
  return stream_done(stream, count);
}

int32_t ps_stream_glitches(int32_t handle, double *glitches, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = check_memory("glitches", glitches, count);
  return stream_done(stream, status < 0 ? status : glitch_read(&stream->engine.glitches, glitches, count));
}

int32_t ps_stream_timing(int32_t handle, double *timing, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  double values[PS_TIMING_SIZE];
  int32_t status = check_memory("timing", timing, count);
  if (status < 0) return stream_done(stream, status);
  timing_read(&stream->timing, values);
  if (count > 0) memcpy(timing, values, (size_t)(count < PS_TIMING_SIZE ? count : PS_TIMING_SIZE) * sizeof *timing);
  return stream_done(stream, (int32_t)atomic_load_explicit(&stream->timing.count, RELAXED));
}

int32_t ps_stream_error(int32_t handle, char *text, int32_t size, int32_t *numbers, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t checked = check_memory("numbers", numbers, count);
  if (checked < 0) return stream_done(stream, checked);
  os_mutex_lock(&stream->lock);
  int32_t status = stream->failure.status;
  text_copy(status < 0 ? stream->failure.text : "", text, size);
  for (int32_t i = 0; i < count && i < ERROR_NUMBERS; i++) numbers[i] = stream->failure.numbers[i];
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}

/* Seconds until `frames` more frames than there are have come, with a block at each callback. */
static double due_in(struct stream *stream, double frames) {
  struct anchor_values last = stream_anchor(stream);
  double rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  if (last.frames <= 0) return frames / rate; /* no callback yet */
  double blocks = (double)(int64_t)((frames + (double)last.frames - 1) / (double)last.frames);
  double due = last.began + blocks * (double)last.frames / rate - os_time();
  return due > 0 ? due : 0;
}

struct ring *stream_sink_ring(const struct stream *stream, int32_t sink, double *rate) {
  const struct endpoint *own = &stream->endpoints[DEVICE_INPUT];
  if (!stream_running(stream)) return NULL;
  *rate = own->rate;
  if (sink == 0) return own->kind == PS_ENDPOINT_RING ? (struct ring *)own->object : NULL;
  int tap = sink > 0 ? sink % TAPS : 0;
  *rate = stream->taps[tap].endpoint.rate;
  if (stream->taps[tap].endpoint.kind != PS_ENDPOINT_RING || sink_is_mine(&stream->engine, tap + 1)) return NULL;
  return stream->taps[tap].ring;
}

double ps_stream_due(int32_t handle, int32_t sink, double frames) {
  struct stream *stream = stream_use(handle);
  if (!stream) return error_number(PS_ERR_HANDLE);
  if (isnan(frames)) return error_number(stream_done(stream, check_count("frames", frames, 0, COUNT_MOST)));
  double due = 0, rate;
  os_mutex_lock(&stream->lock); /* the control thread lets go of the sink when it closes the stream */
  struct ring *ring = stream_sink_ring(stream, sink, &rate);
  if (ring) {
    double available = (double)ring_read_available(ring);
    double missing = (frames - available) * stream->actual[PS_ACTUAL_SAMPLE_RATE] / rate;
    if (available < frames) due = due_in(stream, missing);
  }
  os_mutex_unlock(&stream->lock);
  object_release(&stream->object);
  return due < DUE_LONGEST ? due : DUE_LONGEST;
}

double ps_stream_capture_time(int32_t handle, double frame) {
  struct stream *stream = stream_use(handle);
  if (!stream) return error_number(PS_ERR_HANDLE);
  int32_t status = stream_state(stream) == PS_STATE_NEW ? error_set(PS_ERR_STATE, 0, "the stream is not open")
                   : isnan(frame)                       ? check_count("frame", frame, 0, COUNT_MOST)
                                                        : PS_OK;
  if (status < 0) return error_number(stream_done(stream, status));
  struct anchor_values last = stream_anchor(stream);
  double time = last.input + (frame - (double)last.frame) / stream->actual[PS_ACTUAL_SAMPLE_RATE];
  double leaps[GLITCH_LOG_SIZE][4];
  int32_t count = glitch_read(&stream->leaps, leaps[0], GLITCH_LOG_SIZE);
  for (int32_t i = 0; i < count; i++)
    if (leaps[i][0] > frame && leaps[i][0] <= (double)last.frame) time -= leaps[i][1];
  object_release(&stream->object);
  return time;
}
