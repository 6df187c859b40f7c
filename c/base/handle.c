#include "base/handle.h"

#include <stdatomic.h>

#include "base/error.h"
#include "os/os.h"
#include "pastream.h"

/* A handle is (generation << 16) | slot. Slot 0 stays empty so that no handle is 0, and generations go from 1 to 32767
 * so that none is negative.
 *
 * A lookup takes no lock. It adds itself to the slot's `visitors`, then reads the generation, then takes a use of the
 * object. Freeing a handle changes the generation, then waits until there are no visitors (a few instructions), then
 * gives up the handle's use. Uses keep the object alive. */
#define SLOTS 65536
#define GENERATIONS 32767

struct slot {
  _Atomic uint32_t generation; /* 0: empty */
  _Atomic int32_t visitors;
  struct object *object;
  uint32_t last_generation; /* under `lock`, as are those below */
  int32_t owner;            /* 0: the process */
  uint32_t next_free;
};

static struct slot slots[SLOTS];
static struct os_mutex lock = OS_MUTEX_INIT;
/* Free slots, first in, first out, so that the generations of a slot last long. */
static uint32_t first_free, last_free, used_slots = 1;
static _Atomic int32_t live;
static _Thread_local int32_t current_owner;

/* A forked child has the parent's objects in its memory, but none of the threads that work on them, and its files are
 * the parent's: it owns nothing. The objects are not freed, because a thread may have been using them. */
static void forget_all(void) {
  os_mutex_init(&lock); /* another thread may have held it */
  for (uint32_t i = 1; i < used_slots; i++) {
    atomic_store_explicit(&slots[i].generation, 0, memory_order_relaxed);
    atomic_store_explicit(&slots[i].visitors, 0, memory_order_relaxed);
  }
  used_slots = 1;
  first_free = last_free = 0;
  atomic_store_explicit(&live, 0, memory_order_relaxed);
}

/* Under the lock. */
static void watch_forks(void) {
  static int watched;
  if (!watched) os_in_forked_child(forget_all);
  watched = 1;
}

/* A waker stays as long as its thread does. */
static void count_live(const struct object *object, int32_t change) {
  if (object->kind != HANDLE_WAKER) atomic_fetch_add_explicit(&live, change, memory_order_relaxed);
}

/* Puts an object into a free slot. */
static int32_t slot_fill(struct object *object) {
  os_mutex_lock(&lock);
  watch_forks();
  uint32_t index = 0;
  if (used_slots < SLOTS) {
    index = used_slots++;
  } else if (first_free) {
    index = first_free;
    first_free = slots[index].next_free;
    if (!first_free) last_free = 0;
  }
  if (!index) {
    os_mutex_unlock(&lock);
    return error_set(PS_ERR_MEMORY, 0, "all %d handles are in use", SLOTS - 1);
  }
  struct slot *slot = &slots[index];
  uint32_t generation = slot->last_generation % GENERATIONS + 1;
  slot->last_generation = generation;
  slot->object = object;
  slot->owner = current_owner;
  atomic_store(&slot->generation, generation);
  os_mutex_unlock(&lock);
  count_live(object, 1);
  return (int32_t)(generation << 16 | index);
}

int32_t handle_new(struct object *object, enum handle_kind kind, void (*destroy)(struct object *)) {
  object->kind = kind;
  object->owner = current_owner;
  object->destroy = destroy;
  atomic_store_explicit(&object->uses, 1, memory_order_relaxed);
  return slot_fill(object);
}

int32_t handle_add(struct object *object) {
  object_use(object);
  int32_t handle = slot_fill(object);
  if (handle < 0) object_release(object);
  return handle;
}

static struct slot *slot_of(int32_t handle) { return &slots[(uint32_t)handle & 0xffff]; }

/* The object in a slot with one use added, if the slot is of this generation (0: of any) and the object of this kind.
 * */
static struct object *slot_use(struct slot *slot, uint32_t generation, enum handle_kind kind) {
  struct object *object = NULL;
  atomic_fetch_add(&slot->visitors, 1);
  uint32_t found = atomic_load(&slot->generation);
  if (found && (!generation || found == generation) && (kind == HANDLE_ANY || slot->object->kind == kind)) {
    object = slot->object;
    object_use(object);
  }
  atomic_fetch_sub(&slot->visitors, 1);
  return object;
}

/* Negative numbers and generation 0 are never handles. */
static int handle_possible(int32_t handle) { return handle >= 1 << 16; }

struct object *handle_use(int32_t handle, enum handle_kind kind) {
  struct object *object = handle_possible(handle) ? slot_use(slot_of(handle), (uint32_t)handle >> 16, kind) : NULL;
  if (!object) error_set(PS_ERR_HANDLE, 0, NULL);
  return object;
}

int32_t handle_free(int32_t handle, enum handle_kind kind) {
  if (!handle_possible(handle)) return error_set(PS_ERR_HANDLE, 0, NULL);
  struct slot *slot = slot_of(handle);
  os_mutex_lock(&lock);
  struct object *object = slot->object;
  if (atomic_load(&slot->generation) != (uint32_t)handle >> 16 || object->kind != kind) {
    os_mutex_unlock(&lock);
    return error_set(PS_ERR_HANDLE, 0, NULL);
  }
  /* An exchange, so that the new generation is visible before the visitors are read: under qemu a plain load overtakes
   * a store, which neither C nor Arm allows here. */
  atomic_exchange(&slot->generation, 0);
  while (atomic_load(&slot->visitors)) os_sleep(0); /* a few instructions of a thread in slot_use */
  slot->object = NULL;
  slot->next_free = 0;
  uint32_t index = (uint32_t)handle & 0xffff;
  if (last_free)
    slots[last_free].next_free = index;
  else
    first_free = index;
  last_free = index;
  os_mutex_unlock(&lock);
  count_live(object, -1);
  object_release(object);
  return PS_OK;
}

void handle_own(int32_t owner) { current_owner = owner; }

int32_t handle_owned(int32_t owner, enum handle_kind kind) {
  os_mutex_lock(&lock);
  int32_t found = 0;
  for (uint32_t i = 1; i < used_slots && !found; i++) {
    uint32_t generation = atomic_load(&slots[i].generation);
    if (generation && slots[i].owner == owner && slots[i].object->kind == kind) found = (int32_t)(generation << 16 | i);
  }
  os_mutex_unlock(&lock);
  return found;
}

void object_use(struct object *object) { atomic_fetch_add_explicit(&object->uses, 1, memory_order_relaxed); }

void object_release(struct object *object) {
  if (atomic_fetch_sub_explicit(&object->uses, 1, memory_order_acq_rel) == 1) object->destroy(object);
}

void handle_each(enum handle_kind kind, void (*visit)(struct object *object, void *argument), void *argument) {
  os_mutex_lock(&lock);
  uint32_t end = used_slots;
  os_mutex_unlock(&lock);
  for (uint32_t i = 1; i < end; i++) {
    struct object *object = slot_use(&slots[i], 0, kind);
    if (!object) continue;
    visit(object, argument);
    object_release(object);
  }
}

int32_t ps_handle_count(void) { return atomic_load_explicit(&live, memory_order_relaxed); }
