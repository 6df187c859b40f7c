/* The public functions of streams: making and freeing them, setting up a run, asking about it. */
#include "stream/state.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/config.h"
#include "stream/endpoints.h"

#define AWAIT_LONGEST 0.001 /* seconds between two looks while a caller is blocked */

/* ------------------------------------------------------- making and freeing */

static void stream_destroy(struct object *object) {
  struct stream *stream = (struct stream *)object;
  meter_free(&stream->meters[0]);
  meter_free(&stream->meters[1]);
  os_event_destroy(&stream->wake);
  os_mutex_destroy(&stream->lock);
  free(stream->list);
  free(stream);
}

int32_t ps_stream_new(const double *config, int32_t size, const double *list, int32_t list_size) {
  int32_t status = config_check(config, size, list, list_size);
  if (status < 0) return status;
  struct stream *stream = calloc(1, sizeof *stream);
  double *list_copy = calloc((size_t)list_size + 1, sizeof *list_copy);
  if (!stream || !list_copy || os_event_init(&stream->wake)) {
    free(stream);
    free(list_copy);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a stream");
  }
  os_mutex_init(&stream->lock);
  memcpy(stream->config, config, sizeof stream->config);
  if (list_size) memcpy(list_copy, list, (size_t)list_size * sizeof *list);
  stream->list = list_copy;
  stream->actual[PS_ACTUAL_INPUT_DEVICE] = stream->actual[PS_ACTUAL_OUTPUT_DEVICE] = PS_DEVICE_NONE;
  stream->frames = -1;
  stream->prebuffer = -1;
  engine_init(&stream->engine);
  stream_host_init(stream);
  taps_init(stream);
  waits_init(&stream->waits, &stream->object, &stream->engine.count);
  int32_t handle = handle_new(&stream->object, HANDLE_STREAM, stream_destroy);
  if (handle < 0) {
    stream_destroy(&stream->object);
    return handle;
  }
  status = stream_control_start(stream);
  if (status >= 0) return handle;
  handle_free(handle, HANDLE_STREAM);
  return status;
}

int32_t ps_stream_set_text(int32_t handle, int32_t what, const char *text) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = PS_OK;
  os_mutex_lock(&stream->lock);
  if (what < 0 || what >= PS_TEXT_COUNT || !text)
    status = error_set(PS_ERR_ARGUMENT, 0, "there is no text %d", (int)what);
  else if (stream_state(stream) != PS_STATE_NEW || stream_is_busy(stream))
    status = error_set(PS_ERR_STATE, 0, "the stream was opened before");
  else
    text_copy(text, stream->texts[what], DEVICE_LABEL_SIZE);
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}

int32_t ps_stream_free(int32_t handle) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = handle_free(handle, HANDLE_STREAM);
  if (status >= 0) stream_command(stream, COMMAND_QUIT);
  return stream_done(stream, status);
}

/* ----------------------------------------------------------------- commands */

int32_t ps_stream_command(int32_t handle, int32_t command) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  if (command < PS_COMMAND_OPEN || command > PS_COMMAND_CLOSE)
    return stream_done(stream, error_set(PS_ERR_ARGUMENT, 0, "there is no command %d", command));
  return stream_done(stream, stream_command(stream, command));
}

/* The result of a ticket, or PS_ERR_PENDING. */
static int32_t ticket_result(struct stream *stream, int32_t ticket) {
  int32_t status = PS_ERR_PENDING;
  os_mutex_lock(&stream->lock);
  if (ticket < 0 || ticket >= stream->next_ticket || ticket + STREAM_TICKETS < stream->next_ticket)
    status = error_set(PS_ERR_ARGUMENT, 0, "no ticket %d", ticket);
  else if (ticket < stream->done_ticket)
    status = error_raise(&stream->results[ticket % STREAM_TICKETS]);
  os_mutex_unlock(&stream->lock);
  return status;
}

int32_t ps_stream_done(int32_t handle, int32_t ticket) {
  struct stream *stream = stream_use(handle);
  return stream ? stream_done(stream, ticket_result(stream, ticket)) : PS_ERR_HANDLE;
}

int32_t ps_stream_await(int32_t handle, int32_t ticket) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status;
  for (double pause = 20e-6; (status = ticket_result(stream, ticket)) == PS_ERR_PENDING; pause *= 2)
    os_sleep(pause < AWAIT_LONGEST ? pause : AWAIT_LONGEST);
  return stream_done(stream, status);
}

/* Whether nothing is to come by itself: no command waits or is under way, and no run is on. */
static int is_idle(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  int idle = !stream_is_busy(stream) && !stream_running(stream);
  os_mutex_unlock(&stream->lock);
  return idle;
}

int32_t ps_stream_wait(int32_t handle, double seconds) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  if (isnan(seconds)) return stream_done(stream, check_count("seconds", seconds, 0, COUNT_MOST));
  double deadline = os_time() + seconds;
  int idle;
  while (!(idle = is_idle(stream)) && (seconds < 0 || os_time() < deadline)) os_sleep(AWAIT_LONGEST);
  return stream_done(stream, idle);
}

int32_t ps_stream_state(int32_t handle) {
  struct stream *stream = stream_use(handle);
  return stream ? stream_done(stream, stream_state(stream)) : PS_ERR_HANDLE;
}

int32_t ps_stream_drain(int32_t handle) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  const struct endpoint *source = &stream->endpoints[DEVICE_OUTPUT];
  os_mutex_lock(&stream->lock);
  int32_t state = stream_state(stream);
  if (state == PS_STATE_STARTING || state == PS_STATE_ACTIVE) {
    /* First, so that the end of the source is not seen without it, and silence played. */
    atomic_store_explicit(&stream->engine.draining, 1, memory_order_release);
    if (source->kind == PS_ENDPOINT_RING && !(source->flags & PS_SOURCE_COMPLETE))
      ring_end((struct ring *)source->object, RING_ENDED);
    if (state == PS_STATE_ACTIVE && stream->reader) file_reader_end_loop(stream->reader);
  }
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, PS_OK);
}

/* The request waits in the engine; the callback carries it out at its next block. */
int32_t ps_stream_clear(int32_t handle, double fade) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t request = check_count("fade", fade, 0, COUNT_MOST);
  os_mutex_lock(&stream->lock);
  if (request >= 0 && stream_running(stream) && stream->rings[DEVICE_OUTPUT]) {
    request = source_clear(&stream->engine, (int64_t)fade);
    if (stream->reader) file_reader_end_loop(stream->reader);
  }
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, request);
}

int32_t ps_stream_cleared(int32_t handle, int32_t request) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t served = atomic_load_explicit(&stream->engine.source.served, memory_order_acquire);
  int done = served >= request || !stream_running(stream);
  if (done) waits_changed(&stream->waits); /* there is room in the ring, sooner than was to be expected */
  return stream_done(stream, done);
}

/* ------------------------------------------------------------------ setting */

/* Under the lock. */
static int32_t require_idle(const struct stream *stream) {
  if (stream_running(stream) || stream_is_changing(stream)) return error_set(PS_ERR_ACTIVE, 0, "the stream is running");
  return stream_is_open(stream) ? PS_OK : error_set(PS_ERR_STATE, 0, "the stream is not open");
}

struct stream *stream_use_idle(int32_t handle, int32_t *status) {
  struct stream *stream = stream_use(handle);
  *status = PS_ERR_HANDLE;
  if (!stream) return NULL;
  os_mutex_lock(&stream->lock);
  *status = require_idle(stream);
  if (*status >= 0) return stream;
  os_mutex_unlock(&stream->lock);
  object_release(&stream->object);
  return NULL;
}

int32_t stream_done_idle(struct stream *stream, int32_t status) {
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}

int32_t ps_stream_set_run(int32_t handle, double frames, double pad, double offset, int32_t flags) {
  int32_t status;
  struct stream *stream = stream_use_idle(handle, &status);
  if (!stream) return status;
  status = check_count("frames", frames, -1, COUNT_MOST);
  if (status >= 0) status = check_count("pad", pad, -1, COUNT_MOST);
  if (status >= 0) status = check_count("offset", offset, 0, COUNT_MOST);
  if (status >= 0) status = check_choice("flags of a run", flags, PS_RUN_FATAL_XRUNS + 1);
  if (status < 0) return stream_done_idle(stream, status);
  stream->frames = frames;
  stream->pad = pad;
  stream->offset = offset;
  stream->run_flags = flags;
  stream->heard_most = 0;
  stream_clear(stream);
  return stream_done_idle(stream, PS_OK);
}

int32_t ps_stream_set_prebuffer(int32_t handle, double frames) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = frames < 0 ? PS_OK : check_count("prebuffer", frames, 0, COUNT_MOST);
  os_mutex_lock(&stream->lock);
  /* A start that has been handed over may begin late, on a busy machine later than the caller waits for it. */
  int starts = stream_state(stream) == PS_STATE_STARTING || (!stream_running(stream) && stream_is_changing(stream));
  if (status >= 0 && !starts) status = require_idle(stream);
  if (status >= 0) atomic_store_explicit(&stream->prebuffer, frames >= 0 ? frames : -1, memory_order_relaxed);
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}

int32_t ps_stream_set_lead(int32_t handle, double frames) {
  int32_t status;
  struct stream *stream = stream_use_idle(handle, &status);
  if (!stream) return status;
  status = check_count("lead", frames, 0, COUNT_MOST);
  if (status >= 0) stream->lead = frames;
  return stream_done_idle(stream, status);
}

static int32_t check_map(int32_t channels, const int32_t *map, int32_t count, int32_t most) {
  if (!count) return PS_OK;
  if (!map || count != channels)
    return error_set(PS_ERR_ARGUMENT, 0, "a map of %d entries for %d channel%s", count, channels, PLURAL(channels));
  for (int32_t i = 0; i < count; i++)
    if (map[i] < 0 || map[i] > most)
      return error_set(PS_ERR_ARGUMENT, 0, "a channel must be 0 to %d, not %d", most, map[i]);
  return PS_OK;
}

int32_t ps_stream_set_map(int32_t handle, int32_t direction, const int32_t *map, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = check_choice("direction", direction, 2);
  if (status >= 0 && stream_state(stream) == PS_STATE_NEW)
    status = error_set(PS_ERR_STATE, 0, "the stream is not open");
  if (status < 0) return stream_done(stream, status);
  os_mutex_lock(&stream->lock);
  int32_t channels = stream_frames(stream, direction)->channels;
  if (!channels) status = error_set(PS_ERR_ARGUMENT, 0, "the stream has no such direction");
  if (status >= 0) status = check_map(channels, map, count, stream_map_channels(stream, direction));
  if (status >= 0) stream_set_map(stream, direction, map, count);
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}

int32_t ps_stream_set_gain(int32_t handle, double gain) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status =
      fabs(gain) <= FLT_MAX ? PS_OK : error_set(PS_ERR_ARGUMENT, 0, "a gain of %g does not fit into float32", gain);
  if (status >= 0) atomic_store_explicit(&stream->engine.gain, (float)gain, memory_order_relaxed);
  return stream_done(stream, status);
}
