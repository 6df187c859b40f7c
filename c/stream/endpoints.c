/* What a stream plays and records: as it is set for the next run, and as a run has it. */
#include "stream/endpoints.h"

#include <math.h>

#include "base/check.h"

#define CALL_POLL 20e-6 /* seconds between two looks at a ring that a call is using */
/* A ring between a file and the callback, unless the caller gives one. src/run/ring-size.ts sizes those that JavaScript
 * makes by the same rule. */
#define RING_LEAST 65536    /* frames, */
#define RING_RATE 48000.0   /* which last as long at higher rates as they do at this one */
#define RING_BURSTS 4       /* the device may take or give all frames of its latency, and a block more, at once */
#define RING_MOST (1 << 30) /* frames */

const struct engine_direction *stream_frames(const struct stream *stream, int direction) {
  return direction == DEVICE_OUTPUT ? &stream->engine.output : &stream->engine.input;
}

/* ---------------------------------------------------------- the endpoint set */

void endpoint_release(struct endpoint *endpoint) {
  if (endpoint->object) object_release(endpoint->object);
  if (endpoint->between) object_release(endpoint->between);
}

/* Puts `set`, with the uses of its objects, in the place of what a direction had. Under the lock. */
static void replace(struct stream *stream, int direction, struct endpoint set) {
  endpoint_release(&stream->endpoints[direction]);
  if (direction == DEVICE_INPUT && stream->left_file) {
    object_release(stream->left_file);
    stream->left_file = NULL;
  }
  /* A loop that was cleared has ended although its ring holds frames. The new source has not. */
  if (direction == DEVICE_OUTPUT) atomic_store_explicit(&stream->engine.source.cut, 0, memory_order_relaxed);
  stream->endpoints[direction] = set;
}

void stream_drop_endpoints(struct stream *stream) {
  replace(stream, DEVICE_INPUT, (struct endpoint){0});
  replace(stream, DEVICE_OUTPUT, (struct endpoint){0});
}

/* A ring for the frames of one direction. */
static int32_t use_ring(int32_t handle, const struct engine_direction *frames, struct object **object) {
  struct ring *ring = (struct ring *)handle_use(handle, HANDLE_RING);
  if (!ring) return PS_ERR_HANDLE;
  *object = &ring->object;
  if (ring->element_size == frames->frame_bytes) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "an element of the ring has %zu bytes, a frame of the stream %zu",
                   ring->element_size, frames->frame_bytes);
}

/* Both put uses of the objects into `set`, whatever they return. */
static int32_t set_ring(struct endpoint *set, const struct engine_direction *frames, int loops, int32_t handle) {
  int32_t status = use_ring(handle, frames, &set->object);
  if (status >= 0 && loops && !ring_read_available((struct ring *)set->object))
    return error_set(PS_ERR_ARGUMENT, 0, "an empty source cannot be looped");
  return status;
}

static int32_t check_file_channels(const struct file *file, const struct engine_direction *frames) {
  if (file_channels(file) == frames->channels) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "the file has %d channels, the stream %d", file_channels(file),
                   frames->channels);
}

static int32_t set_file(struct endpoint *set, const struct engine_direction *frames, int loops, int32_t handle,
                        int32_t between) {
  set->object = handle_use(handle, HANDLE_FILE);
  if (!set->object) return PS_ERR_HANDLE;
  const struct file *file = (const struct file *)set->object;
  int32_t status = check_file_channels(file, frames);
  if (status < 0) return status;
  if (loops && !file_seekable(file))
    return error_set(PS_ERR_ARGUMENT, 0, "a file that is not seekable cannot be looped");
  return between ? use_ring(between, frames, &set->between) : PS_OK;
}

int32_t endpoint_make(struct endpoint *set, struct stream *stream, int direction, int32_t object, int32_t between) {
  const struct engine_direction *frames = stream_frames(stream, direction);
  int32_t flags = direction == DEVICE_OUTPUT ? PS_SOURCE_LOOP | PS_SOURCE_COMPLETE
                                             : PS_SINK_DROP | PS_SINK_MEMORY | PS_SINK_ENDS_RUN;
  if (set->flags & ~flags) return error_set(PS_ERR_ARGUMENT, 0, "flags %d are not within %d", set->flags, flags);
  if (set->kind == PS_ENDPOINT_NONE) {
    set->flags = 0;
    return PS_OK;
  }
  if (!frames->channels)
    return error_set(PS_ERR_ARGUMENT, 0, "the stream has no %s", direction == DEVICE_OUTPUT ? "output" : "input");
  int loops = direction == DEVICE_OUTPUT && (set->flags & PS_SOURCE_LOOP);
  if (set->kind == PS_ENDPOINT_RING) return set_ring(set, frames, loops, object);
  if (set->kind == PS_ENDPOINT_FILE) return set_file(set, frames, loops, object, between);
  return error_set(PS_ERR_ARGUMENT, 0, "there is no endpoint of kind %d", set->kind);
}

static int32_t set_endpoint(int32_t handle, int direction, struct endpoint set, int32_t object, int32_t between) {
  int32_t status;
  struct stream *stream = stream_use_idle(handle, &status);
  if (!stream) return status;
  status = endpoint_make(&set, stream, direction, object, between);
  if (status >= 0)
    replace(stream, direction, set);
  else
    endpoint_release(&set);
  return stream_done_idle(stream, status);
}

int32_t ps_stream_set_source(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between) {
  return set_endpoint(stream, DEVICE_OUTPUT, (struct endpoint){.kind = kind, .flags = flags}, object, between);
}

int32_t ps_stream_set_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between) {
  return set_endpoint(stream, DEVICE_INPUT, (struct endpoint){.kind = kind, .flags = flags}, object, between);
}

/* ------------------------------------------------------------------ of a run */

/* Which ends of its ring an endpoint works in a run: the callback's, and for a file the other one as well. */
static int reads_ring(const struct endpoint *set, int direction) {
  return direction == DEVICE_OUTPUT || set->kind == PS_ENDPOINT_FILE;
}
static int writes_ring(const struct endpoint *set, int direction) {
  return direction == DEVICE_INPUT || set->kind == PS_ENDPOINT_FILE;
}

/* 0 if another running stream has it. A call from outside has it no longer than it takes to copy. */
static int claim_end(struct ring *ring, int end) {
  int found;
  while ((found = ring_claim(ring, end, RING_STREAM)) == RING_CALL) os_sleep(CALL_POLL);
  return found == RING_FREE;
}

/* Claims them; 0 if another running stream has one of them. */
static int claim_ring(struct ring *ring, const struct endpoint *set, int direction) {
  int reads = reads_ring(set, direction), writes = writes_ring(set, direction);
  if (reads && !claim_end(ring, PS_END_READER)) return 0;
  if (!writes || claim_end(ring, PS_END_WRITER)) return 1;
  if (reads) ring_unclaim(ring, PS_END_READER);
  return 0;
}

static size_t ring_frames(const struct stream *stream, int direction) {
  const double *actual = stream->actual;
  double rate = actual[PS_ACTUAL_SAMPLE_RATE];
  double burst = actual[PS_ACTUAL_BLOCK_SIZE] + ceil(actual[PS_ACTUAL_INPUT_LATENCY + direction] * rate);
  double least = fmax(RING_LEAST * fmax(1, rate / RING_RATE), RING_BURSTS * burst);
  size_t frames = RING_LEAST;
  while ((double)frames < least && frames < RING_MOST) frames *= 2;
  return frames;
}

/* The ring of an endpoint, with a use added: the caller's, or for a file one of our own if none was given. */
static struct ring *use_endpoint_ring(struct stream *stream, const struct endpoint *set, int direction) {
  struct object *object = set->kind == PS_ENDPOINT_FILE ? set->between : set->object;
  if (!object) return ring_create(stream_frames(stream, direction)->frame_bytes, ring_frames(stream, direction));
  object_use(object);
  return (struct ring *)object;
}

static int32_t take_ring(struct stream *stream, const struct endpoint *set, int direction, struct ring **taken) {
  struct ring *ring = use_endpoint_ring(stream, set, direction);
  if (!ring) return error_set(PS_ERR_MEMORY, 0, "no memory for a ring of %zu frames", ring_frames(stream, direction));
  if (!claim_ring(ring, set, direction)) {
    object_release(&ring->object);
    return error_set(PS_ERR_BUSY, 0, "another running stream uses this ring");
  }
  if (set->kind == PS_ENDPOINT_FILE) ring_flush(ring);
  *taken = ring;
  return PS_OK;
}

int32_t endpoint_take(struct stream *stream, const struct endpoint *set, int direction, struct ring **ring) {
  if (set->kind == PS_ENDPOINT_NONE) return PS_OK;
  int32_t status = set->kind == PS_ENDPOINT_FILE ? file_take((struct file *)set->object) : PS_OK;
  if (status < 0) return status;
  status = take_ring(stream, set, direction, ring);
  if (status < 0 && set->kind == PS_ENDPOINT_FILE) file_give_back((struct file *)set->object);
  return status;
}

int32_t stream_take_endpoints(struct stream *stream) {
  for (int direction = DEVICE_OUTPUT; direction >= DEVICE_INPUT; direction--) {
    struct ring *ring = NULL;
    int32_t status = endpoint_take(stream, &stream->endpoints[direction], direction, &ring);
    if (status < 0) return status;
    os_mutex_lock(&stream->lock); /* a caller may be asking for what is queued */
    stream->rings[direction] = ring;
    os_mutex_unlock(&stream->lock);
  }
  return PS_OK;
}

void endpoint_give_back(const struct endpoint *set, int direction, struct ring **taken) {
  struct ring *ring = *taken;
  if (!ring) return;
  if (set->kind == PS_ENDPOINT_FILE) file_give_back((struct file *)set->object);
  if (reads_ring(set, direction)) ring_unclaim(ring, PS_END_READER);
  if (writes_ring(set, direction)) ring_unclaim(ring, PS_END_WRITER);
  object_release(&ring->object);
  *taken = NULL;
}

static void file_thread_failed(void *argument) { stream_fail(argument); }

struct file_writer *stream_start_writer(struct stream *stream, const struct endpoint *set, struct ring *ring,
                                        file_failed *failed, void *argument) {
  struct file_thread_options options = {
      .format = device_format(&stream->device, DEVICE_INPUT),
      .sample_rate = stream->actual[PS_ACTUAL_SAMPLE_RATE],
      .limit = -1,
      .failed = failed,
      .argument = argument,
  };
  return file_writer_start((struct file *)set->object, ring, &options);
}

int32_t stream_start_files(struct stream *stream) {
  const struct endpoint *source = &stream->endpoints[DEVICE_OUTPUT], *sink = &stream->endpoints[DEVICE_INPUT];
  struct file_thread_options options = {
      .sample_rate = stream->actual[PS_ACTUAL_SAMPLE_RATE],
      .limit = stream->frames < 0 ? -1 : (int64_t)stream->frames,
      .failed = file_thread_failed,
      .argument = stream,
  };
  if (source->kind == PS_ENDPOINT_FILE) {
    options.format = device_format(&stream->device, DEVICE_OUTPUT);
    options.loop = (source->flags & PS_SOURCE_LOOP) != 0;
    stream->reader = file_reader_start((struct file *)source->object, stream->rings[DEVICE_OUTPUT], &options);
    if (!stream->reader) return PS_ERR_THREAD;
  }
  if (sink->kind == PS_ENDPOINT_FILE) {
    struct file_writer *writer =
        stream_start_writer(stream, sink, stream->rings[DEVICE_INPUT], file_thread_failed, stream);
    if (!writer) return PS_ERR_THREAD;
    os_mutex_lock(&stream->lock);
    stream->writer = writer;
    stream->switched_at = -1;
    os_mutex_unlock(&stream->lock);
  }
  return PS_OK;
}

void stream_finish_files(struct stream *stream) {
  if (stream->writer) file_writer_take_over(stream->writer);
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++)
    if (tap->writer) file_writer_take_over(tap->writer);
}

void stream_give_back_endpoints(struct stream *stream, double patience) {
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
  for (int direction = DEVICE_INPUT; direction <= DEVICE_OUTPUT; direction++) {
    os_mutex_lock(&stream->lock);
    struct ring *ring = stream->rings[direction];
    stream->rings[direction] = NULL;
    os_mutex_unlock(&stream->lock);
    endpoint_give_back(&stream->endpoints[direction], direction, &ring);
  }
}

/* ------------------------------------------------------------ the next file */

static int32_t next_file(struct stream *stream, struct object *object, int64_t at) {
  struct file *file = (struct file *)object;
  if (!stream->writer || stream_state(stream) != PS_STATE_ACTIVE)
    return error_set(PS_ERR_STATE, 0, "no file is being recorded");
  int32_t status = check_file_channels(file, stream_frames(stream, DEVICE_INPUT));
  if (status >= 0) status = file_take(file);
  if (status < 0) return status;
  status = file_writer_switch(stream->writer, file, at);
  if (status < 0) {
    file_give_back(file);
    return status;
  }
  struct endpoint *sink = &stream->endpoints[DEVICE_INPUT];
  if (stream->left_file) object_release(stream->left_file);
  stream->left_file = sink->object;
  sink->object = object;
  return PS_OK;
}

int32_t ps_stream_next_file(int32_t handle, int32_t file, double at) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t checked = check_count("frame of the next file", at, PS_NEXT_BLOCK, COUNT_MOST);
  if (checked < 0) return stream_done(stream, checked);
  struct object *object = handle_use(file, HANDLE_FILE);
  if (!object) return stream_done(stream, PS_ERR_HANDLE);
  os_mutex_lock(&stream->lock);
  int32_t status = next_file(stream, object, (int64_t)at);
  os_mutex_unlock(&stream->lock);
  if (status < 0) object_release(object);
  return stream_done(stream, status);
}

double ps_stream_next_file_at(int32_t handle) {
  struct stream *stream = stream_use(handle);
  if (!stream) return error_number(PS_ERR_HANDLE);
  os_mutex_lock(&stream->lock);
  if (stream->writer) stream->switched_at = (double)file_writer_switched_at(stream->writer);
  double at = stream->switched_at;
  os_mutex_unlock(&stream->lock);
  object_release(&stream->object);
  return at < 0 ? error_number(PS_ERR_PENDING) : at;
}
