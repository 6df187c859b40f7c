#include "stream/reroute.h"

#include <stdlib.h>

#include "device/devices.h"
#include "engine/format.h"
#include "stream/device.h"

#define LOOK_SECONDS 3.0  /* for another device */
#define AGAIN_SECONDS 0.1 /* between two looks */
#define ROOM_SECONDS 2.0  /* for a sink to take the silence of the hole */
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

int stream_reroute(struct stream *stream) {
  struct anchor_values last = stream_anchor(stream);
  double now = os_time(), rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  double lost = last.frames > 0 ? last.began + (double)last.frames / rate : now;
  int by_default[2];
  for (int i = 0; i < 2; i++) by_default[i] = stream->config[PS_CONFIG_INPUT_DEVICE + i] == PS_DEVICE_DEFAULT;
  stream_leave_device(stream);
  keep_run(stream);
  for (;;) {
    devices_refresh();
    if (open_other(stream, by_default) >= 0) break;
    if (is_unwanted(stream) || os_time() > now + LOOK_SECONDS) return 0;
    os_event_wait(&stream->wake, AGAIN_SECONDS);
  }
  engine_set_lag(&stream->engine, stream->device.input_lag);
  stream_callback_reset(stream);
  double hole = os_time() - lost;
  if (bridge(stream, hole > 0 ? hole : 0)) {
    stream_silence_reset(stream);
    if (stream_start_device(stream) >= 0) return 1;
  }
  stream_leave_device(stream);
  return 0;
}
