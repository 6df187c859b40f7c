/* Sound files on pipes: what comes through, and that nothing is ever stuck. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file/file.h"
#include "files.h"
#include "os/os.h"
#include "random.h"
#include "test.h"

#define FRAMES 100000

#define ROOM (FRAMES + 5000) /* lossy codecs add some */

static int16_t samples[2 * FRAMES], back[2 * ROOM];
static double info[PS_FILE_INFO_SIZE];

struct format {
  const char *name;
  int32_t word;
  int exact;
};
static const struct format formats[] = {
    {"wav", SF_WAV | 2, 1},
    {"wavex", SF_WAVEX | 2, 1},
    {"au", SF_AU | 2, 1},
    {"raw", SF_RAW | 2, 1},
    {"flac", SF_FLAC | 2, 1},
    {"ogg", SF_OGG | SF_VORBIS, 0},
    {"opus", SF_OGG | SF_OPUS, 0},
    {"mp3", SF_MPEG | SF_MPEG_LAYER_III, 0},
    {"wav float", SF_WAV | SF_FLOAT, 1},
    {"au double", SF_AU | SF_DOUBLE, 1},
    {"ircam", SF_IRCAM | 2, 1},
    {"pvf", SF_PVF | 2, 1},
};
#define FORMATS ((int)(sizeof formats / sizeof *formats))

static int32_t open_end(int descriptor, int32_t mode, int32_t format) {
  file_info(info, format, 2, 48000);
  return ps_file_open_descriptor(descriptor, 1, mode, info, PS_FILE_INFO_SIZE);
}

/* --------------------------------------------- from one file to another */

static int write_end;
static int32_t written_format, write_status;

static void writes(void *argument) {
  double wanted[PS_FILE_INFO_SIZE];
  (void)argument;
  file_info(wanted, written_format, 2, 48000);
  int32_t file = ps_file_open_descriptor(write_end, 1, PS_MODE_WRITE, wanted, PS_FILE_INFO_SIZE);
  write_status = file;
  for (int32_t done = 0; file > 0 && done < FRAMES; done += 1000) {
    int32_t count = ps_file_write(file, samples + 2 * done, 1000, PS_FORMAT_INT16);
    if (count < 0) write_status = count;
  }
  int32_t closed = ps_file_close(file);
  if (write_status > 0) write_status = closed;
}

static void through(const struct format *format, const int ends[2]) {
  struct os_thread thread;
  write_end = ends[1];
  written_format = format->word;
  os_thread_start(&thread, "writes", OS_THREAD_NORMAL, writes, NULL);
  int32_t file = open_end(ends[0], PS_MODE_READ, (format->word & SF_MAJOR_MASK) == SF_RAW ? format->word : 0);
  if (!CHECK(file > 0)) {
    file_error_has(format->name);
    printf("# %s\n", format->name);
    os_thread_join(&thread);
    return;
  }
  CHECK_EQUAL(info[PS_FILE_FRAMES], -1);
  CHECK_EQUAL(info[PS_FILE_SEEKABLE], 0);
  CHECK_EQUAL(info[PS_FILE_CHANNELS], 2);
  CHECK_EQUAL(info[PS_FILE_SAMPLE_RATE], 48000);
  CHECK_FAILS(ps_file_seek(file, 5, 0), PS_ERR_SOUNDFILE);
  int32_t total = 0, count = 0;
  while (total < ROOM - 777 && (count = ps_file_read(file, back + 2 * total, 777, PS_FORMAT_INT16)) > 0) total += count;
  os_thread_join(&thread);
  CHECK_EQUAL(write_status, PS_OK);
  int right = CHECK_EQUAL(count, 0);
  if (format->exact)
    right &= CHECK_EQUAL(total, FRAMES) && CHECK(memcmp(samples, back, sizeof samples) == 0);
  else
    right &= CHECK_WITHIN(total, FRAMES - 3000, FRAMES + 3000);
  if (!right) printf("# %s\n", format->name);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

TEST(through_a_pipe) {
  for (int i = 0; i < FORMATS; i++) {
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    through(&formats[i], ends);
  }
}

TEST(through_a_socket) {
  for (int i = 0; i < FORMATS; i++) {
    int ends[2];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    through(&formats[i], ends);
  }
}

/* Into a file through `cat >>`, whose descriptor can be sought in but writes at the end only. */
TEST(an_appending_descriptor_is_a_stream) {
  const char *path = file_path("append.au");
  int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  int32_t file = open_end(descriptor, PS_MODE_WRITE, SF_AU | 2);
  CHECK_EQUAL(ps_file_write(file, samples, 100, PS_FORMAT_INT16), 100);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(file_bytes(path), 24 + 400);
  CHECK_EQUAL(file_read_all(path, back, 2 * FRAMES), 100);
  CHECK(memcmp(samples, back, 400) == 0);
}

TEST(formats_that_cannot_be_streamed) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  CHECK_EQUAL(open_end(dup(ends[1]), PS_MODE_WRITE, SF_AIFF | 2), PS_ERR_ARGUMENT);
  CHECK_EQUAL(open_end(dup(ends[1]), PS_MODE_READ_WRITE, SF_AU | 2), PS_ERR_ARGUMENT);
  close(ends[0]);
  close(ends[1]);
}

/* A header with much in it, and a sound that is described as longer than it is, or shorter. */
TEST(long_headers_and_wrong_lengths) {
  static unsigned char wav[44 + 200008 + 4 * FRAMES] = "RIFF\xff\xff\xff\xffWAVEjunk";
  uint32_t junk = 200000, lengths[] = {4 * FRAMES, 0xFFFFFFFF, 0x7FFFF000, 400};
  for (int i = 0; i < 4; i++) {
    memcpy(wav + 16, &junk, 4);
    memcpy(wav + 20 + junk, "fmt \x10\0\0\0\1\0\2\0\x80\xbb\0\0\0\xee\2\0\4\0\x10\0data", 28);
    memcpy(wav + 48 + junk, &lengths[i], 4);
    memcpy(wav + 52 + junk, samples, 4 * FRAMES);
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      for (size_t done = 0; done < 52 + junk + 4 * FRAMES;) {
        ssize_t count = write(ends[1], wav + done, 1 + (size_t)(52 + junk + 4 * FRAMES - done) / 2);
        if (count < 0) _exit(0);
        done += (size_t)count;
      }
      _exit(0);
    }
    close(ends[1]);
    int32_t file = open_end(ends[0], PS_MODE_READ, 0), total = 0, count;
    CHECK(file > 0);
    while (total < FRAMES && (count = ps_file_read(file, back + 2 * total, FRAMES - total, PS_FORMAT_INT16)) > 0)
      total += count;
    CHECK_EQUAL(total, i < 3 ? FRAMES : 100);
    CHECK(memcmp(samples, back, 4 * (size_t)total) == 0);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    waitpid(child, NULL, 0);
  }
}

/* An Ogg file except its last page, and no end: what has come is read without waiting for more. */
static int reads_pages(int32_t format) {
  static unsigned char ogg[1 << 20];
  double wanted[PS_FILE_INFO_SIZE];
  file_info(wanted, format, 2, 48000);
  int32_t file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, wanted, PS_FILE_INFO_SIZE);
  ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16);
  ps_file_finish(file);
  int32_t bytes = ps_file_bytes(file, 0, ogg, sizeof ogg), last = 0, page = 0, ends[2];
  for (int32_t at = 0; at < bytes - 27; at++)
    if (memcmp(ogg + at, "OggS", 4) == 0) page = last, last = at;
  int64_t frames = ogg[page + 6] | ogg[page + 7] << 8 | ogg[page + 8] << 16; /* to the end of that page */
  if (pipe(ends) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0) return 2;
  if (write(ends[1], ogg, (size_t)last) != last) return 3;
  alarm(20);
  file = open_end(ends[0], PS_MODE_READ, 0);
  return file > 0 && ps_file_read(file, back, (int32_t)frames - 5000, PS_FORMAT_INT16) == frames - 5000 ? 0 : 4;
}

TEST(an_ogg_pipe_is_not_held_back) {
  for (int i = 5; i <= 6; i++) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(reads_pages(formats[i].word));
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_EQUAL(status, 0);
  }
}

/* ---------------------------------------------------------------- stalls */

static int32_t handle, result;
static int32_t (*operation)(int32_t file);

static int32_t reads_much(int32_t file) { return ps_file_read(file, back, FRAMES, PS_FORMAT_INT16); }
static int32_t writes_much(int32_t file) { return ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16); }

static void operates(void *argument) {
  (void)argument;
  result = operation(handle);
}

/* An operation that waits for a pipe is ended from another thread. */
static void interrupted(int32_t file, int32_t (*what)(int32_t)) {
  struct os_thread thread;
  handle = file;
  operation = what;
  struct object *object = handle_use(file, HANDLE_FILE);
  os_thread_start(&thread, "stalls", OS_THREAD_NORMAL, operates, NULL);
  os_sleep(0.05);
  CHECK_EQUAL(ps_file_close(file), PS_ERR_BUSY);
  double begun = os_time();
  file_interrupt((struct file *)object);
  os_thread_join(&thread);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  object_release(object);
}

TEST(a_stalled_read_is_interrupted) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  CHECK_EQUAL(write(ends[1], samples, 4000), 4000);
  int32_t file = open_end(ends[0], PS_MODE_READ, SF_RAW | 2);
  interrupted(file, reads_much);
  CHECK_EQUAL(result, 1000); /* what had come */
  CHECK_EQUAL(ps_file_read(file, back, 1, PS_FORMAT_INT16), PS_ERR_STALLED);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  close(ends[1]);
}

TEST(a_stalled_write_is_interrupted) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  int32_t file = open_end(ends[1], PS_MODE_WRITE, SF_AU | 2);
  interrupted(file, writes_much);
  CHECK_EQUAL(result, PS_ERR_STALLED);
  CHECK_EQUAL(ps_file_write(file, samples, 1, PS_FORMAT_INT16) < 0, 1);
  double begun = os_time();
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_WITHIN(os_time() - begun, 0, 1.9); /* it does not wait for the pipe, which would take 2 s */
  close(ends[0]);
}

/* The end of a FLAC file is written to a pipe that is not read: close gives up. */
TEST(close_does_not_wait_for_ever) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  CHECK(fcntl(ends[1], F_SETPIPE_SZ, 8192) > 0);
  int32_t file = open_end(ends[1], PS_MODE_WRITE, SF_FLAC | 2);
  CHECK_EQUAL(ps_file_write(file, samples, 2000, PS_FORMAT_INT16), 2000); /* stays in the encoder */
  double begun = os_time();
  CHECK_EQUAL(ps_file_close(file), PS_ERR_STALLED);
  CHECK_WITHIN(os_time() - begun, 1.5, SOON);
  close(ends[0]);
}

/* ------------------------------------------------------------ broken pipes */

static int broken_pipe(void) {
  int ends[2];
  signal(SIGPIPE, SIG_DFL);
  if (pipe(ends) < 0) return 0;
  int32_t file = open_end(ends[1], PS_MODE_WRITE, SF_AU | 2);
  close(ends[0]);
  int good = CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), PS_ERR_SOUNDFILE);
  good &= CHECK(file_error_has(strerror(EPIPE)));
  good &= CHECK_EQUAL(ps_file_close(file), PS_OK);
  sigset_t pending;
  return good && sigpending(&pending) == 0 && CHECK(!sigismember(&pending, SIGPIPE));
}

TEST(a_broken_pipe_is_an_error_and_no_signal) {
  pid_t child = fork();
  if (child == 0) _exit(broken_pipe() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  CHECK_EQUAL(status, 0);
}

TEST(a_device_that_is_full) {
  int descriptor = open("/dev/full", O_WRONLY);
  if (descriptor < 0) return (void)CHECK(errno == ENOENT);
  CHECK_EQUAL(open_end(descriptor, PS_MODE_WRITE, SF_AU | 2) < 0, 1); /* its header does not fit */
}

TEST(the_flags_of_a_descriptor_stay) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  int before = fcntl(ends[1], F_GETFL);
  int32_t file = open_end(ends[1], PS_MODE_WRITE, SF_AU | 2);
  CHECK_EQUAL(ps_file_write(file, samples, 100, PS_FORMAT_INT16), 100);
  CHECK_EQUAL(fcntl(ends[1], F_GETFL), before);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  close(ends[0]);
}

/* Pipes that others have made non-blocking. */
TEST(a_nonblocking_pipe) {
  int ends[2];
  CHECK_EQUAL(pipe2(ends, O_NONBLOCK), 0);
  through(&formats[2], ends);
}

/* --------------------------------------------------------- reasons of errors */

#define BAD_OPENS (TEST_THREAD_SANITIZER ? 200 : 2000)

/* libsndfile keeps the reason in one place for all threads. */
static void opens_what_is_no_sound(void *argument) {
  static const char text[] = "This is plain text, which no codec takes for the beginning of a sound file.";
  (void)argument;
  for (int i = 0; i < BAD_OPENS; i++) {
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(write(ends[1], text, sizeof text), sizeof text);
    close(ends[1]);
    CHECK_EQUAL(open_end(ends[0], PS_MODE_READ, 0), PS_ERR_SOUNDFILE);
    CHECK(file_error_has("this is not a sound file"));
  }
}

TEST(an_error_is_the_own_one) {
  static const unsigned char broken[] = "RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\0\0\x80\xbb\0\0\0\0\0\0\0\0\x10\0";
  struct os_thread thread;
  double memory_info[PS_FILE_INFO_SIZE];
  char first[512], text[512];
  for (int i = 0; i < BAD_OPENS; i++) {
    file_info(memory_info, 0, 0, 0);
    CHECK_EQUAL(ps_file_open_memory(broken, sizeof broken - 1, PS_MODE_READ, memory_info, PS_FILE_INFO_SIZE),
                PS_ERR_SOUNDFILE);
    ps_error_detail(i == 0 ? first : text, sizeof text);
    if (i == 0) CHECK(!file_error_has("this is not a sound file"));
    if (i > 0 && !CHECK(strcmp(first, text) == 0)) printf("# %s\n# %s\n", first, text);
    if (i == 0) CHECK_EQUAL(os_thread_start(&thread, "opens", OS_THREAD_NORMAL, opens_what_is_no_sound, NULL), 0);
  }
  os_thread_join(&thread);
}

int main(void) {
  struct random random = {random_seed()};
  for (size_t i = 0; i < 2 * FRAMES; i++) samples[i] = (int16_t)random_next(&random);
  RUN(through_a_pipe);
  RUN(through_a_socket);
  RUN(an_appending_descriptor_is_a_stream);
  RUN(formats_that_cannot_be_streamed);
  RUN(long_headers_and_wrong_lengths);
  RUN(an_ogg_pipe_is_not_held_back);
  RUN(a_stalled_read_is_interrupted);
  RUN(a_stalled_write_is_interrupted);
  RUN(close_does_not_wait_for_ever);
  RUN(a_broken_pipe_is_an_error_and_no_signal);
  RUN(a_device_that_is_full);
  RUN(the_flags_of_a_descriptor_stay);
  RUN(a_nonblocking_pipe);
  RUN(an_error_is_the_own_one);
  return test_end();
}
