/* The public functions of streams: making and freeing them, setting up a run, asking about it. */
#include "stream/state.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/config.h"

#define AWAIT_LONGEST 0.001 /* seconds between two looks while a caller is blocked */
#define SHUTDOWN_TIME 2.0

/* --------------------------------------------------------------------- life */

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
  stream->engine.result = CALLBACK_COMPLETE;
  stream_host_init(stream);
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

int32_t ps_stream_free(int32_t handle) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = handle_free(handle, HANDLE_STREAM);
  if (status >= 0) stream_control_quit(stream);
  return stream_done(stream, status);
}

static void shut_stream(struct object *object, void *argument) {
  (void)argument;
  stream_command((struct stream *)object, PS_COMMAND_CLOSE);
}

static void await_shut(struct object *object, void *argument) {
  const double *deadline = argument;
  struct stream *stream = (struct stream *)object;
  while (atomic_load(&stream->state) != PS_STATE_CLOSED && os_time() < *deadline) os_sleep(AWAIT_LONGEST);
}

int32_t ps_shutdown(void) {
  double deadline = os_time() + SHUTDOWN_TIME;
  handle_each(HANDLE_STREAM, shut_stream, NULL);
  handle_each(HANDLE_STREAM, await_shut, &deadline);
  file_close_all();
  return PS_OK;
}

#if defined(__GNUC__) && !defined(_WIN32)
/* On Windows the threads are gone when a library is told of the exit; there the caller calls ps_shutdown. */
__attribute__((destructor)) static void at_exit(void) { ps_shutdown(); }
#endif

#ifdef __linux__
/* Bun ends by quick_exit, which calls no destructors. */
__attribute__((constructor)) static void at_load(void) { at_quick_exit(at_exit); }
#endif

/* ----------------------------------------------------------------- commands */

int32_t ps_stream_command(int32_t handle, int32_t command) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  if (command < PS_COMMAND_OPEN || command > PS_COMMAND_CLOSE)
    return stream_done(stream, error_set(PS_ERR_ARGUMENT, 0, "no command %d", command));
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

int32_t ps_stream_wait(int32_t handle, double seconds) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  double deadline = os_time() + seconds;
  while (stream_running(stream) && (seconds < 0 || os_time() < deadline)) os_sleep(AWAIT_LONGEST);
  return stream_done(stream, !stream_running(stream));
}

int32_t ps_stream_state(int32_t handle) {
  struct stream *stream = stream_use(handle);
  return stream ? stream_done(stream, atomic_load(&stream->state)) : PS_ERR_HANDLE;
}

int32_t ps_stream_drain(int32_t handle) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  const struct endpoint *source = &stream->source;
  os_mutex_lock(&stream->lock);
  int32_t state = atomic_load(&stream->state);
  if (state == PS_STATE_STARTING || state == PS_STATE_ACTIVE) {
    /* First, lest the end of the source be seen without it, and silence be played. */
    atomic_store_explicit(&stream->engine.draining, 1, memory_order_release);
    if (source->kind == PS_ENDPOINT_RING && !(source->flags & PS_SOURCE_COMPLETE))
      ring_end((struct ring *)source->object);
    if (state == PS_STATE_ACTIVE && stream->reader) file_reader_end_loop(stream->reader);
  }
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, PS_OK);
}

/* ------------------------------------------------------------------ setting */

/* The stream for a call that sets something for the next run, its lock taken; NULL with *status set while a run is on,
 * or a command under way that uses what is set. */
static struct stream *stream_use_idle(int32_t handle, int32_t *status) {
  struct stream *stream = stream_use(handle);
  *status = PS_ERR_HANDLE;
  if (!stream) return NULL;
  os_mutex_lock(&stream->lock);
  int32_t state = atomic_load(&stream->state);
  *status = PS_OK;
  if (stream_running(stream) || stream->changing)
    *status = error_set(PS_ERR_ACTIVE, 0, "the stream is running");
  else if (state == PS_STATE_NEW || state == PS_STATE_CLOSED)
    *status = error_set(PS_ERR_STATE, 0, "the stream is not open");
  if (*status >= 0) return stream;
  os_mutex_unlock(&stream->lock);
  object_release(&stream->object);
  return NULL;
}

static int32_t setting_done(struct stream *stream, int32_t status) {
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}

static void endpoint_release(struct endpoint *side) {
  if (side->object) object_release(side->object);
  if (side->between) object_release(side->between);
}

void stream_set_endpoint(struct stream *stream, struct endpoint *side, struct endpoint set) {
  endpoint_release(side);
  if (side == &stream->sink && stream->left_file) {
    object_release(stream->left_file);
    stream->left_file = NULL;
  }
  *side = set;
}

/* A ring for the frames of one direction. */
static int32_t use_ring(int32_t handle, const struct engine_direction *direction, struct object **object) {
  struct ring *ring = (struct ring *)handle_use(handle, HANDLE_RING);
  if (!ring) return PS_ERR_HANDLE;
  *object = &ring->object;
  if (ring->element_size == direction->frame_bytes) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "an element of the ring has %zu bytes, a frame of the stream %zu",
                   ring->element_size, direction->frame_bytes);
}

/* Each takes uses of the objects into `set`, whatever it answers. */
static int32_t set_ring(struct endpoint *set, const struct engine_direction *direction, int is_sink, int32_t handle) {
  int32_t status = use_ring(handle, direction, &set->object);
  if (status >= 0 && !is_sink && (set->flags & PS_SOURCE_LOOP) && !ring_read_available((struct ring *)set->object))
    return error_set(PS_ERR_ARGUMENT, 0, "an empty source cannot be looped");
  return status;
}

static int32_t set_file(struct endpoint *set, const struct engine_direction *direction, int is_sink, int32_t handle,
                        int32_t between) {
  set->object = handle_use(handle, HANDLE_FILE);
  if (!set->object) return PS_ERR_HANDLE;
  const struct file *file = (const struct file *)set->object;
  if (file_channels(file) != direction->channels)
    return error_set(PS_ERR_ARGUMENT, 0, "the file has %d channels, the stream %d", file_channels(file),
                     direction->channels);
  if (!is_sink && (set->flags & PS_SOURCE_LOOP) && !file_seekable(file))
    return error_set(PS_ERR_ARGUMENT, 0, "a file that cannot seek cannot be looped");
  return between ? use_ring(between, direction, &set->between) : PS_OK;
}

static int32_t set_endpoint(int32_t handle, int is_sink, int32_t kind, int32_t object, int32_t flags, int32_t between) {
  int32_t status;
  struct stream *stream = stream_use_idle(handle, &status);
  if (!stream) return status;
  const struct engine_direction *direction = is_sink ? &stream->engine.input : &stream->engine.output;
  struct endpoint set = {.kind = kind, .flags = flags};
  if (kind == PS_ENDPOINT_NONE)
    set.flags = 0;
  else if (!direction->channels)
    status = error_set(PS_ERR_ARGUMENT, 0, "the stream has no %s", is_sink ? "input" : "output");
  else if (kind == PS_ENDPOINT_RING)
    status = set_ring(&set, direction, is_sink, object);
  else if (kind == PS_ENDPOINT_FILE)
    status = set_file(&set, direction, is_sink, object, between);
  else
    status = error_set(PS_ERR_ARGUMENT, 0, "no kind %d", kind);
  if (status >= 0)
    stream_set_endpoint(stream, is_sink ? &stream->sink : &stream->source, set);
  else
    endpoint_release(&set);
  return setting_done(stream, status);
}

int32_t ps_stream_set_source(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between) {
  return set_endpoint(stream, 0, kind, object, flags, between);
}

int32_t ps_stream_set_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between) {
  return set_endpoint(stream, 1, kind, object, flags, between);
}

int32_t ps_stream_set_run(int32_t handle, double frames, double pad, double offset, int32_t flags) {
  int32_t status;
  struct stream *stream = stream_use_idle(handle, &status);
  if (!stream) return status;
  if (isnan(frames) || isnan(pad) || !(offset >= 0) || frames > 9e15 || pad > 9e15 || offset > 9e15)
    return setting_done(stream, error_set(PS_ERR_ARGUMENT, 0, "frames %g, pad %g, offset %g", frames, pad, offset));
  stream->frames = frames < 0 ? -1 : frames;
  stream->pad = pad < 0 ? -1 : pad;
  stream->offset = offset;
  stream->run_flags = flags;
  stream_clear(stream);
  return setting_done(stream, PS_OK);
}

int32_t ps_stream_set_prebuffer(int32_t handle, double frames) {
  int32_t status;
  struct stream *stream = stream_use_idle(handle, &status);
  if (!stream) return status;
  stream->prebuffer = frames >= 0 ? frames : -1;
  return setting_done(stream, PS_OK);
}

static int32_t check_map(const struct engine_direction *direction, const int32_t *map, int32_t count) {
  if (!map && !count) return PS_OK;
  if (!map || count != direction->channels)
    return error_set(PS_ERR_ARGUMENT, 0, "a map of %d entries for %d channels", count, direction->channels);
  for (int32_t i = 0; i < count; i++)
    if (map[i] < 0 || map[i] > direction->channels)
      return error_set(PS_ERR_ARGUMENT, 0, "channel %d is not 0 to %d", map[i], direction->channels);
  return PS_OK;
}

int32_t ps_stream_set_map(int32_t handle, int32_t side, const int32_t *map, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  struct engine_direction *direction = side ? &stream->engine.output : &stream->engine.input;
  int32_t status = atomic_load(&stream->state) == PS_STATE_NEW ? error_set(PS_ERR_STATE, 0, "the stream is not open")
                   : direction->channels ? check_map(direction, map, count)
                                         : error_set(PS_ERR_ARGUMENT, 0, "the stream has no such direction");
  if (status >= 0) channel_map_set(&direction->map, map);
  return stream_done(stream, status);
}

int32_t ps_stream_set_gain(int32_t handle, double gain) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status = fabs(gain) <= FLT_MAX ? PS_OK : error_set(PS_ERR_ARGUMENT, 0, "gain %g is not finite", gain);
  if (status >= 0) atomic_store_explicit(&stream->engine.gain, (float)gain, memory_order_relaxed);
  return stream_done(stream, status);
}

/* ---------------------------------------------------------------- next file */

static int32_t next_file(struct stream *stream, struct object *object) {
  struct file *file = (struct file *)object;
  if (!stream->writer || atomic_load(&stream->state) != PS_STATE_ACTIVE)
    return error_set(PS_ERR_STATE, 0, "no file is being recorded");
  if (file_channels(file) != stream->engine.input.channels)
    return error_set(PS_ERR_ARGUMENT, 0, "the file has %d channels, the stream %d", file_channels(file),
                     stream->engine.input.channels);
  int32_t status = file_take(file);
  if (status < 0) return status;
  status = file_writer_switch(stream->writer, file);
  if (status < 0) {
    file_give_back(file);
    return status;
  }
  if (stream->left_file) object_release(stream->left_file);
  stream->left_file = stream->sink.object;
  stream->sink.object = object;
  return PS_OK;
}

int32_t ps_stream_next_file(int32_t handle, int32_t file) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  struct object *object = handle_use(file, HANDLE_FILE);
  if (!object) return stream_done(stream, PS_ERR_HANDLE);
  os_mutex_lock(&stream->lock);
  int32_t status = next_file(stream, object);
  os_mutex_unlock(&stream->lock);
  if (status < 0) object_release(object);
  return stream_done(stream, status);
}

double ps_stream_next_file_at(int32_t handle) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  os_mutex_lock(&stream->lock);
  if (stream->writer) stream->switched_at = (double)file_writer_switched_at(stream->writer);
  double at = stream->switched_at;
  os_mutex_unlock(&stream->lock);
  object_release(&stream->object);
  return at < 0 ? PS_ERR_PENDING : at;
}
