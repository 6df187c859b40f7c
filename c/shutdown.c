/* The end of the process: every stream is ended and every file is finished, so that recordings are whole. */
#include <stdlib.h>

#include "base/error.h"
#include "file/file.h"
#include "stream/endpoints.h"
#include "stream/state.h"

#define STREAM_SECONDS 2.0 /* for all streams together */
#define LOOK_SECONDS 0.001

static void shut_stream(struct object *object, void *argument) {
  (void)argument;
  stream_command((struct stream *)object, PS_COMMAND_CLOSE);
}

static void await_shut(struct object *object, void *argument) {
  const double *deadline = argument;
  struct stream *stream = (struct stream *)object;
  while (stream_state(stream) != PS_STATE_CLOSED && os_time() < *deadline) os_sleep(LOOK_SECONDS);
}

int32_t ps_shutdown(void) {
  double deadline = os_time() + STREAM_SECONDS;
  handle_each(HANDLE_STREAM, shut_stream, NULL);
  handle_each(HANDLE_STREAM, await_shut, &deadline);
  while (stream_quits() && os_time() < deadline) os_sleep(LOOK_SECONDS);
  file_close_all();
  return PS_OK;
}

/* ---------------------------------------------------------- end of a thread */

struct owned {
  int32_t owner;
  double deadline;
};

static void shut_owned(struct object *object, void *argument) {
  if (object->owner == ((struct owned *)argument)->owner) shut_stream(object, NULL);
}

static void await_owned(struct object *object, void *argument) {
  struct owned *owned = argument;
  if (object->owner == owned->owner) await_shut(object, &owned->deadline);
}

/* Frees every handle of a kind that belongs to `owner`. One that cannot be freed, because a call of another thread uses
 * it, is left to the end of the process. */
static void free_owned(int32_t owner, enum handle_kind kind, int32_t (*give_back)(int32_t handle)) {
  for (int32_t handle; (handle = handle_owned(owner, kind)) != 0;)
    if (give_back(handle) < 0) handle_free(handle, kind);
}

static void finish_owned_file(struct object *object, void *argument) {
  struct file *file = (struct file *)object;
  if (object->owner != ((struct owned *)argument)->owner || file_take(file) < 0) return;
  file_finish(file);
  file_give_back(file);
}

/* After this the recordings are whole, so that the process may exit. It waits for threads that run, and not for ever;
 * the thread of a job may not have started yet. */
static void finish_owned(int32_t owner) {
  struct owned owned = {owner, os_time() + STREAM_SECONDS};
  handle_each(HANDLE_STREAM, shut_owned, &owned);
  handle_each(HANDLE_STREAM, await_owned, &owned);
  handle_each(HANDLE_FILE, finish_owned_file, &owned);
}

static void release_owned(int32_t owner) {
  free_owned(owner, HANDLE_STREAM, ps_stream_free);
  free_owned(owner, HANDLE_JOB, ps_job_free);
  free_owned(owner, HANDLE_INCOMING, ps_incoming_free);
  free_owned(owner, HANDLE_OPENING, ps_opening_free);
  free_owned(owner, HANDLE_FILE, ps_file_close);
  free_owned(owner, HANDLE_RING, ps_ring_free);
  free_owned(owner, HANDLE_WAKER, ps_waker_free);
}

int32_t ps_thread_owns(void) {
  static const struct os_thread_end end = {finish_owned, release_owned};
  static _Atomic int32_t owners;
  static _Thread_local int32_t owner;
  if (owner) return PS_OK;
  int32_t next = atomic_fetch_add(&owners, 1) + 1;
  if (os_at_thread_end(&end, next) < 0) return error_set(PS_ERR_MEMORY, 0, NULL);
  owner = next;
  handle_own(owner);
  return PS_OK;
}

#if defined(_WIN32)
static void finish_files(struct object *object, void *argument) {
  (void)argument;
  stream_finish_files((struct stream *)object);
}

/* What was recorded is in the rings still, unless ps_shutdown was called before. */
__attribute__((destructor)) static void at_exit(void) {
  os_threads_are_gone();
  handle_each(HANDLE_STREAM, finish_files, NULL);
  file_close_idle();
}
#else
__attribute__((destructor)) static void at_exit(void) { ps_shutdown(); }
#endif

#ifdef __linux__
/* Bun ends by quick_exit, which calls no destructors. */
__attribute__((constructor)) static void at_load(void) { at_quick_exit(at_exit); }
#endif
