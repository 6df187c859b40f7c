/* Jobs: whole files read and written on a thread of their own. */
#define _GNU_SOURCE
#include <unistd.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/error.h"
#include "files.h"
#include "os/os.h"
#include "random.h"
#include "test.h"

#define WAV_16 (SF_WAV | 0x0002)
#define FRAMES 100000
#define RATE 48000

static int16_t samples[2 * FRAMES], back[2 * FRAMES];
static double info[PS_FILE_INFO_SIZE];
static struct random source;

static int32_t open_file(const char *path, int32_t mode, int32_t format) {
  file_info(info, format, format ? 2 : 0, format ? RATE : 0);
  return ps_file_open(path, mode, info, PS_FILE_INFO_SIZE);
}

static double wait_job(int32_t job) {
  double done;
  while (done = ps_job_done(job), IS_PENDING(done)) os_sleep(0.001);
  return done;
}

TEST(jobs_read_and_write) {
  for (int i = 0; i < 10; i++) {
    int32_t file = open_file(file_path("job.wav"), PS_MODE_WRITE, WAV_16);
    int32_t frames = i == 0 ? 0 : i == 1 ? FRAMES : (int32_t)random_between(&source, 1, FRAMES);
    int32_t job = ps_job_write(file, samples, frames, PS_FORMAT_INT16);
    CHECK(job > 0);
    CHECK_EQUAL(wait_job(job), frames);
    CHECK_EQUAL(ps_job_take(job, back, 1), PS_ERR_ARGUMENT);
    CHECK_EQUAL(ps_job_free(job), PS_OK);
    CHECK_EQUAL(ps_job_free(job), PS_ERR_HANDLE);
    CHECK_FAILS(ps_job_done(job), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_file_close(file), PS_OK);

    file = open_file(file_path("job.wav"), PS_MODE_READ, 0);
    job = ps_job_read(file, i % 2 ? PS_FRAMES_ALL : frames, PS_FORMAT_INT16);
    int64_t total = 0;
    int32_t count = 0;
    int seen_busy = 0;
    for (;;) {
      int pending = IS_PENDING(ps_job_done(job)); /* before the look at what there is */
      seen_busy |= ps_file_close(file) == PS_ERR_BUSY;
      while ((count = ps_job_take(job, back + 2 * total, 7777)) > 0) total += count;
      if (!pending) break;
    }
    CHECK_EQUAL(total, frames);
    CHECK(memcmp(samples, back, (size_t)frames * 4) == 0);
    CHECK_EQUAL(ps_job_free(job), PS_OK);
    if (!seen_busy)
      CHECK_EQUAL(ps_file_close(file), PS_ERR_HANDLE); /* the job had ended, and this closed it */
    else
      ps_file_close(file);
  }
  CHECK_EQUAL(ps_job_read(12345678, 1, PS_FORMAT_INT16), PS_ERR_HANDLE);
  int32_t file = open_file(file_path("job.wav"), PS_MODE_READ, 0);
  CHECK_EQUAL(ps_job_read(file, -2, PS_FORMAT_INT16), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_job_read(file, 1, 77), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_job_write(file, NULL, 1, PS_FORMAT_INT16), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

/* The file is whole before it is closed, and its end waits for a pipe off the caller's thread. */
TEST(jobs_finish_files) {
  int32_t file = open_file(file_path("finished.wav"), PS_MODE_WRITE, WAV_16);
  CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
  int32_t job = ps_job_finish(file);
  CHECK_EQUAL(wait_job(job), 0);
  CHECK_EQUAL(ps_job_take(job, back, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_file_write(file, samples, 1, PS_FORMAT_INT16), PS_ERR_HANDLE);
  int32_t again = open_file(file_path("finished.wav"), PS_MODE_READ, 0);
  CHECK_EQUAL(ps_file_read(again, back, 2 * FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK(memcmp(samples, back, FRAMES * 2 * sizeof *back) == 0);
  CHECK_EQUAL(ps_file_close(again), PS_OK);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_job_finish(file), PS_ERR_HANDLE);
}

/* A file of at least so many frames. */
static void write_much(const char *path, int32_t frames) {
  int32_t file = open_file(path, PS_MODE_WRITE, WAV_16);
  for (int32_t i = 0; i < frames; i += FRAMES)
    CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

TEST(a_call_takes_little_of_a_job) {
  enum { MANY = 1 << 20, MOST = (1 << 19) / 16 + 1 };
  double *much = calloc(MANY, sizeof *much);
  write_much(file_path("much.wav"), MANY);
  int32_t file = open_file(file_path("much.wav"), PS_MODE_READ, 0), total = 0, most = 0;
  int32_t job = ps_job_read(file, MANY / 2, PS_FORMAT_FLOAT64);
  while (total < MANY / 2) {
    os_sleep(0.001); /* several times as much as a call takes waits there */
    int32_t count = ps_job_take(job, much + 2 * total, MANY / 2 - total);
    if (!CHECK(count >= 0)) break;
    if (count > most) most = count;
    total += count;
  }
  CHECK_WITHIN(most, 1, MOST);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  free(much);
}

TEST(jobs_can_be_left) {
  int32_t long_file = open_file(file_path("long.flac"), PS_MODE_WRITE, SF_FLAC | 2);
  for (int i = 0; i < 20; i++) ps_file_write(long_file, samples, FRAMES, PS_FORMAT_INT16);
  CHECK_EQUAL(ps_file_close(long_file), PS_OK);
  long_file = open_file(file_path("long.flac"), PS_MODE_READ, 0);
  int32_t job =
      ps_job_read(long_file, PS_FRAMES_ALL, PS_FORMAT_FLOAT64); /* 32 MB, of which 8 fit: it waits for being taken */
  os_sleep(0.2);
  CHECK_FAILS(ps_job_done(job), PS_ERR_PENDING);
  CHECK_EQUAL(ps_file_read(long_file, back, 1, PS_FORMAT_INT16), PS_ERR_BUSY);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_file_close(long_file), PS_OK);

  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  file_info(info, SF_RAW | 2, 2, RATE);
  int32_t stalled = ps_file_open_descriptor(ends[0], 1, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  job = ps_job_read(stalled, 1000, PS_FORMAT_INT16);
  os_sleep(0.05);
  double begun = os_time();
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  CHECK_EQUAL(ps_file_close(stalled), PS_OK);
  close(ends[1]);
}

#if defined(__linux__) && defined(MADV_HUGEPAGE)
#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23
#endif
#define PLACE ((size_t)64 << 20)
#define STEP ((size_t)4 << 20)

/* Whether memory that lies ahead of what has been taken is there by the time its turn comes: one try. */
static int is_prepared(char *place) {
  unsigned char resident = 0;
  int32_t file = open_file(file_path("ahead.wav"), PS_MODE_READ, 0);
  int32_t job = ps_job_read(file, PS_FRAMES_ALL, PS_FORMAT_FLOAT64), frames = PLACE / 16, total = 0;
  double latest = os_time() + SOON;
  while ((size_t)total * 16 < STEP / 2 && os_time() < latest) {
    int32_t count = ps_job_take(job, place + (size_t)total * 16, frames - total);
    total += count;
    os_sleep(0.001);
  }
  double until = os_time() + 1; /* it gives up where that takes the system long, and is tried again */
  do {
    mincore(place + STEP, 1, &resident);
    os_sleep(0.001);
  } while (!(resident & 1) && os_time() < until);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  return resident & 1;
}

/* The caller need not wait for the system to find pages. */
TEST(the_place_of_what_is_taken_is_prepared) {
  write_much(file_path("ahead.wav"), 1 << 20);
  int found = 0, tries = 0;
  for (; tries < 5 && !found; tries++) {
    char *memory = mmap(NULL, PLACE + STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!CHECK(memory != MAP_FAILED)) return;
    char *place = memory + (STEP - (uintptr_t)memory % STEP) % STEP;
    if (madvise(place + PLACE - STEP, STEP, MADV_HUGEPAGE) || madvise(place + PLACE - STEP, 1, MADV_POPULATE_WRITE)) {
      printf("# this kernel cannot\n");
      found = 1;
    } else {
      found = is_prepared(place);
    }
    munmap(memory, PLACE + STEP);
  }
  CHECK(found);
}
#endif

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), 0); }

int main(void) {
  source.state = random_seed();
  for (size_t i = 0; i < 2 * FRAMES; i++) samples[i] = (int16_t)random_next(&source);
  RUN(jobs_read_and_write);
  RUN(jobs_finish_files);
  RUN(a_call_takes_little_of_a_job);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  RUN(the_place_of_what_is_taken_is_prepared);
#endif
  RUN(jobs_can_be_left);
  RUN(no_handle_is_left);
  return test_end();
}
