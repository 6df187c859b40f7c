/* What a run does to every single frame, in the plainest way: the reference for the engine, which works in blocks. */
#ifndef PS_TEST_MODEL_H
#define PS_TEST_MODEL_H

#include <stdint.h>

#define MODEL_SILENCE -1

struct model {
  /* The run. */
  int64_t frames, pad, offset;
  int has_source, loop, complete;
  int file; /* a file's thread writes the source */
  int has_sink, drop;

  /* The world around it, which the test changes between blocks. */
  int64_t queued; /* frames in the source ring; with loop: its length */
  int ended;      /* its writer has ended */
  int64_t room;   /* frames that the sink can take */
  int draining;   /* set by model_drain */
  int64_t drain_left;

  /* What has come of it. */
  int64_t total; /* -1 while unknown */
  int64_t count, taken, kept, dropped, gap_frames;
  int32_t gaps, drops;
  int in_gap, in_drop;
  int finished;
  int32_t error; /* PS_OK, PS_ERR_BUFFER_EMPTY or PS_ERR_BUFFER_FULL */
};

/* After the fields of the run are set. */
void model_start(struct model *model);
/* From the next frame on the source has only what is there now, the rest of this pass of a loop, a file to its end. */
void model_drain(struct model *model);
/* Puts one block through. played[i] becomes the number of the source frame that is heard as frame i of the block, or
 * MODEL_SILENCE; recorded[0 .. result - 1] the frames of the block that are kept. */
int64_t model_block(struct model *model, int64_t frames, int64_t *played, int64_t *recorded);
/* Whether the next frame would only find out that the run is over: the engine may say so one block earlier. */
int model_is_over(const struct model *model);

#endif
