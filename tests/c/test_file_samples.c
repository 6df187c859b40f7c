/* Samples of 16 bits that are converted here, against libsndfile, to the bit.
 * No threads: it calls one function after the other. */
#include <math.h>

#include "engine/format.h"
#include "files.h"
#include "random.h"
#include "test.h"

#define PCM_16 0x0002
#define LITTLE 0x10000000
#define BIG 0x20000000
#define CHANNELS 3
#define FRAMES 60000 /* more than one block */
#define SAMPLES (CHANNELS * FRAMES)

static const int32_t formats[] = {SF_WAV | PCM_16,  SF_WAV | PCM_16 | BIG, SF_AIFF | PCM_16, SF_AIFF | PCM_16 | LITTLE,
                                  SF_AU | PCM_16,   SF_RAW | PCM_16,       SF_CAF | PCM_16,  SF_W64 | PCM_16,
                                  SF_RF64 | PCM_16, SF_PAF | PCM_16,       SF_FLAC | PCM_16};
static struct random source;
static float samples[SAMPLES], back[SAMPLES], theirs[SAMPLES];

/* Any float32 but NaN: random bits, what lies around the steps of 16 bits, what is nearly 0, full scale and beyond. */
static float random_float(void) {
  uint32_t bits = (uint32_t)random_next(&source);
  float value;
  switch (random_between(&source, 0, 5)) {
    case 0: memcpy(&value, &bits, sizeof value); break;
    case 1: value = (float)random_between(&source, -40000, 40000) / 32768; break;
    case 2: value = nextafterf((float)random_between(&source, -33000, 33000) / 32768, bits & 1 ? 2 : -2); break;
    case 3: value = (float)random_between(&source, -2000, 2000) / 4294967296.0F / 16; break;
    default: value = (float)random_between(&source, -(1 << 24), 1 << 24) / (1 << 23) * 0.55F;
  }
  return isnan(value) ? 0 : value;
}

/* As libsndfile alone writes and reads it. */
static void write_theirs(const char *path, int32_t format) {
  struct sf_info info = {.sample_rate = 48000, .channels = CHANNELS, .format = format};
  struct sndfile *file = sndfile.open(path, SF_WRITE, &info);
  CHECK(file != NULL);
  if (!file) return;
  sndfile.command(file, SF_SET_CLIPPING, NULL, 1);
  CHECK_EQUAL(sndfile.write_float(file, samples, FRAMES), FRAMES);
  sndfile.close(file);
}

static void read_theirs(const char *path, int32_t format) {
  struct sf_info info = {0};
  if ((format & SF_MAJOR_MASK) == SF_RAW)
    info = (struct sf_info){.sample_rate = 48000, .channels = CHANNELS, .format = format};
  struct sndfile *file = sndfile.open(path, SF_READ, &info);
  CHECK(file != NULL);
  if (!file) return;
  CHECK_EQUAL(sndfile.read_float(file, theirs, FRAMES), FRAMES);
  sndfile.close(file);
}

static int32_t open_ours(const char *path, int32_t mode, int32_t format) {
  double info[PS_FILE_INFO_SIZE];
  int described = mode == PS_MODE_WRITE || (format & SF_MAJOR_MASK) == SF_RAW;
  file_info(info, described ? format : 0, described ? CHANNELS : 0, described ? 48000 : 0);
  return ps_file_open(path, mode, info, PS_FILE_INFO_SIZE);
}

static int same_bytes(const char *path, const char *other) {
  FILE *files[2] = {fopen(path, "rb"), fopen(other, "rb")};
  int bytes[2] = {0, 0};
  while (files[0] && files[1] && bytes[0] == bytes[1] && bytes[0] != EOF)
    for (int i = 0; i < 2; i++) bytes[i] = getc(files[i]);
  for (int i = 0; i < 2; i++)
    if (files[i]) fclose(files[i]);
  return files[0] && files[1] && bytes[0] == bytes[1];
}

TEST(as_libsndfile_does_it) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    int32_t format = formats[i];
    const char *ours = file_path("ours"), *other = file_path("theirs");
    for (int j = 0; j < SAMPLES; j++) samples[j] = random_float();
    if ((format & SF_MAJOR_MASK) == SF_PAF) /* is written as int32, where libsndfile does not clip */
      for (int j = 0; j < SAMPLES; j++) samples[j] = floorf(fmodf(samples[j], 1) * 32767) / 32768;
    int32_t file = open_ours(ours, PS_MODE_WRITE, format);
    CHECK(file > 0);
    int32_t part = (int32_t)random_between(&source, 0, FRAMES);
    CHECK_EQUAL(ps_file_write(file, samples, part, PS_FORMAT_FLOAT32), part);
    CHECK_EQUAL(ps_file_write(file, samples + part * CHANNELS, FRAMES - part, PS_FORMAT_FLOAT32), FRAMES - part);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    write_theirs(other, format);
    read_theirs(ours, format);
    file = open_ours(ours, PS_MODE_READ, format);
    part = (int32_t)random_between(&source, 0, FRAMES);
    CHECK_EQUAL(ps_file_read(file, back, part, PS_FORMAT_FLOAT32), part);
    CHECK_EQUAL(ps_file_read(file, back + part * CHANNELS, 2 * FRAMES, PS_FORMAT_FLOAT32), FRAMES - part);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK(memcmp(back, theirs, sizeof back) == 0);
    if (same_bytes(ours, other)) continue;
    read_theirs(other, format); /* says which samples differ, if not some other bytes */
    for (int j = 0; j < SAMPLES; j++)
      if (back[j] != theirs[j]) {
        printf("# format %#x: %.9g became %.9g instead of %.9g\n", (unsigned)format, samples[j], back[j], theirs[j]);
        break;
      }
    CHECK(memcmp(back, theirs, sizeof back) == 0);
  }
}

TEST(nan_is_silence) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const float in[CHANNELS] = {NAN, INFINITY, -INFINITY};
    float out[CHANNELS];
    int32_t file = open_ours(file_path("nan"), PS_MODE_WRITE, formats[i]);
    CHECK_EQUAL(ps_file_write(file, in, 1, PS_FORMAT_FLOAT32), 1);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    file = open_ours(file_path("nan"), PS_MODE_READ, formats[i]);
    CHECK_EQUAL(ps_file_read(file, out, 1, PS_FORMAT_FLOAT32), 1);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK(out[0] == 0 && out[1] == 32767 / 32768.0F && out[2] == -1);
  }
}

int main(void) {
  source.state = random_seed();
  RUN(as_libsndfile_does_it);
  RUN(nan_is_silence);
  return test_end();
}
