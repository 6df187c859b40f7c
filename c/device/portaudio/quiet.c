#include "device/portaudio/quiet.h"

#include <stddef.h>
#include <string.h>

#include "os/os.h"

#if defined(_WIN32)
void portaudio_quiet(void) {}
#else

typedef void alsa_handler(const char *file, int line, const char *function, int error, const char *format, ...);
typedef void jack_handler(const char *message);

static void ignore_alsa(const char *file, int line, const char *function, int error, const char *format, ...) {
  (void)file, (void)line, (void)function, (void)error, (void)format;
}

static void ignore_jack(const char *message) { (void)message; }

#if defined(__APPLE__)
#define JACK_LIBRARY "libjack.0.dylib"
#else
#define JACK_LIBRARY "libjack.so.0"
#endif

/* The function of a library that sets a handler, or NULL. PortAudio has loaded the library, or will. */
static void *setter(const char *library, const char *name) {
  char reason[1];
  void *loaded = os_library_open(library, reason, sizeof reason);
  return loaded ? os_library_symbol(loaded, name) : NULL;
}

void portaudio_quiet(void) {
  static const char *const jack_setters[] = {"jack_set_error_function", "jack_set_info_function"};
  if (os_debugging()) return;
  void *found = setter("libasound.so.2", "snd_lib_error_set_handler");
  int (*set_alsa)(alsa_handler *);
  if (found) {
    memcpy(&set_alsa, &found, sizeof found);
    set_alsa(ignore_alsa);
  }
  void (*set_jack)(jack_handler *);
  for (int i = 0; i < 2; i++) {
    found = setter(JACK_LIBRARY, jack_setters[i]);
    if (!found) continue;
    memcpy(&set_jack, &found, sizeof found);
    set_jack(ignore_jack);
  }
}
#endif
