/* PulseAudio as a backend. Each device has a connection and a thread of its own, on which libpulse is called, and the
 * host from between two turns of its loop: no lock is needed, and no device waits for another one. What its user wants
 * comes as a command. A thread that hangs is left to itself: no callback of it reaches the host any more. */
#include <stdlib.h>
#include <string.h>

#include "device/pulse/state.h"
#include "os/os.h"

#define OPEN_SECONDS 5.0   /* a device behind the server may have to be woken */
#define CALL_SECONDS 2.0   /* what the server does at once, if it lives */
#define HANG_SECONDS 1.0   /* more than that: libpulse itself hangs */
#define PLAY_OUT_EXTRA 2.0 /* seconds beyond twice the latency in which what was played must have been heard */
#define PLAY_OUT_POLL 0.02
#define ANSWER_SECONDS 0.6
#define BEHIND_LEAST 0.01 /* it may still hold more than it has been told to hold for our sake */

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

static void note_move(struct pulse_stream *stream, void *argument) {
  struct pulse_device *pulse = argument;
  (void)stream;
  if (pulse->running) pulse->moved = 1;
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

static void note_drained(struct pulse_stream *stream, int success, void *argument) {
  (void)stream, (void)success;
  *(int *)argument = 1;
}

/* ------------------------------------------------- the device's thread: opening */

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
    if (left <= 0) return pulse_no_answer(doing, OPEN_SECONDS);
    if (!pulse_turn(connection, left)) break;
  }
  if (result >= 0 && api->stream_get_state(side->stream) == PULSE_STREAM_READY) return PS_OK;
  if (api->context_errno(connection->context) == PULSE_ERROR_NOENTITY)
    return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "PulseAudio has no device %s any more", side->device);
  return pulse_error(connection, doing);
}

/* What the server has granted. */
static void read_side(struct pulse_device *pulse, int direction, double deadline) {
  struct pulse_connection *connection = &pulse->connection;
  const struct pulse_api *api = connection->api;
  struct pulse_side *side = &pulse->sides[direction];
  const struct pulse_buffer_attr *attr = api->stream_get_buffer_attr(side->stream);
  if (attr) side->attr = *attr;
  uint32_t bytes = direction == DEVICE_OUTPUT ? side->attr.tlength : side->attr.fragsize;
  side->target = bytes / side->frame_bytes;
  struct pulse_operation *update = api->stream_update_timing_info(side->stream, NULL, NULL);
  if (update) pulse_await(connection, update, deadline, "opening the stream");
  const struct pulse_timing_info *timing = api->stream_get_timing_info(side->stream);
  uint64_t device = 0;
  if (timing) device = direction == DEVICE_OUTPUT ? timing->configured_sink_usec : timing->configured_source_usec;
  /* A source sends when it has as much as it must send: only the longer of the two times passes. */
  double buffered = (double)side->target / pulse->rate, behind = 1e-6 * (double)device;
  side->latency = direction == DEVICE_OUTPUT ? buffered + behind : buffered > behind ? buffered : behind;
  side->behind = (size_t)((behind > BEHIND_LEAST ? behind : BEHIND_LEAST) * pulse->rate);
  const char *name = api->stream_get_device_name(side->stream);
  if (name) text_copy(name, side->device, sizeof side->device);
}

static int32_t open_streams(struct pulse_device *pulse) {
  double deadline = os_time() + OPEN_SECONDS;
  struct pulse_proplist *list = program_properties(pulse);
  const char *name = text_of(pulse, PS_TEXT_APPLICATION, PULSE_APPLICATION);
  int32_t status = pulse_connect(&pulse->connection, name, list, CALL_SECONDS);
  if (list) pulse->connection.api->proplist_free(list);
  for (int direction = 0; direction < 2 && status >= 0; direction++) {
    if (!pulse->sides[direction].used) continue;
    status = connect_side(pulse, direction, deadline);
    if (status >= 0) read_side(pulse, direction, deadline);
  }
  return status;
}

/* ------------------------------------------------- the device's thread: runs */

/* Corks or uncorks both directions, while a run goes on; recording begins first, so that nothing of what is played is
 * missed. */
static int32_t cork(struct pulse_device *pulse, int corked) {
  const struct pulse_api *api = pulse->connection.api;
  const char *doing = corked ? "stopping the stream" : "starting the stream";
  double deadline = os_time() + CALL_SECONDS;
  int32_t status = PS_OK;
  struct pulse_operation *operations[2] = {NULL, NULL};
  for (int direction = 0; direction < 2; direction++) {
    if (!pulse->sides[direction].used) continue;
    operations[direction] = api->stream_cork(pulse->sides[direction].stream, corked, NULL, NULL);
    if (!operations[direction]) status = pulse_error(&pulse->connection, doing);
  }
  for (int direction = 0; direction < 2; direction++) {
    struct pulse_operation *operation = operations[direction];
    if (!operation) continue;
    while (status >= 0 && api->operation_get_state(operation) == PULSE_OPERATION_RUNNING) {
      if (pulse->running) pulse_transfer(pulse);
      double left = deadline - os_time();
      if (left <= 0)
        status = pulse_no_answer(doing, CALL_SECONDS);
      else if (!pulse_turn(&pulse->connection, left) || !pulse_connected(&pulse->connection))
        status = pulse_error(&pulse->connection, doing);
    }
    api->operation_cancel(operation);
    api->operation_unref(operation);
  }
  return status;
}

/* Empties the server's buffers, and ours. */
static int32_t flush(struct pulse_device *pulse) {
  const struct pulse_api *api = pulse->connection.api;
  int32_t status = PS_OK;
  for (int direction = 0; direction < 2 && status >= 0; direction++) {
    if (!pulse->sides[direction].used) continue;
    struct pulse_operation *operation = api->stream_flush(pulse->sides[direction].stream, NULL, NULL);
    status = pulse_await(&pulse->connection, operation, os_time() + CALL_SECONDS, "starting the stream");
  }
  pulse_drop_input(pulse);
  return status;
}

static int32_t run_start(struct pulse_device *pulse) {
  int32_t status = flush(pulse);
  if (status < 0) return status;
  pulse->completed = pulse->refill = pulse->moved = 0;
  pulse->flags = 0;
  pulse->called = pulse->gap = 0;
  pulse->running = 1;
  pulse_prime(pulse);
  status = cork(pulse, 0);
  if (status < 0) pulse->running = 0;
  return status;
}

static int32_t run_abort(struct pulse_device *pulse) {
  pulse->running = 0;
  if (atomic_load(&pulse->lost)) return PS_OK;
  int32_t status = cork(pulse, 1);
  return status < 0 ? status : flush(pulse);
}

/* Seconds after which what the server has handed to the sink by now is heard. */
static double behind_server(struct pulse_device *pulse) {
  static const char doing[] = "stopping the stream";
  struct pulse_connection *connection = &pulse->connection;
  struct pulse_stream *stream = pulse->sides[DEVICE_OUTPUT].stream;
  struct pulse_operation *update = connection->api->stream_update_timing_info(stream, NULL, NULL);
  if (!update || pulse_await(connection, update, os_time() + CALL_SECONDS, doing) < 0) return 0;
  const struct pulse_timing_info *timing = connection->api->stream_get_timing_info(stream);
  return timing ? 1e-6 * (double)timing->sink_usec : 0;
}

/* Until the callback has completed, and all was heard. That the server calls a stream drained only means that the sink
 * has all of it, which it would drop with the stream. */
static int32_t run_stop(struct pulse_device *pulse) {
  struct pulse_connection *connection = &pulse->connection;
  const struct pulse_side *output = &pulse->sides[DEVICE_OUTPUT];
  double latest = os_time() + 2 * output->latency + PLAY_OUT_EXTRA, heard = 0;
  int drained = !output->used;
  struct pulse_operation *drain = NULL;
  while (!atomic_load(&pulse->aborting) && pulse_connected(connection)) {
    double now = os_time(), left = (heard > 0 ? heard : latest) - now;
    pulse_transfer(pulse);
    if (left <= 0) break;
    if (pulse->completed && drained && heard == 0) {
      heard = output->used ? now + behind_server(pulse) : now;
      continue;
    }
    if (pulse->completed && !drained && !drain)
      drain = connection->api->stream_drain(output->stream, note_drained, &drained);
    if (!pulse_turn(connection, left < PLAY_OUT_POLL ? left : PLAY_OUT_POLL)) break;
  }
  if (drain) {
    connection->api->operation_cancel(drain);
    connection->api->operation_unref(drain);
  }
  return run_abort(pulse);
}

static int32_t run_ping(struct pulse_device *pulse) {
  const struct pulse_side *side = &pulse->sides[pulse->sides[DEVICE_OUTPUT].used ? DEVICE_OUTPUT : DEVICE_INPUT];
  struct pulse_operation *update = pulse->connection.api->stream_update_timing_info(side->stream, NULL, NULL);
  int32_t status = pulse_await(&pulse->connection, update, os_time() + ANSWER_SECONDS, "asking the sound server");
  if (status < 0) atomic_store(&pulse->lost, 1); /* nothing more is asked of it */
  return status;
}

static void release(struct pulse_device *pulse) {
  if (atomic_fetch_sub(&pulse->uses, 1) > 1) return;
  for (int direction = 0; direction < 2; direction++) free(pulse->sides[direction].block);
  os_event_destroy(&pulse->done);
  os_mutex_destroy(&pulse->telling);
  free(pulse);
}

static void finish(struct pulse_device *pulse, int32_t status) {
  if (status < 0) error_save(&pulse->error);
  pulse->status = pulse->error.status = status;
  os_event_post(&pulse->done);
}

/* Whether server and streams are still there. */
static int is_there(struct pulse_device *pulse) {
  if (!pulse_connected(&pulse->connection)) return 0;
  for (int direction = 0; direction < 2; direction++) {
    const struct pulse_side *side = &pulse->sides[direction];
    if (side->used && pulse->connection.api->stream_get_state(side->stream) != PULSE_STREAM_READY) return 0;
  }
  return 1;
}

static void carry_out(struct pulse_device *pulse, int32_t command) {
  atomic_store(&pulse->command, PULSE_IDLE);
  switch (command) {
    case PULSE_START: finish(pulse, run_start(pulse)); break;
    case PULSE_STOP: finish(pulse, run_stop(pulse)); break;
    case PULSE_ABORT: finish(pulse, run_abort(pulse)); break;
    case PULSE_PING: finish(pulse, run_ping(pulse)); break;
    default: break;
  }
}

static void device_thread(void *argument) {
  struct pulse_device *pulse = argument;
  const struct pulse_api *api = pulse->connection.api;
  int32_t status = open_streams(pulse), command = PULSE_IDLE;
  finish(pulse, status);
  while (status >= 0 && command != PULSE_QUIT) {
    command = atomic_load(&pulse->command);
    if (command == PULSE_QUIT) break;
    if (command != PULSE_IDLE) carry_out(pulse, command);
    if (!atomic_load(&pulse->lost) && !is_there(pulse)) atomic_store(&pulse->lost, 1);
    if (pulse->running && !atomic_load(&pulse->lost)) pulse_transfer(pulse);
    if (atomic_load(&pulse->command) == PULSE_IDLE) pulse_turn(&pulse->connection, -1);
  }
  for (int direction = 0; direction < 2; direction++) {
    struct pulse_stream *stream = pulse->sides[direction].stream;
    if (!stream) continue;
    api->stream_disconnect(stream);
    api->stream_unref(stream);
  }
  os_mutex_lock(&pulse->telling); /* the thread that told it to quit may still be about to wake it */
  pulse_connection_free(&pulse->connection);
  os_mutex_unlock(&pulse->telling);
  if (command == PULSE_QUIT) finish(pulse, PS_OK);
  release(pulse);
}

/* ------------------------------------------------------- the user's thread */

/* After it no callback reaches the host. */
static void close_gate(struct pulse_device *pulse) {
  atomic_store(&pulse->gate, 0);
  while (atomic_load(&pulse->inside)) os_sleep(100e-6);
}

static void tell(struct pulse_device *pulse, int32_t what) {
  os_mutex_lock(&pulse->telling);
  atomic_store(&pulse->command, what);
  pulse_wake(&pulse->connection);
  os_mutex_unlock(&pulse->telling);
}

static int32_t result(struct pulse_device *pulse) {
  return pulse->status < 0 ? error_raise(&pulse->error) : pulse->status;
}

/* Waits for the thread to finish what it was told; a thread that does not is left to itself. */
static int32_t await(struct pulse_device *pulse, double seconds) {
  if (os_event_wait(&pulse->done, seconds + HANG_SECONDS)) return result(pulse);
  pulse->hung = 1;
  return pulse_no_answer("waiting for PulseAudio", seconds);
}

static int32_t command(struct pulse_device *pulse, int32_t what, double seconds) {
  tell(pulse, what);
  return await(pulse, seconds);
}

static void fill_actual(struct device *device, const struct pulse_device *pulse) {
  for (int direction = 0; direction < 2; direction++) {
    const struct pulse_side *side = &pulse->sides[direction];
    device->actual[PS_ACTUAL_INPUT_DEVICE + direction] =
        side->used ? pulse_list_find(direction, side->device) : PS_DEVICE_NONE;
    device->actual[PS_ACTUAL_INPUT_CHANNELS + direction] = side->spec.channels;
    device->actual[PS_ACTUAL_INPUT_LATENCY + direction] = side->used ? side->latency : 0;
  }
  device->actual[PS_ACTUAL_SAMPLE_RATE] = pulse->rate;
  device->actual[PS_ACTUAL_BLOCK_SIZE] = pulse->exact ? (double)pulse->block : 0;
  device->may_pause = PULSE_MAY_PAUSE;
}

static int32_t device_open(struct device *device) {
  const struct pulse_api *api;
  int32_t status = pulse_use(&api);
  if (status < 0) return status;
  struct pulse_device *pulse = calloc(1, sizeof *pulse);
  if (!pulse || os_event_init(&pulse->done)) {
    free(pulse);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a device");
  }
  os_mutex_init(&pulse->telling);
  pulse->device = device;
  if (device->texts) memcpy(pulse->texts, device->texts, sizeof pulse->texts);
  atomic_store(&pulse->uses, 2);
  status = pulse_setup(pulse);
  if (status >= 0) status = pulse_connection_init(&pulse->connection, api);
  struct os_thread thread;
  if (status >= 0 && os_thread_start(&thread, "ps-pulse", OS_THREAD_REALTIME, device_thread, pulse)) {
    pulse_connection_free(&pulse->connection);
    status = error_set(PS_ERR_THREAD, 0, "cannot create a thread for PulseAudio");
  }
  if (status < 0) {
    release(pulse);
    release(pulse);
    return status;
  }
  os_thread_detach(&thread);
  status = await(pulse, OPEN_SECONDS);
  if (status < 0) {
    release(pulse);
    return status;
  }
  fill_actual(device, pulse);
  device->state = pulse;
  return PS_OK;
}

static int32_t lost_before(void) {
  return error_set(PS_ERR_DEVICE_LOST, 0, "the device was lost before: close the stream");
}

static int32_t device_start(struct device *device) {
  struct pulse_device *pulse = device->state;
  if (pulse->hung || atomic_load(&pulse->lost)) return lost_before();
  atomic_store(&pulse->gate, 1);
  int32_t status = command(pulse, PULSE_START, 3 * CALL_SECONDS);
  if (status < 0) close_gate(pulse);
  return status;
}

static int32_t device_stop(struct device *device) {
  struct pulse_device *pulse = device->state;
  if (pulse->hung) return lost_before();
  double limit = os_time() + 2 * pulse->sides[DEVICE_OUTPUT].latency + PLAY_OUT_EXTRA + 2 * CALL_SECONDS + HANG_SECONDS;
  atomic_store(&pulse->aborting, 0);
  tell(pulse, PULSE_STOP);
  while (!os_event_wait(&pulse->done, PLAY_OUT_POLL)) {
    atomic_store(&pulse->aborting, device_aborting(device->host));
    if (os_time() < limit) continue;
    pulse->hung = 1;
    break;
  }
  close_gate(pulse);
  return pulse->hung ? pulse_no_answer("stopping the stream", CALL_SECONDS) : result(pulse);
}

static int32_t device_abort(struct device *device) {
  struct pulse_device *pulse = device->state;
  close_gate(pulse);
  return pulse->hung ? lost_before() : command(pulse, PULSE_ABORT, 2 * CALL_SECONDS);
}

static void device_close(struct device *device) {
  struct pulse_device *pulse = device->state;
  if (!pulse) return;
  device->state = NULL;
  close_gate(pulse);
  if (!pulse->hung) command(pulse, PULSE_QUIT, CALL_SECONDS);
  release(pulse);
}

static int device_active(struct device *device) {
  struct pulse_device *pulse = device->state;
  return !pulse->hung && !atomic_load(&pulse->lost);
}

static int device_answers(struct device *device) {
  struct pulse_device *pulse = device->state;
  return !pulse->hung && command(pulse, PULSE_PING, ANSWER_SECONDS) >= 0;
}

static double device_time(struct device *device) {
  (void)device;
  return os_time();
}

static double device_cpu_load(struct device *device) {
  struct pulse_device *pulse = device->state;
  return atomic_load_explicit(&pulse->load, memory_order_relaxed);
}

/* --------------------------------------------------------------------- list */

static int32_t count(int32_t *devices, int32_t *host_apis) {
  *devices = pulse_list_count();
  *host_apis = *devices > 0;
  return *devices < 0 ? *devices : PS_OK;
}

static int32_t info(int32_t device, struct device_info *info) {
  struct pulse_entry entry;
  if (!pulse_list_get(device, &entry)) return error_set(PS_ERR_ARGUMENT, 0, "PulseAudio has no device %d", (int)device);
  int output = entry.direction == DEVICE_OUTPUT;
  *info = (struct device_info){.numbers = {
                                   [PS_DEVICE_MAX_INPUT_CHANNELS] = output ? 0 : entry.map.channels,
                                   [PS_DEVICE_MAX_OUTPUT_CHANNELS] = output ? entry.map.channels : 0,
                                   [PS_DEVICE_DEFAULT_SAMPLE_RATE] = entry.rate,
                                   [PS_DEVICE_LOW_INPUT_LATENCY] = output ? 0 : PULSE_LATENCY_LOW,
                                   [PS_DEVICE_HIGH_INPUT_LATENCY] = output ? 0 : PULSE_LATENCY_HIGH,
                                   [PS_DEVICE_LOW_OUTPUT_LATENCY] = output ? PULSE_LATENCY_LOW : 0,
                                   [PS_DEVICE_HIGH_OUTPUT_LATENCY] = output ? PULSE_LATENCY_HIGH : 0,
                                   [PS_DEVICE_IS_LOOPBACK] = entry.is_monitor,
                               }};
  text_copy(entry.description, info->name, sizeof info->name);
  text_copy(entry.name, info->id, sizeof info->id);
  return PS_OK;
}

static int32_t host_api(int32_t host_api, struct host_api_info *info) {
  (void)host_api;
  *info = (struct host_api_info){.numbers = {
                                     [PS_HOST_API_TYPE] = PULSE_HOST_API_TYPE,
                                     [PS_HOST_API_DEVICE_COUNT] = pulse_list_count(),
                                     [PS_HOST_API_DEFAULT_INPUT] = pulse_list_default(DEVICE_INPUT),
                                     [PS_HOST_API_DEFAULT_OUTPUT] = pulse_list_default(DEVICE_OUTPUT),
                                 }};
  text_copy("PulseAudio", info->name, sizeof info->name);
  return PS_OK;
}

/* Opened and closed: only the server knows what it takes. */
static int32_t check(const double *config, const double *list) {
  struct device_host host = {0};
  struct device device = {.ops = &device_pulse, .host = &host, .config = config, .list = list};
  int32_t status = device_open(&device);
  if (status >= 0) device_close(&device);
  return status;
}

const struct device_ops device_pulse = {
    .count = count,
    .info = info,
    .host_api = host_api,
    .default_device = pulse_list_default,
    .loopback = pulse_list_loopback,
    .refresh = pulse_list_refresh,
    .watch = pulse_watch,
    .check = check,
    .open = device_open,
    .start = device_start,
    .stop = device_stop,
    .abort = device_abort,
    .close = device_close,
    .active = device_active,
    .answers = device_answers,
    .time = device_time,
    .cpu_load = device_cpu_load,
};
