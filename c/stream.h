/* A stream: configuration, the device under it, the engine in its callback, the threads of its files, and the control
 * thread that carries out commands and watches over the run. */
#ifndef PS_STREAM_H
#define PS_STREAM_H

#include <stdatomic.h>

#include "device.h"
#include "engine.h"
#include "error.h"
#include "file_thread.h"
#include "handle.h"
#include "meter.h"
#include "os.h"
#include "pastream.h"
#include "timing.h"

#define STREAM_TICKETS 64 /* results of the last commands that are kept */
#define STREAM_COMMANDS 32 /* commands that can wait */

struct side { /* source or sink, as set */
  int32_t kind; /* PS_SIDE_ */
  int32_t flags;
  int32_t buffer_frames;
  struct object *object; /* ring or file, in use by this stream; NULL for none */
};

struct stream {
  struct object object;

  /* Set by ps_stream_new, constant afterwards. */
  double config[PS_CONFIG_SIZE];
  double *list; /* channel maps and faults, as config says */
  int32_t list_size;
  const struct device_ops *device;

  /* Set by the device's open, on the control thread, before the state becomes IDLE. */
  double actual[PS_ACTUAL_SIZE];
  void *device_state;

  /* As set for the next run, by the owner, while no run is active. */
  struct side source, sink;
  double frames, pad, offset, prebuffer;
  int32_t run_flags;

  /* The run. */
  struct engine engine;
  struct meter meters[2]; /* input, output */
  struct timing timing;
  struct file_reader *reader; /* NULL without a file source */
  struct file_writer *writer; /* NULL without a file sink */
  _Atomic double heartbeat;   /* os_time() of the last sign of life of the device */
  _Atomic int32_t halted;     /* the callback is to complete without doing anything more */
  double expected;            /* callback only: os_time() at which the next callback is due; 0: no telling */

  /* Control thread. */
  struct os_thread thread;
  struct os_event wake; /* posted by commands, by the completing callback and by failing file threads */
  struct os_mutex lock; /* for what follows; never taken by the callback */
  struct { int32_t command, ticket; } queue[STREAM_COMMANDS];
  int32_t queued, next_ticket, done_ticket;
  struct error results[STREAM_TICKETS];
  struct error failure; /* what ended the run; the first one wins */
  _Atomic int32_t failed;
  _Atomic int32_t stop_asked; /* STOP, ABORT or CLOSE came while a start was waiting */
  _Atomic int32_t state;
};

/* The calling thread's error becomes what ends the run, unless one has before. Any thread but the callback. */
void stream_fail(struct stream *stream);

/* Channels, formats and frame sizes, side 0 input, 1 output; after the device's open. */
int32_t stream_channels(const struct stream *stream, int side);
int32_t stream_format(const struct stream *stream, int side);

#endif
