/* The end of the process: every stream is ended and every file is finished, so that recordings are whole. */
#include <stdlib.h>

#include "file/file.h"
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
  file_close_all();
  return PS_OK;
}

#if defined(__GNUC__) && !defined(_WIN32)
/* On Windows the threads are gone when a library is told of the exit; there the caller calls ps_shutdown. */
__attribute__((destructor)) static void at_exit(void) { ps_shutdown(); }
#endif

#ifdef __linux__
/* Bun ends by quick_exit, which calls no destructors. */
__attribute__((constructor)) static void at_load(void) { at_quick_exit(at_exit); }
#endif
