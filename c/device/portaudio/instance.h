/* PortAudio, loaded and initialized. Its lists never change after that, so looking again takes a second instance of
 * it: a copy of its library's file, which the system loads as a library of its own. Open streams go on with the
 * instance that opened them; each but the newest ends with its last use. */
#ifndef PS_PORTAUDIO_INSTANCE_H
#define PS_PORTAUDIO_INSTANCE_H

#include "device/portaudio/api.h"
#include "device/portaudio/held.h"

/* The functions of the newest instance, which this loads and initializes if need be, with a use of it. Those that only
 * look at devices may be called on any thread. Any thread; may block. */
int32_t portaudio_use(const struct portaudio_api **api);
/* What that instance lacks of the devices that streams of this process hold, as long as it is used. */
const struct portaudio_lacking *portaudio_lacks(const struct portaudio_api *api);
/* Gives a use back. */
void portaudio_leave(const struct portaudio_api *api);
/* Looks again which devices there are. PS_OK also without PortAudio. Any thread, one at a time; blocks. */
int32_t portaudio_refresh(void);

/* Sets the thread's error from the PaError of what was being done, and returns its status. On PortAudio's thread. */
int32_t portaudio_error(const struct portaudio_api *api, int pa_error, const char *doing);

#endif
