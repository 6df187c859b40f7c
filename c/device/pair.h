/* A device made of two with a clock each: the input of one is brought to the clock of the other, whose output it is
 * recorded with. */
#ifndef PS_PAIR_H
#define PS_PAIR_H

#include "device/device.h"

/* Opens `device`, of which host, config and list are set, on a backend for each direction. */
int32_t pair_open(struct device *device, const struct device_ops *const ops[2]);
/* Whether pair_open could open such a device. Any thread. */
int32_t pair_check(const struct device_ops *const ops[2], const double *config, const double *list);

/* How the two clocks compare; for tests. */
struct pair_state {
  double fill, target; /* frames of input that have come and have not been handed on */
  double drift;        /* by how much the input's clock is fast, ppm */
  double slips;        /* how often the input was cut because the buffer had run empty or full */
};
struct pair_state pair_state(const struct device *device);

#endif
