/* What the engine plays from: a ring read to its end, for ever, or over and over; how it is drained and cleared. */
#ifndef PS_ENGINE_SOURCE_H
#define PS_ENGINE_SOURCE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/adapter.h"

struct engine;

/* Set and read by the callback, except for the request. */
struct engine_source {
  struct adapter *adapter; /* between the ring and the stream; NULL: they have the same frames */
  int64_t base;            /* frames of the ring that went through the adapter before it was restarted */
  int torn;                /* it had to end before the next frames came; and they came, */
  int joined;              /* without a silence in between */
  size_t after;            /* frames of the block in hand before its first one of the source */
  int64_t drain_left;      /* frames of the ring that it still gives since it is being drained; -1: as many as it has */
  size_t loop_length, loop_position; /* frames of memory that is played over and over */
  int32_t seen;                      /* requests to clear it that have been taken up */
  int clearing;                      /* the frames before `mark` are fading, and are dropped then */
  uint64_t mark;                     /* as the ring counts what was written */
  size_t fade_left, fade_length;     /* frames of the stream still to be played of the fade, and in all */
  int cleared;                       /* it was cleared in this run: that it ends early is no error */
  _Atomic int32_t
      cut; /* it has ended, whatever its ring holds: a loop or a file that was cleared. Any thread reads it */

  /* The request, by the owner. */
  _Atomic uint64_t request_mark;
  _Atomic int64_t request_fade;
  _Atomic int64_t unwritten; /* frames dropped before they were in the ring */
  _Atomic int32_t requests;

  /* Written by the callback, read by any thread. */
  _Atomic int64_t count;   /* frames of the stream that it gave */
  _Atomic int64_t taken;   /* frames of the ring that were taken and not dropped, with an adapter; */
  _Atomic int64_t played;  /* and those of them that were given to be played */
  _Atomic int64_t lost;    /* frames of the ring dropped by clearing, */
  _Atomic int64_t lost_at; /* the last time after so many had been taken */
  _Atomic int32_t served;  /* requests whose frames have been dropped */
};

/* Frames of the ring that were given to be played, and those that were taken for it. Any thread. */
int64_t source_played(const struct engine *engine);
int64_t source_taken(const struct engine *engine);

/* Owner, one thread at a time: what has been written until now fades out over `fade` frames, and the rest of it is
 * dropped. Memory and files end there. Returns the request's number, which `served` reaches once that is done. */
int32_t source_clear(struct engine *engine, int64_t fade);

/* Before a run. */
void source_start(struct engine *engine);
/* Callback, at the start of a block: takes up a drain and a request to clear. */
void source_notice(struct engine *engine);
/* After the last callback of a run: a request that came too late for it has dropped nothing. */
void source_settle(struct engine *engine);
/* How many of `wanted` frames there are now; *ended tells whether no more will come. Who can wait leaves to the adapter
 * the frames that it looks ahead; else its end is played, as if nothing followed. */
size_t source_holds(const struct engine *engine, size_t wanted, int can_wait, int *ended);
/* Puts `frames` frames, which it holds, into the device's block, mapped and faded. */
void source_take(struct engine *engine, uint8_t *output, size_t frames);
/* It holds nothing: what its ring has is less than half a frame of the stream, and counts as played. */
void source_pass(struct engine *engine);

#endif
