/* A device of PortAudio: what its calls and its callback share. */
#ifndef PS_PORTAUDIO_STATE_H
#define PS_PORTAUDIO_STATE_H

#include <stdatomic.h>

#include "device/device.h"
#include "device/portaudio/held.h"
#include "device/portaudio/setup.h"
#include "os/os.h"

struct portaudio_device {
  struct portaudio_call call;
  enum { CALL_OPEN, CALL_START, CALL_STOP, CALL_ABORT, CALL_CLOSE } what;
  _Atomic int32_t uses; /* its owner, and PortAudio's thread when it has a call of ours */
  int reopened;         /* with other latencies, which nobody has been told. Control thread only, as the next five */
  int revivals;         /* one after the other */
  double revived_at;    /* os_time() of the last one */
  int hung;             /* it was left to PortAudio's thread */
  int mute;             /* the server behind it has not answered */
  int lost;
  const struct portaudio_api *api;
  struct device_host *host;
  struct portaudio_setup setup;
  struct portaudio_held held[2]; /* by direction */
  int32_t output_format;
  double latency;       /* of the output, seconds; control thread, except while no callback runs */
  struct os_mutex lock; /* for the next two */
  struct pa_stream *open;
  double last_time;            /* that device_time has returned */
  _Atomic double clock_offset; /* the stream's clock minus os_time() */

  /* Callbacks. */
  _Atomic int32_t gate;      /* 1: they go through to the host */
  _Atomic int32_t inside;    /* one is on its way */
  _Atomic int32_t completed; /* the host has returned something else than CALLBACK_CONTINUE */
  _Atomic double called;     /* os_time() at which the last call of the host had its frames: its last one is over */
  _Atomic double heard_at;   /* os_time() at which all that was played should be heard, from then on */
  double silence;            /* seconds that still have to follow it. Callbacks only, as the next */
  int revived;               /* it has been opened again since the last call of the host */
  double lead_in;            /* seconds of silence before the host is called for the first time */
  int plays_out;             /* what is in the host API's buffer when the callback completes is not dropped */
};

/* The callback that PortAudio calls; the argument is the device. */
int portaudio_callback(const void *input, void *output, unsigned long frames, const struct pa_callback_time_info *info,
                       unsigned long flags, void *argument);

#endif
