/* Which device, sample format, channels and buffers a configuration means. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/pulse/state.h"
#include "engine/format.h"

#define CHANNELS_DEFAULT 2
#define RATE_MAX 384000
#define LATENCY_LEAST 0.002
#define LATENCY_MOST 8.0
#define REQUESTS 4          /* output: the server asks for this part of the buffer at a time, */
#define REQUESTS_LARGE 3    /* and, for fewer wake-ups, for this part of a large one, where there is no input */
#define LATENCY_LARGE 0.045 /* seconds, of a large one */
#define BLOCKS 2.5          /* of a length that was asked for, that a buffer holds at least */
#define BLOCK_MOST 4096

static const char *const direction_names[2] = {"input", "output"};

static int sample_format(int32_t format) {
  switch (format) {
    case PS_FORMAT_INT32: return PULSE_S32LE;
    case PS_FORMAT_INT24: return PULSE_S24LE;
    case PS_FORMAT_INT16: return PULSE_S16LE;
    case PS_FORMAT_INT8:
    case PS_FORMAT_UINT8: return PULSE_U8;
    default: return PULSE_FLOAT32LE;
  }
}

/* The entry of what is configured. The default is left to the server, and looked up for its channels and rate. */
static int32_t find_entry(struct pulse_side *side, double configured, int direction, struct pulse_entry *entry) {
  side->follows_default = configured == PS_DEVICE_DEFAULT;
  int32_t number = side->follows_default ? pulse_list_default(direction) : (int32_t)configured;
  if (!pulse_list_get(number, entry)) {
    if (side->follows_default)
      return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "PulseAudio has no default %s device", direction_names[direction]);
    return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "PulseAudio has no device %d", (int)number);
  }
  if (entry->direction != direction)
    return error_set(PS_ERR_PORTAUDIO, PULSE_INVALID_CHANNEL_COUNT, "%s has no %s channels", entry->description,
                     direction_names[direction]);
  text_copy(entry->name, side->device, sizeof side->device);
  return PS_OK;
}

/* As many channels as the device has keep its order; one is mixed from and to all of them by the server. */
static int32_t set_channels(struct pulse_side *side, const struct pulse_entry *entry, double configured) {
  int most = entry->map.channels;
  int channels = configured > 0 ? (int)configured : most < CHANNELS_DEFAULT ? most : CHANNELS_DEFAULT;
  if (channels < 1 || channels > most)
    return error_set(PS_ERR_PORTAUDIO, PULSE_INVALID_CHANNEL_COUNT, "%s has %d %s channels, which is not enough for %d",
                     entry->description, most, direction_names[entry->direction], channels);
  side->spec.channels = side->map.channels = (uint8_t)channels;
  memcpy(side->map.map, entry->map.map, sizeof side->map.map);
  if (channels == 1) side->map.map[0] = PULSE_CHANNEL_MONO;
  return PS_OK;
}

static uint32_t bytes_of(const struct pulse_side *side, double frames) {
  double bytes = round(frames < 1 ? 1 : frames) * (double)side->frame_bytes;
  return bytes > 1e9 ? 1000000000u : (uint32_t)bytes;
}

/* The lengths of the server's buffers. After an underflow they play on with the first frame that comes. */
static void set_buffers(struct pulse_device *pulse, struct pulse_side *side, int direction, double asked, int both) {
  double latency = asked >= 0 ? asked : asked == -1 ? PULSE_LATENCY_LOW : PULSE_LATENCY_HIGH;
  double block = pulse->exact ? (double)pulse->block : 0;
  if (latency < LATENCY_LEAST) latency = LATENCY_LEAST;
  if (latency > LATENCY_MOST) latency = LATENCY_MOST;
  double frames = latency * pulse->rate;
  if (direction == DEVICE_OUTPUT && both && asked < 0) frames -= frames / REQUESTS; /* which the input takes */
  if (direction == DEVICE_OUTPUT && frames < BLOCKS * block) frames = BLOCKS * block;
  double request = frames / (both || latency < LATENCY_LARGE ? REQUESTS : REQUESTS_LARGE);
  if (request < block) request = block;
  side->attr = (struct pulse_buffer_attr){
      .maxlength = PULSE_BY_SERVER,
      .tlength = bytes_of(side, frames),
      .prebuf = bytes_of(side, 1),
      .minreq = bytes_of(side, request),
      .fragsize = bytes_of(side, frames),
  };
  side->latency = frames / pulse->rate;
}

int32_t pulse_setup(struct pulse_device *pulse) {
  const double *config = pulse->device->config;
  pulse->rate = config[PS_CONFIG_SAMPLE_RATE];
  pulse->block = (size_t)config[PS_CONFIG_BLOCK_SIZE];
  pulse->exact = pulse->block > 0;
  for (int direction = DEVICE_OUTPUT; direction >= DEVICE_INPUT; direction--) {
    struct pulse_side *side = &pulse->sides[direction];
    struct pulse_entry entry;
    if (config[PS_CONFIG_INPUT_DEVICE + direction] == PS_DEVICE_NONE) continue;
    int32_t status = find_entry(side, config[PS_CONFIG_INPUT_DEVICE + direction], direction, &entry);
    if (status >= 0) status = set_channels(side, &entry, config[PS_CONFIG_INPUT_CHANNELS + direction]);
    if (status < 0) return status;
    if (pulse->rate == 0) pulse->rate = entry.rate;
    side->used = 1;
    int32_t format = (int32_t)config[PS_CONFIG_INPUT_FORMAT + direction];
    side->format = format;
    side->spec.format = sample_format(format);
    side->flip = format == PS_FORMAT_INT8;
    side->frame_bytes = side->spec.channels * format_bytes(format);
  }
  if (pulse->rate != floor(pulse->rate) || pulse->rate < 1 || pulse->rate > RATE_MAX)
    return error_set(PS_ERR_PORTAUDIO, PULSE_INVALID_SAMPLE_RATE,
                     "PulseAudio takes sample rates of whole numbers up to %d, not %g", RATE_MAX, pulse->rate);
  for (int direction = 0; direction < 2; direction++) {
    struct pulse_side *side = &pulse->sides[direction];
    if (!side->used) continue;
    side->spec.rate = (uint32_t)pulse->rate;
    int both = pulse->sides[!direction].used;
    set_buffers(pulse, side, direction, config[PS_CONFIG_INPUT_LATENCY + direction], both);
    if (both) side->attr.fragsize = bytes_of(side, side->latency * pulse->rate / REQUESTS);
    size_t request = (direction == DEVICE_OUTPUT ? side->attr.minreq : side->attr.fragsize) / side->frame_bytes;
    if (!pulse->exact && (pulse->block == 0 || request < pulse->block)) pulse->block = request;
  }
  if (!pulse->exact && pulse->block > BLOCK_MOST) pulse->block = BLOCK_MOST;
  for (int direction = 0; direction < 2; direction++) {
    struct pulse_side *side = &pulse->sides[direction];
    if (side->used && !(side->block = calloc(pulse->block, side->frame_bytes)))
      return error_set(PS_ERR_MEMORY, 0, "no memory for a block of %zu frames", pulse->block);
  }
  return PS_OK;
}
