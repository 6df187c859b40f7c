/* Whether a device has stopped calling back. One that is lost calls no more; one that works may pause for a while. */
#include <math.h>

#include "stream/state.h"

#define LOST_AFTER 1.5   /* seconds without a callback after which a device counts as lost, */
#define LOST_BEYOND 0.75 /* but not before it is this late: a block may be longer */
#define ASK_AFTER 0.8    /* seconds after which a device that may pause is asked whether it works, and again */
#define LOOK_MOST 0.5    /* more than this between two looks is time in which this process, too, stood still */

static void forget(struct silence *silence) {
  silence->seconds = 0;
  silence->ask_at = ASK_AFTER;
}

void stream_silence_reset(struct stream *stream) {
  double now = os_time();
  atomic_store_explicit(&stream->heartbeat, now, memory_order_relaxed);
  stream->silence.looked = now;
  forget(&stream->silence);
}

static void look(struct stream *stream) {
  struct silence *silence = &stream->silence;
  double now = os_time(), heartbeat = atomic_load_explicit(&stream->heartbeat, memory_order_relaxed);
  double since = now - (heartbeat > silence->looked ? heartbeat : silence->looked);
  if (heartbeat != silence->heartbeat) forget(silence);
  silence->heartbeat = heartbeat;
  silence->looked = now;
  silence->seconds += since < LOOK_MOST ? since : LOOK_MOST;
}

/* A sound server does not call while a long buffer is played, nor for a while on a busy machine. One that works
 * answers. */
static int pauses(struct stream *stream) {
  struct silence *silence = &stream->silence;
  if (silence->seconds > stream->device.may_pause) return 0;
  if (silence->seconds < silence->ask_at) return 1;
  silence->ask_at = silence->seconds + ASK_AFTER;
  if (!stream->device.ops->answers(&stream->device)) silence->seconds = INFINITY; /* until there is a callback */
  return silence->seconds != INFINITY;
}

/* Seconds that a working device may let pass between two callbacks. */
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
  if (stream->silence.seconds <= ASK_AFTER || pauses(stream)) return 0;
  return stream->silence.seconds > longest_pause(stream);
}
