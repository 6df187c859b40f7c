#include "stream/reroute.h"

#include <stdlib.h>
#include <string.h>

#include "device/devices.h"
#include "engine/format.h"
#include "stream/device.h"

#define LOOK_SECONDS 3.0 /* for another device */
/* For a server that is started again: a device of ALSA taken meanwhile would be missing there, or lead to it. */
#define RETURN_SECONDS 1.0
#define AGAIN_SECONDS 0.1  /* between two looks */
#define NOTICE_SECONDS 0.3 /* between two looks for another default device, where the system gives notice, */
#define POLL_SECONDS 2.0   /* and where it does not */
#define ROOM_SECONDS 2.0   /* for a sink to take the silence of the hole */
#define ROOM_POLL 0.002
#define HOLE_BLOCK 4096 /* frames */

/* What the run needs of another device: its settings for one host API are not for the next. */
static void keep_run(struct stream *stream) {
  double *config = stream->config;
  for (int i = 0; i < 2; i++) {
    config[PS_CONFIG_INPUT_CHANNELS + i] = stream->actual[PS_ACTUAL_INPUT_CHANNELS + i];
    config[PS_CONFIG_INPUT_HOST_SETTINGS + i] = config[PS_CONFIG_INPUT_HOST_FLAGS + i] = 0;
    config[PS_CONFIG_INPUT_CHANNEL_MAP + i] = 0;
  }
  config[PS_CONFIG_SAMPLE_RATE] = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  config[PS_CONFIG_DEVICE_RATE] = 0;
  config[PS_CONFIG_CONVERSION] = PS_CONVERSION_AUTO;
  config[PS_CONFIG_FAULTS] = config[PS_CONFIG_VIRTUAL_RATES] = config[PS_CONFIG_VIRTUAL_SIMULATED] = 0;
  config[PS_CONFIG_INPUT_VIRTUAL_DRIFT] = config[PS_CONFIG_OUTPUT_VIRTUAL_DRIFT] = 0;
}

/* Whether it is up to the library to follow the default device of a direction. */
static int is_followed(const struct stream *stream, int direction) {
  return stream->config[PS_CONFIG_FOLLOW] != 0 &&
         stream->config[PS_CONFIG_INPUT_DEVICE + direction] == PS_DEVICE_DEFAULT &&
         !stream->backends[direction]->follows_default;
}

/* Whether that is another device now than the one on which the direction runs. */
static int has_moved(const struct stream *stream, int direction) {
  struct device_name now;
  device_default_name(direction, &now);
  return *now.text && memcmp(&now, &stream->device_names[direction], sizeof now) != 0;
}

int stream_default_moved(struct stream *stream) {
  struct following *following = &stream->following;
  int followed[2] = {is_followed(stream, 0), is_followed(stream, 1)};
  if (!followed[0] && !followed[1]) return 0;
  if (!following->watching) {
    *following = (struct following){.watching = 1, .version = devices_version(), .notices = ps_device_notices()};
    following->by_notice = ps_device_watch(1) > 0;
  }
  int32_t notices = ps_device_notices(), version = devices_version();
  double now = os_time(), pause = following->by_notice ? NOTICE_SECONDS : POLL_SECONDS;
  if (now > following->looked + pause && (!following->by_notice || notices != following->notices)) {
    following->looked = now;
    following->notices = notices;
    ps_device_refresh();
  }
  if (version == following->version) return 0;
  following->version = version;
  return (followed[0] && has_moved(stream, 0)) || (followed[1] && has_moved(stream, 1));
}

void stream_end_following(struct stream *stream) {
  if (stream->following.watching) ps_device_watch(0);
  stream->following.watching = 0;
}

/* Whether the run has been told to end. */
static int is_unwanted(struct stream *stream) {
  int found = atomic_load(&stream->host.aborting);
  os_mutex_lock(&stream->lock);
  for (int32_t i = 0; i < stream->queued; i++)
    found |= stream->queue[i] != PS_COMMAND_OPEN && stream->queue[i] != PS_COMMAND_START;
  os_mutex_unlock(&stream->lock);
  return found;
}

/* Only a direction whose device is not there any more goes to the default one. Where that makes no stream, both do. */
static int32_t open_other(struct stream *stream, const int *by_default) {
  int32_t status = PS_ERR_DEVICE_NOT_FOUND;
  for (int all = 0; all < 2 && status < 0; all++) {
    for (int i = 0; i < 2; i++) {
      double *device = &stream->config[PS_CONFIG_INPUT_DEVICE + i];
      if (stream->actual[PS_ACTUAL_INPUT_DEVICE + i] == PS_DEVICE_NONE) continue;
      int32_t there = all || by_default[i] ? PS_DEVICE_NONE : device_find(&stream->device_names[i], i);
      *device = there >= 0 ? there : PS_DEVICE_DEFAULT;
    }
    status = stream_open_device(stream);
  }
  return status;
}

/* Puts the frames of the hole through the engine. Returns 0 if a sink has no room for them. */
static int bridge(struct stream *stream, double seconds) {
  struct engine *engine = &stream->engine;
  int64_t left = (int64_t)(seconds * stream->actual[PS_ACTUAL_SAMPLE_RATE]);
  size_t samples = 2 * HOLE_BLOCK * (size_t)(engine->input.channels ? engine->input.channels : 1);
  void *silence = malloc(samples * format_bytes(engine->input.format));
  if (!silence) return 0;
  format_silence(engine->input.format, silence, samples);
  glitch_add(&engine->glitches, atomic_load(&engine->count), stream->last_time, PS_GLITCH_REROUTED, left);
  double latest = os_time() + ROOM_SECONDS;
  while (left > 0 && engine->result == CALLBACK_CONTINUE && os_time() < latest && !is_unwanted(stream)) {
    size_t done = engine_skip(engine, silence, left < HOLE_BLOCK ? (size_t)left : HOLE_BLOCK, stream->last_time);
    left -= (int64_t)done;
    if (done) continue;
    if (stream->writer) file_writer_wake(stream->writer);
    os_sleep(ROOM_POLL);
  }
  free(silence);
  return left == 0 || engine->result != CALLBACK_CONTINUE;
}

int stream_reroute(struct stream *stream, int moved) {
  double now = os_time(), rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  int by_default[2], has_output = stream->actual[PS_ACTUAL_OUTPUT_DEVICE] != PS_DEVICE_NONE;
  const struct device_ops *own[2] = {stream->backends[0], stream->backends[1]};
  for (int i = 0; i < 2; i++) by_default[i] = stream->config[PS_CONFIG_INPUT_DEVICE + i] == PS_DEVICE_DEFAULT;
  stream_leave_device(stream, moved && has_output); /* a device that is still there plays what it holds */
  struct anchor_values last = stream_anchor(stream);
  double lost = last.frames > 0 ? last.began + (double)last.frames / rate : now;
  keep_run(stream);
  for (;;) {
    int no_others = !moved && os_time() < now + RETURN_SECONDS;
    if (devices_refresh_for(own, no_others) && open_other(stream, by_default) >= 0) break;
    int unwanted = is_unwanted(stream), late = os_time() > now + LOOK_SECONDS;
    if (late && moved && !unwanted && open_other(stream, (int[2]){0, 0}) >= 0) break;
    if (late || unwanted) return 0;
    os_event_wait(&stream->wake, AGAIN_SECONDS);
  }
  engine_set_lag(&stream->engine, stream->device.input_lag);
  stream_callback_reset(stream);
  double hole = os_time() - lost;
  if (bridge(stream, hole > 0 ? hole : 0)) {
    stream_silence_reset(stream);
    if (stream_start_device(stream) >= 0) return 1;
  }
  stream_leave_device(stream, 0);
  return 0;
}
