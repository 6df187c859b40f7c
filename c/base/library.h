/* Libraries that are loaded at run time, each on first use, into a struct of function pointers:
 * device/portaudio/api.h and others. Nothing is linked, so whatever does not need them works without them. */
#ifndef PS_LIBRARY_H
#define PS_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#include "os/os.h"
#include "pastream.h"

struct library_symbol {
  const char *name;
  size_t offset; /* of the pointer in the struct of functions */
  int optional;  /* stays NULL where this build of the library lacks it */
};

struct library {
  const char *variable;     /* environment variable that names the file */
  const char *const *names; /* the system's, in order of trial; ends with NULL */
  const char *bundled;      /* the name of the bundle's file, which lies beside this library */
  int32_t missing;          /* status when it cannot be loaded */
  const struct library_symbol *symbols;
  size_t symbol_count;
  void *functions;                    /* the struct that is filled */
  const char *(*version)(void);       /* text; called only when loaded */
  struct os_mutex lock;               /* OS_MUTEX_INIT; for what follows */
  char *places[PS_ORIGIN_BUNDLE + 1]; /* by origin, as set by ps_library_place; else NULL */
  _Atomic int32_t loaded;             /* PS_ORIGIN_*, 0: not loaded */
};

/* Loads it unless it is loaded: from `path` or, if NULL or empty, from the place that was named, else from where the
 * environment says, else on Linux from the system and then from the bundle, on other systems from the bundle first.
 * Cheap when loaded. PS_OK, or `missing` with a line for each file tried. Any thread. */
int32_t library_load(struct library *library, const char *path);

/* Loads a copy of the file of a loaded library, as a library of its own: fills `functions`, a struct as the
 * library's, and `copy` for os_library_close. PS_OK, or `missing` with what went wrong. Any thread; reads and writes
 * files. */
int32_t library_copy(struct library *library, void *functions, void **copy);

extern struct library library_portaudio; /* device/portaudio/instance.c */
extern struct library library_sndfile;   /* file/sndfile/api.c */

#endif
