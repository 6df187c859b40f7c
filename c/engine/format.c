#include "engine/format.h"

#include <math.h>
#include <string.h>

/* Conversion goes through one of two common forms, a block at a time: integers aligned at full scale in 32 bits, or
 * double precision where either side is floating point. Both are exact for every format. */
#define BLOCK 256

size_t format_bytes(int32_t format) {
  switch (format) {
    case PS_FORMAT_FLOAT64: return 8;
    case PS_FORMAT_FLOAT32:
    case PS_FORMAT_INT32: return 4;
    case PS_FORMAT_INT24: return 3;
    case PS_FORMAT_INT16: return 2;
    case PS_FORMAT_INT8:
    case PS_FORMAT_UINT8: return 1;
    default: return 0;
  }
}

void format_silence(int32_t format, void *samples, size_t count) {
  memset(samples, format == PS_FORMAT_UINT8 ? 128 : 0, count * format_bytes(format));
}

static int is_float(int32_t format) { return format == PS_FORMAT_FLOAT32 || format == PS_FORMAT_FLOAT64; }

/* The top bits of `value`, which are the sample. */
static int32_t aligned(uint32_t value) {
  int32_t result;
  memcpy(&result, &value, sizeof result);
  return result;
}

static void integers_from(int32_t format, const void *from, int32_t *to, size_t count) {
  const unsigned char *bytes = from;
  switch (format) {
    case PS_FORMAT_INT32: memcpy(to, from, count * sizeof *to); break;
    case PS_FORMAT_INT24:
      for (size_t i = 0; i < count; i++, bytes += 3)
        to[i] = aligned((uint32_t)bytes[0] << 8 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 24);
      break;
    case PS_FORMAT_INT16:
      for (size_t i = 0; i < count; i++) {
        int16_t sample;
        memcpy(&sample, bytes + 2 * i, sizeof sample); /* a ring of 3-byte frames need not be aligned */
        to[i] = aligned((uint32_t)(uint16_t)sample << 16);
      }
      break;
    case PS_FORMAT_INT8:
      for (size_t i = 0; i < count; i++) to[i] = aligned((uint32_t)bytes[i] << 24);
      break;
    default: /* PS_FORMAT_UINT8 */
      for (size_t i = 0; i < count; i++) to[i] = aligned((uint32_t)(bytes[i] ^ 0x80U) << 24);
  }
}

static void integers_to(int32_t format, void *to, const int32_t *from, size_t count) {
  unsigned char *bytes = to;
  switch (format) {
    case PS_FORMAT_INT32: memcpy(to, from, count * sizeof *from); break;
    case PS_FORMAT_INT24:
      for (size_t i = 0; i < count; i++, bytes += 3) {
        uint32_t value = (uint32_t)from[i];
        bytes[0] = (unsigned char)(value >> 8);
        bytes[1] = (unsigned char)(value >> 16);
        bytes[2] = (unsigned char)(value >> 24);
      }
      break;
    case PS_FORMAT_INT16:
      for (size_t i = 0; i < count; i++) {
        uint16_t sample = (uint16_t)((uint32_t)from[i] >> 16);
        memcpy(bytes + 2 * i, &sample, sizeof sample);
      }
      break;
    case PS_FORMAT_INT8:
      for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)((uint32_t)from[i] >> 24);
      break;
    default: /* PS_FORMAT_UINT8 */
      for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)((uint32_t)from[i] >> 24 ^ 0x80U);
  }
}

/* Rounds to the precision of the integer format first, so that narrow formats are rounded, not cut. */
static void integers_from_doubles(int32_t format, const double *from, int32_t *to, size_t count) {
  int bits = (int)format_bytes(format) * 8;
  double scale = ldexp(1, bits - 1);
  uint32_t unit = (uint32_t)1 << (32 - bits);
  for (size_t i = 0; i < count; i++) {
    double value = from[i] * scale;
    value = value > scale - 1 ? scale - 1 : value < -scale ? -scale : isnan(value) ? 0 : value;
    to[i] = aligned((uint32_t)(int32_t)rint(value) * unit); /* lrint() is no instruction that works on vectors */
  }
}

static void doubles_from(int32_t format, const void *from, double *to, size_t count) {
  const unsigned char *bytes = from;
  if (format == PS_FORMAT_FLOAT64) {
    memcpy(to, from, count * sizeof *to);
  } else if (format == PS_FORMAT_FLOAT32) {
    for (size_t i = 0; i < count; i++) {
      float sample;
      memcpy(&sample, bytes + 4 * i, sizeof sample);
      to[i] = sample;
    }
  } else {
    int32_t integers[BLOCK];
    integers_from(format, from, integers, count);
    for (size_t i = 0; i < count; i++) to[i] = integers[i] * (1 / 2147483648.0);
  }
}

static void doubles_to(int32_t format, void *to, const double *from, size_t count) {
  unsigned char *bytes = to;
  if (format == PS_FORMAT_FLOAT64) {
    memcpy(to, from, count * sizeof *from);
  } else if (format == PS_FORMAT_FLOAT32) {
    for (size_t i = 0; i < count; i++) {
      float sample = (float)from[i];
      memcpy(bytes + 4 * i, &sample, sizeof sample);
    }
  } else {
    int32_t integers[BLOCK];
    integers_from_doubles(format, from, integers, count);
    integers_to(format, to, integers, count);
  }
}

static void floats_from_int16(void *to, const void *from, size_t count) {
  unsigned char *out = to;
  const unsigned char *in = from;
  for (size_t i = 0; i < count; i++) {
    int16_t sample;
    memcpy(&sample, in + 2 * i, sizeof sample);
    float value = (float)sample * (1 / 32768.0F);
    memcpy(out + 4 * i, &value, sizeof value);
  }
}

void format_cut_to_int16(void *to, const void *from, size_t count) {
  const float most = 2147483520.0F, least = -2147483648.0F; /* of 32 bits, in float32 */
  unsigned char *out = to;
  const unsigned char *in = from;
  for (size_t i = 0; i < count; i++) {
    float value;
    memcpy(&value, in + 4 * i, sizeof value);
    value *= -least;
    value = value > most ? most : value < least ? least : isnan(value) ? 0 : value;
    int16_t sample = (int16_t)((int32_t)rintf(value) >> 16);
    memcpy(out + 2 * i, &sample, sizeof sample);
  }
}

int format_within(int32_t format, const void *samples, size_t count, double peak) {
  const unsigned char *bytes = samples;
  int beyond = 0;
  if (format == PS_FORMAT_FLOAT64) {
    for (size_t i = 0; i < count; i++) {
      double sample;
      memcpy(&sample, bytes + 8 * i, sizeof sample);
      beyond |= !(fabs(sample) <= peak);
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      float sample;
      memcpy(&sample, bytes + 4 * i, sizeof sample);
      beyond |= !(fabsf(sample) <= (float)peak);
    }
  }
  return !beyond;
}

void format_limit(int32_t format, void *to, const void *from, size_t count, double peak) {
  size_t bytes = format_bytes(format);
  unsigned char *out = to;
  const unsigned char *in = from;
  while (count > 0) {
    double doubles[BLOCK];
    size_t part = count < BLOCK ? count : BLOCK;
    doubles_from(format, in, doubles, part);
    for (size_t i = 0; i < part; i++)
      doubles[i] = isnan(doubles[i]) ? 0 : doubles[i] > peak ? peak : doubles[i] < -peak ? -peak : doubles[i];
    doubles_to(format, out, doubles, part);
    out += part * bytes;
    in += part * bytes;
    count -= part;
  }
}

void format_convert(int32_t to_format, void *to, int32_t from_format, const void *from, size_t count) {
  size_t to_bytes = format_bytes(to_format), from_bytes = format_bytes(from_format);
  if (to_format == from_format) {
    memcpy(to, from, count * to_bytes);
    return;
  }
  if (to_format == PS_FORMAT_FLOAT32 && from_format == PS_FORMAT_INT16) {
    floats_from_int16(to, from, count);
    return;
  }
  unsigned char *out = to;
  const unsigned char *in = from;
  while (count > 0) {
    size_t part = count < BLOCK ? count : BLOCK;
    if (is_float(to_format) || is_float(from_format)) {
      double doubles[BLOCK];
      doubles_from(from_format, in, doubles, part);
      doubles_to(to_format, out, doubles, part);
    } else {
      int32_t integers[BLOCK];
      integers_from(from_format, in, integers, part);
      integers_to(to_format, out, integers, part);
    }
    out += part * to_bytes;
    in += part * from_bytes;
    count -= part;
  }
}
