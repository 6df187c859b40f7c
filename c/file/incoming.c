/* Sound files whose bytes arrive piece by piece: the door's calls for who brings them, and the thread that opens the
 * file, since a codec waits for the header. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "base/waker.h"
#include "file/medium/incoming.h"
#include "file/state.h"

#define ROOM_MOST (64 << 20)

struct arrival {
  struct incoming incoming; /* first: the pipe and the file know only this */
  _Atomic int32_t writing;  /* a call brings bytes now */
  char *name;               /* of the file; NULL until it is being opened */
  double info[PS_FILE_INFO_SIZE];
  struct os_thread thread;
  _Atomic int32_t opened; /* after it, the member below is the caller's */
  struct opened result;
};

static void destroy(struct object *object) {
  struct arrival *arrival = (struct arrival *)object;
  incoming_destroy(&arrival->incoming);
  free(arrival->name);
  free(arrival);
}

int32_t ps_incoming_new(int32_t bytes) {
  if (bytes < 1 || bytes > ROOM_MOST) return error_set(PS_ERR_ARGUMENT, 0, "bytes must be 1 to %d", ROOM_MOST);
  struct arrival *arrival = calloc(1, sizeof *arrival);
  if (!arrival || incoming_init(&arrival->incoming, (size_t)bytes) < 0) {
    free(arrival);
    return error_set(PS_ERR_MEMORY, 0, NULL);
  }
  int32_t handle = handle_new(&arrival->incoming.object, HANDLE_INCOMING, destroy);
  if (handle < 0) destroy(&arrival->incoming.object);
  return handle;
}

int32_t ps_incoming_write(int32_t handle, const void *data, int32_t bytes) {
  int32_t status = check_memory("data", data, bytes);
  if (status < 0) return status;
  struct arrival *arrival = (struct arrival *)handle_use(handle, HANDLE_INCOMING);
  if (!arrival) return PS_ERR_HANDLE;
  if (atomic_exchange(&arrival->writing, 1)) {
    status = error_set(PS_ERR_BUSY, 0, "another call brings bytes now");
  } else {
    if (bytes > 0) status = (int32_t)incoming_write(&arrival->incoming, data, (size_t)bytes);
    atomic_store(&arrival->writing, 0);
  }
  object_release(&arrival->incoming.object);
  return status;
}

int32_t ps_incoming_waiting(int32_t handle) {
  struct arrival *arrival = (struct arrival *)handle_use(handle, HANDLE_INCOMING);
  if (!arrival) return PS_ERR_HANDLE;
  int32_t bytes = (int32_t)incoming_held(&arrival->incoming);
  object_release(&arrival->incoming.object);
  return bytes;
}

int32_t ps_incoming_end(int32_t handle, int32_t how) {
  int32_t status = check_choice("how", how, 3);
  if (status < 0) return status;
  struct arrival *arrival = (struct arrival *)handle_use(handle, HANDLE_INCOMING);
  if (!arrival) return PS_ERR_HANDLE;
  incoming_end(&arrival->incoming, how == PS_INCOMING_CUT_OFF ? INCOMING_BROKEN
                                   : how == PS_INCOMING_LEFT  ? INCOMING_LEFT
                                                              : INCOMING_ENDED);
  object_release(&arrival->incoming.object);
  return PS_OK;
}

/* ------------------------------------------------------------------- opening */

static void open_file(void *argument) {
  struct arrival *arrival = argument;
  handle_own(arrival->incoming.object.owner); /* what it opens belongs to the same thread */
  int32_t file = file_open_incoming(arrival->name, &arrival->incoming, arrival->info);
  opened_set(&arrival->result, file);
  atomic_store_explicit(&arrival->opened, 1, memory_order_release);
  waits_changed(&arrival->incoming.waits);
}

static int32_t start(struct arrival *arrival, const char *name, const double *info) {
  char *copy = malloc(strlen(name) + 1);
  if (!copy) return error_set(PS_ERR_MEMORY, 0, NULL);
  arrival->name = strcpy(copy, name);
  memcpy(arrival->info, info, sizeof arrival->info);
  if (os_thread_start(&arrival->thread, "pastream open", OS_THREAD_NORMAL, open_file, arrival) == 0) return PS_OK;
  arrival->name = NULL;
  free(copy);
  return error_set(PS_ERR_THREAD, 0, NULL);
}

int32_t ps_incoming_open(int32_t handle, const char *name, const double *info, int32_t info_size) {
  if (!name) return error_set(PS_ERR_ARGUMENT, 0, "there is no name");
  if (!info || info_size != PS_FILE_INFO_SIZE)
    return error_set(PS_ERR_ARGUMENT, 0, "info must have %d numbers", PS_FILE_INFO_SIZE);
  struct arrival *arrival = (struct arrival *)handle_use(handle, HANDLE_INCOMING);
  if (!arrival) return PS_ERR_HANDLE;
  int32_t status =
      arrival->name ? error_set(PS_ERR_STATE, 0, "the file has been opened before") : start(arrival, name, info);
  object_release(&arrival->incoming.object);
  return status;
}

int32_t ps_incoming_opened(int32_t handle) {
  struct arrival *arrival = (struct arrival *)handle_use(handle, HANDLE_INCOMING);
  if (!arrival) return PS_ERR_HANDLE;
  int32_t result;
  if (!arrival->name) {
    result = error_set(PS_ERR_STATE, 0, "nothing is being opened");
  } else if (!atomic_load_explicit(&arrival->opened, memory_order_acquire)) {
    result = PS_ERR_PENDING;
  } else {
    result = opened_take(&arrival->result);
  }
  object_release(&arrival->incoming.object);
  return result;
}

int32_t ps_incoming_free(int32_t handle) {
  struct arrival *arrival = (struct arrival *)handle_use(handle, HANDLE_INCOMING);
  if (!arrival) return PS_ERR_HANDLE;
  int32_t status = handle_free(handle, HANDLE_INCOMING); /* once: the thread is joined by whoever gets here */
  if (status == PS_OK) {
    incoming_end(&arrival->incoming, INCOMING_BROKEN);
    if (arrival->name) {
      if (!atomic_load(&arrival->opened)) incoming_interrupt(&arrival->incoming);
      os_thread_join(&arrival->thread);
      if (arrival->result.file) ps_file_close(arrival->result.file);
    }
    waits_end(&arrival->incoming.waits);
  }
  object_release(&arrival->incoming.object);
  return status;
}
