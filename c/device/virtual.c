/* The virtual device: a thread with a sample clock of its own calls the host's callback as a real device would, and
 * what is played comes back as input. The docs have the facts that users see; here is how it works.
 *
 * Block k is called at start + k * block / rate, so a late wake-up is followed by callbacks without a wait between
 * them and the sample clock cannot drift from the wall clock. When it freewheels, a block is called as soon as the
 * host can process it without a gap and without running out of room. Without a given block size, a block
 * that the host cannot process for a while is made smaller: the thread at the other end of a ring may be waiting,
 * too. */
#include "device/device.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "device/config.h"
#include "device/rates.h"
#include "engine/format.h"
#include "os/os.h"

#define CHANNELS_MOST 64
#define CHANNELS_DEFAULT 2
#define RATE_LEAST 1e3
#define RATE_MOST 768e3
#define RATE_DEFAULT 48000.0
#define BLOCKS_PER_SECOND 187.5 /* with the device's own choice of a block: 256 frames at 48 kHz */
#define FREEWHEEL_SOONEST 10e-6 /* after what time a freewheeling device that waits looks again, seconds: */
#define FREEWHEEL_LATEST 160e-6 /* it follows the tempo of the other end between these */
#define FREEWHEEL_PATIENCE 7    /* looks without success before it takes a smaller block */
#define ABORT_POLL 0.01         /* how often one that plays out looks whether it still shall, seconds */

#define LOAD_SHARE 0.05 /* of the load that is told, what one block counts */

struct virtual_device {
  struct device_host *host;
  struct os_thread thread;
  int thread_started;
  struct os_event wake;    /* ends any wait of the thread */
  _Atomic int32_t quit;    /* at once, without another callback */
  _Atomic int32_t running; /* the thread will call back again */
  _Atomic double load;     /* share of a block's time that its callback takes, smoothed */

  double rate;
  double clock;          /* the rate by the wall clock, with its drift */
  size_t longest, delay; /* frames; the delay is at least the longest block */
  size_t block;          /* of the current callback; the device's thread only */
  int freewheel;
  double pause;    /* before it looks again, seconds; the device's thread only */
  int may_shorten; /* the block size was not given */
  const double *faults;
  int32_t fault_count;

  int32_t channels[2], formats[2];  /* input, output */
  size_t input_frame, output_frame; /* bytes */
  uint8_t *output;                  /* one block */
  uint8_t *looped;                  /* one block of output in the input's format and channels */
  uint8_t *line;                    /* delay line of `delay` input frames; the oldest stands at `line_position` */
  uint8_t *input;                   /* one block */
  size_t line_position;
};

/* Frames [from, from + n) of a fault within the block that starts at `position`; returns n, 0 if there are none. */
static size_t fault_within(const double *fault, int64_t position, size_t block, size_t *from) {
  int64_t first = (int64_t)fault[PS_FAULT_FRAME], last = first + (int64_t)fault[PS_FAULT_FRAMES];
  if (first < position) first = position;
  if (last > position + (int64_t)block) last = position + (int64_t)block;
  if (first >= last) return 0;
  *from = (size_t)(first - position);
  return (size_t)(last - first);
}

static int fault_starts(const double *fault, int64_t position, size_t block) {
  return fault[PS_FAULT_FRAME] >= (double)position && fault[PS_FAULT_FRAME] < (double)(position + (int64_t)block);
}

/* Waits, unless the thread is to quit; 0 if it is. A run that is being stopped is not waited for, unless to
 * `play_out`. */
static int wait_until(struct virtual_device *device, double time, int play_out) {
  for (;;) {
    if (atomic_load(&device->quit) || (play_out && device_aborting(device->host))) return 0;
    double left = time - os_time();
    if (left <= 0 || (!play_out && device_halted(device->host))) return 1;
    os_event_wait(&device->wake, play_out && left > ABORT_POLL ? ABORT_POLL : left);
  }
}

/* The faults that come before the block at `position` is called: 0 if the device is lost with it. A stall stops the
 * sample clock, whose start is put off by as much. */
static int faults_before(struct virtual_device *device, int64_t position, double *start) {
  for (int32_t i = 0; i < device->fault_count; i++) {
    const double *fault = device->faults + PS_FAULT_SIZE * i;
    if (!fault_starts(fault, position, device->block)) continue;
    if (fault[PS_FAULT_KIND] == PS_FAULT_DEVICE_LOST) return 0;
    if (fault[PS_FAULT_KIND] != PS_FAULT_STALL) continue;
    double from = os_time();
    if (!wait_until(device, from + fault[PS_FAULT_SECONDS], 0)) return 0;
    double stalled = os_time() - from; /* less if a stop has cut it short */
    *start += stalled < fault[PS_FAULT_SECONDS] ? stalled : fault[PS_FAULT_SECONDS];
  }
  return 1;
}

static unsigned long fault_flags(const struct virtual_device *device, int64_t position) {
  unsigned long flags = 0;
  for (int32_t i = 0; i < device->fault_count; i++) {
    const double *fault = device->faults + PS_FAULT_SIZE * i;
    if (!fault_starts(fault, position, device->block)) continue;
    if (fault[PS_FAULT_KIND] == PS_FAULT_INPUT_OVERFLOW && device->input_frame) flags |= FLAG_INPUT_OVERFLOW;
    if (fault[PS_FAULT_KIND] == PS_FAULT_OUTPUT_UNDERFLOW && device->output_frame) flags |= FLAG_OUTPUT_UNDERFLOW;
  }
  return flags;
}

/* The frames that a fault of this kind takes from a block are silence: the device was not heard, or heard nothing. */
static void silence_faults(const struct virtual_device *device, int kind, int64_t position, uint8_t *samples,
                           int direction) {
  size_t frame = direction == DEVICE_OUTPUT ? device->output_frame : device->input_frame;
  for (int32_t i = 0; i < device->fault_count; i++) {
    const double *fault = device->faults + PS_FAULT_SIZE * i;
    size_t from, count;
    if (fault[PS_FAULT_KIND] != kind || !(count = fault_within(fault, position, device->block, &from))) continue;
    format_silence(device->formats[direction], samples + from * frame, count * (size_t)device->channels[direction]);
  }
}

/* Puts the block that was played into the delay line, where the block just recorded came from. */
static void loop_back(struct virtual_device *device) {
  int32_t from_channels = device->channels[DEVICE_OUTPUT], to_channels = device->channels[DEVICE_INPUT];
  int32_t from_format = device->formats[DEVICE_OUTPUT], to_format = device->formats[DEVICE_INPUT];
  size_t block = device->block;
  const uint8_t *looped = device->output;
  if (from_channels != to_channels || from_format != to_format) {
    int32_t both = from_channels < to_channels ? from_channels : to_channels;
    format_silence(to_format, device->looped, block * (size_t)to_channels);
    for (size_t f = 0; f < block; f++)
      format_convert(to_format, device->looped + f * device->input_frame, from_format,
                     device->output + f * device->output_frame, (size_t)both);
    looped = device->looped;
  }
  size_t first = device->delay - device->line_position;
  if (first > block) first = block;
  memcpy(device->line + device->line_position * device->input_frame, looped, first * device->input_frame);
  memcpy(device->line, looped + first * device->input_frame, (block - first) * device->input_frame);
  device->line_position = (device->line_position + block) % device->delay;
}

static void take_input(struct virtual_device *device) {
  size_t first = device->delay - device->line_position;
  if (first > device->block) first = device->block;
  memcpy(device->input, device->line + device->line_position * device->input_frame, first * device->input_frame);
  memcpy(device->input + first * device->input_frame, device->line, (device->block - first) * device->input_frame);
}

static void note_load(struct virtual_device *device, double seconds) {
  double load = seconds * device->rate / (double)device->block;
  double before = atomic_load_explicit(&device->load, memory_order_relaxed);
  double now = before + LOAD_SHARE * ((load > 1 ? 1 : load) - before);
  atomic_store_explicit(&device->load, now, memory_order_relaxed);
}

/* One callback with all that belongs to it; returns what the callback returned. */
static int call_back(struct virtual_device *device, int64_t position, double due) {
  double block_seconds = (double)device->longest / device->rate;
  double now = os_time();
  struct callback_times times = {
      .now = now,
      .began = now,
      .input = due - block_seconds,
      .output = due + (double)(device->delay - device->longest) / device->rate,
  };
  int has_input = device->input_frame > 0, has_output = device->output_frame > 0;
  if (has_input && has_output) take_input(device);
  if (has_input) silence_faults(device, PS_FAULT_INPUT_OVERFLOW, position, device->input, DEVICE_INPUT);
  int result =
      device->host->callback(device->host, has_input ? device->input : NULL, has_output ? device->output : NULL,
                             device->block, &times, fault_flags(device, position));
  note_load(device, os_time() - times.now);
  if (has_output) silence_faults(device, PS_FAULT_OUTPUT_UNDERFLOW, position, device->output, DEVICE_OUTPUT);
  if (has_input && has_output) loop_back(device);
  return result;
}

/* Waits until the host can process a block, which may be shortened; 0 if the thread is to quit. */
static int wait_for_host(struct virtual_device *device) {
  device->block = device->longest;
  for (int looks = 0;; looks++) {
    size_t ready = device->host->ready(device->host, device->longest, !device->may_shorten);
    if (ready >= device->longest || device_halted(device->host)) {
      if (looks == 1) device->pause = fmax(device->pause * 7 / 8, FREEWHEEL_SOONEST);
      return 1;
    }
    if (atomic_load(&device->quit)) return 0;
    if (device->may_shorten && ready > 0 && looks >= FREEWHEEL_PATIENCE) {
      device->block = ready;
      return 1;
    }
    if (looks > 0) device->pause = fmin(device->pause * 2, FREEWHEEL_LATEST);
    os_event_wait(&device->wake, device->pause);
  }
}

static void device_thread(void *argument) {
  struct virtual_device *device = argument;
  double start = os_time();
  device->block = device->longest;
  device->pause = FREEWHEEL_SOONEST;
  for (int64_t position = 0;; position += (int64_t)device->block) {
    if (device->freewheel && !wait_for_host(device)) break;
    if (!faults_before(device, position, &start)) break;
    double due = start + (double)position / device->clock;
    if (!device->freewheel && !wait_until(device, due, 0)) break;
    if (atomic_load(&device->quit)) break;
    if (call_back(device, position, due) == CALLBACK_CONTINUE) continue;
    /* What has been played is heard to its end, as on a real device, unless the run was aborted. */
    double heard = due + ((double)(device->delay - device->longest) + (double)device->block) / device->clock;
    if (!device->freewheel) wait_until(device, heard, 1);
    break;
  }
  atomic_store(&device->running, 0);
}

/* --------------------------------------------------------------------- list */

static int32_t virtual_count(int32_t *devices, int32_t *host_apis) {
  *devices = *host_apis = 1;
  return PS_OK;
}

static size_t default_block(double rate) {
  double block = exp2(round(log2(rate / BLOCKS_PER_SECOND)));
  return block < 16 ? 16 : (size_t)block;
}

static int32_t virtual_info(int32_t number, struct device_info *info) {
  (void)number;
  double latency = (double)default_block(RATE_DEFAULT) / RATE_DEFAULT;
  *info = (struct device_info){.name = "virtual",
                               .numbers = {
                                   [PS_DEVICE_MAX_INPUT_CHANNELS] = CHANNELS_MOST,
                                   [PS_DEVICE_MAX_OUTPUT_CHANNELS] = CHANNELS_MOST,
                                   [PS_DEVICE_DEFAULT_SAMPLE_RATE] = RATE_DEFAULT,
                                   [PS_DEVICE_LOW_INPUT_LATENCY] = latency,
                                   [PS_DEVICE_HIGH_INPUT_LATENCY] = latency,
                               }};
  return PS_OK;
}

static int32_t virtual_host_api(int32_t number, struct host_api_info *info) {
  (void)number;
  *info = (struct host_api_info){
      .name = "Virtual", .numbers = {[PS_HOST_API_TYPE] = PS_HOST_API_TYPE_VIRTUAL, [PS_HOST_API_DEVICE_COUNT] = 1}};
  return PS_OK;
}

/* The system's default it never is: it has to be asked for. */
static int32_t virtual_default_device(int direction) {
  (void)direction;
  return PS_DEVICE_NONE;
}

/* ----------------------------------------------------------------- settings */

/* The rate that is asked for, or the device's default, if it takes that. */
static int32_t settle_rate(const double *config, const double *list, double *rate) {
  static const struct config_rule rule = {"sampleRate or deviceRate of the virtual device", RATE_LEAST, RATE_MOST, 0};
  const double *rates = list + (int)config[PS_CONFIG_INPUT_CHANNEL_MAP] + (int)config[PS_CONFIG_OUTPUT_CHANNEL_MAP] +
                        PS_FAULT_SIZE * (int)config[PS_CONFIG_FAULTS];
  double wanted = config[PS_CONFIG_SAMPLE_RATE] > 0 ? config[PS_CONFIG_SAMPLE_RATE] : RATE_DEFAULT;
  int count = (int)config[PS_CONFIG_VIRTUAL_RATES], found = count == 0;
  for (int i = 0; i < count; i++) found |= rates[i] == wanted;
  *rate = found || config[PS_CONFIG_SAMPLE_RATE] > 0 ? wanted : rates[0];
  int32_t status = config_number(&rule, *rate);
  if (status < 0 || found || *rate != wanted) return status;
  return error_set(PS_ERR_PORTAUDIO, RATE_REFUSED, "the virtual device does not take %g Hz", wanted);
}

/* What a configuration comes to on this device, in `device` and `actual`. */
static int32_t settle(struct virtual_device *device, const double *config, const double *list, double *actual) {
  static const struct config_rule channels = {"channels of the virtual device", 0, CHANNELS_MOST, 1};
  double rate;
  int32_t status = config_number(&channels, config[PS_CONFIG_INPUT_CHANNELS]);
  if (status >= 0) status = config_number(&channels, config[PS_CONFIG_OUTPUT_CHANNELS]);
  if (status >= 0) status = settle_rate(config, list, &rate);
  if (status < 0) return status;
  if (config[PS_CONFIG_INPUT_HOST_SETTINGS] != 0 || config[PS_CONFIG_OUTPUT_HOST_SETTINGS] != 0)
    return error_set(PS_ERR_ARGUMENT, 0, "the virtual device takes no settings of another host API");
  size_t block = config[PS_CONFIG_BLOCK_SIZE] > 0 ? (size_t)config[PS_CONFIG_BLOCK_SIZE] : default_block(rate);
  size_t delay = config[PS_CONFIG_VIRTUAL_DELAY] < 0 ? block : (size_t)config[PS_CONFIG_VIRTUAL_DELAY];
  if (delay < block && config[PS_CONFIG_BLOCK_SIZE] == 0 && delay > 0) block = delay;
  if (delay < block)
    return error_set(PS_ERR_ARGUMENT, 0, "loopbackDelay must be at least the block of %zu frames, not %zu", block,
                     delay);

  for (int i = 0; i < 2; i++) {
    int used = config[PS_CONFIG_INPUT_DEVICE + i] != PS_DEVICE_NONE;
    double wanted = config[PS_CONFIG_INPUT_CHANNELS + i];
    device->channels[i] = !used ? 0 : wanted > 0 ? (int32_t)wanted : CHANNELS_DEFAULT;
    device->formats[i] = (int32_t)config[PS_CONFIG_INPUT_FORMAT + i];
    actual[PS_ACTUAL_INPUT_DEVICE + i] = used ? 0 : PS_DEVICE_NONE;
    actual[PS_ACTUAL_INPUT_CHANNELS + i] = device->channels[i];
  }
  actual[PS_ACTUAL_SAMPLE_RATE] = rate;
  actual[PS_ACTUAL_BLOCK_SIZE] = config[PS_CONFIG_BLOCK_SIZE];
  actual[PS_ACTUAL_INPUT_LATENCY] = device->channels[DEVICE_INPUT] ? (double)block / rate : 0;
  actual[PS_ACTUAL_OUTPUT_LATENCY] = device->channels[DEVICE_OUTPUT] ? (double)(delay - block) / rate : 0;
  int direction = config[PS_CONFIG_OUTPUT_DEVICE] != PS_DEVICE_NONE ? DEVICE_OUTPUT : DEVICE_INPUT;
  device->rate = rate;
  device->clock = rate * (1 + config[PS_CONFIG_INPUT_VIRTUAL_DRIFT + direction] * 1e-6);
  device->longest = block;
  device->may_shorten = config[PS_CONFIG_BLOCK_SIZE] == 0;
  device->delay = delay;
  device->freewheel = config[PS_CONFIG_VIRTUAL_CLOCK] == PS_CLOCK_FREEWHEEL;
  device->input_frame = (size_t)device->channels[DEVICE_INPUT] * format_bytes(device->formats[DEVICE_INPUT]);
  device->output_frame = (size_t)device->channels[DEVICE_OUTPUT] * format_bytes(device->formats[DEVICE_OUTPUT]);
  return PS_OK;
}

static void free_memory(struct virtual_device *device) {
  free(device->output);
  free(device->looped);
  free(device->line);
  free(device->input);
}

/* Zeroed memory for frames, which a direction that the stream lacks does not need. */
static int allocate(uint8_t **memory, size_t frames, size_t frame_bytes) {
  *memory = frame_bytes ? calloc(frames, frame_bytes) : NULL;
  return !frame_bytes || *memory;
}

static int32_t allocate_memory(struct virtual_device *device) {
  if (allocate(&device->output, device->longest, device->output_frame) &&
      allocate(&device->looped, device->longest, device->input_frame) &&
      allocate(&device->line, device->delay, device->input_frame) &&
      allocate(&device->input, device->longest, device->input_frame))
    return PS_OK;
  free_memory(device);
  return error_set(PS_ERR_MEMORY, 0, "no memory for a loopback delay of %zu frames", device->delay);
}

static int32_t virtual_check(const double *config, const double *list) {
  struct virtual_device device = {.host = NULL};
  double actual[PS_ACTUAL_SIZE];
  int32_t status = settle(&device, config, list, actual);
  if (status >= 0) status = allocate_memory(&device);
  if (status >= 0) free_memory(&device);
  return status;
}

/* ------------------------------------------------------------------- device */

static int32_t virtual_open(struct device *device) {
  const double *config = device->config;
  struct virtual_device *own = calloc(1, sizeof *own);
  if (!own || os_event_init(&own->wake)) {
    free(own);
    return error_set(PS_ERR_MEMORY, 0, "no memory for the virtual device");
  }
  int32_t status = settle(own, config, device->list, device->actual);
  if (status >= 0) status = allocate_memory(own);
  if (status < 0) {
    os_event_destroy(&own->wake);
    free(own);
    return status;
  }
  own->host = device->host;
  own->fault_count = (int32_t)config[PS_CONFIG_FAULTS];
  own->faults = device->list + (int)config[PS_CONFIG_INPUT_CHANNEL_MAP] + (int)config[PS_CONFIG_OUTPUT_CHANNEL_MAP];
  device->state = own;
  return PS_OK;
}

static void join(struct virtual_device *own) {
  if (own->thread_started) os_thread_join(&own->thread);
  own->thread_started = 0;
}

static int32_t virtual_start(struct device *device) {
  struct virtual_device *own = device->state;
  join(own);
  own->line_position = 0;
  size_t channels = (size_t)own->channels[DEVICE_INPUT];
  if (own->line) format_silence(own->formats[DEVICE_INPUT], own->line, own->delay * channels);
  if (own->input) format_silence(own->formats[DEVICE_INPUT], own->input, own->longest * channels);
  atomic_store(&own->load, 0);
  atomic_store(&own->quit, 0);
  atomic_store(&own->running, 1);
  int priority = own->freewheel ? OS_THREAD_NORMAL : OS_THREAD_REALTIME;
  if (os_thread_start(&own->thread, "ps-virtual", priority, device_thread, own)) {
    atomic_store(&own->running, 0);
    return error_set(PS_ERR_THREAD, 0, "cannot create a thread for the virtual device");
  }
  own->thread_started = 1;
  return PS_OK;
}

static int32_t virtual_stop(struct device *device) {
  struct virtual_device *own = device->state;
  os_event_post(&own->wake);
  join(own);
  return PS_OK;
}

static int32_t virtual_abort(struct device *device) {
  struct virtual_device *own = device->state;
  atomic_store(&own->quit, 1);
  os_event_post(&own->wake);
  join(own);
  return PS_OK;
}

static void virtual_close(struct device *device) {
  struct virtual_device *own = device->state;
  if (!own) return;
  virtual_abort(device);
  os_event_destroy(&own->wake);
  free_memory(own);
  free(own);
  device->state = NULL;
}

static int virtual_active(struct device *device) {
  const struct virtual_device *own = device->state;
  return atomic_load(&own->running);
}

static double virtual_time(struct device *device) {
  (void)device;
  return os_time();
}

static double virtual_cpu_load(struct device *device) {
  const struct virtual_device *own = device->state;
  return atomic_load_explicit(&own->load, memory_order_relaxed);
}

const struct device_ops device_virtual = {
    .count = virtual_count,
    .info = virtual_info,
    .host_api = virtual_host_api,
    .default_device = virtual_default_device,
    .check = virtual_check,
    .open = virtual_open,
    .start = virtual_start,
    .stop = virtual_stop,
    .abort = virtual_abort,
    .close = virtual_close,
    .active = virtual_active,
    .time = virtual_time,
    .cpu_load = virtual_cpu_load,
};
