/* Damaged sound files: bits flipped, bytes replaced, cut off, parts of the header exchanged, chunks moved and repeated.
 * Each is opened, by path, in memory or from a pipe in pieces of any length, and read to its end in a child process,
 * which has to end by itself, with samples or an error, in time and without much memory.
 * No threads: it runs on one. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file/codec.h"
#include "file/medium/medium.h"
#include "files.h"
#include "mutants.h"
#include "random.h"
#include "test.h"

#define FRAMES 20000
#define SECONDS 20    /* that a child may take */
#define MEGABYTES 700 /* that it may use, of which the sanitizer takes the most */
#define LARGEST (1 << 20)

static const struct {
  const char *name;
  int32_t word;
} formats[] = {
    {"wav", SF_WAV | 2},
    {"wav float", SF_WAV | SF_FLOAT},
    {"wav ima", SF_WAV | 0x12},
    {"wav ms", SF_WAV | 0x13},
    {"wav gsm", SF_WAV | 0x20},
    {"wavex", SF_WAVEX | 3},
    {"aiff", SF_AIFF | 2},
    {"aiff dwvw", SF_AIFF | 0x41},
    {"au", SF_AU | 2},
    {"au g721", SF_AU | 0x30},
    {"flac", SF_FLAC | 2},
    {"flac 24", SF_FLAC | 3},
    {"vorbis", SF_OGG | SF_VORBIS},
    {"opus", SF_OGG | SF_OPUS},
    {"mp3", SF_MPEG | SF_MPEG_LAYER_III},
    {"caf", SF_CAF | 2},
    {"caf alac", SF_CAF | SF_ALAC_16},
    {"w64", SF_W64 | 2},
    {"rf64", SF_RF64 | 2},
    {"voc", SF_VOC | 2},
    {"nist", SF_NIST | 2},
    {"paf", SF_PAF | 2},
    {"svx", SF_SVX | 2},
    {"ircam", SF_IRCAM | 2},
    {"mat4", SF_MAT4 | 2},
    {"mat5", SF_MAT5 | 2},
    {"pvf", SF_PVF | 2},
    {"sds", 0x110000 | 2},
    {"xi", 0x0F0000 | 0x51},
    {"htk", SF_HTK | 2},
    {"avr", SF_AVR | 2},
    {"wve", SF_WVE | 0x11},
    {"mpc2k", SF_MPC2K | 2},
    {"flac in ogg", SF_FLAC | 2},
    {"chained", SF_OGG | SF_VORBIS},
};
#define FORMATS ((int)(sizeof formats / sizeof *formats))

enum { BY_PATH, IN_MEMORY, FROM_PIPE, MEDIA };

static unsigned char originals[FORMATS][LARGEST], mutant[LARGEST];
static int tried[MEDIA];
static size_t sizes[FORMATS];
static struct random source;

/* A file of each format, with tags where it takes some; 1 if libsndfile writes it. */
static int make(int i) {
  static int16_t samples[2 * FRAMES];
  static const int32_t rates[] = {48000, 44100, 8000};
  double info[PS_FILE_INFO_SIZE];
  int32_t file = -1;
  for (int n = 0; n < 6 && file < 0; n++) {
    file_info(info, formats[i].word, 2 - n / 3, rates[n % 3]);
    if (ps_format_check(formats[i].word, 2 - n / 3, rates[n % 3]))
      file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  }
  if (file < 0) return 0;
  int32_t channels = (int32_t)info[PS_FILE_CHANNELS];
  for (int n = 0; n < FRAMES * channels; n++)
    samples[n] = (int16_t)(random_between(&source, -3000, 3000) + (n % 200) * 50);
  for (int tag = 1; tag <= 5; tag++) ps_file_set_string(file, tag, "a text for this tag, with some length");
  ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16);
  ps_file_finish(file);
  sizes[i] = (size_t)ps_file_bytes(file, 0, originals[i], LARGEST);
  ps_file_close(file);
  if (i == FORMATS - 2) {
    memcpy(mutant, originals[i], sizes[i]);
    sizes[i] = flac_in_ogg(originals[i], LARGEST, mutant, sizes[i]);
  }
  if (i == FORMATS - 1 && 2 * sizes[i] < LARGEST) { /* two links of a chain */
    memcpy(originals[i] + sizes[i], originals[i], sizes[i]);
    sizes[i] *= 2;
  }
  return sizes[i] > 0 && sizes[i] < LARGEST;
}

static uint32_t some_number(void) {
  static const uint32_t numbers[] = {0,      1,       2,          0x7F,       0xFF,       0x7FFF,
                                     0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
  return random_once_in(&source, 3) ? (uint32_t)random_next(&source) : numbers[random_between(&source, 0, 11)];
}

/* Changes the mutant in one way; returns its new size. */
static size_t mutate(size_t size) {
  size_t head = size < 400 ? size : 400;
  size_t place = (size_t)random_between(&source, 0, random_once_in(&source, 3) ? (int64_t)size - 5 : (int64_t)head - 5);
  switch (random_between(&source, 0, 6)) {
    case 0: /* bits */ mutant[place] ^= (unsigned char)(1 << random_between(&source, 0, 7)); return size;
    case 1: /* a byte */ mutant[place] = (unsigned char)random_next(&source); return size;
    case 2: /* a number, in either byte order */
    case 3: {
      uint32_t number = some_number();
      for (int i = 0; i < 4; i++) mutant[place + (size_t)(i)] = (unsigned char)(number >> 8 * i);
      return size;
    }
    case 4: /* cut off */
      return (size_t)random_between(&source, 0, (int64_t)(random_once_in(&source, 2) ? size : head));
    case 5: { /* a part moved */
      size_t from = (size_t)random_between(&source, 0, (int64_t)head - 5);
      size_t length = (size_t)random_between(&source, 1, 64);
      if (place + length > size) length = size - place;
      if (from + length > size) length = size - from;
      memmove(mutant + place, mutant + from, length);
      return size;
    }
    default: /* a part left out */ memmove(mutant + place, mutant + place + 4, size - place - 4); return size - 4;
  }
}

/* A pipe that brings the mutant in pieces. */
static int pipe_of(size_t size) {
  int ends[2];
  struct random pieces = {random_next(&source)};
  int64_t most = INT64_C(1) << random_between(&pieces, 0, 16);
  if (pipe(ends) < 0) return -1;
  if (fork() == 0) {
    close(ends[0]);
    alarm(SECONDS);
    for (size_t at = 0; at < size;) {
      size_t piece = (size_t)random_between(&pieces, 1, most > (int64_t)size / 2000 ? most : (int64_t)size / 2000 + 1);
      ssize_t count = write(ends[1], mutant + at, piece < size - at ? piece : size - at);
      if (count <= 0) break;
      at += (size_t)count;
    }
    _exit(0);
  }
  close(ends[1]);
  return ends[0];
}

/* Reads it to the end, goes back, and asks it everything; in the child. */
static int use(const char *path, size_t size, int medium) {
  static double samples[64 * 1024];
  static char text[20000];
  double info[PS_FILE_INFO_SIZE], numbers[100];
  file_info(info, 0, 0, 0);
  int32_t file = medium == IN_MEMORY ? ps_file_open_memory(mutant, (double)size, PS_MODE_READ, info, PS_FILE_INFO_SIZE)
                 : medium == BY_PATH ? ps_file_open(path, PS_MODE_READ, info, PS_FILE_INFO_SIZE)
                                     : ps_file_open_descriptor(pipe_of(size), 1, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  if (file < 0) {
    ps_error_detail(text, sizeof text);
    return file == PS_ERR_SOUNDFILE && strlen(text) > 8 ? 0 : 2; /* an error says something */
  }
  int64_t total = 0;
  int32_t channels = (int32_t)info[PS_FILE_CHANNELS], count;
  for (int pass = 0; pass < 2; pass++) {
    int32_t format = pass ? PS_FORMAT_INT16 : PS_FORMAT_FLOAT64;
    while ((count = ps_file_read(file, samples, 64 * 1024 / channels, format)) > 0) {
      total += count;
      if (total > INT64_C(1) << 32) return 3; /* more than such a file can hold: it would never end */
    }
    if (count < 0 && count != PS_ERR_SOUNDFILE) return 4;
    ps_file_seek(file, 0, 0);
    if (info[PS_FILE_FRAMES] > 10) ps_file_seek(file, info[PS_FILE_FRAMES] / 2, 0);
  }
  for (int tag = 1; tag <= 16; tag++) ps_file_get_string(file, tag, text, sizeof text);
  for (int i = 0; i < 3; i++) ps_file_cue(file, i, numbers, PS_CUE_SIZE, text, sizeof text);
  ps_file_loops(file, numbers, 100);
  for (int i = 0; i <= PS_BROADCAST_HISTORY; i++) ps_file_broadcast(file, i, text, sizeof text, numbers, 7);
  ps_file_log(file, text, sizeof text);
  return ps_file_close(file) == PS_OK ? 0 : 5;
}

static int survives(int i, size_t size) {
  const char *path = file_path("mutant");
  int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (write(descriptor, mutant, size) != (ssize_t)size) return 0;
  close(descriptor);
  int medium = (int)random_between(&source, 0, MEDIA - 1);
  tried[medium]++;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int quiet = open("/dev/null", O_WRONLY); /* decoders print */
    dup2(quiet, 1);
    dup2(quiet, 2);
    alarm(SECONDS);
    _exit(use(path, size, medium));
  }
  int status = -1;
  struct rusage used;
  wait4(child, &status, 0, &used);
  if (status == 0 && used.ru_maxrss / 1024 < MEGABYTES) return 1;
  printf("# %s, %zu bytes, medium %d: status 0x%x, %ld MB\n", formats[i].name, size, medium, (unsigned)status,
         used.ru_maxrss / 1024);
  const char *keep = getenv("PASTREAM_TEST_KEEP");
  if (keep && (descriptor = open(keep, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0) {
    if (write(descriptor, mutant, size) > 0) printf("# kept as %s\n", keep);
    close(descriptor);
  }
  return 0;
}

TEST(files_as_they_are) {
  int made = 0;
  for (int i = 0; i < FORMATS; i++) {
    if (!make(i)) continue;
    made++;
    memcpy(mutant, originals[i], sizes[i]);
    CHECK(survives(i, sizes[i]));
  }
  CHECK(made >= 10);
}

TEST(damaged_files) {
  int rounds = (test_full() ? 500 : 100) / (TEST_THREAD_SANITIZER ? 10 : 1);
  for (int round = 0; round < rounds; round++) {
    int i = round % FORMATS;
    if (sizes[i] == 0) i = 0;
    size_t size = sizes[i];
    memcpy(mutant, originals[i], size);
    for (int64_t changes = random_between(&source, 1, 4); changes > 0 && size > 500; changes--) size = mutate(size);
    CHECK(survives(i, size));
  }
}

/* Other damage than that of bytes: the structure of headers. */
TEST(damaged_structures) {
  int rounds = (test_full() ? 2000 : 150) / (TEST_THREAD_SANITIZER ? 10 : 1);
  for (int round = 0; round < rounds; round++) {
    int i = round % FORMATS;
    if (sizes[i] == 0) i = 0;
    size_t size = sizes[i];
    memcpy(mutant, originals[i], size);
    for (int64_t changes = random_between(&source, 1, 4); changes > 0; changes--)
      size = mutate_structure(&source, mutant, size, LARGEST);
    CHECK(survives(i, size));
  }
  printf("# %d by path, %d in memory, %d from a pipe\n", tried[BY_PATH], tried[IN_MEMORY], tried[FROM_PIPE]);
}

TEST(what_is_no_sound_file) {
  static const char *const texts[] = {"",
                                      "R",
                                      "RIFF",
                                      "RIFF\0\0\0\0WAVE",
                                      "fLaC",
                                      "OggS",
                                      "ID3",
                                      "\x7f"
                                      "ELF",
                                      "<!DOCTYPE html>"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    size_t size = i == 3 ? 12 : strlen(texts[i]);
    memcpy(mutant, texts[i], size);
    CHECK(survives(0, size));
  }
  for (int i = 0; i < 5; i++) {
    for (size_t n = 0; n < 10000; n++) mutant[n] = (unsigned char)random_next(&source);
    CHECK(survives(0, 10000));
  }
}

/* A header that libsndfile's own parser never comes to the end of, and that is refused before it sees it. */
static int is_left(void) {
  static const unsigned char svx[] =
      "FORM\0\0\3\xE8"
      "8SVXVHDR\0\0\0\x14\0\0\0\x0A\0\0\0\0\0\0\0\0\x1F\x40\1\0\0\1\0\0"
      "ANNO\xFF\xFF\xFF\xF8"
      "abcdabcdabcdabcdBODY\0\0\0\x0A";
  struct medium *medium = medium_memory(svx, sizeof svx - 1);
  struct codec_info info = {0};
  struct sound *sound;
  return codec_open("svx", medium, PS_MODE_READ, &info, &sound) == PS_ERR_SOUNDFILE &&
         file_error_has("libsndfile cannot read to its end");
}

TEST(a_parser_without_end_is_left) {
  int status = 0;
  pid_t child = fork(); /* what memory the parser has is lost */
  if (child == 0) {
    alarm(SECONDS);
    _exit(is_left() ? 0 : 1);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  source.state = random_seed();
  RUN(a_parser_without_end_is_left);
  RUN(files_as_they_are);
  RUN(damaged_files);
  RUN(damaged_structures);
  RUN(what_is_no_sound_file);
  return test_end();
}
