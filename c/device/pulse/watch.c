/* Notices of a PulseAudio server that its devices have changed, and of one that comes or goes. */
#include <stdatomic.h>

#include "device/devices.h"
#include "device/pulse/connection.h"
#include "device/pulse/list.h"

#define CONNECT_SECONDS 2.0
#define AGAIN_SECONDS 1.0 /* until a server that is not there is looked for again */

static struct {
  struct os_mutex lock;
  int wanted, running;
  struct pulse_connection *connection; /* of the thread, while it may be woken */
} watch = {.lock = OS_MUTEX_INIT};

static void note(struct pulse_context *context, int event, uint32_t index, void *argument) {
  (void)context, (void)event, (void)index, (void)argument;
  devices_notice();
}

static int is_wanted(void) {
  os_mutex_lock(&watch.lock);
  int wanted = watch.wanted;
  os_mutex_unlock(&watch.lock);
  return wanted;
}

static void set_connection(struct pulse_connection *connection) {
  os_mutex_lock(&watch.lock);
  watch.connection = connection;
  os_mutex_unlock(&watch.lock);
}

/* Gives notices as long as the server lives and they are wanted. */
static void listen(const struct pulse_api *api) {
  struct pulse_connection connection;
  int32_t status = pulse_connection_init(&connection, api);
  if (status >= 0) status = pulse_connect(&connection, PULSE_APPLICATION, NULL, CONNECT_SECONDS);
  if (status >= 0) {
    int mask = PULSE_SUBSCRIPTION_SINK | PULSE_SUBSCRIPTION_SOURCE | PULSE_SUBSCRIPTION_SERVER;
    api->context_set_subscribe_callback(connection.context, note, NULL);
    struct pulse_operation *operation = api->context_subscribe(connection.context, mask, NULL, NULL);
    status = pulse_await(&connection, operation, os_time() + CONNECT_SECONDS, "watching the devices");
  }
  if (status >= 0) {
    devices_notice(); /* it may have come just now */
    set_connection(&connection);
    while (is_wanted() && pulse_connected(&connection))
      if (pulse_turn(&connection, -1) < 0) break;
    set_connection(NULL);
    devices_notice();
  }
  pulse_connection_free(&connection);
}

static void watch_thread(void *argument) {
  const struct pulse_api *api = argument;
  os_mutex_lock(&watch.lock);
  while (watch.wanted) {
    os_mutex_unlock(&watch.lock);
    listen(api);
    if (is_wanted()) os_sleep(AGAIN_SECONDS);
    os_mutex_lock(&watch.lock);
  }
  watch.running = 0;
  os_mutex_unlock(&watch.lock);
}

int pulse_watch(int on) {
  const struct pulse_api *api;
  if (pulse_use(&api) < 0) return 0;
  os_mutex_lock(&watch.lock);
  watch.wanted = on;
  if (!on && watch.connection) pulse_wake(watch.connection);
  struct os_thread thread;
  if (on && !watch.running &&
      !os_thread_start(&thread, "ps-pulse-watch", OS_THREAD_NORMAL, watch_thread, (void *)api)) {
    watch.running = 1;
    os_thread_detach(&thread);
  }
  int running = watch.running;
  os_mutex_unlock(&watch.lock);
  return running;
}
