/* The configuration of a stream: checked before anything is opened. */
#ifndef PS_CONFIG_H
#define PS_CONFIG_H

#include <stdint.h>

#include "device/device.h"

/* PS_OK, or PS_ERR_ARGUMENT with what is wrong. Looks at the numbers only, never at devices. */
int32_t config_check(const double *config, int32_t size, const double *list, int32_t list_size);
/* Which kind of device a checked configuration names: the virtual one by PS_DEVICE_VIRTUAL or by its index (which asks
 * PortAudio for the number of its devices). PS_ERR_ARGUMENT if one direction is virtual and the other is not. */
int32_t config_device(const double *config, const struct device_ops **device);

#endif
