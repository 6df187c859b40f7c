/* Lock-free ring buffer for one reader and one writer. Counts never wrap (64 bits); each end has its own cache line and
 * a copy of the other end's count, which it renews only when the copy says empty or full. */
#ifndef PS_RING_H
#define PS_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/handle.h"
#include "os/os.h"

#define CACHE_LINE 128 /* two lines of 64: x86 prefetches them in pairs, and Apple's are 128 */

struct ring {
  struct object object;                    /* calls from outside write this line: */
  _Atomic int32_t ends[2];                 /* who works PS_END_READER and PS_END_WRITER: RING_ */
  struct os_mutex lock;                    /* between a writer outside the callback and who clears; guards these two: */
  int64_t held;                            /* elements that the writer has still to write, */
  int32_t clears;                          /* and how often the ring was cleared */
  alignas(CACHE_LINE) unsigned char *data; /* the callback reads this line for each block, and nobody writes it */
  size_t element_size;
  _Atomic double rate; /* Hz of the frames in it; 0: not said */
  size_t size;         /* elements */
  size_t mask;         /* size - 1 if size is a power of two, else 0 */
  void *memory;        /* what was allocated; the ring stands in it on a cache line of its own, */
  void *storage;       /* as the data do in this; NULL: they are the caller's */
  alignas(CACHE_LINE) _Atomic uint64_t written; /* writer's line */
  uint64_t read_seen;
  _Atomic int32_t ended;
  alignas(CACHE_LINE) _Atomic uint64_t read; /* reader's line */
  uint64_t written_seen;
};

/* A region of a ring in at most two parts, in elements and addresses. */
struct ring_region {
  unsigned char *part[2];
  size_t count[2];
};

/* The user of an end of a ring: none, a running stream, or a call from outside for its duration. */
#define RING_FREE 0
#define RING_STREAM 1
#define RING_CALL 2

/* The first cache line in memory that has CACHE_LINE bytes too many. */
static inline void *ring_aligned(void *memory) {
  return (void *)(((uintptr_t)memory + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
}

/* Takes an end for `who`, and returns RING_FREE, or who has it. Any thread. */
int ring_claim(struct ring *ring, int end, int32_t who);
void ring_unclaim(struct ring *ring, int end);

/* Writer, not the callback: `count` more elements are held, to be written with ring_write_held. Returns `clears`. */
int32_t ring_hold(struct ring *ring, size_t count);
/* As ring_write, under the lock. ring_write_held writes what was held when ring_hold returned `clears`; once the ring
 * has been cleared since, that is dropped, and it returns `count`. */
size_t ring_write_locked(struct ring *ring, const void *data, size_t count);
size_t ring_write_held(struct ring *ring, const void *data, size_t count, int32_t clears);
/* Drops what is held, not what has been written: returns how much of the former, and the count of the latter in
 * *written. Any thread but the callback's. */
int64_t ring_clear(struct ring *ring, uint64_t *written);

/* New, with one use that is the caller's (object_release). NULL without memory. */
struct ring *ring_create(size_t element_size, size_t size);
/* The same over `storage`, NULL for memory of its own. */
struct ring *ring_make(size_t element_size, size_t size, unsigned char *storage);

/* Reader: how many of `count` elements are readable, where they are (returns how many), and the going forward after
 * them. */
size_t ring_readable(struct ring *ring, size_t count);
size_t ring_read_region(struct ring *ring, size_t count, struct ring_region *region);
void ring_read_advance(struct ring *ring, size_t count);
/* Both at once: takes up to `count` elements without looking at them; returns how many. */
size_t ring_skip(struct ring *ring, size_t count);
/* Writer, likewise. */
size_t ring_writable(struct ring *ring, size_t count);
size_t ring_write_region(struct ring *ring, size_t count, struct ring_region *region);
void ring_write_advance(struct ring *ring, size_t count);

/* Copies elements out without taking them; ring_peek_at those after the first `from`. */
size_t ring_peek(struct ring *ring, void *data, size_t count);
size_t ring_peek_at(struct ring *ring, size_t from, void *data, size_t count);
size_t ring_read(struct ring *ring, void *data, size_t count);
size_t ring_write(struct ring *ring, const void *data, size_t count);
size_t ring_read_available(struct ring *ring);
size_t ring_write_available(struct ring *ring);
/* No more will be written: `how` is RING_ENDED or RING_FAILED. The first word stands. Any thread. */
#define RING_ENDED 1
#define RING_FAILED 2
void ring_end(struct ring *ring, int how);
/* How the writer has ended; 0: not yet. Ask before looking for data: what it wrote before its end is then seen. */
int ring_ended(const struct ring *ring);
void ring_flush(struct ring *ring);

#endif
