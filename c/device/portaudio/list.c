#include "device/portaudio/list.h"

#include <string.h>

#include "base/error.h"
#include "device/portaudio/instance.h"
#include "device/portaudio/jack.h"

/* The device that the instance lacks under this number; NULL if it lacks none of that number. */
static const struct portaudio_lacking *find_lacking(const struct portaudio_api *api, int device) {
  const struct portaudio_lacking *lacking = portaudio_lacks(api);
  while (lacking && lacking->number != device) lacking = lacking->next;
  return lacking;
}

/* How many devices come after the instance's own; of one host API, or of all (-1). */
static int count_more(const struct portaudio_api *api, int host_api) {
  int count = 0;
  for (const struct portaudio_lacking *lacking = portaudio_lacks(api); lacking; lacking = lacking->next)
    count += lacking->number >= api->get_device_count() && (host_api < 0 || lacking->info.host_api == host_api);
  return count;
}

/* A device that is held stays the default one. */
static int default_of(const struct portaudio_api *api, int host_api, int direction, int device) {
  for (const struct portaudio_lacking *lacking = portaudio_lacks(api); lacking; lacking = lacking->next)
    if (lacking->is_default[direction] && (host_api < 0 || lacking->info.host_api == host_api)) return lacking->number;
  return device;
}

int32_t portaudio_count(int32_t *devices, int32_t *host_apis) {
  const struct portaudio_api *api;
  *devices = *host_apis = 0;
  int32_t status = portaudio_use(&api);
  if (status == PS_ERR_NO_PORTAUDIO) return PS_OK;
  if (status == PS_ERR_PORTAUDIO && ps_error_number(PS_ERROR_CODE) == PA_HOST_API_NOT_FOUND) return PS_OK;
  if (status < 0) return status;
  int device_count = api->get_device_count(), host_api_count = api->get_host_api_count();
  int result = device_count < 0 ? device_count : host_api_count;
  const char *text = result < 0 ? api->get_error_text(result) : "";
  device_count += count_more(api, -1);
  portaudio_leave(api);
  if (result < 0) return error_set(PS_ERR_PORTAUDIO, result, "listing the devices: %s", text);
  *devices = device_count;
  *host_apis = host_api_count;
  return PS_OK;
}

int32_t portaudio_info(int32_t device, struct device_info *info) {
  const struct portaudio_api *api;
  int32_t status = portaudio_use(&api);
  if (status < 0) return status;
  const struct portaudio_lacking *lacking = find_lacking(api, device);
  const struct pa_device_info *found = lacking ? &lacking->info : api->get_device_info(device);
  *info = (struct device_info){.numbers = {
                                   [PS_DEVICE_HOST_API] = found->host_api,
                                   [PS_DEVICE_MAX_INPUT_CHANNELS] = found->max_input_channels,
                                   [PS_DEVICE_MAX_OUTPUT_CHANNELS] = found->max_output_channels,
                                   [PS_DEVICE_DEFAULT_SAMPLE_RATE] = found->default_sample_rate,
                                   [PS_DEVICE_LOW_INPUT_LATENCY] = found->default_low_input_latency,
                                   [PS_DEVICE_HIGH_INPUT_LATENCY] = found->default_high_input_latency,
                                   [PS_DEVICE_LOW_OUTPUT_LATENCY] = found->default_low_output_latency,
                                   [PS_DEVICE_HIGH_OUTPUT_LATENCY] = found->default_high_output_latency,
                               }};
  portaudio_jack_copy_name(found, info->name, sizeof info->name);
  portaudio_leave(api);
  return PS_OK;
}

int32_t portaudio_host_api(int32_t host_api, struct host_api_info *info) {
  const struct portaudio_api *api;
  int32_t status = portaudio_use(&api);
  if (status < 0) return status;
  const struct pa_host_api_info *found = api->get_host_api_info(host_api);
  *info = (struct host_api_info){
      .numbers = {
          [PS_HOST_API_TYPE] = found->type,
          [PS_HOST_API_DEVICE_COUNT] = found->device_count + count_more(api, host_api),
          [PS_HOST_API_DEFAULT_INPUT] = default_of(api, host_api, DEVICE_INPUT, found->default_input_device),
          [PS_HOST_API_DEFAULT_OUTPUT] = default_of(api, host_api, DEVICE_OUTPUT, found->default_output_device),
      }};
  text_copy(found->name, info->name, sizeof info->name);
  portaudio_leave(api);
  return PS_OK;
}

int portaudio_choose_default(const struct portaudio_api *api, int direction) {
#if defined(_WIN32)
  /* PortAudio's default is MME, for programs of Windows 3.1; WASAPI is what Windows's own mixer speaks. */
  for (int i = 0; i < api->get_host_api_count(); i++) {
    const struct pa_host_api_info *found = api->get_host_api_info(i);
    int device = direction == DEVICE_OUTPUT ? found->default_output_device : found->default_input_device;
    if (found->type == PA_WASAPI && device >= 0) return device;
  }
#endif
  return direction == DEVICE_OUTPUT ? api->get_default_output_device() : api->get_default_input_device();
}

int32_t portaudio_default_device(int direction) {
  const struct portaudio_api *api;
  int32_t status = portaudio_use(&api);
  if (status < 0) return status;
  int device = default_of(api, -1, direction, portaudio_choose_default(api, direction));
  portaudio_leave(api);
  return device < 0 ? PS_DEVICE_NONE : device;
}
