/* The register of backends: which one serves a configuration. */
#ifndef PS_DEVICES_H
#define PS_DEVICES_H

#include "device/device.h"

/* Finds the backend of each direction of a checked configuration, NULL for one that it lacks, and makes the numbers of
 * its devices the backend's own. `first`, of each direction, turns those back into public numbers: public = own +
 * first. PS_ERR_DEVICE_NOT_FOUND, or why no backend can be used. May block as a backend's list does, but asks no
 * backend where the configuration names the virtual device. Any thread. */
int32_t device_choose(double *config, const struct device_ops *ops[2], int32_t first[2]);

/* Opens `device`, of which host, config and list are set, on those backends: one device of one, or two with a clock
 * each, with rates converted where they differ. Sets its ops. Errors as the backend's `open`. */
int32_t device_open(struct device *device, const struct device_ops *const ops[2]);

/* Copies what a device is called; empty if there is none of that number of the backend's. Blocks as lists do. */
void device_name(const struct device_ops *ops, int32_t number, struct device_name *name);
/* The same of the default device. */
void device_default_name(int direction, struct device_name *name);
/* The public number of the device of that name; PS_DEVICE_NONE if it is not there for that direction. Blocks as lists
 * do. */
int32_t device_find(const struct device_name *name, int direction);
/* Every backend looks again, up to one that hangs. Blocks. */
int32_t devices_refresh(void);
/* The same for a stream whose directions are on devices of `own` (NULL: it lacks one) and may go to the default ones:
 * only up to the backends that have all of these, since PortAudio takes seconds to look on a busy machine. Returns
 * whether there may be another device; with `no_others`, whether `own` or those before it have one. */
int devices_refresh_for(const struct device_ops *const own[2], int no_others);
/* Of the lists: another one once the numbers of devices may have changed. */
int32_t devices_version(void);
/* For backends: the numbers of their devices may have changed. Any thread. */
void devices_changed(void);
/* Starts or ends notices of all backends; returns whether all that have a list which changes give them. */
int devices_watch(int on);
/* For backends: the devices may have changed. Any thread. */
void devices_notice(void);

#endif
