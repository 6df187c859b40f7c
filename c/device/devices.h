/* The register of backends: which one serves a configuration. */
#ifndef PS_DEVICES_H
#define PS_DEVICES_H

#include "device/device.h"

/* Finds the backend of a checked configuration, and makes the numbers of its devices the backend's own. `first`, of
 * each direction, turns those back into public numbers: public = own + first. PS_ERR_ARGUMENT where the two directions
 * are of different backends, PS_ERR_DEVICE_NOT_FOUND, or why no backend can be used. May block as a backend's list
 * does, but asks no backend where the configuration names the virtual device. Any thread. */
int32_t device_choose(double *config, const struct device_ops **ops, int32_t first[2]);

#endif
