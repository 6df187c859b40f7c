/* Opening the streams of a device, on its thread, and what the server says of them. */
#include "device/pulse/state.h"
#include "os/os.h"

#define BEHIND_LEAST 0.01 /* a device may still hold more than it has been told to hold for our sake */

/* ----------------------------------------------------------- what is granted */

/* What the server has granted, and its device. */
static void take_granted(struct pulse_device *pulse, int direction) {
  const struct pulse_api *api = pulse->connection.api;
  struct pulse_side *side = &pulse->sides[direction];
  const struct pulse_buffer_attr *attr = api->stream_get_buffer_attr(side->stream);
  if (attr) side->attr = *attr;
  uint32_t bytes = direction == DEVICE_OUTPUT ? side->attr.tlength : side->attr.fragsize;
  side->target = bytes / side->frame_bytes;
  const struct pulse_timing_info *timing = api->stream_get_timing_info(side->stream);
  uint64_t device = 0;
  if (timing) device = direction == DEVICE_OUTPUT ? timing->configured_sink_usec : timing->configured_source_usec;
  /* A source sends when it has as much as is to be sent: of the two times, only the longer one passes. */
  double buffered = (double)side->target / pulse->rate, behind = 1e-6 * (double)device;
  side->latency = direction == DEVICE_OUTPUT ? buffered + behind : buffered > behind ? buffered : behind;
  side->behind = (size_t)((behind > BEHIND_LEAST ? behind : BEHIND_LEAST) * pulse->rate);
  const char *name = api->stream_get_device_name(side->stream);
  if (name) text_copy(name, side->device, sizeof side->device);
}

/* ------------------------------------------------------- notices of libpulse */

static void note_underflow(struct pulse_stream *stream, void *argument) {
  struct pulse_device *pulse = argument;
  (void)stream;
  if (!pulse->running || pulse->completed || pulse->called == 0) return;
  pulse->flags |= FLAG_OUTPUT_UNDERFLOW;
  pulse->refill = 1;
}

static void note_overflow(struct pulse_stream *stream, void *argument) {
  struct pulse_device *pulse = argument;
  (void)stream;
  if (pulse->running && !pulse->completed) pulse->flags |= FLAG_OUTPUT_OVERFLOW;
}

/* The server grants another buffer than it did at first: PipeWire knows only when it plays how much a device takes at a
 * time. */
static void note_granted(struct pulse_stream *stream, void *argument) {
  struct pulse_device *pulse = argument;
  int direction = stream == pulse->sides[DEVICE_OUTPUT].stream ? DEVICE_OUTPUT : DEVICE_INPUT;
  take_granted(pulse, direction);
  os_mutex_lock(&pulse->telling); /* which is held for moments */
  text_copy(pulse->sides[direction].device, pulse->news[direction].device, PULSE_NAME_SIZE);
  pulse->news[direction].latency = pulse->sides[direction].latency;
  pulse->has_news = 1;
  os_mutex_unlock(&pulse->telling);
}

static void note_move(struct pulse_stream *stream, void *argument) {
  struct pulse_device *pulse = argument;
  if (pulse->running) pulse->moved = 1;
  note_granted(stream, argument);
}

static void note_suspension(struct pulse_stream *stream, void *argument) {
  struct pulse_device *pulse = argument;
  if (pulse->connection.api->stream_is_suspended(stream) > 0) {
    if (pulse->suspended_at == 0) pulse->suspended_at = os_time();
  } else if (pulse->suspended_at > 0) {
    if (pulse->running) pulse->gap += os_time() - pulse->suspended_at;
    pulse->suspended_at = 0;
  }
}

/* -------------------------------------------------------------------- opening */

static const char *text_of(struct pulse_device *pulse, int what, const char *otherwise) {
  return *pulse->texts[what] ? pulse->texts[what] : otherwise;
}

/* A list of the properties of which there is a text: pairs of key and PS_TEXT_. NULL without memory. */
static struct pulse_proplist *properties(struct pulse_device *pulse, int count, const char *const *keys,
                                         const int *texts) {
  const struct pulse_api *api = pulse->connection.api;
  struct pulse_proplist *list = api->proplist_new();
  for (int i = 0; list && i < count; i++)
    if (*pulse->texts[texts[i]]) api->proplist_sets(list, keys[i], pulse->texts[texts[i]]);
  return list;
}

static struct pulse_proplist *program_properties(struct pulse_device *pulse) {
  return properties(pulse, 1, (const char *const[]){"application.icon_name"}, (const int[]){PS_TEXT_ICON});
}

static struct pulse_proplist *stream_properties(struct pulse_device *pulse) {
  return properties(pulse, 2, (const char *const[]){"media.icon_name", "media.role"},
                    (const int[]){PS_TEXT_ICON, PS_TEXT_ROLE});
}

static int32_t connect_side(struct pulse_device *pulse, int direction, double deadline) {
  static const char doing[] = "opening the stream";
  struct pulse_connection *connection = &pulse->connection;
  const struct pulse_api *api = connection->api;
  struct pulse_side *side = &pulse->sides[direction];
  const char *name = side->follows_default ? NULL : side->device;
  int flags = PULSE_STREAM_START_CORKED | PULSE_STREAM_INTERPOLATE_TIMING | PULSE_STREAM_AUTO_TIMING_UPDATE |
              PULSE_STREAM_ADJUST_LATENCY;
  const char *title = text_of(pulse, PS_TEXT_STREAM, direction == DEVICE_OUTPUT ? "playback" : "recording");
  struct pulse_proplist *list = stream_properties(pulse);
  side->stream = api->stream_new(connection->context, title, &side->spec, &side->map, list);
  if (list) api->proplist_free(list);
  if (!side->stream) return pulse_error(connection, doing);
  api->stream_set_buffer_attr_callback(side->stream, note_granted, pulse);
  api->stream_set_moved_callback(side->stream, note_move, pulse);
  api->stream_set_suspended_callback(side->stream, note_suspension, pulse);
  int result;
  if (direction == DEVICE_OUTPUT) {
    api->stream_set_underflow_callback(side->stream, note_underflow, pulse);
    api->stream_set_overflow_callback(side->stream, note_overflow, pulse);
    result = api->stream_connect_playback(side->stream, name, &side->attr, flags, NULL, NULL);
  } else {
    result = api->stream_connect_record(side->stream, name, &side->attr, flags);
  }
  while (result >= 0 && api->stream_get_state(side->stream) != PULSE_STREAM_READY) {
    double left = deadline - os_time();
    int state = api->stream_get_state(side->stream);
    if (state == PULSE_STREAM_FAILED || state == PULSE_STREAM_TERMINATED) break;
    if (left <= 0)
      return error_set(PS_ERR_PORTAUDIO, PULSE_TIMED_OUT,
                       "%s: the PulseAudio server has connected it to no device within %.3g s; is " PULSE_MANAGER
                       " running?",
                       doing, PULSE_OPEN_SECONDS);
    if (pulse_turn(connection, left) < 0) break;
  }
  if (result >= 0 && api->stream_get_state(side->stream) == PULSE_STREAM_READY) return PS_OK;
  if (api->context_errno(connection->context) == PULSE_ERROR_NOENTITY)
    return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "PulseAudio has no device %s any more", side->device);
  return pulse_error(connection, doing);
}

int32_t pulse_open_streams(struct pulse_device *pulse) {
  double deadline = os_time() + PULSE_OPEN_SECONDS;
  struct pulse_proplist *list = program_properties(pulse);
  const char *name = text_of(pulse, PS_TEXT_APPLICATION, PULSE_APPLICATION);
  int32_t status = pulse_connect(&pulse->connection, name, list, PULSE_CALL_SECONDS);
  if (list) pulse->connection.api->proplist_free(list);
  for (int direction = 0; direction < 2 && status >= 0; direction++) {
    if (!pulse->sides[direction].used) continue;
    status = connect_side(pulse, direction, deadline);
    if (status < 0) break;
    struct pulse_operation *update =
        pulse->connection.api->stream_update_timing_info(pulse->sides[direction].stream, NULL, NULL);
    if (update) pulse_await(&pulse->connection, update, deadline, "opening the stream");
    take_granted(pulse, direction);
  }
  return status;
}
