#if defined(_WIN32)
#include "os/os.h"

#include <process.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* ----------------------------------------------------------------- mutexes */

void os_mutex_init(struct os_mutex *mutex) { InitializeSRWLock(&mutex->lock); }
void os_mutex_destroy(struct os_mutex *mutex) { (void)mutex; }

static int alone;
void os_threads_are_gone(void) { alone = 1; }

void os_mutex_lock(struct os_mutex *mutex) {
  if (!alone) AcquireSRWLockExclusive(&mutex->lock);
}

void os_mutex_unlock(struct os_mutex *mutex) {
  if (!alone) ReleaseSRWLockExclusive(&mutex->lock);
}

/* ------------------------------------------------------------ time, events */

double os_time(void) {
  LARGE_INTEGER now, frequency;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return (double)now.QuadPart / (double)frequency.QuadPart;
}

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2
#endif

/* Waits for `object` (NULL: for nothing but time) at most `seconds`; 1 if it was signalled. A timer is used because the
 * timeouts of the plain waits end on the system's tick of up to 16 ms. */
static int wait_precisely(HANDLE object, double seconds) {
  LARGE_INTEGER due = {.QuadPart = -(LONGLONG)(seconds * 1e7)}; /* relative, in 100 ns */
  HANDLE timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
  if (!timer) timer = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS); /* before Windows 10, 1803 */
  if (!timer || !SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE)) {
    if (timer) CloseHandle(timer);
    DWORD milliseconds = (DWORD)(seconds * 1e3 + 0.999);
    if (object) return WaitForSingleObject(object, milliseconds) == WAIT_OBJECT_0;
    Sleep(milliseconds);
    return 0;
  }
  HANDLE handles[2] = {object ? object : timer, timer}; /* when both are signalled the first one is reported */
  DWORD result = WaitForMultipleObjects(object ? 2 : 1, handles, FALSE, INFINITE);
  CloseHandle(timer);
  return object && result == WAIT_OBJECT_0;
}

#define LONGEST_WAIT 1e6 /* seconds; keeps milliseconds within a DWORD */

void os_sleep(double seconds) {
  if (seconds > 0) wait_precisely(NULL, seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT);
}

void os_memory_fills(void *memory, size_t bytes) {
  (void)memory;
  (void)bytes;
}

void os_memory_prepare(void *memory, size_t bytes) {
  (void)memory;
  (void)bytes;
}

void os_sleep_until(double time) { os_sleep(time - os_time()); }

int os_event_init(struct os_event *event) {
  event->handle = CreateSemaphoreW(NULL, 0, 0x7fffffff, NULL);
  return event->handle ? 0 : -1;
}

void os_event_destroy(struct os_event *event) { CloseHandle(event->handle); }
void os_event_post(struct os_event *event) { ReleaseSemaphore(event->handle, 1, NULL); }

int os_event_wait(struct os_event *event, double seconds) {
  if (seconds < 0) return WaitForSingleObject(event->handle, INFINITE) == WAIT_OBJECT_0;
  if (WaitForSingleObject(event->handle, 0) == WAIT_OBJECT_0) return 1;
  if (seconds == 0) return 0;
  return wait_precisely(event->handle, seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT);
}

/* ------------------------------------------------------------------- pipes */

/* The event loops of the runtimes read no handle of ours here. */
int os_pipe_make(int32_t ends[2]) {
  (void)ends;
  return -1;
}
void os_pipe_kick(int32_t end) { (void)end; }
void os_pipe_close(int32_t end) { (void)end; }

/* ----------------------------------------------------------------- threads */

struct thread_start {
  void (*run)(void *);
  void *argument;
  HANDLE returned; /* the thread's own handle of the event, as that of the other side may be closed before */
  int priority;
  wchar_t name[16];
};

typedef HRESULT(WINAPI *set_description)(HANDLE, PCWSTR);

static unsigned __stdcall thread_main(void *argument) {
  struct thread_start start = *(struct thread_start *)argument;
  free(argument);
  /* Loaded at run time: Windows has it since version 10, 1607. */
  set_description describe =
      (set_description)(void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
  if (describe) describe(GetCurrentThread(), start.name);
  if (start.priority == OS_THREAD_REALTIME) SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_TIME_CRITICAL);
  start.run(start.argument);
  SetEvent(start.returned);
  CloseHandle(start.returned);
  return 0;
}

int os_thread_start(struct os_thread *thread, const char *name, int priority, void (*run)(void *), void *argument) {
  struct thread_start *start = malloc(sizeof *start);
  if (!start) return -1;
  *start = (struct thread_start){.run = run, .argument = argument, .priority = priority};
  for (size_t i = 0; i < 15 && name[i]; i++) start->name[i] = (wchar_t)(unsigned char)name[i];
  HANDLE process = GetCurrentProcess();
  thread->handle = NULL;
  thread->returned = CreateEventW(NULL, TRUE, FALSE, NULL);
  int made = thread->returned &&
             DuplicateHandle(process, thread->returned, process, &start->returned, 0, FALSE, DUPLICATE_SAME_ACCESS);
  if (made) thread->handle = (HANDLE)_beginthreadex(NULL, 0, thread_main, start, 0, NULL);
  if (thread->handle) return 0;
  if (made) CloseHandle(start->returned);
  if (thread->returned) CloseHandle(thread->returned);
  free(start);
  return -1;
}

/* The thread may be unable to end for now (see `finish` of os_thread_end); or it may have been ended before `run`
 * returned, at the exit of the process. */
void os_thread_join(struct os_thread *thread) {
  HANDLE either[2] = {thread->returned, thread->handle};
  WaitForMultipleObjects(2, either, FALSE, INFINITE);
  os_thread_detach(thread);
}

void os_thread_detach(struct os_thread *thread) {
  CloseHandle(thread->returned);
  CloseHandle(thread->handle);
}

double os_thread_busy(const struct os_thread *thread) {
  (void)thread;
  return os_time();
}

/* --------------------------------------------------------------- libraries */

static wchar_t *to_wide(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  wchar_t *wide = length > 0 ? malloc((size_t)length * sizeof *wide) : NULL;
  if (wide) MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
  return wide;
}

static void to_utf8(const wchar_t *wide, char *text, size_t size) {
  if (size == 0) return;
  if (!WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)size, NULL, NULL)) text[0] = 0;
}

#define SAFE_FOLDERS (LOAD_LIBRARY_SEARCH_DEFAULT_DIRS)
/* Other libraries that a library needs are looked for in its own folder. */
#define WITH_NEIGHBOURS (LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS)

/* Opens one file; the flags require an absolute path. */
static HMODULE open_file(const wchar_t *path) {
  DWORD length = GetFullPathNameW(path, 0, NULL, NULL);
  wchar_t *whole = length ? malloc(length * sizeof *whole) : NULL;
  HMODULE library = NULL;
  if (whole && GetFullPathNameW(path, length, whole, NULL)) library = LoadLibraryExW(whole, NULL, WITH_NEIGHBOURS);
  DWORD reason = GetLastError();
  free(whole);
  SetLastError(reason);
  return library;
}

/* The next absolute folder of PATH, from *place on, with a backslash at its end; returns 0 when there are no more. */
static int next_folder(const wchar_t **place, wchar_t *folder, size_t room) {
  while (**place) {
    size_t length = wcscspn(*place, L";");
    const wchar_t *start = *place;
    *place += length + ((*place)[length] == L';');
    int absolute = length > 2 && start[1] == L':' && (start[2] == L'\\' || start[2] == L'/');
    if (!absolute || length + 2 > room) continue;
    wmemcpy(folder, start, length);
    wcscpy(folder + length, L"\\");
    return 1;
  }
  return 0;
}

/* A name without a folder is looked for in Windows' own folders, the program's, and those of PATH. */
static HMODULE open_name(const wchar_t *name) {
  HMODULE library = LoadLibraryExW(name, NULL, SAFE_FOLDERS);
  if (library) return library;
  DWORD reason = GetLastError();
  DWORD length = GetEnvironmentVariableW(L"PATH", NULL, 0);
  wchar_t *path = length ? malloc(length * sizeof *path) : NULL;
  if (path && GetEnvironmentVariableW(L"PATH", path, length)) {
    wchar_t file[1024];
    size_t room = sizeof file / sizeof *file - wcslen(name);
    for (const wchar_t *place = path; !library && next_folder(&place, file, room);) {
      wcscat(file, name);
      if (GetFileAttributesW(file) == INVALID_FILE_ATTRIBUTES) continue;
      library = LoadLibraryExW(file, NULL, WITH_NEIGHBOURS);
      if (!library) reason = GetLastError();
    }
  }
  free(path);
  SetLastError(reason);
  return library;
}

void *os_library_open(const char *path, char *error, size_t error_size) {
  wchar_t *wide = to_wide(path);
  HMODULE library = !wide ? NULL : wcspbrk(wide, L"\\/:") ? open_file(wide) : open_name(wide);
  DWORD reason = GetLastError();
  free(wide);
  if (!library) {
    wchar_t text[256] = L"unknown error";
    FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, reason, 0, text, 256, NULL);
    text[wcscspn(text, L"\r\n")] = 0;
    to_utf8(text, error, error_size);
  }
  return library;
}

void *os_library_open_copy(const char *path, char *error, size_t error_size) {
  wchar_t folder[MAX_PATH], copy[MAX_PATH];
  char name[4 * MAX_PATH];
  wchar_t *wide = to_wide(path);
  int copied = wide && GetTempPathW(MAX_PATH, folder) && GetTempFileNameW(folder, L"psa", 0, copy) &&
               CopyFileW(wide, copy, FALSE);
  free(wide);
  if (!copied) {
    snprintf(error, error_size, "it cannot be copied (error %lu)", GetLastError());
    return NULL;
  }
  to_utf8(copy, name, sizeof name);
  return os_library_open(name, error, error_size); /* Windows keeps the file until the library is unloaded */
}

void os_library_close(void *library) { FreeLibrary(library); }

void *os_library_symbol(void *library, const char *name) { return (void *)GetProcAddress(library, name); }

void os_library_path(void *symbol, char *path, size_t size) {
  HMODULE module;
  wchar_t wide[OS_PATH_SIZE] = L"";
  DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (GetModuleHandleExW(flags, symbol, &module)) GetModuleFileNameW(module, wide, OS_PATH_SIZE - 1);
  to_utf8(wide, path, size);
}

int os_beside_library(const char *name, char *path, size_t size) {
  os_library_path((void *)os_beside_library, path, size);
  char *slash = strrchr(path, '\\');
  if (!slash) return 0;
  size_t room = size - (size_t)(slash + 1 - path);
  return snprintf(slash + 1, room, "%s", name) < (int)room;
}

/* From the process itself: the C runtime's copy has another encoding and lacks what the program has set since. */
int os_environment(const char *name, char *value, size_t size) {
  wchar_t *variable = to_wide(name), wide[OS_PATH_SIZE];
  DWORD length = variable ? GetEnvironmentVariableW(variable, wide, OS_PATH_SIZE) : 0;
  free(variable);
  if (length == 0 || length >= OS_PATH_SIZE) return 0;
  value[0] = 0;
  to_utf8(wide, value, size);
  return value[0] != 0;
}

/* Our threads may outlive a FreeLibrary of this library, so it stays mapped. */
__attribute__((constructor)) static void stay_loaded(void) {
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, (void *)stay_loaded,
                     &module);
}

/* ---------------------------------------------------------- end of a thread */

static INIT_ONCE end_once = INIT_ONCE_STATIC_INIT;
static DWORD end_index = FLS_OUT_OF_INDEXES;
static const struct os_thread_end *_Atomic thread_end;
typedef BOOLEAN(WINAPI *process_exiting)(void);
static process_exiting exiting; /* found once: a look in the callback would take the loader's lock */

static void release_aside(void *argument) { atomic_load(&thread_end)->release((int32_t)(intptr_t)argument); }

/* Called under a lock of the system's that every thread takes when it starts and when it ends: what waits for a thread
 * that has not started yet would wait for ever here. At the exit of the process this is called, too, for the thread
 * that has called for it, when all others are gone. */
static void WINAPI call_thread_end(void *argument) {
  struct os_thread aside;
  if (!argument || (exiting && exiting())) return;
  atomic_load(&thread_end)->finish((int32_t)(intptr_t)argument);
  if (os_thread_start(&aside, "pastream end", OS_THREAD_NORMAL, release_aside, argument) == 0) os_thread_detach(&aside);
}

static BOOL CALLBACK make_end_index(PINIT_ONCE once, void *parameter, void **context) {
  (void)once, (void)parameter, (void)context;
  exiting = (process_exiting)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlDllShutdownInProgress");
  end_index = FlsAlloc(call_thread_end);
  return TRUE;
}

int os_at_thread_end(const struct os_thread_end *end, int32_t argument) {
  atomic_store(&thread_end, end);
  InitOnceExecuteOnce(&end_once, make_end_index, NULL, NULL);
  if (end_index == FLS_OUT_OF_INDEXES) return -1;
  return FlsSetValue(end_index, (void *)(intptr_t)argument) ? 0 : -1;
}

/* ------------------------------------------------------------------- abort */

int os_survive_abort(void (*call)(void *argument), void *argument) {
  call(argument);
  return 0;
}

/* -------------------------------------------------------------------- fork */

void os_in_forked_child(void (*forget)(void)) { (void)forget; }

/* ------------------------------------------------------------------- stdout */

int os_stdout_drops(void) { return 0; } /* a library has a stdout of its own, by the C library that it is linked with */
void os_stdout_drop(void) {}
void os_stdout_restore(void) {}

/* ------------------------------------------------------ process, debugging */

int32_t os_process_id(void) { return (int32_t)GetCurrentProcessId(); }

int os_debugging(void) {
  char value[4];
  return os_environment("PASTREAM_DEBUG", value, sizeof value) && strcmp(value, "1") == 0;
}

#else
typedef int os_win32_is_empty_elsewhere;
#endif
