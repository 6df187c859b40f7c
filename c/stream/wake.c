/* What a thread of JavaScript can wait for: see ps_wake. */
#include <math.h>

#include "base/check.h"
#include "base/error.h"
#include "stream/state.h"

/* Frames of the run until what is waited for has come; 0 where that is so, or no more will come. Under the stream's
 * lock. */
static double lacking(struct stream *stream, int32_t what, double frames) {
  double rate = stream->endpoints[DEVICE_OUTPUT].rate, found;
  if (what == PS_WAKE_BLOCK) return frames;
  if (what == PS_WAKE_HEARD) {
    found = (double)stream_heard(stream);
  } else {
    struct ring *ring = what == PS_WAKE_ROOM ? stream_source_ring(stream) : stream_sink_ring(stream, what, &rate);
    if (!ring) return what == PS_WAKE_ROOM; /* a source that is not set yet: it changes */
    found = (double)(what == PS_WAKE_ROOM ? ring_write_available(ring) : ring_read_available(ring));
  }
  if (found >= frames) return 0;
  return rate > 0 ? ceil((frames - found) * stream->actual[PS_ACTUAL_SAMPLE_RATE] / rate) : frames - found;
}

/* Wakes once when that has come, if there is anything to wait for; returns whether there is. */
static int aim(struct stream *stream, struct waker *waker, int32_t what, double frames) {
  int64_t count = atomic_load(&stream->engine.count); /* first: what comes meanwhile wakes early, not late */
  os_mutex_lock(&stream->lock);
  double missing = lacking(stream, what, frames);
  os_mutex_unlock(&stream->lock);
  if (missing > 0) waits_aim(&stream->waits, waker, count + (int64_t)missing);
  return missing > 0;
}

static int32_t wake(struct object *object, int32_t handle, struct waker *waker, int32_t what, double frames) {
  int32_t joined = waits_join(object->waits, handle, waker);
  if (joined < 0) return joined;
  return (what == PS_WAKE_CHANGE || aim((struct stream *)object, waker, what, frames)) && !joined;
}

int32_t ps_wake(int32_t handle, int32_t waker_handle, int32_t what, double frames) {
  int32_t status = check_count("frames", frames, 0, COUNT_MOST);
  if (status < 0) return status;
  if (what < PS_WAKE_BLOCK) return error_set(PS_ERR_ARGUMENT, 0, "there is no reason %d", (int)what);
  struct object *object = what == PS_WAKE_CHANGE ? waits_use(handle) : handle_use(handle, HANDLE_STREAM);
  if (!object) return PS_ERR_HANDLE;
  struct waker *waker = waker_use(waker_handle);
  status = waker ? waker_done(waker, wake(object, handle, waker, what, frames)) : PS_ERR_HANDLE;
  object_release(object);
  return status;
}
