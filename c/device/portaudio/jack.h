/* What PortAudio does not do right with a JACK server is put right by a client of our own, which is there for
 * milliseconds. On PortAudio's thread; nothing happens where there is no JACK. */
#ifndef PS_PORTAUDIO_JACK_H
#define PS_PORTAUDIO_JACK_H

#include "device/portaudio/api.h"

/* PortAudio takes names of JACK's clients for regular expressions, so that clients with certain characters in their
 * names have no channels. In an instance that has just been initialized, such devices get theirs, and names that match
 * as expressions; and devices without a latency get the server's period. */
void portaudio_jack_name(const struct portaudio_api *api);
/* Copies the name of a device as its client has it, which may have been changed by the above. Any thread. */
void portaudio_jack_copy_name(const struct pa_device_info *info, char *name, int32_t size);
#define JACK_NAME_SIZE 64 /* of a client, in JACK's own library */

/* Names the client of an instance that is to be initialized. */
void portaudio_jack_set_client(const struct portaudio_api *api);
/* Copies what the client of an instance that has just been initialized is called; empty where there is none. */
void portaudio_jack_client(const struct portaudio_api *api, char *name);
/* Whether a client of that name has gone with its server: JACK's library crashes when it is asked for anything, or
 * closed. */
int portaudio_jack_is_gone(const char *name);

#endif
