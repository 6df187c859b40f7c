#include "device/portaudio/setup.h"

#include <stddef.h>
#include <stdlib.h>

#include "device/portaudio/instance.h"
#include "device/portaudio/list.h"
#include "pastream.h"

#define CHANNELS_DEFAULT 2 /* at most: some devices claim 32 or 128 */

static const char *const side_names[2] = {"input", "output"};

static unsigned long sample_format(int32_t format) {
  switch (format) {
    case PS_FORMAT_INT32: return PA_INT32;
    case PS_FORMAT_INT24: return PA_INT24;
    case PS_FORMAT_INT16: return PA_INT16;
    case PS_FORMAT_INT8: return PA_INT8;
    case PS_FORMAT_UINT8: return PA_UINT8;
    default: return PA_FLOAT32;
  }
}

static int32_t find_device(const struct portaudio_api *api, double configured, int side, int *device) {
  *device = (int)configured;
  if (configured == PS_DEVICE_DEFAULT) {
    *device = portaudio_choose_default(api, side);
    if (*device < 0) return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "there is no default %s device", side_names[side]);
  }
  if (*device >= api->get_device_count())
    return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "there is no device %d", *device);
  return PS_OK;
}

static int32_t find_channels(const struct pa_device_info *info, double configured, int side, int *channels) {
  int most = side ? info->max_output_channels : info->max_input_channels;
  *channels = configured > 0 ? (int)configured : most < CHANNELS_DEFAULT ? most : CHANNELS_DEFAULT;
  if (*channels >= 1 && *channels <= most) return PS_OK;
  if (most < 1)
    return error_set(PS_ERR_PORTAUDIO, PA_INVALID_CHANNEL_COUNT, "%s has 0 %s channels", info->name, side_names[side]);
  return error_set(PS_ERR_PORTAUDIO, PA_INVALID_CHANNEL_COUNT, "%s has %d %s channel%s, which is not enough for %d",
                   info->name, most, side_names[side], PLURAL(most), *channels);
}

/* Settings that only one host API knows. */
static int32_t set_host(struct portaudio_side *side, const struct portaudio_api *api, int host_api, int32_t kind,
                        int32_t flags, const double *map, int32_t map_size) {
  static const struct {
    const char *name;
    int type;
  } kinds[] = {
      [PS_HOST_ASIO] = {"ASIO", PA_ASIO},
      [PS_HOST_WASAPI] = {"WASAPI", PA_WASAPI},
      [PS_HOST_COREAUDIO] = {"Core Audio", PA_CORE_AUDIO},
  };
  const struct pa_host_api_info *info = api->get_host_api_info(host_api);
  if (info->type != kinds[kind].type)
    return error_set(PS_ERR_ARGUMENT, 0, "settings of %s for a device of %s", kinds[kind].name, info->name);
  side->channel_map = malloc(sizeof *side->channel_map * ((size_t)map_size + 1));
  if (!side->channel_map) return error_set(PS_ERR_MEMORY, 0, "no memory for a channel map");
  for (int32_t i = 0; i < map_size; i++) side->channel_map[i] = (int32_t)map[i];

  unsigned long size = sizeof side->settings.asio, host_flags = 0;
  if (kind == PS_HOST_ASIO && map_size > 0) {
    /* Fewer selectors than channels would be read beyond their end. */
    if (map_size != side->parameters.channel_count)
      return error_set(PS_ERR_ARGUMENT, 0, "%d channel selectors for %d channels", (int)map_size,
                       side->parameters.channel_count);
    host_flags = PA_ASIO_USE_CHANNEL_SELECTORS;
    side->settings.asio.channel_selectors = side->channel_map;
  } else if (kind == PS_HOST_WASAPI) {
    size = sizeof side->settings.wasapi;
    if (flags & PS_WASAPI_EXCLUSIVE) host_flags |= PA_WASAPI_EXCLUSIVE;
    if (flags & PS_WASAPI_AUTO_CONVERT) host_flags |= PA_WASAPI_AUTO_CONVERT;
  } else if (kind == PS_HOST_COREAUDIO) {
    size = sizeof side->settings.mac_core;
    if (flags & PS_COREAUDIO_CHANGE_DEVICE) host_flags |= PA_MAC_CORE_CHANGE_DEVICE_PARAMETERS;
    if (flags & PS_COREAUDIO_FAIL_IF_CONVERSION) host_flags |= PA_MAC_CORE_FAIL_IF_CONVERSION_REQUIRED;
    if (map_size > 0) side->settings.mac_core.channel_map = side->channel_map;
    side->settings.mac_core.channel_map_size = (unsigned long)map_size;
  }
  side->settings.head = (struct pa_host_settings){size, kinds[kind].type, 1, host_flags};
  side->parameters.host_api_specific_stream_info = &side->settings;
  return PS_OK;
}

static int32_t set_endpoint(struct portaudio_setup *setup, const struct portaudio_api *api, const double *config,
                            const double *list, int number) {
  struct portaudio_side *side = &setup->sides[number];
  int device;
  int32_t status = find_device(api, config[PS_CONFIG_INPUT_DEVICE + number], number, &device);
  if (status < 0) return status;
  const struct pa_device_info *info = api->get_device_info(device);
  side->used = 1;
  side->parameters.device = device;
  status = find_channels(info, config[PS_CONFIG_INPUT_CHANNELS + number], number, &side->parameters.channel_count);
  if (status < 0) return status;
  side->parameters.sample_format = sample_format((int32_t)config[PS_CONFIG_INPUT_FORMAT + number]);
  double low = number ? info->default_low_output_latency : info->default_low_input_latency;
  double high = number ? info->default_high_output_latency : info->default_high_input_latency;
  double latency = config[PS_CONFIG_INPUT_LATENCY + number];
  side->parameters.suggested_latency = latency >= 0 ? latency : latency == -1 ? low : high;
  int32_t kind = (int32_t)config[PS_CONFIG_INPUT_HOST_SETTINGS + number];
  if (kind == 0) return PS_OK;
  return set_host(side, api, info->host_api, kind, (int32_t)config[PS_CONFIG_INPUT_HOST_FLAGS + number],
                  number ? list + (int32_t)config[PS_CONFIG_INPUT_CHANNEL_MAP] : list,
                  (int32_t)config[PS_CONFIG_INPUT_CHANNEL_MAP + number]);
}

int32_t portaudio_setup_held(const struct portaudio_api *api, const double *config) {
  for (const struct portaudio_lacking *lacking = portaudio_lacks(api); lacking; lacking = lacking->next) {
    const struct pa_device_info *there =
        lacking->number < api->get_device_count() ? api->get_device_info(lacking->number) : NULL;
    for (int i = 0; i < 2; i++) {
      double number = config[PS_CONFIG_INPUT_DEVICE + i];
      int wanted = number == lacking->number || (number == PS_DEVICE_DEFAULT && lacking->is_default[i]);
      if (!wanted || (there && (i ? there->max_output_channels : there->max_input_channels) > 0)) continue;
      return error_set(PS_ERR_PORTAUDIO, PA_DEVICE_UNAVAILABLE,
                       "opening the stream: another stream of this program uses the %s device %s", side_names[i],
                       lacking->name);
    }
  }
  return PS_OK;
}

int32_t portaudio_setup_init(struct portaudio_setup *setup, const struct portaudio_api *api, const double *config,
                             const double *list) {
  *setup = (struct portaudio_setup){.sample_rate = config[PS_CONFIG_SAMPLE_RATE],
                                    .block_size = (unsigned long)config[PS_CONFIG_BLOCK_SIZE],
                                    .flags = (unsigned long)config[PS_CONFIG_FLAGS]};
  for (int side = 1; side >= 0; side--) {
    if (config[PS_CONFIG_INPUT_DEVICE + side] == PS_DEVICE_NONE) continue;
    int32_t status = set_endpoint(setup, api, config, list, side);
    if (status < 0) return status;
    if (config[PS_CONFIG_SAMPLE_RATE] != 0) continue;
    /* Of two devices with different rates the output's is preferred. */
    double rate = api->get_device_info(setup->sides[side].parameters.device)->default_sample_rate;
    if (setup->sample_rate == 0)
      setup->sample_rate = rate;
    else if (setup->sample_rate != rate)
      setup->second_sample_rate = rate;
  }
  return PS_OK;
}

void portaudio_setup_free(struct portaudio_setup *setup) {
  free(setup->sides[0].channel_map);
  free(setup->sides[1].channel_map);
}

/* A side as PortAudio takes it. */
static const struct pa_stream_parameters *parameters(const struct portaudio_setup *setup, int side) {
  return setup->sides[side].used ? &setup->sides[side].parameters : NULL;
}

/* PortAudio takes only its own size of the settings of WASAPI: makes them those of the older one. 0 if they are. */
static int use_older_settings(struct portaudio_setup *setup) {
  const unsigned long alignment = sizeof(void *);
  const unsigned long older =
      (offsetof(struct pa_wasapi_stream_info, passthrough) + alignment - 1) / alignment * alignment;
  int changed = 0;
  for (int side = 0; side < 2; side++) {
    struct pa_host_settings *head = &setup->sides[side].settings.head;
    if (head->host_api_type != PA_WASAPI || head->size == older) continue;
    head->size = older;
    changed = 1;
  }
  return changed;
}

static int try_rate(struct portaudio_setup *setup, const struct portaudio_api *api, double rate) {
  int result;
  do {
    result = api->is_format_supported(parameters(setup, 0), parameters(setup, 1), rate);
  } while (result == PA_INCOMPATIBLE_STREAM_INFO && use_older_settings(setup));
  return result;
}

/* PA_NO_ERROR if the devices can do it. Settles the sample rate if there is a choice. */
static int find_supported(struct portaudio_setup *setup, const struct portaudio_api *api) {
  int result = try_rate(setup, api, setup->sample_rate);
  if (result == PA_NO_ERROR || setup->second_sample_rate == 0) return result;
  int second = try_rate(setup, api, setup->second_sample_rate);
  if (second == PA_NO_ERROR) setup->sample_rate = setup->second_sample_rate;
  return second == PA_NO_ERROR ? second : result;
}

int portaudio_setup_open(struct portaudio_setup *setup, const struct portaudio_api *api, struct pa_stream **stream,
                         pa_stream_callback *callback, void *argument) {
  /* Only for the choice: some host APIs can open what they do not say they support. */
  if (setup->second_sample_rate != 0) find_supported(setup, api);
  int result;
  do {
    result = api->open_stream(stream, parameters(setup, 0), parameters(setup, 1), setup->sample_rate, setup->block_size,
                              setup->flags, callback, argument);
  } while (result == PA_INCOMPATIBLE_STREAM_INFO && use_older_settings(setup));
  return result;
}

/* -------------------------------------------------------------------- check */

struct check {
  struct portaudio_call call;
  const struct portaudio_api *api;
  struct portaudio_setup setup;
};

static int32_t run_check(struct portaudio_call *call) {
  struct check *check = (struct check *)call;
  int result = find_supported(&check->setup, check->api);
  return result == PA_NO_ERROR ? PS_OK : portaudio_error(check->api, result, "opening the stream");
}

static void free_check(struct portaudio_call *call) {
  struct check *check = (struct check *)call;
  portaudio_setup_free(&check->setup);
  portaudio_leave(check->api);
  free(check);
}

int32_t portaudio_check(const double *config, const double *list, double seconds) {
  const struct portaudio_api *api;
  int32_t status = portaudio_use(&api);
  if (status < 0) return status;
  struct check *check = calloc(1, sizeof *check);
  if (!check) {
    portaudio_leave(api);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a call of PortAudio");
  }
  check->api = api;
  check->call = (struct portaudio_call){.run = run_check, .late = free_check, .limit = seconds, .idle = CHECK_IDLE};
  status = portaudio_setup_held(api, config);
  if (status >= 0) status = portaudio_setup_init(&check->setup, api, config, list);
  if (status >= 0) status = portaudio_call(&check->call);
  if (status != PORTAUDIO_HUNG) free_check(&check->call);
  return status;
}
