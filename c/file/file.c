/* Sound files: taking and giving back, reading, writing, seeking, bringing the file up to date, the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/format.h"
#include "file/state.h"
#include "os/os.h"

#define GAP_MOST (INT64_C(1) << 28) /* samples of silence before what is written behind the end */
#define CLOSE_ALL_PATIENCE 2.0      /* seconds for calls and jobs that still use a file at the end of the process */

/* ------------------------------------------------------------------- errors */

int32_t file_failure(struct file *file) {
  int error = file->medium ? file->medium->error : 0;
  if (file->medium) file->medium->error = 0;
  if (error == MEDIUM_STALLED) return error_set(PS_ERR_STALLED, 0, "%s: the pipe stalled and was given up", file->name);
  if (error == MEDIUM_FORMAT_FULL)
    return file_error(file->name, 0, "this format holds 4 GiB at most: RF64 and W64 hold more");
  if (error) return file_system_error(file->name, error);
  return file->sound ? file->sound->codec->failure(file->sound) : PS_OK;
}

/* -------------------------------------------------------- taking, properties */

int32_t file_claim(struct file *file) {
  if (!atomic_exchange_explicit(&file->taken, 1, memory_order_acquire)) return PS_OK;
  return error_set(PS_ERR_BUSY, 0, "%s is in use by a running stream or another call", file->name);
}

int32_t file_take(struct file *file) {
  int32_t status = file_claim(file);
  if (status < 0) return status;
  if (file->sound) {
    medium_resume(file->medium);
    return PS_OK;
  }
  file_give_back(file);
  return error_set(PS_ERR_HANDLE, 0, "%s is closed", file->name);
}

void file_give_back(struct file *file) { atomic_store_explicit(&file->taken, 0, memory_order_release); }

void file_count_player(struct file *file, int32_t change) {
  atomic_fetch_add_explicit(&file->players, change, memory_order_relaxed);
}

int32_t file_begin(int32_t handle, struct file **file) {
  *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!*file) return PS_ERR_HANDLE;
  int32_t status = file_take(*file);
  if (status < 0) object_release(&(*file)->object);
  return status;
}

void file_end(struct file *file) {
  file_give_back(file);
  object_release(&file->object);
}

int32_t file_channels(const struct file *file) { return file->channels; }
int32_t file_rate(const struct file *file) { return file->sample_rate; }
int file_seekable(const struct file *file) { return file->seekable; }
int64_t file_tell(struct file *file) { return atomic_load_explicit(&file->position, memory_order_relaxed); }

int64_t file_progress(struct file *file) {
  os_mutex_lock(&file->lock);
  int64_t bytes = file->medium ? atomic_load_explicit(&file->medium->progress, memory_order_relaxed) : 0;
  os_mutex_unlock(&file->lock);
  return bytes;
}

void file_interrupt(struct file *file) {
  os_mutex_lock(&file->lock);
  medium_interrupt(file->medium);
  os_mutex_unlock(&file->lock);
}

/* --------------------------------------------------------- reading, writing */

static void set_position(struct file *file, int64_t position) {
  atomic_store_explicit(&file->position, position, memory_order_relaxed);
}

static int seek_sound(struct file *file, int64_t frame) { return file->sound->codec->seek(file->sound, frame); }

/* A codec may read and write at two places; a file has one. */
static void join_positions(struct file *file) {
  if (file->mode == PS_MODE_READ_WRITE) seek_sound(file, file_tell(file));
}

static int64_t frames_of(struct file *file) { return atomic_load_explicit(&file->frames, memory_order_relaxed); }

/* How far the position of a file that is written is past its end; the codec stays at the end then. */
static int64_t gap(struct file *file) {
  return file->mode & PS_MODE_WRITE && frames_of(file) >= 0 ? file_tell(file) - frames_of(file) : 0;
}

/* A codec of blocks does not notice that a pipe has ended, and repeats its last block: how many of the frames that it
 * has just read are there. */
static int64_t cut_to_pipe(struct file *file, int64_t done) {
  int64_t bytes;
  if (!medium_pipe_ended(file->medium, &bytes)) return done;
  if (file->pipe_frames < 0) file->pipe_frames = file_frames_of_pipe(file, bytes);
  int64_t left = file->pipe_frames - file_tell(file);
  return done < left ? done : left > 0 ? left : 0;
}

/* At the end of what can be read: whether all frames were there that the file has said to have. */
static int32_t check_end(struct file *file) {
  char text[120];
  int64_t position = file_tell(file), total = frames_of(file);
  int32_t subtype = file->format & SF_SUBTYPE_MASK;
  if (file->incoming && total == FILE_FRAMES_UNKNOWN) total = file->told_frames;
  /* These say nothing of their length: it is estimated. */
  if (subtype == SF_MPEG_LAYER_I || subtype == SF_MPEG_LAYER_II || position >= total) return PS_OK;
  snprintf(text, sizeof text, "the sound is damaged or cut off: it ends at frame %lld of %lld", (long long)position,
           (long long)total);
  return file_error(file->name, 0, text);
}

/* What follows the last frame that could be read: the failure that ended it, or PS_OK. */
static int32_t why_ended(struct file *file) {
  char text[80];
  if (file->incoming && incoming_over(file->incoming, INCOMING_LEFT)) return PS_OK;
  if (file->incoming && incoming_over(file->incoming, INCOMING_BROKEN)) {
    snprintf(text, sizeof text, "the sound is cut off: it ends at frame %lld", (long long)file_tell(file));
    return file_error(file->name, 0, text);
  }
  int32_t status = file_failure(file);
  return status < 0 ? status : check_end(file);
}

int64_t file_read(struct file *file, void *data, int64_t frames, int32_t format) {
  if (!(file->mode & PS_MODE_READ)) return error_set(PS_ERR_ARGUMENT, 0, "%s is not open for reading", file->name);
  if (!format_bytes(format)) return error_set(PS_ERR_ARGUMENT, 0, "%d is not a sample format", (int)format);
  if (frames <= 0 || gap(file) > 0) return 0;
  int64_t left = frames_of(file) - file_tell(file);
  if (frames_of(file) != FILE_FRAMES_UNKNOWN && frames > left)
    frames = left; /* a codec may have more, which is nothing */
  if (frames <= 0) return why_ended(file);
  int64_t done = file_samples_read(file, data, frames, format);
  if (done < 0) return done;
  /* A codec may go on with what it has when the system fails to read: only plain samples are known to be good then. */
  if (file->medium && file->medium->error && !format_word_frame_bytes(file->format, 1)) return file_failure(file);
  if (file->medium && file->medium->error && (file->format & SF_MAJOR_MASK) == SF_SDS) return file_failure(file);
  if (file->pipe_blocks) done = cut_to_pipe(file, done);
  set_position(file, file_tell(file) + done);
  int32_t status = done ? PS_OK : why_ended(file); /* what came before a failure is good */
  join_positions(file);
  return status < 0 ? status : done;
}

int32_t file_commit(struct file *file) {
  return file->medium && medium_overlay_commit(file->medium) < 0 ? file_failure(file) : PS_OK;
}

static int64_t write_here(struct file *file, const void *data, int64_t frames, int32_t format) {
  int64_t done = file_samples_write(file, data, frames, format);
  if (done < 0) return done;
  int64_t position = file_tell(file) + done;
  set_position(file, position);
  if (position > frames_of(file)) atomic_store_explicit(&file->frames, position, memory_order_relaxed);
  int32_t status = file_failure(file);
  if (status == PS_OK && done < frames) status = file_error(file->name, 0, "not all could be written");
  if (status < 0) {
    file->failed = 1;
    /* Part of a frame may have been written. Should there be room again, what is written next begins at a whole one. */
    if (file->seekable) seek_sound(file, position);
    return status;
  }
  join_positions(file);
  return done;
}

int64_t file_write(struct file *file, const void *data, int64_t frames, int32_t format) {
  static const int16_t silence[16384];
  if (!(file->mode & PS_MODE_WRITE)) return error_set(PS_ERR_ARGUMENT, 0, "%s is not open for writing", file->name);
  if (!format_bytes(format)) return error_set(PS_ERR_ARGUMENT, 0, "%d is not a sample format", (int)format);
  if (frames <= 0) return 0;
  int32_t status = file_commit(file);
  if (status < 0) return status;
  int64_t left = gap(file), block = (int64_t)(sizeof silence / sizeof *silence) / file->channels;
  if (left > 0) set_position(file, frames_of(file));
  while (left > 0) {
    int64_t done = write_here(file, silence, left < block ? left : block, PS_FORMAT_INT16);
    if (done < 0) return done;
    left -= done;
  }
  return write_here(file, data, frames, format);
}

int64_t file_seek(struct file *file, int64_t frames, int32_t whence) {
  int64_t total = frames_of(file), position = file_tell(file);
  if (whence < 0 || whence > 2) return error_set(PS_ERR_ARGUMENT, 0, "whence must be 0, 1 or 2, not %d", (int)whence);
  if (whence == 1) frames += position;
  if (whence == 2) frames += total;
  if (frames == position && whence != 2) return position;
  if (!file->seekable) return file_error(file->name, 0, "the file is not seekable");
  if (whence == 2 && total == FILE_FRAMES_UNKNOWN)
    return file_error(file->name, 0, "the file does not say where its end is");
  int beyond = frames > total && total != FILE_FRAMES_UNKNOWN;
  if (frames < 0 || (beyond && !(file->mode & PS_MODE_WRITE)))
    return error_set(PS_ERR_ARGUMENT, 0, "%s has %lld frames: cannot seek to frame %lld", file->name, (long long)total,
                     (long long)frames);
  if (beyond && frames - total > GAP_MOST / file->channels)
    return error_set(PS_ERR_ARGUMENT, 0,
                     "%s has %lld frames: frame %lld is too far behind its end to write silence up to it", file->name,
                     (long long)total, (long long)frames);
  int64_t reached = beyond ? total : frames;
  if (!seek_sound(file, reached)) {
    int32_t status = file_failure(file);
    return status < 0 ? status : file_error(file->name, 0, "the codec cannot seek there");
  }
  set_position(file, frames);
  return frames;
}

int32_t file_truncate(struct file *file, int64_t frames) {
  if (!(file->mode & PS_MODE_WRITE)) return error_set(PS_ERR_ARGUMENT, 0, "%s is not open for writing", file->name);
  if (frames > frames_of(file))
    return error_set(PS_ERR_ARGUMENT, 0, "%s has %lld frames: it cannot be truncated to %lld", file->name,
                     (long long)frames_of(file), (long long)frames);
  int64_t status = file_commit(file);
  if (status == PS_OK) status = file_seek(file, frames, 0);
  if (status < 0) return (int32_t)status;
  if (!seek_sound(file, frames)) return file_error(file->name, 0, "the file is not seekable");
  status = file->sound->codec->truncate(file->sound, frames);
  if (status < 0) return (int32_t)status;
  medium_truncate(file->medium);
  atomic_store_explicit(&file->frames, frames, memory_order_relaxed);
  seek_sound(file, frames); /* also takes away what the codec has against a truncated medium */
  return file_failure(file);
}

/* ---------------------------------------------------------------- up to date */

int32_t file_update_header(struct file *file) {
  if (!(file->mode & PS_MODE_WRITE)) return PS_OK;
  file->sound->codec->update_header(file->sound);
  return file_failure(file);
}

int32_t file_flush(struct file *file) {
  int32_t status = file_update_header(file);
  if (status < 0 || !(file->mode & PS_MODE_WRITE)) return status;
  return medium_sync(file->medium) < 0 ? file_failure(file) : PS_OK;
}

int32_t file_finish(struct file *file) {
  struct medium *medium = file->medium;
  if (!file->sound) return PS_OK;
  medium_set_patience(medium, FILE_CLOSE_PATIENCE);
  if (medium) medium->error = 0;
  int32_t status = file->sound->codec->close(file->sound);
  file->sound = NULL;
  if (medium && status == PS_OK) status = file_failure(file);
  if (medium && !medium_in_memory(medium)) {
    os_mutex_lock(&file->lock);
    file->medium = NULL;
    os_mutex_unlock(&file->lock);
    if (medium->type->close(medium) < 0 && status == PS_OK) status = file_system_error(file->name, errno);
  }
  return file->failed ? PS_OK : status; /* the same failure is not reported twice */
}

static void close_one(struct object *object, void *argument) {
  struct file *file = (struct file *)object;
  double end = *(double *)argument;
  file_interrupt(file);
  while (atomic_exchange_explicit(&file->taken, 1, memory_order_acquire)) {
    if (os_time() > end) return;
    file_interrupt(file); /* again: a call that was just beginning has forgotten the last one (file_take) */
    os_sleep(0.001);
  }
  file_finish(file);
  file_give_back(file);
}

void file_close_all(void) {
  double end = os_time() + CLOSE_ALL_PATIENCE;
  job_quit_all();
  handle_each(HANDLE_FILE, close_one, &end);
}

void file_close_idle(void) {
  double end = 0;
  handle_each(HANDLE_FILE, close_one, &end);
}
