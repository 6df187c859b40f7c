/* A device of PortAudio. What blocks is a call on PortAudio's thread (thread.h). If such a call hangs, the device is
 * left to that thread: no callback of it reaches the host any more, and it is closed if the call ever ends. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "device/portaudio/instance.h"
#include "device/portaudio/list.h"
#include "device/portaudio/state.h"

#define OPEN_SECONDS 10.0 /* opening, starting: some devices have to be woken */
#define IDLE_SECONDS 5.0  /* in which PortAudio's thread only waits (thread.h) */
#define CALL_SECONDS 3.0  /* stopping, closing */
#define LOST_SECONDS 0.25 /* the same of a device that is lost: it takes milliseconds, or hangs */
#define PLAY_OUT_POLL 0.002
#define PLAY_OUT_EXTRA 1.0 /* seconds beyond twice the time that the rest should take until it must have been heard */
#define LEAD_IN 0.02       /* seconds: ALSA's plugin for PulseAudio loses up to 450 frames when a stream starts */
#define REVIVALS_MOST 4    /* of a stream that stops by itself, one after the other, */
#define REVIVAL_HOLDS 3.0  /* which is when it lasts less than so many seconds */
#define REVIVAL_SECONDS 1.0
#define REVIVAL_LATENCY 0.04 /* of a stream that was revived at least; and as far as it is made longer */
#define REVIVAL_LATENCY_MOST 0.3
#define SERVER_PAUSE 4.0   /* a sound server under ALSA may fill a buffer of 2 s first, and then be silent for longer */
#define ANSWER_SECONDS 0.6 /* more than it takes a sound server that has time for nothing else */
#define WRAPPED_FRAMES 0x1p32
#define CLOCK_STEP 1.0 /* seconds by which a clock goes back only if it was set back */

/* After it no callback reaches the host. */
static void close_gate(struct portaudio_device *device) {
  atomic_store(&device->gate, 0);
  while (atomic_load(&device->inside)) os_sleep(100e-6);
}

/* -------------------------------------------------------------------- calls */

static void release(struct portaudio_device *device) {
  if (atomic_fetch_sub(&device->uses, 1) > 1) return;
  for (int i = 0; i < 2; i++) portaudio_unhold(&device->held[i]);
  portaudio_setup_free(&device->setup);
  os_mutex_destroy(&device->lock);
  portaudio_leave(device->api);
  free(device);
}

static int host_api_of(const struct portaudio_device *device) {
  const struct portaudio_side *side = &device->setup.sides[device->setup.sides[0].used ? 0 : 1];
  const struct pa_device_info *info = device->api->get_device_info(side->parameters.device);
  return device->api->get_host_api_info(info->host_api)->type;
}

struct close {
  const struct portaudio_api *api;
  struct pa_stream *stream;
  int result;
};

static void close_stream(void *argument) {
  struct close *close = argument;
  close->result = close->api->close_stream(close->stream);
}

static int run_close(struct portaudio_device *device) {
  const struct portaudio_api *api = device->api;
  os_mutex_lock(&device->lock);
  struct pa_stream *open = device->open;
  device->open = NULL;
  os_mutex_unlock(&device->lock);
  if (host_api_of(device) != PA_JACK) return api->close_stream(open);
  /* An assertion of PortAudio fails when a stream is closed whose JACK server is gone. A stream that can be started has
   * one; the other is left open, and keeps the device, which is the argument of its callbacks. */
  if (api->is_stream_stopped(open) != 1) api->abort_stream(open);
  struct close close = {.api = api, .stream = open, .result = api->start_stream(open)};
  if (close.result == PA_NO_ERROR && !os_survive_abort(close_stream, &close)) return close.result;
  atomic_fetch_add(&device->uses, 1);
  return close.result;
}

/* What PortAudio returns for a device whose sound server is not there is not what it says: JACK's code finds no memory
 * where no client can be made, ALSA's takes whatever keeps a device from being opened for a wrong combination. */
static int is_server_gone(int host_api, int result) {
  return (host_api == PA_JACK && result == PA_INSUFFICIENT_MEMORY) ||
         (host_api == PA_ALSA && result == PA_BAD_DEVICE_COMBINATION);
}

static int32_t server_gone(const struct portaudio_device *own, int result) {
  if (host_api_of(own) == PA_JACK)
    return error_set(PS_ERR_PORTAUDIO, result, "opening the stream: the JACK server does not answer");
  const struct portaudio_side *side = &own->setup.sides[own->setup.sides[DEVICE_INPUT].used ? 0 : 1];
  return error_set(PS_ERR_PORTAUDIO, result,
                   "opening the stream: ALSA cannot open %s; the sound server behind it does not answer, or the device "
                   "is gone or in use",
                   own->api->get_device_info(side->parameters.device)->name);
}

static const char *const doing[] = {
    [CALL_OPEN] = "opening the stream",   [CALL_START] = "starting the stream", [CALL_STOP] = "stopping the stream",
    [CALL_ABORT] = "aborting the stream", [CALL_CLOSE] = "closing the stream",
};

static int32_t run(struct portaudio_call *call) {
  struct portaudio_device *device = (struct portaudio_device *)call;
  const struct portaudio_api *api = device->api;
  struct pa_stream *open = device->open;
  int result = PA_NO_ERROR;
  switch (device->what) {
    case CALL_OPEN: result = portaudio_setup_open(&device->setup, api, &open, portaudio_callback, device); break;
    case CALL_START: result = api->start_stream(open); break;
    case CALL_STOP: result = api->is_stream_stopped(open) == 1 ? PA_NO_ERROR : api->stop_stream(open); break;
    case CALL_ABORT: result = api->is_stream_stopped(open) == 1 ? PA_NO_ERROR : api->abort_stream(open); break;
    case CALL_CLOSE: result = run_close(device); break;
  }
  if (device->what == CALL_OPEN && is_server_gone(host_api_of(device), result)) return server_gone(device, result);
  if (device->what == CALL_OPEN && result == PA_NO_ERROR) {
    device->open = open;
    atomic_store(&device->clock_offset, api->get_stream_time(open) - os_time());
  }
  return result == PA_NO_ERROR ? PS_OK : portaudio_error(api, result, doing[device->what]);
}

/* A call that was given up has ended. */
static void run_late(struct portaudio_call *call) {
  struct portaudio_device *device = (struct portaudio_device *)call;
  if (!device->open) {
    release(device);
    return;
  }
  device->what = CALL_CLOSE;
  call->limit = CALL_SECONDS;
  portaudio_post(call);
}

/* What a device of a host API waits for in vain. */
static const char *silent_server(int host_api) {
  switch (host_api) {
    case PA_JACK: return "the JACK server does not answer";
    case PA_ALSA: return "the sound server behind the ALSA device does not answer, or the device hangs";
    default: return "the device does not answer";
  }
}

static int32_t make_call(struct portaudio_device *device, int what, double seconds) {
  device->what = what;
  device->call.limit = seconds;
  device->call.idle = IDLE_SECONDS;
  atomic_fetch_add(&device->uses, 1);
  int32_t status = portaudio_call(&device->call);
  if (status == PORTAUDIO_HUNG) {
    device->hung = device->lost = 1;
    if (ps_error_number(PS_ERROR_CODE) != PA_TIMED_OUT) return PS_ERR_PORTAUDIO;
    return error_set(PS_ERR_PORTAUDIO, PA_TIMED_OUT, "%s: %s", doing[what], silent_server(host_api_of(device)));
  }
  release(device);
  return status;
}

/* ------------------------------------------------------------------- device */

/* PortAudio takes the period off a latency of JACK, an unsigned number of frames: PipeWire, which gives none, is then
 * said to have 2^32 frames less a period. What it has is that period. */
static double latency_of(const struct portaudio_device *own, double seconds) {
  double period = WRAPPED_FRAMES / own->setup.sample_rate - seconds;
  return host_api_of(own) == PA_JACK && seconds > period ? period : seconds;
}

static void fill_actual(struct device *device, const struct portaudio_device *own) {
  const struct pa_stream_info *info = own->api->get_stream_info(own->open);
  double *actual = device->actual;
  for (int side = 0; side < 2; side++) {
    const struct portaudio_side *from = &own->setup.sides[side];
    actual[PS_ACTUAL_INPUT_DEVICE + side] = from->used ? from->parameters.device : PS_DEVICE_NONE;
    actual[PS_ACTUAL_INPUT_CHANNELS + side] = from->used ? from->parameters.channel_count : 0;
  }
  actual[PS_ACTUAL_SAMPLE_RATE] = info && info->sample_rate > 0 ? info->sample_rate : own->setup.sample_rate;
  actual[PS_ACTUAL_BLOCK_SIZE] = (double)own->setup.block_size;
  actual[PS_ACTUAL_INPUT_LATENCY] = info && own->setup.sides[0].used ? latency_of(own, info->input_latency) : 0;
  actual[PS_ACTUAL_OUTPUT_LATENCY] = info && own->setup.sides[1].used ? latency_of(own, info->output_latency) : 0;
  int host_api = host_api_of(own);
  device->may_pause = host_api == PA_ALSA || host_api == PA_PULSE_AUDIO ? SERVER_PAUSE : 0;
}

/* Whether a host API plays what its buffer holds when the callback completes. PortAudio's code of the others stops the
 * device at once, whatever its documentation says of paComplete. */
static int plays_out(int host_api) {
  return host_api == PA_JACK || host_api == PA_DIRECT_SOUND || host_api == PA_MME || host_api == PA_ASIO;
}

static int32_t open_device(struct device *device) {
  const struct portaudio_api *api;
  int32_t status = portaudio_use(&api);
  if (status < 0) return status;
  struct portaudio_device *own = calloc(1, sizeof *own);
  if (!own) {
    portaudio_leave(api);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a device");
  }
  own->call.run = run;
  own->call.late = run_late;
  own->uses = 1;
  own->api = api;
  own->host = device->host;
  own->output_format = device_format(device, DEVICE_OUTPUT);
  os_mutex_init(&own->lock);
  status = portaudio_setup_held(api, device->config);
  if (status >= 0) status = portaudio_setup_init(&own->setup, api, device->config, device->list);
  if (status >= 0) status = make_call(own, CALL_OPEN, OPEN_SECONDS);
  if (status < 0) {
    release(own);
    return status;
  }
  for (int i = 0; i < 2; i++)
    if (own->setup.sides[i].used) portaudio_hold(&own->held[i], api, own->setup.sides[i].parameters.device);
  fill_actual(device, own);
  own->plays_out = plays_out(host_api_of(own));
  own->latency = device->actual[PS_ACTUAL_OUTPUT_LATENCY];
  device->state = own;
  return PS_OK;
}

static int32_t lost_before(void) {
  return error_set(PS_ERR_DEVICE_LOST, 0, "the device was lost before: close the stream");
}

static int is_active(const struct portaudio_device *own) {
  return !own->hung && own->api->is_stream_active(own->open) == 1;
}

/* The silence before the host is called, and the gate open. */
static int32_t start_once(struct portaudio_device *own, double seconds) {
  own->lead_in = host_api_of(own) == PA_ALSA && own->setup.sides[DEVICE_OUTPUT].used ? LEAD_IN : 0;
  atomic_store(&own->gate, 1);
  int32_t status = make_call(own, CALL_START, seconds);
  if (status < 0) close_gate(own);
  return status;
}

static int32_t start(struct device *device) {
  struct portaudio_device *own = device->state;
  if (own->lost) return lost_before();
  atomic_store(&own->completed, 0);
  atomic_store(&own->heard_at, 0);
  atomic_store(&own->called, 0);
  own->revivals = own->revived = 0;
  return start_once(own, OPEN_SECONDS);
}

/* The same stream again, with buffers of twice the length. */
static int32_t reopen(struct device *device) {
  struct portaudio_device *own = device->state;
  close_gate(own);
  make_call(own, CALL_CLOSE, LOST_SECONDS);
  if (own->hung) return lost_before();
  for (int i = 0; i < 2; i++) {
    double *latency = &own->setup.sides[i].parameters.suggested_latency;
    if (*latency < REVIVAL_LATENCY_MOST) *latency = fmax(2 * *latency, REVIVAL_LATENCY);
  }
  int32_t status = make_call(own, CALL_OPEN, REVIVAL_SECONDS);
  if (status < 0) return status;
  fill_actual(device, own);
  own->latency = device->actual[PS_ACTUAL_OUTPUT_LATENCY];
  own->reopened = own->revived = 1;
  return start_once(own, REVIVAL_SECONDS);
}

/* PortAudio's ALSA code asks each direction for its delay, and takes any error for the end of the stream. The plugin
 * for PulseAudio returns one as long as its server has not told the delay: at the start and after an underflow, where
 * that takes longer than a short buffer lasts, as it does where the server converts the rate. */
static int revive(struct device *device) {
  struct portaudio_device *own = device->state;
  if (own->hung || host_api_of(own) != PA_ALSA) return 0;
  double now = os_time();
  if (now > own->revived_at + REVIVAL_HOLDS) own->revivals = 0;
  own->revived_at = now;
  if (own->revivals++ == REVIVALS_MOST) return 0;
  own->lost = reopen(device) < 0;
  return !own->lost;
}

/* Whether callbacks should be coming, and do not. */
static int is_lost(struct portaudio_device *own) {
  if (own->hung) return 1;
  if (!atomic_load(&own->gate) || atomic_load(&own->completed)) return 0;
  return !is_active(own) || own->host->silent(own->host);
}

static int32_t abort_device(struct device *device) {
  struct portaudio_device *own = device->state;
  if (is_lost(own)) own->lost = 1;
  close_gate(own);
  return own->hung ? lost_before() : make_call(own, CALL_ABORT, own->lost ? LOST_SECONDS : CALL_SECONDS);
}

/* Waits until the callback has completed and all was heard, which is when PortAudio calls the stream inactive: its
 * own waiting for that, in Pa_StopStream, would keep other streams waiting too. Returns 0 if that does not happen, or
 * is not wanted any more. */
static int play_out(struct portaudio_device *own) {
  double latest = 0;
  while (is_active(own)) {
    if (is_lost(own) || device_aborting(own->host)) return 0;
    double now = os_time();
    if (atomic_load(&own->completed) && latest == 0) {
      double left = atomic_load(&own->heard_at) - now;
      latest = now + 2 * (left > own->latency ? left : own->latency) + PLAY_OUT_EXTRA;
    }
    if (latest != 0 && now > latest) return 0;
    os_sleep(PLAY_OUT_POLL);
  }
  return !is_lost(own);
}

static int32_t stop(struct device *device) {
  struct portaudio_device *own = device->state;
  if (!play_out(own)) return abort_device(device);
  int32_t status = make_call(own, CALL_STOP, CALL_SECONDS);
  close_gate(own);
  return status;
}

static void close_device(struct device *device) {
  struct portaudio_device *own = device->state;
  if (!own) return;
  device->state = NULL;
  close_gate(own);
  if (!own->hung) make_call(own, CALL_CLOSE, CALL_SECONDS);
  release(own);
}

static int update(struct device *device) {
  struct portaudio_device *own = device->state;
  int changed = own->reopened;
  own->reopened = 0;
  return changed;
}

/* What PortAudio is asked for here takes it milliseconds, even in the longest pause of a sound server that lives. */
static int answers(struct device *device) {
  struct portaudio_device *own = device->state;
  own->mute = portaudio_check(device->config, device->list, ANSWER_SECONDS) == PORTAUDIO_HUNG;
  return !own->mute;
}

static int active(struct device *device) { return is_active(device->state); }

static const char *loss(struct device *device) {
  struct portaudio_device *own = device->state;
  int stopped = !is_active(own);
  switch (host_api_of(own)) {
    case PA_JACK:
      return stopped ? "the JACK server has ended, or has closed the connection"
                     : "the JACK server does not call its clients any more";
    case PA_ALSA:
      if (own->mute) return "the sound server behind the ALSA device does not answer";
      if (!stopped) return NULL;
      return "ALSA has stopped the stream, as it does when a device is removed or the sound server behind it ends; "
             "where the machine was too busy a longer latency helps, and, where ALSA is a way to PulseAudio or "
             "PipeWire, their own devices (host API PulseAudio)";
    default: return NULL;
  }
}

/* Reckoned from the last callback: Pa_GetStreamTime may wait for a sound server. */
static double stream_time(struct device *device) {
  struct portaudio_device *own = device->state;
  os_mutex_lock(&own->lock);
  double time = os_time() + atomic_load(&own->clock_offset);
  /* Callbacks come sooner or later after the moment they are told; that does not turn time back. */
  if (time < own->last_time && time > own->last_time - CLOCK_STEP) time = own->last_time;
  own->last_time = time;
  os_mutex_unlock(&own->lock);
  return time;
}

static double cpu_load(struct device *device) {
  struct portaudio_device *own = device->state;
  os_mutex_lock(&own->lock);
  double load = own->open ? own->api->get_stream_cpu_load(own->open) : 0;
  os_mutex_unlock(&own->lock);
  return load;
}

static int32_t check_settings(const double *config, const double *list) {
  int32_t status = portaudio_check(config, list, CHECK_SECONDS);
  return status == PORTAUDIO_HUNG ? PS_ERR_PORTAUDIO : status;
}

const struct device_ops device_portaudio = {
    .count = portaudio_count,
    .info = portaudio_info,
    .host_api = portaudio_host_api,
    .default_device = portaudio_default_device,
    .refresh = portaudio_refresh,
    .watch = portaudio_watch,
    .check = check_settings,
    .open = open_device,
    .start = start,
    .stop = stop,
    .abort = abort_device,
    .close = close_device,
    .active = active,
    .revive = revive,
    .update = update,
    .answers = answers,
    .loss = loss,
    .time = stream_time,
    .cpu_load = cpu_load,
};
