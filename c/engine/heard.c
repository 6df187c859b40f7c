#include "engine/heard.h"

#include <math.h>

#include "engine/counters.h"

#define SPAN_LONGEST 0.05 /* seconds: clocks that differ a little do not add up to more than a few frames in it */
#define JITTER 0.002 /* seconds by which a device's times of two blocks may be off and still be taken for one span */

static size_t slot(int64_t number) { return (size_t)number & HEARD_SPANS; }

void heard_reset(struct heard *heard) { atomic_store_explicit(&heard->written, 0, memory_order_release); }

/* Whether the frames follow the newest span. */
static int follows(const struct heard_span *span, double time, int64_t first, double period) {
  int64_t frames = READ(span->frames);
  double seconds = (double)frames * period, end = READ(span->time) + seconds;
  return READ(span->first) + frames == first && fabs(time - end) < JITTER && seconds < SPAN_LONGEST;
}

void heard_add(struct heard *heard, double time, int64_t first, int64_t frames, double period) {
  if (frames <= 0) return;
  int64_t number = READ(heard->written);
  struct heard_span *newest = &heard->spans[slot(number - 1)], *next = &heard->spans[slot(number)];
  if (number > 0 && follows(newest, time, first, period)) {
    ADD(newest->frames, frames);
    return;
  }
  /* A reader copies first and reads `written` then: it discards a span that is being overwritten. */
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&next->time, time, RELAXED);
  atomic_store_explicit(&next->first, first, RELAXED);
  atomic_store_explicit(&next->frames, frames, RELAXED);
  atomic_store_explicit(&heard->written, number + 1, memory_order_release);
}

/* The newest span that has begun at `time` decides. Without one nothing has been heard, or the span is too old. */
int64_t heard_at(const struct heard *heard, double time, double rate) {
  for (;;) {
    int64_t end = atomic_load_explicit(&heard->written, memory_order_acquire);
    int64_t oldest = end > HEARD_SPANS ? end - HEARD_SPANS : 0, found = 0;
    for (int64_t i = end - 1; i >= oldest; i--) {
      const struct heard_span *span = &heard->spans[slot(i)];
      double since = time - READ(span->time);
      found = READ(span->first);
      if (since < 0) continue;
      int64_t frames = READ(span->frames), passed = (int64_t)(since * rate + 1e-6);
      found += passed < frames ? passed : frames;
      break;
    }
    atomic_thread_fence(memory_order_acquire);
    if (READ(heard->written) - oldest <= HEARD_SPANS) return found;
  }
}
