#include "base/library.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "pastream.h"

#define REASON_SIZE 160 /* the system's text for one file, which may be long */

/* The list of what was tried, one line each. */
struct attempts {
  char text[ERROR_TEXT_SIZE];
  size_t length;
};

static void note(struct attempts *attempts, const char *name, const char *reason) {
  char line[ERROR_TEXT_SIZE];
  /* Many systems put the name before the reason. */
  int repeated = strncmp(reason, name, strlen(name)) == 0;
  snprintf(line, sizeof line, "%s%s%s", repeated ? "" : name, repeated ? "" : ": ", reason);
  for (char *c = line; *c; c++) {
    if (*c == '\n' || *c == '\r') *c = ' ';
  }
  size_t room = sizeof attempts->text - attempts->length;
  int added = snprintf(attempts->text + attempts->length, room, "%s%s", attempts->length ? "\n" : "", line);
  attempts->length += added < 0 ? 0 : (size_t)added < room ? (size_t)added : room - 1;
}

/* Fills the struct of functions; 0 if a function that is not optional is missing. */
static int resolve(struct library *library, void *loaded, void *functions, const char *name,
                   struct attempts *attempts) {
  for (size_t i = 0; i < library->symbol_count; i++) {
    const struct library_symbol *symbol = &library->symbols[i];
    void *address = os_library_symbol(loaded, symbol->name);
    if (!address && !symbol->optional) {
      char reason[REASON_SIZE];
      snprintf(reason, sizeof reason, "has no function %s", symbol->name);
      note(attempts, name, reason);
      return 0;
    }
    memcpy((char *)functions + symbol->offset, &address, sizeof address);
  }
  return 1;
}

static int try_file(struct library *library, const char *name, struct attempts *attempts) {
  char reason[REASON_SIZE];
  void *loaded = os_library_open(name, reason, sizeof reason);
  if (!loaded) {
    note(attempts, name, reason);
    return 0;
  }
  return resolve(library, loaded, library->functions, name, attempts);
}

static int try_system(struct library *library, struct attempts *attempts) {
  for (const char *const *name = library->names; *name; name++) {
    if (try_file(library, *name, attempts)) return PS_ORIGIN_SYSTEM;
  }
  return 0;
}

static int try_bundle(struct library *library, struct attempts *attempts) {
  char path[OS_PATH_SIZE];
  const char *place = library->places[PS_ORIGIN_BUNDLE];
  if (!place) {
    if (!library->bundled || !os_beside_library(library->bundled, path, sizeof path)) return 0;
    place = path;
  }
  return try_file(library, place, attempts) ? PS_ORIGIN_BUNDLE : 0;
}

/* If the user named a file, no other is tried. */
static int try_all(struct library *library, const char *path, struct attempts *attempts) {
  char variable[OS_PATH_SIZE];
  if (!path || !*path) path = library->places[PS_ORIGIN_NAMED];
  if (!path && os_environment(library->variable, variable, sizeof variable)) path = variable;
  if (path) return try_file(library, path, attempts) ? PS_ORIGIN_NAMED : 0;
#if defined(__linux__)
  /* The system's own library matches its sound servers and is kept up to date. */
  int origin = try_system(library, attempts);
  return origin ? origin : try_bundle(library, attempts);
#else
  int origin = try_bundle(library, attempts);
  return origin ? origin : try_system(library, attempts);
#endif
}

int32_t library_load(struct library *library, const char *path) {
  if (atomic_load_explicit(&library->loaded, memory_order_acquire)) return PS_OK;
  struct attempts attempts = {.length = 0};
  os_mutex_lock(&library->lock);
  int32_t origin = atomic_load(&library->loaded);
  if (!origin) origin = try_all(library, path, &attempts);
  atomic_store_explicit(&library->loaded, origin, memory_order_release);
  os_mutex_unlock(&library->lock);
  return origin ? PS_OK : error_set(library->missing, 0, "%s", attempts.text);
}

int32_t library_copy(struct library *library, void *functions, void **copy) {
  char path[OS_PATH_SIZE], reason[REASON_SIZE] = "";
  struct attempts attempts = {.length = 0};
  void *address;
  memcpy(&address, (char *)library->functions + library->symbols[0].offset, sizeof address);
  os_library_path(address, path, sizeof path);
  *copy = os_library_open_copy(path, reason, sizeof reason);
  if (!*copy) return error_set(library->missing, 0, "a copy of %s cannot be loaded: %s", path, reason);
  if (resolve(library, *copy, functions, path, &attempts)) return PS_OK;
  os_library_close(*copy);
  *copy = NULL;
  return error_set(library->missing, 0, "%s", attempts.text);
}

static struct library *by_number(int32_t which) {
  if (which == PS_LIBRARY_PORTAUDIO) return &library_portaudio;
  if (which == PS_LIBRARY_SNDFILE) return &library_sndfile;
  error_set(PS_ERR_ARGUMENT, 0, "library %d is neither PortAudio nor libsndfile", (int)which);
  return NULL;
}

int32_t ps_library_load(int32_t which, const char *path) {
  struct library *library = by_number(which);
  return library ? library_load(library, path) : PS_ERR_ARGUMENT;
}

int32_t ps_library_place(int32_t which, int32_t origin, const char *path) {
  struct library *library = by_number(which);
  if (!library) return PS_ERR_ARGUMENT;
  if (origin != PS_ORIGIN_NAMED && origin != PS_ORIGIN_BUNDLE)
    return error_set(PS_ERR_ARGUMENT, 0, "no path can be set for origin %d", (int)origin);
  char *place = NULL;
  if (path && *path) {
    place = malloc(strlen(path) + 1);
    if (!place) return error_set(PS_ERR_MEMORY, 0, "no memory for a path");
    strcpy(place, path);
  }
  os_mutex_lock(&library->lock);
  char *former = library->places[origin];
  library->places[origin] = place;
  os_mutex_unlock(&library->lock);
  free(former);
  return PS_OK;
}

int32_t ps_library_origin(int32_t which) {
  struct library *library = by_number(which);
  return library ? atomic_load_explicit(&library->loaded, memory_order_acquire) : PS_ERR_ARGUMENT;
}

int32_t ps_library_text(int32_t which, int32_t what, char *text, int32_t size) {
  struct library *library = by_number(which);
  if (!library) return PS_ERR_ARGUMENT;
  int32_t status = check_choice("text of a library", what, 2);
  if (status < 0) return status;
  if (!atomic_load_explicit(&library->loaded, memory_order_acquire)) return text_copy("", text, size);
  if (what == PS_LIBRARY_VERSION) return text_copy(library->version(), text, size);

  char path[1024];
  void *address;
  memcpy(&address, (char *)library->functions + library->symbols[0].offset, sizeof address);
  os_library_path(address, path, sizeof path);
  return text_copy(path, text, size);
}
