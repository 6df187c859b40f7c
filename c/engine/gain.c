#include "engine/gain.h"

#include <math.h>

#include "pastream.h"

static double clip(double x, double full) { return x < -full ? -full : x > full - 1 ? full - 1 : x; }

/* `zero` is the value of silence. 32-bit samples need double to keep their low bits. */
#define GAIN(NAME, TYPE, FULL, ZERO)                                                                                 \
  static void gain_##NAME(float gain, TYPE *s, size_t count) {                                                       \
    for (size_t i = 0; i < count; i++) s[i] = (TYPE)(rint(clip((double)(s[i] - ZERO) * (double)gain, FULL)) + ZERO); \
  }
GAIN(int32, int32_t, 2147483648.0, 0)
GAIN(int16, int16_t, 32768.0, 0)
GAIN(int8, int8_t, 128.0, 0)
GAIN(uint8, uint8_t, 128.0, 128)

static void gain_float32(float gain, float *s, size_t count) {
  for (size_t i = 0; i < count; i++) s[i] *= gain;
}

static void gain_int24(float gain, uint8_t *s, size_t count) {
  for (size_t i = 0; i < count; i++, s += 3) {
    int32_t x = (int32_t)((uint32_t)s[0] << 8 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 24) / 256;
    uint32_t y = (uint32_t)(int32_t)rint(clip((double)x * (double)gain, 8388608.0));
    s[0] = (uint8_t)y;
    s[1] = (uint8_t)(y >> 8);
    s[2] = (uint8_t)(y >> 16);
  }
}

void gain_apply(float gain, int32_t format, void *samples, size_t count) {
  switch (format) {
    case PS_FORMAT_FLOAT32: gain_float32(gain, samples, count); break;
    case PS_FORMAT_INT32: gain_int32(gain, samples, count); break;
    case PS_FORMAT_INT24: gain_int24(gain, samples, count); break;
    case PS_FORMAT_INT16: gain_int16(gain, samples, count); break;
    case PS_FORMAT_INT8: gain_int8(gain, samples, count); break;
    default: gain_uint8(gain, samples, count);
  }
}
