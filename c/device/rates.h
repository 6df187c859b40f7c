/* Which sample rates a device takes. */
#ifndef PS_RATES_H
#define PS_RATES_H

#include "device/device.h"

#define RATE_REFUSED -9997 /* the code of an error about a rate that a device does not take, as PortAudio's */

/* Adds the usual rates that such a device takes to the thread's error, which is that it refused one, and returns its
 * status. */
int32_t rates_name(const struct device_ops *ops, const double *config, const double *list, int32_t status);

#endif
