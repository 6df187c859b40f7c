#include <stdlib.h>

#include "os/os.h"

/* Systems take up to 0.3 ms for each megabyte that they are given back. */
#define LARGE_BYTES (1 << 22)

void os_free_aside(void *memory, size_t bytes) {
  struct os_thread thread;
  if (memory && bytes >= LARGE_BYTES && !os_thread_start(&thread, "ps-free", OS_THREAD_NORMAL, free, memory))
    os_thread_detach(&thread);
  else
    free(memory);
}
