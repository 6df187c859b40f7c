/* PulseAudio as a backend. Each device has a connection and a thread of its own (thread.c), on which libpulse is
 * called, and the host between two turns of its loop: no lock is needed, and no device waits for another one. What its
 * user wants comes as a command. A thread that hangs is left to itself: no callback of it reaches the host any more. */
#include <stdlib.h>
#include <string.h>

#include "device/devices.h"
#include "device/pulse/state.h"
#include "os/os.h"

#define HANG_SECONDS 1.0 /* more than a command may take: libpulse itself hangs */

/* After it no callback reaches the host. */
static void close_gate(struct pulse_device *pulse) {
  atomic_store(&pulse->gate, 0);
  while (atomic_load(&pulse->inside)) os_sleep(100e-6);
}

static void tell(struct pulse_device *pulse, int32_t what) {
  os_mutex_lock(&pulse->telling);
  atomic_store(&pulse->command, what);
  os_event_post(&pulse->told);
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

static int32_t default_or_none(int direction) {
  int32_t found = pulse_list_default(direction);
  return found >= 0 ? found : PS_DEVICE_NONE;
}

/* The number of a device, which may have come after the last look. */
static int32_t number_of(int direction, const char *name) {
  int32_t found = pulse_list_find(direction, name);
  if (found >= 0) return found;
  pulse_list_refresh();
  devices_changed();
  found = pulse_list_find(direction, name);
  return found >= 0 ? found : default_or_none(direction);
}

static void fill_actual(struct device *device, const struct pulse_device *pulse) {
  for (int direction = 0; direction < 2; direction++) {
    const struct pulse_side *side = &pulse->sides[direction];
    device->actual[PS_ACTUAL_INPUT_DEVICE + direction] =
        side->used ? number_of(direction, side->device) : PS_DEVICE_NONE;
    device->actual[PS_ACTUAL_INPUT_CHANNELS + direction] = side->spec.channels;
    device->actual[PS_ACTUAL_INPUT_LATENCY + direction] = side->used ? side->latency : 0;
  }
  device->actual[PS_ACTUAL_SAMPLE_RATE] = pulse->rate;
  device->actual[PS_ACTUAL_BLOCK_SIZE] = pulse->exact ? (double)pulse->block : 0;
  device->may_pause = PULSE_MAY_PAUSE;
}

/* Returns 0, or -1 with none of them made. */
static int make_events(struct pulse_device *pulse) {
  if (os_event_init(&pulse->done)) return -1;
  if (!os_event_init(&pulse->told)) return 0;
  os_event_destroy(&pulse->done);
  return -1;
}

static int32_t open_device(struct device *device) {
  const struct pulse_api *api;
  int32_t status = pulse_use(&api);
  if (status < 0) return status;
  struct pulse_device *pulse = calloc(1, sizeof *pulse);
  if (!pulse || make_events(pulse)) {
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
  if (status >= 0 && os_thread_start(&thread, "ps-pulse", OS_THREAD_REALTIME, pulse_thread, pulse)) {
    pulse_connection_free(&pulse->connection);
    status = error_set(PS_ERR_THREAD, 0, "cannot create a thread for PulseAudio");
  }
  if (status < 0) {
    pulse_release(pulse);
    pulse_release(pulse);
    return status;
  }
  os_thread_detach(&thread);
  status = await(pulse, PULSE_OPEN_SECONDS);
  if (status < 0) {
    pulse_release(pulse);
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
  int32_t status = command(pulse, PULSE_START, 3 * PULSE_CALL_SECONDS);
  if (status < 0) close_gate(pulse);
  return status;
}

static int32_t device_stop(struct device *device) {
  struct pulse_device *pulse = device->state;
  if (pulse->hung) return lost_before();
  double limit = os_time() + 2 * pulse->sides[DEVICE_OUTPUT].latency + PULSE_PLAY_OUT_EXTRA + 2 * PULSE_CALL_SECONDS +
                 HANG_SECONDS;
  atomic_store(&pulse->aborting, 0);
  tell(pulse, PULSE_STOP);
  while (!os_event_wait(&pulse->done, PULSE_PLAY_OUT_POLL)) {
    atomic_store(&pulse->aborting, device_aborting(device->host));
    if (os_time() < limit) continue;
    pulse->hung = 1;
    break;
  }
  close_gate(pulse);
  return pulse->hung ? pulse_no_answer("stopping the stream", PULSE_CALL_SECONDS) : result(pulse);
}

static int32_t device_abort(struct device *device) {
  struct pulse_device *pulse = device->state;
  close_gate(pulse);
  return pulse->hung ? lost_before() : command(pulse, PULSE_ABORT, 2 * PULSE_CALL_SECONDS);
}

static void close_device(struct device *device) {
  struct pulse_device *pulse = device->state;
  if (!pulse) return;
  device->state = NULL;
  close_gate(pulse);
  if (!pulse->hung) command(pulse, PULSE_QUIT, PULSE_CALL_SECONDS);
  pulse_release(pulse);
}

static int device_active(struct device *device) {
  struct pulse_device *pulse = device->state;
  return !pulse->hung && !atomic_load(&pulse->lost);
}

static int device_update(struct device *device) {
  struct pulse_device *pulse = device->state;
  struct pulse_news news[2];
  os_mutex_lock(&pulse->telling);
  int changed = pulse->has_news;
  memcpy(news, pulse->news, sizeof news);
  memset(pulse->news, 0, sizeof pulse->news);
  pulse->has_news = 0;
  os_mutex_unlock(&pulse->telling);
  for (int direction = 0; direction < 2; direction++) {
    if (!*news[direction].device) continue;
    device->actual[PS_ACTUAL_INPUT_DEVICE + direction] = number_of(direction, news[direction].device);
    device->actual[PS_ACTUAL_INPUT_LATENCY + direction] = news[direction].latency;
  }
  return changed;
}

static int device_answers(struct device *device) {
  struct pulse_device *pulse = device->state;
  return !pulse->hung && command(pulse, PULSE_PING, PULSE_ANSWER_SECONDS) >= 0;
}

static const char *device_loss(struct device *device) {
  static const char *const texts[] = {
      [PULSE_SERVER_ENDED] = "the PulseAudio server has ended, or has closed the connection",
      [PULSE_SERVER_SILENT] = "the PulseAudio server does not answer",
      [PULSE_STREAM_ENDED] = "the PulseAudio server has ended the stream, as it does when its device is removed",
      [PULSE_NO_DEVICE] =
          "the PulseAudio server connects the stream to no device any more: there is none left, or " PULSE_MANAGER
          " has ended",
  };
  struct pulse_device *pulse = device->state;
  return texts[pulse->hung ? PULSE_SERVER_SILENT : atomic_load(&pulse->loss)];
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
                                     [PS_HOST_API_DEFAULT_INPUT] = default_or_none(DEVICE_INPUT),
                                     [PS_HOST_API_DEFAULT_OUTPUT] = default_or_none(DEVICE_OUTPUT),
                                 }};
  text_copy("PulseAudio", info->name, sizeof info->name);
  return PS_OK;
}

/* Opened and closed: only the server knows what it takes. */
static int32_t check(const double *config, const double *list) {
  struct device_host host = {0};
  struct device device = {.ops = &device_pulse, .host = &host, .config = config, .list = list};
  int32_t status = open_device(&device);
  if (status >= 0) close_device(&device);
  return status;
}

const struct device_ops device_pulse = {
    .count = count,
    .info = info,
    .host_api = host_api,
    .default_device = pulse_list_default,
    .shortage = pulse_list_shortage,
    .loopback = pulse_list_loopback,
    .refresh = pulse_list_refresh,
    .follows_default = 1,
    .watch = pulse_watch,
    .check = check,
    .open = open_device,
    .start = device_start,
    .stop = device_stop,
    .abort = device_abort,
    .close = close_device,
    .active = device_active,
    .update = device_update,
    .answers = device_answers,
    .loss = device_loss,
    .time = device_time,
    .cpu_load = device_cpu_load,
};
