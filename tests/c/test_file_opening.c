/* Files that are opened off the caller's thread: by whom they are closed, and that nothing waits for a pipe. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "os/os.h"
#include "test.h"

#define FRAMES 1000

static int16_t samples[FRAMES], back[FRAMES];
static double info[PS_FILE_INFO_SIZE];

static int32_t begin(const char *path, int32_t mode) {
  file_info(info, SF_WAV | 2, 1, 48000);
  return ps_opening_new(path, mode, info, PS_FILE_INFO_SIZE);
}

/* The file, or why there is none. */
static int32_t end(int32_t opening) {
  int32_t file;
  while ((file = ps_opening_done(opening)) == PS_ERR_PENDING) os_sleep(0.001);
  return file;
}

TEST(a_file_is_written_and_read) {
  int32_t opening = begin(file_path("one.wav"), PS_MODE_WRITE), file = end(opening);
  CHECK_EQUAL(ps_opening_done(opening), PS_ERR_STATE);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  CHECK_EQUAL(ps_opening_free(opening), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_opening_done(opening), PS_ERR_HANDLE);
  for (int i = 0; i < FRAMES; i++) samples[i] = (int16_t)(i * 31);
  CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  opening = begin(file_path("one.wav"), PS_MODE_READ);
  file = end(opening);
  ps_opening_free(opening);
  CHECK_EQUAL(ps_file_read(file, back, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK(memcmp(samples, back, sizeof samples) == 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

TEST(a_descriptor_stays_open) {
  int descriptor = open(file_path("one.wav"), O_RDONLY);
  file_info(info, SF_WAV | 2, 1, 48000);
  int32_t opening = ps_opening_of_descriptor(descriptor, PS_MODE_READ, info, PS_FILE_INFO_SIZE), file = end(opening);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  CHECK_EQUAL(ps_file_read(file, back, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK(memcmp(samples, back, sizeof samples) == 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(close(descriptor), 0);
  opening = ps_opening_of_descriptor(987654, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(end(opening), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(ps_opening_write(opening, samples, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  CHECK_EQUAL(ps_opening_of_descriptor(-1, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
}

/* Whoever holds a pipe that brings nothing does not wait for the end of an opening that is left. */
TEST(the_descriptor_of_a_pipe_is_not_waited_for) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  file_info(info, SF_WAV | 2, 1, 48000);
  int32_t opening = ps_opening_of_descriptor(ends[0], PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_opening_done(opening), PS_ERR_PENDING);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  close(ends[1]);
  close(ends[0]);
}

TEST(an_error_is_that_of_the_opening) {
  CHECK_EQUAL(ps_opening_new(NULL, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_opening_new("x", PS_MODE_READ, NULL, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_opening_new("x", PS_MODE_READ, info, 1), PS_ERR_ARGUMENT);
  int32_t opening = begin(file_path("missing.wav"), PS_MODE_READ);
  for (int times = 0; times < 2; times++) {
    CHECK_EQUAL(end(opening), PS_ERR_SOUNDFILE);
    CHECK(file_error_has("missing.wav"));
  }
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
}

/* A file that is still open cannot be opened for writing. */
static int gets_free(const char *path) {
  int32_t file = PS_ERR_SOUNDFILE;
  for (int i = 0; i < 2000 && file < 0; i++) {
    file_info(info, SF_WAV | 2, 1, 48000);
    file = ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
    if (file < 0) os_sleep(0.005);
  }
  return ps_file_close(file) == PS_OK;
}

TEST(a_file_that_nobody_takes_is_closed) {
  int32_t before = ps_handle_count();
  for (int i = 0; i < 50; i++) {
    int32_t opening = begin(file_path("left.wav"), PS_MODE_WRITE);
    if (i % 2) os_sleep(0.0001 * i);
    CHECK_EQUAL(ps_opening_free(opening), PS_OK);
    CHECK(gets_free(file_path("left.wav")));
  }
  int32_t opening = begin(file_path("left.wav"), PS_MODE_WRITE);
  while (file_bytes(file_path("left.wav")) <= 0 || ps_handle_count() < before + 2) os_sleep(0.001);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  CHECK(gets_free(file_path("left.wav")));
  CHECK_EQUAL(ps_handle_count(), before);
}

/* A WAV file in memory. */
static int32_t made(unsigned char *bytes, int32_t room) {
  file_info(info, SF_WAV | 2, 1, 48000);
  int32_t file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK_EQUAL(ps_file_finish(file), PS_OK);
  int32_t size = ps_file_bytes(file, 0, bytes, room);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  return size;
}

TEST(bytes_are_brought_in_pieces) {
  static unsigned char bytes[4 * FRAMES];
  int32_t before = ps_handle_count(), size = made(bytes, sizeof bytes);
  CHECK(size > 2 * FRAMES);
  CHECK_EQUAL(ps_opening_of_bytes(-1, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_opening_of_bytes(0.5, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_opening_of_bytes(size, NULL, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  int32_t opening = ps_opening_of_bytes(size, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_opening_write(opening, NULL, 5), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_opening_write(opening, bytes, size + 1), PS_ERR_ARGUMENT);
  for (int32_t at = 0; at < size; at += 500) {
    CHECK_EQUAL(ps_opening_done(opening), PS_ERR_PENDING);
    CHECK_EQUAL(ps_opening_write(opening, bytes + at, size - at < 500 ? size - at : 500), PS_OK);
  }
  CHECK_EQUAL(ps_opening_write(opening, bytes, 1), PS_ERR_ARGUMENT);
  int32_t file = end(opening);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  memset(bytes, 0, sizeof bytes); /* the file has a copy */
  CHECK_EQUAL(ps_file_read(file, back, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK(memcmp(samples, back, sizeof samples) == 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);

  opening = ps_opening_of_bytes(0, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(end(opening), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  opening = ps_opening_of_bytes(1000, info, PS_FILE_INFO_SIZE); /* of which some never come */
  CHECK_EQUAL(ps_opening_write(opening, samples, 500), PS_OK);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  opening = begin(file_path("one.wav"), PS_MODE_READ); /* one of a path */
  CHECK_EQUAL(ps_opening_write(opening, samples, 500), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_close(end(opening)), PS_OK);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  CHECK_EQUAL(ps_handle_count(), before);
}

/* There is no reader when a pipe cannot be opened for writing; to others this tells that nothing comes. */
static int loses_its_reader(const char *path) {
  for (int i = 0; i < 2000; i++) {
    int descriptor = open(path, O_WRONLY | O_NONBLOCK);
    if (descriptor < 0) return errno == ENXIO;
    close(descriptor);
    os_sleep(0.005);
  }
  return 0;
}

TEST(a_pipe_is_not_waited_for) {
  const char *path = file_path("pipe");
  if (!CHECK_EQUAL(mkfifo(path, 0600), 0)) return;
  CHECK_EQUAL(ps_file_may_wait(path), 1);
  CHECK_EQUAL(ps_file_may_wait(file_path("left.wav")), 0);
  CHECK_EQUAL(ps_file_may_wait(file_path("missing")), 0);
  int32_t before = ps_handle_count(), opening = begin(path, PS_MODE_READ);
  int descriptor = open(path, O_WRONLY); /* when somebody reads */
  CHECK(descriptor >= 0);
  CHECK_EQUAL(ps_opening_done(opening), PS_ERR_PENDING);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  /* The thread ends although the other end stays open. */
  CHECK(loses_its_reader(path));
  close(descriptor);
  CHECK_EQUAL(ps_handle_count(), before);
}

#if defined(__linux__)
/* Threads of this process. */
static int threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  while (tasks && readdir(tasks)) count++;
  if (tasks) closedir(tasks);
  return count;
}

TEST(no_other_end_is_waited_for) {
  static const char *const names[] = {"to write", "to read"};
  for (int i = 0; i < 2; i++)
    if (!CHECK_EQUAL(mkfifo(file_path(names[i]), 0600), 0)) return;
  int before = threads();
  for (int i = 0; i < 20; i++) {
    int32_t mode = i % 2 ? PS_MODE_READ : PS_MODE_WRITE;
    file_info(info, SF_AU | 2, 1, 48000);
    int32_t opening = ps_opening_new(file_path(names[i % 2]), mode, info, PS_FILE_INFO_SIZE);
    if (i % 4 < 2) os_sleep(0.002);
    CHECK_EQUAL(ps_opening_done(opening), PS_ERR_PENDING);
    CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  }
  for (int i = 0; i < 2000 && threads() > before; i++) os_sleep(0.005);
  CHECK(threads() <= before);
}
#endif

int main(void) {
  RUN(a_file_is_written_and_read);
  RUN(a_descriptor_stays_open);
  RUN(the_descriptor_of_a_pipe_is_not_waited_for);
  RUN(an_error_is_that_of_the_opening);
  RUN(bytes_are_brought_in_pieces);
  RUN(a_file_that_nobody_takes_is_closed);
  RUN(a_pipe_is_not_waited_for);
#if defined(__linux__)
  RUN(no_other_end_is_waited_for);
#endif
  return test_end();
}
