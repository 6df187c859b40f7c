/* Threads between files and rings, and the end of the process. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "file/thread.h"
#include "files.h"
#include "os/os.h"
#include "random.h"
#include "test.h"

#define WAV_16 (SF_WAV | 0x0002)
#define FRAMES 100000
#define RATE 48000

static int16_t samples[2 * FRAMES], back[2 * 4 * FRAMES];
static double info[PS_FILE_INFO_SIZE];
static struct random source;
static _Atomic int32_t failures;

static void failed(void *argument) {
  (void)argument;
  atomic_fetch_add(&failures, 1);
}

static struct file_thread_options options(int loop, int64_t limit) {
  atomic_store(&failures, 0);
  return (struct file_thread_options){
      .format = PS_FORMAT_INT16, .sample_rate = RATE, .limit = limit, .loop = loop, .failed = failed};
}

static int32_t open_file(const char *path, int32_t mode, int32_t format) {
  file_info(info, format, format ? 2 : 0, format ? RATE : 0);
  return ps_file_open(path, mode, info, PS_FILE_INFO_SIZE);
}

/* The object behind a handle, taken. */
static struct file *take(int32_t handle) {
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  CHECK(file != NULL && file_take(file) == PS_OK);
  return file;
}

static void give_back(struct file *file) {
  file_give_back(file);
  object_release((struct object *)file);
}

/* ------------------------------------------------------------------ reading */

/* Takes frames out of the ring until it has `frames` or the ring has ended. */
static int64_t consume(struct ring *ring, struct file_reader *reader, int64_t frames) {
  int64_t total = 0;
  while (total < frames) {
    int ended = ring_ended(ring);
    int64_t part = random_between(&source, 1, 3000);
    size_t count = ring_read(ring, back + 2 * total, (size_t)(part < frames - total ? part : frames - total));
    if (count == 0 && ended) break;
    total += (int64_t)count;
    if (count == 0) {
      file_reader_wake(reader); /* as a freewheeling device does */
      os_sleep(0.0002);
    }
  }
  return total;
}

/* Frame i of what a reader that began at `start` has delivered, in a file that is looped. */
static int right(int64_t start, int64_t frames) {
  for (int64_t i = 0; i < frames; i++)
    if (memcmp(back + 2 * i, samples + 2 * ((start + i) % FRAMES), 4) != 0) {
      printf("# frame %lld of %lld is wrong\n", (long long)i, (long long)frames);
      return 0;
    }
  return 1;
}

TEST(a_reader_delivers_the_file) {
  static const size_t sizes[] = {1, 100, 4096, 65536, 2 * FRAMES};
  int32_t handle = open_file(file_path("read.wav"), PS_MODE_READ, 0);
  struct file *file = take(handle);
  for (int i = 0; i < 5; i++) {
    struct ring *ring = ring_create(4, sizes[i]);
    int64_t start = sizes[i] == 1 ? FRAMES - 50 : random_between(&source, 0, FRAMES);
    CHECK_EQUAL(file_seek(file, start, 0), start);
    struct file_thread_options all = options(0, -1);
    struct file_reader *reader = file_reader_start(file, ring, &all);
    CHECK_EQUAL(consume(ring, reader, FRAMES + 1), FRAMES - start);
    CHECK(right(start, FRAMES - start));
    file_reader_stop(reader, 0);
    CHECK_EQUAL(file_tell(file), FRAMES);
    object_release(&ring->object);
  }
  CHECK_EQUAL(atomic_load(&failures), 0);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
}

TEST(a_limit) {
  int32_t handle = open_file(file_path("read.wav"), PS_MODE_READ, 0);
  struct file *file = take(handle);
  static const int64_t limits[] = {0, 1, 1000, 20000, FRAMES, FRAMES + 1};
  for (int i = 0; i < 6; i++) {
    struct ring *ring = ring_create(4, 4096);
    CHECK_EQUAL(file_seek(file, 0, 0), 0);
    struct file_thread_options some = options(0, limits[i]);
    struct file_reader *reader = file_reader_start(file, ring, &some);
    int64_t expected = limits[i] < FRAMES ? limits[i] : FRAMES;
    CHECK_EQUAL(consume(ring, reader, 2 * FRAMES), expected);
    file_reader_stop(reader, 0);
    CHECK_EQUAL(file_tell(file), expected); /* not a frame more was taken from the file */
    object_release(&ring->object);
  }
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
}

TEST(a_loop_has_no_gap_and_can_be_ended) {
  int32_t handle = open_file(file_path("read.wav"), PS_MODE_READ, 0);
  struct file *file = take(handle);
  struct ring *ring = ring_create(4, 5000);
  struct file_thread_options looping = options(1, -1);
  CHECK_EQUAL(file_seek(file, FRAMES - 10, 0), FRAMES - 10);
  struct file_reader *reader = file_reader_start(file, ring, &looping);
  CHECK_EQUAL(consume(ring, reader, 3 * FRAMES + 11), 3 * FRAMES + 11);
  CHECK(right(FRAMES - 10, 3 * FRAMES + 11));
  file_reader_end_loop(reader); /* one frame after the beginning of a pass, and not a whole one ahead */
  CHECK_EQUAL(consume(ring, reader, 4 * FRAMES), FRAMES - 1);
  CHECK(right(1, FRAMES - 1));
  file_reader_stop(reader, 0);
  object_release(&ring->object);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
}

/* What was read ahead and not played is read again by the next run. */
TEST(a_stopped_reader_goes_back) {
  int32_t handle = open_file(file_path("read.wav"), PS_MODE_READ, 0);
  struct file *file = take(handle);
  for (int loop = 0; loop < 2; loop++) {
    for (int i = 0; i < 20; i++) {
      struct ring *ring = ring_create(4, (size_t)random_between(&source, 1000, 250000));
      struct file_thread_options some = options(loop, -1);
      int64_t start = random_between(&source, 0, FRAMES - 1), wanted = random_between(&source, 0, FRAMES);
      CHECK_EQUAL(file_seek(file, start, 0), start);
      struct file_reader *reader = file_reader_start(file, ring, &some);
      if (random_once_in(&source, 2)) os_sleep(0.005);
      int64_t played = consume(ring, reader, wanted);
      file_reader_stop(reader, 0);
      int64_t position = start + played, told = file_tell(file);
      CHECK(told == position || (loop && told % FRAMES == position % FRAMES));
      object_release(&ring->object);
    }
  }
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
}

TEST(a_reader_stays_ahead_and_sleeps) {
  int32_t handle = open_file(file_path("read.wav"), PS_MODE_READ, 0);
  struct file *file = take(handle);
  struct ring *ring = ring_create(4, 32768);
  struct file_thread_options looping = options(1, -1);
  struct file_reader *reader = file_reader_start(file, ring, &looping);
  while (ring_read_available(ring) < ring->size) os_sleep(0.001);
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  double begun = os_time(), due = begun;
  size_t lowest = ring->size;
  while (os_time() - begun < 2) {
    os_sleep_until(due += 0.02);
    if (os_time() > due + 0.02) continue; /* this test was late itself */
    ring_read(ring, back, RATE / 50);
    size_t left = ring_read_available(ring);
    if (left < lowest) lowest = left;
  }
  getrusage(RUSAGE_SELF, &after);
  CHECK(lowest >= ring->size / 2);
  /* 100 wake-ups are this test's own. Ten a second are meant to be the reader's. */
  CHECK_WITHIN(after.ru_nvcsw - before.ru_nvcsw, 0, 100 + 2 * 10 * 2);
  file_reader_stop(reader, 0);
  object_release(&ring->object);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
}

TEST(a_stalled_reader_can_be_stopped) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  CHECK_EQUAL(write(ends[1], samples, 4000), 4000);
  file_info(info, SF_RAW | 2, 2, RATE);
  int32_t handle = ps_file_open_descriptor(ends[0], 1, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  struct file *file = take(handle);
  struct ring *ring = ring_create(4, 65536);
  struct file_thread_options all = options(0, -1);
  struct file_reader *reader = file_reader_start(file, ring, &all);
  os_sleep(0.05);
  double begun = os_time();
  file_reader_stop(reader, 0);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  CHECK_EQUAL(atomic_load(&failures), 0);
  object_release(&ring->object);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
  close(ends[1]);
}

/* ------------------------------------------------------------------ writing */

static void produce(struct ring *ring, struct file_writer *writer, int64_t first, int64_t frames) {
  for (int64_t done = 0; done < frames && !atomic_load(&failures);) {
    int64_t part = random_between(&source, 1, 3000);
    if (part > frames - done) part = frames - done;
    size_t count = ring_write(ring, samples + 2 * (first + done), (size_t)part);
    done += (int64_t)count;
    if (count == 0) {
      file_writer_wake(writer);
      os_sleep(0.0002);
    }
  }
}

static int equal(const char *path, int64_t first, int64_t frames) {
  return CHECK_EQUAL(file_read_all(path, back, 2 * 4 * FRAMES), frames) &&
         CHECK(memcmp(back, samples + 2 * first, (size_t)frames * 4) == 0);
}

TEST(a_writer_writes_all) {
  static const size_t sizes[] = {64, 4096, 65536, FRAMES};
  for (int i = 0; i < 4; i++) {
    int32_t handle = open_file(file_path("write.wav"), PS_MODE_WRITE, WAV_16);
    struct file *file = take(handle);
    struct ring *ring = ring_create(4, sizes[i]);
    struct file_thread_options all = options(0, -1);
    struct file_writer *writer = file_writer_start(file, ring, &all);
    int64_t frames = sizes[i] == 64 ? 5000 : FRAMES;
    produce(ring, writer, 0, frames);
    CHECK_EQUAL(file_writer_switched_at(writer), -1);
    CHECK_EQUAL(file_writer_finish(writer, 1), PS_OK);
    file_writer_free(writer);
    CHECK(equal(file_path("write.wav"), 0, frames)); /* it is whole before it is closed */
    give_back(file);
    CHECK_EQUAL(ps_file_close(handle), PS_OK);
    CHECK(equal(file_path("write.wav"), 0, frames));
    object_release(&ring->object);
  }
}

TEST(a_switch_loses_nothing) {
  for (int i = 0; i < 20; i++) {
    int32_t one = open_file(file_path("one.wav"), PS_MODE_WRITE, WAV_16);
    int32_t two = open_file(file_path("two.wav"), PS_MODE_WRITE, WAV_16);
    struct file *files[2] = {take(one), take(two)};
    struct ring *ring = ring_create(4, 8192);
    struct file_thread_options all = options(0, -1);
    struct file_writer *writer = file_writer_start(files[0], ring, &all);
    int64_t before = random_between(&source, 0, FRAMES / 2);
    produce(ring, writer, 0, before);
    CHECK_EQUAL(file_writer_switch(writer, files[1], PS_NEXT_BLOCK), PS_OK);
    int again =
        i % 2 ? file_writer_switch(writer, files[1], PS_NEXT_BLOCK) : PS_ERR_BUSY; /* unless that is done already */
    CHECK(again == PS_ERR_BUSY || again == PS_OK);
    produce(ring, writer, before, FRAMES - before);
    CHECK_EQUAL(file_writer_finish(writer, 1), PS_OK);
    int64_t at = file_writer_switched_at(writer);
    file_writer_free(writer);
    CHECK_EQUAL(file_take(files[0]), PS_OK); /* was given back */
    give_back(files[0]);
    CHECK_EQUAL(ps_file_close(one), PS_OK);
    give_back(files[1]);
    CHECK_EQUAL(ps_file_close(two), PS_OK);
    object_release(&ring->object);
    if (again == PS_OK) continue; /* `at` is that of the second switch, from the file to itself */
    CHECK_WITHIN((double)at, 0, FRAMES);
    CHECK(equal(file_path("one.wav"), 0, at));
    CHECK(equal(file_path("two.wav"), at, FRAMES - at));
  }
}

/* Its header is brought up to date: were the process killed, no more than the last second would be missing. */
TEST(a_file_being_recorded_is_readable) {
  int32_t handle = open_file(file_path("live.wav"), PS_MODE_WRITE, WAV_16);
  struct file *file = take(handle);
  struct ring *ring = ring_create(4, 65536);
  struct file_thread_options all = options(0, -1);
  struct file_writer *writer = file_writer_start(file, ring, &all);
  for (int i = 0; i < 60; i++) {
    produce(ring, writer, i * 1600, 1600); /* in step with the clock: FRAMES are two seconds */
    os_sleep(1.0 / 30);
  }
  int64_t seen;
  double end = os_time() + SOON; /* a busy machine may give the writer its time later */
  do seen = file_read_all(file_path("live.wav"), back, 2 * 4 * FRAMES);
  while (seen < 60 * 1600 - 1.3 * RATE && os_time() < end);
  CHECK_WITHIN((double)seen, 60 * 1600 - 1.3 * RATE, 60 * 1600);
  CHECK_EQUAL(file_writer_finish(writer, 1), PS_OK);
  file_writer_free(writer);
  object_release(&ring->object);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
  CHECK(equal(file_path("live.wav"), 0, 60 * 1600));
}

struct hurry {
  struct file_writer *writer;
  double after;
};

static void hurries(void *argument) {
  struct hurry *hurry = argument;
  os_sleep(hurry->after);
  file_writer_hurry(hurry->writer, 0.1);
}

TEST(a_stalled_writer_is_given_up) {
  for (int hurried = 0; hurried < 2; hurried++) {
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    file_info(info, SF_AU | 2, 2, RATE);
    int32_t handle = ps_file_open_descriptor(ends[1], 1, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
    struct file *file = take(handle);
    struct ring *ring = ring_create(4, FRAMES);
    struct file_thread_options all = options(0, -1);
    struct file_writer *writer = file_writer_start(file, ring, &all);
    ring_write(ring, samples, FRAMES); /* a pipe takes 64 KiB of its 400 */
    struct hurry hurry = {writer, 0.3};
    struct os_thread thread;
    double begun = os_time();
    if (hurried) os_thread_start(&thread, "hurries", OS_THREAD_NORMAL, hurries, &hurry);
    CHECK_EQUAL(file_writer_finish(writer, hurried ? 60 : 0.3), PS_ERR_STALLED);
    CHECK_WITHIN(os_time() - begun, 0.2, SOON);
    if (hurried) os_thread_join(&thread);
    file_writer_free(writer);
    object_release(&ring->object);
    give_back(file);
    CHECK_EQUAL(ps_file_close(handle), PS_OK);
    close(ends[0]);
  }
}

/* A pipe that is slow is not one that stalls. */
static void reads_slowly(void *argument) {
  static char bytes[20000];
  int end = *(int *)argument;
  while (read(end, bytes, sizeof bytes) > 0) os_sleep(0.05);
}

TEST(a_slow_pipe_is_waited_for) {
  int ends[2];
  struct os_thread thread;
  CHECK_EQUAL(pipe(ends), 0);
  file_info(info, SF_AU | 2, 2, RATE);
  int32_t handle = ps_file_open_descriptor(ends[1], 1, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  struct file *file = take(handle);
  struct ring *ring = ring_create(4, FRAMES);
  struct file_thread_options all = options(0, -1);
  struct file_writer *writer = file_writer_start(file, ring, &all);
  ring_write(ring, samples, FRAMES);
  os_thread_start(&thread, "reads", OS_THREAD_NORMAL, reads_slowly, &ends[0]);
  double begun = os_time();
  CHECK_EQUAL(file_writer_finish(writer, 0.4), PS_OK);
  CHECK(os_time() - begun > 0.4); /* else this proves nothing */
  file_writer_free(writer);
  object_release(&ring->object);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
  os_thread_join(&thread);
  close(ends[0]);
}

TEST(a_failing_writer_reports_once) {
  int descriptor = open("/dev/full", O_WRONLY);
  if (descriptor < 0) return (void)CHECK(1);
  file_info(info, SF_RAW | 2, 2, RATE);
  int32_t handle = ps_file_open_descriptor(descriptor, 1, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  struct file *file = take(handle);
  struct ring *ring = ring_create(4, 8192);
  struct file_thread_options all = options(0, -1);
  struct file_writer *writer = file_writer_start(file, ring, &all);
  produce(ring, writer, 0, FRAMES);
  CHECK_EQUAL(atomic_load(&failures), 1);
  CHECK_EQUAL(file_writer_finish(writer, 1), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(atomic_load(&failures), 1);
  file_writer_free(writer);
  object_release(&ring->object);
  give_back(file);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
}

/* ---------------------------------------------------------------------- end */

TEST(closing_all_leaves_whole_files) {
  int32_t plain = open_file(file_path("plain.wav"), PS_MODE_WRITE, WAV_16);
  int32_t flac = open_file(file_path("plain.flac"), PS_MODE_WRITE, SF_FLAC | 2);
  int32_t busy = open_file(file_path("busy.wav"), PS_MODE_WRITE, WAV_16);
  CHECK_EQUAL(ps_file_write(plain, samples, 1000, PS_FORMAT_INT16), 1000);
  CHECK_EQUAL(ps_file_write(flac, samples, 1000, PS_FORMAT_INT16), 1000);
  int32_t job = ps_job_write(busy, samples, FRAMES, PS_FORMAT_INT16);
  file_close_all();
  CHECK(equal(file_path("plain.wav"), 0, 1000));
  CHECK(equal(file_path("plain.flac"), 0, 1000));
  int64_t written = file_read_all(file_path("busy.wav"), back, 2 * 4 * FRAMES);
  CHECK_WITHIN((double)written, 0, FRAMES);
  CHECK(memcmp(samples, back, (size_t)written * 4) == 0);
  CHECK_EQUAL(ps_file_write(plain, samples, 1, PS_FORMAT_INT16), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_file_close(plain), PS_OK);
  CHECK_EQUAL(ps_file_close(flac), PS_OK);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_file_close(busy), PS_OK);
}

TEST(a_closed_file_is_not_in_use) {
  int32_t handle = open_file(file_path("closed.wav"), PS_MODE_WRITE, WAV_16);
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
  CHECK_EQUAL(file_take(file), PS_ERR_HANDLE); /* PS_ERR_BUSY would have ps_shutdown wait for it */
  object_release((struct object *)file);
}

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), 0); }

static _Atomic int32_t closing;

/* ps_shutdown may be closing it at that moment. */
static void close_soon(int32_t file) {
  int32_t status;
  while ((status = ps_file_close(file)) == PS_ERR_BUSY) os_sleep(0);
  CHECK_EQUAL(status, PS_OK);
}

static void open_and_close(void *argument) {
  const char *path = argument;
  while (!atomic_load(&closing)) {
    double own[PS_FILE_INFO_SIZE];
    int ends[2];
    file_info(own, WAV_16, 2, RATE);
    int32_t file = ps_file_open(path, PS_MODE_WRITE, own, PS_FILE_INFO_SIZE);
    if (file > 0) {
      ps_file_write(file, samples, 1000, PS_FORMAT_INT16);
      close_soon(file);
    }
    if (pipe(ends) != 0) continue;
    file_info(own, SF_AU | 2, 2, RATE);
    file = ps_file_open_descriptor(ends[1], 1, PS_MODE_WRITE, own, PS_FILE_INFO_SIZE);
    if (file > 0) {
      ps_file_write(file, samples, 100, PS_FORMAT_INT16);
      close_soon(file);
    }
    close(ends[0]);
  }
}

TEST(shutting_down_while_files_are_closed) {
  struct os_thread threads[3];
  atomic_store(&closing, 0);
  static const char *const names[] = {"shutdown-0.wav", "shutdown-1.wav", "shutdown-2.wav"};
  for (int i = 0; i < 3; i++)
    os_thread_start(&threads[i], "ps-test", OS_THREAD_NORMAL, open_and_close, (void *)file_path(names[i]));
  double end = os_time() + test_seconds(1, 20);
  while (os_time() < end) CHECK_EQUAL(ps_shutdown(), PS_OK);
  atomic_store(&closing, 1);
  for (int i = 0; i < 3; i++) os_thread_join(&threads[i]);
  ps_shutdown();
}

int main(void) {
  source.state = random_seed();
  for (size_t i = 0; i < 2 * FRAMES; i++) samples[i] = (int16_t)random_next(&source);
  CHECK_EQUAL(file_write_all(file_path("read.wav"), WAV_16, 2, samples, FRAMES), PS_OK);
  RUN(a_reader_delivers_the_file);
  RUN(a_limit);
  RUN(a_loop_has_no_gap_and_can_be_ended);
  RUN(a_stopped_reader_goes_back);
  RUN(a_reader_stays_ahead_and_sleeps);
  RUN(a_stalled_reader_can_be_stopped);
  RUN(a_writer_writes_all);
  RUN(a_switch_loses_nothing);
  RUN(a_file_being_recorded_is_readable);
  RUN(a_stalled_writer_is_given_up);
  RUN(a_slow_pipe_is_waited_for);
  RUN(a_failing_writer_reports_once);
  RUN(closing_all_leaves_whole_files);
  RUN(a_closed_file_is_not_in_use);
  RUN(shutting_down_while_files_are_closed);
  RUN(no_handle_is_left);
  return test_end();
}
