#include "device/portaudio/nodes.h"

#include "os/os.h"

#if defined(__linux__)
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FOLDER "snd"

/* The folder, or, until it is there, its parent. */
static void watch_folder(struct nodes_watch *watch) {
  char path[NODES_PATH_SIZE + sizeof FOLDER + 1];
  snprintf(path, sizeof path, "%s/" FOLDER, watch->path);
  /* The rights of a new node come a moment after it. */
  watch->folder = inotify_add_watch(watch->notices, path, IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB | IN_ONLYDIR);
  if (watch->folder >= 0 && watch->parent >= 0) inotify_rm_watch(watch->notices, watch->parent);
  watch->parent = watch->folder >= 0 ? -1 : inotify_add_watch(watch->notices, watch->path, IN_CREATE | IN_MOVED_TO);
}

int nodes_watch_init(struct nodes_watch *watch, const char *path) {
  *watch = (struct nodes_watch){.notices = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .folder = -1, .parent = -1};
  snprintf(watch->path, sizeof watch->path, "%s", path);
  if (watch->notices >= 0) watch_folder(watch);
  if (watch->folder >= 0 || watch->parent >= 0) return 1;
  nodes_watch_end(watch);
  return 0;
}

void nodes_watch_end(struct nodes_watch *watch) {
  if (watch->notices >= 0) close(watch->notices);
  watch->notices = -1;
}

/* Whether a notice is of ALSA's nodes. */
static int take(struct nodes_watch *watch, const struct inotify_event *event) {
  int of_folder = event->wd == watch->folder;
  if (of_folder && event->mask & IN_IGNORED) { /* the folder itself is gone */
    watch->folder = -1;
    watch_folder(watch);
    return 1;
  }
  if (of_folder || !event->len || strcmp(event->name, FOLDER) != 0) return of_folder;
  watch_folder(watch);
  return 1;
}

int nodes_changed(struct nodes_watch *watch, double seconds) {
  _Alignas(struct inotify_event) char buffer[4096];
  struct pollfd waiting = {.fd = watch->notices, .events = POLLIN};
  int changed = 0;
  if (watch->notices < 0) {
    os_sleep(seconds);
    return 0;
  }
  poll(&waiting, 1, (int)(seconds * 1000));
  for (ssize_t bytes; (bytes = read(watch->notices, buffer, sizeof buffer)) > 0;) {
    for (char *at = buffer; at < buffer + bytes;) {
      const struct inotify_event *event = (const struct inotify_event *)at;
      changed |= take(watch, event);
      at += sizeof *event + event->len;
    }
  }
  return changed;
}

#else

int nodes_watch_init(struct nodes_watch *watch, const char *path) {
  (void)path;
  watch->notices = -1;
  return 0;
}

void nodes_watch_end(struct nodes_watch *watch) { (void)watch; }

int nodes_changed(struct nodes_watch *watch, double seconds) {
  (void)watch;
  os_sleep(seconds);
  return 0;
}

#endif
