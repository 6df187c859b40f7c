/* The resampler against a model: each output frame worked out by itself, in double precision, from the definition. And
 * what is promised of it: lengths, alignment, delay, quality, and that blocks of any size make the same.
 * No threads: it runs on one. */
#include "engine/resampler.h"

#include <math.h>
#include <string.h>

#include "engine/format.h"
#include "engine/resampler_kernel.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define PI 3.14159265358979323846
#define FRAMES_MOST 60000
#define CHANNELS_MOST 64

static uint64_t seed;

static const double rates[] = {8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000, 44099.5, 37800.123};
#define RATES ((int)(sizeof rates / sizeof *rates))

static struct resampler *make(double in, double out, int channels, int in_format, int out_format) {
  struct resampler_setup setup = {in, out, channels, in_format, out_format, 0};
  struct resampler *resampler = NULL;
  CHECK_EQUAL(resampler_new(&setup, &resampler), PS_OK);
  return resampler;
}

/* Converts all of it in blocks of `block` frames of input, or of random sizes for 0, and plays the tail; returns how
 * many frames came out. What is foretold is checked at each step. */
static size_t convert(struct resampler *r, const void *in, size_t frames, size_t in_frame, void *out, size_t room,
                      size_t out_frame, size_t block, struct random *random) {
  size_t done = 0, made = 0;
  for (int ended = 0;;) {
    size_t piece = block ? block : (size_t)random_between(random, 0, 700);
    if (piece > frames - done) piece = frames - done;
    size_t space = block ? room - made : (size_t)random_between(random, 0, 900);
    if (space > room - made) space = room - made;
    size_t gives = resampler_gives(r, piece), needs = resampler_needs(r, gives), more = resampler_needs(r, gives + 1);
    struct resampler_block step = {(const char *)in + done * in_frame, piece, (char *)out + made * out_frame, space};
    resampler_process(r, &step);
    CHECK(step.in_frames <= piece && step.out_frames <= space);
    if (!ended) {
      CHECK(needs <= piece && more > piece);
      CHECK_EQUAL(step.out_frames, gives < space ? gives : space);
    }
    done += step.in_frames;
    made += step.out_frames;
    if (done == frames && !ended) {
      CHECK(!resampler_ended(r));
      resampler_end(r);
      ended = 1;
    }
    if (resampler_ended(r) || made == room || test_failures) break;
  }
  return made;
}

/* ------------------------------------------------------------ the model */

static double bessel(double x) {
  double sum = 0, term = 1;
  for (int k = 1; k < 200; k++) sum += term, term *= (x / 2 / k) * (x / 2 / k);
  return sum;
}

static double model_filter(double x) { /* x in frames of the lower rate */
  if (fabs(x) >= 32) return 0;
  double sinc = x == 0 ? 1 : sin(PI * 0.9775 * x) / (PI * 0.9775 * x);
  return sinc * bessel(11.8 * sqrt(1 - x / 32 * x / 32));
}

/* Frame n of channel c of the output. */
static double model(const float *in, size_t frames, int channels, int c, double in_rate, double out_rate, size_t n) {
  double at = (double)n * in_rate / out_rate, stretch = in_rate > out_rate ? in_rate / out_rate : 1;
  double sum = 0, weights = 0;
  for (int64_t k = (int64_t)ceil(at - 32 * stretch); k <= (int64_t)floor(at + 32 * stretch); k++) {
    double weight = model_filter((at - (double)k) / stretch);
    weights += weight;
    if (k >= 0 && k < (int64_t)frames) sum += weight * (double)in[(size_t)k * (size_t)channels + (size_t)c];
  }
  return sum / weights;
}

static float input[FRAMES_MOST * 4], output[FRAMES_MOST * 8], again[FRAMES_MOST * 8];

TEST(random_conversions_are_those_of_the_model) {
  int count = test_full() ? 2000 : TEST_THREAD_SANITIZER ? 20 : 150;
  for (int i = 0; i < count && !test_failures; i++) {
    struct random random = {random_mix(seed + (uint64_t)i)};
    int odd = random_once_in(&random, 4),
        channels = (int)random_between(&random, 1, random_once_in(&random, 9) ? 64 : 5);
    double in = rates[random_between(&random, 0, RATES - 1)], out = rates[random_between(&random, 0, RATES - 1)];
    if (odd)
      in = (double)random_between(&random, 8000, 100000), out = in / 8 + (double)random_between(&random, 0, 70000);
    size_t frames = (size_t)random_between(&random, 0, 900), room = sizeof output / sizeof *output / (size_t)channels;
    if (frames > (size_t)((double)room * in / out) - 1) frames = (size_t)((double)room * in / out) - 1;
    for (size_t k = 0; k < frames * (size_t)channels; k++)
      input[k] = (float)random_between(&random, -1000000, 1000000) / 1000000;
    struct resampler *r = make(in, out, channels, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32);
    if (!r) return;
    size_t frame = (size_t)channels * sizeof *input;
    size_t made = convert(r, input, frames, frame, output, room, frame, 0, &random);
    CHECK_EQUAL(made, llroundl((long double)frames * (long double)out / (long double)in));
    double worst = 0;
    for (size_t n = 0; n < made; n += 1 + made / 200)
      for (int c = 0; c < channels; c += 1 + channels / 3) {
        double wrong = fabs(output[n * (size_t)channels + (size_t)c] - model(input, frames, channels, c, in, out, n));
        if (wrong > worst) worst = wrong;
      }
    CHECK_WITHIN(worst, 0, 1e-5);
    /* The same once more, in blocks of another size. */
    resampler_restart(r);
    CHECK_EQUAL(convert(r, input, frames, frame, again, room, frame, (size_t)random_between(&random, 1, 3000), &random),
                made);
    CHECK(memcmp(output, again, made * frame) == 0);
    if (test_failures) printf("# run %d: %g -> %g Hz, %d channels, %zu frames\n", i, in, out, channels, frames);
    resampler_free(r);
  }
}

TEST(lengths_are_exact_for_all_rates_and_blocks) {
  static const size_t blocks[] = {1, 7, 64, 441, 1024, 5000};
  struct random random = {seed};
  for (int a = 0; a < RATES; a++)
    for (int b = 0; b < RATES && !test_failures; b++) {
      struct resampler *r = make(rates[a], rates[b], 1, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32);
      for (size_t i = 0; i < (TEST_THREAD_SANITIZER ? 2 : sizeof blocks / sizeof *blocks); i++) {
        size_t frames = (size_t)random_between(&random, 1, TEST_THREAD_SANITIZER ? 1000 : 4000);
        size_t made = convert(r, input, frames, 4, output, FRAMES_MOST * 8, 4, blocks[i], &random);
        int64_t wanted = llroundl((long double)frames * (long double)rates[b] / (long double)rates[a]);
        CHECK_EQUAL(made, wanted);
        CHECK_EQUAL(resampler_length((int64_t)frames, rates[a], rates[b]), wanted);
        resampler_restart(r);
      }
      resampler_free(r);
    }
  CHECK_EQUAL(resampler_length(9007199254740991, 44100, 48000), 9803754290874548); /* beyond what a double holds */
  CHECK_EQUAL(resampler_length(0, 44100, 48000), 0);
}

/* -------------------------------------------------------------- quality */

struct tone {
  double gain, residue; /* of a sine of amplitude 1, both as amplitudes */
};

/* A sine through the resampler, and what of its middle is that sine. */
static struct tone tone(struct resampler *r, double in, double out, double frequency) {
  size_t frames = (size_t)(in * 0.25 < 4000 ? 4000 : in * 0.25);
  if (frames > FRAMES_MOST) frames = FRAMES_MOST;
  for (size_t k = 0; k < frames; k++) input[k] = (float)sin(2 * PI * frequency * (double)k / in);
  resampler_restart(r);
  size_t made = convert(r, input, frames, 4, output, FRAMES_MOST * 8, 4, 1024, NULL);
  size_t from = made / 4, to = made - made / 4;
  double sc = 0, ss = 0, cc = 0, ys = 0, yc = 0, residue = 0;
  for (size_t n = from; n < to; n++) {
    double s = sin(2 * PI * frequency * (double)n / out), c = cos(2 * PI * frequency * (double)n / out);
    ss += s * s, cc += c * c, sc += s * c, ys += output[n] * s, yc += output[n] * c;
  }
  double determinant = ss * cc - sc * sc, a = 0, b = 0;
  if (frequency < out / 2) a = (ys * cc - yc * sc) / determinant, b = (yc * ss - ys * sc) / determinant;
  for (size_t n = from; n < to; n++) {
    double s = sin(2 * PI * frequency * (double)n / out), c = cos(2 * PI * frequency * (double)n / out);
    residue += pow(output[n] - a * s - b * c, 2);
  }
  return (struct tone){hypot(a, b), sqrt(2 * residue / (double)(to - from))};
}

static double decibels(double amplitude) { return 20 * log10(amplitude + 1e-30); }

TEST(quality_is_as_promised_for_all_rates) {
  double worst_ripple = 0, worst_alias = -999, worst_image = -999, worst_noise = -999;
  for (int a = 0; a < RATES; a++)
    for (int b = 0; b < RATES; b++) {
      double in = rates[a], out = rates[b], low = in < out ? in : out, nyquist = low / 2;
      if (in == out || (TEST_THREAD_SANITIZER && (a + b) % 10)) continue;
      struct resampler *r = make(in, out, 1, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32);
      static const double parts[] = {0.05, 0.5, 0.8, 0.9};
      for (int i = 0; i < 4; i++) { /* the pass band, and the images of what is in it */
        struct tone got = tone(r, in, out, nyquist * parts[i]);
        if (fabs(decibels(got.gain)) > worst_ripple) worst_ripple = fabs(decibels(got.gain));
        if (decibels(got.residue) > worst_image) worst_image = decibels(got.residue);
      }
      for (double part = 1.1; part * nyquist < in / 2; part *= 1.27) { /* the stop band */
        struct tone got = tone(r, in, out, nyquist * part);
        if (decibels(got.residue) > worst_alias) worst_alias = decibels(got.residue);
      }
      struct tone got = tone(r, in, out, 1000);
      double noise = decibels(got.residue / got.gain);
      if (noise > worst_noise) worst_noise = noise;
      if (noise > -120) printf("# %g -> %g Hz: %.1f dB at 1 kHz\n", in, out, noise);
      resampler_free(r);
    }
  printf("# pass band within %.3f dB, images %.1f dB, aliases %.1f dB, noise of 1 kHz %.1f dB\n", worst_ripple,
         worst_image, worst_alias, worst_noise);
  CHECK_WITHIN(worst_ripple, 0, 0.1);
  CHECK_WITHIN(worst_image, -999, -110);
  CHECK_WITHIN(worst_alias, -999, -110);
  CHECK_WITHIN(worst_noise, -999, -120);
}

TEST(delay_and_alignment_are_as_promised) {
  for (int a = 0; a < RATES; a++)
    for (int b = 0; b < RATES; b++) {
      double in = rates[a], out = rates[b], low = in < out ? in : out;
      struct resampler *r = make(in, out, 1, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32);
      double delay = (double)resampler_needs(r, 1) / in, held = resampler_held(r);
      CHECK(delay <= (low >= 16000 ? 0.004 : 64 / low));
      CHECK_WITHIN(held, 0, 0);
      /* A click at frame k comes at frame k * out / in. */
      memset(input, 0, 2000 * sizeof *input);
      input[1000] = 1;
      size_t made = convert(r, input, 2000, 4, output, FRAMES_MOST * 8, 4, 100, NULL), peak = 0;
      for (size_t n = 0; n < made; n++)
        if (output[n] > output[peak]) peak = n;
      CHECK_WITHIN((double)peak / out - 1000 / in, -0.5 / low, 0.5 / low);
      resampler_free(r);
    }
}

/* -------------------------------------------------------------- formats */

TEST(integers_are_rounded_and_clipped) {
  static unsigned char bytes[4000 * 4], converted[9000 * 4], expected[9000 * 4];
  for (int in = PS_FORMAT_FLOAT32; in <= PS_FORMAT_UINT8; in++)
    for (int out = PS_FORMAT_FLOAT32; out <= PS_FORMAT_UINT8; out++)
      for (int channels = 1; channels <= 3; channels += 2) {
        size_t samples = 1200 / (size_t)channels * (size_t)channels, frames = samples / (size_t)channels;
        /* A square wave of full scale, of which the overshoot has to be clipped. */
        for (size_t i = 0; i < samples; i++) input[i] = i / (size_t)channels / 20 % 2 ? -1 : 0.9999f;
        format_convert(in, bytes, PS_FORMAT_FLOAT32, input, samples);
        format_convert(PS_FORMAT_FLOAT32, input, in, bytes, samples);
        struct resampler *r = make(44100, 48000, channels, in, out);
        struct resampler *floats = make(44100, 48000, channels, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32);
        size_t in_frame = format_bytes(in) * (size_t)channels, out_frame = format_bytes(out) * (size_t)channels;
        size_t frame = sizeof(float) * (size_t)channels;
        size_t made = convert(r, bytes, frames, in_frame, converted, 3000, out_frame, 50, NULL);
        CHECK_EQUAL(convert(floats, input, frames, frame, output, 3000, frame, 50, NULL), made);
        format_convert(out, expected, PS_FORMAT_FLOAT32, output, made * (size_t)channels);
        CHECK(memcmp(converted, expected, made * out_frame) == 0);
        resampler_free(r);
        resampler_free(floats);
      }
}

TEST(a_sample_that_is_no_number_does_no_lasting_harm) {
  struct resampler *r = make(44100, 48000, 1, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32);
  for (size_t k = 0; k < 2000; k++) input[k] = k == 500 ? NAN : k == 600 ? INFINITY : 0.5f;
  size_t made = convert(r, input, 2000, 4, output, FRAMES_MOST, 4, 100, NULL);
  for (size_t n = 0; n < made; n++)
    if (n < 500 || (n > 700 && n < 2100)) CHECK(output[n] == output[n] && fabsf(output[n]) < 1);
  resampler_free(r);
}

/* ---------------------------------------------------------------- drift */

static struct resampler *make_varying(double in, double out) {
  struct resampler_setup setup = {in, out, 1, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32, 1};
  struct resampler *r = NULL;
  CHECK_EQUAL(resampler_new(&setup, &r), PS_OK);
  return r;
}

TEST(the_ratio_varies_smoothly_and_within_bounds) {
  struct resampler *r = make_varying(48000, 48000);
  static const double targets[] = {3, -1e9, NAN, 1e9, 0, 77.77};
  for (int i = 0; i < 6; i++) {
    resampler_set_drift(r, targets[i]);
    double wanted = targets[i] > 500 ? 500 : !(targets[i] > -500) ? -500 : targets[i], last = resampler_drift(r);
    for (int block = 0; block < 12000; block++) {
      struct resampler_block step = {input, 400, output, 256};
      resampler_process(r, &step);
      CHECK_EQUAL(step.out_frames, 256);
      double now = resampler_drift(r);
      if (fabs(now - last) > 0.1000001) CHECK_WITHIN(now - last, -0.1, 0.1);
      last = now;
    }
    CHECK_WITHIN(resampler_drift(r), wanted - 1e-9, wanted + 1e-9);
  }
  resampler_free(r);
}

/* The input of a clock that is 200 ppm fast is a tone that is 200 ppm low; it comes out at its right pitch. */
TEST(a_tone_keeps_its_quality_under_drift) {
  struct resampler *r = make_varying(48000, 48000);
  double frequency = 1000, at = 0, phase = 0;
  resampler_set_drift(r, 200);
  size_t taken = 0, frames = 0, settle = 256 * 2100, length = 48000;
  while (frames < settle + length) {
    float block[300];
    struct resampler_block step = {block, resampler_needs(r, 256), output + (frames < settle ? 0 : frames - settle),
                                   256};
    for (size_t k = 0; k < step.in_frames; k++)
      block[k] = (float)sin(2 * PI * frequency / (48000 * 1.0002) * (double)(taken + k));
    resampler_process(r, &step);
    taken += step.in_frames;
    frames += step.out_frames;
  }
  double a = 0, b = 0, residue = 0;
  for (size_t n = 0; n < length; n++) { /* 48000 frames are 1000 periods */
    at = 2 * PI * frequency * (double)n / 48000;
    a += output[n] * sin(at) * 2 / (double)length;
    b += output[n] * cos(at) * 2 / (double)length;
  }
  phase = atan2(b, a);
  for (size_t n = 0; n < length; n++)
    residue += pow(output[n] - hypot(a, b) * sin(2 * PI * frequency * (double)n / 48000 + phase), 2);
  CHECK_WITHIN(hypot(a, b), 0.9999, 1.0001);
  CHECK_WITHIN(decibels(sqrt(2 * residue / (double)length)), -999, -90);
  resampler_free(r);
}

TEST(what_cannot_be_converted_is_refused) {
  static const struct resampler_setup wrong[] = {
      {0, 48000, 1, 0, 0, 0},     {48000, NAN, 1, 0, 0, 0},    {48000, 1e300, 1, 0, 0, 0},
      {1e7, 1000, 1, 0, 0, 0},    {44100, 48000, 0, 0, 0, 0},  {44100, 48000, 100000, 0, 0, 0},
      {44100, 48000, 1, 9, 0, 0}, {44100, 48000, 1, 0, -1, 0},
  };
  struct resampler *r = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CHECK_EQUAL(resampler_new(&wrong[i], &r), PS_ERR_ARGUMENT);
  CHECK(r == NULL);
}

TEST(processors_agree) {
  static float rows[4 * 256] __attribute__((aligned(64))), blended[2][256] __attribute__((aligned(64)));
  const struct resampler_kernel *kernels[2] = {&resampler_kernel_baseline, resampler_kernel()};
  struct random random = {seed};
  for (int round = 0; round < 100; round++) {
    size_t taps = (size_t)random_between(&random, 1, 16) * 16;
    float results[2][2][4], twice[8], once[4];
    for (size_t i = 0; i < 4 * 256; i++) rows[i] = (float)random_between(&random, -1000, 1000) / 100000;
    for (size_t i = 0; i < 1000; i++) input[i] = (float)random_between(&random, -1000, 1000) / 1000;
    for (int k = 0; k < 2; k++) {
      const float *all[4] = {rows, rows + 256, rows + 512, rows + 768},
                  *at[4] = {input + 1, input + 3, input, input + 7};
      kernels[k]->dot(all, at, taps, results[k][0]);
      kernels[k]->dot_one(rows, at, taps, results[k][1]);
      kernels[k]->dot_two(all, at, taps, twice);
      for (int i = 0; i < 8; i++) { /* to the bit: what is made does not depend on how it is cut into blocks */
        kernels[k]->dot_one(all[i / 4], at, taps, once);
        CHECK(twice[i] == once[i % 4]);
      }
      kernels[k]->dot((const float *[4]){rows, rows, rows, rows}, at, taps, once);
      for (int i = 0; i < 4; i++) CHECK(once[i] == results[k][1][i]);
      kernels[k]->blend(blended[k], rows, rows + 256, 0.3f, taps);
    }
    for (int i = 0; i < 8; i++) CHECK_WITHIN(results[0][i / 4][i % 4] - results[1][i / 4][i % 4], -1e-6, 1e-6);
    for (size_t i = 0; i < taps; i++) CHECK_WITHIN(blended[0][i] - blended[1][i], -1e-8, 1e-8);
  }
}

int main(void) {
  seed = random_seed();
  RUN(random_conversions_are_those_of_the_model);
  RUN(lengths_are_exact_for_all_rates_and_blocks);
  RUN(quality_is_as_promised_for_all_rates);
  RUN(delay_and_alignment_are_as_promised);
  RUN(integers_are_rounded_and_clipped);
  RUN(a_sample_that_is_no_number_does_no_lasting_harm);
  RUN(the_ratio_varies_smoothly_and_within_bounds);
  RUN(a_tone_keeps_its_quality_under_drift);
  RUN(what_cannot_be_converted_is_refused);
  RUN(processors_agree);
  return test_end();
}
