/* PortAudio, loaded and running. It is not thread safe, some of its host APIs want all calls on the thread that
 * initialized it (COM on Windows, the error texts of JACK), and with a dead or stopped sound server a call may take
 * minutes, or for ever. So calls are made one after the other on a thread of PortAudio's own, and each has a time
 * limit. A thread that hangs in a call is left to itself, and another takes its place. A call that waits in vain can be
 * told from one that a busy machine is slow to carry out: its thread does not run at all. */
#ifndef PS_PORTAUDIO_THREAD_H
#define PS_PORTAUDIO_THREAD_H

#include <stdint.h>

#include "base/error.h"
#include "device/portaudio/api.h"
#include "os/os.h"

/* One call, as the first member of memory from the heap that holds what the call needs. */
struct portaudio_call {
  /* Carries it out on PortAudio's thread; returns PS_OK or a status with the thread's error set. */
  int32_t (*run)(struct portaudio_call *call);
  /* Takes over the memory, on that thread, of a call that no thread waits for when it ends. */
  void (*late)(struct portaudio_call *call);
  double limit; /* seconds that it may take once it has begun */
  double idle;  /* seconds for which its thread may not run meanwhile, where the system tells that; 0: no limit */

  /* The rest is for portaudio_thread.c. */
  struct portaudio_call *next;
  struct os_event news; /* it has begun, or ended */
  struct error error;
  double deadline;
  int stage, owned;
};

/* Makes the call, and returns what `run` has, with the error now the calling thread's; or returns
 * PORTAUDIO_HUNG, with an error set, when it took too long: then the memory is not the caller's any more. */
#define PORTAUDIO_HUNG INT32_MIN
int32_t portaudio_call(struct portaudio_call *call);
/* Has the call made when its turn comes, without waiting for it; `late` follows. */
void portaudio_post(struct portaudio_call *call);

#endif
