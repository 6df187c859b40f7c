/* Handles: stale, foreign and made-up numbers are refused, and nothing is destroyed under its user. */
#include "base/handle.h"

#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define ALL_HANDLES 65535
#define ALIVE 0x600D

struct thing {
  struct object object;
  _Atomic int32_t state;
};

static _Atomic int32_t destroyed;

static void thing_destroy(struct object *object) {
  atomic_store(&((struct thing *)object)->state, 0);
  atomic_fetch_add(&destroyed, 1);
  free(object);
}

static int32_t thing_new(enum handle_kind kind) {
  struct thing *thing = calloc(1, sizeof *thing);
  atomic_init(&thing->state, ALIVE);
  int32_t handle = handle_new(&thing->object, kind, thing_destroy);
  if (handle < 0) free(thing);
  return handle;
}

TEST(lives_until_its_last_use) {
  atomic_store(&destroyed, 0);
  int32_t before = ps_handle_count();
  int32_t handle = thing_new(HANDLE_JOB);
  CHECK(handle > 0);
  CHECK_EQUAL(ps_handle_count(), before + 1);
  struct object *object = handle_use(handle, HANDLE_JOB);
  if (!CHECK(object != NULL)) return;
  object_use(object);
  CHECK_EQUAL(handle_free(handle, HANDLE_JOB), PS_OK);
  CHECK_EQUAL(ps_handle_count(), before);
  CHECK(handle_use(handle, HANDLE_JOB) == NULL);
  CHECK_EQUAL(handle_free(handle, HANDLE_JOB), PS_ERR_HANDLE);
  object_release(object);
  CHECK_EQUAL(((struct thing *)object)->state, ALIVE);
  CHECK_EQUAL(atomic_load(&destroyed), 0);
  object_release(object);
  CHECK_EQUAL(atomic_load(&destroyed), 1);
}

TEST(other_numbers_are_refused) {
  int32_t handle = thing_new(HANDLE_JOB), slot = handle & 0xffff;
  int32_t wrong[] = {0, -1,     INT32_MIN, INT32_MAX, slot, slot | 0x70000000, -handle, handle + 0x10000,
                     1, 0xffff, 0x10000,   0x7fff0000};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(handle_use(wrong[i], HANDLE_JOB) == NULL);
    CHECK_EQUAL(handle_free(wrong[i], HANDLE_JOB), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_ring_read_available(wrong[i]), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_stream_state(wrong[i]), PS_ERR_HANDLE);
  }
  CHECK(handle_use(handle, HANDLE_FILE) == NULL);
  CHECK_EQUAL(handle_free(handle, HANDLE_RING), PS_ERR_HANDLE);
  CHECK_EQUAL(handle_free(handle, HANDLE_JOB), PS_OK);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    CHECK_EQUAL(handle_free(wrong[i], HANDLE_JOB), PS_ERR_HANDLE);
}

TEST(a_reused_slot_has_another_number) {
  int32_t before = ps_handle_count();
  int32_t *handles = calloc(ALL_HANDLES + 1, sizeof *handles);
  for (int round = 0; round < 2; round++) {
    int32_t free_slots = ALL_HANDLES - before, made = 0;
    while (made <= free_slots && (handles[made] = thing_new(HANDLE_JOB)) > 0) made++;
    CHECK_EQUAL(made, free_slots);
    CHECK_EQUAL(handles[made], PS_ERR_MEMORY);
    CHECK_EQUAL(ps_handle_count(), ALL_HANDLES);
    int32_t stale = handles[0], refused = 0;
    CHECK_EQUAL(handle_free(stale, HANDLE_JOB), PS_OK);
    handles[0] = thing_new(HANDLE_JOB); /* into the only free slot */
    CHECK_EQUAL(handles[0] & 0xffff, stale & 0xffff);
    CHECK(handles[0] != stale);
    CHECK(handle_use(stale, HANDLE_JOB) == NULL);
    for (int32_t i = 0; i < made; i++) refused += handle_free(handles[i], HANDLE_JOB) != PS_OK;
    CHECK_EQUAL(refused, 0);
    CHECK_EQUAL(ps_handle_count(), before);
  }
  free(handles);
}

static void count_alive(struct object *object, void *argument) {
  *(int *)argument += atomic_load(&((struct thing *)object)->state) == ALIVE;
}

TEST(each_visits_the_live_ones_of_a_kind) {
  int32_t handles[10];
  int seen = 0;
  for (int i = 0; i < 10; i++) handles[i] = thing_new(i % 2 ? HANDLE_JOB : HANDLE_FILE);
  handle_free(handles[1], HANDLE_JOB);
  handle_each(HANDLE_JOB, count_alive, &seen);
  CHECK_EQUAL(seen, 4);
  for (int i = 0; i < 10; i++) handle_free(handles[i], i % 2 ? HANDLE_JOB : HANDLE_FILE);
  handle_each(HANDLE_JOB, count_alive, &seen);
  CHECK_EQUAL(seen, 4);
}

/* Threads make, use and free the same few handles as fast as they can. */
#define SHARED 16
#define THREADS 4

static _Atomic int32_t shared[SHARED];
static _Atomic int32_t made, freed, used;
static int rounds;
static uint64_t seed;

static void hammer(void *argument) {
  struct random random = {seed + (uint64_t)(uintptr_t)argument};
  for (int i = 0; i < rounds; i++) {
    _Atomic int32_t *cell = &shared[random_between(&random, 0, SHARED - 1)];
    int32_t handle = atomic_load(cell);
    if (random_once_in(&random, 8)) {
      int32_t fresh = thing_new(HANDLE_JOB);
      atomic_fetch_add(&made, 1);
      handle = atomic_exchange(cell, fresh); /* the old one is freed below, perhaps while others use it */
      if (handle > 0) atomic_fetch_add(&freed, handle_free(handle, HANDLE_JOB) == PS_OK);
    } else if (random_once_in(&random, 8)) {
      if (handle > 0 && handle_free(handle, HANDLE_JOB) == PS_OK) atomic_fetch_add(&freed, 1);
    } else {
      struct thing *thing = (struct thing *)handle_use(handle, HANDLE_JOB);
      if (!thing) continue;
      CHECK(atomic_load(&thing->state) == ALIVE);
      atomic_fetch_add(&used, 1);
      object_release(&thing->object);
    }
  }
}

TEST(threads_that_use_and_free_the_same) {
  struct os_thread threads[THREADS];
  int32_t before = ps_handle_count();
  atomic_store(&destroyed, 0);
  rounds = (test_full() ? 2000000 : 200000) / (TEST_THREAD_SANITIZER ? 10 : 1);
  for (uintptr_t i = 0; i < THREADS; i++)
    CHECK_EQUAL(os_thread_start(&threads[i], "hammer", OS_THREAD_NORMAL, hammer, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) os_thread_join(&threads[i]);
  for (int i = 0; i < SHARED; i++)
    if (handle_free(atomic_load(&shared[i]), HANDLE_JOB) == PS_OK) atomic_fetch_add(&freed, 1);
  CHECK(atomic_load(&used) > 0);
  CHECK_EQUAL(atomic_load(&freed), atomic_load(&made));
  CHECK_EQUAL(atomic_load(&destroyed), atomic_load(&made));
  CHECK_EQUAL(ps_handle_count(), before);
}

int main(void) {
  seed = random_seed();
  RUN(lives_until_its_last_use);
  RUN(other_numbers_are_refused);
  RUN(each_visits_the_live_ones_of_a_kind);
  RUN(threads_that_use_and_free_the_same);
  RUN(a_reused_slot_has_another_number);
  return test_end();
}
