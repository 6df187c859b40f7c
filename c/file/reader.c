#include "file/thread.h"

#include <stdlib.h>

#include "base/error.h"
#include "os/os.h"
#include "pastream.h"

#define BLOCK_FRAMES 16384 /* at most, between two looks at whether to stop */
#define PIPE_FRAMES 64 /* the same of a pipe, whose read waits for all that it asks for: it must not hold back sound */
#define SLEEP_MOST 0.1 /* seconds */
#define SLEEP_LEAST 0.001

struct file_reader {
  struct file *file;
  struct ring *ring;
  struct file_thread_options options;
  int64_t end; /* of the file, once it has been reached; -1: not yet */
  struct os_thread thread;
  struct os_event wake;
  _Atomic int32_t stop, last_pass;
  _Atomic int32_t failed; /* after it, `error` is constant */
  struct error error;
};

/* The ring was filled up: sleeps for a quarter of what it holds, so that more than half of it stays full. */
static void wait_for_room(struct file_reader *reader) {
  double seconds = (double)reader->ring->size / 4 / reader->options.sample_rate;
  if (seconds > SLEEP_MOST) seconds = SLEEP_MOST;
  if (seconds < SLEEP_LEAST) seconds = SLEEP_LEAST;
  os_event_wait(&reader->wake, seconds);
}

/* What came before the failure is good, and the run ends with it when it was heard. */
static void fail(struct file_reader *reader, int is_first_read) {
  if (atomic_load(&reader->stop)) return; /* which has interrupted the read */
  error_save(&reader->error);
  if (is_first_read) reader->options.failed(reader->options.argument); /* the run need not start */
  atomic_store_explicit(&reader->failed, 1, memory_order_release);
  ring_end(reader->ring, RING_FAILED);
}

/* At the end of the file: seeks to its start if it is played again. 0 if not, or negative. */
static int64_t start_again(struct file_reader *reader, int64_t pass) {
  int64_t position = file_tell(reader->file);
  if (!reader->options.loop || atomic_load(&reader->last_pass)) return 0;
  if (pass == 0 && position == 0) return 0; /* an empty file: it would never end */
  reader->end = position;
  int64_t status = file_seek(reader->file, 0, 0);
  return status < 0 ? status : 1;
}

int32_t file_reader_error(const struct file_reader *reader) {
  return atomic_load_explicit(&reader->failed, memory_order_acquire) ? error_raise(&reader->error) : PS_OK;
}

static void run(void *argument) {
  struct file_reader *reader = argument;
  int64_t left = reader->options.limit, pass = 0; /* frames of this pass through the file */
  int is_first_read = 1;
  int64_t most = file_seekable(reader->file) ? BLOCK_FRAMES : PIPE_FRAMES;
  while (left != 0 && !atomic_load(&reader->stop)) {
    struct ring_region region;
    size_t wanted = (size_t)(left >= 0 && left < most ? left : most);
    if (ring_write_region(reader->ring, wanted, &region) == 0) {
      wait_for_room(reader);
      continue;
    }
    int64_t count = file_read(reader->file, region.part[0], (int64_t)region.count[0], reader->options.format);
    int64_t again = count == 0 ? start_again(reader, pass) : 1;
    if (count < 0 || again < 0) {
      fail(reader, is_first_read);
      return;
    }
    if (again == 0) break;
    pass = count > 0 ? pass + count : 0;
    is_first_read = 0;
    ring_write_advance(reader->ring, (size_t)count);
    if (left > 0) left -= count;
  }
  ring_end(reader->ring, RING_ENDED);
}

struct file_reader *file_reader_start(struct file *file, struct ring *ring, const struct file_thread_options *options) {
  struct file_reader *reader = calloc(1, sizeof *reader);
  if (!reader || os_event_init(&reader->wake) < 0) {
    free(reader);
    error_set(PS_ERR_MEMORY, 0, NULL);
    return NULL;
  }
  reader->file = file;
  reader->ring = ring;
  reader->options = *options;
  reader->end = -1;
  if (os_thread_start(&reader->thread, "pastream reader", OS_THREAD_NORMAL, run, reader) == 0) return reader;
  os_event_destroy(&reader->wake);
  free(reader);
  error_set(PS_ERR_THREAD, 0, NULL);
  return NULL;
}

void file_reader_end_loop(struct file_reader *reader) { atomic_store(&reader->last_pass, 1); }

/* What is still in the ring has not been played: the file goes back to the first frame of it. */
static void go_back(struct file_reader *reader, int64_t unplayed) {
  int64_t unread = (int64_t)ring_read_available(reader->ring) + unplayed, position = file_tell(reader->file) - unread;
  if (unread == 0 || !file_seekable(reader->file)) return;
  while (position < 0 && reader->end > 0) position += reader->end;
  file_seek(reader->file, position < 0 ? 0 : position, 0);
}

void file_reader_stop(struct file_reader *reader, int64_t unplayed) {
  atomic_store(&reader->stop, 1);
  file_interrupt(reader->file);
  os_event_post(&reader->wake);
  os_thread_join(&reader->thread);
  go_back(reader, unplayed);
  os_event_destroy(&reader->wake);
  free(reader);
}

void file_reader_wake(struct file_reader *reader) { os_event_post(&reader->wake); }
