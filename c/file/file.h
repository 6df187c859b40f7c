/* Sound files: what the file threads and jobs use of file.c. */
#ifndef PS_FILE_H
#define PS_FILE_H

#include <stdint.h>

#include "base/handle.h"

struct file;

/* Takes a file for a stream or a job; PS_ERR_BUSY if another has it. While taken, the calls of its owner that would
 * touch it return PS_ERR_BUSY. */
int32_t file_take(struct file *file);
void file_give_back(struct file *file);
/* One stream more (1) or less (-1) has the file as its source: meanwhile no one may empty it. Any thread. */
void file_count_player(struct file *file, int32_t change);

int32_t file_channels(const struct file *file);
int32_t file_rate(const struct file *file); /* Hz */
int file_seekable(const struct file *file);
/* Like the public functions of the same names, for a caller that has taken the file. */
int64_t file_read(struct file *file, void *data, int64_t frames, int32_t format);
int64_t file_write(struct file *file, const void *data, int64_t frames, int32_t format);
int64_t file_seek(struct file *file, int64_t frames, int32_t whence);
int64_t file_tell(struct file *file);
/* Brings the header up to date (no fsync), so that the file is whole should the process be killed now. */
int32_t file_update_header(struct file *file);
/* All that is written goes to the file; the end of a recording. */
int32_t file_flush(struct file *file);
/* Finishes the sound file: header, buffers, descriptor. Memory stays until the file is freed. */
int32_t file_finish(struct file *file);
/* Ends a wait for a pipe, now and from now on, so that a stalled pipe holds up no other thread. Any thread. */
void file_interrupt(struct file *file);

/* Bytes moved so far, by which a stalled pipe is recognised. Any thread. */
int64_t file_progress(struct file *file);

/* Closes all open files; for ps_shutdown. */
void file_close_all(void);
/* Closes the files that no call uses, without waiting. */
void file_close_idle(void);

#endif
