/* Every call of the system may fail: the n-th read, write, lseek and fsync of a file that is opened, read, written and
 * closed, for every n. What comes out is the system's error, or what the file holds, in bounded time; never wrong
 * samples. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "os/os.h"
#include "test.h"

/* libsndfile's encoders lose memory when the system fails to write. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

#define FRAMES 3000
#define SECONDS 200 /* for all of one format, also on a busy machine */

enum { NONE, READ, WRITE, SEEK, SYNC, KINDS };
static const char *const kinds[] = {"none", "read", "write", "lseek", "fsync"};

/* The calls of this thread are counted from arm() on; number `fail_at` of its kind fails, or all from it on. */
static _Thread_local int armed, kind, count, fail_at, for_ever;

static int fails(int which) {
  if (!armed || which != kind) return 0;
  count++;
  if (count != fail_at && !(for_ever && count > fail_at)) return 0;
  errno = EIO;
  return 1;
}

ssize_t read(int file, void *data, size_t bytes) { return fails(READ) ? -1 : syscall(SYS_read, file, data, bytes); }

ssize_t write(int file, const void *data, size_t bytes) {
  return fails(WRITE) ? -1 : syscall(SYS_write, file, data, bytes);
}

off_t lseek(int file, off_t offset, int whence) { return fails(SEEK) ? -1 : syscall(SYS_lseek, file, offset, whence); }

off64_t lseek64(int file, off64_t offset, int whence) { return lseek(file, offset, whence); }

int fsync(int file) { return fails(SYNC) ? -1 : (int)syscall(SYS_fsync, file); }

static const struct {
  const char *name;
  int32_t word;
} formats[] = {
    {"wav", SF_WAV | 2},           {"wav ima", SF_WAV | 0x12},
    {"aiff", SF_AIFF | 2},         {"au", SF_AU | 2},
    {"caf", SF_CAF | 2},           {"caf alac", SF_CAF | SF_ALAC_16},
    {"w64", SF_W64 | 2},           {"rf64", SF_RF64 | 2},
    {"flac", SF_FLAC | 2},         {"vorbis", SF_OGG | SF_VORBIS},
    {"voc", SF_VOC | 2},           {"nist", SF_NIST | 2},
    {"sds", SF_SDS | 2},           {"svx", SF_SVX | 2},
    {"mat5", SF_MAT5 | 2},         {"paf", SF_PAF | 2},
    {"opus", SF_OGG | SF_OPUS},    {"mp3", SF_MPEG | SF_MPEG_LAYER_III},
    {"chained", SF_OGG | SF_OPUS},
};
#define FORMATS ((int)(sizeof formats / sizeof *formats))

static int16_t samples[FRAMES], right[4 * FRAMES], back[4 * FRAMES];
static char detail[512];

/* Whether the thread's error is the one that was made. */
static int is_system_error(void) {
  ps_error_detail(detail, sizeof detail);
  return strstr(detail, strerror(EIO)) != NULL;
}

/* Reads all; frames, or a status. */
static int64_t read_all(const char *path, int16_t *to) {
  int64_t frames = file_read_all(path, to, 4 * FRAMES);
  return frames;
}

/* Two sounds in one file. */
static int chain(const char *path) {
  static unsigned char bytes[1 << 20];
  int file = open(path, O_RDWR);
  ssize_t size = read(file, bytes, sizeof bytes);
  int good = size > 0 && write(file, bytes, (size_t)size) == size;
  close(file);
  return good;
}

static int make(int i, const char *path) {
  static const int32_t rates[] = {48000, 8000};
  for (int n = 0; n < 2; n++) {
    double info[PS_FILE_INFO_SIZE];
    file_info(info, formats[i].word, 1, rates[n]);
    int32_t file = ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
    if (file < 0) continue;
    ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16);
    return ps_file_close(file) == PS_OK && (strcmp(formats[i].name, "chained") != 0 || chain(path));
  }
  return 0;
}

static void arm(int which, int n, int all) { armed = 1, kind = which, count = 0, fail_at = n, for_ever = all; }

TEST(reading) {
  for (int i = 0; i < FORMATS; i++) {
    const char *path = file_path("read.bin");
    if (!make(i, path)) continue; /* this libsndfile does not write it */
    int64_t frames = read_all(path, right);
    CHECK(frames >= FRAMES);
    double begun = os_time();
    for (int which = READ; which <= SEEK; which += SEEK - READ) {
      for (int all = 0; all <= 1; all++) {
        int wrong = 0, silent = 0, failed = 0, n = 0;
        for (int done = 0; !done && n < 3000;) {
          arm(which, ++n, all);
          int64_t got = read_all(path, back);
          done = count < fail_at;
          armed = 0;
          if (got < 0 && !done) {
            failed++;
            if (got != PS_ERR_SOUNDFILE || !is_system_error()) printf("# %s: %s\n", formats[i].name, detail), wrong++;
          } else if (got != frames || memcmp(back, right, (size_t)frames * sizeof *back) != 0) {
            wrong++;
          } else if (!done) {
            silent++; /* what failed was not needed */
          }
        }
        if (wrong || silent)
          printf("# %s, %s: %d of %d are wrong, %d harmless\n", formats[i].name, kinds[which], wrong, n, silent);
        CHECK_EQUAL(wrong, 0);
        CHECK(failed > 0);
      }
    }
    CHECK_WITHIN(os_time() - begun, 0, SECONDS);
  }
}

/* A file that is written: either all calls succeed, or one returns an error. The first one, whose detail is kept. */
static int32_t write_file(const char *path, int32_t word) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, word, 1, 48000);
  int32_t file = ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  int32_t status = file < 0 ? file : ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16);
  if (status >= 0) status = ps_file_flush(file);
  if (status < 0) is_system_error();
  int32_t closed = file < 0 ? PS_OK : ps_file_close(file);
  if (status >= 0 && closed < 0) is_system_error();
  return status < 0 ? status : closed;
}

TEST(writing) {
  for (int i = 0; i < FORMATS; i++) {
    const char *path = file_path("write.bin");
    if (strcmp(formats[i].name, "chained") == 0 || write_file(path, formats[i].word) < 0) continue;
    int64_t frames = read_all(path, right);
    for (int which = WRITE; which <= SYNC; which++) {
      int wrong = 0, n = 0;
      for (int done = 0; !done && n < 1000;) {
        arm(which, ++n, 0);
        int32_t status = write_file(path, formats[i].word);
        done = count < fail_at;
        armed = 0;
        if (status < 0) {
          if (done || !strstr(detail, strerror(EIO))) printf("# %s: %s (%d)\n", formats[i].name, detail, n), wrong++;
          continue;
        }
        int64_t got = read_all(path, back);
        if (got != frames || memcmp(back, right, (size_t)frames * sizeof *back) != 0) wrong++;
      }
      if (wrong) printf("# %s, %s: %d of %d are wrong\n", formats[i].name, kinds[which], wrong, n);
      CHECK_EQUAL(wrong, 0);
    }
  }
}

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), 0); }

int main(void) {
  for (int i = 0; i < FRAMES; i++) samples[i] = (int16_t)((i * 37 % 200 - 100) * 256);
  RUN(reading);
  RUN(writing);
  RUN(no_handle_is_left);
  return test_end();
}
