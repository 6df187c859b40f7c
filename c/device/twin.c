/* Two virtual devices with clocks of their own, an output and an input, which hears what the output plays through an
 * ideal path. One thread plays both, each callback at its moment; in simulated time as fast as the host can follow. The
 * output's device has the thread, and all that both share; the input's only points to it. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "device/device.h"
#include "engine/format.h"
#include "engine/resampler.h"
#include "os/os.h"

#define POLL 100e-6 /* how often it looks again whether the host is ready, seconds */

struct twin {
  struct device_host *hosts[2];
  struct os_thread thread;
  int thread_started;
  struct os_event wake;
  _Atomic int32_t quit, running;
  _Atomic double time; /* simulated */
  int simulated;

  double rates[2]; /* with the drift of each clock */
  size_t blocks[2], delay;
  int32_t channels, format; /* of the output */
  size_t frame_bytes;
  size_t input_bytes;
  int32_t input_channels, input_format;
  struct resampler *path; /* from one clock to the other */
  uint8_t *output, *input;
  uint8_t *air; /* frames that have been played, and not been heard yet */
  size_t in_air, air_room;
};

/* Waits for the wall clock; 0 if the thread is to quit. */
static int wait_until(struct twin *twin, double time) {
  for (;;) {
    if (atomic_load(&twin->quit)) return 0;
    double left = time - os_time();
    if (left <= 0 || device_halted(twin->hosts[DEVICE_OUTPUT])) return 1;
    os_event_wait(&twin->wake, left);
  }
}

static int wait_for_host(struct twin *twin) {
  struct device_host *host = twin->hosts[DEVICE_OUTPUT];
  size_t block = twin->blocks[DEVICE_OUTPUT];
  while (host->ready(host, block, 1) < block && !device_halted(host)) {
    if (atomic_load(&twin->quit)) return 0;
    os_event_wait(&twin->wake, POLL);
  }
  return !atomic_load(&twin->quit);
}

static int play(struct twin *twin, double now) {
  struct device_host *host = twin->hosts[DEVICE_OUTPUT];
  size_t block = twin->blocks[DEVICE_OUTPUT];
  struct callback_times times = {.now = now, .output = now + (double)twin->delay / twin->rates[DEVICE_OUTPUT]};
  int result = host->callback(host, NULL, twin->output, block, &times, 0);
  if (twin->path) {
    memcpy(twin->air + twin->in_air * twin->frame_bytes, twin->output, block * twin->frame_bytes);
    twin->in_air += block;
  }
  return result;
}

static void hear(struct twin *twin, double now) {
  struct device_host *host = twin->hosts[DEVICE_INPUT];
  size_t block = twin->blocks[DEVICE_INPUT];
  struct resampler_block heard = {twin->air, twin->in_air, twin->input, block};
  resampler_process(twin->path, &heard);
  twin->in_air -= heard.in_frames;
  memmove(twin->air, twin->air + heard.in_frames * twin->frame_bytes, twin->in_air * twin->frame_bytes);
  struct callback_times times = {.now = now, .input = now - (double)block / twin->rates[DEVICE_INPUT]};
  host->callback(host, twin->input, NULL, block, &times, 0);
}

static void run(void *argument) {
  struct twin *twin = argument;
  double start = os_time(), played = 0, heard = 0;
  int result = CALLBACK_CONTINUE;
  while (result == CALLBACK_CONTINUE && !atomic_load(&twin->quit)) {
    /* What is to come is played at the start of a block, and what was heard is handed over at its end. */
    double next_out = played / twin->rates[DEVICE_OUTPUT];
    double next_in = (heard + (double)twin->blocks[DEVICE_INPUT]) / twin->rates[DEVICE_INPUT];
    int is_output = !twin->path || next_out <= next_in;
    double now = start + (is_output ? next_out : next_in);
    if (twin->simulated ? is_output && !wait_for_host(twin) : !wait_until(twin, now)) break;
    atomic_store_explicit(&twin->time, now, memory_order_relaxed);
    if (is_output) {
      result = play(twin, now);
      played += (double)twin->blocks[DEVICE_OUTPUT];
    } else {
      hear(twin, now);
      heard += (double)twin->blocks[DEVICE_INPUT];
    }
  }
  atomic_store(&twin->running, 0);
}

/* ------------------------------------------------------- making and freeing */

static void free_twin(struct twin *twin) {
  os_event_destroy(&twin->wake);
  resampler_free(twin->path);
  free(twin->output);
  free(twin->input);
  free(twin->air);
  free(twin);
}

/* What the virtual device would give to such a configuration: asked of it, so that both obey the same rules. */
static int32_t ask_virtual(struct device *device, int direction) {
  double config[PS_CONFIG_SIZE];
  memcpy(config, device->config, sizeof config);
  config[PS_CONFIG_VIRTUAL_DELAY] = -1;
  struct device asked = {.ops = &device_virtual, .host = device->host, .config = config, .list = device->list};
  int32_t status = device_virtual.open(&asked);
  if (status < 0) return status;
  memcpy(device->actual, asked.actual, sizeof device->actual);
  device_virtual.close(&asked);
  (void)direction;
  return PS_OK;
}

static size_t block_of(const struct device *device, int direction) {
  double block = device->config[PS_CONFIG_BLOCK_SIZE], rate = device->actual[PS_ACTUAL_SAMPLE_RATE];
  return block > 0 ? (size_t)block : direction == DEVICE_OUTPUT ? 256 : (size_t)fmax(16, round(rate / 187.5));
}

static double clock_of(const struct device *device, int direction) {
  return device->actual[PS_ACTUAL_SAMPLE_RATE] * (1 + device->config[PS_CONFIG_INPUT_VIRTUAL_DRIFT + direction] * 1e-6);
}

static int32_t open_output(struct device *device) {
  struct twin *twin = calloc(1, sizeof *twin);
  if (!twin || os_event_init(&twin->wake)) {
    free(twin);
    return error_set(PS_ERR_MEMORY, 0, "no memory for the virtual device");
  }
  double delay = device->config[PS_CONFIG_VIRTUAL_DELAY];
  twin->hosts[DEVICE_OUTPUT] = device->host;
  twin->simulated = device->config[PS_CONFIG_VIRTUAL_SIMULATED] != 0;
  twin->rates[DEVICE_OUTPUT] = clock_of(device, DEVICE_OUTPUT);
  twin->blocks[DEVICE_OUTPUT] = block_of(device, DEVICE_OUTPUT);
  twin->delay = delay >= 0 ? (size_t)delay : twin->blocks[DEVICE_OUTPUT];
  twin->channels = device_channels(device, DEVICE_OUTPUT);
  twin->format = device_format(device, DEVICE_OUTPUT);
  twin->frame_bytes = (size_t)twin->channels * format_bytes(twin->format);
  device->actual[PS_ACTUAL_OUTPUT_LATENCY] = (double)twin->delay / twin->rates[DEVICE_OUTPUT];
  twin->output = malloc(twin->blocks[DEVICE_OUTPUT] * twin->frame_bytes);
  device->state = twin;
  if (twin->output) return PS_OK;
  device->state = NULL;
  free_twin(twin);
  return error_set(PS_ERR_MEMORY, 0, "no memory for the virtual device");
}

static int32_t open_input(struct device *device) {
  struct twin *twin = device->partner->state;
  twin->hosts[DEVICE_INPUT] = device->host;
  twin->rates[DEVICE_INPUT] = clock_of(device, DEVICE_INPUT);
  twin->blocks[DEVICE_INPUT] = block_of(device, DEVICE_INPUT);
  if (device_channels(device, DEVICE_INPUT) != twin->channels)
    return error_set(PS_ERR_ARGUMENT, 0, "two virtual devices must have as many channels: %d is not %d",
                     (int)device_channels(device, DEVICE_INPUT), (int)twin->channels);
  const struct resampler_setup setup = {.in_rate = twin->rates[DEVICE_OUTPUT],
                                        .out_rate = twin->rates[DEVICE_INPUT],
                                        .channels = twin->channels,
                                        .in_format = twin->format,
                                        .out_format = device_format(device, DEVICE_INPUT)};
  int32_t status = resampler_new(&setup, &twin->path);
  if (status < 0) return status;
  size_t reach = resampler_reach(twin->path);
  if (twin->delay < reach) twin->delay = reach; /* nothing is heard before it is played */
  twin->air_room = twin->delay + 4 * twin->blocks[DEVICE_OUTPUT] + 2 * reach +
                   (size_t)ceil(2 * (double)twin->blocks[DEVICE_INPUT] * setup.in_rate / setup.out_rate);
  twin->input = malloc(twin->blocks[DEVICE_INPUT] * (size_t)twin->channels * format_bytes(setup.out_format));
  twin->air = malloc(twin->air_room * twin->frame_bytes);
  if (!twin->input || !twin->air) return error_set(PS_ERR_MEMORY, 0, "no memory for the virtual device");
  device->actual[PS_ACTUAL_INPUT_LATENCY] = (double)twin->blocks[DEVICE_INPUT] / twin->rates[DEVICE_INPUT];
  device->state = twin;
  return PS_OK;
}

static int32_t twin_open(struct device *device) {
  int direction = device->partner ? DEVICE_INPUT : DEVICE_OUTPUT;
  int32_t status = ask_virtual(device, direction);
  if (status < 0) return status;
  return direction == DEVICE_OUTPUT ? open_output(device) : open_input(device);
}

static int32_t twin_check(const double *config, const double *list) { return device_virtual.check(config, list); }

static void join(struct twin *twin) {
  if (twin->thread_started) os_thread_join(&twin->thread);
  twin->thread_started = 0;
}

/* The input runs with the output. */
static int32_t twin_start(struct device *device) {
  struct twin *twin = device->state;
  if (device->partner) {
    resampler_restart(twin->path);
    twin->in_air = twin->delay;
    format_silence(twin->format, twin->air, twin->delay * (size_t)twin->channels);
    return PS_OK;
  }
  join(twin);
  atomic_store(&twin->quit, 0);
  atomic_store(&twin->running, 1);
  int priority = twin->simulated ? OS_THREAD_NORMAL : OS_THREAD_REALTIME;
  if (os_thread_start(&twin->thread, "ps-virtual", priority, run, twin)) {
    atomic_store(&twin->running, 0);
    return error_set(PS_ERR_THREAD, 0, "cannot create a thread for the virtual device");
  }
  twin->thread_started = 1;
  return PS_OK;
}

static int32_t twin_stop(struct device *device) {
  struct twin *twin = device->state;
  if (device->partner) return PS_OK;
  os_event_post(&twin->wake);
  join(twin);
  return PS_OK;
}

static int32_t twin_abort(struct device *device) {
  struct twin *twin = device->state;
  if (device->partner) return PS_OK;
  atomic_store(&twin->quit, 1);
  return twin_stop(device);
}

static void twin_close(struct device *device) {
  struct twin *twin = device->state;
  if (!twin) return;
  if (!device->partner) {
    twin_abort(device);
    free_twin(twin);
  }
  device->state = NULL;
}

static int twin_active(struct device *device) { return atomic_load(&((struct twin *)device->state)->running); }

static double twin_time(struct device *device) {
  struct twin *twin = device->state;
  return twin->simulated ? atomic_load_explicit(&twin->time, memory_order_relaxed) : os_time();
}

static double twin_cpu_load(struct device *device) {
  (void)device;
  return 0;
}

const struct device_ops device_twin = {
    .check = twin_check,
    .open = twin_open,
    .start = twin_start,
    .stop = twin_stop,
    .abort = twin_abort,
    .close = twin_close,
    .active = twin_active,
    .time = twin_time,
    .cpu_load = twin_cpu_load,
};
