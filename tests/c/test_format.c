/* Sample formats: sizes, silence, and every conversion against plain arithmetic. */
#include "engine/format.h"

#include <math.h>

#include "random.h"
#include "test.h"

#define FORMATS 7
static const char *const names[FORMATS] = {"float32", "int32", "int24", "int16", "int8", "uint8", "float64"};
static const int bits[FORMATS] = {0, 32, 24, 16, 8, 8, 0};

/* A sample as what it means: full scale is 1. */
static double meaning(int32_t format, const unsigned char *bytes) {
  switch (format) {
    case PS_FORMAT_FLOAT32: {
      float value;
      memcpy(&value, bytes, sizeof value);
      return value;
    }
    case PS_FORMAT_FLOAT64: {
      double value;
      memcpy(&value, bytes, sizeof value);
      return value;
    }
    case PS_FORMAT_UINT8: return (bytes[0] - 128) / 128.0;
    default: {
      int64_t value = 0;
      int size = bits[format] / 8;
      for (int i = size - 1; i >= 0; i--) value = value * 256 + bytes[i];
      if (bytes[size - 1] >= 128) value -= INT64_C(1) << bits[format];
      return (double)value / (double)(INT64_C(1) << (bits[format] - 1));
    }
  }
}

/* What converting a sample of that meaning should mean. */
static double expected(int32_t to, int32_t from, double value) {
  if (to == PS_FORMAT_FLOAT64) return value;
  if (to == PS_FORMAT_FLOAT32) return (float)value;
  double scale = (double)(INT64_C(1) << (bits[to] - 1));
  double steps = bits[from] ? floor(value * scale) : nearbyint(value * scale);
  if (isnan(steps)) return 0;
  if (steps > scale - 1) steps = scale - 1;
  if (steps < -scale) steps = -scale;
  return steps / scale;
}

static void random_samples(struct random *random, int32_t format, unsigned char *bytes, size_t count) {
  static const double special[] = {
      0,           1,           -1,        1.5,        -1.5,     1e30,      -1e30, 0.9999999999, -0.9999999999,
      0.5 / 32768, 1.5 / 32768, 0.5 / 128, -0.5 / 128, INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < count; i++) {
    double value = random_once_in(random, 4) ? special[random_between(random, 0, 15)]
                                             : (double)random_between(random, -(1 << 26), 1 << 26) / (1 << 26);
    if (format == PS_FORMAT_FLOAT64) {
      memcpy(bytes + 8 * i, &value, 8);
    } else if (format == PS_FORMAT_FLOAT32) {
      float narrow = (float)value;
      memcpy(bytes + 4 * i, &narrow, 4);
    } else {
      uint64_t integer =
          random_once_in(random, 4) ? (random_once_in(random, 2) ? 0x7f7f7f7f : 0x80808080) : random_next(random);
      memcpy(bytes + format_bytes(format) * i, &integer, format_bytes(format));
    }
  }
}

TEST(sizes_and_silence) {
  static const size_t sizes[FORMATS] = {4, 4, 3, 2, 1, 1, 8};
  for (int32_t format = 0; format < FORMATS; format++) {
    CHECK_EQUAL(format_bytes(format), sizes[format]);
    unsigned char silence[100];
    memset(silence, 77, sizeof silence);
    format_silence(format, silence, 5);
    for (size_t i = 0; i < 5; i++) CHECK(meaning(format, silence + i * sizes[format]) == 0);
    CHECK_EQUAL(silence[5 * sizes[format]], 77);
  }
  CHECK_EQUAL(format_bytes(-1), 0);
  CHECK_EQUAL(format_bytes(FORMATS), 0);
}

static struct random source;

TEST(every_conversion) {
  static unsigned char from[8 * 1000 + 1], to[8 * 1001 + 1];
  for (int round = 0; round < (test_full() ? 200 : 20); round++)
    for (int32_t in = 0; in < FORMATS; in++)
      for (int32_t out = 0; out < FORMATS; out++) {
        size_t count = (size_t)random_between(&source, 0, 1000), shift = (size_t)random_between(&source, 0, 1);
        random_samples(&source, in, from + shift, count); /* shifted: samples need not be aligned in memory */
        memset(to, 99, sizeof to);
        format_convert(out, to + shift, in, from + shift, count);
        size_t wrong = 0;
        for (size_t i = 0; i < count; i++) {
          double value = meaning(in, from + shift + i * format_bytes(in));
          double wanted = in == out ? value : expected(out, in, value);
          double got = meaning(out, to + shift + i * format_bytes(out));
          if (got == wanted || (isnan(got) && isnan(wanted))) continue;
          if (wrong++ == 0)
            printf("# %s to %s: %.17g became %.17g instead of %.17g\n", names[in], names[out], value, got, wanted);
        }
        CHECK_EQUAL(wrong, 0);
        CHECK_EQUAL(to[shift + count * format_bytes(out)], 99);
      }
}

TEST(wider_and_back_is_exact) {
  static const int32_t chains[][2] = {{PS_FORMAT_INT8, PS_FORMAT_FLOAT32},  {PS_FORMAT_UINT8, PS_FORMAT_INT8},
                                      {PS_FORMAT_INT16, PS_FORMAT_FLOAT32}, {PS_FORMAT_INT24, PS_FORMAT_FLOAT32},
                                      {PS_FORMAT_INT16, PS_FORMAT_INT24},   {PS_FORMAT_INT24, PS_FORMAT_INT32},
                                      {PS_FORMAT_INT32, PS_FORMAT_FLOAT64}, {PS_FORMAT_UINT8, PS_FORMAT_FLOAT64}};
  static unsigned char from[4 * 65536], wide[8 * 65536], back[4 * 65536];
  for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
    int32_t narrow = chains[i][0], wider = chains[i][1];
    for (size_t j = 0; j < sizeof from; j += 8) {
      uint64_t value = random_next(&source);
      memcpy(from + j, &value, 8);
    }
    format_convert(wider, wide, narrow, from, 65536);
    format_convert(narrow, back, wider, wide, 65536);
    CHECK(memcmp(from, back, 65536 * format_bytes(narrow)) == 0);
  }
}

TEST(limits) {
  double in[] = {NAN, INFINITY, -INFINITY, 2, -2, 1, -1, 0.5, 1e30, -1e30}, out[10];
  static const double expected[] = {0, 1, -1, 1, -1, 1, -1, 0.5, 1, -1};
  float narrow_in[1000], narrow_out[1000];
  for (size_t i = 0; i < 10; i++) {
    float narrow = (float)in[i];
    CHECK_EQUAL(format_within(PS_FORMAT_FLOAT64, in + i, 1, 2), i >= 3 && i < 8);
    CHECK_EQUAL(format_within(PS_FORMAT_FLOAT32, &narrow, 1, 2), i >= 3 && i < 8);
    CHECK_EQUAL(format_within(PS_FORMAT_FLOAT32, &narrow, 1, INFINITY), i > 0);
  }
  CHECK(format_within(PS_FORMAT_FLOAT64, in + 3, 5, 2) && !format_within(PS_FORMAT_FLOAT64, in + 3, 6, 2));
  format_limit(PS_FORMAT_FLOAT64, out, in, 10, 1);
  CHECK(memcmp(out, expected, sizeof out) == 0);
  for (int i = 0; i < 1000; i++) narrow_in[i] = (float)in[i % 10];
  format_limit(PS_FORMAT_FLOAT32, narrow_out, narrow_in, 1000, 16);
  for (int i = 0; i < 1000; i++) {
    double wanted = in[i % 10] > 2 ? 16 : in[i % 10] < -2 ? -16 : isnan(in[i % 10]) ? 0 : in[i % 10];
    CHECK(narrow_out[i] == (float)wanted);
  }
}

int main(void) {
  source.state = random_seed();
  RUN(sizes_and_silence);
  RUN(every_conversion);
  RUN(wider_and_back_is_exact);
  RUN(limits);
  return test_end();
}
