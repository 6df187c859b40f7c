/* The thread that writes what is recorded into a ring to a sound file. */
#include <stdatomic.h>
#include <stdlib.h>

#include "error.h"
#include "file_thread.h"
#include "os.h"
#include "pastream.h"

#define BLOCK_FRAMES 16384
#define PIPE_BLOCK_FRAMES 1024 /* smaller, so that progress is seen */
#define SLEEP_LONGEST 0.1      /* seconds; what a killed process has not yet written */
#define SLEEP_SHORTEST 0.001
#define HEADER_INTERVAL 0.5    /* seconds; a header is never older than a second */
#define FINISH_POLL 0.005

struct file_writer {
  struct file *file; /* the thread's; others may ask for it under `lock` */
  struct ring *ring;
  struct file_thread_options options;
  struct os_thread thread;
  struct os_event wake, done;
  struct os_mutex lock; /* for `next` and `file` */
  struct file *next;    /* to be switched to; NULL: no switch is pending */
  _Atomic int32_t finish, failed, stalled;
  _Atomic double patience;
  _Atomic int64_t written;     /* frames, in all files */
  _Atomic int64_t switched_at; /* -1 */
  struct error error;          /* once `failed` is set */
  double header_time;
};

static int fail(struct file_writer *writer) {
  error_save(&writer->error);
  atomic_store(&writer->failed, 1);
  if (!atomic_load(&writer->stalled)) writer->options.failed(writer->options.argument);
  return -1;
}

/* Leaves the file for the next one, if there is one to go to. */
static int switch_file(struct file_writer *writer) {
  os_mutex_lock(&writer->lock);
  struct file *left = writer->file, *next = writer->next;
  if (next) writer->file = next;
  os_mutex_unlock(&writer->lock);
  if (!next) return 0;
  int32_t status = file_flush(left);
  file_give_back(left);
  atomic_store(&writer->switched_at, atomic_load(&writer->written));
  os_mutex_lock(&writer->lock);
  writer->next = NULL;
  os_mutex_unlock(&writer->lock);
  return status < 0 ? fail(writer) : 0;
}

/* Writes one block: how many frames, or < 0 on an error. */
static int64_t write_block(struct file_writer *writer) {
  struct ring_region region;
  size_t most = file_seekable(writer->file) ? BLOCK_FRAMES : PIPE_BLOCK_FRAMES;
  if (!ring_read_region(writer->ring, most, &region)) return 0;
  int64_t frames = (int64_t)region.count[0];
  int64_t got = file_write(writer->file, region.part[0], frames, writer->options.format);
  if (got > 0) {
    ring_read_advance(writer->ring, (size_t)got);
    atomic_fetch_add(&writer->written, got);
  }
  return got == frames ? got : fail(writer);
}

static int update_header(struct file_writer *writer) {
  double now = os_time();
  if (now - writer->header_time < HEADER_INTERVAL) return 0;
  writer->header_time = now;
  return file_update_header(writer->file) < 0 ? fail(writer) : 0;
}

/* How long the ring can be left alone: until a quarter of it has been filled. */
static double nap(const struct file_writer *writer) {
  double seconds = (double)writer->ring->size / 4 / writer->options.sample_rate;
  return seconds > SLEEP_LONGEST ? SLEEP_LONGEST : seconds < SLEEP_SHORTEST ? SLEEP_SHORTEST : seconds;
}

static void writer_thread(void *argument) {
  struct file_writer *writer = argument;
  writer->header_time = os_time();
  for (;;) {
    int finish = atomic_load(&writer->finish); /* before looking: what was recorded before it is then seen */
    if (switch_file(writer) < 0) break;
    int64_t got = write_block(writer);
    if (got < 0 || update_header(writer) < 0) break;
    if (got) continue;
    if (!finish) {
      os_event_wait(&writer->wake, nap(writer));
      continue;
    }
    if (file_flush(writer->file) < 0) fail(writer);
    break;
  }
  os_event_post(&writer->done);
}

void file_writer_free(struct file_writer *writer) {
  os_event_destroy(&writer->wake);
  os_event_destroy(&writer->done);
  os_mutex_destroy(&writer->lock);
  free(writer);
}

struct file_writer *file_writer_start(struct file *file, struct ring *ring, const struct file_thread_options *options) {
  struct file_writer *writer = calloc(1, sizeof *writer);
  if (!writer || os_event_init(&writer->wake) || os_event_init(&writer->done)) {
    free(writer);
    error_set(PS_ERR_MEMORY, 0, "no memory for a file writer");
    return NULL;
  }
  os_mutex_init(&writer->lock);
  writer->file = file;
  writer->ring = ring;
  writer->options = *options;
  atomic_store(&writer->switched_at, -1);
  if (!os_thread_start(&writer->thread, "ps-writer", OS_THREAD_NORMAL, writer_thread, writer)) return writer;
  file_writer_free(writer);
  error_set(PS_ERR_THREAD, 0, "the system refused a thread for a file writer");
  return NULL;
}

void file_writer_wake(struct file_writer *writer) { os_event_post(&writer->wake); }

void file_writer_hurry(struct file_writer *writer, double patience) {
  if (patience < atomic_load(&writer->patience)) atomic_store(&writer->patience, patience);
}

/* Ends the wait for a pipe that takes nothing. A disk, however slow, is waited for. */
static void interrupt(struct file_writer *writer) {
  os_mutex_lock(&writer->lock);
  if (!file_seekable(writer->file)) {
    atomic_store(&writer->stalled, 1);
    file_interrupt(writer->file);
  }
  os_mutex_unlock(&writer->lock);
}

int32_t file_writer_finish(struct file_writer *writer, double patience) {
  atomic_store(&writer->patience, patience);
  atomic_store(&writer->finish, 1);
  file_writer_wake(writer);
  int64_t written = -1;
  double progress = os_time();
  while (!os_event_wait(&writer->done, FINISH_POLL)) {
    int64_t now_written = atomic_load(&writer->written);
    if (now_written != written) {
      written = now_written;
      progress = os_time();
    } else if (!atomic_load(&writer->stalled) && os_time() - progress > atomic_load(&writer->patience)) {
      interrupt(writer);
    }
  }
  os_thread_join(&writer->thread);
  if (atomic_load(&writer->stalled))
    return error_set(PS_ERR_STALLED, 0, "%zu frames were dropped: the pipe took no data",
                     ring_read_available(writer->ring));
  return atomic_load(&writer->failed) ? error_raise(&writer->error) : PS_OK;
}

int32_t file_writer_switch(struct file_writer *writer, struct file *next) {
  os_mutex_lock(&writer->lock);
  int pending = writer->next != NULL;
  if (!pending) {
    writer->next = next;
    atomic_store(&writer->switched_at, -1);
  }
  os_mutex_unlock(&writer->lock);
  if (pending) return error_set(PS_ERR_BUSY, 0, "the file before is still being finished");
  file_writer_wake(writer);
  return PS_OK;
}

int64_t file_writer_switched_at(const struct file_writer *writer) { return atomic_load(&writer->switched_at); }
