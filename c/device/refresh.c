/* Looking again which devices there are, on a thread of its own, and notices that they may have changed. */
#include <stdatomic.h>

#include "base/error.h"
#include "device/devices.h"
#include "os/os.h"

static struct {
  struct os_mutex lock;
  int32_t wanted, begun; /* numbers of looks */
  int running;           /* a thread takes them */
  int watchers;          /* calls of ps_device_watch that have not been taken back */
  int by_notice;
} looks = {.lock = OS_MUTEX_INIT};

static _Atomic int32_t ended;   /* looks */
static _Atomic int32_t notices; /* of changes */

static void look_thread(void *argument) {
  (void)argument;
  os_mutex_lock(&looks.lock);
  while (looks.begun < looks.wanted) {
    int32_t number = ++looks.begun;
    os_mutex_unlock(&looks.lock);
    devices_refresh();
    atomic_store(&ended, number);
    os_mutex_lock(&looks.lock);
  }
  looks.running = 0;
  os_mutex_unlock(&looks.lock);
}

int32_t ps_device_refresh(void) {
  struct os_thread thread;
  os_mutex_lock(&looks.lock);
  int32_t number = looks.wanted = looks.begun + 1; /* one that has begun may be too old */
  int start = !looks.running;
  if (start && !os_thread_start(&thread, "ps-devices", OS_THREAD_NORMAL, look_thread, NULL)) {
    looks.running = 1;
    os_thread_detach(&thread);
  } else if (start) {
    number = error_set(PS_ERR_THREAD, 0, "cannot create a thread to look for devices");
  }
  os_mutex_unlock(&looks.lock);
  return number;
}

int32_t ps_device_refreshed(void) { return atomic_load(&ended); }

int32_t ps_device_watch(int32_t on) {
  os_mutex_lock(&looks.lock);
  if (on && looks.watchers++ == 0) looks.by_notice = devices_watch(1);
  if (!on && looks.watchers > 0 && --looks.watchers == 0) devices_watch(0);
  int32_t by_notice = looks.by_notice;
  os_mutex_unlock(&looks.lock);
  return by_notice;
}

int32_t ps_device_notices(void) { return atomic_load(&notices); }

void devices_notice(void) { atomic_fetch_add(&notices, 1); }
