/* Lists of devices and host APIs: PortAudio's, and after them the virtual device with a host API of its own. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "device/config.h"
#include "device/portaudio/setup.h"
#include "stream/state.h"

#define VIRTUAL_HOST_API_TYPE 1000
#define VIRTUAL_CHANNELS 64
#define VIRTUAL_RATE 48000.0
#define VIRTUAL_LATENCY (256 / VIRTUAL_RATE) /* of its input: a block of its own choice */

/* How many devices and host APIs PortAudio has; none without PortAudio. */
static int32_t count_real(const struct portaudio_api **api, int32_t *devices, int32_t *host_apis) {
  *devices = *host_apis = 0;
  int32_t status = portaudio_use(api);
  if (status == PS_ERR_NO_PORTAUDIO) return PS_OK;
  if (status < 0) return status;
  *devices = (*api)->get_device_count();
  *host_apis = (*api)->get_host_api_count();
  if (*devices < 0 || *host_apis < 0)
    return error_set(PS_ERR_PORTAUDIO, *devices < 0 ? *devices : *host_apis, "listing the devices: %s",
                     (*api)->get_error_text(*devices < 0 ? *devices : *host_apis));
  return PS_OK;
}

static int32_t put(const double *values, int32_t count, const char *from, double *info, int32_t info_size, char *name,
                   int32_t name_size) {
  if (info_size < 0 || (info_size > 0 && !info)) return error_set(PS_ERR_ARGUMENT, 0, "no room for the numbers");
  for (int32_t i = 0; i < count && i < info_size; i++) info[i] = values[i];
  return text_copy(from, name, name_size);
}

int32_t ps_device_count(void) {
  const struct portaudio_api *api;
  int32_t devices, host_apis, status = count_real(&api, &devices, &host_apis);
  return status < 0 ? status : devices + 1;
}

int32_t ps_device_info(int32_t device, double *info, int32_t info_size, char *name, int32_t name_size) {
  const struct portaudio_api *api;
  int32_t devices, host_apis, status = count_real(&api, &devices, &host_apis);
  if (status < 0) return status;
  if (device < 0 || device > devices)
    return error_set(PS_ERR_ARGUMENT, 0, "there is no device %d, only 0 to %d", (int)device, (int)devices);
  if (device == devices) {
    const double values[PS_DEVICE_INFO_SIZE] = {
        [PS_DEVICE_HOST_API] = host_apis,
        [PS_DEVICE_MAX_INPUT_CHANNELS] = VIRTUAL_CHANNELS,
        [PS_DEVICE_MAX_OUTPUT_CHANNELS] = VIRTUAL_CHANNELS,
        [PS_DEVICE_DEFAULT_SAMPLE_RATE] = VIRTUAL_RATE,
        [PS_DEVICE_LOW_INPUT_LATENCY] = VIRTUAL_LATENCY,
        [PS_DEVICE_HIGH_INPUT_LATENCY] = VIRTUAL_LATENCY,
    };
    return put(values, PS_DEVICE_INFO_SIZE, "virtual", info, info_size, name, name_size);
  }
  const struct pa_device_info *real = api->get_device_info(device);
  const double values[PS_DEVICE_INFO_SIZE] = {
      [PS_DEVICE_HOST_API] = real->host_api,
      [PS_DEVICE_MAX_INPUT_CHANNELS] = real->max_input_channels,
      [PS_DEVICE_MAX_OUTPUT_CHANNELS] = real->max_output_channels,
      [PS_DEVICE_DEFAULT_SAMPLE_RATE] = real->default_sample_rate,
      [PS_DEVICE_LOW_INPUT_LATENCY] = real->default_low_input_latency,
      [PS_DEVICE_HIGH_INPUT_LATENCY] = real->default_high_input_latency,
      [PS_DEVICE_LOW_OUTPUT_LATENCY] = real->default_low_output_latency,
      [PS_DEVICE_HIGH_OUTPUT_LATENCY] = real->default_high_output_latency,
      [PS_DEVICE_IS_DEFAULT_INPUT] = device == api->get_default_input_device(),
      [PS_DEVICE_IS_DEFAULT_OUTPUT] = device == api->get_default_output_device(),
  };
  return put(values, PS_DEVICE_INFO_SIZE, real->name, info, info_size, name, name_size);
}

int32_t ps_host_api_count(void) {
  const struct portaudio_api *api;
  int32_t devices, host_apis, status = count_real(&api, &devices, &host_apis);
  return status < 0 ? status : host_apis + 1;
}

int32_t ps_host_api_info(int32_t host_api, double *info, int32_t info_size, char *name, int32_t name_size) {
  const struct portaudio_api *api;
  int32_t devices, host_apis, status = count_real(&api, &devices, &host_apis);
  if (status < 0) return status;
  if (host_api < 0 || host_api > host_apis)
    return error_set(PS_ERR_ARGUMENT, 0, "there is no host API %d, only 0 to %d", (int)host_api, (int)host_apis);
  if (host_api == host_apis) {
    const double values[PS_HOST_API_INFO_SIZE] = {VIRTUAL_HOST_API_TYPE, 1, devices, devices};
    return put(values, PS_HOST_API_INFO_SIZE, "Virtual", info, info_size, name, name_size);
  }
  const struct pa_host_api_info *real = api->get_host_api_info(host_api);
  const double values[PS_HOST_API_INFO_SIZE] = {real->type, real->device_count, real->default_input_device,
                                                real->default_output_device};
  return put(values, PS_HOST_API_INFO_SIZE, real->name, info, info_size, name, name_size);
}

/* The virtual device is opened, which touches nothing but memory. */
static int32_t check_virtual(const double *config, const double *list) {
  struct stream *stream = calloc(1, sizeof *stream);
  if (!stream) return error_set(PS_ERR_MEMORY, 0, "no memory for a stream");
  memcpy(stream->config, config, sizeof stream->config);
  stream->list = (double *)list;
  int32_t status = device_virtual.open(stream);
  if (status >= 0) device_virtual.close(stream);
  free(stream);
  return status;
}

int32_t ps_check_settings(const double *config, int32_t size, const double *list, int32_t list_size) {
  const struct device_ops *device;
  int32_t status = config_check(config, size, list, list_size);
  if (status >= 0) status = config_device(config, &device);
  if (status < 0) return status;
  status = device == &device_virtual ? check_virtual(config, list) : portaudio_check(config, list, CHECK_SECONDS);
  return status == PORTAUDIO_HUNG ? PS_ERR_PORTAUDIO : status;
}
