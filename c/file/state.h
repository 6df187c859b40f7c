/* The inside of a sound file, for the files of this folder. Only the caller who has taken the file touches it, except
 * the atomic members and the tags, which change only while their owner has taken it. */
#ifndef PS_FILE_STATE_H
#define PS_FILE_STATE_H

#include <stdatomic.h>

#include "base/error.h"
#include "file/codec.h"
#include "file/file.h"
#include "file/file_error.h"
#include "file/medium/incoming.h"
#include "file/medium/medium.h"
#include "os/os.h"
#include "pastream.h"

#define FILE_FRAMES_UNKNOWN CODEC_FRAMES_UNKNOWN
#define FILE_CLOSE_PATIENCE 2.0 /* seconds that a pipe may take nothing of the end of a file */

struct file {
  struct object object;
  struct sound *sound;       /* NULL once finished */
  struct medium *medium;     /* NULL where the codec itself opened the file, by its name */
  struct incoming *incoming; /* whose bytes it reads, or NULL */
  struct os_mutex lock;      /* held to release the medium, and by other threads that look at it */
  int32_t mode;              /* PS_MODE_READ, PS_MODE_WRITE or both */
  int32_t format;            /* of format_word.h */
  int32_t channels, sample_rate, seekable;
  int32_t natural; /* as in struct codec_info */
  double peak;
  int pipe_blocks;     /* a block codec on a pipe, whose end it does not see */
  int64_t told_frames; /* by the header; with `incoming` */
  int64_t pipe_frames; /* the frames that such a pipe had, once it has ended; -1 */
  int32_t failed;      /* a failure to write has been reported */
  char *name;          /* for messages */
  char *tags[CODEC_TAGS];
  void *scratch; /* for samples being converted */
  _Atomic int64_t position, frames;
  _Atomic int32_t taken;
  _Atomic int32_t players; /* streams whose source it is */
};

/* The file behind a handle, taken for the length of one call; or a status, with the thread's error set. */
int32_t file_begin(int32_t handle, struct file **file);
void file_end(struct file *file);
/* As file_take, but a closed file can be taken too. */
int32_t file_claim(struct file *file);

/* The error that the last operation on the file has left, as the thread's error; PS_OK if none. */
int32_t file_failure(struct file *file);

/* As ps_file_open and ps_file_open_descriptor. A wake-up of `stop`, which may be NULL, ends the wait for a pipe. */
int32_t file_open(const char *path, int32_t mode, double *info, int32_t info_size, struct os_wake *stop);
int32_t file_open_descriptor(int32_t descriptor, int own, int32_t mode, double *info, int32_t info_size,
                             struct os_wake *stop);

/* Opens the file that these bytes are, which malloc() gave, for reading. It takes them over, and sets the pointer to
 * NULL, also where it cannot open them; not where it is told what it cannot use, or has no memory. */
int32_t file_open_bytes(void **data, size_t bytes, double *info);

/* What a thread has opened for another one, which takes it once. */
struct opened {
  int32_t file; /* 0: taken, or failed */
  struct error error;
};
void opened_set(struct opened *opened, int32_t file); /* negative: the thread's error is why there is none */
int32_t opened_take(struct opened *opened);           /* the file, or why there is none */

/* Opens the file whose bytes arrive there, for reading, with the info[] of ps_file_open; waits for its header. */
int32_t file_open_incoming(const char *name, struct incoming *incoming, double *info);

/* The number of frames of a file of a block codec whose pipe has ended after `bytes` bytes. */
int64_t file_frames_of_pipe(struct file *file, int64_t bytes);

/* Before anything is changed in a file that existed: what has been held back so far is written. */
int32_t file_commit(struct file *file);
int32_t file_truncate(struct file *file, int64_t frames);

/* Samples through the codec, in any format; both return the frames done. */
int64_t file_samples_read(struct file *file, void *data, int64_t frames, int32_t format);
int64_t file_samples_write(struct file *file, const void *data, int64_t frames, int32_t format);

/* All jobs end after the block that they are at. */
void job_quit_all(void);

void file_load_tags(struct file *file);
void file_free_tags(struct file *file);

#endif
