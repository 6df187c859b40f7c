#include "file/thread.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "file/state.h"
#include "os/os.h"
#include "pastream.h"

#define BLOCK_FRAMES 16384 /* at most, between two checks for other work */
#define SLEEP_MOST 0.1     /* seconds */
#define SLEEP_LEAST 0.001
#define HEADER_SECONDS 0.5 /* a process that is killed loses this, the sleep, and what the disk is behind: no second */
#define LOOK_SECONDS 0.1   /* how often a stalled pipe is looked at */
#define NOT_YET -1

struct file_writer {
  struct file *file; /* writer's thread */
  struct ring *ring;
  struct file_thread_options options;
  int64_t written; /* frames of the recording */
  int dirty;       /* since the header was brought up to date */
  double header_time;
  struct error error; /* the first failure */
  struct os_thread thread;
  struct os_event wake; /* of the thread */
  struct os_event news; /* for finish: the thread has ended, or patience has changed */
  struct os_mutex lock; /* for `current`, which another thread may want to look at */
  struct file *current;
  int64_t switch_at; /* written before `next`: frame of the recording at which that file begins */
  _Atomic(struct file *) next;
  _Atomic int64_t switched_at;
  _Atomic int32_t finishing, ended;
  _Atomic int32_t resting; /* nobody is in the middle of a file */
  _Atomic double patience;
};

static void fail(struct file_writer *writer) {
  if (writer->error.status < 0) return;
  error_save(&writer->error);
  writer->options.failed(writer->options.argument);
}

/* Frames that may be written before another look at `next`: no more than those before the frame at which it begins. */
static size_t block_frames(struct file_writer *writer) {
  if (!atomic_load(&writer->next)) return BLOCK_FRAMES;
  int64_t left = writer->switch_at - writer->written;
  return left > 0 && left < BLOCK_FRAMES ? (size_t)left : BLOCK_FRAMES;
}

/* Leaves the file for the next one, if there is one that begins here, or, at the end of the recording, later. */
static void switch_file(struct file_writer *writer, int at_end) {
  struct file *next = atomic_load(&writer->next);
  if (!next || (writer->written < writer->switch_at && !at_end)) return;
  if (writer->error.status == PS_OK && file_flush(writer->file) < 0) fail(writer);
  os_mutex_lock(&writer->lock);
  struct file *left = writer->file;
  writer->file = writer->current = next;
  os_mutex_unlock(&writer->lock);
  file_give_back(left);
  atomic_store(&writer->switched_at, writer->written);
  atomic_store(&writer->next, NULL);
  if (writer->options.waits) waits_changed(writer->options.waits);
}

/* Writes a block, if there is one; returns its frames. */
static size_t write_block(struct file_writer *writer) {
  struct ring_region region;
  if (ring_read_region(writer->ring, block_frames(writer), &region) == 0) return 0;
  int64_t count = file_write(writer->file, region.part[0], (int64_t)region.count[0], writer->options.format);
  if (count < 0) {
    fail(writer);
    return 0;
  }
  ring_read_advance(writer->ring, (size_t)count);
  writer->written += count;
  writer->dirty = 1;
  return (size_t)count;
}

static void update_header(struct file_writer *writer) {
  double now = os_time();
  if (!writer->dirty || now - writer->header_time < HEADER_SECONDS) return;
  if (file_update_header(writer->file) < 0) fail(writer);
  writer->dirty = 0;
  writer->header_time = now;
}

/* The ring was emptied: sleeps until about a quarter of it is full. */
static void wait_for_frames(struct file_writer *writer) {
  double seconds = (double)writer->ring->size / 4 / writer->options.sample_rate;
  if (seconds > SLEEP_MOST) seconds = SLEEP_MOST;
  if (seconds < SLEEP_LEAST) seconds = SLEEP_LEAST;
  atomic_store(&writer->resting, 1);
  os_event_wait(&writer->wake, seconds);
  atomic_store(&writer->resting, 0);
}

static void run(void *argument) {
  struct file_writer *writer = argument;
  writer->header_time = os_time();
  atomic_store(&writer->resting, 0);
  while (writer->error.status == PS_OK) {
    int last = atomic_load(&writer->finishing); /* before the look at the ring: nothing comes in after it */
    while (write_block(writer) > 0) {
      switch_file(writer, 0);
      update_header(writer);
    }
    switch_file(writer, 0);
    update_header(writer);
    if (last) break;
    if (writer->error.status == PS_OK) wait_for_frames(writer);
  }
  if (writer->error.status == PS_OK && file_flush(writer->file) < 0) fail(writer);
  atomic_store(&writer->resting, 1);
  atomic_store(&writer->ended, 1);
  os_event_post(&writer->news);
}

struct file_writer *file_writer_start(struct file *file, struct ring *ring, const struct file_thread_options *options) {
  struct file_writer *writer = calloc(1, sizeof *writer);
  int events = !writer ? 0 : os_event_init(&writer->wake) < 0 ? 0 : os_event_init(&writer->news) < 0 ? 1 : 2;
  if (events == 2) {
    writer->file = writer->current = file;
    writer->ring = ring;
    writer->options = *options;
    os_mutex_init(&writer->lock);
    atomic_init(&writer->switched_at, NOT_YET);
    atomic_init(&writer->patience, INFINITY);
    atomic_init(&writer->resting, 1);
    if (os_thread_start(&writer->thread, "pastream writer", OS_THREAD_NORMAL, run, writer) == 0) return writer;
    error_set(PS_ERR_THREAD, 0, NULL);
    os_mutex_destroy(&writer->lock);
    os_event_destroy(&writer->news);
  } else {
    error_set(PS_ERR_MEMORY, 0, NULL);
  }
  if (events) os_event_destroy(&writer->wake);
  free(writer);
  return NULL;
}

/* Bytes that have gone into the file that is being written, or into the one before. */
static int64_t progress(struct file_writer *writer) {
  os_mutex_lock(&writer->lock);
  int64_t bytes = file_progress(writer->current);
  os_mutex_unlock(&writer->lock);
  return bytes;
}

static void interrupt(struct file_writer *writer) {
  os_mutex_lock(&writer->lock);
  file_interrupt(writer->current);
  os_mutex_unlock(&writer->lock);
}

int32_t file_writer_finish(struct file_writer *writer, double patience) {
  file_writer_hurry(writer, patience); /* it may have been hurried before */
  atomic_store(&writer->finishing, 1);
  os_event_post(&writer->wake);
  int64_t seen = progress(writer);
  double since = os_time();
  while (!atomic_load(&writer->ended)) {
    os_event_wait(&writer->news, LOOK_SECONDS);
    int64_t now = progress(writer);
    if (now != seen) since = os_time();
    seen = now;
    if (os_time() - since > atomic_load(&writer->patience)) interrupt(writer);
  }
  os_thread_join(&writer->thread);
  atomic_store(&writer->resting, 0);
  switch_file(writer, 1); /* one that came when the thread was ending, or that begins at a later frame */
  atomic_store(&writer->resting, 1);
  if (writer->error.status < 0) return error_raise(&writer->error);
  size_t left = ring_read_available(writer->ring);
  return left ? error_set(PS_ERR_STALLED, 0, "%zu frames were not written", left) : PS_OK;
}

void file_writer_take_over(struct file_writer *writer) {
  if (!atomic_load(&writer->resting)) return;
  file_interrupt(writer->file); /* a pipe may not be read any more */
  writer->options.waits = NULL; /* as may be who holds their lock */
  atomic_store(&writer->finishing, 1);
  if (!atomic_load(&writer->ended)) run(writer);
  file_finish(writer->file);
}

void file_writer_hurry(struct file_writer *writer, double patience) {
  double before = atomic_load(&writer->patience);
  while (patience < before && !atomic_compare_exchange_weak(&writer->patience, &before, patience)) continue;
  os_event_post(&writer->news);
}

void file_writer_free(struct file_writer *writer) {
  os_mutex_destroy(&writer->lock);
  os_event_destroy(&writer->news);
  os_event_destroy(&writer->wake);
  free(writer);
}

int32_t file_writer_switch(struct file_writer *writer, struct file *next, int64_t at) {
  if (atomic_load(&writer->next)) return error_set(PS_ERR_BUSY, 0, "the switch to another file is still under way");
  writer->switch_at = at;
  atomic_store(&writer->next, next);
  os_event_post(&writer->wake);
  return PS_OK;
}

int64_t file_writer_switched_at(const struct file_writer *writer) {
  return atomic_load(&writer->next) ? NOT_YET : atomic_load(&writer->switched_at);
}

void file_writer_wake(struct file_writer *writer) { os_event_post(&writer->wake); }
