#include "stream/taps.h"

#include "base/check.h"
#include "stream/endpoints.h"

#define PATIENCE_REMOVED 1.0 /* seconds that a pipe may take nothing when its tap is removed */
#define GENERATIONS 100000000

void taps_init(struct stream *stream) {
  for (int i = 0; i < TAPS; i++) stream->taps[i].stream = stream;
}

static int slot_of(const struct tap *tap) { return (int)(tap - tap->stream->taps) + 1; }

static struct engine_sink *sink_of(const struct tap *tap) { return &tap->stream->engine.sinks[slot_of(tap)]; }

/* The calling thread's error ends the tap. Under the lock. */
static void note_failure(struct tap *tap) {
  if (tap->outcome == PS_TAP_FAILED) return;
  error_save(&tap->failure);
  tap->outcome = PS_TAP_FAILED;
}

static void file_thread_failed(void *argument) {
  struct tap *tap = argument;
  struct stream *stream = tap->stream;
  os_mutex_lock(&stream->lock);
  note_failure(tap);
  sink_leave(&stream->engine, slot_of(tap));
  os_mutex_unlock(&stream->lock);
}

/* ------------------------------------------------------------------- of a run */

static enum sink_overflow overflow_of(const struct tap *tap) {
  if (tap->endpoint.flags & PS_SINK_DROP) return SINK_DROPS;
  return tap->endpoint.flags & PS_SINK_ENDS_RUN ? SINK_ENDS_RUN : SINK_ENDS_ALONE;
}

/* Takes ring and file, and joins the engine. Under the lock. */
static int32_t begin(struct tap *tap) {
  struct stream *stream = tap->stream;
  tap->outcome = PS_TAP_WAITING;
  tap->got = tap->dropped = 0;
  tap->first = -1;
  tap->failure.status = PS_OK;
  int32_t status = endpoint_take(stream, &tap->endpoint, DEVICE_INPUT, &tap->ring, &tap->adapter);
  if (status < 0) return status;
  if (tap->endpoint.kind == PS_ENDPOINT_FILE) {
    tap->writer = stream_start_writer(stream, &tap->endpoint, tap->ring, file_thread_failed, tap);
    if (!tap->writer) {
      endpoint_give_back(&tap->endpoint, DEVICE_INPUT, &tap->ring, &tap->adapter);
      return PS_ERR_THREAD;
    }
  }
  struct engine_sink settings = {.ring = tap->ring,
                                 .adapter = tap->adapter,
                                 .overflow = overflow_of(tap),
                                 .memory = (tap->endpoint.flags & PS_SINK_MEMORY) != 0,
                                 .offset = tap->offset,
                                 .length = tap->length};
  sink_join(&stream->engine, slot_of(tap), &settings);
  return PS_OK;
}

int32_t taps_start(struct stream *stream) {
  int32_t status = PS_OK;
  os_mutex_lock(&stream->lock);
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS && status >= 0; tap++)
    if (tap->used) status = begin(tap);
  os_mutex_unlock(&stream->lock);
  return status;
}

/* Whether it was added while the run was about to start, and has no part in it yet. Under the lock. */
static int is_late(const struct tap *tap) {
  return tap->used && !tap->removing && !tap->ring && tap->outcome == PS_TAP_WAITING &&
         stream_state(tap->stream) == PS_STATE_ACTIVE;
}

/* What the engine says of a tap. Under the lock. */
static void look(struct tap *tap) {
  if (!tap->ring) return;
  const struct engine_sink *sink = sink_of(tap);
  int32_t state = atomic_load_explicit(&sink->state, memory_order_acquire);
  tap->got = atomic_load_explicit(&sink->count, memory_order_relaxed);
  tap->dropped = atomic_load_explicit(&sink->dropped, memory_order_relaxed);
  tap->first = atomic_load_explicit(&sink->started, memory_order_relaxed);
  if (tap->outcome != PS_TAP_WAITING) return;
  if (state == SINK_FULL) tap->outcome = PS_TAP_FULL;
  if (state == SINK_ENDED) tap->outcome = PS_TAP_ENDED;
}

/* The callback no longer uses the tap: finishes its file and gives back what it used. The lock is not held while the
 * file's thread, which may want it, is waited for. */
static void finish(struct tap *tap, double patience) {
  struct stream *stream = tap->stream;
  if (!tap->ring) return;
  sink_finish(&stream->engine, slot_of(tap));
  int32_t status = tap->writer ? file_writer_finish(tap->writer, patience) : PS_OK;
  os_mutex_lock(&stream->lock);
  look(tap);
  if (status < 0) note_failure(tap);
  struct file_writer *writer = tap->writer;
  tap->writer = NULL;
  sink_free(&stream->engine, slot_of(tap));
  endpoint_give_back(&tap->endpoint, DEVICE_INPUT, &tap->ring, &tap->adapter);
  os_mutex_unlock(&stream->lock);
  if (writer) file_writer_free(writer);
}

/* Under the lock. */
static void forget(struct tap *tap) {
  endpoint_release(&tap->endpoint);
  tap->endpoint = (struct endpoint){0};
  tap->used = tap->removing = 0;
}

static void remove_finished(struct tap *tap) {
  os_mutex_lock(&tap->stream->lock);
  if (tap->used && tap->removing) forget(tap);
  os_mutex_unlock(&tap->stream->lock);
}

int taps_tend(struct stream *stream) {
  int waiting = 0;
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++) {
    os_mutex_lock(&stream->lock);
    if (is_late(tap) && begin(tap) < 0) note_failure(tap);
    int wanted = tap->used && tap->removing;
    int free = wanted && (!tap->ring || sink_is_mine(&stream->engine, slot_of(tap)));
    os_mutex_unlock(&stream->lock);
    if (free) {
      finish(tap, PATIENCE_REMOVED);
      remove_finished(tap);
      waits_changed(&stream->waits);
    }
    waiting |= wanted && !free;
  }
  return waiting;
}

void taps_end(struct stream *stream, double patience) {
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++) {
    finish(tap, patience);
    remove_finished(tap);
  }
}

void taps_drop(struct stream *stream) {
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++)
    if (tap->used) forget(tap);
}

void taps_hurry(struct stream *stream, double patience) {
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++)
    if (tap->writer) file_writer_hurry(tap->writer, patience);
}

/* A sink that the callback records into is let go of by the callback alone, so its writer is there. */
void taps_wake(struct stream *stream) {
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++)
    if (sink_is_recorded(&stream->engine, 1 + (int)(tap - stream->taps)) && tap->writer) file_writer_wake(tap->writer);
}

/* ------------------------------------------------------------------- the door */

static int32_t id_of(const struct tap *tap) { return tap->generation * TAPS + (int32_t)(tap - tap->stream->taps); }

static struct tap *free_tap(struct stream *stream) {
  for (struct tap *tap = stream->taps; tap < stream->taps + TAPS; tap++)
    if (!tap->used) return tap;
  error_set(PS_ERR_BUSY, 0, "a stream has at most %d sinks beside its own", TAPS);
  return NULL;
}

/* Under the lock. */
static int32_t add(struct stream *stream, struct endpoint *set, int32_t object, int32_t between, double offset,
                   double frames) {
  if (!stream_is_open(stream)) return error_set(PS_ERR_STATE, 0, "the stream is not open");
  if (set->kind == PS_ENDPOINT_NONE) return error_set(PS_ERR_ARGUMENT, 0, "there is nothing to record into");
  int32_t status = check_count("offset", offset, 0, COUNT_MOST);
  if (status >= 0) status = check_count("frames", frames, PS_FRAMES_ALL, COUNT_MOST);
  if (status < 0) return status;
  struct tap *tap = free_tap(stream);
  if (!tap) return PS_ERR_BUSY;
  status = endpoint_make(set, stream, DEVICE_INPUT, object, between);
  if (status < 0) return status;
  tap->endpoint = *set;
  tap->offset = (int64_t)offset;
  tap->length = frames < 0 ? -1 : (int64_t)frames;
  tap->outcome = PS_TAP_WAITING;
  tap->removing = 0;
  if (stream_state(stream) == PS_STATE_ACTIVE) status = begin(tap);
  if (status < 0) return status;
  tap->used = 1;
  tap->generation = tap->generation % GENERATIONS + 1; /* another one than that of the tap before it */
  return id_of(tap);
}

int32_t ps_stream_add_sink(int32_t handle, int32_t kind, int32_t object, int32_t flags, int32_t between, double offset,
                           double frames) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  struct endpoint set = {.kind = kind, .flags = flags};
  os_mutex_lock(&stream->lock);
  int32_t status = add(stream, &set, object, between, offset, frames);
  os_mutex_unlock(&stream->lock);
  if (status < 0) endpoint_release(&set);
  return stream_done(stream, status);
}

/* The tap of that number, under the lock; NULL with *status set. */
static struct tap *find(struct stream *stream, int32_t id, int32_t *status) {
  struct tap *tap = id >= 0 ? &stream->taps[id % TAPS] : NULL;
  *status = PS_OK;
  if (tap && tap->generation > 0 && id_of(tap) == id) return tap;
  *status = error_set(PS_ERR_ARGUMENT, 0, "the stream has no sink %d", id);
  return NULL;
}

int32_t ps_stream_remove_sink(int32_t handle, int32_t id) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status;
  os_mutex_lock(&stream->lock);
  struct tap *tap = find(stream, id, &status);
  if (tap && tap->used) {
    tap->removing = 1;
    if (tap->ring)
      sink_leave(&stream->engine, slot_of(tap));
    else if (!stream_running(stream))
      forget(tap);
  }
  os_mutex_unlock(&stream->lock);
  if (status >= 0) os_event_post(&stream->wake);
  return stream_done(stream, status);
}

static int32_t tap_state(const struct tap *tap) {
  if (!tap->used) return tap->outcome == PS_TAP_FAILED ? PS_TAP_FAILED : PS_TAP_REMOVED;
  if (tap->outcome != PS_TAP_WAITING || !tap->ring) return tap->outcome;
  return tap->first >= 0 ? PS_TAP_ACTIVE : PS_TAP_WAITING;
}

int32_t ps_stream_sink(int32_t handle, int32_t id, double *numbers, int32_t count) {
  struct stream *stream = stream_use(handle);
  if (!stream) return PS_ERR_HANDLE;
  int32_t status;
  status = check_memory("numbers", numbers, count);
  if (status < 0) return stream_done(stream, status);
  os_mutex_lock(&stream->lock);
  struct tap *tap = find(stream, id, &status);
  if (tap) {
    look(tap);
    const double values[PS_TAP_NUMBERS] = {tap_state(tap), (double)tap->got, (double)tap->dropped, (double)tap->first,
                                           tap->used};
    for (int32_t i = 0; i < count && i < PS_TAP_NUMBERS; i++) numbers[i] = values[i];
    if (tap->outcome == PS_TAP_FAILED) error_raise(&tap->failure);
  }
  os_mutex_unlock(&stream->lock);
  return stream_done(stream, status);
}
