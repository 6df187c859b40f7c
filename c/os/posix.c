#if !defined(_WIN32)
#define _GNU_SOURCE
#include "os/os.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <mach/mach_time.h>
#include <mach/semaphore.h>
#include <mach/task.h>
#else
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* ----------------------------------------------------------------- mutexes */

void os_mutex_init(struct os_mutex *mutex) { pthread_mutex_init(&mutex->lock, NULL); }
void os_mutex_destroy(struct os_mutex *mutex) { pthread_mutex_destroy(&mutex->lock); }
void os_mutex_lock(struct os_mutex *mutex) { pthread_mutex_lock(&mutex->lock); }
void os_mutex_unlock(struct os_mutex *mutex) { pthread_mutex_unlock(&mutex->lock); }

/* ------------------------------------------------------------ time, events */

#if defined(__APPLE__)

static double seconds_per_tick(void) {
  mach_timebase_info_data_t base;
  mach_timebase_info(&base);
  return 1e-9 * base.numer / base.denom;
}

double os_time(void) { return (double)mach_absolute_time() * seconds_per_tick(); }

void os_sleep_until(double time) {
  if (time > os_time()) mach_wait_until((uint64_t)(time / seconds_per_tick()));
}

int os_event_init(struct os_event *event) {
  return semaphore_create(mach_task_self(), &event->semaphore, SYNC_POLICY_FIFO, 0) == KERN_SUCCESS ? 0 : -1;
}

void os_event_destroy(struct os_event *event) { semaphore_destroy(mach_task_self(), event->semaphore); }

void os_event_post(struct os_event *event) { semaphore_signal(event->semaphore); }

int os_event_wait(struct os_event *event, double seconds) {
  double end = os_time() + seconds;
  for (;;) {
    kern_return_t result;
    if (seconds < 0) {
      result = semaphore_wait(event->semaphore);
    } else {
      double left = end - os_time();
      if (left < 0) left = 0;
      if (left > 1e9) left = 1e9;
      unsigned whole = (unsigned)left;
      mach_timespec_t time = {.tv_sec = whole, .tv_nsec = (clock_res_t)((left - whole) * 1e9)};
      result = semaphore_timedwait(event->semaphore, time);
    }
    if (result != KERN_ABORTED) return result == KERN_SUCCESS; /* aborted: by a signal */
  }
}

#else

static struct timespec to_timespec(double seconds) {
  if (seconds > 1e9) seconds = 1e9;
  if (seconds < 0) seconds = 0;
  time_t whole = (time_t)seconds;
  return (struct timespec){.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};
}

double os_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void os_sleep_until(double time) {
  struct timespec until = to_timespec(time);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

int os_event_init(struct os_event *event) {
  atomic_init(&event->count, 0);
  return 0;
}

void os_event_destroy(struct os_event *event) { (void)event; }

/* Wakes one waiter. Only the address is used, so it may follow the last use of the event by its owner. */
static void wake(struct os_event *event) { syscall(SYS_futex, &event->count, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

/* Wakes only where the count was 0; a waiter that leaves posts behind wakes the next one. */
void os_event_post(struct os_event *event) {
  if (atomic_fetch_add_explicit(&event->count, 1, memory_order_release) == 0) wake(event);
}

static int take(struct os_event *event) {
  uint32_t count = atomic_load_explicit(&event->count, memory_order_relaxed);
  while (count > 0) {
    if (atomic_compare_exchange_weak_explicit(&event->count, &count, count - 1, memory_order_acquire,
                                              memory_order_relaxed)) {
      if (count > 1) wake(event);
      return 1;
    }
  }
  return 0;
}

int os_event_wait(struct os_event *event, double seconds) {
  double end = os_time() + seconds;
  while (!take(event)) {
    struct timespec time, *timeout = NULL;
    if (seconds >= 0) {
      double left = end - os_time();
      if (left <= 0) return 0;
      time = to_timespec(left);
      timeout = &time; /* relative, so the kernel counts it on the monotonic clock */
    }
    syscall(SYS_futex, &event->count, FUTEX_WAIT_PRIVATE, 0, timeout, NULL, 0);
  }
  return 1;
}

#endif

#define LARGE_PAGE ((uintptr_t)2 << 20)
#define LARGE_PAGES_LEAST 2 /* fewer are not worth a system call */

#if defined(MADV_HUGEPAGE)
/* The large pages that lie in the memory whole: their first byte, and how many bytes they have; 0 for too few. */
static size_t large_pages(const void *memory, size_t bytes, void **first) {
  uintptr_t from = ((uintptr_t)memory + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1),
            to = ((uintptr_t)memory + bytes) & ~(LARGE_PAGE - 1);
  *first = (void *)from;
  return to >= from + LARGE_PAGES_LEAST * LARGE_PAGE ? to - from : 0;
}
#endif

void os_memory_fills(void *memory, size_t bytes) {
#if defined(MADV_HUGEPAGE)
  void *first;
  size_t size = large_pages(memory, bytes, &first);
  if (size > 0) madvise(first, size, MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

void os_memory_prepare(void *memory, size_t bytes) {
#if defined(MADV_HUGEPAGE)
  void *first;
  size_t size = large_pages(memory, bytes, &first);
  if (size > 0 && madvise(first, size, MADV_HUGEPAGE) == 0) madvise(first, size, MADV_POPULATE_WRITE);
#else
  (void)memory, (void)bytes;
#endif
}

void os_sleep(double seconds) { os_sleep_until(os_time() + seconds); }

/* ------------------------------------------------------------------- pipes */

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0 /* macOS: an option of the socket */
#endif

static int prepare_end(int end) {
#if defined(SO_NOSIGPIPE)
  int on = 1;
  if (setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on)) return -1;
#endif
  return fcntl(end, F_SETFD, FD_CLOEXEC) == 0 && fcntl(end, F_SETFL, O_NONBLOCK) == 0 ? 0 : -1;
}

/* A pair of sockets: all runtimes know how to wait for one, and a reader that is gone raises no signal. */
int os_pipe_make(int32_t ends[2]) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return -1;
  if (prepare_end(pair[0]) || prepare_end(pair[1])) {
    close(pair[0]), close(pair[1]);
    return -1;
  }
  ends[0] = pair[0];
  ends[1] = pair[1];
  return 0;
}

void os_pipe_kick(int32_t end) {
  ssize_t sent = send(end, "", 1, MSG_NOSIGNAL);
  (void)sent; /* where there is no room, the reader has not looked yet */
}

void os_pipe_close(int32_t end) { close(end); }

/* ----------------------------------------------------------------- threads */

#define STACK_BYTES (1 << 20) /* on all systems: musl's default of 128 KB is too small for codecs */
#define REALTIME_PRIORITY 20  /* of 1..99: above all ordinary threads, below those of audio servers */

struct thread_start {
  void (*run)(void *);
  void *argument;
  int priority;
  char name[16];
};

static void *thread_main(void *argument) {
  struct thread_start start = *(struct thread_start *)argument;
  free(argument);
#if defined(__APPLE__)
  pthread_setname_np(start.name);
#else
  pthread_setname_np(pthread_self(), start.name);
#endif
#if defined(__linux__)
  prctl(PR_SET_TIMERSLACK, 1); /* nanosecond, where an ordinary thread sleeps up to 50 us longer than it asks for */
#endif
  if (start.priority == OS_THREAD_REALTIME) {
    struct sched_param parameters = {.sched_priority = REALTIME_PRIORITY};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
  }
  start.run(start.argument);
  return NULL;
}

int os_thread_start(struct os_thread *thread, const char *name, int priority, void (*run)(void *), void *argument) {
  struct thread_start *start = malloc(sizeof *start);
  if (!start) return -1;
  *start = (struct thread_start){.run = run, .argument = argument, .priority = priority};
  snprintf(start->name, sizeof start->name, "%s", name);

  pthread_attr_t attributes;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* the new thread inherits it; signals are for the host program */
  int failed = pthread_create(&thread->id, &attributes, thread_main, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (failed) free(start);
  return failed ? -1 : 0;
}

void os_thread_join(struct os_thread *thread) { pthread_join(thread->id, NULL); }
void os_thread_detach(struct os_thread *thread) { pthread_detach(thread->id); }

double os_thread_busy(const struct os_thread *thread) {
#if defined(__linux__)
  clockid_t clock;
  struct timespec time;
  if (pthread_getcpuclockid(thread->id, &clock) == 0 && clock_gettime(clock, &time) == 0)
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
#else
  (void)thread;
#endif
  return os_time();
}

/* --------------------------------------------------------------- libraries */

static void *open_file(const char *path, char *error, size_t error_size) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *text = dlerror();
    snprintf(error, error_size, "%s", text ? text : "unknown error");
  }
  return library;
}

#if defined(__APPLE__)
/* dyld looks for a name without a folder in the working folder, too: only the folders of package managers are tried. */
void *os_library_open(const char *path, char *error, size_t error_size) {
  static const char *const folders[] = {"/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib", "/usr/lib"};
  if (strchr(path, '/')) return open_file(path, error, error_size);
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof folders / sizeof *folders; i++) {
    char file[OS_PATH_SIZE];
    snprintf(file, sizeof file, "%s/%s", folders[i], path);
    library = open_file(file, error, error_size);
  }
  return library;
}
#else
void *os_library_open(const char *path, char *error, size_t error_size) { return open_file(path, error, error_size); }
#endif

static int copy_file(const char *path, int to) {
  char data[65536];
  ssize_t count = -1;
  int from = open(path, O_RDONLY | O_CLOEXEC);
  while (from >= 0 && (count = read(from, data, sizeof data)) > 0)
    if (write(to, data, (size_t)count) != count) {
      count = -1;
      break;
    }
  if (from >= 0) close(from);
  return count == 0 ? 0 : -1;
}

void *os_library_open_copy(const char *path, char *error, size_t error_size) {
  char copy[OS_PATH_SIZE];
  const char *folder = getenv("TMPDIR");
  snprintf(copy, sizeof copy, "%s/pastream-XXXXXX", folder && folder[0] == '/' ? folder : "/tmp");
  int file = mkstemp(copy); /* for this user only */
  if (file < 0 || copy_file(path, file) < 0) {
    snprintf(error, error_size, "%s", strerror(errno));
    if (file >= 0) close(file), unlink(copy);
    return NULL;
  }
  close(file);
  void *library = open_file(copy, error, error_size);
  unlink(copy);
  return library;
}

void os_library_close(void *library) { dlclose(library); }

void *os_library_symbol(void *library, const char *name) { return dlsym(library, name); }

void os_library_path(void *symbol, char *path, size_t size) {
  Dl_info info;
  int known = dladdr(symbol, &info) != 0 && info.dli_fname;
  snprintf(path, size, "%s", known ? info.dli_fname : "");
}

/* A relative path would name another file once the program has changed its working folder. */
int os_beside_library(const char *name, char *path, size_t size) {
  os_library_path((void *)os_beside_library, path, size);
  char *slash = strrchr(path, '/');
  if (path[0] != '/') return 0;
  size_t room = size - (size_t)(slash + 1 - path);
  return snprintf(slash + 1, room, "%s", name) < (int)room;
}

int os_environment(const char *name, char *value, size_t size) {
  const char *text = getenv(name);
  if (!text || !*text || strlen(text) >= size) return 0;
  strcpy(value, text);
  return 1;
}

#if defined(__APPLE__)
/* Our threads may outlive a dlclose of this library, so it stays mapped. Elsewhere a linker flag does that. */
__attribute__((constructor)) static void stay_loaded(void) {
  Dl_info info;
  if (dladdr((void *)os_time, &info) && info.dli_fname) dlopen(info.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}
#endif

/* ---------------------------------------------------------- end of a thread */

static pthread_once_t end_once = PTHREAD_ONCE_INIT;
static pthread_key_t end_key;
static int end_key_made;
static const struct os_thread_end *_Atomic thread_end;

static void call_thread_end(void *argument) {
  const struct os_thread_end *end = atomic_load(&thread_end);
  end->finish((int32_t)(intptr_t)argument);
  end->release((int32_t)(intptr_t)argument);
}

static void make_end_key(void) { end_key_made = pthread_key_create(&end_key, call_thread_end) == 0; }

int os_at_thread_end(const struct os_thread_end *end, int32_t argument) {
  atomic_store(&thread_end, end);
  if (pthread_once(&end_once, make_end_key) != 0 || !end_key_made) return -1;
  return pthread_setspecific(end_key, (void *)(intptr_t)argument) == 0 ? 0 : -1;
}

/* ------------------------------------------------------------------- abort */

static struct {
  struct os_mutex lock; /* for the next two */
  int calls;
  struct sigaction before;
} aborts = {.lock = OS_MUTEX_INIT};

static _Thread_local sigjmp_buf *abort_escape;

/* abort() takes no harm from a handler that does not return. Other threads' aborts are what they were. */
static void note_abort(int signal) {
  if (abort_escape) siglongjmp(*abort_escape, 1);
  sigaction(signal, &aborts.before, NULL);
  raise(signal);
}

static void catch_aborts(int on) {
  struct sigaction own = {.sa_handler = note_abort};
  sigemptyset(&own.sa_mask);
  os_mutex_lock(&aborts.lock);
  if (on && aborts.calls++ == 0) sigaction(SIGABRT, &own, &aborts.before);
  if (!on && --aborts.calls == 0) sigaction(SIGABRT, &aborts.before, NULL);
  os_mutex_unlock(&aborts.lock);
}

int os_survive_abort(void (*call)(void *argument), void *argument) {
  sigjmp_buf here;
  volatile int aborted = 1;
  catch_aborts(1);
  if (sigsetjmp(here, 1) == 0) {
    abort_escape = &here;
    call(argument);
    aborted = 0;
  }
  abort_escape = NULL;
  catch_aborts(0);
  return aborted;
}

/* -------------------------------------------------------------------- fork */

void os_in_forked_child(void (*forget)(void)) { pthread_atfork(NULL, NULL, forget); }

/* ------------------------------------------------------------------- stdout */

#if defined(__APPLE__)
#define STDOUT_DESCRIPTOR (stdout->_file)
#elif defined(__GLIBC__)
#define STDOUT_DESCRIPTOR (stdout->_fileno)
#endif

#if defined(STDOUT_DESCRIPTOR)
/* Under the lock of stdout, so that nothing that others print goes the same way. */
static int real_stdout, null_file = -1;

int os_stdout_drops(void) { return 1; }

void os_stdout_drop(void) {
  flockfile(stdout);
  if (null_file < 0) null_file = open("/dev/null", O_WRONLY | O_CLOEXEC);
  fflush(stdout);
  real_stdout = STDOUT_DESCRIPTOR;
  if (null_file >= 0) STDOUT_DESCRIPTOR = null_file;
}

void os_stdout_restore(void) {
  fflush(stdout);
  STDOUT_DESCRIPTOR = real_stdout;
  funlockfile(stdout);
}
#else
int os_stdout_drops(void) { return 0; }
void os_stdout_drop(void) {}
void os_stdout_restore(void) {}
#endif

/* ------------------------------------------------------ process, debugging */

int32_t os_process_id(void) { return (int32_t)getpid(); }

int os_debugging(void) {
  const char *value = getenv("PASTREAM_DEBUG");
  return value && strcmp(value, "1") == 0;
}

#else
typedef int os_posix_is_empty_on_windows;
#endif
