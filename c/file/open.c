/* Opening sound files: by path, by descriptor, in memory. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/change.h"
#include "file/probe.h"
#include "file/rehearse.h"
#include "file/state.h"
#include "os/os_file.h"

#define MAX_CHANNELS 1024       /* libsndfile's own limit */
#define GATHER_MOST (256 << 20) /* bytes of a pipe that are held in memory */
#define TOLD_MOST 0x7FFF0000    /* larger numbers are what programs write that do not know the length */
#define HEAD_BEYOND 65536       /* bytes of the sound that a codec may look at before it is read */

static void destroy(struct object *object) {
  struct file *file = (struct file *)object;
  file_finish(file);
  if (file->medium) file->medium->type->close(file->medium);
  if (file->incoming) object_release(&file->incoming->object);
  file_free_tags(file);
  free(file->scratch);
  free(file->name);
  os_mutex_destroy(&file->lock);
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
  return fits ? PS_OK : error_set(PS_ERR_ARGUMENT, 0, "%d is not a file mode", (int)mode);
}

static int is_whole(double value, double low, double high) {
  return value >= low && value <= high && value == (double)(int64_t)value;
}

/* What the caller asks for, as a codec wants it. A file that is only read brings its own, unless it is RAW. */
static int32_t read_info(struct codec_info *wanted, const double *info, int32_t size, int32_t mode) {
  memset(wanted, 0, sizeof *wanted);
  int32_t status = check_mode(mode);
  if (status < 0) return status;
  if (!info || size != PS_FILE_INFO_SIZE)
    return error_set(PS_ERR_ARGUMENT, 0, "info must have %d numbers", PS_FILE_INFO_SIZE);
  if (!is_whole(info[PS_FILE_FORMAT], 0, INT_MAX))
    return error_set(PS_ERR_ARGUMENT, 0, "the format must be a whole number");
  wanted->format = (int)info[PS_FILE_FORMAT];
  wanted->compression_level = info[PS_FILE_COMPRESSION_LEVEL];
  wanted->bitrate_mode = (int32_t)info[PS_FILE_BITRATE_MODE];
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

/* ------------------------------------------------------- before a codec reads */

/* Has a pipe read as the codec needs it, by what the probe has found. */
static int32_t prepare_pipe(const char *name, struct medium **medium, const struct probe *probe) {
  int64_t bytes, head = probe->skip + probe->sound + HEAD_BEYOND;
  int ended = medium_pipe_ended(*medium, &bytes);
  if (probe->kind == PROBE_WHOLE || (probe->kind == PROBE_CHUNKS && probe->sound < 0 && ended)) {
    struct medium *memory = medium_gather(*medium, GATHER_MOST);
    if (!memory && errno == EFBIG) {
      (*medium)->error = 0; /* which is reported here */
      return file_error(name, 0, "files of this format are read as a whole, and of a pipe at most 256 MiB are kept");
    }
    if (!memory) return file_system_error(name, errno);
    *medium = memory;
    return PS_OK;
  }
  if (probe->kind == PROBE_CHUNKS) {
    if (probe->sound < 0 || head > PROBE_HEAD_MOST)
      return file_error(name, 0,
                        "the sound does not begin within the first 16 MiB, the part of a pipe that is searched");
    int64_t end = probe->end, most = probe->sound + probe->most;
    if (probe->most > 0 && (end < 0 || end > most)) end = most;
    medium_pipe_expect(*medium, end < 0 ? -1 : probe->skip + end, head, 1);
  } else {
    medium_pipe_expect(*medium, -1, probe->kind == PROBE_UNKNOWN ? HEAD_BEYOND : PROBE_HEAD_MOST, 0);
  }
  return PS_OK;
}

/* Looks at an existing file, and puts a window before its medium where the codec is to read it differently. */
static int32_t look_at(const char *name, struct medium **medium, int32_t mode, struct probe *probe) {
  int pipe = !(*medium)->type->seekable;
  int64_t length = pipe ? -1 : (*medium)->type->io.get_file_length(*medium);
  probe_medium(*medium, length, probe);
  if ((*medium)->error) return PS_ERR_SOUNDFILE;
  if (probe->refusal) return file_error(name, 0, probe->refusal);
  if (mode & PS_MODE_WRITE) probe->insert.bytes = 0;
  if (pipe) {
    int32_t status = prepare_pipe(name, medium, probe);
    if (status < 0) return status;
    if ((*medium)->type->seekable) return look_at(name, medium, mode, probe); /* with the length known */
  }
  if (probe->skip == 0 && probe->patch_count == 0 && probe->insert.bytes == 0) return PS_OK;
  struct medium *window = medium_window(*medium, probe->skip, probe->patches, probe->patch_count, &probe->insert);
  if (!window) return error_set(PS_ERR_MEMORY, 0, NULL);
  *medium = window;
  return PS_OK;
}

/* Keeps an existing file as it is until something is written: a codec writes a header as soon as it opens the file. */
static int32_t protect(const char *name, struct medium **medium, const struct probe *probe,
                       const struct codec_info *wanted) {
  int32_t status = PS_OK;
  if ((*medium)->type->io.get_file_length(*medium) > 0) status = change_check(name, *medium, probe, wanted);
  if (status < 0) return status;
  struct medium *overlay = medium_overlay(*medium);
  if (!overlay) return error_set(PS_ERR_MEMORY, 0, NULL);
  *medium = overlay;
  return PS_OK;
}

/* ---------------------------------------------------------------- one sound */

int64_t file_frames_of_pipe(struct file *file, int64_t bytes) {
  struct medium *head = medium_pipe_head(file->medium, bytes);
  struct codec_info info = {0};
  struct sound *sound;
  int64_t frames = 0;
  if (head && codec_open(file->name, head, PS_MODE_READ, &info, &sound) == PS_OK) {
    frames = info.frames;
    sound->codec->close(sound);
  }
  if (head) head->type->close(head);
  return frames;
}

/* Frames that the header of a pipe tells, where it is to be believed; else unknown. */
static int64_t frames_told(const struct probe *probe, const struct codec_info *opened) {
  int64_t most = probe->kind == PROBE_CHUNKS ? probe->end - probe->sound : opened->frames;
  int tells = probe->kind == PROBE_CHUNKS ? probe->end >= 0 : probe->kind == PROBE_FLOW || probe->kind == PROBE_MPEG;
  return tells && probe->insert.bytes == 0 && most < TOLD_MOST ? opened->frames : FILE_FRAMES_UNKNOWN;
}

/* A file of a sound that has been opened; the handle. The sound and the medium are taken over in any case. */
static int32_t new_file(const char *name, struct sound *sound, struct medium *medium, int32_t mode,
                        const struct codec_info *opened, const struct probe *probe, double *info) {
  struct file *file = calloc(1, sizeof *file);
  char *copy = malloc(strlen(name) + 1);
  if (!file || !copy) {
    sound->codec->close(sound);
    if (medium) medium->type->close(medium);
    free(file);
    free(copy);
    return error_set(PS_ERR_MEMORY, 0, NULL);
  }
  os_mutex_init(&file->lock);
  file->sound = sound;
  file->medium = medium;
  sound->name = file->name = strcpy(copy, name);
  file->mode = mode & PS_MODE_READ_WRITE;
  file->format = opened->format;
  file->channels = opened->channels;
  file->sample_rate = opened->sample_rate;
  file->seekable = opened->seekable && (!medium || medium->type->seekable);
  file->natural = opened->natural;
  file->peak = opened->peak;
  file->told_frames = frames_told(probe, opened);
  file->pipe_frames = -1;
  int unknown = medium && !medium->type->seekable && mode == PS_MODE_READ;
  file->pipe_blocks = unknown && format_word_is_block_codec(opened->format);
  atomic_init(&file->frames, unknown              ? FILE_FRAMES_UNKNOWN
                             : fresh(mode)        ? 0
                             : probe->frames >= 0 ? probe->frames
                                                  : opened->frames);
  if (medium) medium->limit = format_word_limit(opened->format);
  if (file->mode == PS_MODE_READ_WRITE) sound->codec->seek(sound, 0); /* libsndfile begins to write at the end */
  file_load_tags(file);
  int32_t handle = mode & PS_MODE_WRITE ? file_failure(file) : PS_OK; /* no room for the header */
  if (handle == PS_OK) handle = handle_new(&file->object, HANDLE_FILE, destroy);
  if (handle < 0)
    destroy(&file->object);
  else
    write_info(file, info);
  return handle;
}

/* Opens the sound of a medium, which is closed if that fails. `medium` is NULL for the file of this name. `unknown`, or
 * NULL: whether the file's first bytes say nothing of what it is. */
static int32_t open_sound(const char *name, struct medium *medium, int32_t mode, struct codec_info wanted, double *info,
                          int *unknown) {
  struct probe probe = {.frames = -1};
  struct sound *sound;
  int32_t status = PS_OK;
  if (medium && !fresh(mode) && (wanted.format & SF_MAJOR_MASK) != SF_RAW)
    status = look_at(name, &medium, mode, &probe);
  if (unknown) *unknown = probe.kind == PROBE_UNKNOWN && !probe.refusal && medium && !medium->error;
  if (status == PS_OK && medium && !fresh(mode) && mode & PS_MODE_WRITE)
    status = protect(name, &medium, &probe, &wanted);
  if (status == PS_OK) status = codec_open(name, medium, mode, &wanted, &sound);
  if (status == PS_OK && medium && medium->error && mode == PS_MODE_READ) {
    sound->codec->close(sound); /* what was read of the header is not what stands there */
    status = PS_ERR_SOUNDFILE;
  }
  if (status == PS_OK) {
    medium_opened(medium);
    return new_file(name, sound, medium, mode, &wanted, &probe, info);
  }
  if (medium && medium->error > 0) status = file_system_error(name, medium->error);
  if (medium) medium->type->close(medium);
  return status;
}

static int32_t open_memory(struct medium *memory, int32_t mode, const struct codec_info *wanted, double *info) {
  return memory ? open_sound("memory", memory, mode, *wanted, info, NULL) : error_set(PS_ERR_MEMORY, 0, NULL);
}

/* ---------------------------------------------------------------- by path */

/* Opens the file itself; `created` says whether it was not there before. */
static int open_path(const char *path, int32_t mode, int *created, struct os_wake *stop) {
  int access = (mode & PS_MODE_READ ? OS_FILE_READ : 0) | (mode & PS_MODE_WRITE ? OS_FILE_WRITE : 0);
  *created = 0;
  if (!fresh(mode)) return os_file_open(path, access, stop);
  int descriptor = os_file_open(path, access | OS_FILE_NEW, stop);
  *created = descriptor >= 0;
  if (descriptor >= 0 || errno != EEXIST || mode & PS_MODE_EXCLUSIVE) return descriptor;
  return os_file_open(path, access | OS_FILE_CREATE, stop);
}

/* Two that write into one file destroy both recordings. */
static int32_t claim(const char *path, int descriptor, int32_t mode) {
  if (!(mode & PS_MODE_WRITE) || os_file_kind(descriptor) != OS_FILE_DISK || os_file_claim(descriptor) == 0)
    return PS_OK;
  return file_error(path, 0, "the file is open for writing already, here or in another program: close it there first");
}

struct emptying {
  int descriptor, is_played;
};

static void find_player(struct object *object, void *argument) {
  struct file *file = (struct file *)object;
  struct emptying *emptying = argument;
  if (!atomic_load_explicit(&file->players, memory_order_relaxed)) return;
  os_mutex_lock(&file->lock);
  if (medium_is_of(file->medium, emptying->descriptor)) emptying->is_played = 1;
  os_mutex_unlock(&file->lock);
}

/* A recording into the file that is played would end both. */
static int32_t spare_played(const char *name, int descriptor) {
  struct emptying emptying = {.descriptor = descriptor};
  handle_each(HANDLE_FILE, find_player, &emptying);
  if (!emptying.is_played) return PS_OK;
  return file_error(name, 0, "a stream plays this file, and writing would empty it first: write into another");
}

/* The sound on a descriptor, which is closed if that fails and it is our own. `empty`: the file has just been made. */
static int32_t open_descriptor(const char *name, int descriptor, int own, int empty, int32_t mode,
                               const struct codec_info *wanted, double *info, int *unknown, struct os_wake *stop) {
  int kind = os_file_kind(descriptor), pipe = kind == OS_FILE_PIPE;
  int32_t status = kind < 0 ? file_system_error(name, errno) : PS_OK;
  if (status == PS_OK && pipe && (mode & PS_MODE_READ_WRITE) == PS_MODE_READ_WRITE)
    status = error_set(PS_ERR_ARGUMENT, 0, "%s is a pipe: it can be read or written, not both", name);
  if (status == PS_OK && pipe && mode & PS_MODE_WRITE && !format_word_streams(wanted->format))
    status =
        error_set(PS_ERR_ARGUMENT, 0, "%s is a pipe, and files of this format cannot be written without seeking", name);
  int empties = !pipe && fresh(mode) && !empty;
  if (status == PS_OK && empties) status = spare_played(name, descriptor);
  if (status == PS_OK && fresh(mode)) status = rehearse(name, mode, wanted);
  if (status == PS_OK && empties) {
    int64_t position = os_file_seek(descriptor, 0, SEEK_CUR);
    if (position < 0 || os_file_truncate(descriptor, position) < 0) status = file_system_error(name, errno);
  }
  struct medium *medium = NULL;
  if (status == PS_OK) {
    medium = pipe ? medium_pipe(descriptor, own, (mode & PS_MODE_WRITE) != 0, stop) : medium_disk(descriptor, own);
    if (!medium) status = file_system_error(name, errno);
  }
  if (medium) return open_sound(name, medium, mode, *wanted, info, unknown);
  if (own) os_file_close(descriptor);
  return status;
}

/* libsndfile keeps a second file beside SD2, so it must open that by its name; and it knows by its name what some file
 * without a header is. */
static int32_t open_by_name(const char *path, int32_t mode, const struct codec_info *wanted, double *info) {
  struct error first;
  error_save(&first);
  int32_t status = open_sound(path, NULL, mode, *wanted, info, NULL);
  return status < 0 && mode == PS_MODE_READ ? error_raise(&first) : status;
}

/* Whether the second file of SD2 is there. The first one has samples alone, which may look like any other format. */
static int has_second_file(const char *path) {
  char second[OS_PATH_SIZE];
  const char *base = path;
  for (const char *c = path; *c; c++)
    if (*c == '/' || *c == '\\') base = c + 1;
  int length = snprintf(second, sizeof second, "%.*s._%s", (int)(base - path), path, base);
  int descriptor = length > 0 && length < OS_PATH_SIZE ? os_file_open(second, OS_FILE_READ, NULL) : -1;
  if (descriptor >= 0) os_file_close(descriptor);
  return descriptor >= 0;
}

int32_t file_open(const char *path, int32_t mode, double *info, int32_t info_size, struct os_wake *stop) {
  struct codec_info wanted;
  int32_t status = read_info(&wanted, info, info_size, mode);
  if (status < 0) return status;
  int created;
  int descriptor = open_path(path, mode, &created, stop);
  if (descriptor < 0) return file_system_error(path, errno);
  status = claim(path, descriptor, mode);
  if (status < 0) {
    os_file_close(descriptor);
  } else if (fresh(mode) && (wanted.format & SF_MAJOR_MASK) == SF_SD2) {
    os_file_close(descriptor);
    status = open_by_name(path, mode, &wanted, info);
  } else {
    int unknown = 0, on_disk = os_file_kind(descriptor) == OS_FILE_DISK;
    status = open_descriptor(path, descriptor, 1, created, mode, &wanted, info, &unknown, stop);
    if (status == PS_ERR_SOUNDFILE && on_disk && mode == PS_MODE_READ && (unknown || has_second_file(path)))
      status = open_by_name(path, mode, &wanted, info);
  }
  if (status < 0 && created) os_file_remove(path);
  return status;
}

int32_t ps_file_open(const char *path, int32_t mode, double *info, int32_t info_size) {
  return file_open(path, mode, info, info_size, NULL);
}

int32_t ps_file_may_wait(const char *path) { return path && os_file_may_wait(path); }

/* ------------------------------------------------- by descriptor, in memory */

int32_t file_open_descriptor(int32_t descriptor, int own, int32_t mode, double *info, int32_t info_size,
                             struct os_wake *stop) {
  struct codec_info wanted;
  char name[32];
  int32_t status = read_info(&wanted, info, info_size, mode);
  if (status < 0) return status;
  snprintf(name, sizeof name, "descriptor %d", (int)descriptor);
  if (!os_file_is_shared(descriptor))
    return error_set(PS_ERR_UNSUPPORTED, 0,
                     "%s is the runtime's own, and no other library knows its file on Windows: give the path", name);
  return open_descriptor(name, descriptor, own, 0, mode & ~PS_MODE_EXCLUSIVE, &wanted, info, NULL, stop);
}

int32_t ps_file_open_descriptor(int32_t descriptor, int32_t own, int32_t mode, double *info, int32_t info_size) {
  return file_open_descriptor(descriptor, own == 1, mode, info, info_size, NULL);
}

int32_t ps_file_open_memory(const void *data, double bytes, int32_t mode, double *info, int32_t info_size) {
  struct codec_info wanted;
  int32_t status = read_info(&wanted, info, info_size, mode);
  if (status < 0) return status;
  if (!is_whole(bytes, 0, 9e15) || (!data && bytes > 0))
    return error_set(PS_ERR_ARGUMENT, 0, "the size of the memory must be a whole number of bytes");
  if (fresh(mode)) status = rehearse("memory", mode, &wanted);
  if (status < 0) return status;
  return open_memory(medium_memory(data, fresh(mode) ? 0 : (size_t)bytes), mode, &wanted, info);
}

int32_t file_open_bytes(void **data, size_t bytes, double *info) {
  struct codec_info wanted;
  int32_t status = read_info(&wanted, info, PS_FILE_INFO_SIZE, PS_MODE_READ);
  if (status < 0) return status;
  struct medium *memory = medium_memory_own(*data, bytes);
  if (memory) *data = NULL;
  return open_memory(memory, PS_MODE_READ, &wanted, info);
}

void opened_set(struct opened *opened, int32_t file) {
  if (file < 0)
    error_save(&opened->error);
  else
    opened->file = file;
}

int32_t opened_take(struct opened *opened) {
  if (opened->error.status < 0) return error_raise(&opened->error);
  int32_t file = opened->file;
  opened->file = 0;
  return file ? file : error_set(PS_ERR_STATE, 0, "the file has been handed over");
}

/* Why a file that has not come whole cannot be opened. */
static int32_t explain(const char *name, struct incoming *incoming, int32_t status) {
  if (status != PS_ERR_SOUNDFILE) return status;
  if (incoming_over(incoming, INCOMING_BROKEN))
    return file_error(name, 0, "the sound is cut off: it ends before its first frame");
  if (atomic_load(&incoming->brought) == 0) return file_error(name, 0, "this is no sound file: there are no bytes");
  return status;
}

int32_t file_open_incoming(const char *name, struct incoming *incoming, double *info) {
  struct codec_info wanted;
  int32_t status = read_info(&wanted, info, PS_FILE_INFO_SIZE, PS_MODE_READ);
  if (status < 0) return status;
  struct medium *medium = medium_incoming(incoming);
  if (!medium) return error_set(PS_ERR_MEMORY, 0, NULL);
  int32_t handle = open_sound(name, medium, PS_MODE_READ, wanted, info, NULL);
  if (handle < 0) return explain(name, incoming, handle);
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!file) return PS_ERR_HANDLE; /* its owner has ended meanwhile */
  object_use(&incoming->object);
  file->incoming = incoming;
  int32_t major = file->format & SF_MAJOR_MASK;
  if (major == SF_FLAC || major == SF_OGG || major == SF_MPEG) medium_pipe_set_eager(file->medium);
  object_release(&file->object);
  return handle;
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
