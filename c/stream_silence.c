/* Whether a device has gone silent: one that has died says nothing, and neither does one that lives, for a while. */
#include <math.h>

#include "stream.h"

#define LOST_AFTER 1.5   /* seconds without a callback after which a device counts as lost, */
#define LOST_BEYOND 0.75 /* but not before it is this late: a block may be longer */
#define WARM_UP 0.25     /* a device that fills its buffers first has begun to pause after this */
#define ASK_AFTER 0.8    /* seconds after which one that may pause at first is asked whether it lives, and again */
#define LOOK_MOST 0.5    /* more than this between two looks is time in which this process, too, stood still */

static void forget(struct silence *silence) {
  silence->seconds = 0;
  silence->ask_at = ASK_AFTER;
}

void stream_silence_reset(struct stream *stream) {
  struct silence *silence = &stream->silence;
  stream_heartbeat(stream);
  silence->began = silence->looked = os_time();
  silence->flagged = 0;
  forget(silence);
}

/* Callbacks that the device has flagged. */
static int32_t count_flagged(struct stream *stream) {
  int32_t count = 0;
  for (int bit = 0; bit < 4; bit++) count += atomic_load_explicit(&stream->engine.flagged[bit], memory_order_relaxed);
  return count;
}

static void look(struct stream *stream) {
  struct silence *silence = &stream->silence;
  double now = os_time(), heartbeat = atomic_load_explicit(&stream->heartbeat, memory_order_relaxed);
  double since = now - (heartbeat > silence->looked ? heartbeat : silence->looked);
  int32_t flagged = count_flagged(stream);
  if (flagged != silence->flagged) silence->began = now; /* with an xrun a device begins anew */
  silence->flagged = flagged;
  if (heartbeat != silence->heartbeat) forget(silence);
  silence->heartbeat = heartbeat;
  silence->looked = now;
  silence->seconds += since < LOOK_MOST ? since : LOOK_MOST;
}

/* A sound server is silent while a long buffer that it has filled first is being played. One that is still there says so. */
static int pauses_at_first(struct stream *stream) {
  struct silence *silence = &stream->silence;
  if (silence->seconds > stream->first_pause || silence->heartbeat - silence->began >= WARM_UP) return 0;
  if (silence->seconds < silence->ask_at) return 1;
  silence->ask_at = silence->seconds + ASK_AFTER;
  if (!stream->device->answers(stream)) silence->seconds = INFINITY; /* until there is a callback */
  return silence->seconds != INFINITY;
}

/* Seconds that a device which lives may let pass between two callbacks. */
static double longest_pause(struct stream *stream) {
  const double *actual = stream->actual;
  double longest = (double)stream_anchor(stream).frames / actual[PS_ACTUAL_SAMPLE_RATE];
  for (int side = 0; side < 2; side++) { /* half a buffer at a time, in one block or many */
    double half = actual[PS_ACTUAL_INPUT_LATENCY + side] / 2;
    if (half > longest) longest = half;
  }
  return longest + LOST_BEYOND > LOST_AFTER ? longest + LOST_BEYOND : LOST_AFTER;
}

int stream_silent(struct stream *stream) {
  look(stream);
  if (stream->silence.seconds <= ASK_AFTER || pauses_at_first(stream)) return 0;
  return stream->silence.seconds > longest_pause(stream);
}
