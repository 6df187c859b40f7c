/* The thread that reads a sound file into a ring, ahead of the callback that plays it. */
#include <stdatomic.h>
#include <stdlib.h>

#include "error.h"
#include "file_thread.h"
#include "os.h"
#include "pastream.h"

#define BLOCK_FRAMES 16384    /* the most that is read at once: a stop waits for no more than that */
#define SLEEP_LONGEST 0.1     /* seconds */
#define SLEEP_SHORTEST 0.001
#define STOP_PATIENCE 0.05    /* seconds that a read under way gets before a pipe is interrupted */

struct file_reader {
  struct file *file;
  struct ring *ring;
  struct file_thread_options options;
  struct os_thread thread;
  struct os_event wake, done;
  _Atomic int32_t quit, last_pass;
  int64_t read;        /* frames, in all */
  int64_t pass_frames; /* frames of the file from its start to its end, once it has been looped */
};

/* The end of the file was met: goes back to its start, unless this was the last pass; 0 if there is no more to read. */
static int read_on(struct file_reader *reader, int64_t since_seek) {
  if (!reader->options.loop || atomic_load(&reader->last_pass)) return 0;
  reader->pass_frames = file_tell(reader->file);
  if (!since_seek && !reader->pass_frames) return 0; /* empty */
  return file_seek(reader->file, 0, 0) < 0 ? -1 : 1;
}

/* Reads one block into the free part of the ring: 1 if there may be more, 0 at the end, < 0 on an error. */
static int read_block(struct file_reader *reader, size_t frames) {
  struct ring_region region;
  int64_t left = reader->options.limit - reader->read;
  if (reader->options.limit >= 0 && left < (int64_t)frames) frames = (size_t)left;
  if (!frames) return 0;
  ring_write_region(reader->ring, frames, &region);
  frames = region.count[0];
  int64_t got = file_read(reader->file, region.part[0], (int64_t)frames, reader->options.format);
  if (got < 0) return -1;
  ring_write_advance(reader->ring, (size_t)got);
  reader->read += got;
  return got == (int64_t)frames ? 1 : read_on(reader, got);
}

/* How long the ring can be left alone: until another quarter of it has been played. */
static double nap(const struct file_reader *reader) {
  double seconds = (double)reader->ring->size / 4 / reader->options.sample_rate;
  return seconds > SLEEP_LONGEST ? SLEEP_LONGEST : seconds < SLEEP_SHORTEST ? SLEEP_SHORTEST : seconds;
}

static void reader_thread(void *argument) {
  struct file_reader *reader = argument;
  int more = 1;
  while (more > 0 && !atomic_load(&reader->quit)) {
    size_t room = ring_write_available(reader->ring);
    if (room > reader->ring->size / 4 || reader->ring->size < 4)
      more = room ? read_block(reader, room < BLOCK_FRAMES ? room : BLOCK_FRAMES) : 1;
    if (room <= reader->ring->size / 4 || !room) os_event_wait(&reader->wake, nap(reader));
  }
  if (more < 0 && !atomic_load(&reader->quit)) reader->options.failed(reader->options.argument);
  if (more == 0) ring_end(reader->ring);
  os_event_post(&reader->done);
}

static void reader_free(struct file_reader *reader) {
  os_event_destroy(&reader->wake);
  os_event_destroy(&reader->done);
  free(reader);
}

struct file_reader *file_reader_start(struct file *file, struct ring *ring, const struct file_thread_options *options) {
  struct file_reader *reader = calloc(1, sizeof *reader);
  if (!reader || os_event_init(&reader->wake) || os_event_init(&reader->done)) {
    free(reader);
    error_set(PS_ERR_MEMORY, 0, "no memory for a file reader");
    return NULL;
  }
  reader->file = file;
  reader->ring = ring;
  reader->options = *options;
  if (!os_thread_start(&reader->thread, "ps-reader", OS_THREAD_NORMAL, reader_thread, reader)) return reader;
  reader_free(reader);
  error_set(PS_ERR_THREAD, 0, "the system refused a thread for a file reader");
  return NULL;
}

void file_reader_end_loop(struct file_reader *reader) { atomic_store(&reader->last_pass, 1); }

void file_reader_wake(struct file_reader *reader) { os_event_post(&reader->wake); }

/* Puts a seekable file back to the frame after the last one that was taken out of the ring. */
static void seek_to_played(const struct file_reader *reader) {
  if (!file_seekable(reader->file)) return;
  int64_t at = file_tell(reader->file) - (int64_t)ring_read_available(reader->ring);
  if (at < 0 && reader->pass_frames > 0) at = at % reader->pass_frames + reader->pass_frames;
  if (at >= 0) file_seek(reader->file, at, 0);
}

void file_reader_stop(struct file_reader *reader) {
  atomic_store(&reader->quit, 1);
  file_reader_wake(reader);
  if (!os_event_wait(&reader->done, STOP_PATIENCE) && !file_seekable(reader->file)) file_interrupt(reader->file);
  os_thread_join(&reader->thread);
  seek_to_played(reader);
  reader_free(reader);
}
