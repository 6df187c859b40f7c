/* Level meters: peak and RMS of each channel since they were last read. The callback adds, one thread reads. */
#ifndef PS_METER_H
#define PS_METER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/meter_kernel.h"

/* Sums and frames that belong together are kept twice: the callback writes those of turn + 1 while those of `turn` can
 * be read, and publishes them by going on to that turn. */
struct meter_channel {
  _Atomic float peak;          /* a mailbox: the reader takes it out by leaving 0 */
  _Atomic double squares[2];   /* sum since the start of the run; the reader remembers what it has seen of it */
  _Atomic double squares_seen; /* the reader's, except at a reset */
};

struct meter {
  int32_t channels; /* 0: nothing is measured */
  int32_t format;
  meter_measure *measure; /* for the format, on this processor, a piece at a time */
  size_t piece_frames;
  struct meter_channel *channel;
  _Atomic uint32_t turn;
  _Atomic int64_t frames[2];
  _Atomic int64_t frames_seen;
};

int32_t meter_init(struct meter *meter, int32_t channels, int32_t format); /* PS_OK or PS_ERR_MEMORY */
void meter_free(struct meter *meter);
void meter_reset(struct meter *meter); /* between runs */
/* Of a meter that has channels. Not inlined: the callback is not to have the block's sums in its own frame. */
__attribute__((noinline)) void meter_add_block(struct meter *meter, const void *samples, size_t frames);
static inline void meter_add(struct meter *meter, const void *samples, size_t frames) {
  if (meter->channels && frames) meter_add_block(meter, samples, frames);
}
/* Fills peak and RMS (full scale = 1) for at most `channels` channels. */
void meter_read(struct meter *meter, double *levels, int32_t channels);

#endif
