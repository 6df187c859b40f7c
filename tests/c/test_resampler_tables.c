/* The tables of resamplers, which those of the same rates share, on any thread. */
#include "engine/resampler_table.h"

#include "engine/resampler.h"
#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

static uint64_t seed;

static struct resampler *make(double in, double out, int channels, int in_format, int out_format) {
  struct resampler_setup setup = {in, out, channels, in_format, out_format, 0};
  struct resampler *resampler = NULL;
  CHECK_EQUAL(resampler_new(&setup, &resampler), PS_OK);
  return resampler;
}

TEST(tables_are_shared_and_freed) {
  size_t before = resampler_tables_live();
  struct resampler *a = make(44100, 48000, 1, 0, 0), *b = make(88200, 96000, 8, 3, 4), *c = make(48000, 44100, 1, 0, 0);
  CHECK_EQUAL(resampler_tables_live(), before + 2);
  resampler_free(a);
  CHECK_EQUAL(resampler_tables_live(), before + 2);
  resampler_free(b);
  resampler_free(c);
  resampler_free(NULL);
  CHECK_EQUAL(resampler_tables_live(), before);
}

static void churn(void *argument) {
  (void)argument;
  struct random random = {seed + 1};
  for (int i = 0; i < 40; i++) {
    struct resampler *r = make(48000, random_once_in(&random, 2) ? 16000 : 24000, 1, 0, 0);
    struct resampler_block step = {(const float[100]){0}, 100, (float[100]){0}, 100};
    resampler_process(r, &step);
    resampler_free(r);
  }
}

TEST(tables_are_shared_between_threads) {
  struct os_thread threads[3];
  for (int i = 0; i < 3; i++) CHECK_EQUAL(os_thread_start(&threads[i], "churn", OS_THREAD_NORMAL, churn, NULL), 0);
  for (int i = 0; i < 3; i++) os_thread_join(&threads[i]);
  CHECK_EQUAL(resampler_tables_live(), 0);
}

int main(void) {
  seed = random_seed();
  RUN(tables_are_shared_and_freed);
  RUN(tables_are_shared_between_threads);
  return test_end();
}
