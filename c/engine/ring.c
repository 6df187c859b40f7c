#include "engine/ring.h"

#include <stdlib.h>
#include <string.h>

/* Where count `n` stands in the storage. In range whatever `n` is, so that even two threads at one end, which the
 * rules forbid, cannot make us touch memory outside of it. */
static size_t ring_position(const struct ring *ring, uint64_t n) {
  return ring->mask ? (size_t)n & ring->mask : (size_t)(n % ring->size);
}

static size_t ring_part(const struct ring *ring, uint64_t from, size_t count, struct ring_region *region) {
  size_t position = ring_position(ring, from);
  size_t first = ring->size - position;
  if (first > count) first = count;
  region->part[0] = ring->data + position * ring->element_size;
  region->count[0] = first;
  region->part[1] = ring->data;
  region->count[1] = count - first;
  return count;
}

size_t ring_readable(struct ring *ring, size_t count) {
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  if (ring->written_seen - read < count)
    ring->written_seen = atomic_load_explicit(&ring->written, memory_order_acquire);
  uint64_t available = ring->written_seen - read;
  if (available > ring->size) available = 0;
  return available < count ? (size_t)available : count;
}

size_t ring_read_region(struct ring *ring, size_t count, struct ring_region *region) {
  count = ring_readable(ring, count);
  return ring_part(ring, atomic_load_explicit(&ring->read, memory_order_relaxed), count, region);
}

void ring_read_advance(struct ring *ring, size_t count) {
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  atomic_store_explicit(&ring->read, read + count, memory_order_release);
}

size_t ring_skip(struct ring *ring, size_t count) {
  struct ring_region region;
  count = ring_read_region(ring, count, &region);
  ring_read_advance(ring, count);
  return count;
}

size_t ring_writable(struct ring *ring, size_t count) {
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (ring->size - (written - ring->read_seen) < count)
    ring->read_seen = atomic_load_explicit(&ring->read, memory_order_acquire);
  uint64_t used = written - ring->read_seen;
  size_t available = used > ring->size ? 0 : ring->size - (size_t)used;
  return available < count ? available : count;
}

size_t ring_write_region(struct ring *ring, size_t count, struct ring_region *region) {
  count = ring_writable(ring, count);
  return ring_part(ring, atomic_load_explicit(&ring->written, memory_order_relaxed), count, region);
}

void ring_write_advance(struct ring *ring, size_t count) {
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  atomic_store_explicit(&ring->written, written + count, memory_order_release);
}

size_t ring_peek_at(struct ring *ring, size_t from, void *data, size_t count) {
  struct ring_region region;
  size_t available = ring_read_region(ring, from > ring->size ? 0 : from + count, &region);
  if (available <= from) return 0;
  count = ring_part(ring, atomic_load_explicit(&ring->read, memory_order_relaxed) + from, available - from, &region);
  size_t first = region.count[0] * ring->element_size;
  if (first) memcpy(data, region.part[0], first); /* `data` may be NULL when there is nothing to copy */
  if (region.count[1]) memcpy((unsigned char *)data + first, region.part[1], region.count[1] * ring->element_size);
  return count;
}

size_t ring_peek(struct ring *ring, void *data, size_t count) { return ring_peek_at(ring, 0, data, count); }

size_t ring_read(struct ring *ring, void *data, size_t count) {
  count = ring_peek(ring, data, count);
  ring_read_advance(ring, count);
  return count;
}

size_t ring_write(struct ring *ring, const void *data, size_t count) {
  struct ring_region region;
  count = ring_write_region(ring, count, &region);
  size_t first = region.count[0] * ring->element_size;
  if (first) memcpy(region.part[0], data, first);
  if (region.count[1])
    memcpy(region.part[1], (const unsigned char *)data + first, region.count[1] * ring->element_size);
  ring_write_advance(ring, count);
  return count;
}

/* Asked by any thread: the other end may move between the two loads, so `read` goes first (it never overtakes). */
size_t ring_read_available(struct ring *ring) {
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
  uint64_t available = atomic_load_explicit(&ring->written, memory_order_acquire) - read;
  return available > ring->size ? ring->size : (size_t)available;
}

size_t ring_write_available(struct ring *ring) { return ring->size - ring_read_available(ring); }

void ring_end(struct ring *ring, int how) {
  int32_t not_yet = 0;
  atomic_compare_exchange_strong_explicit(&ring->ended, &not_yet, how, memory_order_release, memory_order_relaxed);
}

int ring_ended(const struct ring *ring) { return atomic_load_explicit(&ring->ended, memory_order_acquire); }

void ring_flush(struct ring *ring) {
  atomic_store_explicit(&ring->ended, 0, memory_order_relaxed);
  ring->read_seen = ring->written_seen = 0;
  ring->held = 0;
  atomic_store_explicit(&ring->read, 0, memory_order_release);
  atomic_store_explicit(&ring->written, 0, memory_order_release);
}

/* ----------------------------------------------------- writing and clearing */

int32_t ring_hold(struct ring *ring, size_t count) {
  os_mutex_lock(&ring->lock);
  ring->held += (int64_t)count;
  int32_t clears = ring->clears;
  os_mutex_unlock(&ring->lock);
  return clears;
}

size_t ring_write_locked(struct ring *ring, const void *data, size_t count) {
  os_mutex_lock(&ring->lock);
  size_t written = ring_write(ring, data, count);
  os_mutex_unlock(&ring->lock);
  return written;
}

size_t ring_write_held(struct ring *ring, const void *data, size_t count, int32_t clears) {
  os_mutex_lock(&ring->lock);
  if (ring->clears == clears) {
    count = ring_write(ring, data, count);
    ring->held = ring->held > (int64_t)count ? ring->held - (int64_t)count : 0;
  }
  os_mutex_unlock(&ring->lock);
  return count;
}

int64_t ring_clear(struct ring *ring, uint64_t *written) {
  os_mutex_lock(&ring->lock);
  int64_t held = ring_ended(ring) ? 0 : ring->held;
  ring->held = 0;
  ring->clears++;
  *written = atomic_load_explicit(&ring->written, memory_order_acquire); /* a writer in place takes no lock */
  os_mutex_unlock(&ring->lock);
  return held;
}

/* ---------------------------------------------- making and freeing */

static void ring_destroy(struct object *object) {
  struct ring *ring = (struct ring *)object;
  os_free_aside(ring->storage, ring->size * ring->element_size);
  os_mutex_destroy(&ring->lock);
  free(ring->memory);
}

struct ring *ring_make(size_t element_size, size_t size, unsigned char *storage) {
  void *memory = calloc(1, sizeof(struct ring) + CACHE_LINE);
  void *own = storage ? NULL : calloc(1, size * element_size + CACHE_LINE);
  if (!memory || !(storage || own)) {
    free(memory);
    free(own);
    return NULL;
  }
  struct ring *ring = ring_aligned(memory);
  ring->memory = memory;
  ring->storage = own;
  ring->data = storage ? storage : ring_aligned(own);
  ring->element_size = element_size;
  ring->size = size;
  ring->mask = size & (size - 1) ? 0 : size - 1;
  ring->object.destroy = ring_destroy;
  os_mutex_init(&ring->lock);
  atomic_init(&ring->object.uses, 1);
  return ring;
}

struct ring *ring_create(size_t element_size, size_t size) { return ring_make(element_size, size, NULL); }

/* --------------------------------------------------------------------- ends */

int ring_claim(struct ring *ring, int end, int32_t who) {
  int32_t found = RING_FREE;
  /* Acquire: what the end before did to the ring is then seen. */
  return atomic_compare_exchange_strong_explicit(&ring->ends[end], &found, who, memory_order_acquire,
                                                 memory_order_relaxed)
             ? RING_FREE
             : found;
}

void ring_unclaim(struct ring *ring, int end) {
  atomic_store_explicit(&ring->ends[end], RING_FREE, memory_order_release);
}
