/* What the tests of sound files share. */
#ifndef PS_TEST_FILES_H
#define PS_TEST_FILES_H

#include "file/sndfile/api.h"
#include "pastream.h"

/* A path in a folder of this process, which is removed at its end. */
const char *file_path(const char *name);
/* info[] for a new file. */
void file_info(double *info, int32_t format, int32_t channels, int32_t sample_rate);
/* Opens a file for reading, checks its frames, reads it whole; returns the frames read, or the error. */
int64_t file_read_all(const char *path, int16_t *samples, int64_t room);
/* Opens, writes and closes; returns the first failure, or PS_OK. */
int32_t file_write_all(const char *path, int32_t format, int32_t channels, const int16_t *samples, int32_t frames);
/* Bytes on disk, or -1. */
int64_t file_bytes(const char *path);
/* Whether the details of this thread's last error have `part` in them; prints them if not. */
int file_error_has(const char *part);

#endif
