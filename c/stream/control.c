/* The control thread of a stream: it carries out commands, so that no caller waits for a device or a file, and watches
 * over the run: its end, its errors, and a device that has stopped calling back. */
#include <string.h>

#include "stream/device.h"
#include "stream/endpoints.h"
#include "stream/run.h"

#define WATCH_INTERVAL 0.1 /* seconds between two looks at a run */
#define TAP_INTERVAL 0.002 /* the same while the callback is to let go of a tap */
#define HURRY_STOP 1.0     /* seconds that a pipe may take nothing once a stop waits, */
#define HURRY_ABORT 0.2    /* or an abort */

/* ----------------------------------------------------------------- commands */

static int32_t command_open(struct stream *stream) {
  if (stream_state(stream) != PS_STATE_NEW) return error_set(PS_ERR_STATE, 0, "the stream was opened before");
  int32_t status = stream_open_device(stream);
  if (status < 0) return status;
  int32_t channels[2], formats[2];
  for (int i = 0; i < 2; i++) {
    channels[i] = device_channels(&stream->device, i);
    formats[i] = device_format(&stream->device, i);
    int metered = stream->config[PS_CONFIG_METERS] != 0;
    if (status >= 0) status = meter_init(&stream->meters[i], metered ? channels[i] : 0, formats[i]);
  }
  if (status < 0) {
    stream->device.ops->close(&stream->device);
    return status;
  }
  engine_set_formats(&stream->engine, channels[DEVICE_INPUT], formats[DEVICE_INPUT], channels[DEVICE_OUTPUT],
                     formats[DEVICE_OUTPUT]);
  stream_set_state(stream, PS_STATE_IDLE);
  return PS_OK;
}

static int32_t command_start(struct stream *stream) {
  if (!stream_is_open(stream)) return error_set(PS_ERR_STATE, 0, "the stream is not open");
  if (stream_running(stream)) return error_set(PS_ERR_ACTIVE, 0, "the stream is running");
  if (!stream->has_device) return error_set(PS_ERR_DEVICE_LOST, 0, "the device was lost before: close the stream");
  return run_start(stream);
}

static int32_t command_end(struct stream *stream, int32_t final) {
  if (stream_running(stream)) run_end(stream, final);
  return PS_OK;
}

static int32_t command_close(struct stream *stream) {
  command_end(stream, PS_STATE_ABORTED);
  os_mutex_lock(&stream->lock);
  int open = stream_is_open(stream) && stream->has_device;
  if (open) stream->last_time = stream->device.ops->time(&stream->device);
  stream->has_device = 0;
  stream_set_state(stream, PS_STATE_CLOSING);
  os_mutex_unlock(&stream->lock);
  if (open) stream->device.ops->close(&stream->device);
  os_mutex_lock(&stream->lock);
  stream_drop_endpoints(stream);
  taps_drop(stream);
  stream_set_state(stream, PS_STATE_CLOSED);
  os_mutex_unlock(&stream->lock);
  return PS_OK;
}

static int32_t carry_out(struct stream *stream, int32_t command) {
  switch (command) {
    case PS_COMMAND_OPEN: return command_open(stream);
    case PS_COMMAND_START: return command_start(stream);
    case PS_COMMAND_STOP: return command_end(stream, PS_STATE_STOPPED);
    case PS_COMMAND_ABORT: return command_end(stream, PS_STATE_ABORTED);
    default: return command_close(stream);
  }
}

/* -------------------------------------------------------------------- queue */

/* Streams that have been freed and whose threads have not ended. */
static _Atomic int32_t quitting;

int stream_quits(void) { return atomic_load(&quitting) > 0; }

int stream_is_busy(const struct stream *stream) { return stream->queued > 0; }

int stream_is_changing(const struct stream *stream) {
  int found = 0;
  for (int32_t i = 0; i < stream->queued; i++)
    found |= stream->queue[i] == PS_COMMAND_START || stream->queue[i] == PS_COMMAND_CLOSE ||
             stream->queue[i] == COMMAND_QUIT;
  return found;
}

/* The control thread may be busy ending the run, with a device that plays out, or a pipe that takes nothing; or it
 * may be about to. Under the lock. */
static void hurry(struct stream *stream, int32_t command) {
  int aborts = command == PS_COMMAND_ABORT || command == PS_COMMAND_CLOSE || command == COMMAND_QUIT;
  if (aborts) atomic_store(&stream->host.aborting, 1);
  if (stream->writer && (aborts || command == PS_COMMAND_STOP))
    file_writer_hurry(stream->writer, aborts ? HURRY_ABORT : HURRY_STOP);
  if (aborts || command == PS_COMMAND_STOP) taps_hurry(stream, aborts ? HURRY_ABORT : HURRY_STOP);
}

/* Under the lock. */
static int32_t enqueue(struct stream *stream, int32_t command) {
  if (stream->queued > 0 && stream->queue[stream->queued - 1] == COMMAND_QUIT)
    return error_set(PS_ERR_HANDLE, 0, NULL); /* freed by another thread, during this call */
  /* There is always room for one CLOSE more, and for COMMAND_QUIT. */
  int32_t room = STREAM_COMMANDS + (command == COMMAND_QUIT ? 3 : command == PS_COMMAND_CLOSE ? 2 : 1);
  if (stream->queued >= room) return error_set(PS_ERR_BUSY, 0, "%d commands are waiting already", STREAM_COMMANDS);
  hurry(stream, command);
  if (command == COMMAND_QUIT) atomic_fetch_add(&quitting, 1);
  stream->queue[stream->queued++] = command;
  return stream->next_ticket++;
}

int32_t stream_command(struct stream *stream, int32_t command) {
  os_mutex_lock(&stream->lock);
  int32_t ticket = enqueue(stream, command);
  os_mutex_unlock(&stream->lock);
  if (ticket >= 0) os_event_post(&stream->wake);
  return ticket;
}

/* ------------------------------------------------------------------- thread */

/* The next command, which stays in the queue until it has ended. 0 if there is none. */
static int next_command(struct stream *stream, int32_t *command) {
  os_mutex_lock(&stream->lock);
  int found = stream->queued > 0;
  if (found) *command = stream->queue[0];
  os_mutex_unlock(&stream->lock);
  return found;
}

/* The thread's error is the command's, if it has failed. */
static void end_command(struct stream *stream, int32_t status) {
  os_mutex_lock(&stream->lock);
  struct error *result = &stream->results[stream->done_ticket++ % STREAM_TICKETS];
  error_save(result);
  result->status = status;
  stream->queued--;
  memmove(stream->queue, stream->queue + 1, (size_t)stream->queued * sizeof stream->queue[0]);
  os_mutex_unlock(&stream->lock);
}

static void control_thread(void *argument) {
  struct stream *stream = argument;
  int32_t command = PS_COMMAND_OPEN;
  while (command != COMMAND_QUIT) {
    double interval = taps_tend(stream) ? TAP_INTERVAL : WATCH_INTERVAL;
    os_event_wait(&stream->wake, stream_state(stream) == PS_STATE_ACTIVE ? interval : -1);
    int32_t before = stream_state(stream);
    if (before == PS_STATE_ACTIVE) run_watch(stream);
    if (stream_state(stream) != before) waits_changed(&stream->waits);
    while (command != COMMAND_QUIT && next_command(stream, &command)) {
      error_set(PS_OK, 0, NULL);
      end_command(stream, carry_out(stream, command));
      waits_changed(&stream->waits);
    }
  }
  waits_end(&stream->waits);
  object_release(&stream->object);
  atomic_fetch_sub(&quitting, 1);
}

/* A forked child does not have these threads. */
static void forget(void) { atomic_store(&quitting, 0); }

int32_t stream_control_start(struct stream *stream) {
  static _Atomic int32_t watches_forks;
  if (!atomic_exchange(&watches_forks, 1)) os_in_forked_child(forget);
  object_use(&stream->object);
  if (!os_thread_start(&stream->thread, "ps-control", OS_THREAD_NORMAL, control_thread, stream)) {
    os_thread_detach(&stream->thread);
    return PS_OK;
  }
  object_release(&stream->object);
  return error_set(PS_ERR_THREAD, 0, "cannot create a thread for the stream");
}
