/* Sample rate conversion: a windowed sinc, cut into phases, for any two rates. Pure: no thread, no device, no file.
 *
 * Output frame n is the sound at input frame n * in_rate / out_rate: the filter's delay is taken out at the start, and
 * resampler_end plays its tail, so that N frames become round(N * out_rate / in_rate). A filter reaches
 * RESAMPLER_REACH frames of the lower rate into the future of a frame; that is the delay in real time. */
#ifndef PS_RESAMPLER_H
#define PS_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

#define RESAMPLER_REACH 32     /* frames of the lower rate on each side of a frame */
#define RESAMPLER_RATE_MIN 1.0 /* Hz */
#define RESAMPLER_RATE_MAX 1e7
#define RESAMPLER_RATIO_MAX 1024 /* of the two rates, either way */
#define RESAMPLER_DRIFT_MAX 500.0
#define RESAMPLER_DRIFT_STEP 0.1   /* ppm: the largest change of the ratio at once, */
#define RESAMPLER_DRIFT_BLOCK 256u /* and output frames from one change to the next */

struct resampler;

struct resampler_setup {
  double in_rate, out_rate; /* Hz, to 2^-20; they may be equal where the ratio varies */
  int32_t channels;
  int32_t in_format, out_format; /* PS_FORMAT_ */
  int varies;                    /* resampler_set_drift will be called */
};

/* One call's worth: what there is, and on return how much of it was used. */
struct resampler_block {
  const void *in;
  size_t in_frames;
  void *out;
  size_t out_frames;
};

/* Makes one, or reuses the tables of one with the same rates. PS_ERR_ARGUMENT, PS_ERR_MEMORY. Takes milliseconds, locks
 * and allocates: not for the callback, in contrast to all that follows except resampler_free. */
int32_t resampler_new(const struct resampler_setup *setup, struct resampler **resampler);
void resampler_free(struct resampler *resampler); /* NULL is allowed */

/* Takes input and makes output until one of the two is used up, and sets both counts to what was used. The work is
 * bounded by the two counts. */
void resampler_process(struct resampler *resampler, struct resampler_block *block);
/* No more input comes: process makes what is left of round(N * out_rate / in_rate) frames, then nothing. */
void resampler_end(struct resampler *resampler);
/* Whether all output has been made after resampler_end. */
int resampler_ended(const struct resampler *resampler);
/* As new: position 0, silence before it, no end; the drift stays. */
void resampler_restart(struct resampler *resampler);

/* Input frames that process has to take before it can have made `out_frames` more. Exact for a constant ratio; one that
 * varies may need a frame more. */
size_t resampler_needs(const struct resampler *resampler, size_t out_frames);
/* Output frames that process makes of `in_frames` more; likewise. */
size_t resampler_gives(const struct resampler *resampler, size_t in_frames);
/* Output frames that are left to be made if `in_frames` more are taken and then the end comes. Constant ratio. */
size_t resampler_left(const struct resampler *resampler, size_t in_frames);
/* Input frames taken since the start, and those of them that the output made so far stands for. Constant ratio. */
uint64_t resampler_taken(const struct resampler *resampler);
uint64_t resampler_played(const struct resampler *resampler);
/* Input frames between the newest one taken and the position of the next output frame; negative where input is missing.
 * In real time this is the delay. */
double resampler_held(const struct resampler *resampler);
/* Input frames that the filter reaches ahead of a position. */
size_t resampler_reach(const struct resampler *resampler);

/* The input's clock is this many ppm fast: as much more input is taken for an output frame. At most +-500; the ratio
 * goes there in steps of at most 0.1 ppm, one each 256 output frames. Only where the setup says that the ratio
 * varies. */
void resampler_set_drift(struct resampler *resampler, double ppm);
double resampler_drift(const struct resampler *resampler); /* as it is now, ppm */

/* Frames that `frames` frames at one rate are at another: round(frames * out_rate / in_rate), exactly. */
int64_t resampler_length(int64_t frames, double in_rate, double out_rate);

#endif
