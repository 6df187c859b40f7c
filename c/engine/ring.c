#include "engine/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "pastream.h"

#define ELEMENT_BYTES_MAX 65536

/* Where count `n` stands in the storage. In range whatever `n` is, so that even two threads on one side, which the
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

size_t ring_read_region(struct ring *ring, size_t count, struct ring_region *region) {
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  if (ring->written_seen - read < count)
    ring->written_seen = atomic_load_explicit(&ring->written, memory_order_acquire);
  uint64_t available = ring->written_seen - read;
  if (available > ring->size) available = 0;
  return ring_part(ring, read, available < count ? (size_t)available : count, region);
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

size_t ring_write_region(struct ring *ring, size_t count, struct ring_region *region) {
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (ring->size - (written - ring->read_seen) < count)
    ring->read_seen = atomic_load_explicit(&ring->read, memory_order_acquire);
  uint64_t used = written - ring->read_seen;
  size_t available = used > ring->size ? 0 : ring->size - (size_t)used;
  return ring_part(ring, written, available < count ? available : count, region);
}

void ring_write_advance(struct ring *ring, size_t count) {
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  atomic_store_explicit(&ring->written, written + count, memory_order_release);
}

/* Copies elements out of the readable region without taking them. */
static size_t ring_peek(struct ring *ring, void *data, size_t count) {
  struct ring_region region;
  count = ring_read_region(ring, count, &region);
  size_t first = region.count[0] * ring->element_size;
  if (first) memcpy(data, region.part[0], first); /* `data` may be NULL when there is nothing to copy */
  if (region.count[1]) memcpy((unsigned char *)data + first, region.part[1], region.count[1] * ring->element_size);
  return count;
}

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

/* Asked by any thread: the other side may move between the two loads, so `read` goes first (it never overtakes). */
size_t ring_read_available(struct ring *ring) {
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
  uint64_t available = atomic_load_explicit(&ring->written, memory_order_acquire) - read;
  return available > ring->size ? ring->size : (size_t)available;
}

size_t ring_write_available(struct ring *ring) { return ring->size - ring_read_available(ring); }

void ring_end(struct ring *ring) { atomic_store_explicit(&ring->ended, 1, memory_order_release); }

int ring_ended(const struct ring *ring) { return atomic_load_explicit(&ring->ended, memory_order_acquire); }

void ring_flush(struct ring *ring) {
  atomic_store_explicit(&ring->ended, 0, memory_order_relaxed);
  ring->read_seen = ring->written_seen = 0;
  atomic_store_explicit(&ring->read, 0, memory_order_release);
  atomic_store_explicit(&ring->written, 0, memory_order_release);
}

/* ------------------------------------------------------------ life and door */

static void ring_destroy(struct object *object) {
  struct ring *ring = (struct ring *)object;
  if (ring->owns_data) free(ring->data);
  free(ring->memory);
}

static struct ring *ring_make(size_t element_size, size_t size, unsigned char *storage) {
  void *memory = calloc(1, sizeof(struct ring) + CACHE_LINE);
  unsigned char *data = storage ? storage : calloc(size, element_size);
  if (!memory || !data) {
    free(memory);
    if (!storage) free(data);
    return NULL;
  }
  struct ring *ring = (struct ring *)(((uintptr_t)memory + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
  ring->memory = memory;
  ring->data = data;
  ring->owns_data = !storage;
  ring->element_size = element_size;
  ring->size = size;
  ring->mask = size & (size - 1) ? 0 : size - 1;
  ring->object.destroy = ring_destroy;
  atomic_init(&ring->object.uses, 1);
  return ring;
}

struct ring *ring_create(size_t element_size, size_t size) { return ring_make(element_size, size, NULL); }

int32_t ps_ring_new(int32_t element_size, int32_t size, void *storage, double storage_bytes) {
  if (element_size < 1 || element_size > ELEMENT_BYTES_MAX)
    return error_set(PS_ERR_ARGUMENT, 0, "element size %d is not 1 to %d", element_size, ELEMENT_BYTES_MAX);
  if (size < 1) return error_set(PS_ERR_ARGUMENT, 0, "size %d is not positive", size);
  if (storage && !(storage_bytes >= (double)element_size * size))
    return error_set(PS_ERR_ARGUMENT, 0, "storage of %.0f bytes is less than %d elements of %d", storage_bytes, size,
                     element_size);
  struct ring *ring = ring_make((size_t)element_size, (size_t)size, storage);
  if (!ring) return error_set(PS_ERR_MEMORY, 0, "no memory for %d elements of %d bytes", size, element_size);
  int32_t handle = handle_new(&ring->object, HANDLE_RING, ring_destroy);
  if (handle < 0) ring_destroy(&ring->object);
  return handle;
}

int32_t ps_ring_move(int32_t handle, void *storage, double storage_bytes) {
  struct ring *ring = (struct ring *)handle_use(handle, HANDLE_RING);
  if (!ring) return PS_ERR_HANDLE;
  size_t bytes = ring->size * ring->element_size;
  unsigned char *data = storage;
  int32_t status = PS_OK;
  if (atomic_load(&ring->reader_streams) || atomic_load(&ring->writer_streams))
    status = error_set(PS_ERR_ACTIVE, 0, "a running stream uses this ring");
  else if (storage && !(storage_bytes >= (double)bytes))
    status = error_set(PS_ERR_ARGUMENT, 0, "storage of %.0f bytes is less than the ring's %zu", storage_bytes, bytes);
  else if (!storage && !(data = malloc(bytes)))
    status = error_set(PS_ERR_MEMORY, 0, "no memory for the ring's %zu bytes", bytes);
  if (status == PS_OK && data != ring->data) {
    memcpy(data, ring->data, bytes);
    if (ring->owns_data) free(ring->data);
    ring->data = data;
    ring->owns_data = !storage;
  }
  object_release(&ring->object);
  return status;
}

int32_t ps_ring_share(int32_t handle) {
  struct object *ring = handle_use(handle, HANDLE_RING);
  if (!ring) return PS_ERR_HANDLE;
  int32_t shared = handle_add(ring);
  object_release(ring);
  return shared;
}

int32_t ps_ring_free(int32_t handle) { return handle_free(handle, HANDLE_RING); }

static struct ring *ring_use(int32_t handle) { return (struct ring *)handle_use(handle, HANDLE_RING); }

static int32_t ring_done(struct ring *ring, size_t result) {
  object_release(&ring->object);
  return (int32_t)result;
}

/* Takes the ring for a call on one of its sides (0 reader, 1 writer). A side that a running stream works is closed to
 * foreign code: two threads on one side would mix up the data. */
static struct ring *ring_use_end(int32_t handle, int32_t side, int32_t count, int32_t *status) {
  struct ring *ring = ring_use(handle);
  if (!ring) {
    *status = PS_ERR_HANDLE;
    return NULL;
  }
  *status = PS_OK;
  if (count < 0)
    *status = error_set(PS_ERR_ARGUMENT, 0, "count %d is negative", count);
  else if (atomic_load_explicit(side ? &ring->writer_streams : &ring->reader_streams, memory_order_relaxed))
    *status = error_set(PS_ERR_ACTIVE, 0, "a running stream %s this ring", side ? "writes" : "reads");
  if (*status == PS_OK) return ring;
  object_release(&ring->object);
  return NULL;
}

int32_t ps_ring_read(int32_t handle, void *data, int32_t count) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, 0, count, &status);
  return ring ? ring_done(ring, ring_read(ring, data, (size_t)count)) : status;
}

int32_t ps_ring_read_overlap(int32_t handle, void *data, int32_t count, int32_t overlap) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, 0, count, &status);
  if (!ring) return status;
  size_t copied = ring_peek(ring, data, (size_t)count);
  if (overlap < 0) overlap = 0;
  if (copied > (size_t)overlap) ring_read_advance(ring, copied - (size_t)overlap);
  return ring_done(ring, copied);
}

int32_t ps_ring_write(int32_t handle, const void *data, int32_t count) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, 1, count, &status);
  return ring ? ring_done(ring, ring_write(ring, data, (size_t)count)) : status;
}

int32_t ps_ring_read_available(int32_t handle) {
  struct ring *ring = ring_use(handle);
  return ring ? ring_done(ring, ring_read_available(ring)) : PS_ERR_HANDLE;
}

int32_t ps_ring_write_available(int32_t handle) {
  struct ring *ring = ring_use(handle);
  return ring ? ring_done(ring, ring_write_available(ring)) : PS_ERR_HANDLE;
}

int32_t ps_ring_advance_read(int32_t handle, int32_t count) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, 0, count, &status);
  return ring ? ring_done(ring, ring_skip(ring, (size_t)count)) : status;
}

int32_t ps_ring_advance_write(int32_t handle, int32_t count) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, 1, count, &status);
  if (!ring) return status;
  struct ring_region region;
  size_t moved = ring_write_region(ring, (size_t)count, &region);
  ring_write_advance(ring, moved);
  return ring_done(ring, moved);
}

int32_t ps_ring_regions(int32_t handle, int32_t side, int32_t count, int32_t *regions) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, side, count, &status);
  if (!ring) return status;
  struct ring_region region;
  size_t found =
      side ? ring_write_region(ring, (size_t)count, &region) : ring_read_region(ring, (size_t)count, &region);
  for (int i = 0; i < 2; i++) {
    regions[2 * i] = (int32_t)((size_t)(region.part[i] - ring->data) / ring->element_size);
    regions[2 * i + 1] = (int32_t)region.count[i];
  }
  return ring_done(ring, found);
}

double ps_ring_address(int32_t handle) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  double address = (double)(uintptr_t)ring->data;
  object_release(&ring->object);
  return address;
}

int32_t ps_ring_info(int32_t handle, int32_t what) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  size_t answer = 0;
  if (what == 0)
    answer = ring->size;
  else if (what == 1)
    answer = ring->element_size;
  else if (what == 2)
    answer = (size_t)ring_ended(ring);
  else
    answer = (size_t)(atomic_load(&ring->reader_streams) || atomic_load(&ring->writer_streams));
  return ring_done(ring, answer);
}

int32_t ps_ring_flush(int32_t handle) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  int used = atomic_load(&ring->reader_streams) || atomic_load(&ring->writer_streams);
  if (!used) ring_flush(ring);
  object_release(&ring->object);
  return used ? error_set(PS_ERR_ACTIVE, 0, "a running stream uses this ring") : PS_OK;
}

int32_t ps_ring_end(int32_t handle) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  ring_end(ring);
  return ring_done(ring, 0);
}
