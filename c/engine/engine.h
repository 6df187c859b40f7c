/* The engine: what a stream does, frame by frame, between the device's buffers and the rings. No thread, no device and
 * no clock of its own; engine_process is all that the audio callback calls, and obeys the real-time rules. */
#ifndef PS_ENGINE_H
#define PS_ENGINE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/callback.h"
#include "engine/channel_map.h"
#include "engine/glitch.h"
#include "engine/ring.h"
#include "engine/sink.h"
#include "engine/source.h"

struct engine_direction {
  int32_t channels; /* 0: the stream lacks this direction */
  int32_t format;
  size_t frame_bytes;
  struct channel_map map;
};

/* How a run goes; set by engine_start. */
struct engine_run {
  int64_t frames, pad, offset;
  int64_t lead;             /* frames of silence before the source is asked for the first one */
  double rate, source_rate; /* Hz of the stream and of the source's ring, */
  double source_period;     /* and seconds from one frame of that to the next */
  /* Where a ring has other frames than the stream; NULL: it has the same. */
  struct adapter *source_adapter, *sink_adapter;
  size_t input_lag;    /* frames by which the input of a block is older than its output */
  struct ring *source; /* NULL: silence */
  int source_file;     /* a file's thread writes the source, and ends it */
  int source_loop;     /* play the ring's contents over and over */
  int source_complete; /* an empty ring is the end of the data, whatever its flag says */
  struct ring *sink;   /* NULL: nothing is recorded */
  int sink_drop;
  int sink_memory; /* the sink is not emptied: a full one stays full */
  int fatal_xruns;
};

struct engine {
  struct engine_direction input, output;
  struct engine_run run;
  _Atomic float gain;
  _Atomic int32_t
      draining; /* the source is to end now, and the run when all of it has been played; not set back here */

  /* Callback only. */
  int64_t total;     /* frames the run will have; -1 while that is unknown */
  int64_t captured;  /* frames of the run that have come as input; `count` where the input does not lag */
  size_t lead;       /* frames of input that are still to come before the first one */
  int skipped;       /* the run has a hole between two devices */
  int in_gap;        /* the last block ended in a source gap, */
  int64_t gap;       /* which has this number in the glitch log */
  uint32_t recorded; /* a bit for each sink that is recorded into, as of the last sinks_notice */
  int result;        /* CALLBACK_CONTINUE until the run has ended */

  struct engine_source source;
  struct engine_sink sinks[ENGINE_SINKS];
  _Atomic uint32_t sinks_used; /* a bit for each slot that is not free; set by the owner */

  /* Written by the callback, read by any thread. */
  _Atomic int64_t count;      /* frames processed */
  _Atomic int64_t total_seen; /* `total` for others */
  _Atomic int64_t dropped;    /* by all sinks */
  _Atomic int32_t xruns, source_underflows, sink_overflows;
  _Atomic int32_t flagged[4]; /* callbacks by PaStreamCallbackFlags bit */
  _Atomic int32_t status;     /* flags, or-ed */
  _Atomic int32_t outcome;    /* PS_OK, or the PS_ERR_ that ended the run */
  _Atomic int32_t ended;      /* the last frame has gone through */
  struct glitch_log glitches;
};

/* Gain 1, and no channels. */
void engine_init(struct engine *engine);
/* Channels and formats; both maps identity. Before the first run. */
void engine_set_formats(struct engine *engine, int32_t input_channels, int32_t input_format, int32_t output_channels,
                        int32_t output_format);
/* Sets all counters back for a new run. Not while the callback runs. */
void engine_clear(struct engine *engine);
/* Begins a new run, with counters at 0. Not while the callback runs. */
void engine_start(struct engine *engine, const struct engine_run *run);
/* Between two devices, on no callback's thread: up to `frames` frames pass, in which the source plays nothing and
 * silence is recorded, as far as the sinks have room. Returns how many passed. `silence` has room for twice as many. */
size_t engine_skip(struct engine *engine, const void *silence, size_t frames, double time);
/* Before that: the input of the next device lags by so much. */
void engine_set_lag(struct engine *engine, size_t lag);
/* Processes one block of any size; returns a CALLBACK_ value. `time` is stream time, `flags` are PaStreamCallbackFlags.
 * After it has returned something else than CALLBACK_CONTINUE, it plays silence and changes nothing. */
int engine_process(struct engine *engine, const void *input, void *output, size_t frames, double time,
                   unsigned long flags);
/* Frames the engine could process now without a source gap and without running out of room: for a device that may wait.
 * At most `frames`. On the callback's thread. */
size_t engine_ready(struct engine *engine, size_t frames);
/* Whether it can never get `frames` frames, since a ring is smaller than them: the source's is full and has no more
 * to come, or the sink's could never take them. */
int engine_waits_in_vain(const struct engine *engine, size_t frames);

#endif
