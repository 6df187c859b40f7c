/* The door's calls on rings. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "engine/resampler.h"
#include "engine/ring.h"
#include "pastream.h"

#define ELEMENT_BYTES_MAX 65536

/* ------------------------------------------------------- making and freeing */

int32_t ps_ring_new(int32_t element_size, double size, void *storage, double storage_bytes) {
  int32_t status = check_count("element size", element_size, 1, ELEMENT_BYTES_MAX);
  if (status >= 0) status = check_count("size of a ring", size, 1, INT32_MAX);
  if (status < 0) return status;
  if (storage && !(storage_bytes >= element_size * size))
    return error_set(PS_ERR_ARGUMENT, 0, "storage of %.0f bytes is less than %.0f elements of %d", storage_bytes, size,
                     (int)element_size);
  struct ring *ring = ring_make((size_t)element_size, (size_t)size, storage);
  if (!ring) return error_set(PS_ERR_MEMORY, 0, "no memory for %.0f elements of %d bytes", size, (int)element_size);
  int32_t handle = handle_new(&ring->object, HANDLE_RING, ring->object.destroy);
  if (handle < 0) object_release(&ring->object);
  return handle;
}

static struct ring *ring_use(int32_t handle) { return (struct ring *)handle_use(handle, HANDLE_RING); }

static int32_t ring_done(struct ring *ring, size_t result) {
  object_release(&ring->object);
  return (int32_t)result;
}

/* Takes an end for the duration of a call. Two threads at one end would mix up the data. */
static int32_t claim_end(struct ring *ring, int end) {
  static const char *const verbs[2] = {"reads", "writes"};
  int found = ring_claim(ring, end, RING_CALL);
  if (found == RING_FREE) return PS_OK;
  return error_set(PS_ERR_ACTIVE, 0, "%s %s this ring", found == RING_STREAM ? "a running stream" : "another thread",
                   verbs[end]);
}

/* The ring for a call at one end, which it takes; or at both (end -1). */
static struct ring *ring_use_end(int32_t handle, int end, int32_t *status) {
  struct ring *ring = ring_use(handle);
  *status = PS_ERR_HANDLE;
  if (!ring) return NULL;
  *status = claim_end(ring, end < 0 ? PS_END_READER : end);
  if (*status == PS_OK && end < 0) {
    *status = claim_end(ring, PS_END_WRITER);
    if (*status < 0) ring_unclaim(ring, PS_END_READER);
  }
  if (*status == PS_OK) return ring;
  object_release(&ring->object);
  return NULL;
}

static int32_t ring_done_end(struct ring *ring, int end, size_t result) {
  if (end != PS_END_READER) ring_unclaim(ring, PS_END_WRITER);
  if (end != PS_END_WRITER) ring_unclaim(ring, PS_END_READER);
  return ring_done(ring, result);
}

static int32_t move(struct ring *ring, void *storage, double storage_bytes) {
  size_t bytes = ring->size * ring->element_size;
  if (storage && !(storage_bytes >= (double)bytes))
    return error_set(PS_ERR_ARGUMENT, 0, "storage of %.0f bytes is less than the ring's %zu", storage_bytes, bytes);
  if (storage == ring->data) return PS_OK;
  void *own = storage ? NULL : malloc(bytes + CACHE_LINE);
  if (!storage && !own) return error_set(PS_ERR_MEMORY, 0, "no memory for the ring's %zu bytes", bytes);
  unsigned char *data = storage ? storage : ring_aligned(own);
  memcpy(data, ring->data, bytes);
  free(ring->storage);
  ring->storage = own;
  ring->data = data;
  return PS_OK;
}

int32_t ps_ring_move(int32_t handle, void *storage, double storage_bytes) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, -1, &status);
  if (!ring) return status;
  status = move(ring, storage, storage_bytes);
  ring_done_end(ring, -1, 0);
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

int32_t ps_ring_flush(int32_t handle) {
  int32_t status;
  struct ring *ring = ring_use_end(handle, -1, &status);
  if (!ring) return status;
  ring_flush(ring);
  return ring_done_end(ring, -1, 0);
}

/* ------------------------------------------------------------- reading, writing */

int32_t ps_ring_read(int32_t handle, void *data, int32_t count) { return ps_ring_read_overlap(handle, data, count, 0); }

int32_t ps_ring_read_overlap(int32_t handle, void *data, int32_t count, int32_t overlap) {
  int32_t status = check_memory("data", data, count);
  struct ring *ring = status < 0 ? NULL : ring_use_end(handle, PS_END_READER, &status);
  if (!ring) return status;
  size_t copied = ring_peek(ring, data, (size_t)count);
  if (overlap < 0) overlap = 0;
  if (copied > (size_t)overlap) ring_read_advance(ring, copied - (size_t)overlap);
  return ring_done_end(ring, PS_END_READER, copied);
}

int32_t ps_ring_peek(int32_t handle, double from, void *data, int32_t count) {
  int32_t status = check_count("from", from, 0, INT32_MAX);
  if (status >= 0) status = check_memory("data", data, count);
  struct ring *ring = status < 0 ? NULL : ring_use_end(handle, PS_END_READER, &status);
  return ring ? ring_done_end(ring, PS_END_READER, ring_peek_at(ring, (size_t)from, data, (size_t)count)) : status;
}

int32_t ps_ring_write(int32_t handle, const void *data, int32_t count) {
  int32_t status = check_memory("data", data, count);
  struct ring *ring = status < 0 ? NULL : ring_use_end(handle, PS_END_WRITER, &status);
  return ring ? ring_done_end(ring, PS_END_WRITER, ring_write_locked(ring, data, (size_t)count)) : status;
}

int32_t ps_ring_hold(int32_t handle, int32_t count) {
  int32_t status = check_count("count", count, 0, INT32_MAX);
  struct ring *ring = status < 0 ? NULL : ring_use_end(handle, PS_END_WRITER, &status);
  return ring ? ring_done_end(ring, PS_END_WRITER, (size_t)ring_hold(ring, (size_t)count)) : status;
}

int32_t ps_ring_write_held(int32_t handle, const void *data, int32_t count, int32_t clears) {
  int32_t status = check_memory("data", data, count);
  struct ring *ring = status < 0 ? NULL : ring_use_end(handle, PS_END_WRITER, &status);
  return ring ? ring_done_end(ring, PS_END_WRITER, ring_write_held(ring, data, (size_t)count, clears)) : status;
}

/* Up to `count` elements of an end's region. */
static int32_t use_region(int32_t handle, int end, int32_t count, struct ring **ring, struct ring_region *region) {
  int32_t status = check_count("count", count, 0, INT32_MAX);
  *ring = status < 0 ? NULL : ring_use_end(handle, end, &status);
  if (!*ring) return status;
  return (int32_t)(end == PS_END_READER ? ring_read_region(*ring, (size_t)count, region)
                                        : ring_write_region(*ring, (size_t)count, region));
}

int32_t ps_ring_advance_read(int32_t handle, int32_t count) {
  int32_t status = check_count("count", count, 0, INT32_MAX);
  struct ring *ring = status < 0 ? NULL : ring_use_end(handle, PS_END_READER, &status);
  return ring ? ring_done_end(ring, PS_END_READER, ring_skip(ring, (size_t)count)) : status;
}

int32_t ps_ring_advance_write(int32_t handle, int32_t count) {
  struct ring *ring;
  struct ring_region region;
  int32_t moved = use_region(handle, PS_END_WRITER, count, &ring, &region);
  if (!ring) return moved;
  ring_write_advance(ring, (size_t)moved);
  return ring_done_end(ring, PS_END_WRITER, (size_t)moved);
}

int32_t ps_ring_regions(int32_t handle, int32_t end, int32_t count, int32_t *regions) {
  struct ring *ring;
  struct ring_region region;
  int32_t status = check_choice("end", end, 2);
  if (status >= 0) status = check_memory("regions", regions, 4);
  if (status < 0) return status;
  int32_t found = use_region(handle, end, count, &ring, &region);
  if (!ring) return found;
  for (int i = 0; i < 2; i++) {
    regions[2 * i] = (int32_t)((size_t)(region.part[i] - ring->data) / ring->element_size);
    regions[2 * i + 1] = (int32_t)region.count[i];
  }
  return ring_done_end(ring, end, (size_t)found);
}

int32_t ps_ring_set_rate(int32_t handle, double rate) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  int fits = rate == 0 || (rate >= RESAMPLER_RATE_MIN && rate <= RESAMPLER_RATE_MAX);
  if (!fits) return ring_done(ring, error_set(PS_ERR_ARGUMENT, 0, "a rate of %g Hz is not 1 to 1e7, or 0", rate));
  atomic_store_explicit(&ring->rate, rate, memory_order_relaxed);
  return ring_done(ring, 0);
}

static int32_t end(int32_t handle, int how) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  ring_end(ring, how);
  return ring_done(ring, 0);
}

int32_t ps_ring_end(int32_t handle) { return end(handle, RING_ENDED); }
int32_t ps_ring_fail(int32_t handle) { return end(handle, RING_FAILED); }

/* ------------------------------------------------------------------ questions */

int32_t ps_ring_read_available(int32_t handle) {
  struct ring *ring = ring_use(handle);
  return ring ? ring_done(ring, ring_read_available(ring)) : PS_ERR_HANDLE;
}

int32_t ps_ring_write_available(int32_t handle) {
  struct ring *ring = ring_use(handle);
  return ring ? ring_done(ring, ring_write_available(ring)) : PS_ERR_HANDLE;
}

double ps_ring_address(int32_t handle) {
  struct ring *ring = ring_use(handle);
  if (!ring) return error_number(PS_ERR_HANDLE);
  double address = (double)(uintptr_t)ring->data;
  object_release(&ring->object);
  return address;
}

static int is_active(struct ring *ring, int end) {
  return atomic_load_explicit(&ring->ends[end], memory_order_relaxed) == RING_STREAM;
}

int32_t ps_ring_info(int32_t handle, int32_t what) {
  struct ring *ring = ring_use(handle);
  if (!ring) return PS_ERR_HANDLE;
  int32_t status = check_choice("number of a ring", what, 4);
  switch (what) {
    case PS_RING_SIZE: status = (int32_t)ring->size; break;
    case PS_RING_ELEMENT_SIZE: status = (int32_t)ring->element_size; break;
    case PS_RING_ENDED: status = ring_ended(ring) != 0; break;
    case PS_RING_ACTIVE: status = is_active(ring, PS_END_READER) || is_active(ring, PS_END_WRITER); break;
    default: break;
  }
  object_release(&ring->object);
  return status;
}
