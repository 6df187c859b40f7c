#include "file/medium/incoming.h"

#include <stdatomic.h>

int incoming_init(struct incoming *incoming, size_t bytes) {
  if (os_event_init(&incoming->arrived) < 0) return -1;
  waits_init(&incoming->waits, &incoming->object, NULL);
  incoming->ring = ring_create(1, bytes);
  if (incoming->ring) return 0;
  os_event_destroy(&incoming->arrived);
  return -1;
}

void incoming_destroy(struct incoming *incoming) {
  if (!incoming->ring) return;
  object_release(&incoming->ring->object);
  os_event_destroy(&incoming->arrived);
}

/* Both sides change one atomic and then read the other's, all in one order: a reader that has not seen the change is
 * seen to wait. */
static void wake(struct incoming *incoming) {
  if (atomic_exchange(&incoming->waiting, 0)) os_event_post(&incoming->arrived);
}

size_t incoming_write(struct incoming *incoming, const void *data, size_t bytes) {
  size_t count = ring_write(incoming->ring, data, bytes);
  if (count == 0) return 0;
  atomic_fetch_add(&incoming->brought, (int64_t)count);
  wake(incoming);
  return count;
}

/* The ring frees its room before the reader counts what it took: the count is loaded for the order only. */
size_t incoming_held(struct incoming *incoming) {
  (void)atomic_load(&incoming->taken);
  return ring_read_available(incoming->ring);
}

void incoming_end(struct incoming *incoming, int32_t state) {
  int32_t open = INCOMING_OPEN;
  if (atomic_compare_exchange_strong(&incoming->state, &open, state)) wake(incoming);
}

static int has_bytes(struct incoming *incoming) {
  if (atomic_load(&incoming->state) == INCOMING_LEFT) return 0;
  return atomic_load(&incoming->brought) > atomic_load_explicit(&incoming->taken, memory_order_relaxed);
}

int incoming_wait(struct incoming *incoming, double seconds) {
  for (;;) {
    atomic_store(&incoming->waiting, 1);
    if (atomic_load(&incoming->interrupted)) return -1;
    if (atomic_load(&incoming->state) != INCOMING_OPEN || has_bytes(incoming)) return 1;
    if (!os_event_wait(&incoming->arrived, seconds)) return 0;
  }
}

size_t incoming_read(struct incoming *incoming, void *data, size_t bytes) {
  size_t count = has_bytes(incoming) ? ring_read(incoming->ring, data, bytes) : 0;
  int64_t before = atomic_fetch_add(&incoming->taken, (int64_t)count);
  /* As above: what is brought now is counted here, or whoever brings it finds that these bytes have been taken. */
  int64_t held = atomic_load(&incoming->brought) - before, half = (int64_t)incoming->ring->size / 2;
  if (held > half && held - (int64_t)count <= half) waits_changed(&incoming->waits);
  return count;
}

void incoming_interrupt(struct incoming *incoming) {
  atomic_store(&incoming->interrupted, 1);
  wake(incoming);
}

void incoming_resume(struct incoming *incoming) { atomic_store(&incoming->interrupted, 0); }

int incoming_over(struct incoming *incoming, int32_t state) {
  return atomic_load(&incoming->state) == state && !has_bytes(incoming);
}
