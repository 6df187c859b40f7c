/* The virtual device: a thread with a sample clock of its own calls the stream's callback as a real device would, and
 * what is played comes back as input. Facts of it that users see are in the docs; here is how it works.
 *
 * Block k is called at start + k * block / rate, so a late wake-up is followed by callbacks without a wait between
 * them and the sample clock cannot drift from the wall clock. Freewheeling, a block is called as soon as the engine can
 * process it without a gap and without running out of room. Where the size of blocks is the device's own choice, one
 * that the engine cannot process for a while is made smaller: who is on the other side of a ring may be waiting, too. */
#include "device/device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/format.h"
#include "stream/state.h"

#define BLOCKS_PER_SECOND 187.5 /* with the device's own choice of a block: 256 frames at 48 kHz */
#define FREEWHEEL_POLL 100e-6   /* how often a freewheeling device that waits looks again, seconds */
#define FREEWHEEL_PATIENCE 5    /* looks in vain before it makes do with a smaller block */
#define ABORT_POLL 0.01         /* how often one that plays out looks whether it still shall, seconds */

#define FLAG_INPUT_OVERFLOW 2ul /* paInputOverflow, paOutputUnderflow */
#define FLAG_OUTPUT_UNDERFLOW 4ul

#define FAULT_FIELDS 4

struct virtual_device {
  struct stream *stream;
  struct os_thread thread;
  int thread_started;
  struct os_event wake;    /* ends any wait of the thread */
  _Atomic int32_t quit;    /* at once, without another callback */
  _Atomic int32_t running; /* the thread will call back again */

  double rate;
  size_t longest, delay; /* frames; the delay is at least the longest block */
  size_t block;          /* of the current callback; the device's thread only */
  int freewheel;
  int may_shorten; /* nobody has said how long blocks are */
  const double *faults;
  int32_t fault_count;

  size_t input_frame, output_frame; /* bytes */
  uint8_t *output;                  /* one block */
  uint8_t *looped;                  /* one block of output in the input's format and channels */
  uint8_t *line;                    /* delay line of `delay` input frames; the oldest stands at `line_position` */
  uint8_t *input;                   /* one block */
  size_t line_position;
};

/* Frames [from, from + n) of a fault within the block that starts at `position`; answers n, 0 if there are none. */
static size_t fault_within(const double *fault, int64_t position, size_t block, size_t *from) {
  int64_t first = (int64_t)fault[0], last = first + (int64_t)fault[2];
  if (first < position) first = position;
  if (last > position + (int64_t)block) last = position + (int64_t)block;
  if (first >= last) return 0;
  *from = (size_t)(first - position);
  return (size_t)(last - first);
}

static int fault_starts(const double *fault, int64_t position, size_t block) {
  return fault[0] >= (double)position && fault[0] < (double)(position + (int64_t)block);
}

/* Waits, unless the thread is to quit; 0 if it is. A run that is being stopped is not waited for, unless to `play_out`. */
static int wait_until(struct virtual_device *device, double time, int play_out) {
  for (;;) {
    if (atomic_load(&device->quit) || (play_out && atomic_load(&device->stream->aborting))) return 0;
    double left = time - os_time();
    if (left <= 0 || (!play_out && atomic_load(&device->stream->halted))) return 1;
    os_event_wait(&device->wake, play_out && left > ABORT_POLL ? ABORT_POLL : left);
  }
}

/* The faults that come before the block at `position` is called: 0 if the device is lost with it. A stall stops the
 * sample clock, whose start is put off by as much. */
static int faults_before(struct virtual_device *device, int64_t position, double *start) {
  for (int32_t i = 0; i < device->fault_count; i++) {
    const double *fault = device->faults + FAULT_FIELDS * i;
    if (!fault_starts(fault, position, device->block)) continue;
    if (fault[1] == PS_FAULT_DEVICE_LOST) return 0;
    if (fault[1] != PS_FAULT_STALL) continue;
    double from = os_time();
    if (!wait_until(device, from + fault[3], 0)) return 0;
    double stalled = os_time() - from; /* less if a stop has cut it short */
    *start += stalled < fault[3] ? stalled : fault[3];
  }
  return 1;
}

static unsigned long fault_flags(const struct virtual_device *device, int64_t position) {
  unsigned long flags = 0;
  for (int32_t i = 0; i < device->fault_count; i++) {
    const double *fault = device->faults + FAULT_FIELDS * i;
    if (!fault_starts(fault, position, device->block)) continue;
    if (fault[1] == PS_FAULT_INPUT_OVERFLOW && device->input_frame) flags |= FLAG_INPUT_OVERFLOW;
    if (fault[1] == PS_FAULT_OUTPUT_UNDERFLOW && device->output_frame) flags |= FLAG_OUTPUT_UNDERFLOW;
  }
  return flags;
}

/* The frames that a fault of this kind takes from a block are silence: the device was not heard, or heard nothing. */
static void silence_faults(const struct virtual_device *device, int kind, int64_t position, uint8_t *samples,
                           int side) {
  int32_t channels = stream_channels(device->stream, side), format = stream_format(device->stream, side);
  size_t frame = side ? device->output_frame : device->input_frame;
  for (int32_t i = 0; i < device->fault_count; i++) {
    const double *fault = device->faults + FAULT_FIELDS * i;
    size_t from, count;
    if (fault[1] != kind || !(count = fault_within(fault, position, device->block, &from))) continue;
    format_silence(format, samples + from * frame, count * (size_t)channels);
  }
}

/* Puts the block that was played into the delay line, where the block just recorded came from. */
static void loop_back(struct virtual_device *device) {
  const struct stream *stream = device->stream;
  int32_t from_channels = stream_channels(stream, 1), to_channels = stream_channels(stream, 0);
  int32_t from_format = stream_format(stream, 1), to_format = stream_format(stream, 0);
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

/* One callback with all that belongs to it; answers what the callback answered. */
static int call_back(struct virtual_device *device, int64_t position, double due) {
  struct stream *stream = device->stream;
  double block_seconds = (double)device->longest / device->rate;
  struct callback_times times = {
      .now = os_time(),
      .input = due - block_seconds,
      .output = due + (double)(device->delay - device->longest) / device->rate,
  };
  int has_input = device->input_frame > 0, has_output = device->output_frame > 0;
  if (has_input && has_output) take_input(device);
  if (has_input) silence_faults(device, PS_FAULT_INPUT_OVERFLOW, position, device->input, 0);
  int result = stream_callback(stream, has_input ? device->input : NULL, has_output ? device->output : NULL,
                               device->block, &times, fault_flags(device, position));
  if (has_output) silence_faults(device, PS_FAULT_OUTPUT_UNDERFLOW, position, device->output, 1);
  if (has_input && has_output) loop_back(device);
  return result;
}

/* Waits until the engine can process a block, which it may shorten; 0 if the thread is to quit. */
static int wait_for_engine(struct virtual_device *device) {
  struct stream *stream = device->stream;
  device->block = device->longest;
  for (int looks = 0;; looks++) {
    size_t ready = engine_ready(&stream->engine, device->longest);
    if (ready >= device->longest || atomic_load(&stream->halted)) return 1;
    if (atomic_load(&device->quit)) return 0;
    if (!device->may_shorten) {
      if (engine_waits_in_vain(&stream->engine, device->longest)) return 1;
    } else if (ready > 0 && looks >= FREEWHEEL_PATIENCE) {
      device->block = ready;
      return 1;
    }
    stream_heartbeat(stream);
    if (stream->reader) file_reader_wake(stream->reader);
    if (stream->writer) file_writer_wake(stream->writer);
    os_event_wait(&device->wake, FREEWHEEL_POLL);
  }
}

static void device_thread(void *argument) {
  struct virtual_device *device = argument;
  double start = os_time();
  device->block = device->longest;
  for (int64_t position = 0;; position += (int64_t)device->block) {
    if (device->freewheel && !wait_for_engine(device)) break;
    if (!faults_before(device, position, &start)) break;
    double due = start + (double)position / device->rate;
    if (!device->freewheel && !wait_until(device, due, 0)) break;
    if (atomic_load(&device->quit)) break;
    if (call_back(device, position, due) == CALLBACK_CONTINUE) continue;
    /* What has been played is heard to its end, as on a real device, unless the run was aborted. */
    if (!device->freewheel) wait_until(device, due + (double)device->block / device->rate, 1);
    break;
  }
  atomic_store(&device->running, 0);
}

/* ------------------------------------------------------------------- device */

static size_t default_block(double rate) {
  double block = exp2(round(log2(rate / BLOCKS_PER_SECOND)));
  return block < 16 ? 16 : (size_t)block;
}

static void virtual_close(struct stream *stream) {
  struct virtual_device *device = stream->device_state;
  if (!device) return;
  os_event_destroy(&device->wake);
  free(device->output);
  free(device->looped);
  free(device->line);
  free(device->input);
  free(device);
  stream->device_state = NULL;
}

/* Zeroed memory for frames, which a direction that the stream lacks does not need. */
static int allocate(uint8_t **memory, size_t frames, size_t frame_bytes) {
  *memory = frame_bytes ? calloc(frames, frame_bytes) : NULL;
  return !frame_bytes || *memory;
}

static int32_t virtual_open(struct stream *stream) {
  const double *config = stream->config;
  double *actual = stream->actual;
  double rate = config[PS_CONFIG_SAMPLE_RATE] > 0 ? config[PS_CONFIG_SAMPLE_RATE] : 48000;
  size_t block = config[PS_CONFIG_BLOCK_SIZE] > 0 ? (size_t)config[PS_CONFIG_BLOCK_SIZE] : default_block(rate);
  size_t delay = config[PS_CONFIG_VIRTUAL_DELAY] < 0 ? block : (size_t)config[PS_CONFIG_VIRTUAL_DELAY];
  if (delay < block && config[PS_CONFIG_BLOCK_SIZE] == 0 && delay > 0) block = delay;
  if (delay < block)
    return error_set(PS_ERR_ARGUMENT, 0, "a loopback delay of %zu frames is less than the block of %zu", delay, block);
  struct virtual_device *device = calloc(1, sizeof *device);
  if (!device) return error_set(PS_ERR_MEMORY, 0, "no memory for the virtual device");
  if (os_event_init(&device->wake)) {
    free(device);
    return error_set(PS_ERR_MEMORY, 0, "no event for the virtual device");
  }
  stream->device_state = device;
  for (int side = 0; side < 2; side++) {
    int used = config[PS_CONFIG_INPUT_DEVICE + side] != PS_DEVICE_NONE;
    double channels = config[PS_CONFIG_INPUT_CHANNELS + side];
    actual[PS_ACTUAL_INPUT_DEVICE + side] = config[PS_CONFIG_INPUT_DEVICE + side];
    actual[PS_ACTUAL_INPUT_CHANNELS + side] = !used ? 0 : channels > 0 ? channels : 2;
  }
  actual[PS_ACTUAL_SAMPLE_RATE] = rate;
  actual[PS_ACTUAL_BLOCK_SIZE] = config[PS_CONFIG_BLOCK_SIZE];
  actual[PS_ACTUAL_INPUT_LATENCY] = stream_channels(stream, 0) ? (double)block / rate : 0;
  actual[PS_ACTUAL_OUTPUT_LATENCY] = stream_channels(stream, 1) ? (double)(delay - block) / rate : 0;
  device->stream = stream;
  device->rate = rate;
  device->longest = block;
  device->may_shorten = config[PS_CONFIG_BLOCK_SIZE] == 0;
  device->delay = delay;
  device->freewheel = config[PS_CONFIG_VIRTUAL_CLOCK] == 1;
  device->fault_count = (int32_t)config[PS_CONFIG_FAULTS];
  device->faults = stream->list + (int)config[PS_CONFIG_INPUT_CHANNEL_MAP] + (int)config[PS_CONFIG_OUTPUT_CHANNEL_MAP];
  device->input_frame = (size_t)stream_channels(stream, 0) * format_bytes(stream_format(stream, 0));
  device->output_frame = (size_t)stream_channels(stream, 1) * format_bytes(stream_format(stream, 1));
  if (!allocate(&device->output, block, device->output_frame) ||
      !allocate(&device->looped, block, device->input_frame) || !allocate(&device->line, delay, device->input_frame) ||
      !allocate(&device->input, block, device->input_frame)) {
    virtual_close(stream);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a loopback delay of %zu frames", delay);
  }
  return PS_OK;
}

static void join(struct virtual_device *device) {
  if (device->thread_started) os_thread_join(&device->thread);
  device->thread_started = 0;
}

static int32_t virtual_start(struct stream *stream) {
  struct virtual_device *device = stream->device_state;
  join(device);
  device->line_position = 0;
  size_t input_channels = (size_t)stream_channels(stream, 0);
  if (device->line) format_silence(stream_format(stream, 0), device->line, device->delay * input_channels);
  if (device->input) format_silence(stream_format(stream, 0), device->input, device->longest * input_channels);
  atomic_store(&device->quit, 0);
  atomic_store(&device->running, 1);
  int priority = device->freewheel ? OS_THREAD_NORMAL : OS_THREAD_REALTIME;
  if (os_thread_start(&device->thread, "ps-virtual", priority, device_thread, device)) {
    atomic_store(&device->running, 0);
    return error_set(PS_ERR_THREAD, 0, "the system refused a thread for the virtual device");
  }
  device->thread_started = 1;
  return PS_OK;
}

static int32_t virtual_stop(struct stream *stream) {
  struct virtual_device *device = stream->device_state;
  os_event_post(&device->wake);
  join(device);
  return PS_OK;
}

static int32_t virtual_abort(struct stream *stream) {
  struct virtual_device *device = stream->device_state;
  atomic_store(&device->quit, 1);
  os_event_post(&device->wake);
  join(device);
  return PS_OK;
}

static int virtual_active(struct stream *stream) {
  const struct virtual_device *device = stream->device_state;
  return atomic_load(&device->running);
}

static double virtual_time(struct stream *stream) {
  (void)stream;
  return os_time();
}

/* The share of its time that a block took: its callback's duration over its length. */
static double virtual_cpu_load(struct stream *stream) {
  const struct virtual_device *device = stream->device_state;
  double timing[6];
  timing_read(&stream->timing, timing);
  double load = timing[3] * device->rate / (double)device->longest;
  return load > 1 ? 1 : load;
}

const struct device_ops device_virtual = {
    .open = virtual_open,
    .start = virtual_start,
    .stop = virtual_stop,
    .abort = virtual_abort,
    .close = virtual_close,
    .active = virtual_active,
    .time = virtual_time,
    .cpu_load = virtual_cpu_load,
};
