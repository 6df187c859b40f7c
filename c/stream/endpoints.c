/* What a stream plays and records: as it is set for the next run, and as a run has it. */
#include "stream/endpoints.h"

#include <math.h>

#include "base/check.h"
#include "engine/format.h"

#define CALL_POLL 20e-6 /* seconds between two looks at a ring that a call is using */
/* A ring between a file and the callback, unless the caller gives one. src/run/ring-size.ts sizes those that JavaScript
 * makes by the same rule. */
#define RING_LEAST 65536    /* frames, */
#define RING_RATE 48000.0   /* at higher rates, as many as last equally long */
#define RING_BURSTS 4       /* the device may take or give all frames of its latency, and a block more, at once */
#define RING_MOST (1 << 30) /* frames */

const struct engine_direction *stream_frames(const struct stream *stream, int direction) {
  return direction == DEVICE_OUTPUT ? &stream->engine.output : &stream->engine.input;
}

/* ---------------------------------------------------------- the endpoint set */

void endpoint_release(struct endpoint *endpoint) {
  if (endpoint->plays_file) file_count_player((struct file *)endpoint->object, -1);
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
  if (direction == DEVICE_OUTPUT) stream->lead = 0;
}

void stream_drop_endpoints(struct stream *stream) {
  replace(stream, DEVICE_INPUT, (struct endpoint){0});
  replace(stream, DEVICE_OUTPUT, (struct endpoint){0});
}

static int32_t use_ring(int32_t handle, struct object **object) {
  struct ring *ring = (struct ring *)handle_use(handle, HANDLE_RING);
  if (!ring) return PS_ERR_HANDLE;
  *object = &ring->object;
  return PS_OK;
}

/* Both put uses of the objects into `set`, whatever they return. The elements of a ring are frames of the stream's
 * format, of any channels. */
static int32_t set_ring(struct endpoint *set, const struct engine_direction *frames, int loops, int32_t handle) {
  int32_t status = use_ring(handle, &set->object);
  if (status < 0) return status;
  struct ring *ring = (struct ring *)set->object;
  size_t sample = format_bytes(frames->format);
  if (ring->element_size % sample || ring->element_size > CHANNELS_MAX * sample)
    return error_set(PS_ERR_ARGUMENT, 0, "an element of the ring has %zu bytes, a sample of the stream %zu",
                     ring->element_size, sample);
  if (loops && !ring_read_available(ring)) return error_set(PS_ERR_ARGUMENT, 0, "an empty source cannot be looped");
  set->rate = atomic_load_explicit(&ring->rate, memory_order_relaxed);
  set->channels = (int32_t)(ring->element_size / sample);
  return PS_OK;
}

static int32_t set_file(struct endpoint *set, const struct engine_direction *frames, int loops, int32_t handle,
                        int32_t between) {
  set->object = handle_use(handle, HANDLE_FILE);
  if (!set->object) return PS_ERR_HANDLE;
  const struct file *file = (const struct file *)set->object;
  set->rate = file_rate(file);
  set->channels = file_channels(file);
  if (loops && !file_seekable(file))
    return error_set(PS_ERR_ARGUMENT, 0, "a file that is not seekable cannot be looped");
  int32_t status = between ? use_ring(between, &set->between) : PS_OK;
  if (status < 0 || !between) return status;
  size_t element = ((struct ring *)set->between)->element_size;
  size_t frame = (size_t)set->channels * format_bytes(frames->format);
  if (element == frame) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "an element of the ring has %zu bytes, a frame of the file %zu", element, frame);
}

/* Whether the frames of an endpoint go into those of the stream, and the other way round. */
static int32_t check_fit(const struct stream *stream, const struct endpoint *set, int direction) {
  static const char *const names[2] = {"sink", "source"}, *const maps[2] = {"rxMapping", "txMapping"};
  const struct stream_map *map = &stream->maps[direction];
  int32_t channels = stream_frames(stream, direction)->channels;
  int fits = direction == DEVICE_OUTPUT ? channel_map_fits(set->channels, channels)
                                        : channel_map_fits(channels, set->channels);
  if (map->count) fits = direction == DEVICE_OUTPUT || set->channels <= map->count;
  if (!fits)
    return error_set(PS_ERR_ARGUMENT, 0, "the %s has %d channel%s, the stream %d: set %s", names[direction],
                     set->channels, PLURAL(set->channels), channels, maps[direction]);
  if (stream->config[PS_CONFIG_CONVERSION] != PS_CONVERSION_NEVER) return PS_OK;
  double rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  if (set->rate == rate && set->channels == channels) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0,
                   "the %s has %g Hz and %d channel%s, the stream %g Hz and %d, and conversion is \"never\"",
                   names[direction], set->rate, set->channels, PLURAL(set->channels), rate, channels);
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
  int32_t status;
  switch (set->kind) {
    case PS_ENDPOINT_RING: status = set_ring(set, frames, loops, object); break;
    case PS_ENDPOINT_FILE: status = set_file(set, frames, loops, object, between); break;
    default: return error_set(PS_ERR_ARGUMENT, 0, "there is no endpoint of kind %d", set->kind);
  }
  if (status < 0) return status;
  if (set->kind == PS_ENDPOINT_FILE && direction == DEVICE_OUTPUT) {
    file_count_player((struct file *)set->object, 1);
    set->plays_file = 1;
  }
  double rate = stream->actual[PS_ACTUAL_SAMPLE_RATE];
  if (set->rate == 0 || set->rate == round(rate)) set->rate = rate; /* a file has a whole number of hertz */
  return check_fit(stream, set, direction);
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

/* Returns 0 if another running stream has it. A call from outside holds it only while it copies. */
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

static size_t ring_frames(const struct stream *stream, const struct endpoint *set, int direction) {
  const double *actual = stream->actual;
  double rate = set->rate, block = actual[PS_ACTUAL_BLOCK_SIZE] * rate / actual[PS_ACTUAL_SAMPLE_RATE];
  double burst = block + ceil(actual[PS_ACTUAL_INPUT_LATENCY + direction] * rate);
  double least = fmax(RING_LEAST * fmax(1, rate / RING_RATE), RING_BURSTS * burst);
  size_t frames = RING_LEAST;
  while ((double)frames < least && frames < RING_MOST) frames *= 2;
  return frames;
}

/* The ring of an endpoint, with a use added: the caller's, or for a file one of our own if none was given. */
static struct ring *use_endpoint_ring(struct stream *stream, const struct endpoint *set, int direction) {
  struct object *object = set->kind == PS_ENDPOINT_FILE ? set->between : set->object;
  size_t frame = (size_t)set->channels * format_bytes(stream_frames(stream, direction)->format);
  if (!object) return ring_create(frame, ring_frames(stream, set, direction));
  object_use(object);
  return (struct ring *)object;
}

static int32_t take_ring(struct stream *stream, const struct endpoint *set, int direction, struct ring **taken) {
  struct ring *ring = use_endpoint_ring(stream, set, direction);
  if (!ring)
    return error_set(PS_ERR_MEMORY, 0, "no memory for a ring of %zu frames", ring_frames(stream, set, direction));
  if (!claim_ring(ring, set, direction)) {
    object_release(&ring->object);
    return error_set(PS_ERR_BUSY, 0, "another running stream uses this ring");
  }
  if (set->kind == PS_ENDPOINT_FILE) ring_flush(ring);
  *taken = ring;
  return PS_OK;
}

/* The map of an adapter: the first entries of the stream's are for what is recorded. */
static void set_adapter_map(const struct stream *stream, struct adapter *adapter, int direction) {
  const struct stream_map *map = &stream->maps[direction];
  if (adapter) channel_map_set(adapter_map(adapter), map->count ? map->entries : NULL);
}

void stream_set_map(struct stream *stream, int direction, const int32_t *map, int32_t count) {
  struct engine_direction *mapped = direction == DEVICE_OUTPUT ? &stream->engine.output : &stream->engine.input;
  stream->maps[direction].count = count;
  for (int32_t i = 0; i < count; i++) stream->maps[direction].entries[i] = map[i];
  channel_map_set(&mapped->map, count ? map : NULL);
  set_adapter_map(stream, stream->adapters[direction], direction);
  for (int i = 0; direction == DEVICE_INPUT && i < TAPS; i++)
    set_adapter_map(stream, stream->taps[i].adapter, direction);
}

int32_t stream_map_channels(const struct stream *stream, int direction) {
  int32_t own = stream->endpoints[direction].channels, channels = stream_frames(stream, direction)->channels;
  return direction == DEVICE_OUTPUT && own > channels ? own : channels;
}

static int32_t make_adapter(const struct stream *stream, const struct endpoint *set, int direction,
                            struct adapter **adapter) {
  const struct engine_direction *frames = stream_frames(stream, direction);
  double rates[2] = {stream->actual[PS_ACTUAL_SAMPLE_RATE], set->rate};
  int32_t channels[2] = {frames->channels, set->channels};
  if (rates[0] == rates[1] && channels[0] == channels[1]) return PS_OK;
  int plays = direction == DEVICE_OUTPUT;
  const struct adapter_setup setup = {.in_rate = rates[plays],
                                      .out_rate = rates[!plays],
                                      .in_channels = channels[plays],
                                      .out_channels = channels[!plays],
                                      .format = frames->format,
                                      .map_first = !plays};
  int32_t status = adapter_new(&setup, adapter);
  if (status >= 0) set_adapter_map(stream, *adapter, direction);
  return status;
}

int32_t endpoint_take(struct stream *stream, const struct endpoint *set, int direction, struct ring **ring,
                      struct adapter **adapter) {
  if (set->kind == PS_ENDPOINT_NONE) return PS_OK;
  int32_t status = set->kind == PS_ENDPOINT_FILE ? file_take((struct file *)set->object) : PS_OK;
  if (status < 0) return status;
  status = take_ring(stream, set, direction, ring);
  if (status < 0 && set->kind == PS_ENDPOINT_FILE) file_give_back((struct file *)set->object);
  if (status >= 0) status = make_adapter(stream, set, direction, adapter);
  if (status < 0) endpoint_give_back(set, direction, ring, adapter);
  return status;
}

int32_t stream_take_endpoints(struct stream *stream) {
  for (int direction = DEVICE_OUTPUT; direction >= DEVICE_INPUT; direction--) {
    struct ring *ring = NULL;
    struct adapter *adapter = NULL;
    os_mutex_lock(&stream->lock); /* a caller may be asking for what is queued, or setting a map */
    int32_t status = endpoint_take(stream, &stream->endpoints[direction], direction, &ring, &adapter);
    stream->rings[direction] = ring;
    stream->adapters[direction] = adapter;
    os_mutex_unlock(&stream->lock);
    if (status < 0) return status;
  }
  return PS_OK;
}

void endpoint_give_back(const struct endpoint *set, int direction, struct ring **taken, struct adapter **adapter) {
  struct ring *ring = *taken;
  adapter_free(*adapter);
  *adapter = NULL;
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
      .sample_rate = set->rate,
      .limit = -1,
      .failed = failed,
      .argument = argument,
      .waits = &stream->waits,
  };
  return file_writer_start((struct file *)set->object, ring, &options);
}

/* Frames of a file that a run can need. */
static int64_t source_limit(const struct stream *stream) {
  const struct adapter *adapter = stream->adapters[DEVICE_OUTPUT];
  if (stream->frames < 0) return -1;
  return (int64_t)(adapter ? adapter_needs(adapter, (size_t)stream->frames) : (size_t)stream->frames);
}

int32_t stream_start_files(struct stream *stream) {
  const struct endpoint *source = &stream->endpoints[DEVICE_OUTPUT], *sink = &stream->endpoints[DEVICE_INPUT];
  struct file_thread_options options = {
      .sample_rate = source->rate,
      .limit = source_limit(stream),
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
  if (reader) file_reader_stop(reader, source_taken(&stream->engine) - source_played(&stream->engine));
  sink_finish(&stream->engine, 0);
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
    struct adapter *adapter = stream->adapters[direction];
    stream->rings[direction] = NULL;
    stream->adapters[direction] = NULL;
    os_mutex_unlock(&stream->lock);
    endpoint_give_back(&stream->endpoints[direction], direction, &ring, &adapter);
  }
}

/* ------------------------------------------------------------ the next file */

static int32_t next_file(struct stream *stream, struct object *object, int64_t at) {
  struct file *file = (struct file *)object;
  if (!stream->writer || stream_state(stream) != PS_STATE_ACTIVE)
    return error_set(PS_ERR_STATE, 0, "no file is being recorded");
  const struct endpoint *first = &stream->endpoints[DEVICE_INPUT];
  if (file_channels(file) != first->channels || file_rate(file) != (int32_t)round(first->rate))
    return error_set(PS_ERR_ARGUMENT, 0, "the next file has %d Hz and %d channel%s, the first one %g Hz and %d",
                     file_rate(file), file_channels(file), PLURAL(file_channels(file)), first->rate, first->channels);
  int32_t status = file_take(file);
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
