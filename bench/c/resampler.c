/* Sample rate conversion against the libraries that Debian has for it, in one run: each takes its turn in every round,
 * in blocks of 256 frames, and medians are compared. What is not installed is left out (Debian: libsoxr0 libsamplerate0
 * libspeexdsp1). */
#include "engine/resampler.h"

#include <math.h>

#ifndef ROUNDS
#define ROUNDS 41 /* before bench.h: each is a second of sound, so fewer do */
#endif
#include "bench.h"
#include "engine/resampler_kernel.h"
#include "pastream.h"

#define BLOCK 256
#define RATE_MOST 192000
#define CHANNELS_MOST 8

static float input[RATE_MOST * CHANNELS_MOST], output[(RATE_MOST + BLOCK) * CHANNELS_MOST];

struct job {
  double in, out;
  int channels, varies;
  void *state;
};

/* Own declarations of what is used of the three libraries. */
struct src_data {
  const float *in;
  float *out;
  long in_frames, out_frames, in_used, out_made;
  int end;
  double ratio;
};
static void *(*soxr_create)(double, double, unsigned, const char **, void *, void *, void *);
static const char *(*soxr_process)(void *, const void *, size_t, size_t *, void *, size_t, size_t *);
static void (*soxr_delete)(void *);
static void *(*src_new)(int, int, int *);
static int (*src_process)(void *, struct src_data *);
static void *(*src_delete)(void *);
static void *(*speex_init)(uint32_t, uint32_t, uint32_t, int, int *);
static int (*speex_process)(void *, const float *, uint32_t *, float *, uint32_t *);
static void (*speex_destroy)(void *);

static void symbol(void *library, const char *name, void *to) {
  void *found = library ? os_library_symbol(library, name) : NULL;
  memcpy(to, &found, sizeof found);
}

static void load(void) {
  char error[256];
  void *soxr = os_library_open("libsoxr.so.0", error, sizeof error);
  void *samplerate = os_library_open("libsamplerate.so.0", error, sizeof error);
  void *speex = os_library_open("libspeexdsp.so.1", error, sizeof error);
  symbol(soxr, "soxr_create", &soxr_create);
  symbol(soxr, "soxr_process", &soxr_process);
  symbol(soxr, "soxr_delete", &soxr_delete);
  symbol(samplerate, "src_new", &src_new);
  symbol(samplerate, "src_process", &src_process);
  symbol(samplerate, "src_delete", &src_delete);
  symbol(speex, "speex_resampler_init", &speex_init);
  symbol(speex, "speex_resampler_process_interleaved_float", &speex_process);
  symbol(speex, "speex_resampler_destroy", &speex_destroy);
}

static void ours_new(struct job *job) {
  struct resampler_setup setup = {job->in, job->out, job->channels, PS_FORMAT_FLOAT32, PS_FORMAT_FLOAT32, job->varies};
  resampler_new(&setup, (struct resampler **)&job->state);
}
static void ours_block(struct job *job, const float *in, size_t frames) {
  struct resampler_block block = {in, frames, output, RATE_MOST};
  resampler_process(job->state, &block);
}
static void ours_free(struct job *job) { resampler_free(job->state); }

static void soxr_start(struct job *job) {
  job->state = soxr_create ? soxr_create(job->in, job->out, (unsigned)job->channels, NULL, NULL, NULL, NULL) : NULL;
}
static void soxr_block(struct job *job, const float *in, size_t frames) {
  size_t used, made;
  soxr_process(job->state, in, frames, &used, output, RATE_MOST, &made);
}
static void soxr_end(struct job *job) { soxr_delete(job->state); }

static void src_start(struct job *job, int quality) {
  int error;
  job->state = src_new ? src_new(quality, job->channels, &error) : NULL;
}
static void src_medium(struct job *job) { src_start(job, 1); }
static void src_fastest(struct job *job) { src_start(job, 2); }
static void src_block(struct job *job, const float *in, size_t frames) {
  struct src_data data = {in, output, (long)frames, RATE_MOST, 0, 0, 0, job->out / job->in};
  src_process(job->state, &data);
}
static void src_end(struct job *job) { src_delete(job->state); }

static void speex_start(struct job *job, int quality) {
  int error;
  job->state =
      speex_init ? speex_init((uint32_t)job->channels, (uint32_t)job->in, (uint32_t)job->out, quality, &error) : NULL;
}
static void speex_8(struct job *job) { speex_start(job, 8); }
static void speex_block(struct job *job, const float *in, size_t frames) {
  uint32_t used = (uint32_t)frames, made = RATE_MOST;
  speex_process(job->state, in, &used, output, &made);
}
static void speex_end(struct job *job) { speex_destroy(job->state); }

static const struct library {
  const char *name;
  void (*start)(struct job *job); /* leaves state NULL where the library is not there */
  void (*block)(struct job *job, const float *in, size_t frames);
  void (*end)(struct job *job);
} libraries[] = {
    {"ours", ours_new, ours_block, ours_free},
    {"soxr HQ", soxr_start, soxr_block, soxr_end},
    {"speexdsp q8", speex_8, speex_block, speex_end},
    {"libsamplerate fastest", src_fastest, src_block, src_end},
    {"libsamplerate medium", src_medium, src_block, src_end},
};
#define LIBRARIES (sizeof libraries / sizeof *libraries)

static double second(const struct library *library, struct job *job) {
  double from = os_time();
  size_t rate = (size_t)job->in;
  for (size_t done = 0; done < rate; done += BLOCK)
    library->block(job, input + done * (size_t)job->channels, rate - done < BLOCK ? rate - done : BLOCK);
  return (os_time() - from) * 1e6;
}

static void measure(double in, double out, int channels, int varies) {
  static double times[LIBRARIES][ROUNDS];
  struct job jobs[LIBRARIES];
  for (size_t l = 0; l < LIBRARIES; l++) {
    jobs[l] = (struct job){in, out, channels, varies, NULL};
    libraries[l].start(&jobs[l]);
  }
  for (int turn = 0; turn < ROUNDS; turn++)
    for (size_t l = 0; l < LIBRARIES; l++)
      if (jobs[l].state && (l == 0 || !varies)) times[l][turn] = second(&libraries[l], &jobs[l]);
  printf("| %6.0f -> %6.0f Hz, %d channel%s%-21s |", in, out, channels, channels > 1 ? "s" : " ",
         varies ? ", ratio that varies" : "");
  for (size_t l = 0; l < LIBRARIES; l++) {
    qsort(times[l], ROUNDS, sizeof(double), bench_compare);
    if (jobs[l].state && (l == 0 || !varies))
      printf(" %9.0f |", times[l][ROUNDS / 2]);
    else
      printf(" %9s |", "");
  }
  if (jobs[0].state && jobs[1].state && !varies)
    printf(" %6.2f | 1.5 |\n", times[0][ROUNDS / 2] / times[1][ROUNDS / 2]);
  else
    printf(" | |\n");
  for (size_t l = 0; l < LIBRARIES; l++)
    if (jobs[l].state) libraries[l].end(&jobs[l]);
}

int main(void) {
  load();
  for (size_t i = 0; i < sizeof input / sizeof *input; i++) input[i] = (float)sin((double)i * 0.1) * 0.5f;
  printf("\n| us of one core for a second of sound, float32, %s |",
         resampler_kernel() == &resampler_kernel_baseline ? "baseline" : "AVX2");
  for (size_t l = 0; l < LIBRARIES; l++) printf(" %s |", libraries[l].name);
  printf(" ours / soxr | target |\n|-|-:|-:|-:|-:|-:|-:|-:|\n");
  measure(48000, 16000, 1, 0);
  measure(16000, 48000, 1, 0);
  measure(44100, 48000, 1, 0);
  measure(48000, 44100, 1, 0);
  measure(44100, 48000, 2, 0);
  measure(48000, 44100, 2, 0);
  measure(48000, 8000, 1, 0);
  measure(8000, 192000, 1, 0);
  measure(44100, 48000, 8, 0);
  measure(48000, 48000, 2, 1);
  return 0;
}
