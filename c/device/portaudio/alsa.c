#include "device/portaudio/alsa.h"

#include <stddef.h>
#include <string.h>

#include "os/os.h"

#if !defined(__linux__)
void portaudio_alsa_prepare(void) {}
#else

/* No plugin has this name, so that opening the device fails. */
#define STAND_IN "pcm.dmix { type pastream_none }\n"

struct alsa_config;
struct alsa_input;

struct alsa_functions {
  int (*update)(void);
  int (*search)(struct alsa_config *config, const char *key, struct alsa_config **found);
  int (*load)(struct alsa_config *config, struct alsa_input *input);
  int (*buffer_open)(struct alsa_input **input, const char *text, ptrdiff_t size);
  int (*input_close)(struct alsa_input *input);
  struct alsa_config **config; /* ALSA's variable, which PortAudio reads */
};

static const struct {
  const char *name;
  size_t offset;
} symbols[] = {
    {"snd_config_update", offsetof(struct alsa_functions, update)},
    {"snd_config_search", offsetof(struct alsa_functions, search)},
    {"snd_config_load", offsetof(struct alsa_functions, load)},
    {"snd_input_buffer_open", offsetof(struct alsa_functions, buffer_open)},
    {"snd_input_close", offsetof(struct alsa_functions, input_close)},
    {"snd_config", offsetof(struct alsa_functions, config)},
};

/* The library stays loaded, as it does for PortAudio. */
static int load_symbols(struct alsa_functions *alsa) {
  char reason[1];
  void *library = os_library_open("libasound.so.2", reason, sizeof reason);
  for (size_t i = 0; library && i < sizeof symbols / sizeof *symbols; i++) {
    void *symbol = os_library_symbol(library, symbols[i].name);
    if (!symbol) return 0;
    memcpy((char *)alsa + symbols[i].offset, &symbol, sizeof symbol);
  }
  return library != NULL;
}

void portaudio_alsa_prepare(void) {
  struct alsa_functions alsa;
  struct alsa_config *found;
  struct alsa_input *input;
  if (!load_symbols(&alsa) || alsa.update() < 0 || !*alsa.config) return;
  if (alsa.search(*alsa.config, "pcm.default", &found) >= 0 || alsa.search(*alsa.config, "pcm.dmix", &found) >= 0)
    return;
  if (alsa.buffer_open(&input, STAND_IN, sizeof STAND_IN - 1) < 0) return;
  alsa.load(*alsa.config, input);
  alsa.input_close(input);
}
#endif
