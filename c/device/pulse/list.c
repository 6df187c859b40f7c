/* Each look has a connection and a thread of its own, which is left to itself if it hangs. */
#include "device/pulse/list.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "device/device.h"
#include "device/pulse/connection.h"

#define LOOK_SECONDS 2.0 /* a server that takes longer counts as none */
#define LOOK_EXTRA 0.5   /* for a look that hangs in the system rather than waits for the server */
#define BUSY_SECONDS 1.0 /* for one that is coming back */
#define BUSY_POLL 0.05
#define LOOK_TIMED_OUT 1 /* status of a look: instead of PS_OK or an error */
#define ENTRIES_MAX 1024

struct list {
  int32_t count, room;
  struct pulse_entry *entries;
  char defaults[2][PULSE_NAME_SIZE]; /* names of the default source and sink */
};

static struct {
  struct os_mutex lock; /* for the list */
  struct os_mutex look; /* for looking: one at a time */
  int looked;
  int hangs;  /* there was a server that did not answer */
  int serves; /* there was one that did */
  struct list list;
} known = {.lock = OS_MUTEX_INIT, .look = OS_MUTEX_INIT};

/* ------------------------------------------------------------------- a look */

struct look {
  struct pulse_connection connection;
  struct list list;
  struct os_event done;
  _Atomic int32_t uses; /* the threads that wait, and its own */
  int32_t status;
};

static void release(struct look *look) {
  if (atomic_fetch_sub(&look->uses, 1) > 1) return;
  os_event_destroy(&look->done);
  free(look->list.entries);
  free(look);
}

/* A new entry; NULL if there is no room for it. */
static struct pulse_entry *add(struct list *list, int direction, const char *name, const char *description,
                               const struct pulse_sample_spec *spec, const struct pulse_channel_map *map) {
  if (list->count == list->room) {
    int32_t room = list->room ? 2 * list->room : 16;
    struct pulse_entry *entries = room > ENTRIES_MAX ? NULL : realloc(list->entries, (size_t)room * sizeof *entries);
    if (!entries) return NULL;
    list->entries = entries;
    list->room = room;
  }
  struct pulse_entry *entry = &list->entries[list->count++];
  *entry = (struct pulse_entry){.direction = direction, .rate = spec->rate, .map = *map};
  text_copy(name, entry->name, sizeof entry->name);
  text_copy(description && *description ? description : name, entry->description, sizeof entry->description);
  return entry;
}

static void take_server(struct pulse_context *context, const struct pulse_server_info *info, void *argument) {
  struct list *list = argument;
  (void)context;
  if (!info) return;
  const char *names[2] = {info->default_source_name, info->default_sink_name};
  for (int i = 0; i < 2; i++)
    if (names[i]) text_copy(names[i], list->defaults[i], sizeof list->defaults[i]);
}

static void take_sink(struct pulse_context *context, const struct pulse_sink_info *info, int end, void *argument) {
  (void)context;
  if (end || !info) return;
  add(argument, DEVICE_OUTPUT, info->name, info->description, &info->sample_spec, &info->channel_map);
}

static void take_source(struct pulse_context *context, const struct pulse_source_info *info, int end, void *argument) {
  (void)context;
  if (end || !info) return;
  struct pulse_entry *entry =
      add(argument, DEVICE_INPUT, info->name, info->description, &info->sample_spec, &info->channel_map);
  if (!entry) return;
  entry->is_monitor = info->monitor_of_sink != PULSE_INVALID_INDEX;
  if (info->monitor_of_sink_name) text_copy(info->monitor_of_sink_name, entry->monitored, sizeof entry->monitored);
}

/* The defaults first, the sink before the source; then the other sinks, sources and monitors. */
static int rank(const struct list *list, const struct pulse_entry *entry) {
  int is_default = strcmp(entry->name, list->defaults[entry->direction]) == 0;
  if (is_default) return entry->direction == DEVICE_OUTPUT ? 0 : 1;
  return entry->direction == DEVICE_OUTPUT ? 2 : entry->is_monitor ? 4 : 3;
}

/* By insertion: what is of equal rank stays in the server's order. */
static void sort(struct list *list) {
  for (int32_t i = 1; i < list->count; i++) {
    struct pulse_entry entry = list->entries[i];
    int32_t at = i;
    for (; at > 0 && rank(list, &list->entries[at - 1]) > rank(list, &entry); at--)
      list->entries[at] = list->entries[at - 1];
    list->entries[at] = entry;
  }
}

static int32_t ask(struct look *look) {
  static const char doing[] = "listing the devices";
  struct pulse_connection *connection = &look->connection;
  const struct pulse_api *api = connection->api;
  double deadline = os_time() + LOOK_SECONDS;
  int32_t status = pulse_connect(connection, PULSE_APPLICATION, NULL, LOOK_SECONDS);
  if (status < 0) return status;
  struct pulse_operation *operation = api->context_get_server_info(connection->context, take_server, &look->list);
  status = pulse_await(connection, operation, deadline, doing);
  if (status < 0) return status;
  operation = api->context_get_sink_info_list(connection->context, take_sink, &look->list);
  status = pulse_await(connection, operation, deadline, doing);
  if (status < 0) return status;
  operation = api->context_get_source_info_list(connection->context, take_source, &look->list);
  return pulse_await(connection, operation, deadline, doing);
}

static void look_thread(void *argument) {
  struct look *look = argument;
  look->status = ask(look);
  if (look->status < 0 && ps_error_number(PS_ERROR_HOST_CODE) == PULSE_ERROR_TIMEOUT) look->status = LOOK_TIMED_OUT;
  sort(&look->list);
  pulse_connection_free(&look->connection);
  os_event_post(&look->done);
  release(look);
}

static const char *const direction_names[2] = {"input", "output"};

static int32_t no_answer(void) { return pulse_no_answer("listing the devices", LOOK_SECONDS); }

/* A list of what is there; empty where no server answers. `hangs`: one is there, and does not; `serves`: it does. */
static int32_t take_look(struct list *list, int *hangs, int *serves) {
  const struct pulse_api *api;
  *list = (struct list){0};
  *hangs = *serves = 0;
  if (pulse_use(&api) < 0) return PS_OK;
  struct look *look = calloc(1, sizeof *look);
  if (!look || os_event_init(&look->done)) {
    free(look);
    return error_set(PS_ERR_MEMORY, 0, "no memory for a list of devices");
  }
  atomic_store(&look->uses, 2);
  struct os_thread thread;
  int32_t status = pulse_connection_init(&look->connection, api);
  if (status >= 0 && os_thread_start(&thread, "ps-pulse-list", OS_THREAD_NORMAL, look_thread, look)) {
    pulse_connection_free(&look->connection);
    status = error_set(PS_ERR_THREAD, 0, "cannot create a thread to list the devices");
  }
  if (status < 0) {
    release(look);
    release(look);
    return status;
  }
  os_thread_detach(&thread);
  int ended = os_event_wait(&look->done, LOOK_SECONDS + LOOK_EXTRA);
  *hangs = !ended || look->status == LOOK_TIMED_OUT;
  *serves = ended && look->status == PS_OK;
  if (*serves) {
    *list = look->list;
    look->list = (struct list){0};
  }
  release(look);
  return PS_OK;
}

/* ----------------------------------------------------------------- the list */

static int has_looked(void) {
  os_mutex_lock(&known.lock);
  int looked = known.looked;
  os_mutex_unlock(&known.lock);
  return looked;
}

/* Whoever only wants to know what was seen does not wait for another look. */
static int32_t look_again(int only_first) {
  if (only_first && has_looked()) return PS_OK;
  os_mutex_lock(&known.look);
  int32_t status = PS_OK;
  if (!only_first || !has_looked()) {
    struct list list;
    int hangs, serves;
    double latest = os_time() + BUSY_SECONDS;
    status = take_look(&list, &hangs, &serves);
    /* A server that has hung refuses connections until it has taken all that waited. */
    while (status >= 0 && known.hangs && !hangs && list.count == 0 && os_time() < latest) {
      os_sleep(BUSY_POLL);
      status = take_look(&list, &hangs, &serves);
    }
    if (status >= 0) {
      os_mutex_lock(&known.lock);
      free(known.list.entries);
      known.list = list;
      known.looked = 1;
      known.hangs = hangs;
      known.serves = serves;
      os_mutex_unlock(&known.lock);
    }
  }
  os_mutex_unlock(&known.look);
  return status;
}

int32_t pulse_list_refresh(void) {
  int32_t status = look_again(0);
  os_mutex_lock(&known.lock);
  int hangs = known.hangs;
  os_mutex_unlock(&known.lock);
  return status < 0 ? status : hangs ? no_answer() : PS_OK;
}

/* The list, locked; after the first look. */
static const struct list *lock_list(void) {
  look_again(1);
  os_mutex_lock(&known.lock);
  return &known.list;
}

static void unlock_list(void) { os_mutex_unlock(&known.lock); }

int32_t pulse_list_count(void) {
  int32_t status = look_again(1);
  if (status < 0) return status;
  int32_t count = lock_list()->count;
  unlock_list();
  return count;
}

int pulse_list_get(int32_t number, struct pulse_entry *entry) {
  const struct list *list = lock_list();
  int found = number >= 0 && number < list->count;
  if (found) *entry = list->entries[number];
  unlock_list();
  return found;
}

/* The number of the device of this name and direction, or PS_DEVICE_NONE. */
static int32_t find(const struct list *list, int direction, const char *name) {
  for (int32_t i = 0; i < list->count; i++)
    if (list->entries[i].direction == direction && strcmp(list->entries[i].name, name) == 0) return i;
  return PS_DEVICE_NONE;
}

/* Whether there are devices of which none is the default: PulseAudio itself always names one. */
static int is_unmanaged(const struct list *list) {
  for (int32_t i = 0; i < list->count; i++) {
    const struct pulse_entry *entry = &list->entries[i];
    if (!entry->is_monitor && find(list, entry->direction, list->defaults[entry->direction]) < 0) return 1;
  }
  return 0;
}

/* What is returned where a default device or its monitor was looked for: its number, PS_DEVICE_NONE, or why it cannot
 * be told. Unlocks the list. */
static int32_t found_default(const struct list *list, int direction, int32_t found) {
  int hangs = known.hangs, unmanaged = is_unmanaged(list);
  unlock_list();
  if (found >= 0) return found;
  if (hangs) return no_answer();
  if (!unmanaged) return PS_DEVICE_NONE;
  return error_set(PS_ERR_DEVICE_NOT_FOUND, 0,
                   "none of the PulseAudio server's devices is the default %s device; is " PULSE_MANAGER " running?",
                   direction_names[direction]);
}

int32_t pulse_list_default(int direction) {
  const struct list *list = lock_list();
  return found_default(list, direction, find(list, direction, list->defaults[direction]));
}

int32_t pulse_list_loopback(void) {
  const struct list *list = lock_list();
  int32_t found = PS_DEVICE_NONE;
  for (int32_t i = 0; i < list->count && found < 0; i++) {
    const struct pulse_entry *entry = &list->entries[i];
    if (entry->is_monitor && strcmp(entry->monitored, list->defaults[DEVICE_OUTPUT]) == 0) found = i;
  }
  return found_default(list, DEVICE_OUTPUT, found);
}

const char *pulse_list_shortage(int direction) {
  static const char *const texts[2] = {
      [DEVICE_INPUT] = "the PulseAudio server has no input device (plug one in, or load a module that makes one)",
      [DEVICE_OUTPUT] =
          "the PulseAudio server has no output device (plug one in, or load a module that makes one, as by "
          "`pactl load-module module-null-sink`)",
  };
  const struct list *list = lock_list();
  int lacks = known.serves;
  for (int32_t i = 0; i < list->count && lacks; i++) lacks = list->entries[i].direction != direction;
  unlock_list();
  return lacks ? texts[direction] : NULL;
}

int32_t pulse_list_find(int direction, const char *name) {
  const struct list *list = lock_list();
  int32_t found = find(list, direction, name);
  unlock_list();
  return found;
}
