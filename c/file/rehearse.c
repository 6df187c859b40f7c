/* Whether a codec can write a kind of file at all, tried out in memory before an existing file is emptied: some accept
 * what they cannot write, or write what they cannot read, and report it at the end or never. */
#include "file/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/state.h"
#include "os/os.h"

#define SAMPLES 32768
#define FRAMES_MOST 1001 /* odd, and no multiple of a block */
#define KNOWN 32

/* Kinds that have been tried and are good: an encoder takes a while to set up. */
static struct os_mutex lock = OS_MUTEX_INIT;
static struct codec_info known[KNOWN];
static int known_next;

static int same_kind(const struct codec_info *a, const struct codec_info *b) {
  return a->format == b->format && a->channels == b->channels && a->sample_rate == b->sample_rate &&
         a->compression_level == b->compression_level && a->bitrate_mode == b->bitrate_mode;
}

static int is_known(const struct codec_info *wanted, int32_t mode) {
  int found = 0;
  os_mutex_lock(&lock);
  for (int i = 0; i < KNOWN && !found; i++) found = known[i].seekable == mode && same_kind(&known[i], wanted);
  os_mutex_unlock(&lock);
  return found;
}

static void remember(const struct codec_info *wanted, int32_t mode) {
  os_mutex_lock(&lock);
  known[known_next] = *wanted;
  known[known_next].seekable = mode;
  known_next = (known_next + 1) % KNOWN;
  os_mutex_unlock(&lock);
}

static int is_exact(int32_t format) { return (format & SF_SUBTYPE_MASK) <= SF_DOUBLE; }

/* Whether as many frames are read as were written: blocks are filled up, and MP3 does not always say how many there
 * are. */
static int is_counted(int32_t format) {
  return !format_word_is_block_codec(format) && (format & SF_MAJOR_MASK) != SF_MPEG;
}

/* Writes the frames into memory, which is the caller's to close. */
static int32_t write_file(const char *name, int32_t mode, const struct codec_info *wanted, const int16_t *samples,
                          int64_t frames, struct medium *memory) {
  struct codec_info info = *wanted;
  struct sound *sound;
  int32_t status = codec_open(name, memory, mode, &info, &sound);
  if (status < 0) return status;
  struct file file = {.sound = sound,
                      .format = info.format,
                      .channels = info.channels,
                      .natural = info.natural,
                      .peak = info.peak,
                      .name = (char *)name};
  int64_t written = file_samples_write(&file, samples, frames, PS_FORMAT_INT16);
  free(file.scratch);
  if (written < frames) {
    status = sound->codec->failure(sound);
    if (status == PS_OK) status = file_error(name, 0, "this kind of file cannot be written");
    struct error first;
    error_save(&first);
    sound->codec->close(sound);
    return error_raise(&first);
  }
  return sound->codec->close(sound);
}

static int32_t compare(const char *name, const struct codec_info *wanted, const int16_t *samples, int64_t frames,
                       int16_t *back, struct medium *memory) {
  char text[160];
  double info[PS_FILE_INFO_SIZE] = {0};
  size_t bytes;
  const void *data = medium_memory_data(memory, &bytes);
  if ((wanted->format & SF_MAJOR_MASK) == SF_RAW) return PS_OK;
  int32_t file = ps_file_open_memory(data, (double)bytes, PS_MODE_READ, info, PS_FILE_INFO_SIZE);
  if (file == PS_ERR_MEMORY) return file;
  if (file < 0) {
    snprintf(text, sizeof text,
             "files of this format do not hold %d channel%s at %d Hz: what is written cannot be read",
             (int)wanted->channels, PLURAL(wanted->channels), (int)wanted->sample_rate);
    return file_error(name, 0, text);
  }
  int same_shape = info[PS_FILE_CHANNELS] == wanted->channels;
  int32_t count = same_shape ? ps_file_read(file, back, (int32_t)frames, PS_FORMAT_INT16) : 0;
  ps_file_close(file);
  if (info[PS_FILE_SAMPLE_RATE] != wanted->sample_rate) {
    snprintf(text, sizeof text, "files of this format do not hold a rate of %d Hz: it would be read as %d Hz",
             (int)wanted->sample_rate, (int)info[PS_FILE_SAMPLE_RATE]);
    return file_error(name, 0, text);
  }
  if (count < frames || (is_counted(wanted->format) && info[PS_FILE_FRAMES] != (double)frames))
    return file_error(name, 0, "files of this kind lose or gain samples: use another format or subtype");
  for (int64_t i = 0; is_exact(wanted->format) && i < frames * wanted->channels; i++)
    if (abs(samples[i] - back[i]) > 1)
      return file_error(name, 0, "files of this kind do not keep their samples: use another format or subtype");
  return PS_OK;
}

int32_t rehearse(const char *name, int32_t mode, const struct codec_info *wanted) {
  if (is_known(wanted, mode)) return PS_OK;
  int64_t frames = SAMPLES / wanted->channels < FRAMES_MOST ? SAMPLES / wanted->channels : FRAMES_MOST;
  int16_t *samples = malloc(2 * SAMPLES * sizeof *samples);
  struct medium *memory = medium_memory(NULL, 0);
  int32_t status = samples && memory ? PS_OK : error_set(PS_ERR_MEMORY, 0, NULL);
  for (int64_t i = 0; status == PS_OK && i < SAMPLES; i++) /* of 8 bits, which every format keeps */
    samples[i] = (int16_t)((i * 7919 % 100 - 50) * 256);
  if (status == PS_OK) status = write_file(name, mode, wanted, samples, frames, memory);
  if (status == PS_OK) status = compare(name, wanted, samples, frames, samples + SAMPLES, memory);
  if (status == PS_OK) remember(wanted, mode);
  if (memory) memory->type->close(memory);
  free(samples);
  return status;
}
