/* Samples between a caller's format and the codec. A codec converts between int16, int32, float32 and float64;
 * packed and 8-bit integers go through int32. Codecs that work in floating point are always read and written in it, and
 * converted here: where such a file goes beyond full scale and integers are asked for, libsndfile wraps around, and it
 * scales integers to +-1 only if told to, by factors that differ. Floating point for other codecs goes to libsndfile as
 * long as it is within the codec's peak, else what is beyond is brought back to it; where there is no such peak, it is
 * written as int32. float32 and 16 bits in a plain file are converted here, to the bit as libsndfile does it: by
 * vectors, while it goes sample by sample, and in blocks of 64 Ki samples instead of 4 Ki, each a system call. */
#include <stdlib.h>

#include "base/error.h"
#include "engine/format.h"
#include "file/state.h"

#define SCRATCH_BYTES 131072 /* more than a frame of the 1024 channels that a file may have */

static int is_float(int32_t format) { return format == PS_FORMAT_FLOAT32 || format == PS_FORMAT_FLOAT64; }

/* The format in which samples are exchanged with the codec. */
static int32_t exchanged(const struct file *file, int32_t format) {
  if (format == PS_FORMAT_FLOAT32 && file->natural == PS_FORMAT_INT16) return PS_FORMAT_INT16;
  if (is_float(format)) return format;
  if (is_float(file->natural)) return file->natural;
  return format == PS_FORMAT_INT16 ? PS_FORMAT_INT16 : PS_FORMAT_INT32;
}

static int32_t exchanged_to_write(const struct file *file, int32_t format) {
  if (is_float(format) && !is_float(file->natural) && file->peak == 0) return PS_FORMAT_INT32;
  return exchanged(file, format);
}

/* Frames that the scratch memory holds. */
static int64_t scratch_frames(const struct file *file, int32_t format) {
  return SCRATCH_BYTES / (int64_t)format_bytes(format) / file->channels;
}

static int64_t read_as(struct file *file, int32_t format, void *data, int64_t frames) {
  return file->sound->codec->read(file->sound, format, data, frames);
}

static int64_t write_as(struct file *file, int32_t format, const void *data, int64_t frames) {
  return file->sound->codec->write(file->sound, format, data, frames);
}

static int has_scratch(struct file *file) {
  if (!file->scratch) file->scratch = malloc(SCRATCH_BYTES);
  if (!file->scratch) error_set(PS_ERR_MEMORY, 0, NULL);
  return file->scratch != NULL;
}

int64_t file_samples_read(struct file *file, void *data, int64_t frames, int32_t format) {
  int32_t exchange = exchanged(file, format);
  if (exchange == format) return read_as(file, format, data, frames);
  if (!has_scratch(file)) return PS_ERR_MEMORY;
  size_t channels = (size_t)file->channels;
  int64_t block = scratch_frames(file, exchange), done = 0;
  unsigned char *to = data;
  while (done < frames) {
    int64_t part = frames - done < block ? frames - done : block;
    int64_t count = read_as(file, exchange, file->scratch, part);
    if (count <= 0) break;
    format_convert(format, to, exchange, file->scratch, (size_t)count * channels);
    to += (size_t)count * channels * format_bytes(format);
    done += count;
    if (count < part) break;
  }
  return done;
}

int64_t file_samples_write(struct file *file, const void *data, int64_t frames, int32_t format) {
  int32_t exchange = exchanged_to_write(file, format);
  int any = exchange == format && !(is_float(format) && file->peak > 0);
  if (any || (exchange == format && format_within(format, data, (size_t)(frames * file->channels), file->peak)))
    return write_as(file, format, data, frames);
  if (!has_scratch(file)) return PS_ERR_MEMORY;
  size_t channels = (size_t)file->channels;
  int64_t block = scratch_frames(file, exchange), done = 0;
  const unsigned char *from = data;
  while (done < frames) {
    int64_t part = frames - done < block ? frames - done : block;
    if (exchange == format)
      format_limit(format, file->scratch, from, (size_t)part * channels, file->peak);
    else if (is_float(format) && exchange == PS_FORMAT_INT16)
      format_cut_to_int16(file->scratch, from, (size_t)part * channels);
    else
      format_convert(exchange, file->scratch, format, from, (size_t)part * channels);
    int64_t count = write_as(file, exchange, file->scratch, part);
    if (count > 0) done += count;
    if (count < part) break;
    from += (size_t)part * channels * format_bytes(format);
  }
  return done;
}
