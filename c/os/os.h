/* What the library needs of an operating system: posix.c and win32.c. Times are in seconds. */
#ifndef PS_OS_H
#define PS_OS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
struct os_mutex {
  SRWLOCK lock;
};
struct os_thread {
  HANDLE handle, returned;
};
struct os_event {
  HANDLE handle;
};
#elif defined(__APPLE__)
#include <mach/mach.h>
#include <pthread.h>
struct os_mutex {
  pthread_mutex_t lock;
};
struct os_thread {
  pthread_t id;
};
struct os_event {
  semaphore_t semaphore;
};
#else
#include <pthread.h>
#include <stdatomic.h>
struct os_mutex {
  pthread_mutex_t lock;
};
struct os_thread {
  pthread_t id;
};
struct os_event {
  _Atomic uint32_t count;
}; /* a futex: sem_t waits by the wall clock, which may jump */
#endif

/* Mutexes. OS_MUTEX_INIT is for static ones, which are never destroyed. */
#if defined(_WIN32)
#define OS_MUTEX_INIT {SRWLOCK_INIT}
#else
#define OS_MUTEX_INIT {PTHREAD_MUTEX_INITIALIZER}
#endif
void os_mutex_init(struct os_mutex *mutex);
void os_mutex_destroy(struct os_mutex *mutex);
void os_mutex_lock(struct os_mutex *mutex);
void os_mutex_unlock(struct os_mutex *mutex);

/* Windows ends all other threads of a process before it tells a library of the exit: from this call on mutexes are
 * free, whoever held them. */
#if defined(_WIN32)
void os_threads_are_gone(void);
#endif

/* Memory that is about to be filled: what is large of it may come in large pages, which takes the system a fraction of
 * the time. Changes nothing else. */
void os_memory_fills(void *memory, size_t bytes);
/* The same on a thread that may wait, for memory that another one is about to fill: the system searches for large pages
 * now, which may take it 10 ms. Memory that has been given back meanwhile is safe: only the system looks at it. */
void os_memory_prepare(void *memory, size_t bytes);

/* Counting events. Posting never blocks, so the audio callback may do it. */
int os_event_init(struct os_event *event); /* 0, or -1 */
void os_event_destroy(struct os_event *event);
void os_event_post(struct os_event *event);
/* Waits for a post at most `seconds` (< 0: for ever); 1 if there was one, 0 if time ran out. */
int os_event_wait(struct os_event *event, double seconds);

/* A pipe by whose first end an event loop is woken: the second one is kicked, which never blocks and needs no reader.
 * os_pipe_make returns 0, or -1 where there is none of the kind that event loops read. */
int os_pipe_make(int32_t ends[2]);
void os_pipe_kick(int32_t end);
void os_pipe_close(int32_t end);

/* Threads. `name` (15 characters) shows in debuggers. A realtime thread asks for a higher priority and runs
 * without it if the system refuses. All signals are blocked in them. */
#define OS_THREAD_NORMAL 0
#define OS_THREAD_REALTIME 1
int os_thread_start(struct os_thread *thread, const char *name, int priority, void (*run)(void *), void *argument);
/* Waits until `run` has returned. */
void os_thread_join(struct os_thread *thread);
void os_thread_detach(struct os_thread *thread);
/* How long a thread that has not ended has run on a processor, which does not grow while it waits. os_time() where the
 * system does not tell. */
double os_thread_busy(const struct os_thread *thread);

/* free(), on a thread of its own for memory so large that this would take long. */
void os_free_aside(void *memory, size_t bytes);

double os_time(void); /* monotonic */
void os_sleep(double seconds);
void os_sleep_until(double time); /* on the clock of os_time */

/* What is done when a thread ends, for whatever reason: first `finish(argument)`, before a join of that thread returns,
 * then `release(argument)`. On Windows no other thread can start or load a library during `finish`, and `release` is
 * called on a thread of its own. */
struct os_thread_end {
  void (*finish)(int32_t argument);
  void (*release)(int32_t argument);
};
/* Calls them when the calling thread ends. One `end` for the whole process. Returns 0, or -1. */
int os_at_thread_end(const struct os_thread_end *end, int32_t argument);

/* Makes a call that may end in abort(), as a failed assertion of somebody else's library does. Returns whether it has:
 * the process goes on then, and what the call had begun stays as it is. On Windows such an abort ends the process. */
int os_survive_abort(void (*call)(void *argument), void *argument);

/* Calls `forget` in every child that the process forks from now on, before fork() returns there. */
void os_in_forked_child(void (*forget)(void));

/* Shared libraries, loaded for the life of the process. `error` gets the system's text. */
void *os_library_open(const char *path, char *error, size_t error_size);
/* Loads a copy of the file, which the system regards as another library; it can be closed. */
void *os_library_open_copy(const char *path, char *error, size_t error_size);
void os_library_close(void *library);
void *os_library_symbol(void *library, const char *name);
/* The path of the file that contains `symbol`; empty if it is not known. */
void os_library_path(void *symbol, char *path, size_t size);
/* The path of `name` in the folder of this library itself; returns 0 if that is not known. */
int os_beside_library(const char *name, char *path, size_t size);

#define OS_PATH_SIZE 4096
/* A variable of the process's environment in UTF-8; 0 if it is not set, empty, or longer than `size`. */
int os_environment(const char *name, char *value, size_t size);
int32_t os_process_id(void);

/* Between the two, what this thread prints on C's stdout is dropped; other threads that print there wait. Where
 * os_stdout_drops() is 0 they do nothing. */
int os_stdout_drops(void);
void os_stdout_drop(void);
void os_stdout_restore(void);

int os_debugging(void); /* PASTREAM_DEBUG=1: what libraries print is let through */

#endif
