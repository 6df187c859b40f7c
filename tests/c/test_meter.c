/* Level meters and callback timing: the numbers themselves, and reading them while they are added to. */
#include "engine/meter.h"

#include <math.h>

#include "base/processor.h"
#include "engine/format.h"
#include "engine/timing.h"
#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define FRAMES 5000
#define CHANNELS 70

/* A sample of `value` (full scale 1) in a format; little-endian, as everything that this runs on. */
static void put(int32_t format, unsigned char *to, double value) {
  static const double full[] = {1, 2147483648.0, 8388608.0, 32768.0, 128.0, 128.0};
  float real = (float)value;
  int64_t units = llrint(value * full[format]) + (format == PS_FORMAT_UINT8 ? 128 : 0);
  if (format == PS_FORMAT_FLOAT32)
    memcpy(to, &real, 4);
  else
    memcpy(to, &units, format_bytes(format));
}

/* Channel c is a square wave of amplitude level(c), with one peak of twice that on its frame c + 1. */
static double level(int c) { return 0.4 / (1 + c % 5); }

TEST(peak_and_rms_of_every_format) {
  static unsigned char samples[FRAMES * CHANNELS * 4];
  static const int counts[] = {1, 2, 3, 4, 7, 8, 16, CHANNELS};
  double levels[2 * CHANNELS];
  struct meter meter = {0};
  for (int32_t format = PS_FORMAT_FLOAT32; format <= PS_FORMAT_UINT8; format++)
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
      int channels = counts[i];
      size_t bytes = format_bytes(format), frame = bytes * (size_t)channels, done = 0;
      double unit = 1e-6 + (format == PS_FORMAT_FLOAT32 ? 0 : 1.5 / pow(2, 8.0 * (double)bytes - 1));
      for (int f = 0; f < FRAMES; f++)
        for (int c = 0; c < channels; c++)
          put(format, samples + (size_t)f * frame + (size_t)c * bytes,
              level(c) * (f % 2 ? -1 : 1) * (f == c + 1 ? 2 : 1));
      CHECK_EQUAL(meter_init(&meter, channels, format), PS_OK);
      for (size_t block = 1; done < FRAMES; block = block * 2 + 3) { /* blocks of many sizes */
        if (block > FRAMES - done) block = FRAMES - done;
        meter_add(&meter, samples + done * frame, block);
        done += block;
      }
      meter_read(&meter, levels, channels);
      for (int c = 0; c < channels; c++) {
        double rms = level(c) * sqrt((FRAMES + 3.0) / FRAMES);
        CHECK_WITHIN(levels[2 * c], 2 * level(c) - unit, 2 * level(c) + unit);
        CHECK_WITHIN(levels[2 * c + 1], rms - unit, rms + unit);
      }
      meter_read(&meter, levels, channels); /* nothing since */
      for (int c = 0; c < 2 * channels; c++) CHECK(levels[c] == 0);
      meter_add(&meter, samples + 2 * (size_t)CHANNELS * frame, 10); /* past all peaks */
      meter_read(&meter, levels, 1);
      CHECK_WITHIN(levels[0], level(0) - unit, level(0) + unit);
      CHECK_WITHIN(levels[1], level(0) - unit, level(0) + unit);
      meter_reset(&meter);
      meter_read(&meter, levels, channels);
      for (int c = 0; c < 2 * channels; c++) CHECK(levels[c] == 0);
    }
  meter_free(&meter);
}

TEST(full_scale_and_silence) {
  unsigned char sample[4];
  double levels[2];
  struct meter meter = {0};
  for (int32_t format = PS_FORMAT_INT32; format <= PS_FORMAT_UINT8; format++)
    for (int silent = 0; silent < 2; silent++) {
      meter_init(&meter, 1, format);
      put(format, sample, silent ? 0 : -1);
      meter_add(&meter, sample, 1);
      meter_read(&meter, levels, 1);
      CHECK(levels[0] == (silent ? 0 : 1) && levels[1] == (silent ? 0 : 1));
    }
  meter_init(&meter, 0, PS_FORMAT_FLOAT32); /* switched off */
  meter_add(&meter, sample, 1);
  meter_read(&meter, levels, 1);
  meter_free(&meter);
}

/* A sample of any kind that a format can hold; of floats also what is no number, infinite or denormal. */
static void put_any(int32_t format, unsigned char *to, struct random *random) {
  static const float odd[] = {NAN, -NAN, INFINITY, -INFINITY, 1e-40f, -1e-45f, 1e-30f, 3e38f, 0.0f, -0.0f};
  float value = (float)random_between(random, -1000000, 1000000) * 1e-6f;
  uint32_t bits = (uint32_t)random_between(random, 0, INT32_MAX) << 1 ^ (uint32_t)random_between(random, 0, INT32_MAX);
  if (random_between(random, 0, 400) == 0) value = odd[random_between(random, 0, 9)];
  if (random_between(random, 0, 3) == 0) value *= 1e-20f;
  if (format == PS_FORMAT_FLOAT32)
    memcpy(to, &value, 4);
  else
    memcpy(to, &bits, format_bytes(format));
}

/* One sample after the other, in double precision. */
static void measure_plainly(int32_t format, const unsigned char *samples, size_t count, size_t channels, double *peak,
                            double *squares) {
  for (size_t c = 0; c < channels; c++) peak[c] = squares[c] = 0;
  for (size_t i = 0; i < count; i++, samples += format_bytes(format)) {
    int32_t integer = 0;
    float real = 0;
    if (format == PS_FORMAT_FLOAT32)
      memcpy(&real, samples, 4);
    else
      memcpy((char *)&integer + 4 - format_bytes(format), samples, format_bytes(format));
    if (format == PS_FORMAT_UINT8) integer ^= INT32_MIN;
    if (format != PS_FORMAT_FLOAT32 && format != PS_FORMAT_INT24) integer /= 1 << (32 - 8 * (int)format_bytes(format));
    double value = format == PS_FORMAT_FLOAT32 ? fabs((double)real) : fabs((double)integer);
    if (value > peak[i % channels]) peak[i % channels] = value;
    if (isfinite(value) && value < 1e19) squares[i % channels] += value * value;
  }
}

TEST(vectors_measure_what_a_loop_does) {
  static unsigned char memory[METER_SAMPLES * 4 + 64];
  static float peak[2][METER_SAMPLES], squares[2][METER_SAMPLES];
  static double true_peak[METER_SAMPLES], true_squares[METER_SAMPLES];
  struct random random = {7};
  int has_avx2 = processor_has_avx2();
  for (int round = 0; round < (test_full() ? 20000 : 1500); round++) {
    int32_t format = (int32_t)random_between(&random, PS_FORMAT_FLOAT32, PS_FORMAT_UINT8);
    size_t most = round % 8 == 0 ? METER_SAMPLES : 12, channels = (size_t)random_between(&random, 1, (int64_t)most);
    size_t frames = (size_t)random_between(&random, 1, (int64_t)(METER_SAMPLES / channels)), count = frames * channels;
    unsigned char *samples = memory + random_between(&random, 0, 40); /* aligned to nothing */
    int has_odd = 0;
    for (size_t i = 0; i < count; i++) put_any(format, samples + i * format_bytes(format), &random);
    measure_plainly(format, samples, count, channels, true_peak, true_squares);
    meter_kernels_baseline[format](samples, count, channels, peak[0], squares[0]);
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = c; i < count && format == PS_FORMAT_FLOAT32; i += channels) {
        float value;
        memcpy(&value, samples + i * 4, 4);
        has_odd |= !(fabsf(value) < 1e19f);
      }
      CHECK(peak[0][c] == (float)true_peak[c]);
      /* A lane with a sample whose square is none is left out whole. */
      CHECK_WITHIN(squares[0][c], has_odd ? 0 : true_squares[c] * (1 - 1e-5) - 1e-35, true_squares[c] * (1 + 1e-5));
    }
#if HAVE_AVX2
    if (!has_avx2) continue;
    meter_kernels_avx2[format](samples, count, channels, peak[1], squares[1]);
    CHECK(memcmp(peak[0], peak[1], channels * sizeof(float)) == 0);
    for (size_t c = 0; c < channels; c++) /* FMA rounds once where a product and a sum do twice */
      CHECK_WITHIN(squares[1][c], squares[0][c] * (1 - 1e-5f), squares[0][c] * (1 + 1e-5f));
#endif
  }
  processor_hide_avx2(1);
  CHECK(meter_kernels() == meter_kernels_baseline);
  processor_hide_avx2(0);
  CHECK_EQUAL(processor_has_avx2(), has_avx2);
}

TEST(what_fades_away_is_silence_in_the_end) {
  static float samples[480 * 2];
  double levels[4];
  struct meter meter = {0};
  meter_init(&meter, 2, PS_FORMAT_FLOAT32);
  for (double level = 1; level > 1e-45; level /= 10) {
    for (int i = 0; i < 480 * 2; i++) samples[i] = (float)(i % 4 < 2 ? level : -level);
    meter_reset(&meter);
    meter_add(&meter, samples, 480);
    meter_read(&meter, levels, 2);
    CHECK(levels[0] == fabs((double)samples[0]) && levels[2] == levels[0]);
    if (level > 3e-19)
      CHECK_WITHIN(levels[1], levels[0] * (1 - 1e-6), levels[0] * (1 + 1e-6));
    else
      CHECK(levels[1] == 0);
    CHECK(levels[3] == levels[1]);
  }
  meter_free(&meter);
}

TEST(a_sample_that_is_no_number_does_no_lasting_harm) {
  float samples[] = {NAN, INFINITY, -INFINITY, 3e38f}, fine[] = {0.5f, -0.5f};
  double levels[2];
  struct meter meter = {0};
  meter_init(&meter, 1, PS_FORMAT_FLOAT32);
  meter_add(&meter, samples, 4);
  meter_read(&meter, levels, 1);
  meter_add(&meter, fine, 2);
  meter_read(&meter, levels, 1);
  CHECK(levels[0] == 0.5 && levels[1] == 0.5);
  meter_free(&meter);
}

TEST(levels_of_a_long_run_stay_exact) {
  static float samples[48000];
  double levels[2];
  struct meter meter = {0};
  int seconds = test_full() ? 24 * 3600 : 3600;
  for (int i = 0; i < 48000; i++) samples[i] = i % 2 ? 0.5f : -0.5f;
  meter_init(&meter, 1, PS_FORMAT_FLOAT32);
  for (int s = 0; s < seconds / (TEST_THREAD_SANITIZER ? 20 : 1); s++) meter_add(&meter, samples, 48000);
  meter_read(&meter, levels, 1);
  for (int i = 0; i < 48000; i++) samples[i] /= 64; /* quiet, after hours of loud */
  meter_add(&meter, samples, 48000);
  meter_read(&meter, levels, 1);
  CHECK_WITHIN(levels[1], 0.5 / 64 - 1e-7, 0.5 / 64 + 1e-7);
  meter_free(&meter);
}

static struct meter shared;
static _Atomic int32_t adding;
static double peak_seen;

static void read_levels(void *argument) {
  double levels[4];
  (void)argument;
  for (int last = 0; !last;) {
    last = !atomic_load(&adding);
    meter_read(&shared, levels, 2);
    CHECK(levels[0] >= 0 && levels[0] <= 1);
    /* Channel 2 always has the same level: sums and frames must belong together. */
    CHECK(levels[3] == 0 || (levels[3] > 0.4999999 && levels[3] < 0.5000001));
    if (levels[0] > peak_seen) peak_seen = levels[0];
  }
}

TEST(levels_are_read_while_they_are_added_to) {
  float samples[64];
  struct os_thread thread;
  struct random random = {1};
  double peak = peak_seen = 0;
  meter_init(&shared, 2, PS_FORMAT_FLOAT32);
  atomic_store(&adding, 1);
  CHECK_EQUAL(os_thread_start(&thread, "levels", OS_THREAD_NORMAL, read_levels, NULL), 0);
  for (int i = 0; i < (TEST_THREAD_SANITIZER ? 20000 : 300000); i++) {
    for (int s = 0; s < 64; s += 2) {
      samples[s] = (float)random_between(&random, 0, 1 << 20) / (1 << 20);
      samples[s + 1] = s % 4 ? 0.5f : -0.5f;
      peak = samples[s] > peak ? samples[s] : peak;
    }
    meter_add(&shared, samples, 32);
  }
  atomic_store(&adding, 0);
  os_thread_join(&thread);
  CHECK(peak_seen == peak); /* none got lost between the two threads */
  meter_free(&shared);
}

static struct timing timing;

TEST(quantiles_of_callback_times) {
  double values[6];
  timing_reset(&timing);
  timing_read(&timing, values);
  for (int i = 0; i < 6; i++) CHECK(values[i] == 0);
  for (int i = 1; i <= 1000; i++) timing_add(&timing, i * 1e-6, i == 500 ? 3.0 : i > 980 ? 1e-3 : 5e-6);
  timing_read(&timing, values);
  CHECK_EQUAL(timing.count, 1000);
  CHECK_WITHIN(values[0], 500e-6, 500e-6 * 1.07);
  CHECK_WITHIN(values[1], 990e-6, 990e-6 * 1.07);
  CHECK_WITHIN(values[2], 1000e-6, 1000e-6);
  CHECK_WITHIN(values[3], 5e-6, 5e-6 * 1.07);
  CHECK_WITHIN(values[4], 1e-3, 1e-3 * 1.07);
  CHECK_WITHIN(values[5], 3.0, 3.0);
  timing_reset(&timing);
  timing_add(&timing, -1, 1e9); /* early is not late; and as long as it may be */
  timing_add(&timing, 0, 0);
  timing_read(&timing, values);
  CHECK(values[0] == 0 && values[2] == 0);
  CHECK_WITHIN(values[5], 1e9, 1e9);
}

int main(void) {
  RUN(peak_and_rms_of_every_format);
  RUN(full_scale_and_silence);
  RUN(vectors_measure_what_a_loop_does);
  RUN(what_fades_away_is_silence_in_the_end);
  RUN(a_sample_that_is_no_number_does_no_lasting_harm);
  RUN(levels_of_a_long_run_stay_exact);
  RUN(levels_are_read_while_they_are_added_to);
  RUN(quantiles_of_callback_times);
  return test_end();
}
