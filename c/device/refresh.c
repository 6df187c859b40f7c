/* Looking again which devices there are, on a thread of its own, and notices that they may have changed. */
#include <stdatomic.h>

#include "base/error.h"
#include "device/devices.h"
#include "os/os.h"

#define AWAIT_POLL 0.001 /* seconds */

/* Looks that are taken one after the other by a thread that lives as long as one is wanted. */
struct looks {
  int32_t (*look)(void);
  struct os_mutex lock;
  int32_t wanted, begun; /* numbers of looks */
  int running;           /* a thread takes them */
  _Atomic int32_t ended;
};

static struct looks refreshes = {.look = devices_refresh, .lock = OS_MUTEX_INIT};
static struct looks preparations = {.look = ps_device_count, .lock = OS_MUTEX_INIT};

static struct {
  struct os_mutex lock;
  int32_t count; /* calls of ps_device_watch that have not been taken back */
  int by_notice;
} watchers = {.lock = OS_MUTEX_INIT};

static _Atomic int32_t notices; /* of changes */

static void look_thread(void *argument) {
  struct looks *looks = argument;
  os_mutex_lock(&looks->lock);
  while (looks->begun < looks->wanted) {
    int32_t number = ++looks->begun;
    os_mutex_unlock(&looks->lock);
    looks->look();
    atomic_store(&looks->ended, number);
    os_mutex_lock(&looks->lock);
  }
  looks->running = 0;
  os_mutex_unlock(&looks->lock);
}

/* Returns the number of a look that begins from now on. */
static int32_t look(struct looks *looks) {
  struct os_thread thread;
  os_mutex_lock(&looks->lock);
  int32_t number = looks->wanted = looks->begun + 1; /* one that has begun may be too old */
  int start = !looks->running;
  if (start && !os_thread_start(&thread, "ps-devices", OS_THREAD_NORMAL, look_thread, looks)) {
    looks->running = 1;
    os_thread_detach(&thread);
  } else if (start) {
    number = error_set(PS_ERR_THREAD, 0, "cannot create a thread to look for devices");
  }
  os_mutex_unlock(&looks->lock);
  return number;
}

/* Whether looks are to come to an end. */
static int is_running(struct looks *looks) {
  os_mutex_lock(&looks->lock);
  int running = looks->running;
  os_mutex_unlock(&looks->lock);
  return running;
}

int32_t ps_device_refresh(void) { return look(&refreshes); }

int32_t ps_device_refreshed(void) { return atomic_load(&refreshes.ended); }

int32_t ps_device_await(int32_t look) {
  int32_t ended;
  while ((ended = atomic_load(&refreshes.ended)) < look && is_running(&refreshes)) os_sleep(AWAIT_POLL);
  return ended;
}

int32_t ps_device_prepare(void) { return look(&preparations); }

int32_t ps_device_prepared(void) { return atomic_load(&preparations.ended); }

int32_t ps_device_watch(int32_t on) {
  os_mutex_lock(&watchers.lock);
  if (on && watchers.count++ == 0) watchers.by_notice = devices_watch(1);
  if (!on && watchers.count > 0 && --watchers.count == 0) devices_watch(0);
  int32_t by_notice = watchers.by_notice;
  os_mutex_unlock(&watchers.lock);
  return by_notice;
}

int32_t ps_device_notices(void) { return atomic_load(&notices); }

void devices_notice(void) { atomic_fetch_add(&notices, 1); }
