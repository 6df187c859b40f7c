/* What PortAudio is asked for, made from the configuration of a stream. */
#ifndef PS_PORTAUDIO_SETUP_H
#define PS_PORTAUDIO_SETUP_H

#include <stdint.h>

#include "device/portaudio/thread.h"

struct portaudio_side { /* input or output */
  int used;
  struct pa_stream_parameters parameters;
  union {
    struct pa_host_settings head;
    struct pa_asio_stream_info asio;
    struct pa_wasapi_stream_info wasapi;
    struct pa_mac_core_stream_info mac_core;
  } settings;
  int32_t *channel_map; /* of the settings */
};

struct portaudio_setup {
  struct portaudio_side sides[2]; /* input, output */
  double sample_rate;
  double second_sample_rate; /* tried if the first one is not supported; 0: none */
  unsigned long block_size;
  unsigned long flags;
};

/* Fills `setup` from a checked configuration: finds the devices, puts in defaults. */
int32_t portaudio_setup_init(struct portaudio_setup *setup, const struct portaudio_api *api, const double *config,
                             const double *list);
/* PS_OK, or the error of opening a device that a stream of this process holds (held.h). */
int32_t portaudio_setup_held(const struct portaudio_api *api, const double *config);
void portaudio_setup_free(struct portaudio_setup *setup);
/* Opens such a stream; returns a PaError. On PortAudio's thread. */
int portaudio_setup_open(struct portaudio_setup *setup, const struct portaudio_api *api, struct pa_stream **stream,
                         pa_stream_callback *callback, void *argument);

/* Whether a stream of this checked configuration could be opened, else the error of opening it. PORTAUDIO_HUNG if there
 * is no answer within `seconds`, as from a sound server that has stopped. */
#define CHECK_SECONDS 10.0
#define CHECK_IDLE 5.0 /* in which PortAudio's thread only waits (thread.h) */
int32_t portaudio_check(const double *config, const double *list, double seconds);

#endif
