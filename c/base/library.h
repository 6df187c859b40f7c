/* Libraries that are loaded at run time, each on first use, into a struct of function pointers: portaudio_api.h and
 * sndfile_api.h. Nothing is linked, so whatever does not need them works without them. */
#ifndef PS_LIBRARY_H
#define PS_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#include "os/os.h"

struct library_symbol {
  const char *name;
  size_t offset; /* of the pointer in the struct of functions */
  int optional;  /* stays NULL where this build of the library lacks it */
};

struct library {
  const char *variable;     /* environment variable that names the file */
  const char *const *names; /* else these are tried in order; ends with NULL */
  int32_t missing;          /* status when it cannot be loaded */
  const struct library_symbol *symbols;
  size_t symbol_count;
  void *functions;              /* the struct that is filled */
  const char *(*version)(void); /* text; called only when loaded */
  struct os_mutex lock;         /* OS_MUTEX_INIT */
  _Atomic int32_t loaded;
};

/* Loads it unless it is loaded: from `path` or, if NULL or empty, from where the environment says, else by its usual
 * names. Cheap when loaded. PS_OK, or `missing` with a line for each thing tried. Any thread. */
int32_t library_load(struct library *library, const char *path);

extern struct library library_portaudio; /* device/portaudio/thread.c */
extern struct library library_sndfile;   /* file/sndfile/api.c */

#endif
