/* Where the bytes of a sound file are: on a disk, in memory, or in a pipe (or a socket or terminal). libsndfile reads
 * and writes them through its virtual I/O, so that every failure of the system is seen, whatever a codec makes of it, and
 * a pipe can be waited for without being stuck. */
#ifndef PS_FILE_MEDIUM_H
#define PS_FILE_MEDIUM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct medium;

/* libsndfile's SF_VIRTUAL_IO, so that a medium's functions can be handed to it as they are. */
struct medium_io {
  int64_t (*get_file_length)(void *medium);
  int64_t (*seek)(int64_t offset, int whence, void *medium);
  int64_t (*read)(void *data, int64_t bytes, void *medium);
  int64_t (*write)(const void *data, int64_t bytes, void *medium);
  int64_t (*tell)(void *medium);
};

struct medium_type {
  struct medium_io io; /* their last argument is the medium */
  int seekable;
  /* The rest may be NULL, for nothing to do. */
  int (*truncate)(struct medium *medium); /* at the position; 0, or -1 with an error */
  int (*sync)(struct medium *medium);     /* onto the disk; 0, or -1 with an error */
  void (*opened)(struct medium *medium);  /* the headers have been read */
  /* Waits that begin from now on end after `seconds` (< 0: never), and fail. */
  void (*set_patience)(struct medium *medium, double seconds);
  void (*interrupt)(struct medium *medium); /* waits fail, from now on; any thread */
  void (*resume)(struct medium *medium);    /* waits are waits again */
  int (*close)(struct medium *medium);      /* and frees it; 0, or -1 with errno set */
};

struct medium {
  const struct medium_type *type;
  int error;                /* errno of the first failure that has not been reported, or one of those below */
  int64_t limit;            /* bytes that the format can hold, 0 for any number */
  _Atomic int64_t progress; /* bytes that were moved */
};

#define MEDIUM_STALLED -1     /* a wait ran out of patience, or was interrupted */
#define MEDIUM_FORMAT_FULL -2 /* the limit was reached */

/* All: NULL with errno set. `own` says whether the descriptor is closed with the medium. */
struct medium *medium_disk(int descriptor, int own);
struct medium *medium_pipe(int descriptor, int own, int writing);
struct medium *medium_memory(const void *data, size_t bytes); /* a copy of the data; grows when it is written */

/* The contents of memory, valid until the next write. */
const void *medium_memory_data(const struct medium *medium, size_t *bytes);
extern const struct medium_type medium_memory_type;

/* Notes a failure, unless an earlier one waits to be reported. */
static inline void medium_fail(struct medium *medium, int error) {
  if (!medium->error) medium->error = error;
}

static inline void medium_moved(struct medium *medium, int64_t bytes) {
  atomic_fetch_add_explicit(&medium->progress, bytes, memory_order_relaxed);
}

#endif
