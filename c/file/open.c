/* Opening sound files: by path, by descriptor, in memory. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/library.h"
#include "file/state.h"
#include "os/os_file.h"

#define MAX_CHANNELS 1024      /* libsndfile's own limit */
#define MPEG_LEVEL_MOST 0.9999 /* libsndfile makes a quality of it, and LAME refuses 10 */

/* libsndfile keeps the reason of a failed open in one place for all threads. */
static struct os_mutex open_lock = OS_MUTEX_INIT;

static void destroy(struct object *object) {
  struct file *file = (struct file *)object;
  file_finish(file);
  if (file->medium) file->medium->type->close(file->medium);
  file_free_tags(file);
  free(file->scratch);
  free(file->name);
  free(file);
}

/* ---------------------------------------------------------------- arguments */

/* The file begins empty. */
static int fresh(int32_t mode) {
  return (mode & PS_MODE_READ_WRITE) == PS_MODE_WRITE || mode & (PS_MODE_EXCLUSIVE | PS_MODE_TRUNCATE);
}

static int32_t check_mode(int32_t mode) {
  int32_t access = mode & PS_MODE_READ_WRITE, rest = mode & ~PS_MODE_READ_WRITE;
  int fits = access == PS_MODE_READ         ? rest == 0
             : access == PS_MODE_WRITE      ? (rest & ~PS_MODE_EXCLUSIVE) == 0
             : access == PS_MODE_READ_WRITE ? rest == 0 || rest == PS_MODE_EXCLUSIVE || rest == PS_MODE_TRUNCATE
                                            : 0;
  return fits ? PS_OK : error_set(PS_ERR_ARGUMENT, 0, "%d is no file mode", (int)mode);
}

static int is_whole(double value, double low, double high) {
  return value >= low && value <= high && value == (double)(int64_t)value;
}

/* What the caller asks for, as libsndfile wants it. A file that is only read brings its own, unless it is RAW. */
static int32_t read_info(struct sf_info *wanted, const double *info, int32_t size, int32_t mode) {
  memset(wanted, 0, sizeof *wanted);
  int32_t status = check_mode(mode);
  if (status < 0) return status;
  if (!info || size != PS_FILE_INFO_SIZE)
    return error_set(PS_ERR_ARGUMENT, 0, "info must have %d numbers", PS_FILE_INFO_SIZE);
  if (!is_whole(info[PS_FILE_FORMAT], 0, INT_MAX)) return error_set(PS_ERR_ARGUMENT, 0, "a format is a whole number");
  wanted->format = (int)info[PS_FILE_FORMAT];
  if (!fresh(mode) && (wanted->format & SF_MAJOR_MASK) != SF_RAW && mode == PS_MODE_READ) {
    wanted->format = 0;
    return PS_OK;
  }
  int empty = !fresh(mode) && info[PS_FILE_CHANNELS] == 0 && info[PS_FILE_SAMPLE_RATE] == 0; /* r+ */
  if (empty && (wanted->format & SF_MAJOR_MASK) != SF_RAW) return PS_OK;
  if (!is_whole(info[PS_FILE_CHANNELS], 1, MAX_CHANNELS))
    return error_set(PS_ERR_ARGUMENT, 0, "channels must be 1 to %d", MAX_CHANNELS);
  if (!is_whole(info[PS_FILE_SAMPLE_RATE], 1, INT_MAX))
    return error_set(PS_ERR_ARGUMENT, 0, "the sample rate must be a whole number of at least 1 Hz");
  wanted->channels = (int)info[PS_FILE_CHANNELS];
  wanted->sample_rate = (int)info[PS_FILE_SAMPLE_RATE];
  return PS_OK;
}

static void write_info(const struct file *file, double *info) {
  info[PS_FILE_SAMPLE_RATE] = file->sample_rate;
  info[PS_FILE_CHANNELS] = file->channels;
  info[PS_FILE_FORMAT] = file->format;
  info[PS_FILE_FRAMES] = (double)atomic_load_explicit(&file->frames, memory_order_relaxed);
  info[PS_FILE_SEEKABLE] = file->seekable;
}

/* ------------------------------------------------------ through libsndfile */

static int sf_mode(int32_t mode) {
  int32_t access = mode & PS_MODE_READ_WRITE;
  return access == PS_MODE_READ ? SF_READ : access == PS_MODE_WRITE ? SF_WRITE : SF_READ_WRITE;
}

static struct sndfile *open_medium(const char *name, struct medium *medium, int mode, struct sf_info *info) {
  struct sf_virtual_io io = medium->type->io;
  if (mode != SF_READ &&
      (info->format & SF_MAJOR_MASK) == SF_SD2) { /* libsndfile would write that to the working folder */
    file_error(name, 0, "SD2 has a second file beside the first, so it must be opened by a path");
    return NULL;
  }
  /* A stream may have to wait for its data: better that a reason gets lost than that everybody waits with it. */
  int locked = medium->type->seekable;
  if (locked) os_mutex_lock(&open_lock);
  struct sndfile *sound = sndfile.open_virtual(&io, mode, info, medium);
  int code = sound ? 0 : sndfile.error(NULL);
  if (!sound) {
    if (medium->error > 0)
      file_system_error(name, medium->error);
    else
      file_error(name, code, sndfile.error_text(NULL));
  }
  if (locked) os_mutex_unlock(&open_lock);
  if (sound && medium->type->opened) medium->type->opened(medium);
  return sound;
}

/* By libsndfile itself. Only so can it have the second file that a format keeps beside the first (SD2), or tell by its
 * name what a file without a header is. */
static struct sndfile *open_named(const char *path, int mode, struct sf_info *info) {
  os_mutex_lock(&open_lock);
#if defined(_WIN32)
  wchar_t wide[4096];
  int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, sizeof wide / sizeof *wide);
  struct sndfile *sound = length > 0 ? sndfile.open_wide(wide, mode, info) : NULL;
#else
  struct sndfile *sound = sndfile.open(path, mode, info);
#endif
  if (!sound) file_error(path, sndfile.error(NULL), sndfile.error_text(NULL));
  os_mutex_unlock(&open_lock);
  return sound;
}

/* libsndfile sets the mode of MP3 but says that it did not, unless a compression level was set before. */
static int set_bitrate_mode(struct file *file, int mode) {
  if (sndfile.command(file->sound, SF_SET_BITRATE_MODE, &mode, sizeof mode)) return 1;
  if ((file->format & SF_MAJOR_MASK) != SF_MPEG) return 0;
  return sndfile.command(file->sound, SF_GET_BITRATE_MODE, NULL, 0) == mode;
}

static int32_t set_encoding(struct file *file, const double *info) {
  double level = info[PS_FILE_COMPRESSION_LEVEL];
  if ((file->format & SF_MAJOR_MASK) == SF_MPEG && level > MPEG_LEVEL_MOST) level = MPEG_LEVEL_MOST;
  if (level >= 0 && !sndfile.command(file->sound, SF_SET_COMPRESSION_LEVEL, &level, sizeof level))
    return error_set(PS_ERR_UNSUPPORTED, 0, "%s: libsndfile has no compression level for this format", file->name);
  if (info[PS_FILE_BITRATE_MODE] >= 0 && !set_bitrate_mode(file, (int)info[PS_FILE_BITRATE_MODE]))
    return error_set(PS_ERR_UNSUPPORTED, 0, "%s: libsndfile has no such bitrate mode for this format", file->name);
  return PS_OK;
}

/* Some formats have one rate, and libsndfile takes that instead of the one asked for, without a word. */
static int32_t check_rate(const struct file *file, const double *info) {
  char text[100];
  if (info[PS_FILE_SAMPLE_RATE] == file->sample_rate) return PS_OK;
  snprintf(text, sizeof text, "files of this format have a rate of %d Hz", (int)file->sample_rate);
  return file_error(file->name, 0, text);
}

/* A file of what was opened; the handle. The sound and the medium are taken over in any case. */
static int32_t new_file(const char *name, struct sndfile *sound, struct medium *medium, int32_t mode, double *info) {
  struct file *file = calloc(1, sizeof *file);
  char *copy = malloc(strlen(name) + 1);
  if (!file || !copy) {
    sndfile.close(sound);
    if (medium) medium->type->close(medium);
    free(file);
    free(copy);
    return error_set(PS_ERR_MEMORY, 0, NULL);
  }
  file->sound = sound;
  file->medium = medium;
  file->name = strcpy(copy, name);
  file->mode = mode & PS_MODE_READ_WRITE;
  struct sf_info actual;
  sndfile.command(sound, SF_GET_CURRENT_INFO, &actual, sizeof actual);
  file->format = actual.format;
  file->channels = actual.channels;
  file->sample_rate = actual.sample_rate;
  file->seekable = actual.seekable && (!medium || medium->type->seekable);
  file->natural = format_word_natural(actual.format);
  file->peak = format_word_peak(actual.format);
  file->updates_header = format_word_updates_header(actual.format);
  int unknown = (medium && !medium->type->seekable && mode == PS_MODE_READ) || actual.frames > INT64_C(1) << 52;
  int64_t frames = unknown ? FILE_FRAMES_UNKNOWN : fresh(mode) ? 0 : actual.frames;
  atomic_init(&file->frames, frames);
  if (medium) medium->limit = format_word_limit(actual.format);
  sndfile.command(sound, SF_SET_CLIPPING, NULL, 1);
  if (file->mode == PS_MODE_READ_WRITE) sndfile.seek(sound, 0, SEEK_SET); /* libsndfile begins to write at the end */
  file_load_tags(file);
  int32_t handle = mode & PS_MODE_WRITE ? set_encoding(file, info) : PS_OK;
  if (handle == PS_OK && fresh(mode)) handle = check_rate(file, info);
  if (handle == PS_OK && mode & PS_MODE_WRITE) handle = file_failure(file); /* no room for the header */
  if (handle == PS_OK) handle = handle_new(&file->object, HANDLE_FILE, destroy);
  if (handle < 0)
    destroy(&file->object);
  else
    write_info(file, info);
  return handle;
}

/* A file in memory. */
static int32_t open_memory(const char *name, const void *data, size_t bytes, int32_t mode, struct sf_info *wanted,
                           double *info) {
  struct medium *memory = medium_memory(data, bytes);
  if (!memory) return error_set(PS_ERR_MEMORY, 0, NULL);
  struct sndfile *sound = open_medium(name, memory, sf_mode(mode), wanted);
  if (sound) return new_file(name, sound, memory, mode, info);
  memory->type->close(memory);
  return PS_ERR_SOUNDFILE;
}

/* Makes an empty file of that kind in memory: what is wrong with it is known before an existing file is emptied. */
static int32_t rehearse(const char *name, int32_t mode, struct sf_info wanted, const double *info) {
  double copy[PS_FILE_INFO_SIZE];
  memcpy(copy, info, sizeof copy);
  int32_t file = open_memory(name, NULL, 0, mode, &wanted, copy);
  if (file < 0) return file;
  ps_file_close(file);
  return PS_OK;
}

/* ---------------------------------------------------------------- by path */

/* Opens the file itself; `created` says whether it was not there before. */
static int open_path(const char *path, int32_t mode, int *created) {
  int access = (mode & PS_MODE_READ ? OS_FILE_READ : 0) | (mode & PS_MODE_WRITE ? OS_FILE_WRITE : 0);
  *created = 0;
  if (!fresh(mode)) return os_file_open(path, access);
  int descriptor = os_file_open(path, access | OS_FILE_NEW);
  *created = descriptor >= 0;
  if (descriptor >= 0 || errno != EEXIST || mode & PS_MODE_EXCLUSIVE) return descriptor;
  return os_file_open(path, access | OS_FILE_CREATE);
}

/* The sound on a descriptor, which is closed if that fails and it is our own. */
static int32_t open_descriptor(const char *name, int descriptor, int own, int empty, int32_t mode,
                               struct sf_info *wanted, double *info) {
  int kind = os_file_kind(descriptor), stream = kind == OS_FILE_STREAM;
  int32_t status = kind < 0 ? file_system_error(name, errno) : PS_OK;
  if (status == PS_OK && stream && (mode & PS_MODE_READ_WRITE) == PS_MODE_READ_WRITE)
    status = error_set(PS_ERR_ARGUMENT, 0, "%s is a stream: it can be read or written, not both", name);
  if (status == PS_OK && stream && mode & PS_MODE_WRITE && !format_word_streams(wanted->format))
    status = error_set(PS_ERR_ARGUMENT, 0, "%s is a stream, and files of this format cannot be written without seeking",
                       name);
  if (status == PS_OK && !stream && fresh(mode) && !empty) {
    status = rehearse(name, mode, *wanted, info);
    int64_t position = status == PS_OK ? os_file_seek(descriptor, 0, SEEK_CUR) : 0;
    if (status == PS_OK && (position < 0 || os_file_truncate(descriptor, position) < 0))
      status = file_system_error(name, errno);
  }
  struct medium *medium = NULL;
  if (status == PS_OK) {
    medium = stream ? medium_stream(descriptor, own, (mode & PS_MODE_WRITE) != 0) : medium_disk(descriptor, own);
    if (!medium) status = file_system_error(name, errno);
  }
  if (status < 0) {
    if (own) os_file_close(descriptor);
    return status;
  }
  struct sndfile *sound = open_medium(name, medium, sf_mode(mode), wanted);
  if (sound) return new_file(name, sound, medium, mode, info);
  medium->type->close(medium);
  return stream ? PS_ERR_SOUNDFILE : PS_ERR_PENDING; /* a file on disk: its name may say more */
}

int32_t ps_file_open(const char *path, int32_t mode, double *info, int32_t info_size) {
  struct sf_info wanted;
  int32_t status = library_load(&library_sndfile, NULL);
  if (status == PS_OK) status = read_info(&wanted, info, info_size, mode);
  if (status < 0) return status;
  int created, by_name = fresh(mode) && (wanted.format & SF_MAJOR_MASK) == SF_SD2;
  int descriptor = open_path(path, mode, &created);
  if (descriptor < 0) return file_system_error(path, errno);
  if (by_name) {
    os_file_close(descriptor);
    status = PS_ERR_PENDING;
  } else {
    status = open_descriptor(path, descriptor, 1, created, mode, &wanted, info);
    by_name = status == PS_ERR_PENDING && mode == PS_MODE_READ;
  }
  if (by_name) {
    struct error first;
    error_save(&first);
    struct sndfile *sound = open_named(path, sf_mode(mode), &wanted);
    if (sound)
      status = new_file(path, sound, NULL, mode, info);
    else if (mode == PS_MODE_READ)
      error_raise(&first);
  }
  if (status == PS_ERR_PENDING) status = PS_ERR_SOUNDFILE;
  if (status < 0 && created) os_file_remove(path);
  return status;
}

/* ------------------------------------------------- by descriptor, in memory */

int32_t ps_file_open_descriptor(int32_t descriptor, int32_t own, int32_t mode, double *info, int32_t info_size) {
  struct sf_info wanted;
  char name[32];
  int32_t status = library_load(&library_sndfile, NULL);
  if (status == PS_OK) status = read_info(&wanted, info, info_size, mode);
  if (status < 0) return status;
  snprintf(name, sizeof name, "descriptor %d", (int)descriptor);
  status = open_descriptor(name, descriptor, own == 1, 0, mode & ~PS_MODE_EXCLUSIVE, &wanted, info);
  return status == PS_ERR_PENDING ? PS_ERR_SOUNDFILE : status;
}

int32_t ps_file_open_memory(const void *data, double bytes, int32_t mode, double *info, int32_t info_size) {
  struct sf_info wanted;
  int32_t status = library_load(&library_sndfile, NULL);
  if (status == PS_OK) status = read_info(&wanted, info, info_size, mode);
  if (status < 0) return status;
  if (!is_whole(bytes, 0, 9e15) || (!data && bytes > 0))
    return error_set(PS_ERR_ARGUMENT, 0, "the size of memory is a whole number of bytes");
  return open_memory("memory", data, fresh(mode) ? 0 : (size_t)bytes, mode, &wanted, info);
}

int32_t ps_file_info(int32_t handle, double *info, int32_t info_size) {
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!file) return PS_ERR_HANDLE;
  int32_t status = PS_OK;
  if (info && info_size == PS_FILE_INFO_SIZE)
    write_info(file, info);
  else
    status = error_set(PS_ERR_ARGUMENT, 0, "info must have %d numbers", PS_FILE_INFO_SIZE);
  object_release(&file->object);
  return status;
}
