/* Sound files: modes, places, memory, and what goes wrong. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/format.h"
#include "files.h"
#include "random.h"
#include "test.h"

#define WAV_16 (SF_WAV | 0x0002)
#define FLAC_16 (SF_FLAC | 0x0002)
#define FRAMES 5000

static int16_t samples[2 * FRAMES], back[8 * FRAMES];
static double info[PS_FILE_INFO_SIZE];
static struct random source;

static int32_t open_file(const char *path, int32_t mode, int32_t format) {
  file_info(info, format, format ? 2 : 0, format ? 48000 : 0);
  return ps_file_open(path, mode, info, PS_FILE_INFO_SIZE);
}

static int exists(const char *path) { return access(path, F_OK) == 0; }

TEST(write_and_read) {
  const char *path = file_path("a.wav");
  CHECK_EQUAL(file_write_all(path, WAV_16, 2, samples, FRAMES), PS_OK);
  CHECK_EQUAL(file_read_all(path, back, FRAMES * 4), FRAMES);
  CHECK(memcmp(samples, back, sizeof samples) == 0);

  int32_t file = open_file(path, PS_MODE_READ, 0);
  CHECK(file > 0);
  CHECK_EQUAL(info[PS_FILE_FRAMES], FRAMES);
  CHECK_EQUAL(info[PS_FILE_CHANNELS], 2);
  CHECK_EQUAL(info[PS_FILE_SAMPLE_RATE], 48000);
  CHECK_EQUAL(info[PS_FILE_FORMAT], WAV_16);
  CHECK_EQUAL(info[PS_FILE_SEEKABLE], 1);
  CHECK_EQUAL(ps_file_write(file, samples, 1, PS_FORMAT_INT16), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_read(file, back, 1, 99), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_seek(file, -10, 2), FRAMES - 10);
  CHECK_EQUAL(ps_file_read(file, back, 20, PS_FORMAT_INT16), 10);
  CHECK_EQUAL(ps_file_read(file, back, 20, PS_FORMAT_INT16), 0);
  CHECK_EQUAL(ps_file_tell(file), FRAMES);
  CHECK_FAILS(ps_file_seek(file, 1, 2), PS_ERR_ARGUMENT);
  CHECK_FAILS(ps_file_seek(file, -1, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_seek(file, -FRAMES, 1), 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_file_close(file), PS_ERR_HANDLE);
  CHECK_FAILS(ps_file_tell(file), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_file_read(file, back, 1, PS_FORMAT_INT16), PS_ERR_HANDLE);
}

TEST(modes) {
  const char *path = file_path("modes.wav");
  CHECK_EQUAL(open_file(path, PS_MODE_READ, 0), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("No such file"));
  CHECK(file_error_has("modes.wav"));
  CHECK_EQUAL(open_file(path, PS_MODE_READ_WRITE, 0), PS_ERR_SOUNDFILE);
  int32_t file = open_file(path, PS_MODE_WRITE | PS_MODE_EXCLUSIVE, WAV_16);
  CHECK(file > 0);
  CHECK_EQUAL(ps_file_write(file, samples, 100, PS_FORMAT_INT16), 100);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(open_file(path, PS_MODE_WRITE | PS_MODE_EXCLUSIVE, WAV_16), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("exists"));
  CHECK_EQUAL(open_file(path, PS_MODE_READ_WRITE | PS_MODE_EXCLUSIVE, WAV_16), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(file_read_all(path, back, 8 * FRAMES), 100); /* neither touched it */

  file = open_file(path, PS_MODE_READ_WRITE, 0);
  CHECK_EQUAL(info[PS_FILE_FRAMES], 100);
  CHECK_EQUAL(ps_file_tell(file), 0);
  CHECK_EQUAL(ps_file_read(file, back, 10, PS_FORMAT_INT16), 10);
  CHECK_EQUAL(ps_file_write(file, samples, 10, PS_FORMAT_INT16), 10); /* at 10: one position for both */
  CHECK_EQUAL(ps_file_read(file, back, 10, PS_FORMAT_INT16), 10);
  CHECK(memcmp(back, samples + 40, 40) == 0);
  CHECK_EQUAL(ps_file_seek(file, 10, 0), 10);
  CHECK_EQUAL(ps_file_read(file, back, 10, PS_FORMAT_INT16), 10);
  CHECK(memcmp(back, samples, 40) == 0);
  CHECK_EQUAL(ps_file_seek(file, 0, 2), 100);
  CHECK_EQUAL(ps_file_write(file, samples, 50, PS_FORMAT_INT16), 50);
  CHECK_EQUAL(ps_file_truncate(file, 120), PS_OK);
  CHECK_EQUAL(ps_file_tell(file), 120);
  CHECK_EQUAL(ps_file_truncate(file, 121), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(file_bytes(path), 44 + 120 * 4);
  CHECK_EQUAL(file_read_all(path, back, 8 * FRAMES), 120);

  file = open_file(path, PS_MODE_READ_WRITE | PS_MODE_TRUNCATE, WAV_16);
  CHECK_EQUAL(info[PS_FILE_FRAMES], 0);
  CHECK_EQUAL(ps_file_write(file, samples, 10, PS_FORMAT_INT16), 10);
  CHECK_EQUAL(ps_file_seek(file, 0, 0), 0);
  CHECK_EQUAL(ps_file_read(file, back, 20, PS_FORMAT_INT16), 10);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  static const int32_t bad[] = {0, 4, 8, 5, 9, 12, 14, 15, 16, -1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK_EQUAL(open_file(path, bad[i], WAV_16), PS_ERR_ARGUMENT);
}

TEST(a_failed_open_leaves_things_as_they_were) {
  const char *path = file_path("fail.bin");
  int32_t opus_at_44100 = SF_OGG | SF_OPUS, wav_of_nothing = SF_WAV | 0x0099;
  file_info(info, opus_at_44100, 2, 44100);
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK(!exists(path));
  CHECK_EQUAL(open_file(path, PS_MODE_WRITE | PS_MODE_EXCLUSIVE, wav_of_nothing), PS_ERR_SOUNDFILE);
  CHECK(!exists(path));
  file_info(info, WAV_16, 2, 48000);
  info[PS_FILE_COMPRESSION_LEVEL] = 0.5; /* WAV has none */
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_UNSUPPORTED);
  CHECK(!exists(path));
  file_info(info, SF_SD2 | SF_FLOAT, 2, 48000);
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK(!exists(path));

  CHECK_EQUAL(file_write_all(path, WAV_16, 2, samples, 100), PS_OK);
  file_info(info, opus_at_44100, 2, 44100);
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(file_read_all(path, back, 8 * FRAMES), 100);

  CHECK_EQUAL(open_file("/", PS_MODE_READ, 0), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("directory"));
  CHECK_EQUAL(open_file("/no/such/folder/a.wav", PS_MODE_WRITE, WAV_16), PS_ERR_SOUNDFILE);
}

/* What is certain to fail does so before an existing file is emptied. */
TEST(an_existing_file_is_kept) {
  const char *path = file_path("kept.bin");
  CHECK_EQUAL(file_write_all(path, WAV_16, 2, samples, 100), PS_OK);
  file_info(info, WAV_16, 2, 48000);
  info[PS_FILE_COMPRESSION_LEVEL] = 0.5; /* WAV has none */
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_UNSUPPORTED);
  file_info(info, 0x0F0000 | 0x51, 1, 48000); /* XI has one rate, another one */
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  file_info(info, FLAC_16, 2, 48000); /* goes in one direction */
  CHECK_EQUAL(ps_file_open(path, PS_MODE_READ_WRITE | PS_MODE_TRUNCATE, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(file_read_all(path, back, 8 * FRAMES), 100);
}

TEST(beyond_the_end) {
  const char *path = file_path("gap.wav");
  int32_t file = open_file(path, PS_MODE_READ_WRITE | PS_MODE_TRUNCATE, SF_WAV | 0x0005); /* PCM_U8: silence is 128 */
  CHECK_EQUAL(ps_file_seek(file, 20000, 0), 20000);
  CHECK_EQUAL(ps_file_read(file, back, 10, PS_FORMAT_INT16), 0);
  CHECK_EQUAL(ps_file_truncate(file, 20000), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_write(file, samples, 10, PS_FORMAT_INT16), 10);
  CHECK_EQUAL(ps_file_tell(file), 20010);
  CHECK_EQUAL(ps_file_seek(file, 19999, 0), 19999);
  CHECK_EQUAL(ps_file_read(file, back, 20, PS_FORMAT_INT16), 11);
  CHECK(back[0] == 0 && back[1] == 0);
  for (int i = 0; i < 20; i++) CHECK_EQUAL(back[2 + i], samples[i] & ~0xFF);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  file = open_file(path, PS_MODE_READ, 0);
  CHECK_FAILS(ps_file_seek(file, 20011, 0), PS_ERR_ARGUMENT);
  CHECK(file_error_has("20010 frames"));
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

TEST(bad_arguments) {
  const char *path = file_path("bad.wav");
  static const double bad[][3] = {/* rate, channels, format */ {0, 2, WAV_16},
                                  {-1, 2, WAV_16},
                                  {1.5, 2, WAV_16},
                                  {1e12, 2, WAV_16},
                                  {NAN, 2, WAV_16},
                                  {48000, 0, WAV_16},
                                  {48000, 1025, WAV_16},
                                  {48000, 1.5, WAV_16},
                                  {48000, 2, -1},
                                  {48000, 2, 1e10},
                                  {48000, 2, NAN}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    file_info(info, 0, 0, 0);
    info[PS_FILE_SAMPLE_RATE] = bad[i][0];
    info[PS_FILE_CHANNELS] = bad[i][1];
    info[PS_FILE_FORMAT] = bad[i][2];
    CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
    CHECK(!exists(path));
  }
  CHECK_EQUAL(ps_file_open(path, PS_MODE_WRITE, info, 3), PS_ERR_ARGUMENT);
  file_info(info, 0, 0, 0);
  CHECK_EQUAL(ps_file_open_descriptor(999, 0, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(ps_file_open_memory(NULL, 100, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  file_info(info, 0, 0, 0);
  CHECK_EQUAL(ps_file_open_memory("no sound", 8, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("memory: "));
}

TEST(memory) {
  static unsigned char bytes[100000];
  file_info(info, WAV_16, 2, 48000);
  int32_t file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK(file > 0);
  CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK_EQUAL(ps_file_finish(file), PS_OK);
  CHECK_EQUAL(ps_file_write(file, samples, 1, PS_FORMAT_INT16), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_file_bytes(file, 0, NULL, 0), 44 + FRAMES * 4);
  CHECK_EQUAL(ps_file_bytes(file, 44, bytes + 44, sizeof bytes - 44), FRAMES * 4);
  CHECK_EQUAL(ps_file_bytes(file, 0, bytes, 44), 44 + FRAMES * 4);
  CHECK_EQUAL(ps_file_bytes(file, 1e6, bytes, 44), 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  file_info(info, 0, 0, 0);
  file = ps_file_open_memory(bytes, 44 + FRAMES * 4, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  memset(bytes, 0, sizeof bytes); /* it has a copy */
  CHECK_EQUAL(ps_file_read(file, back, 2 * FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK(memcmp(samples, back, sizeof samples) == 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(file_write_all(file_path("disk.wav"), WAV_16, 2, samples, 10), PS_OK);
  file = open_file(file_path("disk.wav"), PS_MODE_READ, 0);
  CHECK_EQUAL(ps_file_bytes(file, 0, bytes, 10), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

TEST(a_header_brought_up_to_date_changes_nothing) {
  static const int32_t majors[] = {SF_WAV, SF_AIFF, SF_AU, SF_W64, SF_CAF, SF_RF64, SF_WAVEX, SF_NIST, SF_OGG | 0x60};
  for (size_t i = 0; i < sizeof majors / sizeof *majors; i++) {
    int32_t format = majors[i] & SF_SUBTYPE_MASK ? majors[i] : majors[i] | 2;
    int32_t with = open_file(file_path("with"), PS_MODE_WRITE, format);
    int32_t without = open_file(file_path("without"), PS_MODE_WRITE, format);
    for (int part = 0; part < 10; part++) {
      const int16_t *from = samples + part * (FRAMES / 10) * 2;
      CHECK_EQUAL(ps_file_write(with, from, FRAMES / 10, PS_FORMAT_INT16), FRAMES / 10);
      CHECK_EQUAL(ps_file_flush(with), PS_OK);
      CHECK_EQUAL(ps_file_write(without, from, FRAMES / 10, PS_FORMAT_INT16), FRAMES / 10);
      if ((format & SF_MAJOR_MASK) == SF_OGG) continue;
      CHECK_EQUAL(file_read_all(file_path("with"), back, 8 * FRAMES), (part + 1) * (FRAMES / 10)); /* acknowledged */
    }
    CHECK_EQUAL(ps_file_close(with), PS_OK);
    CHECK_EQUAL(ps_file_close(without), PS_OK);
    CHECK_EQUAL(file_bytes(file_path("with")), file_bytes(file_path("without")));
    CHECK_EQUAL(file_read_all(file_path("with"), back, 8 * FRAMES), FRAMES);
    if ((format & SF_MAJOR_MASK) != SF_OGG) CHECK(memcmp(samples, back, sizeof samples) == 0);
  }
}

TEST(tags) {
  char text[100];
  const char *path = file_path("tags.wav");
  int32_t file = open_file(path, PS_MODE_WRITE, WAV_16);
  CHECK_EQUAL(ps_file_get_string(file, 1, text, sizeof text), 0);
  CHECK_EQUAL(ps_file_set_string(file, 1, "a title"), PS_OK);
  CHECK_EQUAL(ps_file_get_string(file, 1, text, sizeof text), 7);
  CHECK_EQUAL(ps_file_set_string(file, 10, "x"), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_file_get_string(file, 17, text, sizeof text), PS_ERR_ARGUMENT);
  ps_file_write(file, samples, 10, PS_FORMAT_INT16);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  file = open_file(path, PS_MODE_READ, 0);
  CHECK_EQUAL(ps_file_get_string(file, 1, text, 3), 7);
  CHECK(strcmp(text, "a ") == 0);
  CHECK_EQUAL(ps_file_set_string(file, 1, "no"), PS_ERR_SOUNDFILE);
  CHECK_EQUAL(ps_file_cue(file, 0, NULL, 0, NULL, 0), 0);
  CHECK_EQUAL(ps_file_loops(file, NULL, 0), 0);
  CHECK_EQUAL(ps_file_broadcast(file, 0, text, sizeof text, NULL, 0), 0);
  CHECK(ps_file_log(file, text, sizeof text) > 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

/* Codecs in floating point: integers are scaled to +-1 and come back exactly, and what is beyond is clipped. */
TEST(floating_point_files) {
  static const int32_t subtypes[] = {SF_FLOAT, SF_DOUBLE};
  for (int i = 0; i < 2; i++) {
    const char *path = file_path("float.wav");
    CHECK_EQUAL(file_write_all(path, SF_WAV | subtypes[i], 2, samples, FRAMES), PS_OK);
    CHECK_EQUAL(file_read_all(path, back, 8 * FRAMES), FRAMES);
    CHECK(memcmp(samples, back, sizeof samples) == 0);
    int32_t file = open_file(path, PS_MODE_WRITE, SF_WAV | subtypes[i]);
    double values[] = {1, -1, 1.5, -1.5, 0.5, -0.5, 1e10, -1e10};
    CHECK_EQUAL(ps_file_write(file, values, 4, PS_FORMAT_FLOAT64), 4);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK_EQUAL(file_read_all(path, back, 8), 4);
    static const int16_t expected[] = {32767, -32768, 32767, -32768, 16384, -16384, 32767, -32768};
    CHECK(memcmp(back, expected, sizeof expected) == 0);
  }
  /* Floating point into integers, by libsndfile. */
  float values[] = {1, -1, 2, -2, 0.5f, -0.5f, 100, -100};
  int32_t file = open_file(file_path("clip.wav"), PS_MODE_WRITE, WAV_16);
  CHECK_EQUAL(ps_file_write(file, values, 4, PS_FORMAT_FLOAT32), 4);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  static const int16_t expected[] = {32767, -32768, 32767, -32768, 16384, -16384, 32767, -32768};
  CHECK_EQUAL(file_read_all(file_path("clip.wav"), back, 8), 4);
  CHECK(memcmp(back, expected, sizeof expected) == 0);
}

/* Every format of samples, written and read in one of the widest integers. */
TEST(every_sample_format) {
  static unsigned char in[8 * 2 * FRAMES], out[8 * 2 * FRAMES];
  for (int32_t format = 0; format <= PS_FORMAT_FLOAT64; format++) {
    int floats = format == PS_FORMAT_FLOAT32 || format == PS_FORMAT_FLOAT64;
    int32_t subtype = format == PS_FORMAT_FLOAT32 ? SF_FLOAT : format == PS_FORMAT_FLOAT64 ? SF_DOUBLE : 0x0004;
    size_t bytes = format_bytes(format) * 2 * FRAMES;
    for (size_t i = 0; i < bytes; i += 8) {
      uint64_t bits = random_next(&source);
      if (floats) bits &= UINT64_C(0x3fffffff3fffffff); /* no infinities, no NaN */
      memcpy(in + i, &bits, 8);
    }
    int32_t file = open_file(file_path("dtype.wav"), PS_MODE_WRITE, SF_WAV | subtype);
    CHECK_EQUAL(ps_file_write(file, in, FRAMES, format), FRAMES);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    file = open_file(file_path("dtype.wav"), PS_MODE_READ, 0);
    CHECK_EQUAL(ps_file_read(file, out, FRAMES, format), FRAMES);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK(memcmp(in, out, bytes) == 0);
  }
}

TEST(two_handles_are_independent) {
  const char *path = file_path("two.wav");
  CHECK_EQUAL(file_write_all(path, WAV_16, 2, samples, FRAMES), PS_OK);
  int32_t a = open_file(path, PS_MODE_READ, 0), b = open_file(path, PS_MODE_READ, 0);
  CHECK_EQUAL(ps_file_seek(a, 1000, 0), 1000);
  CHECK_EQUAL(ps_file_read(b, back, 10, PS_FORMAT_INT16), 10);
  CHECK(memcmp(back, samples, 40) == 0);
  CHECK_EQUAL(ps_file_read(a, back, 10, PS_FORMAT_INT16), 10);
  CHECK(memcmp(back, samples + 2000, 40) == 0);
  CHECK_EQUAL(ps_file_close(a), PS_OK);
  CHECK_EQUAL(ps_file_read(b, back, 10, PS_FORMAT_INT16), 10);
  CHECK_EQUAL(ps_file_close(b), PS_OK);
}

TEST(descriptors) {
  const char *path = file_path("fd.wav");
  int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  file_info(info, WAV_16, 2, 48000);
  int32_t file = ps_file_open_descriptor(descriptor, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_write(file, samples, 100, PS_FORMAT_INT16), 100);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(lseek(descriptor, 0, SEEK_SET), 0); /* still open */
  file = ps_file_open_descriptor(descriptor, 1, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_read(file, back, 1000, PS_FORMAT_INT16), 100);
  CHECK(memcmp(samples, back, 400) == 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK(fcntl(descriptor, F_GETFD) < 0); /* its own: closed */

  /* In the middle of another file. */
  descriptor = open(file_path("inside.bin"), O_RDWR | O_CREAT, 0600);
  CHECK_EQUAL(write(descriptor, "something else", 14), 14);
  file = ps_file_open_descriptor(descriptor, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_write(file, samples, 100, PS_FORMAT_INT16), 100);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  lseek(descriptor, 14, SEEK_SET);
  file = ps_file_open_descriptor(descriptor, 1, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_read(file, back, 1000, PS_FORMAT_INT16), 100);
  CHECK_EQUAL(ps_file_seek(file, 50, 0), 50);
  CHECK_EQUAL(ps_file_read(file, back, 10, PS_FORMAT_INT16), 10);
  CHECK(memcmp(back, samples + 100, 40) == 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  int after_a_failure = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(ps_file_open_descriptor(after_a_failure, 1, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK(fcntl(after_a_failure, F_GETFD) < 0);

  CHECK_EQUAL(ps_file_open_descriptor(after_a_failure, 0, PS_MODE_READ, info, PS_FILE_INFO_SIZE), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("Bad file descriptor"));
}

/* A disk that is full: the part that was written is there, the rest is an error, and no signal comes. */
static int disk_full(void) {
  struct rlimit limit = {100003, 100003}; /* in the middle of a frame */
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, SIG_DFL);
  int32_t file = open_file(file_path("full.wav"), PS_MODE_WRITE, WAV_16);
  int32_t written = 0, total = 0;
  while ((written = ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16)) > 0) total += written;
  int good = CHECK_EQUAL(written, PS_ERR_SOUNDFILE) && CHECK(file_error_has("full.wav: "));
  good &= CHECK_EQUAL(total, 4 * FRAMES);
  int32_t told = (int32_t)ps_file_tell(file);
  good &= CHECK_EQUAL(ps_file_flush(file), PS_OK);
  good &= CHECK_EQUAL(ps_file_close(file), PS_OK); /* reported once */
  good &= CHECK(told >= total) && CHECK_EQUAL(told, (100000 - 44) / 4);
  good &= CHECK_EQUAL(file_read_all(file_path("full.wav"), back, 8 * FRAMES) > 0, 1);
  return good;
}

TEST(a_full_disk) {
  const char *path = file_path("full.wav");
  pid_t child = fork();
  if (child == 0) _exit(disk_full() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  CHECK_EQUAL(status, 0);
  file_info(info, 0, 0, 0);
  int32_t file = ps_file_open(path, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(info[PS_FILE_FRAMES], (100000 - 44) / 4);
  ps_file_close(file);
}

/* 4 GiB are more than a WAV file can say: better an error than a file whose end is lost. */
TEST(more_than_the_format_holds) {
  const char *path = file_path("big.wav");
  CHECK_EQUAL(file_write_all(path, WAV_16, 2, samples, 100), PS_OK);
  uint32_t size = 0xFFFE0000;
  int descriptor = open(path, O_RDWR);
  CHECK_EQUAL(pwrite(descriptor, &size, 4, 40), 4);
  size += 36;
  CHECK_EQUAL(pwrite(descriptor, &size, 4, 4), 4);
  if (ftruncate(descriptor, (off_t)size + 8) == 0) { /* a hole, where the file system can */
    int32_t file = open_file(path, PS_MODE_READ_WRITE, 0);
    CHECK_EQUAL(ps_file_seek(file, 0, 2), 0xFFFE0000 / 4);
    int32_t written = 1;
    for (int i = 0; i < 100 && written > 0; i++) written = ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16);
    CHECK_EQUAL(written, PS_ERR_SOUNDFILE);
    CHECK(file_error_has("RF64"));
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK(file_bytes(path) < INT64_C(0x100000000));
  }
  close(descriptor);
  unlink(path);
}

/* RF64 and W64 hold more: 4.3 GiB are written for this, so it is one of the long tests. */
TEST(more_than_4_gib) {
  static int16_t silence[2 * 1000000];
  static const int32_t words[] = {SF_RF64 | 2, SF_W64 | 2};
  int64_t frames = 1150 * 1000000LL;
  for (int i = 0; i < 2; i++) {
    const char *path = file_path("big.bin");
    int32_t file = open_file(path, PS_MODE_WRITE, words[i]), written = 1;
    for (int64_t done = 0; done < frames && written > 0; done += 1000000)
      written = ps_file_write(file, silence, 1000000, PS_FORMAT_INT16);
    CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK(file_bytes(path) > INT64_C(0x100000000));
    file = open_file(path, PS_MODE_READ, 0);
    CHECK_EQUAL(info[PS_FILE_FRAMES], frames + FRAMES);
    CHECK_EQUAL(ps_file_seek(file, -FRAMES, 2), frames);
    CHECK_EQUAL(ps_file_read(file, back, 2 * FRAMES, PS_FORMAT_INT16), FRAMES);
    CHECK(memcmp(samples, back, sizeof samples) == 0);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    unlink(path);
  }
}

TEST(formats) {
  char text[256];
  int32_t majors = ps_format_count(0), subtypes = ps_format_count(1), wav = 0;
  CHECK(majors > 10 && subtypes > 10);
  for (int32_t i = 0; i < majors; i++) {
    int32_t word = ps_format_info(0, i, text, sizeof text);
    if (word == SF_WAV) wav = CHECK(strcmp(text, "WAV (Microsoft)\twav") == 0);
  }
  CHECK(wav);
  CHECK_EQUAL(ps_format_info(0, majors, text, sizeof text), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_format_count(2), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_format_check(WAV_16, 2, 48000), 1);
  CHECK_EQUAL(ps_format_check(SF_WAV | SF_VORBIS, 2, 48000), 0);
}

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), 0); }

int main(void) {
  source.state = random_seed();
  for (size_t i = 0; i < 2 * FRAMES; i++) samples[i] = (int16_t)random_next(&source);
  RUN(write_and_read);
  RUN(modes);
  RUN(a_failed_open_leaves_things_as_they_were);
  RUN(an_existing_file_is_kept);
  RUN(beyond_the_end);
  RUN(bad_arguments);
  RUN(memory);
  RUN(a_header_brought_up_to_date_changes_nothing);
  RUN(tags);
  RUN(floating_point_files);
  RUN(every_sample_format);
  RUN(two_handles_are_independent);
  RUN(descriptors);
  RUN(a_full_disk);
  RUN(more_than_the_format_holds);
  if (test_full() && !TEST_THREAD_SANITIZER) RUN(more_than_4_gib);
  RUN(formats);
  RUN(no_handle_is_left);
  return test_end();
}
