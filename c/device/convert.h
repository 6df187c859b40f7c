/* A device around a device: the stream runs at its rate whatever rate the device runs at. Where the two are equal it is
 * not there. */
#ifndef PS_CONVERT_H
#define PS_CONVERT_H

#include "device/device.h"

/* Opens `device`, of which ops, host, config and list are set, as PS_CONFIG_DEVICE_RATE and PS_CONFIG_CONVERSION say.
 * If rates have to be converted it becomes a converter around the backend's device. Errors as the backend's `open`. */
int32_t convert_open(struct device *device);
/* The device that a converter stands around; `device` itself where it is none. */
struct device *convert_inner(struct device *device);
/* Whether convert_open could open such a device of a backend. Any thread. */
int32_t convert_check(const struct device_ops *ops, const double *config, const double *list);

#endif
