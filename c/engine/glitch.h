/* The glitch log: what went wrong in a run, when, and how much of it. One writer (the callback), any reader. */
#ifndef PS_GLITCH_H
#define PS_GLITCH_H

#include <stdatomic.h>
#include <stdint.h>

#include "engine/counters.h"

#define GLITCH_LOG_SIZE 256
#define GLITCH_SLOTS (GLITCH_LOG_SIZE + 1) /* one more: the entry that is being written is none of those read */

struct glitch {
  _Atomic int64_t frame;  /* frame count at which it was seen */
  _Atomic double time;    /* stream time */
  _Atomic int64_t frames; /* silent or dropped frames; 0: not said */
  _Atomic int32_t kind;   /* PS_GLITCH_ */
};

struct glitch_log {
  struct glitch entries[GLITCH_SLOTS];
  _Atomic int64_t written; /* entries ever */
};

void glitch_reset(struct glitch_log *log);
/* Callback: logs one and returns its number, by which glitch_extend adds frames to it later. */
SELDOM int64_t glitch_add(struct glitch_log *log, int64_t frame, double time, int32_t kind, int64_t frames);
SELDOM void glitch_extend(struct glitch_log *log, int64_t number, int64_t frames);
/* The newest, oldest first, 4 numbers each (frame, time, kind, frames); returns how many. Any thread. */
int32_t glitch_read(const struct glitch_log *log, double *glitches, int32_t count);

#endif
