/* A stream: configuration, the device under it, the engine in its callback, the threads of its files, and the control
 * thread that carries out commands and watches over the run. */
#ifndef PS_STREAM_STATE_H
#define PS_STREAM_STATE_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/waker.h"
#include "device/device.h"
#include "engine/engine.h"
#include "engine/heard.h"
#include "engine/meter.h"
#include "engine/timing.h"
#include "file/thread.h"
#include "os/os.h"
#include "pastream.h"
#include "stream/taps.h"

#define STREAM_TICKETS 64  /* results of the last commands that are kept */
#define STREAM_COMMANDS 32 /* commands that can wait */

/* The last callback. The callback makes `turn` odd while it writes. */
struct anchor {
  _Atomic uint32_t turn;
  _Atomic int64_t frame, frames;       /* frame count at its start, frames of its block */
  _Atomic double began, input, output; /* os_time(); stream times of its first input and output frame */
};
struct anchor_values {
  int64_t frame, frames;
  double began, input, output;
};

/* A channel map as it was set. */
struct stream_map {
  int32_t count; /* entries; 0: none was set */
  int32_t entries[CHANNELS_MAX];
};

/* What the control thread concludes from the heartbeats. */
struct silence {
  double looked;    /* os_time() of the last look, */
  double heartbeat; /* and what was seen then */
  double seconds;   /* without a callback, at the last look */
  double ask_at;    /* at this many seconds the device is asked whether it works */
};

/* reroute.c: following the default device in a run, where no server moves the stream. Control thread. */
struct following {
  int watching;             /* for notices, */
  int by_notice;            /* which the system gives */
  int32_t version, notices; /* of the lists and of the system, that have been considered */
  double looked;            /* os_time() of the last look that was asked for */
};

struct stream {
  struct object object; /* each call from outside writes it, so nothing stands beside it that the callback needs */

  /* Set by ps_stream_new, constant once the device is chosen, which is when it is opened. */
  double config[PS_CONFIG_SIZE];
  double *list; /* channel maps and faults, as config says */
  char texts[PS_TEXT_COUNT][DEVICE_LABEL_SIZE];

  struct device_host host;

  /* Set by the control thread when it opens the device, before the state becomes IDLE. */
  struct device device;
  double actual[PS_ACTUAL_SIZE]; /* as device.actual was then, */
  _Atomic double latencies[2];   /* and its latencies now. By direction, as the next three: */
  const struct device_ops *backends[2];
  int32_t first_devices[2];           /* to be added to a backend's numbers of devices */
  struct device_name device_names[2]; /* by which they are found again */
  int32_t list_version;               /* of the list that has the numbers of the devices in `actual` */

  /* As set for the next run, by the owner, while no run is active. */
  struct endpoint endpoints[2]; /* by direction: the sink of the input, the source of the output */
  struct stream_map maps[2];    /* by direction: the channel map that was set */
  struct tap taps[TAPS];
  struct object *left_file; /* the file that the writer has left, or is about to leave, for the sink's */
  double frames, pad, offset, lead;
  _Atomic double prebuffer; /* it may be set while the start waits for the source */
  int32_t run_flags;

  /* The run. */
  struct engine engine;
  struct meter meters[2]; /* input, output */
  struct timing timing;
  struct heard heard;          /* what of the source is heard when, */
  int64_t heard_most;          /* the most that a caller has been given, under the lock: it never decreases */
  struct ring *rings[2];       /* of its endpoints, by direction, in use by it, */
  struct adapter *adapters[2]; /* and what converts them; NULL where nothing is to be converted */
  struct file_reader *reader;  /* NULL without a file source */
  struct file_writer *writer;  /* NULL without a file sink */
  double expected;             /* callback only: os_time() at which the next callback is due; 0: not known */
  double period;               /* seconds of a frame: spares the callback a division */
  _Atomic double heartbeat;    /* os_time() of the last callback, or of another sign that the device works */
  struct silence silence;
  struct anchor anchor;    /* the last callback, as the base of estimates, */
  struct glitch_log leaps; /* and a correction to them: at a frame, seconds beyond what its number says */
  struct waits waits;      /* the threads that wait for it */

  /* Control thread. */
  struct os_thread thread;
  struct os_event wake;               /* posted by commands, by the completing callback and by failing file threads */
  struct os_mutex lock;               /* guards what follows; never taken by the callback */
  int32_t queue[STREAM_COMMANDS + 3]; /* commands: the one under way, those that wait, CLOSE and COMMAND_QUIT */
  int32_t queued;
  int32_t next_ticket, done_ticket; /* the queue has the tickets from done_ticket to before next_ticket */
  struct error results[STREAM_TICKETS];
  struct error failure; /* what ended the run; the first one wins */
  int has_device;       /* open, and to be asked; written by the control thread */
  double last_time;     /* the stream's clock when it was closed */
  struct following following;
  double switched_at;    /* frame at which the newest file of the recording begins; -1: not known yet */
  _Atomic int32_t state; /* PS_STATE_; set by the control thread only */
};

static inline struct stream *stream_of(struct device_host *host) {
  return (struct stream *)((char *)host - offsetof(struct stream, host));
}

/* The calling thread's error becomes what ends the run, unless one has before. Any thread but the callback. */
void stream_fail(struct stream *stream);

/* The functions of the device's host, which is a part of the stream. */
void stream_host_init(struct stream *stream);

/* silence.c, on the control thread: before a run; and whether the device has not called back for so long that it must
 * be lost. */
void stream_silence_reset(struct stream *stream);
int stream_silent(struct stream *stream);

/* query.c, control thread: a run ends, whose last frame will have been heard, or not. Keeps what was heard of it. */
void stream_note_heard(struct stream *stream, int all);
/* query.c, under the lock: frames of the source heard until now in a run that is on, which never goes back. */
int64_t stream_heard(struct stream *stream);

/* A consistent copy of the anchor. Any thread. */
struct anchor_values stream_anchor(struct stream *stream);
/* Before a run: forgets the last callback. */
void stream_callback_reset(struct stream *stream);
/* Before a run: what is counted and measured of one begins at 0. */
void stream_clear(struct stream *stream);

#define COMMAND_QUIT 0 /* close the stream and end its thread: the last command */

/* control.c: starts the control thread, which has a use of the stream until COMMAND_QUIT is carried out. */
int32_t stream_control_start(struct stream *stream);
/* Whether a stream that has been freed is still being closed by its thread. */
int stream_quits(void);
/* Hands a command over; returns its ticket. */
int32_t stream_command(struct stream *stream, int32_t command);
/* Whether a command waits or is under way that uses what is set for the next run, or any at all. Under the lock. */
int stream_is_changing(const struct stream *stream);
int stream_is_busy(const struct stream *stream);

/* query.c, under the lock: the ring of a sink (0: the run's own; else that of a tap) and the rate of its frames, NULL
 * where no more will come or a file's thread reads it; and the ring of the source, NULL where none is set. */
struct ring *stream_sink_ring(const struct stream *stream, int32_t sink, double *rate);
struct ring *stream_source_ring(const struct stream *stream);

/* stream.c: the stream for a call that sets something for the next run, with its lock taken. NULL with *status set
 * while a run is on, or a command under way that uses what is set. And the end of such a call. */
struct stream *stream_use_idle(int32_t handle, int32_t *status);
int32_t stream_done_idle(struct stream *stream, int32_t status);

/* The stream behind a handle, with a use that stream_done gives back. */
static inline struct stream *stream_use(int32_t handle) { return (struct stream *)handle_use(handle, HANDLE_STREAM); }
static inline int32_t stream_done(struct stream *stream, int32_t result) {
  object_release(&stream->object);
  return result;
}

static inline int32_t stream_state(const struct stream *stream) {
  return atomic_load_explicit(&stream->state, memory_order_acquire);
}

/* Whether the device is open, so that it can be asked something under the lock. */
static inline int stream_is_open(const struct stream *stream) {
  int32_t state = stream_state(stream);
  return state != PS_STATE_NEW && state != PS_STATE_CLOSING && state != PS_STATE_CLOSED;
}

/* Whether a run is on. */
static inline int stream_running(const struct stream *stream) {
  int32_t state = stream_state(stream);
  return state == PS_STATE_STARTING || state == PS_STATE_ACTIVE || state == PS_STATE_ENDING;
}

#endif
