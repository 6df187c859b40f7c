/* Linear gain on samples in place. */
#ifndef PS_GAIN_H
#define PS_GAIN_H

#include <stddef.h>
#include <stdint.h>

/* Integer samples are rounded and clipped; float32 ones are not. */
void gain_apply(float gain, int32_t format, void *samples, size_t count);

#endif
