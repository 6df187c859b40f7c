#include "device/convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "device/rates.h"
#include "engine/format.h"
#include "engine/resampler.h"

#define PIECE 512 /* frames of the device that are processed at a time */

/* Frames of the stream between the host and a resampler, oldest first. */
struct queue {
  uint8_t *memory;
  size_t frame_bytes; /* 0: the stream lacks this direction */
  size_t frames, room;
};

struct converter {
  struct device inner;
  struct device_host host; /* that `inner` serves */
  double config[PS_CONFIG_SIZE];
  double rate, device_rate;
  size_t block; /* frames of each call of the host, 0: as many as are needed */
  size_t lag;   /* frames by which the input stays behind the output; they are silence at first */
  struct resampler *resamplers[2];
  struct queue queues[2];

  /* The device's thread only. */
  double handed;       /* frames of the stream that the host was called with since the start */
  double passed;       /* frames of the device, before the current callback */
  int result;          /* the host's */
  int ending;          /* it has completed: silence follows, then the resampler's end */
  unsigned long flags; /* of callbacks since the host was last called, */
  double gap;          /* and the gaps before them, seconds, */
  double gap_age;      /* the last of which is so old */
};

static struct converter *converter_of(struct device_host *host) {
  return (struct converter *)((char *)host - offsetof(struct converter, host));
}

/* -------------------------------------------------------------------- queue */

static uint8_t *queue_end(const struct queue *queue) { return queue->memory + queue->frames * queue->frame_bytes; }

static void queue_silence(struct queue *queue, int32_t format, size_t frames) {
  format_silence(format, queue_end(queue), frames * queue->frame_bytes / format_bytes(format));
  queue->frames += frames;
}

static void queue_drop(struct queue *queue, size_t frames) {
  queue->frames -= frames;
  memmove(queue->memory, queue->memory + frames * queue->frame_bytes, queue->frames * queue->frame_bytes);
}

/* ----------------------------------------------------------------- callback */

/* Times of the next frame of the stream, from those of the callback's first frame of the device. */
static struct callback_times stream_times(const struct converter *converter, const struct callback_times *times) {
  const double *actual = converter->inner.actual;
  double input = times->input != 0 ? times->input : times->now - actual[PS_ACTUAL_INPUT_LATENCY];
  double output = times->output != 0 ? times->output : times->now + actual[PS_ACTUAL_OUTPUT_LATENCY];
  double since = converter->handed / converter->rate - converter->passed / converter->device_rate;
  return (struct callback_times){.now = times->now, .input = input + since, .output = output + since};
}

static void call_host(struct converter *converter, struct device_host *outer, size_t frames,
                      const struct callback_times *times) {
  struct queue *in = &converter->queues[DEVICE_INPUT], *out = &converter->queues[DEVICE_OUTPUT];
  struct callback_times own = stream_times(converter, times);
  own.gap = converter->gap;
  own.gap_age = converter->gap_age;
  if (in->frame_bytes && in->frames < frames) /* the lag is there so that this does not happen */
    queue_silence(in, device_format(&converter->inner, DEVICE_INPUT), frames - in->frames);
  converter->result = outer->callback(outer, in->frame_bytes ? in->memory : NULL,
                                      out->frame_bytes ? queue_end(out) : NULL, frames, &own, converter->flags);
  converter->flags = 0;
  converter->gap = 0;
  converter->handed += (double)frames;
  if (in->frame_bytes) queue_drop(in, frames);
  if (out->frame_bytes) out->frames += frames;
}

static void take_input(struct converter *converter, const void *input, size_t frames) {
  struct queue *queue = &converter->queues[DEVICE_INPUT];
  struct resampler_block block = {input, frames, queue_end(queue), queue->room - queue->frames};
  resampler_process(converter->resamplers[DEVICE_INPUT], &block);
  queue->frames += block.out_frames;
}

/* Once the host has completed, what it played is followed by silence for as long as the filter still hears it. */
static void begin_end(struct converter *converter) {
  struct queue *queue = &converter->queues[DEVICE_OUTPUT];
  queue_silence(queue, device_format(&converter->inner, DEVICE_OUTPUT),
                resampler_reach(converter->resamplers[DEVICE_OUTPUT]));
  converter->ending = 1;
}

/* Fills the device's frames from the queue; returns how many it could. */
static size_t give_output(struct converter *converter, void *output, size_t frames) {
  struct queue *queue = &converter->queues[DEVICE_OUTPUT];
  struct resampler *resampler = converter->resamplers[DEVICE_OUTPUT];
  struct resampler_block block = {queue->memory, queue->frames, output, frames};
  resampler_process(resampler, &block);
  queue_drop(queue, block.in_frames);
  if (!converter->ending || queue->frames > 0 || block.out_frames == frames) return block.out_frames;
  size_t done = block.out_frames, frame = queue->frame_bytes;
  resampler_end(resampler);
  block = (struct resampler_block){NULL, 0, (uint8_t *)output + done * frame, frames - done};
  resampler_process(resampler, &block);
  return done + block.out_frames;
}

/* The number of frames with which to call the host so that the device gets `frames`. */
static size_t host_frames(const struct converter *converter, size_t frames) {
  size_t block = converter->block, wanted = 0;
  if (converter->queues[DEVICE_OUTPUT].frame_bytes) {
    size_t needed = resampler_needs(converter->resamplers[DEVICE_OUTPUT], frames);
    size_t queued = converter->queues[DEVICE_OUTPUT].frames;
    wanted = needed > queued ? needed - queued : 0;
    return block ? (wanted + block - 1) / block * block : wanted;
  }
  return block ? converter->queues[DEVICE_INPUT].frames / block * block : converter->queues[DEVICE_INPUT].frames;
}

/* PIECE frames of the device at most; returns a CALLBACK_ value. */
static int process(struct converter *converter, struct device_host *outer, const void *input, void *output,
                   size_t frames, const struct callback_times *times) {
  if (input && converter->result == CALLBACK_CONTINUE) take_input(converter, input, frames);
  size_t wanted = converter->result == CALLBACK_CONTINUE ? host_frames(converter, frames) : 0;
  while (wanted > 0 && converter->result == CALLBACK_CONTINUE) {
    size_t now = converter->block ? converter->block : wanted;
    call_host(converter, outer, now, times);
    wanted -= now;
  }
  if (!output) return converter->result;
  if (converter->result != CALLBACK_CONTINUE && !converter->ending) begin_end(converter);
  size_t made = converter->result == CALLBACK_ABORT ? 0 : give_output(converter, output, frames);
  size_t channels = (size_t)device_channels(&converter->inner, DEVICE_OUTPUT);
  int32_t format = device_format(&converter->inner, DEVICE_OUTPUT);
  format_silence(format, (uint8_t *)output + made * channels * format_bytes(format), (frames - made) * channels);
  if (converter->result == CALLBACK_ABORT) return CALLBACK_ABORT;
  return resampler_ended(converter->resamplers[DEVICE_OUTPUT]) ? converter->result : CALLBACK_CONTINUE;
}

static int callback(struct device_host *host, const void *input, void *output, size_t frames,
                    const struct callback_times *times, unsigned long flags) {
  struct converter *converter = converter_of(host);
  size_t in_frame = converter->queues[DEVICE_INPUT].frame_bytes, done = 0;
  size_t out_frame = converter->queues[DEVICE_OUTPUT].frame_bytes;
  int result = CALLBACK_CONTINUE;
  converter->flags |= flags;
  converter->gap += times->gap;
  if (times->gap > 0) converter->gap_age = times->gap_age;
  while (done < frames) {
    size_t now = frames - done < PIECE ? frames - done : PIECE;
    result = process(converter, host->outer, input ? (const uint8_t *)input + done * in_frame : NULL,
                     output ? (uint8_t *)output + done * out_frame : NULL, now, times);
    done += now;
  }
  converter->passed += (double)frames;
  return result;
}

/* --------------------------------------------------------------- freewheel */

/* Frames of the device that can be processed with `stream_frames` frames of the host. */
static size_t device_frames(const struct converter *converter, size_t stream_frames) {
  const struct queue *in = &converter->queues[DEVICE_INPUT], *out = &converter->queues[DEVICE_OUTPUT];
  if (converter->block) stream_frames = stream_frames / converter->block * converter->block;
  if (out->frame_bytes) return resampler_gives(converter->resamplers[DEVICE_OUTPUT], out->frames + stream_frames);
  if (stream_frames < in->frames) return 0;
  return resampler_needs(converter->resamplers[DEVICE_INPUT], stream_frames - in->frames + 1) - 1;
}

static size_t ready(struct device_host *host, size_t frames, int whole) {
  struct converter *converter = converter_of(host);
  if (converter->result != CALLBACK_CONTINUE) return frames;
  size_t wanted = host_frames(converter, frames), block = converter->block;
  if (!converter->queues[DEVICE_OUTPUT].frame_bytes) {
    wanted = converter->queues[DEVICE_INPUT].frames + resampler_gives(converter->resamplers[DEVICE_INPUT], frames);
    if (block) wanted = wanted / block * block;
  }
  if (wanted == 0) return frames;
  size_t found = host->outer->ready(host->outer, wanted, whole || block > 0);
  if (found >= wanted) return frames;
  size_t possible = device_frames(converter, found);
  return possible < frames ? possible : frames - 1;
}

static int silent(struct device_host *host) { return host->outer->silent(host->outer); }

/* ------------------------------------------------------- making and freeing */

static void free_converter(struct converter *converter) {
  for (int i = 0; i < 2; i++) {
    resampler_free(converter->resamplers[i]);
    free(converter->queues[i].memory);
  }
  free(converter);
}

static int32_t make_direction(struct converter *converter, int direction) {
  struct queue *queue = &converter->queues[direction];
  int32_t channels = device_channels(&converter->inner, direction),
          format = device_format(&converter->inner, direction);
  if (channels == 0) return PS_OK;
  double rates[2] = {converter->device_rate, converter->rate};
  const struct resampler_setup setup = {.in_rate = rates[direction == DEVICE_OUTPUT],
                                        .out_rate = rates[direction == DEVICE_INPUT],
                                        .channels = channels,
                                        .in_format = format,
                                        .out_format = format};
  int32_t status = resampler_new(&setup, &converter->resamplers[direction]);
  if (status < 0) return status;
  queue->frame_bytes = (size_t)channels * format_bytes(format);
  return PS_OK;
}

/* The frames of the stream that a direction's filter holds back. */
static double held_back(const struct converter *converter, int direction) {
  const struct resampler *resampler = converter->resamplers[direction];
  if (!resampler) return 0;
  double ratio = direction == DEVICE_INPUT ? converter->rate / converter->device_rate : 1;
  return (double)resampler_reach(resampler) * ratio;
}

/* With both directions the host gets the input of a frame together with its output, which is needed sooner, by what
 * both filters hold back. */
static int32_t make_queues(struct converter *converter) {
  double in = held_back(converter, DEVICE_INPUT), out = held_back(converter, DEVICE_OUTPUT);
  size_t more = converter->block > 0 ? converter->block : 0;
  size_t piece = (size_t)ceil(PIECE * converter->rate / converter->device_rate) + 2;
  if (in > 0 && out > 0) converter->lag = (size_t)ceil(in) + (size_t)ceil(out) + 1 + more;
  for (int i = 0; i < 2; i++) {
    struct queue *queue = &converter->queues[i];
    queue->room = converter->lag + 2 * (size_t)ceil(out) + piece + 2 * more;
    if (!queue->frame_bytes) continue;
    queue->memory = malloc(queue->room * queue->frame_bytes);
    if (!queue->memory) return error_set(PS_ERR_MEMORY, 0, "no memory to convert sample rates");
  }
  return PS_OK;
}

static void fill_actual(struct device *device, const struct converter *converter) {
  double more = (double)converter->block / converter->rate;
  memcpy(device->actual, converter->inner.actual, sizeof device->actual);
  device->actual[PS_ACTUAL_SAMPLE_RATE] = converter->rate;
  device->actual[PS_ACTUAL_DEVICE_RATE] = converter->device_rate;
  device->actual[PS_ACTUAL_BLOCK_SIZE] = (double)converter->block;
  for (int i = 0; i < 2; i++)
    if (converter->resamplers[i])
      device->actual[PS_ACTUAL_INPUT_LATENCY + i] += held_back(converter, i) / converter->rate + more;
  device->may_pause = converter->inner.may_pause;
  device->input_lag = converter->lag;
}

/* Opens the backend's device at `device_rate` (0: its default) under a converter. */
static int32_t open_converter(struct device *device, double device_rate) {
  struct converter *converter = calloc(1, sizeof *converter);
  if (!converter) return error_set(PS_ERR_MEMORY, 0, "no memory to convert sample rates");
  memcpy(converter->config, device->config, sizeof converter->config);
  converter->rate = device->config[PS_CONFIG_SAMPLE_RATE];
  converter->block = (size_t)device->config[PS_CONFIG_BLOCK_SIZE];
  converter->host = (struct device_host){.callback = callback, .ready = ready, .silent = silent, .outer = device->host};
  converter->config[PS_CONFIG_SAMPLE_RATE] = device_rate;
  if (converter->block && device_rate > 0) {
    double block = round((double)converter->block * device_rate / converter->rate);
    converter->config[PS_CONFIG_BLOCK_SIZE] = block > 1 ? block : 1;
  } else {
    converter->config[PS_CONFIG_BLOCK_SIZE] = 0;
  }
  converter->inner = (struct device){.ops = device->ops,
                                     .host = &converter->host,
                                     .config = converter->config,
                                     .list = device->list,
                                     .texts = device->texts,
                                     .partner = device->partner};
  int32_t status = device->ops->open(&converter->inner);
  if (status < 0) {
    free_converter(converter);
    return status;
  }
  converter->device_rate = converter->inner.actual[PS_ACTUAL_SAMPLE_RATE];
  for (int i = 0; i < 2 && status >= 0; i++) status = make_direction(converter, i);
  if (status >= 0) status = make_queues(converter);
  if (status < 0) {
    device->ops->close(&converter->inner);
    free_converter(converter);
    return status;
  }
  fill_actual(device, converter);
  device->ops = &device_convert;
  device->state = converter;
  return PS_OK;
}

static int32_t convert_start(struct device *device) {
  struct converter *converter = device->state;
  for (int i = 0; i < 2; i++) {
    converter->queues[i].frames = 0;
    if (converter->resamplers[i]) resampler_restart(converter->resamplers[i]);
  }
  if (converter->lag)
    queue_silence(&converter->queues[DEVICE_INPUT], device_format(device, DEVICE_INPUT), converter->lag);
  converter->handed = converter->passed = 0;
  converter->result = CALLBACK_CONTINUE;
  converter->ending = 0;
  converter->flags = 0;
  converter->gap = 0;
  return converter->inner.ops->start(&converter->inner);
}

static struct device *inner_of(struct device *device) { return &((struct converter *)device->state)->inner; }

struct device *convert_inner(struct device *device) {
  return device->ops == &device_convert ? inner_of(device) : device;
}

static int32_t convert_stop(struct device *device) { return inner_of(device)->ops->stop(inner_of(device)); }
static int32_t convert_abort(struct device *device) { return inner_of(device)->ops->abort(inner_of(device)); }
static int convert_active(struct device *device) { return inner_of(device)->ops->active(inner_of(device)); }
static int convert_revive(struct device *device) {
  struct device *inner = inner_of(device);
  return inner->ops->revive && inner->ops->revive(inner);
}

static int convert_update(struct device *device) {
  struct device *inner = inner_of(device);
  int changed = inner->ops->update && inner->ops->update(inner);
  if (changed) fill_actual(device, device->state);
  return changed;
}

static const char *convert_loss(struct device *device) {
  struct device *inner = inner_of(device);
  return inner->ops->loss ? inner->ops->loss(inner) : NULL;
}

static int convert_answers(struct device *device) { return inner_of(device)->ops->answers(inner_of(device)); }
static double convert_time(struct device *device) { return inner_of(device)->ops->time(inner_of(device)); }
static double convert_cpu_load(struct device *device) { return inner_of(device)->ops->cpu_load(inner_of(device)); }

static void convert_close(struct device *device) {
  if (!device->state) return;
  inner_of(device)->ops->close(inner_of(device));
  free_converter(device->state);
  device->state = NULL;
}

const struct device_ops device_convert = {
    .start = convert_start,
    .stop = convert_stop,
    .abort = convert_abort,
    .close = convert_close,
    .active = convert_active,
    .revive = convert_revive,
    .update = convert_update,
    .answers = convert_answers,
    .loss = convert_loss,
    .time = convert_time,
    .cpu_load = convert_cpu_load,
};

/* --------------------------------------------------------------------- open */

/* Whether a device could not be opened, or could not be, because of its rate. */
static int is_refused(int32_t status) { return status < 0 && ps_error_number(0) == RATE_REFUSED; }

/* The rate that a configuration asks the device for, 0 for its default; and whether it is not to be converted. */
static double wanted_rate(const double *config) {
  return config[PS_CONFIG_DEVICE_RATE] > 0 ? config[PS_CONFIG_DEVICE_RATE] : config[PS_CONFIG_SAMPLE_RATE];
}
static int differs(const double *config) {
  return config[PS_CONFIG_SAMPLE_RATE] > 0 && wanted_rate(config) != config[PS_CONFIG_SAMPLE_RATE];
}

static int32_t refuse_conversion(const double *config) {
  return error_set(PS_ERR_ARGUMENT, 0, "deviceRate %g Hz does not fit sampleRate %g Hz where conversion is \"never\"",
                   config[PS_CONFIG_DEVICE_RATE], config[PS_CONFIG_SAMPLE_RATE]);
}

int32_t convert_open(struct device *device) {
  const double *config = device->config;
  int never = config[PS_CONFIG_CONVERSION] == PS_CONVERSION_NEVER;
  if (differs(config)) return never ? refuse_conversion(config) : open_converter(device, wanted_rate(config));
  double direct[PS_CONFIG_SIZE];
  memcpy(direct, config, sizeof direct);
  direct[PS_CONFIG_SAMPLE_RATE] = wanted_rate(config);
  device->config = direct; /* during the call */
  int32_t status = device->ops->open(device);
  device->config = config;
  device->actual[PS_ACTUAL_DEVICE_RATE] = device->actual[PS_ACTUAL_SAMPLE_RATE];
  if (!is_refused(status)) return status;
  if (never || config[PS_CONFIG_DEVICE_RATE] > 0) return rates_name(device->ops, config, device->list, status);
  struct error first;
  error_save(&first);
  status = open_converter(device, 0);
  return status < 0 ? error_raise(&first) : status;
}

int32_t convert_check(const struct device_ops *ops, const double *config, const double *list) {
  double tried[PS_CONFIG_SIZE];
  int never = config[PS_CONFIG_CONVERSION] == PS_CONVERSION_NEVER;
  if (differs(config) && never) return refuse_conversion(config);
  memcpy(tried, config, sizeof tried);
  tried[PS_CONFIG_SAMPLE_RATE] = wanted_rate(config);
  if (differs(config)) tried[PS_CONFIG_BLOCK_SIZE] = 0;
  int32_t status = ops->check(tried, list);
  if (!is_refused(status)) return status;
  if (never || config[PS_CONFIG_DEVICE_RATE] > 0) return rates_name(ops, tried, list, status);
  struct error first;
  error_save(&first);
  tried[PS_CONFIG_SAMPLE_RATE] = 0;
  tried[PS_CONFIG_BLOCK_SIZE] = 0;
  status = ops->check(tried, list);
  return status < 0 ? error_raise(&first) : status;
}
