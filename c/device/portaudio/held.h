/* Devices that streams of this process hold. PortAudio lists devices of ALSA that it can open: an instance that starts
 * meanwhile lacks them, or a direction of them, though they are there. */
#ifndef PS_PORTAUDIO_HELD_H
#define PS_PORTAUDIO_HELD_H

#include "device/device.h"
#include "device/portaudio/api.h"

/* A device of an instance that a stream holds; part of the stream's device. */
struct portaudio_held {
  struct portaudio_held *next;
  const struct portaudio_api *api;
  int device;
  int lacked; /* a newer instance lacks it: it is worth another look once it is not held any more */
};

/* What an instance lacks, as it was listed when it was opened. */
struct portaudio_lacking {
  int number; /* of the instance's own, which has a direction less, or of those that come after these */
  int is_default[2];
  struct pa_device_info info; /* with the instance's number of the host API */
  char name[DEVICE_TEXT_SIZE];
  struct portaudio_lacking *next;
};

/* From a device's opening on, until its stream has been closed. Any thread. */
void portaudio_hold(struct portaudio_held *held, const struct portaudio_api *api, int device);
/* Also of one that never was held. */
void portaudio_unhold(struct portaudio_held *held);

/* What that instance, which has just started, lacks of what is held; NULL: nothing. The caller frees it. */
struct portaudio_lacking *portaudio_find_lacking(const struct portaudio_api *api);
void portaudio_free_lacking(struct portaudio_lacking *lacking);

#endif
