/* Notices that devices of PortAudio may have changed, where they can be had (Linux): ALSA's nodes tell it themselves; a
 * server for clients of JACK is looked for by its socket, as JACK's own library does. */
#include "device/devices.h"
#include "device/portaudio/list.h"
#include "os/os.h"

#if defined(__linux__)
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "device/portaudio/nodes.h"

#define LOOK_SECONDS 1.0 /* between two looks for a JACK server */
#define LOOKS_AFTER 2    /* that give a notice after one that found another server, which may not have been ready */
#define NAME_SIZE 128

static struct {
  struct os_mutex lock;
  int wanted, running;
} watch = {.lock = OS_MUTEX_INIT};

/* A number that is another one when another server listens there; 0: none does. */
static uint64_t server_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct stat file;
  if (strlen(path) >= sizeof address.sun_path || stat(path, &file) != 0) return 0;
  strcpy(address.sun_path, path);
  int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int answers = made >= 0 && (connect(made, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
  if (made >= 0) close(made);
  return answers ? (uint64_t)file.st_ino << 32 ^ (uint64_t)file.st_ctime : 0;
}

/* The same of what serves clients of JACK: JACK itself, or PipeWire by a library of its own in JACK's place. */
static uint64_t jack_server(void) {
  char name[NAME_SIZE], folder[NAME_SIZE], jack[2 * NAME_SIZE], pipewire[2 * NAME_SIZE];
  if (!os_environment("JACK_DEFAULT_SERVER", name, sizeof name)) strcpy(name, "default");
  snprintf(jack, sizeof jack, "/dev/shm/jack_%s_%u_0", name, (unsigned)getuid());
  if (!os_environment("PIPEWIRE_REMOTE", name, sizeof name)) strcpy(name, "pipewire-0");
  if (!os_environment("PIPEWIRE_RUNTIME_DIR", folder, sizeof folder) &&
      !os_environment("XDG_RUNTIME_DIR", folder, sizeof folder))
    *folder = 0;
  snprintf(pipewire, sizeof pipewire, "%s%s%s", *name == '/' ? "" : folder, *name == '/' ? "" : "/", name);
  return server_at(jack) ^ server_at(pipewire);
}

static int is_wanted(void) {
  os_mutex_lock(&watch.lock);
  int wanted = watch.wanted;
  if (!wanted) watch.running = 0;
  os_mutex_unlock(&watch.lock);
  return wanted;
}

static void watch_thread(void *argument) {
  (void)argument;
  struct nodes_watch nodes;
  nodes_watch_init(&nodes, "/dev");
  uint64_t server = jack_server();
  double next = os_time() + LOOK_SECONDS;
  int again = 0;
  while (is_wanted()) {
    double left = next - os_time();
    if (nodes_changed(&nodes, left > 0 ? left : 0)) devices_notice();
    if (os_time() < next) continue;
    next = os_time() + LOOK_SECONDS;
    uint64_t now = jack_server();
    if (now != server) again = 1 + LOOKS_AFTER;
    if (again > 0) devices_notice();
    again -= again > 0;
    server = now;
  }
  nodes_watch_end(&nodes);
}

int portaudio_watch(int on) {
  os_mutex_lock(&watch.lock);
  watch.wanted = on;
  struct os_thread thread;
  if (on && !watch.running && !os_thread_start(&thread, "ps-watch", OS_THREAD_NORMAL, watch_thread, NULL)) {
    watch.running = 1;
    os_thread_detach(&thread);
  }
  int running = watch.running;
  os_mutex_unlock(&watch.lock);
  return running;
}

#else

int portaudio_watch(int on) {
  (void)on;
  return 0;
}

#endif
