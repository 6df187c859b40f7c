/* Reading and writing off the caller's thread: a thread for each job, which has taken the file. What is read waits in a
 * ring until the caller takes it, piece by piece, so a long file needs little memory of the library's own. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "base/waker.h"
#include "engine/format.h"
#include "engine/ring.h"
#include "file/state.h"
#include "os/os.h"

#define RING_BYTES (4 << 20)
#define BLOCK_FRAMES 32768               /* between two looks at whether the job is to end */
#define TAKE_BYTES (1 << 19)             /* taken by one call, so that it is short */
#define PLACE_BYTES ((uintptr_t)4 << 20) /* memory that is prepared at a time */
#define PLACE_SECONDS 0.002              /* twice what that should take */
#define BEHIND_SECONDS 0.03 /* then the system has to search for large pages, and small ones are sooner there */

enum work { READS, WRITES, FINISHES };

struct job {
  struct object object;
  enum work work;
  struct waits waits;
  struct file *file;
  int32_t format;
  size_t frame_bytes;
  int64_t frames;             /* to be done */
  struct ring *ring;          /* reading */
  struct os_mutex lock;       /* for */
  uintptr_t place, place_end; /* where the caller takes the next frames to */
  uintptr_t prepared;         /* of the job's thread: up to here, */
  double behind;              /* and seconds that it took beyond what it should take */
  unsigned char *data;        /* writing: a copy */
  struct os_thread thread;
  struct os_event room; /* some of what was read has been taken; or the job is to end */
  _Atomic int32_t quit;
  _Atomic int32_t ended; /* after it, the members below are constant */
  int64_t done;
  struct error error;
};

/* Prepares the memory that the caller fills next, so that the caller need not wait for it. */
static void prepare(struct job *job) {
  os_mutex_lock(&job->lock);
  uintptr_t from = job->place, end = job->place_end;
  os_mutex_unlock(&job->lock);
  uintptr_t farthest = from + 2 * PLACE_BYTES;
  if (job->prepared > from && job->prepared <= end) from = job->prepared;
  uintptr_t to = (from + PLACE_BYTES) & ~(PLACE_BYTES - 1);
  if (to > end) to = end;
  if (from >= to || to > farthest || job->behind > BEHIND_SECONDS) return;
  double begun = os_time();
  os_memory_prepare((void *)from, to - from);
  job->behind += os_time() - begun - PLACE_SECONDS;
  job->prepared = to;
}

static int64_t read_some(struct job *job) {
  prepare(job);
  struct ring_region region;
  int64_t left = job->frames - job->done;
  while (ring_write_region(job->ring, (size_t)(left < BLOCK_FRAMES ? left : BLOCK_FRAMES), &region) == 0) {
    os_event_wait(&job->room, -1);
    if (atomic_load(&job->quit)) return 0;
  }
  int64_t count = file_read(job->file, region.part[0], (int64_t)region.count[0], job->format);
  if (count > 0) ring_write_advance(job->ring, (size_t)count);
  return count;
}

static int64_t write_some(struct job *job) {
  int64_t left = job->frames - job->done;
  const unsigned char *from = job->data + (size_t)job->done * job->frame_bytes;
  return file_write(job->file, from, left < BLOCK_FRAMES ? left : BLOCK_FRAMES, job->format);
}

/* Whether the caller has to take some, so that the job need not wait for it. */
static int is_filling(struct job *job) {
  return job->ring && job->done < job->frames && ring_read_available(job->ring) >= job->ring->size / 2;
}

static void run(void *argument) {
  struct job *job = argument;
  int64_t count = job->work == FINISHES ? file_finish(job->file) : 1;
  while (job->done < job->frames && count > 0 && !atomic_load(&job->quit)) {
    count = job->work == READS ? read_some(job) : write_some(job);
    if (count > 0) job->done += count;
    if (is_filling(job)) waits_changed(&job->waits);
  }
  if (count < 0) error_save(&job->error);
  file_give_back(job->file);
  atomic_store_explicit(&job->ended, 1, memory_order_release);
  waits_changed(&job->waits);
}

static void destroy(struct object *object) {
  struct job *job = (struct job *)object;
  if (job->ring) object_release(&job->ring->object);
  os_mutex_destroy(&job->lock);
  os_event_destroy(&job->room);
  object_release(&job->file->object);
  free(job->data);
  free(job);
}

/* Memory for the samples to be read or written; 0 if there is none. */
static int has_memory(struct job *job, const void *data) {
  if (job->work == WRITES) {
    size_t bytes = (size_t)job->frames * job->frame_bytes;
    job->data = malloc(bytes ? bytes : 1);
    if (job->data) {
      os_memory_fills(job->data, bytes);
      memcpy(job->data, data, bytes);
    }
    return job->data != NULL;
  }
  if (job->work == FINISHES) return 1;
  int64_t room = RING_BYTES / (int64_t)job->frame_bytes;
  if (job->frames < room) room = job->frames ? job->frames : 1;
  job->ring = ring_create(job->frame_bytes, (size_t)room);
  return job->ring != NULL;
}

/* A job for a file that has been taken, which becomes the job's. */
static int32_t start(struct file *file, enum work work, const void *data, double frames, int32_t format) {
  struct job *job = calloc(1, sizeof *job);
  if (!job || os_event_init(&job->room) < 0) {
    free(job);
    file_end(file);
    return error_set(PS_ERR_MEMORY, 0, NULL);
  }
  os_mutex_init(&job->lock);
  waits_init(&job->waits, &job->object, NULL);
  job->work = work;
  job->file = file;
  job->format = format;
  job->frame_bytes = format_bytes(format) * (size_t)file->channels;
  job->frames = frames == PS_FRAMES_ALL ? INT64_MAX : (int64_t)frames;
  int32_t handle =
      has_memory(job, data) ? handle_new(&job->object, HANDLE_JOB, destroy) : error_set(PS_ERR_MEMORY, 0, NULL);
  if (handle < 0) {
    file_give_back(file);
    destroy(&job->object);
    return handle;
  }
  if (os_thread_start(&job->thread, "pastream job", OS_THREAD_NORMAL, run, job) == 0) return handle;
  file_give_back(file);
  handle_free(handle, HANDLE_JOB);
  return error_set(PS_ERR_THREAD, 0, NULL);
}

static int32_t check(double frames, double least, int32_t format) {
  int32_t status = check_count("frames", frames, least, COUNT_MOST);
  if (status < 0) return status;
  return format_bytes(format) ? PS_OK : error_set(PS_ERR_ARGUMENT, 0, "%d is not a sample format", (int)format);
}

int32_t ps_job_read(int32_t handle, double frames, int32_t format) {
  struct file *file;
  int32_t status = check(frames, PS_FRAMES_ALL, format);
  if (status == PS_OK) status = file_begin(handle, &file);
  return status < 0 ? status : start(file, READS, NULL, frames, format);
}

int32_t ps_job_write(int32_t handle, const void *data, double frames, int32_t format) {
  struct file *file;
  int32_t status = check(frames, 0, format);
  if (status == PS_OK && !data) status = error_set(PS_ERR_ARGUMENT, 0, "data is NULL");
  if (status == PS_OK) status = file_begin(handle, &file);
  return status < 0 ? status : start(file, WRITES, data, frames, format);
}

int32_t ps_job_finish(int32_t handle) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  return status < 0 ? status : start(file, FINISHES, NULL, 0, PS_FORMAT_FLOAT32);
}

double ps_job_done(int32_t handle) {
  struct job *job = (struct job *)handle_use(handle, HANDLE_JOB);
  if (!job) return error_number(PS_ERR_HANDLE);
  double result;
  if (!atomic_load_explicit(&job->ended, memory_order_acquire))
    result = error_number(PS_ERR_PENDING);
  else
    result = job->error.status < 0 ? error_number(error_raise(&job->error)) : (double)job->done;
  object_release(&job->object);
  return result;
}

int32_t ps_job_take(int32_t handle, void *data, double frames) {
  struct job *job = (struct job *)handle_use(handle, HANDLE_JOB);
  if (!job) return PS_ERR_HANDLE;
  int32_t count = 0;
  if (!job->ring) {
    count = error_set(PS_ERR_ARGUMENT, 0, "only a job that reads has frames to take");
  } else if (data && frames >= 1) {
    size_t wanted = frames < INT32_MAX ? (size_t)frames : INT32_MAX, most = TAKE_BYTES / job->frame_bytes + 1;
    count = (int32_t)ring_read(job->ring, data, wanted < most ? wanted : most);
    os_mutex_lock(&job->lock);
    job->place = (uintptr_t)data + (size_t)count * job->frame_bytes;
    job->place_end = (uintptr_t)data + wanted * job->frame_bytes;
    os_mutex_unlock(&job->lock);
    os_event_post(&job->room);
  }
  object_release(&job->object);
  return count;
}

static void quit(struct object *object, void *argument) {
  struct job *job = (struct job *)object;
  (void)argument;
  atomic_store(&job->quit, 1);
  os_event_post(&job->room);
}

int32_t ps_job_free(int32_t handle) {
  struct job *job = (struct job *)handle_use(handle, HANDLE_JOB);
  if (!job) return PS_ERR_HANDLE;
  int32_t status = handle_free(handle, HANDLE_JOB); /* succeeds once: that call joins the thread */
  if (status == PS_OK) {
    quit(&job->object, NULL);
    if (!atomic_load(&job->ended)) file_interrupt(job->file);
    os_thread_join(&job->thread);
    waits_end(&job->waits);
  }
  object_release(&job->object);
  return status;
}

void job_quit_all(void) { handle_each(HANDLE_JOB, quit, NULL); }
