/* PortAudio's lists of devices and host APIs, as device.h has them. */
#ifndef PS_PORTAUDIO_LIST_H
#define PS_PORTAUDIO_LIST_H

#include "device/device.h"
#include "device/portaudio/api.h"

int32_t portaudio_count(int32_t *devices, int32_t *host_apis);
int32_t portaudio_info(int32_t device, struct device_info *info);
int32_t portaudio_host_api(int32_t host_api, struct host_api_info *info);
int32_t portaudio_default_device(int direction);
/* The default device as PortAudio numbers it, or less than 0. */
int portaudio_choose_default(const struct portaudio_api *api, int direction);

/* Starts and ends notices of changes, by devices_notice(). Returns whether there are any. */
int portaudio_watch(int on);

#endif
