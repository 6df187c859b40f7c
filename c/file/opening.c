/* Opening a sound file off the caller's thread: a disk, a network, or whoever is at the other end of a pipe may take
 * long to give its header; and some formats are searched to their end. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "base/handle.h"
#include "base/waker.h"
#include "file/state.h"
#include "os/os.h"
#include "os/os_file.h"
#include "pastream.h"

enum stage { AT_WORK, OPENED, LEFT };

struct opening {
  struct object object;
  struct waits waits;
  char *path;         /* or */
  int32_t descriptor; /* if it is not -1, or */
  void *data;         /* the bytes, until the file has them */
  size_t bytes, brought;
  _Atomic int32_t bringing; /* a call brings bytes now */
  int32_t mode;
  double info[PS_FILE_INFO_SIZE];
  _Atomic int32_t stage; /* once it is OPENED, the result is the caller's */
  struct opened result;
  struct os_wake left;
};

static void destroy(struct object *object) {
  struct opening *opening = (struct opening *)object;
  os_wake_destroy(&opening->left);
  os_free_aside(opening->data, opening->bytes);
  free(opening->path);
  free(opening);
}

static int32_t open_now(struct opening *opening) {
  if (opening->path) return file_open(opening->path, opening->mode, opening->info, PS_FILE_INFO_SIZE, &opening->left);
  if (opening->descriptor < 0) return file_open_bytes(&opening->data, opening->bytes, opening->info);
  return file_open_descriptor(opening->descriptor, 0, opening->mode, opening->info, PS_FILE_INFO_SIZE, &opening->left);
}

/* Nothing joins this thread, because a disk may keep it waiting for as long as the process runs. */
static void open_file(void *argument) {
  struct opening *opening = argument;
  handle_own(opening->object.owner); /* what it opens belongs to the same thread */
  int32_t file = open_now(opening);
  opened_set(&opening->result, file);
  if (atomic_exchange(&opening->stage, OPENED) == LEFT && file > 0) ps_file_close(file);
  waits_changed(&opening->waits);
  object_release(&opening->object);
}

static int32_t start(struct opening *opening) {
  struct os_thread thread;
  object_use(&opening->object);
  if (os_thread_start(&thread, "pastream open", OS_THREAD_NORMAL, open_file, opening) < 0) {
    object_release(&opening->object);
    return error_set(PS_ERR_THREAD, 0, NULL);
  }
  os_thread_detach(&thread);
  return PS_OK;
}

/* An opening that does not know yet of what. */
static int32_t make(struct opening **made, int32_t mode, const double *info, int32_t info_size) {
  if (!info || info_size != PS_FILE_INFO_SIZE)
    return error_set(PS_ERR_ARGUMENT, 0, "info must have %d numbers", PS_FILE_INFO_SIZE);
  struct opening *opening = calloc(1, sizeof *opening);
  if (!opening || os_wake_init(&opening->left) < 0) {
    free(opening);
    return error_set(PS_ERR_MEMORY, 0, NULL);
  }
  waits_init(&opening->waits, &opening->object, NULL);
  opening->descriptor = -1;
  opening->mode = mode;
  memcpy(opening->info, info, sizeof opening->info);
  *made = opening;
  return PS_OK;
}

/* The handle of an opening, which begins at once where nothing is to be brought. */
static int32_t give(struct opening *opening) {
  int32_t handle = handle_new(&opening->object, HANDLE_OPENING, destroy);
  if (handle < 0) {
    destroy(&opening->object);
    return handle;
  }
  int32_t status = opening->bytes == 0 ? start(opening) : PS_OK;
  if (status < 0) handle_free(handle, HANDLE_OPENING);
  return status < 0 ? status : handle;
}

/* The same where memory for what it opens may be lacking. */
static int32_t give_with(struct opening *opening, const void *memory) {
  if (memory) return give(opening);
  destroy(&opening->object);
  return error_set(PS_ERR_MEMORY, 0, NULL);
}

int32_t ps_opening_new(const char *path, int32_t mode, const double *info, int32_t info_size) {
  if (!path) return error_set(PS_ERR_ARGUMENT, 0, "there is no path");
  struct opening *opening;
  int32_t status = make(&opening, mode, info, info_size);
  if (status < 0) return status;
  opening->path = malloc(strlen(path) + 1);
  if (opening->path) strcpy(opening->path, path);
  return give_with(opening, opening->path);
}

int32_t ps_opening_of_descriptor(int32_t descriptor, int32_t mode, const double *info, int32_t info_size) {
  if (descriptor < 0) return error_set(PS_ERR_ARGUMENT, 0, "there is no descriptor %d", (int)descriptor);
  struct opening *opening;
  int32_t status = make(&opening, mode, info, info_size);
  if (status < 0) return status;
  opening->descriptor = descriptor;
  return give(opening);
}

int32_t ps_opening_of_bytes(double bytes, const double *info, int32_t info_size) {
  if (!(bytes >= 0 && bytes <= 9e15 && bytes == (double)(int64_t)bytes && (uint64_t)bytes <= SIZE_MAX))
    return error_set(PS_ERR_ARGUMENT, 0, "the size of the memory must be a whole number of bytes");
  struct opening *opening;
  int32_t status = make(&opening, PS_MODE_READ, info, info_size);
  if (status < 0) return status;
  opening->bytes = (size_t)bytes;
  opening->data = malloc(bytes > 0 ? (size_t)bytes : 1);
  return give_with(opening, opening->data);
}

static int32_t bring(struct opening *opening, const void *data, size_t bytes) {
  if (bytes > opening->bytes - opening->brought)
    return error_set(PS_ERR_ARGUMENT, 0, "there are more bytes than the file was said to have");
  if (bytes == 0) return PS_OK;
  memcpy((char *)opening->data + opening->brought, data, bytes);
  opening->brought += bytes;
  return opening->brought == opening->bytes ? start(opening) : PS_OK;
}

int32_t ps_opening_write(int32_t handle, const void *data, int32_t bytes) {
  int32_t status = check_memory("data", data, bytes);
  if (status < 0) return status;
  struct opening *opening = (struct opening *)handle_use(handle, HANDLE_OPENING);
  if (!opening) return PS_ERR_HANDLE;
  if (atomic_exchange(&opening->bringing, 1)) {
    status = error_set(PS_ERR_BUSY, 0, "another call brings bytes now");
  } else {
    status = bring(opening, data, (size_t)bytes);
    atomic_store(&opening->bringing, 0);
  }
  object_release(&opening->object);
  return status;
}

int32_t ps_opening_done(int32_t handle) {
  struct opening *opening = (struct opening *)handle_use(handle, HANDLE_OPENING);
  if (!opening) return PS_ERR_HANDLE;
  int32_t result = atomic_load(&opening->stage) == OPENED ? opened_take(&opening->result) : PS_ERR_PENDING;
  object_release(&opening->object);
  return result;
}

int32_t ps_opening_free(int32_t handle) {
  struct opening *opening = (struct opening *)handle_use(handle, HANDLE_OPENING);
  if (!opening) return PS_ERR_HANDLE;
  int32_t status = handle_free(handle, HANDLE_OPENING); /* once: the file is closed by whoever gets here */
  if (status == PS_OK) {
    if (atomic_exchange(&opening->stage, LEFT) != OPENED)
      os_wake_up(&opening->left);
    else if (opening->result.file)
      ps_file_close(opening->result.file);
  }
  waits_end(&opening->waits);
  object_release(&opening->object);
  return status;
}
