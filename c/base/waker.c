#include "base/waker.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/error.h"
#include "os/os.h"
#include "pastream.h"

struct waker {
  struct object object;
  struct os_event event; /* what ps_waker_wait waits for, unless there is a pipe */
  int pipe;              /* the end that is written to, or -1; under the lock, as is `kicked` */
  int kicked;            /* it has been woken, and has not taken all that is due */
};

static struct {
  struct os_mutex lock;
  struct os_event event; /* a frame count that is waited for has been reached */
  int running, watches_forks;
  struct waits *first; /* of the objects that threads wait for, with a use of each */
} wakers = {.lock = OS_MUTEX_INIT};

/* ------------------------------------------------------------------ waking */

/* Under the lock. */
static void wake(struct waiting *wait) {
  struct waker *waker = wait->waker;
  wait->at = WAIT_NEVER;
  wait->due = 1;
  if (waker->kicked) return;
  waker->kicked = 1;
  if (waker->pipe >= 0)
    os_pipe_kick(waker->pipe);
  else
    os_event_post(&waker->event);
}

/* Wakes those whose frame count has been reached, and lets the callback watch for the next one. Under the lock. */
static void look(struct waits *waits) {
  int64_t least;
  if (!waits->count) return;
  do {
    int64_t count = atomic_load(waits->count);
    least = WAIT_NEVER;
    for (struct waiting *wait = waits->list; wait < waits->list + OBJECT_WAITS; wait++) {
      if (wait->waker && wait->at <= count) wake(wait);
      if (wait->waker && wait->at < least) least = wait->at;
    }
    atomic_store(&waits->at, least);
  } while (atomic_load(waits->count) >= least); /* the callback may have compared with what stood there */
}

/* One post for each time that it is reached, for the thread sets it anew. */
void waits_reached(struct waits *waits) {
  atomic_store_explicit(&waits->at, WAIT_NEVER, memory_order_relaxed);
  os_event_post(&wakers.event);
}

static void waker_thread(void *argument) {
  (void)argument;
  for (;;) {
    os_event_wait(&wakers.event, -1);
    os_mutex_lock(&wakers.lock);
    for (struct waits *waits = wakers.first; waits; waits = waits->next) look(waits);
    os_mutex_unlock(&wakers.lock);
  }
}

/* ----------------------------------------------------------------- waiting */

void waits_init(struct waits *waits, struct object *object, _Atomic int64_t *count) {
  waits->count = count;
  atomic_init(&waits->at, WAIT_NEVER);
  object->waits = waits;
  waits->object = object;
}

/* The place of `waker` (NULL: a free one). Under the lock. */
static struct waiting *find(struct waits *waits, const struct waker *waker) {
  for (struct waiting *wait = waits->list; wait < waits->list + OBJECT_WAITS; wait++)
    if (wait->waker == waker) return wait;
  return NULL;
}

int32_t waits_join(struct waits *waits, int32_t handle, struct waker *waker) {
  int32_t status = 0;
  os_mutex_lock(&wakers.lock);
  if (!find(waits, waker)) {
    struct waiting *wait = find(waits, NULL);
    status = wait ? 1 : error_set(PS_ERR_BUSY, 0, "%d threads wait for this already", OBJECT_WAITS);
    if (wait) {
      *wait = (struct waiting){.waker = waker, .handle = handle, .at = WAIT_NEVER};
      object_use(&waker->object);
    }
    if (wait && !waits->listed) {
      waits->listed = 1;
      waits->next = wakers.first;
      wakers.first = waits;
      object_use(waits->object);
    }
  }
  os_mutex_unlock(&wakers.lock);
  return status;
}

void waits_aim(struct waits *waits, struct waker *waker, int64_t at) {
  os_mutex_lock(&wakers.lock);
  struct waiting *wait = find(waits, waker);
  if (wait && at < wait->at) {
    wait->at = at;
    look(waits);
  }
  os_mutex_unlock(&wakers.lock);
}

void waits_changed(struct waits *waits) {
  os_mutex_lock(&wakers.lock);
  for (struct waiting *wait = waits->list; wait < waits->list + OBJECT_WAITS; wait++)
    if (wait->waker) wake(wait);
  os_mutex_unlock(&wakers.lock);
}

/* Removes what no thread waits for from the list. Under the lock; returns whether its use is to be released. */
static int unlist(struct waits *waits) {
  for (int i = 0; i < OBJECT_WAITS; i++)
    if (waits->list[i].waker) return 0;
  struct waits **at = &wakers.first;
  while (*at && *at != waits) at = &(*at)->next;
  if (*at) *at = waits->next;
  int listed = waits->listed;
  waits->listed = 0;
  return listed;
}

/* Ends one wait. Under the lock, which is given up to let go of what it used. */
static void leave(struct waits *waits, struct waiting *wait) {
  struct waker *waker = wait->waker;
  *wait = (struct waiting){0};
  int last = unlist(waits);
  os_mutex_unlock(&wakers.lock);
  object_release(&waker->object);
  if (last) object_release(waits->object);
  os_mutex_lock(&wakers.lock);
}

void waits_end(struct waits *waits) {
  os_mutex_lock(&wakers.lock);
  for (int i = 0; i < OBJECT_WAITS; i++)
    if (waits->list[i].waker) leave(waits, &waits->list[i]);
  os_mutex_unlock(&wakers.lock);
}

/* ---------------------------------------------------------------- the door */

/* A forked child has neither the thread nor what others waited for. */
static void forget(void) {
  os_mutex_init(&wakers.lock);
  wakers.running = 0;
  wakers.first = NULL;
}

static int start_thread(void) {
  struct os_thread thread;
  os_mutex_lock(&wakers.lock);
  if (!wakers.watches_forks) os_in_forked_child(forget);
  wakers.watches_forks = 1;
  if (!wakers.running && os_event_init(&wakers.event) == 0) {
    wakers.running = os_thread_start(&thread, "ps-waker", OS_THREAD_NORMAL, waker_thread, NULL) == 0;
    if (wakers.running) os_thread_detach(&thread);
  }
  int running = wakers.running;
  os_mutex_unlock(&wakers.lock);
  return running;
}

static void destroy(struct object *object) {
  struct waker *waker = (struct waker *)object;
  os_event_destroy(&waker->event);
  if (waker->pipe >= 0) os_pipe_close(waker->pipe);
  free(waker);
}

int32_t ps_waker_new(void) {
  if (!start_thread()) return error_set(PS_ERR_THREAD, 0, "cannot create the thread that wakes others");
  struct waker *waker = calloc(1, sizeof *waker);
  if (!waker || os_event_init(&waker->event)) {
    free(waker);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a waker");
  }
  waker->pipe = -1;
  int32_t handle = handle_new(&waker->object, HANDLE_WAKER, destroy);
  if (handle < 0) destroy(&waker->object);
  return handle;
}

struct object *waits_use(int32_t handle) {
  struct object *object = handle_use(handle, HANDLE_ANY);
  if (!object || object->waits) return object;
  object_release(object);
  error_set(PS_ERR_HANDLE, 0, NULL);
  return NULL;
}

struct waker *waker_use(int32_t handle) { return (struct waker *)handle_use(handle, HANDLE_WAKER); }

int32_t waker_done(struct waker *waker, int32_t result) {
  object_release(&waker->object);
  return result;
}

/* The first wait that is this waker's. Under the lock. */
static struct waiting *first_wait(const struct waker *waker, struct waits **waits) {
  for (*waits = wakers.first; *waits; *waits = (*waits)->next) {
    struct waiting *wait = find(*waits, waker);
    if (wait) return wait;
  }
  return NULL;
}

int32_t ps_waker_free(int32_t handle) {
  struct waker *waker = waker_use(handle);
  if (!waker) return PS_ERR_HANDLE;
  int32_t status = handle_free(handle, HANDLE_WAKER);
  struct waits *waits;
  os_mutex_lock(&wakers.lock);
  for (struct waiting *wait; (wait = first_wait(waker, &waits)) != NULL;) leave(waits, wait);
  os_mutex_unlock(&wakers.lock);
  os_event_post(&waker->event);
  return waker_done(waker, status);
}

int32_t ps_waker_descriptor(int32_t handle) {
  struct waker *waker = waker_use(handle);
  if (!waker) return PS_ERR_HANDLE;
  int32_t ends[2] = {-1, -1};
  os_mutex_lock(&wakers.lock);
  int32_t status = waker->pipe >= 0     ? error_set(PS_ERR_STATE, 0, "the waker has a descriptor already")
                   : os_pipe_make(ends) ? error_set(PS_ERR_UNSUPPORTED, 0, "no pipe that a runtime can read")
                                        : PS_OK;
  if (status >= 0) {
    waker->pipe = ends[1];
    if (waker->kicked) os_pipe_kick(waker->pipe);
  }
  os_mutex_unlock(&wakers.lock);
  return waker_done(waker, status < 0 ? status : ends[0]);
}

int32_t ps_waker_wait(int32_t handle, double seconds) {
  struct waker *waker = waker_use(handle);
  if (!waker) return PS_ERR_HANDLE;
  int32_t status = isnan(seconds) ? check_count("seconds", seconds, 0, COUNT_MOST) : PS_OK;
  return waker_done(waker, status < 0 ? status : os_event_wait(&waker->event, seconds));
}

int32_t ps_waker_kick(int32_t handle) {
  struct waker *waker = waker_use(handle);
  if (!waker) return PS_ERR_HANDLE;
  os_event_post(&waker->event);
  return waker_done(waker, PS_OK);
}

int32_t ps_waker_next(int32_t handle) {
  struct waker *waker = waker_use(handle);
  if (!waker) return PS_ERR_HANDLE;
  int32_t found = 0;
  os_mutex_lock(&wakers.lock);
  for (struct waits *waits = wakers.first; waits && !found; waits = waits->next) {
    struct waiting *wait = find(waits, waker);
    if (!wait || !wait->due) continue;
    wait->due = 0;
    found = wait->handle;
  }
  if (!found) waker->kicked = 0;
  os_mutex_unlock(&wakers.lock);
  return waker_done(waker, found);
}
