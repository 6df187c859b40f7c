/* What the engine records into: up to ENGINE_SINKS rings at once, each with its own start, end and overflow policy.
 * Slot 0 is the sink of the run; the others join and leave while it goes on, at block boundaries. */
#ifndef PS_ENGINE_SINK_H
#define PS_ENGINE_SINK_H

#include <stdatomic.h>
#include <stdint.h>

#include "engine/adapter.h"
#include "engine/ring.h"

#define ENGINE_SINKS 17 /* the sink of the run, and 16 more */

struct engine;

/* What happens where a sink has no room. */
enum sink_overflow {
  SINK_ENDS_RUN,  /* the run ends with PS_ERR_BUFFER_FULL, after the frames that fit */
  SINK_DROPS,     /* the newest frames are dropped, counted and logged */
  SINK_ENDS_ALONE /* this sink ends, after the frames that fit; the run goes on */
};

/* Who may touch a slot. The owner moves FREE -> JOINING and JOINING, ACTIVE -> LEAVING; the callback all else. */
enum sink_state {
  SINK_FREE,    /* the owner's: it may be filled */
  SINK_JOINING, /* filled: records from the next block on */
  SINK_ACTIVE,  /* the callback's */
  SINK_LEAVING, /* the owner wants it back, */
  SINK_LEFT,    /* and has it: the callback touches its ring no more */
  SINK_ENDED,   /* likewise, because its length was reached, */
  SINK_FULL     /* or because it ran out of room */
};

struct engine_sink {
  /* Filled by the owner. */
  struct ring *ring;
  struct adapter *adapter; /* between the stream and the ring; NULL: they have the same frames */
  enum sink_overflow overflow;
  int memory;     /* the ring is not read during the run: a full one stays full */
  int64_t offset; /* frames to skip after the first one, */
  int64_t length; /* and frames after which it ends, skipped ones included; -1: none */

  /* Callback only. */
  int64_t first;     /* frame of the run at which it joined */
  int in_drop;       /* the last block ended in a drop, */
  int64_t drop;      /* which has this number in the glitch log */
  size_t now, skips; /* of the block in hand: frames to record, after as many to skip */

  /* Written by the callback, read by any thread. */
  _Atomic int64_t started; /* `first` for others; -1: not yet */
  _Atomic int64_t count;   /* frames put into the ring */
  _Atomic int64_t dropped; /* frames that the ring had no room for */
  _Atomic int32_t state;   /* enum sink_state */
};

/* Owner, one thread at a time: fills slot `number`, which is free; it records from the next block on. */
void sink_join(struct engine *engine, int number, const struct engine_sink *settings);
/* Owner: asks for a slot back; the callback touches it no more once sink_is_mine, or while no run is on. */
void sink_leave(struct engine *engine, int number);
int sink_is_mine(const struct engine *engine, int number);
/* Callback: whether it records into the slot. */
int sink_is_recorded(const struct engine *engine, int number);
/* Owner, likewise: what its adapter holds back goes into the ring. */
void sink_finish(struct engine *engine, int number);
/* Owner: a slot that is its own, or any while no run is on, is free again. */
void sink_free(struct engine *engine, int number);

/* Before a run: its own sink takes slot 0, and those that have joined begin with it. */
void sinks_start(struct engine *engine);
/* Callback, in this order for each block. Takes up sinks, and lets go of those that leave, which are
 * recorded into until then. */
void sinks_notice(struct engine *engine);
/* Frames of a block of `frames` that all sinks which may end the run have room for. */
size_t sinks_room(struct engine *engine, size_t frames);
/* Records a block of `frames` frames of the run, from engine.captured on. */
void sinks_record(struct engine *engine, const uint8_t *input, size_t frames, double time);

/* Frames of a block that all sinks with a reader have room for now: for a device that may wait. */
size_t sinks_ready(struct engine *engine, size_t frames);
/* Whether a sink can never take a block of `frames`. */
int sinks_are_small(const struct engine *engine, size_t frames);

#endif
