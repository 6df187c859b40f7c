/* Threads that move frames between a file and a ring: reader.c and writer.c. They know nothing of streams but
 * the `failed` call, through which an error of theirs ends the run. */
#ifndef PS_FILE_THREAD_H
#define PS_FILE_THREAD_H

#include <stdint.h>

#include "base/waker.h"
#include "engine/ring.h"
#include "file/file.h"

struct file_reader;
struct file_writer;

/* Called on the file's thread, with the thread's error set. */
typedef void file_failed(void *argument);

struct file_thread_options {
  int32_t format;     /* of the samples in the ring */
  double sample_rate; /* of the file: how long a sleep may be */
  int64_t limit;      /* reader: frames to read in all; -1: to the end */
  int loop;           /* reader: seek to the start at the end */
  file_failed *failed;
  void *argument;
  struct waits *waits; /* writer: of those who wait for the next file, or NULL */
};

/* Starts reading `file` (taken by the caller) into `ring`, staying as far ahead as the ring allows and never less than
 * half of it while the disk keeps up; ends the ring at the end of the file, or of what is good of it. Calls `failed`
 * only where nothing is. NULL with the thread's error set. */
struct file_reader *file_reader_start(struct file *file, struct ring *ring, const struct file_thread_options *options);
/* The error that has ended the file, as the thread's error; PS_OK. Any thread. */
int32_t file_reader_error(const struct file_reader *reader);
/* This pass through the file is the last one. Any thread. */
void file_reader_end_loop(struct file_reader *reader);
/* Stops the thread, waits for it, and frees it. A seekable file is left where the ring's reader has got to, less the
 * `unplayed` frames that it has taken in vain. A read that hangs (a stalled pipe) is interrupted. */
void file_reader_stop(struct file_reader *reader, int64_t unplayed);

/* Starts writing what comes into `ring` to `file` (taken by the caller). The header is brought up to date every second.
 * */
struct file_writer *file_writer_start(struct file *file, struct ring *ring, const struct file_thread_options *options);
/* Writes what is left in the ring, flushes the file and ends the thread. A pipe that takes nothing for `patience`
 * seconds is given up. A switch that is pending is carried out. PS_OK, or the error that kept frames from being
 * written. */
int32_t file_writer_finish(struct file_writer *writer, double patience);
/* Limits the patience of a finish, under way or to come: the stream is being stopped. Any thread. */
void file_writer_hurry(struct file_writer *writer, double patience);
/* The process is ending, and the writer's thread is gone: writes what is left in the ring, and closes the file. Where
 * the thread was in the middle of a file, nothing can be done for that. */
void file_writer_take_over(struct file_writer *writer);
/* Frees a finished writer. */
void file_writer_free(struct file_writer *writer);
/* From frame `at` of the recording on, or from the next block on if that frame is already written, writes into `next`
 * (taken by the caller), flushes the file it leaves and gives it back (file_give_back; the uses of both objects stay
 * the caller's). PS_ERR_BUSY while an earlier switch is pending. One thread at a time. */
int32_t file_writer_switch(struct file_writer *writer, struct file *next, int64_t at);
/* Frame of the recording at which the newest file begins; -1 while a switch is pending, or its first file is written.
 * */
int64_t file_writer_switched_at(const struct file_writer *writer);
/* Both: a freewheeling device waits for the thread: look at the ring now. Never blocks. */
void file_reader_wake(struct file_reader *reader);
void file_writer_wake(struct file_writer *writer);

#endif
