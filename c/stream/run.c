#include "stream/run.h"

#include "stream/device.h"
#include "stream/endpoints.h"
#include "stream/reroute.h"

#define PREBUFFER_POLL 0.001   /* seconds between two looks at a source being read ahead */
#define PATIENCE_COMPLETED 1e9 /* seconds that a pipe may take nothing when a run ends by itself, */
#define PATIENCE_STOPPED 1.0   /* by stop, */
#define PATIENCE_ABORTED 0.2   /* by abort or an error */

void stream_set_state(struct stream *stream, int32_t state) {
  atomic_store_explicit(&stream->state, state, memory_order_release);
}

/* ------------------------------------------------------------------ failure */

void stream_fail(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  if (stream->failure.status == PS_OK) error_save(&stream->failure);
  os_mutex_unlock(&stream->lock);
  os_event_post(&stream->wake);
}

static int has_failed(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  int failed = stream->failure.status < 0;
  os_mutex_unlock(&stream->lock);
  return failed;
}

static void forget_failure(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  stream->failure.status = PS_OK;
  os_mutex_unlock(&stream->lock);
}

/* -------------------------------------------------------------------- start */

/* Whether a command that would end the run waits behind the START that is under way. */
static int stop_waits(struct stream *stream) {
  int found = 0;
  os_mutex_lock(&stream->lock);
  for (int32_t i = 1; i < stream->queued; i++)
    found |= stream->queue[i] != PS_COMMAND_OPEN && stream->queue[i] != PS_COMMAND_START;
  os_mutex_unlock(&stream->lock);
  return found;
}

/* Frames that the ring of the source is to hold before the device starts. */
static double prebuffer(struct stream *stream, const struct ring *ring) {
  double wanted = atomic_load_explicit(&stream->prebuffer, memory_order_relaxed);
  if (wanted < 0) wanted = stream->reader ? (double)(ring->size / 2) : 0;
  return wanted < (double)ring->size ? wanted : (double)ring->size;
}

/* Waits until the source is read ahead; a stop that comes meanwhile ends the wait. */
static void wait_prebuffer(struct stream *stream) {
  const struct endpoint *source = &stream->endpoints[DEVICE_OUTPUT];
  struct ring *ring = stream->rings[DEVICE_OUTPUT];
  if (!ring || (source->kind == PS_ENDPOINT_RING && source->flags & PS_SOURCE_COMPLETE)) return;
  while (!ring_ended(ring) && (double)ring_read_available(ring) < prebuffer(stream, ring) && !has_failed(stream) &&
         !stop_waits(stream)) {
    if (stream->reader) file_reader_wake(stream->reader);
    os_event_wait(&stream->wake, PREBUFFER_POLL);
  }
}

/* The run for the engine, made of what is set and what the run has taken. */
static struct engine_run engine_run(const struct stream *stream) {
  const struct endpoint *source = &stream->endpoints[DEVICE_OUTPUT], *sink = &stream->endpoints[DEVICE_INPUT];
  int is_ring = source->kind == PS_ENDPOINT_RING;
  double rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  double source_rate = source->kind == PS_ENDPOINT_NONE ? rate : source->rate;
  return (struct engine_run){
      .frames = (int64_t)stream->frames,
      .pad = (int64_t)stream->pad,
      .offset = (int64_t)stream->offset,
      .lead = (int64_t)stream->lead,
      .rate = rate,
      .source_rate = source_rate,
      .source_period = 1 / source_rate,
      .source_adapter = stream->adapters[DEVICE_OUTPUT],
      .sink_adapter = stream->adapters[DEVICE_INPUT],
      .input_lag = stream->device.input_lag,
      .source = stream->rings[DEVICE_OUTPUT],
      .source_file = source->kind == PS_ENDPOINT_FILE,
      .source_loop = is_ring && (source->flags & PS_SOURCE_LOOP),
      .source_complete = is_ring && (source->flags & PS_SOURCE_COMPLETE),
      .sink = stream->rings[DEVICE_INPUT],
      .sink_drop = (sink->flags & PS_SINK_DROP) != 0,
      .sink_memory = (sink->flags & PS_SINK_MEMORY) != 0,
      .fatal_xruns = (stream->run_flags & PS_RUN_FATAL_XRUNS) != 0,
  };
}

static int32_t start(struct stream *stream) {
  int32_t status = stream_take_endpoints(stream);
  if (status < 0) return status;
  status = taps_start(stream);
  if (status < 0) return status;
  struct engine_run run = engine_run(stream);
  os_mutex_lock(&stream->lock); /* other threads ask what was heard and what is queued of the run before */
  stream->heard_most = 0;
  stream_clear(stream);
  engine_start(&stream->engine, &run);
  os_mutex_unlock(&stream->lock);
  status = stream_start_files(stream);
  if (status < 0) return status;
  wait_prebuffer(stream);
  if (has_failed(stream)) return error_raise(&stream->failure);
  if (stop_waits(stream)) return PS_OK; /* that command ends the run before it has begun */
  atomic_store_explicit(&stream->host.halted, 0, memory_order_release);
  stream_silence_reset(stream);
  return stream_start_device(stream);
}

static void give_back(struct stream *stream, double patience) {
  stream_give_back_endpoints(stream, patience);
  taps_end(stream, patience);
}

int32_t run_start(struct stream *stream) {
  int32_t before = stream_state(stream);
  atomic_store(&stream->host.aborting, 0);
  atomic_store(&stream->engine.draining, 0); /* before it starts: from then on it may be drained */
  stream_set_state(stream, PS_STATE_STARTING);
  forget_failure(stream);
  int32_t status = start(stream);
  if (status >= 0) {
    stream_set_state(stream, PS_STATE_ACTIVE);
    return PS_OK;
  }
  struct error error;
  error_save(&error);
  error.status = status;
  give_back(stream, PATIENCE_ABORTED);
  forget_failure(stream); /* the caller gets the error: no run has begun that could fail */
  stream_set_state(stream, before);
  return error_raise(&error);
}

/* ---------------------------------------------------------------------- end */

/* Whether the engine has come to the end of what there is to be heard, for good or because a source has failed. */
static int has_completed(struct stream *stream) {
  return atomic_load_explicit(&stream->engine.ended, memory_order_acquire) &&
         stream->engine.result == CALLBACK_COMPLETE;
}

void run_end(struct stream *stream, int32_t final) {
  struct device *device = &stream->device;
  stream_set_state(stream, PS_STATE_ENDING);
  stream_end_following(stream);
  atomic_store_explicit(&stream->host.halted, 1, memory_order_release);
  int failed = has_failed(stream), play_out = final != PS_STATE_ABORTED && (!failed || has_completed(stream));
  int32_t status = !stream->has_device ? PS_OK : play_out ? device->ops->stop(device) : device->ops->abort(device);
  if (status < 0 && play_out) {
    stream_fail(stream);
    device->ops->abort(device);
  }
  if (atomic_load(&stream->host.aborting)) final = PS_STATE_ABORTED; /* meanwhile */
  source_settle(&stream->engine);
  stream_note_heard(stream, play_out && final != PS_STATE_ABORTED);
  double patience = failed || final == PS_STATE_ABORTED ? PATIENCE_ABORTED
                    : final == PS_STATE_STOPPED         ? PATIENCE_STOPPED
                                                        : PATIENCE_COMPLETED;
  give_back(stream, patience);
  stream_set_state(stream, has_failed(stream) ? PS_STATE_ABORTED : final);
}

/* Returns 0 if the run goes on on another device. `how` is said where the device does not know more. */
static int lose_device(struct stream *stream, const char *how) {
  struct device *device = &stream->device;
  const char *loss = device->ops->loss ? device->ops->loss(device) : NULL;
  int follows = stream->config[PS_CONFIG_FOLLOW] != 0;
  if (follows && stream_reroute(stream, 0)) return 0;
  error_set(PS_ERR_DEVICE_LOST, 0, "%s%s", loss ? loss : how,
            follows ? "; there was no other device to continue on" : "");
  stream_fail(stream);
  return 1;
}

void run_watch(struct stream *stream) {
  int active = stream->device.ops->active(&stream->device); /* before `ended`: a device stops as the run has ended */
  stream_follow_device(stream);
  if (atomic_load_explicit(&stream->engine.ended, memory_order_acquire)) {
    int32_t outcome = atomic_load_explicit(&stream->engine.outcome, memory_order_relaxed);
    if (outcome < 0) {
      /* A source that has failed has ended too early. */
      if (!stream->reader || file_reader_error(stream->reader) == PS_OK) error_set(outcome, 0, NULL);
      stream_fail(stream);
    }
  } else if (active && stream_default_moved(stream)) {
    if (stream_reroute(stream, 1)) return;
    error_set(PS_ERR_DEVICE_LOST, 0, "the default device is another one, and neither it nor the old one can be opened");
    stream_fail(stream);
  } else if (!active && stream_revive_device(stream)) {
    return;
  } else if (!active) {
    if (!lose_device(stream, "the device stopped by itself")) return;
  } else if (stream_silent(stream)) {
    if (!lose_device(stream, "the device has stopped asking for data")) return;
  } else if (!has_failed(stream)) {
    return;
  }
  run_end(stream, PS_STATE_COMPLETED);
}
