/* The same sound through other libraries' resamplers (Debian: libsoxr0, libsamplerate0), which know nothing of ours:
 * what they make differs by less than -100 dB. Skipped for a library that is not installed.
 * No threads: it runs on one. */
#include <math.h>
#include <string.h>

#include "engine/resampler.h"
#include "os/os.h"
#include "pastream.h"
#include "test.h"

#define PI 3.14159265358979323846
#define SECONDS 0.4
#define FRAMES_MOST 80000

/* Own declarations of what is used of the two. */
struct soxr_quality {
  double precision, phase_response, passband_end, stopband_begin;
  void *own;
  unsigned long flags;
};
struct src_data {
  const float *in;
  float *out;
  long in_frames, out_frames, in_used, out_made;
  int end;
  double ratio;
};
static void *(*soxr_create)(double, double, unsigned, const char **, const void *, const void *, const void *);
static const char *(*soxr_process)(void *, const void *, size_t, size_t *, void *, size_t, size_t *);
static void (*soxr_delete)(void *);
static struct soxr_quality (*soxr_quality_spec)(unsigned long, unsigned long);
static int (*src_simple)(struct src_data *, int, int);

static float input[FRAMES_MOST], ours[FRAMES_MOST], theirs[FRAMES_MOST];

static size_t convert(double in, double out, size_t frames) {
  struct resampler_setup setup = {in, out, 1, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32, 0};
  struct resampler *r = NULL;
  CHECK_EQUAL(resampler_new(&setup, &r), PS_OK);
  struct resampler_block block = {input, frames, ours, FRAMES_MOST};
  resampler_process(r, &block);
  size_t made = block.out_frames;
  resampler_end(r);
  block = (struct resampler_block){NULL, 0, ours + made, FRAMES_MOST - made};
  resampler_process(r, &block);
  CHECK(resampler_ended(r));
  resampler_free(r);
  return made + block.out_frames;
}

/* Tones up to three quarters of the lower Nyquist frequency, where no two filters of such quality differ, faded in and
 * out. */
static size_t make_sound(double in, double out) {
  double low = in < out ? in : out;
  size_t frames = (size_t)(in * SECONDS);
  for (size_t k = 0; k < frames; k++) {
    double sum = 0, time = (double)k / in;
    for (int tone = 0; tone < 12; tone++) sum += sin(2 * PI * low * 0.375 * (tone + 0.7) / 12 * time + tone);
    input[k] = (float)(sum / 12 * pow(sin(PI * (double)k / (double)frames), 2));
  }
  return frames;
}

static void compare(const char *name, double in, double out, size_t made, size_t other) {
  CHECK(made <= other + 1 && other <= made + 1);
  double sound = 0, difference = 0;
  for (size_t n = 0; n < made && n < other; n++) {
    sound += ours[n] * (double)ours[n];
    difference += pow((double)ours[n] - (double)theirs[n], 2);
  }
  double decibels = 10 * log10(difference / sound + 1e-30);
  if (!CHECK(decibels < -100)) printf("# %s, %g -> %g Hz: %.1f dB\n", name, in, out, decibels);
}

static const double pairs[][2] = {{48000, 16000}, {16000, 48000}, {44100, 48000},  {48000, 44100}, {8000, 44100},
                                  {96000, 11025}, {22050, 24000}, {192000, 44100}, {8000, 192000}, {44099.5, 48000}};
#define PAIRS (sizeof pairs / sizeof *pairs)

TEST(soxr_makes_the_same) {
  for (size_t i = 0; i < PAIRS; i++) {
    double in = pairs[i][0], out = pairs[i][1];
    size_t frames = make_sound(in, out), made = convert(in, out, frames), used, other = 0, tail = 0;
    struct soxr_quality best = soxr_quality_spec(6, 0);
    void *soxr = soxr_create(in, out, 1, NULL, NULL, &best, NULL);
    soxr_process(soxr, input, frames, &used, theirs, FRAMES_MOST, &other);
    soxr_process(soxr, NULL, 0, NULL, theirs + other, FRAMES_MOST - other, &tail);
    other += tail;
    soxr_delete(soxr);
    compare("soxr", in, out, made, other);
  }
}

TEST(libsamplerate_makes_the_same) {
  for (size_t i = 0; i < PAIRS; i++) {
    double in = pairs[i][0], out = pairs[i][1];
    size_t frames = make_sound(in, out), made = convert(in, out, frames);
    struct src_data data = {input, theirs, (long)frames, FRAMES_MOST, 0, 0, 1, out / in};
    CHECK_EQUAL(src_simple(&data, 0, 1), 0); /* its best quality */
    compare("libsamplerate", in, out, made, (size_t)data.out_made);
  }
}

static int load(const char *library, const char *symbol, void *function) {
  char error[256];
  void *handle = os_library_open(library, error, sizeof error), *found = NULL;
  if (handle) found = os_library_symbol(handle, symbol);
  memcpy(function, &found, sizeof found);
  return found != NULL;
}

int main(void) {
  int soxr = load("libsoxr.so.0", "soxr_create", &soxr_create) && load("libsoxr.so.0", "soxr_process", &soxr_process) &&
             load("libsoxr.so.0", "soxr_delete", &soxr_delete) &&
             load("libsoxr.so.0", "soxr_quality_spec", &soxr_quality_spec);
  int samplerate = load("libsamplerate.so.0", "src_simple", &src_simple);
  if (soxr) RUN(soxr_makes_the_same);
  if (samplerate) RUN(libsamplerate_makes_the_same);
  if (!soxr) printf("ok - soxr_makes_the_same # SKIP libsoxr.so.0 is not installed\n");
  if (!samplerate) printf("ok - libsamplerate_makes_the_same # SKIP libsamplerate.so.0 is not installed\n");
  return soxr || samplerate ? test_end() : 0;
}
