/* Where the bytes of a sound file are: on a disk, in memory, or in a pipe (or a socket or terminal). libsndfile reads
 * and writes them through its virtual I/O, so that every failure of the system is seen, whatever a codec makes of it,
 * and a pipe can be waited for without being stuck. */
#ifndef PS_FILE_MEDIUM_H
#define PS_FILE_MEDIUM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct incoming;
struct medium;
struct os_wake;

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
  /* The others may be NULL, and then do nothing. */
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
  struct medium *inner;     /* the medium that this one stands before, or NULL */
  int error;                /* errno of the first failure that has not been reported, or one of those below */
  int64_t limit;            /* bytes that the format can hold, 0 for any number */
  _Atomic int64_t progress; /* bytes that were moved */
};

#define MEDIUM_STALLED -1     /* a wait ran out of patience, or was interrupted */
#define MEDIUM_FORMAT_FULL -2 /* the limit was reached */

/* All: NULL with errno set. `own` says whether the descriptor is closed with the medium. */
struct medium *medium_disk(int descriptor, int own);
/* Whether the bytes are those of the file on disk that is open there. */
int medium_is_of(const struct medium *medium, int descriptor);
/* `stop` ends the waits until the headers have been read; it may be NULL. */
struct medium *medium_pipe(int descriptor, int own, int writing, struct os_wake *stop);
struct medium *medium_incoming(struct incoming *incoming);    /* a pipe, of which it has one use */
struct medium *medium_memory(const void *data, size_t bytes); /* a copy of the data; grows when it is written */
struct medium *medium_memory_own(void *data, size_t bytes);   /* takes over what malloc() gave; not if it fails */

/* The contents of memory, valid until the next write; NULL for any other medium. */
const void *medium_memory_data(const struct medium *medium, size_t *bytes);
int medium_in_memory(const struct medium *medium);
/* All that comes out of a pipe, in memory; the pipe is closed. NULL, and the pipe as it was, with errno set: EFBIG if
 * there is more than `most` bytes. */
struct medium *medium_gather(struct medium *pipe, int64_t most);

/* Prepares a pipe for a codec, by what is known of its header: the codec is told that the file is `length` bytes
 * long (-1: not known), reads no further than `head` bytes in search of the sound, and may look for places far ahead or
 * not. */
void medium_pipe_expect(struct medium *pipe, int64_t length, int64_t head, int far_seeks);
/* From now on a read of a pipe does not wait for all bytes when some are there: for codecs that ask for more than they
 * need, and do not take fewer for the end. Nothing to do for other media. */
void medium_pipe_set_eager(struct medium *medium);
/* Whether a pipe has ended, and how many bytes came out of it in all. */
int medium_pipe_ended(const struct medium *medium, int64_t *bytes);
/* The header of a pipe as the start of a file of `length` bytes, the rest being zeros. NULL with errno set. */
struct medium *medium_pipe_head(const struct medium *medium, int64_t length);

/* Bytes of a header that are read differently from how they stand in the file, until they are written. */
#define MEDIUM_PATCHES 4
#define MEDIUM_PATCH_MOST 8
struct medium_patch {
  int64_t offset, bytes;
  unsigned char data[MEDIUM_PATCH_MOST];
};
/* Bytes that are read at an offset but are not in the file; what follows comes after them. */
#define MEDIUM_INSERT_MOST 2048
struct medium_insert {
  int64_t offset, bytes;
  unsigned char data[MEDIUM_INSERT_MOST];
};
/* A medium from `skip` bytes on, with patches (offsets after `skip`) and an insert or NULL. It owns `inner` unless it
 * is freed by medium_window_free. */
struct medium *medium_window(struct medium *inner, int64_t skip, const struct medium_patch *patches, int patch_count,
                             const struct medium_insert *insert);
void medium_window_free(struct medium *window);
/* `inner` behind a window like `window`, if that is one; NULL with errno set, and `inner` closed. */
struct medium *medium_window_like(const struct medium *window, struct medium *inner);

/* ogg_link.c: the links of a chained Ogg file. None of these owns or closes `inner`.
 * How many there are in a file of `length` bytes, at most `most`, and where each begins. `cut`: where the last one is
 * cut off, behind its last whole page; -1 if it is not. */
int medium_ogg_links(struct medium *medium, int64_t length, int64_t *starts, int most, int64_t *cut);
struct medium *medium_ogg_part(struct medium *inner, int64_t from, int64_t to);
/* A file of FLAC in Ogg as plain FLAC; owns `inner`. NULL if there is no memory for it, and `inner` as it was. */
struct medium *medium_ogg_flac(struct medium *inner);
/* Of a pipe, one after the other: medium_ogg_link is what comes up to the next link, FLAC as plain FLAC. To be freed
 * after its links. */
struct ogg_pages;
struct ogg_pages *ogg_pages_new(struct medium *pipe);
int ogg_pages_more(struct ogg_pages *pages);      /* whether anything comes behind the last link; waits for it */
int ogg_pages_cut(const struct ogg_pages *pages); /* nothing does: whether that link is damaged, or cut off */
struct medium *medium_ogg_link(struct ogg_pages *pages);

/* A medium that keeps in memory what is written, and writes it into `inner` when it is committed (0, or -1 with an
 * error); from then on it only passes things on. Nothing to commit in any other medium: 0. */
struct medium *medium_overlay(struct medium *inner);
int medium_overlay_commit(struct medium *medium);
/* Whether the bytes from `from` to `to` are those of the inner medium. */
int medium_overlay_same(struct medium *overlay, int64_t from, int64_t to);
/* Without closing the inner medium. */
void medium_overlay_free(struct medium *overlay);

/* Notes a failure, unless an earlier one waits to be reported. */
static inline void medium_fail(struct medium *medium, int error) {
  if (!medium->error) medium->error = error;
}

static inline void medium_moved(struct medium *medium, int64_t bytes) {
  atomic_fetch_add_explicit(&medium->progress, bytes, memory_order_relaxed);
}

/* After a call of the inner medium: takes over its failure, and returns `result`. */
static inline int64_t medium_take_failure(struct medium *medium, int64_t result) {
  struct medium *inner = medium->inner;
  if (inner->error) medium_fail(medium, inner->error);
  inner->error = 0;
  return result;
}

/* The calls that a type may lack. They do nothing then, nor for NULL. */
static inline int medium_truncate(struct medium *medium) {
  return medium && medium->type->truncate ? medium->type->truncate(medium) : 0;
}
static inline int medium_sync(struct medium *medium) {
  return medium && medium->type->sync ? medium->type->sync(medium) : 0;
}
static inline void medium_opened(struct medium *medium) {
  if (medium && medium->type->opened) medium->type->opened(medium);
}
static inline void medium_set_patience(struct medium *medium, double seconds) {
  if (medium && medium->type->set_patience) medium->type->set_patience(medium, seconds);
}
static inline void medium_interrupt(struct medium *medium) {
  if (medium && medium->type->interrupt) medium->type->interrupt(medium);
}
static inline void medium_resume(struct medium *medium) {
  if (medium && medium->type->resume) medium->type->resume(medium);
}

#endif
