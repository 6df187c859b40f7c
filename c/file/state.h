/* The inside of a sound file, for the file_*.c. Who has taken the file is the only one that touches it, but for the atomic
 * members and the tags, which change only while their owner has it. */
#ifndef PS_FILE_STATE_H
#define PS_FILE_STATE_H

#include <stdatomic.h>

#include "file/file.h"
#include "file/medium/medium.h"
#include "file/sndfile.h"
#include "pastream.h"

#define FILE_TAGS 17 /* numbers of libsndfile's tags, and 0 */
#define FILE_FRAMES_UNKNOWN -1
#define FILE_CLOSE_PATIENCE 2.0 /* seconds that a pipe may take nothing of the end of a file */

struct file {
  struct object object;
  struct sndfile *sound; /* NULL once finished */
  struct medium *medium; /* NULL where libsndfile itself opened the file, by its name */
  int32_t mode;          /* PS_MODE_READ, PS_MODE_WRITE or both */
  int32_t format;        /* libsndfile's format word */
  int32_t channels, sample_rate, seekable;
  int32_t natural;        /* PS_FORMAT_ in which the codec works: floating point, or PS_FORMAT_INT32 for any integers */
  double peak;            /* the largest floating point that libsndfile is given; 0: see file_samples.c */
  int32_t updates_header; /* libsndfile can bring the header up to date in the middle of writing */
  int32_t failed;         /* a failure to write has been reported */
  char *name;             /* for messages */
  char *tags[FILE_TAGS];
  struct sf_cues *cues;
  void *scratch; /* for samples being converted */
  _Atomic int64_t position, frames;
  _Atomic int32_t taken;
};

/* The file behind a handle, taken for the length of one call; or a status, with the thread's error set. */
int32_t file_begin(int32_t handle, struct file **file);
void file_end(struct file *file);

/* The error that the last operation on the file has left, as the thread's error; PS_OK if none. */
int32_t file_failure(struct file *file);
/* "name: text", from libsndfile or the system. */
int32_t file_error(const char *name, int32_t code, const char *text);
int32_t file_system_error(const char *name, int error);

/* Ends the sound file: header, buffers, descriptor. Memory stays until the file is freed. */
int32_t file_finish(struct file *file);

/* Samples through libsndfile, in any format; answer frames done. */
int64_t file_samples_read(struct file *file, void *data, int64_t frames, int32_t format);
int64_t file_samples_write(struct file *file, const void *data, int64_t frames, int32_t format);

/* What kind of format it is. */
int32_t format_word_natural(int32_t word);
double format_word_peak(int32_t word);        /* 0: none goes to libsndfile, or any may */
int format_word_updates_header(int32_t word); /* the header of a file being written can be brought up to date */
int format_word_streams(int32_t word);        /* it can be written to a pipe and be understood there */
size_t format_word_tag_bytes(int32_t word);   /* that a tag may have; of CAF all tags together; 0: any number */
int64_t format_word_limit(int32_t word);      /* bytes that such a file can hold, 0: no limit to speak of */

/* All jobs end after the block that they are at. */
void job_quit_all(void);

void file_load_tags(struct file *file);
void file_free_tags(struct file *file);

#endif
