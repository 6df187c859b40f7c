#include "device/pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "device/convert.h"
#include "engine/drift.h"
#include "engine/format.h"
#include "engine/resampler.h"
#include "engine/ring.h"
#include "os/os.h"

#define BLOCK_MOST 4096 /* frames that the host is called with at once */
#define ROOM 2048       /* frames that the fill may move by while the clocks are not known yet */
#define JITTER 0.004    /* seconds by which a callback may be late without a hole */

#define RELAXED memory_order_relaxed

/* The last callback of the input. Its thread makes `turn` odd while it writes. */
struct arrival {
  _Atomic uint32_t turn;
  _Atomic double frames, time;     /* that have come so far, and when the last of them came */
  _Atomic double rate;             /* at which they come by the clock of both, as far as it is known */
  double first_frames, first_time; /* of the first callback; 0: none yet. The input's thread only */
};

struct pair {
  struct device devices[2]; /* input, output */
  struct device_host hosts[2];
  double configs[2][PS_CONFIG_SIZE];
  double *lists[2];
  struct device_host *outer;
  int simulated;

  double rate, input_rate; /* of the stream, and of the input device */
  size_t frame_bytes;      /* of the input */
  int32_t channels, format;
  struct ring *ring; /* from the input's thread to the output's */
  struct arrival arrival;
  _Atomic int32_t overflows; /* of the ring */

  /* The output's thread. */
  struct resampler *resampler;
  struct drift drift;
  double target;  /* fill to begin with */
  uint8_t *input; /* for one call of the host */
  double taken;   /* frames out of the ring */
  double since;   /* frames of the stream since the last update of `drift` */
  int running;    /* there was enough in the ring: frames are taken from it */
  int32_t overflows_seen;

  _Atomic double fill, slips, ppm; /* for others */
};

static struct pair *pair_of(struct device_host *host, int direction) {
  return (struct pair *)((char *)host - offsetof(struct pair, hosts) - sizeof *host * (size_t)direction);
}

/* Both callbacks by one clock. The times of different devices are not by the same one. */
static double time_of(const struct pair *pair, const struct callback_times *times) {
  return pair->simulated ? times->now : os_time();
}

/* -------------------------------------------------------------------- input */

/* The rate from all that has come since the first callback, once that is long enough. */
static double arrival_rate(struct pair *pair, double frames, double time) {
  struct arrival *arrival = &pair->arrival;
  if (arrival->first_time == 0) {
    arrival->first_time = time;
    arrival->first_frames = frames;
  }
  double seconds = time - arrival->first_time;
  return seconds > 1 ? (frames - arrival->first_frames) / seconds : pair->input_rate;
}

static void note_arrival(struct pair *pair, double frames, double time, double rate) {
  struct arrival *arrival = &pair->arrival;
  uint32_t turn = atomic_load_explicit(&arrival->turn, RELAXED);
  atomic_store_explicit(&arrival->turn, turn + 1, RELAXED);
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&arrival->frames, frames, RELAXED);
  atomic_store_explicit(&arrival->time, time, RELAXED);
  atomic_store_explicit(&arrival->rate, rate, RELAXED);
  atomic_store_explicit(&arrival->turn, turn + 2, memory_order_release);
}

/* How many frames have come at `time`, with those that the input device has and has not handed over yet. */
static double arrived(struct pair *pair, double time) {
  struct arrival *arrival = &pair->arrival;
  double frames, since, rate;
  uint32_t turn;
  do {
    turn = atomic_load_explicit(&arrival->turn, memory_order_acquire);
    frames = atomic_load_explicit(&arrival->frames, RELAXED);
    since = time - atomic_load_explicit(&arrival->time, RELAXED);
    rate = atomic_load_explicit(&arrival->rate, RELAXED);
    atomic_thread_fence(memory_order_acquire);
  } while ((turn & 1) || turn != atomic_load_explicit(&arrival->turn, RELAXED));
  return frames + since * rate;
}

static int input_callback(struct device_host *host, const void *input, void *output, size_t frames,
                          const struct callback_times *times, unsigned long flags) {
  struct pair *pair = pair_of(host, DEVICE_INPUT);
  (void)output;
  size_t written = ring_write(pair->ring, input, frames);
  if (written < frames || flags & FLAG_INPUT_OVERFLOW) atomic_fetch_add_explicit(&pair->overflows, 1, RELAXED);
  double now = atomic_load_explicit(&pair->arrival.frames, RELAXED) + (double)written, time = time_of(pair, times);
  note_arrival(pair, now, time, arrival_rate(pair, now, time));
  return CALLBACK_CONTINUE;
}

/* ------------------------------------------------------------------- output */

/* Frames of input between the position of the next frame of the stream and what has come. */
static double fill_at(struct pair *pair, double time) {
  return arrived(pair, time) - pair->taken + resampler_held(pair->resampler);
}

static size_t take(struct pair *pair, uint8_t *to, size_t frames) {
  size_t done = 0;
  while (done < frames) {
    struct ring_region region;
    size_t some = ring_read_region(pair->ring, resampler_needs(pair->resampler, frames - done), &region);
    struct resampler_block block = {region.part[0], region.count[0], to + done * pair->frame_bytes, frames - done};
    resampler_process(pair->resampler, &block);
    ring_read_advance(pair->ring, block.in_frames);
    pair->taken += (double)block.in_frames;
    done += block.out_frames;
    if (some == 0 && block.out_frames == 0) break;
  }
  return done;
}

/* Once there is enough: what is too much is dropped, so that the fill begins at its target. */
static void begin(struct pair *pair, double time) {
  double surplus = fill_at(pair, time) - pair->target;
  if (surplus < 0 || ring_read_available(pair->ring) < resampler_needs(pair->resampler, 1)) return;
  pair->taken += (double)ring_skip(pair->ring, (size_t)surplus);
  drift_reset(&pair->drift, pair->target, pair->input_rate);
  pair->running = 1;
  pair->since = 0;
}

/* A hole: starts again. */
static void slip(struct pair *pair) {
  atomic_store_explicit(&pair->slips, atomic_load_explicit(&pair->slips, RELAXED) + 1, RELAXED);
  pair->running = 0;
}

static void follow(struct pair *pair, double time) {
  double fill = fill_at(pair, time), now = resampler_drift(pair->resampler);
  resampler_set_drift(pair->resampler, drift_update(&pair->drift, fill, pair->since / pair->rate, now));
  pair->since = 0;
  atomic_store_explicit(&pair->fill, fill, RELAXED);
  atomic_store_explicit(&pair->ppm, now, RELAXED);
}

/* Fills `input`; returns the flags of what went wrong. */
static unsigned long make_input(struct pair *pair, size_t frames, double time) {
  unsigned long flags = 0;
  int32_t overflows = atomic_load_explicit(&pair->overflows, RELAXED);
  if (!pair->running) begin(pair, time);
  if (pair->running) follow(pair, time);
  size_t done = pair->running ? take(pair, pair->input, frames) : 0;
  pair->since += (double)done;
  format_silence(pair->format, pair->input + done * pair->frame_bytes, (frames - done) * (size_t)pair->channels);
  if (pair->running && done < frames) {
    slip(pair);
    flags |= FLAG_INPUT_UNDERFLOW;
  }
  if (overflows != pair->overflows_seen) {
    slip(pair);
    flags |= FLAG_INPUT_OVERFLOW;
  }
  pair->overflows_seen = overflows;
  return flags;
}

static int output_callback(struct device_host *host, const void *input, void *output, size_t frames,
                           const struct callback_times *times, unsigned long flags) {
  struct pair *pair = pair_of(host, DEVICE_OUTPUT);
  size_t out_frame = (size_t)device_channels(&pair->devices[DEVICE_OUTPUT], DEVICE_OUTPUT) *
                     format_bytes(device_format(&pair->devices[DEVICE_OUTPUT], DEVICE_OUTPUT));
  int result = CALLBACK_CONTINUE;
  (void)input;
  for (size_t done = 0; done < frames;) {
    size_t now = frames - done < BLOCK_MOST ? frames - done : BLOCK_MOST;
    double later = (double)done / pair->rate;
    struct callback_times own = {
        .now = times->now, .output = times->output != 0 ? times->output + later : 0, .gap = done == 0 ? times->gap : 0};
    flags |= make_input(pair, now, time_of(pair, times) + (pair->simulated ? later : 0));
    own.input = times->now - atomic_load_explicit(&pair->fill, RELAXED) / pair->input_rate;
    result = pair->outer->callback(pair->outer, pair->input, (uint8_t *)output + done * out_frame, now, &own, flags);
    flags = 0;
    done += now;
  }
  return result;
}

static size_t output_ready(struct device_host *host, size_t frames, int whole) {
  struct pair *pair = pair_of(host, DEVICE_OUTPUT);
  return pair->outer->ready(pair->outer, frames, whole);
}

/* The input of a device that freewheels never waits: its frames find room, or are lost. */
static size_t input_ready(struct device_host *host, size_t frames, int whole) {
  (void)host;
  (void)whole;
  return frames;
}

static int silent(struct device_host *host) { return host->outer->silent(host->outer); }

/* ------------------------------------------------------- making and freeing */

static void free_pair(struct pair *pair) {
  resampler_free(pair->resampler);
  if (pair->ring) object_release(&pair->ring->object);
  free(pair->input);
  free(pair->lists[0]);
  free(pair->lists[1]);
  free(pair);
}

/* The configuration of one direction's device, and the part of the list that is about it. */
static int configure(double *own, double **own_list, const double *config, const double *list, int direction) {
  int other = !direction, maps[2];
  for (int i = 0; i < 2; i++) maps[i] = (int)config[PS_CONFIG_INPUT_CHANNEL_MAP + i];
  int faults = PS_FAULT_SIZE * (int)config[PS_CONFIG_FAULTS], rates = (int)config[PS_CONFIG_VIRTUAL_RATES];
  memcpy(own, config, sizeof(double) * PS_CONFIG_SIZE);
  own[PS_CONFIG_INPUT_DEVICE + other] = PS_DEVICE_NONE;
  own[PS_CONFIG_INPUT_HOST_SETTINGS + other] = own[PS_CONFIG_INPUT_CHANNEL_MAP + other] = 0;
  own[PS_CONFIG_FAULTS] = 0; /* they are of one clock, and there are two */
  double *numbers = calloc((size_t)(maps[direction] + rates) + 1, sizeof *numbers);
  if (!numbers) return 0;
  if (maps[direction])
    memcpy(numbers, list + (direction == DEVICE_OUTPUT ? maps[0] : 0), sizeof(double) * (size_t)maps[direction]);
  if (rates) memcpy(numbers + maps[direction], list + maps[0] + maps[1] + faults, sizeof(double) * (size_t)rates);
  *own_list = numbers;
  return 1;
}

/* The output first: it decides the rate of the stream. The input may run at another one. */
static int32_t open_devices(struct pair *pair, const struct device *device, const struct device_ops *const ops[2]) {
  for (int direction = DEVICE_OUTPUT; direction >= DEVICE_INPUT; direction--) {
    struct device *own = &pair->devices[direction];
    double *config = pair->configs[direction];
    if (!configure(config, &pair->lists[direction], device->config, device->list, direction))
      return error_set(PS_ERR_MEMORY, 0, "no memory for two devices");
    pair->hosts[direction] =
        (struct device_host){.callback = direction == DEVICE_INPUT ? input_callback : output_callback,
                             .ready = direction == DEVICE_INPUT ? input_ready : output_ready,
                             .silent = silent,
                             .outer = device->host};
    *own = (struct device){.ops = ops[direction],
                           .host = &pair->hosts[direction],
                           .partner = direction == DEVICE_INPUT ? convert_inner(&pair->devices[DEVICE_OUTPUT]) : NULL,
                           .config = config,
                           .list = pair->lists[direction],
                           .texts = device->texts};
    if (direction == DEVICE_INPUT) {
      config[PS_CONFIG_SAMPLE_RATE] = pair->rate;
      config[PS_CONFIG_DEVICE_RATE] = 0;
    }
    int32_t status = convert_open(own);
    if (status < 0 && direction == DEVICE_INPUT) pair->devices[DEVICE_OUTPUT].ops->close(&pair->devices[DEVICE_OUTPUT]);
    if (status < 0) return status;
    if (direction == DEVICE_OUTPUT) pair->rate = own->actual[PS_ACTUAL_SAMPLE_RATE];
  }
  return PS_OK;
}

/* What has to be there so that no callback finds too little: a block of each device, what the filter reaches ahead, and
 * something for callbacks that come late. */
static int32_t make_buffers(struct pair *pair) {
  struct device *in = &pair->devices[DEVICE_INPUT], *out = &pair->devices[DEVICE_OUTPUT];
  pair->input_rate = in->actual[PS_ACTUAL_SAMPLE_RATE];
  pair->channels = device_channels(in, DEVICE_INPUT);
  pair->format = device_format(in, DEVICE_INPUT);
  pair->frame_bytes = (size_t)pair->channels * format_bytes(pair->format);
  const struct resampler_setup setup = {.in_rate = pair->input_rate,
                                        .out_rate = pair->rate,
                                        .channels = pair->channels,
                                        .in_format = pair->format,
                                        .out_format = pair->format,
                                        .varies = 1};
  int32_t status = resampler_new(&setup, &pair->resampler);
  if (status < 0) return status;
  double seconds = in->actual[PS_ACTUAL_INPUT_LATENCY] + JITTER;
  double block = out->actual[PS_ACTUAL_BLOCK_SIZE] / pair->rate, latency = out->actual[PS_ACTUAL_OUTPUT_LATENCY];
  seconds += block > latency ? block : latency;
  double target = ceil(seconds * pair->input_rate) + (double)resampler_reach(pair->resampler) + 256;
  pair->target = target;
  pair->ring = ring_create(pair->frame_bytes, (size_t)target + 2 * ROOM + 2 * BLOCK_MOST);
  pair->input = malloc(pair->frame_bytes * BLOCK_MOST);
  return pair->ring && pair->input ? PS_OK : error_set(PS_ERR_MEMORY, 0, "no memory for two devices");
}

static void fill_actual(struct device *device, const struct pair *pair) {
  const struct device *in = &pair->devices[DEVICE_INPUT], *out = &pair->devices[DEVICE_OUTPUT];
  memcpy(device->actual, out->actual, sizeof device->actual);
  device->actual[PS_ACTUAL_INPUT_DEVICE] = in->actual[PS_ACTUAL_INPUT_DEVICE];
  device->actual[PS_ACTUAL_INPUT_CHANNELS] = in->actual[PS_ACTUAL_INPUT_CHANNELS];
  device->actual[PS_ACTUAL_INPUT_LATENCY] = pair->target / pair->input_rate;
  device->actual[PS_ACTUAL_INPUT_RATE] = in->actual[PS_ACTUAL_DEVICE_RATE];
  device->may_pause = in->may_pause > out->may_pause ? in->may_pause : out->may_pause;
}

int32_t pair_open(struct device *device, const struct device_ops *const ops[2]) {
  struct pair *pair = calloc(1, sizeof *pair);
  if (!pair) return error_set(PS_ERR_MEMORY, 0, "no memory for two devices");
  pair->outer = device->host;
  pair->simulated = device->config[PS_CONFIG_VIRTUAL_SIMULATED] != 0;
  int32_t status = open_devices(pair, device, ops);
  if (status >= 0) {
    status = make_buffers(pair);
    for (int i = 0; i < 2 && status < 0; i++) pair->devices[i].ops->close(&pair->devices[i]);
  }
  if (status < 0) {
    free_pair(pair);
    return status;
  }
  fill_actual(device, pair);
  device->ops = &device_pair;
  device->state = pair;
  return PS_OK;
}

int32_t pair_check(const struct device_ops *const ops[2], const double *config, const double *list) {
  int32_t status = PS_OK;
  for (int i = 0; i < 2 && status >= 0; i++) {
    double own[PS_CONFIG_SIZE], *own_list;
    if (!configure(own, &own_list, config, list, i)) return error_set(PS_ERR_MEMORY, 0, "no memory for two devices");
    status = convert_check(ops[i], own, own_list);
    free(own_list);
  }
  return status;
}

static int32_t pair_start(struct device *device) {
  struct pair *pair = device->state;
  resampler_restart(pair->resampler);
  ring_flush(pair->ring);
  pair->taken = pair->since = 0;
  pair->running = 0;
  pair->overflows_seen = 0;
  atomic_store(&pair->overflows, 0);
  atomic_store(&pair->slips, 0);
  pair->arrival.first_time = 0;
  resampler_set_drift(pair->resampler, 0);
  note_arrival(pair, 0, os_time(), pair->input_rate);
  int32_t status = pair->devices[DEVICE_INPUT].ops->start(&pair->devices[DEVICE_INPUT]);
  if (status < 0) return status;
  status = pair->devices[DEVICE_OUTPUT].ops->start(&pair->devices[DEVICE_OUTPUT]);
  if (status < 0) pair->devices[DEVICE_INPUT].ops->abort(&pair->devices[DEVICE_INPUT]);
  return status;
}

static int32_t pair_stop(struct device *device) {
  struct pair *pair = device->state;
  int32_t status = pair->devices[DEVICE_OUTPUT].ops->stop(&pair->devices[DEVICE_OUTPUT]);
  pair->devices[DEVICE_INPUT].ops->abort(&pair->devices[DEVICE_INPUT]);
  return status;
}

static int32_t pair_abort(struct device *device) {
  struct pair *pair = device->state;
  int32_t status = pair->devices[DEVICE_OUTPUT].ops->abort(&pair->devices[DEVICE_OUTPUT]);
  int32_t other = pair->devices[DEVICE_INPUT].ops->abort(&pair->devices[DEVICE_INPUT]);
  return status < 0 ? status : other;
}

static void pair_close(struct device *device) {
  struct pair *pair = device->state;
  if (!pair) return;
  for (int i = 0; i < 2; i++) pair->devices[i].ops->close(&pair->devices[i]);
  free_pair(pair);
  device->state = NULL;
}

static int pair_active(struct device *device) {
  struct pair *pair = device->state;
  return pair->devices[0].ops->active(&pair->devices[0]) && pair->devices[1].ops->active(&pair->devices[1]);
}

static int pair_update(struct device *device) {
  struct pair *pair = device->state;
  int changed = 0;
  for (int i = 0; i < 2; i++) {
    struct device *own = &pair->devices[i];
    if (!own->ops->update || !own->ops->update(own)) continue;
    device->actual[PS_ACTUAL_INPUT_DEVICE + i] = own->actual[PS_ACTUAL_INPUT_DEVICE + i];
    if (i == DEVICE_OUTPUT) device->actual[PS_ACTUAL_OUTPUT_LATENCY] = own->actual[PS_ACTUAL_OUTPUT_LATENCY];
    changed = 1;
  }
  return changed;
}

static int pair_answers(struct device *device) {
  struct pair *pair = device->state;
  int answers = 1;
  for (int i = 0; i < 2; i++) {
    struct device *own = &pair->devices[i];
    if (own->may_pause > 0) answers = answers && own->ops->answers(own);
  }
  return answers;
}

static const char *pair_loss(struct device *device) {
  struct pair *pair = device->state;
  const char *loss = NULL;
  for (int i = 0; i < 2 && !loss; i++)
    if (pair->devices[i].ops->loss) loss = pair->devices[i].ops->loss(&pair->devices[i]);
  return loss;
}

static double pair_time(struct device *device) {
  struct pair *pair = device->state;
  return pair->devices[DEVICE_OUTPUT].ops->time(&pair->devices[DEVICE_OUTPUT]);
}

static double pair_cpu_load(struct device *device) {
  struct pair *pair = device->state;
  return pair->devices[DEVICE_OUTPUT].ops->cpu_load(&pair->devices[DEVICE_OUTPUT]);
}

struct pair_state pair_state(const struct device *device) {
  const struct pair *pair = device->state;
  return (struct pair_state){.fill = atomic_load_explicit(&pair->fill, RELAXED),
                             .target = pair->target,
                             .drift = atomic_load_explicit(&pair->ppm, RELAXED),
                             .slips = atomic_load_explicit(&pair->slips, RELAXED)};
}

const struct device_ops device_pair = {
    .start = pair_start,
    .stop = pair_stop,
    .abort = pair_abort,
    .close = pair_close,
    .active = pair_active,
    .update = pair_update,
    .answers = pair_answers,
    .loss = pair_loss,
    .time = pair_time,
    .cpu_load = pair_cpu_load,
};
