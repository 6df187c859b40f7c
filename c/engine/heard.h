/* Which frame of the source is heard at which moment: the callback notes what it plays and when that will be heard. One
 * writer, any reader. */
#ifndef PS_HEARD_H
#define PS_HEARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HEARD_SPANS 1023 /* with one more a power of two */

/* Frames of the source that follow each other without a hole. */
struct heard_span {
  _Atomic double time;    /* stream time at which the first one is heard */
  _Atomic int64_t first;  /* its number */
  _Atomic int64_t frames; /* how many */
};

struct heard {
  struct heard_span spans[HEARD_SPANS + 1]; /* one more: the one that is being written is none of those read */
  _Atomic int64_t written;                  /* spans ever */
};

void heard_reset(struct heard *heard);
/* Callback: `frames` frames of the source, the first of which is number `first`, are heard from `time` on; a
 * frame takes `period` seconds. */
void heard_add(struct heard *heard, double time, int64_t first, int64_t frames, double period);
/* Frames of the source that have been heard at `time`. */
int64_t heard_at(const struct heard *heard, double time, double rate);

#endif
