/* The control thread of a stream: it carries out commands, so that no caller waits for a device or a file, and watches
 * over the run: its end, its errors, and a device that gives no sign of life. */
#include <stdlib.h>
#include <string.h>

#include "device/devices.h"
#include "stream/state.h"

#define WATCH_INTERVAL 0.1     /* seconds between two looks at a run */
#define PREBUFFER_POLL 0.001   /* seconds between two looks at a source being read ahead */
#define RING_FRAMES 65536      /* between file and callback, unless asked for otherwise */
#define PATIENCE_COMPLETED 1e9 /* seconds that a pipe may take nothing when a run ends by itself, */
#define PATIENCE_STOPPED 1.0   /* by stop, */
#define PATIENCE_ABORTED 0.2   /* by abort or an error */

static int32_t get_state(struct stream *stream) { return atomic_load_explicit(&stream->state, memory_order_acquire); }

static void set_state(struct stream *stream, int32_t state) {
  atomic_store_explicit(&stream->state, state, memory_order_release);
}

void stream_fail(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  if (!atomic_load(&stream->failed)) {
    error_save(&stream->failure);
    atomic_store(&stream->failed, 1);
  }
  os_mutex_unlock(&stream->lock);
  os_event_post(&stream->wake);
}

static void forget_failure(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  atomic_store(&stream->failed, 0);
  stream->failure.status = PS_OK;
  os_mutex_unlock(&stream->lock);
}

static void file_thread_failed(void *argument) { stream_fail(argument); }

/* ------------------------------------------------------------ the run's ends */

/* Which sides of a ring a side of the run works: that of the callback, and for a file the other one as well. */
static int reads_ring(const struct endpoint *set, int is_sink) { return !is_sink || set->kind == PS_ENDPOINT_FILE; }
static int writes_ring(const struct endpoint *set, int is_sink) { return is_sink || set->kind == PS_ENDPOINT_FILE; }

/* Claims them; 0 if another running stream has one of them. */
static int claim_ring(struct ring *ring, const struct endpoint *set, int is_sink) {
  int reads = reads_ring(set, is_sink), writes = writes_ring(set, is_sink);
  if (reads && atomic_exchange(&ring->reader_streams, 1)) return 0;
  if (!writes || !atomic_exchange(&ring->writer_streams, 1)) return 1;
  if (reads) atomic_store(&ring->reader_streams, 0);
  return 0;
}

/* Lets go of what one side (0 source, 1 sink) of the run uses. */
static void let_go(struct stream *stream, int side) {
  const struct endpoint *set = side ? &stream->sink : &stream->source;
  struct ring *ring = stream->rings[side];
  if (!ring) return;
  if (set->kind == PS_ENDPOINT_FILE) file_give_back((struct file *)set->object);
  if (reads_ring(set, side)) atomic_store(&ring->reader_streams, 0);
  if (writes_ring(set, side)) atomic_store(&ring->writer_streams, 0);
  object_release(&ring->object);
  stream->rings[side] = NULL;
}

/* Ends the file threads, whatever they are at. What kept frames from being written ends the run with an error. */
static void end_files(struct stream *stream, double patience) {
  os_mutex_lock(&stream->lock); /* a caller may be asking the reader or the writer something */
  struct file_reader *reader = stream->reader;
  stream->reader = NULL;
  os_mutex_unlock(&stream->lock);
  if (reader) file_reader_stop(reader);
  if (stream->writer) {
    if (file_writer_finish(stream->writer, patience) < 0) stream_fail(stream);
    os_mutex_lock(&stream->lock);
    struct file_writer *writer = stream->writer;
    stream->switched_at = (double)file_writer_switched_at(writer);
    stream->writer = NULL;
    os_mutex_unlock(&stream->lock);
    file_writer_free(writer);
  }
  let_go(stream, 0);
  let_go(stream, 1);
}

/* Ends the run: device, then files. `final` is the state unless an error ends it. */
static void end_run(struct stream *stream, int32_t final) {
  set_state(stream, PS_STATE_ENDING);
  atomic_store_explicit(&stream->host.halted, 1, memory_order_release);
  int failed = atomic_load(&stream->failed);
  int play_out = !failed && final != PS_STATE_ABORTED;
  int32_t status = play_out ? stream->device.ops->stop(&stream->device) : stream->device.ops->abort(&stream->device);
  if (status < 0 && play_out) {
    stream_fail(stream);
    stream->device.ops->abort(&stream->device);
  }
  if (atomic_load(&stream->host.aborting)) final = PS_STATE_ABORTED; /* meanwhile */
  double patience = failed || final == PS_STATE_ABORTED ? PATIENCE_ABORTED
                    : final == PS_STATE_STOPPED         ? PATIENCE_STOPPED
                                                        : PATIENCE_COMPLETED;
  end_files(stream, patience);
  set_state(stream, atomic_load(&stream->failed) ? PS_STATE_ABORTED : final);
}

/* ----------------------------------------------------------------- starting */

/* Whether a command that would end the run is waiting. */
static int stop_waits(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  int found = stream->quit;
  for (int32_t i = 0; i < stream->queued; i++) {
    int32_t command = stream->queue[i].command;
    found |= command != PS_COMMAND_OPEN && command != PS_COMMAND_START;
  }
  os_mutex_unlock(&stream->lock);
  return found;
}

static size_t frame_bytes(const struct stream *stream, int side) {
  return side ? stream->engine.input.frame_bytes : stream->engine.output.frame_bytes;
}

/* The ring of one side, with a use added: the caller's, or for a file one of our own if none was given. */
static struct ring *use_endpoint_ring(struct stream *stream, const struct endpoint *set, int side) {
  struct object *object = set->kind == PS_ENDPOINT_FILE ? set->between : set->object;
  if (!object) return ring_create(frame_bytes(stream, side), RING_FRAMES);
  object_use(object);
  return (struct ring *)object;
}

static int32_t take_ring(struct stream *stream, const struct endpoint *set, int side) {
  struct ring *ring = use_endpoint_ring(stream, set, side);
  if (!ring) return error_set(PS_ERR_MEMORY, 0, "no memory for a ring of %d frames", RING_FRAMES);
  if (!claim_ring(ring, set, side)) {
    object_release(&ring->object);
    return error_set(PS_ERR_BUSY, 0, "another running stream uses this ring");
  }
  if (set->kind == PS_ENDPOINT_FILE) ring_flush(ring);
  stream->rings[side] = ring;
  return PS_OK;
}

/* Takes what one side of the run uses. */
static int32_t take_endpoint(struct stream *stream, int side) {
  const struct endpoint *set = side ? &stream->sink : &stream->source;
  if (set->kind == PS_ENDPOINT_NONE) return PS_OK;
  int32_t status = set->kind == PS_ENDPOINT_FILE ? file_take((struct file *)set->object) : PS_OK;
  if (status < 0) return status;
  status = take_ring(stream, set, side);
  if (status < 0 && set->kind == PS_ENDPOINT_FILE) file_give_back((struct file *)set->object);
  return status;
}

static int32_t start_files(struct stream *stream) {
  struct file_thread_options options = {
      .sample_rate = stream->actual[PS_ACTUAL_SAMPLE_RATE],
      .limit = stream->frames < 0 ? -1 : (int64_t)stream->frames,
      .failed = file_thread_failed,
      .argument = stream,
  };
  if (stream->source.kind == PS_ENDPOINT_FILE) {
    options.format = device_format(&stream->device, 1);
    options.loop = (stream->source.flags & PS_SOURCE_LOOP) != 0;
    stream->reader = file_reader_start((struct file *)stream->source.object, stream->rings[0], &options);
    if (!stream->reader) return PS_ERR_THREAD;
  }
  if (stream->sink.kind == PS_ENDPOINT_FILE) {
    options.format = device_format(&stream->device, 0);
    options.limit = -1;
    struct file_writer *writer = file_writer_start((struct file *)stream->sink.object, stream->rings[1], &options);
    if (!writer) return PS_ERR_THREAD;
    os_mutex_lock(&stream->lock);
    stream->writer = writer;
    stream->switched_at = -1;
    os_mutex_unlock(&stream->lock);
  }
  return PS_OK;
}

/* Waits until the source is read ahead; a stop that comes meanwhile ends the wait. */
static void wait_prebuffer(struct stream *stream) {
  struct ring *ring = stream->rings[0];
  if (!ring || (stream->source.kind == PS_ENDPOINT_RING && stream->source.flags & PS_SOURCE_COMPLETE)) return;
  double wanted = stream->prebuffer >= 0 ? stream->prebuffer : stream->reader ? (double)(ring->size / 2) : 0;
  if (wanted > (double)ring->size) wanted = (double)ring->size;
  while (!ring_ended(ring) && (double)ring_read_available(ring) < wanted && !atomic_load(&stream->failed) &&
         !stop_waits(stream)) {
    if (stream->reader) file_reader_wake(stream->reader);
    os_event_wait(&stream->wake, PREBUFFER_POLL);
  }
}

void stream_clear(struct stream *stream) {
  engine_clear(&stream->engine);
  meter_reset(&stream->meters[0]);
  meter_reset(&stream->meters[1]);
  timing_reset(&stream->timing);
  stream_callback_reset(stream);
}

static int32_t start_run(struct stream *stream) {
  for (int side = 0; side < 2; side++) {
    int32_t status = take_endpoint(stream, side);
    if (status < 0) return status;
  }
  struct engine_run run = {
      .frames = (int64_t)stream->frames,
      .pad = (int64_t)stream->pad,
      .offset = (int64_t)stream->offset,
      .source = stream->rings[0],
      .source_file = stream->source.kind == PS_ENDPOINT_FILE,
      .source_loop = stream->source.kind == PS_ENDPOINT_RING && (stream->source.flags & PS_SOURCE_LOOP),
      .source_complete = stream->source.kind == PS_ENDPOINT_RING && (stream->source.flags & PS_SOURCE_COMPLETE),
      .sink = stream->rings[1],
      .sink_drop = (stream->sink.flags & PS_SINK_DROP) != 0,
      .sink_memory = (stream->sink.flags & PS_SINK_MEMORY) != 0,
      .fatal_xruns = (stream->run_flags & PS_RUN_FATAL_XRUNS) != 0,
  };
  stream_clear(stream);
  engine_start(&stream->engine, &run);
  int32_t status = start_files(stream);
  if (status < 0) return status;
  wait_prebuffer(stream);
  if (atomic_load(&stream->failed)) return error_raise(&stream->failure);
  if (stop_waits(stream)) return PS_OK; /* that command ends the run before it has begun */
  atomic_store_explicit(&stream->host.halted, 0, memory_order_release);
  stream_silence_reset(stream);
  return stream->device.ops->start(&stream->device);
}

static int32_t command_start(struct stream *stream) {
  int32_t before = get_state(stream);
  if (before == PS_STATE_NEW || before == PS_STATE_CLOSED) return error_set(PS_ERR_STATE, 0, "the stream is not open");
  if (stream_running(stream)) return error_set(PS_ERR_ACTIVE, 0, "the stream is running");
  atomic_store(&stream->host.aborting, 0);
  atomic_store(&stream->engine.draining, 0); /* before it starts: from then on somebody may want it drained */
  set_state(stream, PS_STATE_STARTING);
  forget_failure(stream);
  int32_t status = start_run(stream);
  if (status >= 0) {
    set_state(stream, PS_STATE_ACTIVE);
    return PS_OK;
  }
  struct error error;
  error_save(&error);
  error.status = status;
  end_files(stream, PATIENCE_ABORTED);
  forget_failure(stream); /* whoever started it is told: nothing has run that could have failed */
  set_state(stream, before);
  return error_raise(&error);
}

/* ----------------------------------------------------------- other commands */

static int32_t open_device(struct stream *stream) {
  struct device *device = &stream->device;
  int32_t first[2], status = device_choose(stream->config, &device->ops, first);
  if (status < 0) return status;
  *device = (struct device){.ops = device->ops, .host = &stream->host, .config = stream->config, .list = stream->list};
  status = device->ops->open(device);
  if (status < 0) return status;
  memcpy(stream->actual, device->actual, sizeof stream->actual);
  for (int i = 0; i < 2; i++)
    if (stream->actual[PS_ACTUAL_INPUT_DEVICE + i] != PS_DEVICE_NONE)
      stream->actual[PS_ACTUAL_INPUT_DEVICE + i] += first[i];
  return PS_OK;
}

static int32_t command_open(struct stream *stream) {
  if (get_state(stream) != PS_STATE_NEW) return error_set(PS_ERR_STATE, 0, "the stream was opened before");
  int32_t status = open_device(stream);
  if (status < 0) return status;
  int32_t channels[2], formats[2];
  for (int side = 0; side < 2; side++) {
    channels[side] = device_channels(&stream->device, side);
    formats[side] = device_format(&stream->device, side);
    int metered = stream->config[PS_CONFIG_METERS] != 0;
    if (status >= 0) status = meter_init(&stream->meters[side], metered ? channels[side] : 0, formats[side]);
  }
  if (status < 0) {
    stream->device.ops->close(&stream->device);
    return status;
  }
  engine_init(&stream->engine, channels[0], formats[0], channels[1], formats[1]);
  os_mutex_lock(&stream->lock);
  stream->device_open = 1;
  os_mutex_unlock(&stream->lock);
  set_state(stream, PS_STATE_IDLE);
  return PS_OK;
}

static int32_t command_close(struct stream *stream) {
  if (stream_running(stream)) end_run(stream, PS_STATE_ABORTED);
  os_mutex_lock(&stream->lock);
  int open = stream->device_open;
  if (open) stream->last_time = stream->device.ops->time(&stream->device);
  stream->device_open = 0;
  os_mutex_unlock(&stream->lock);
  if (open) stream->device.ops->close(&stream->device);
  os_mutex_lock(&stream->lock);
  stream_set_endpoint(stream, &stream->source, (struct endpoint){0});
  stream_set_endpoint(stream, &stream->sink, (struct endpoint){0});
  set_state(stream, PS_STATE_CLOSED);
  os_mutex_unlock(&stream->lock);
  return PS_OK;
}

static int32_t carry_out(struct stream *stream, int32_t command) {
  switch (command) {
    case PS_COMMAND_OPEN: return command_open(stream);
    case PS_COMMAND_START: return command_start(stream);
    case PS_COMMAND_STOP:
    case PS_COMMAND_ABORT:
      if (stream_running(stream)) end_run(stream, command == PS_COMMAND_STOP ? PS_STATE_STOPPED : PS_STATE_ABORTED);
      return PS_OK;
    default: return command_close(stream);
  }
}

/* ------------------------------------------------------------------- thread */

static void lose_device(struct stream *stream, const char *how) {
  error_set(PS_ERR_DEVICE_LOST, 0, "%s", how);
  stream_fail(stream);
}

/* One look at a run. */
static void watch(struct stream *stream) {
  int active =
      stream->device.ops->active(&stream->device); /* before `ended`: a device stops because the run has ended */
  if (atomic_load_explicit(&stream->engine.ended, memory_order_acquire)) {
    int32_t outcome = atomic_load_explicit(&stream->engine.outcome, memory_order_relaxed);
    if (outcome < 0) {
      error_set(outcome, 0, NULL);
      stream_fail(stream);
    }
  } else if (!active) {
    lose_device(stream, "the device stopped by itself");
  } else if (stream_silent(stream)) {
    lose_device(stream, "the device has stopped asking for data");
  } else if (!atomic_load(&stream->failed)) {
    return;
  }
  end_run(stream, PS_STATE_COMPLETED);
}

static int changes_run(int32_t command) { return command == PS_COMMAND_START || command == PS_COMMAND_CLOSE; }

static int take_command(struct stream *stream, int32_t *command, int32_t *ticket) {
  os_mutex_lock(&stream->lock);
  int found = stream->queued > 0;
  if (found) {
    *command = stream->queue[0].command;
    *ticket = stream->queue[0].ticket;
    stream->queued--;
    memmove(stream->queue, stream->queue + 1, (size_t)stream->queued * sizeof stream->queue[0]);
  }
  os_mutex_unlock(&stream->lock);
  return found;
}

static void control_thread(void *argument) {
  struct stream *stream = argument;
  for (int quit = 0; !quit;) {
    int32_t command, ticket;
    os_event_wait(&stream->wake, get_state(stream) == PS_STATE_ACTIVE ? WATCH_INTERVAL : -1);
    if (get_state(stream) == PS_STATE_ACTIVE) watch(stream);
    while (take_command(stream, &command, &ticket)) {
      error_set(PS_OK, 0, NULL);
      int32_t status = carry_out(stream, command);
      os_mutex_lock(&stream->lock);
      struct error *result = &stream->results[ticket % STREAM_TICKETS];
      error_save(result);
      result->status = status;
      stream->done_ticket = ticket + 1;
      stream->changing -= changes_run(command);
      os_mutex_unlock(&stream->lock);
    }
    os_mutex_lock(&stream->lock);
    quit = stream->quit && !stream->queued;
    os_mutex_unlock(&stream->lock);
  }
  command_close(stream);
  object_release(&stream->object);
}

int32_t stream_control_start(struct stream *stream) {
  object_use(&stream->object);
  if (!os_thread_start(&stream->thread, "ps-control", OS_THREAD_NORMAL, control_thread, stream)) {
    os_thread_detach(&stream->thread);
    return PS_OK;
  }
  object_release(&stream->object);
  return error_set(PS_ERR_THREAD, 0, "the system refused a thread for the stream");
}

/* The control thread may be busy ending the run, with a device that plays out, or a pipe that takes nothing; or it may be
 * about to. Under the lock. */
static void hurry(struct stream *stream, int32_t command) {
  int aborts = command == PS_COMMAND_ABORT || command == PS_COMMAND_CLOSE;
  if (aborts) atomic_store(&stream->host.aborting, 1);
  if (stream->writer && (aborts || command == PS_COMMAND_STOP))
    file_writer_hurry(stream->writer, aborts ? PATIENCE_ABORTED : PATIENCE_STOPPED);
}

int32_t stream_command(struct stream *stream, int32_t command) {
  os_mutex_lock(&stream->lock);
  hurry(stream, command);
  int32_t ticket = PS_ERR_BUSY;
  if (stream->queued < STREAM_COMMANDS) {
    ticket = stream->next_ticket++;
    stream->queue[stream->queued].command = command;
    stream->queue[stream->queued++].ticket = ticket;
    stream->changing += changes_run(command);
  }
  os_mutex_unlock(&stream->lock);
  if (ticket < 0) return error_set(PS_ERR_BUSY, 0, "%d commands are waiting already", STREAM_COMMANDS);
  os_event_post(&stream->wake);
  return ticket;
}

void stream_control_quit(struct stream *stream) {
  os_mutex_lock(&stream->lock);
  hurry(stream, PS_COMMAND_CLOSE);
  stream->quit = 1;
  os_mutex_unlock(&stream->lock);
  os_event_post(&stream->wake);
}
