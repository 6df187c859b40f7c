#if defined(_WIN32)
#include "os/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <share.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <wchar.h>

#include "os/os.h"

#define POLL 0.005 /* seconds: an anonymous pipe cannot be waited for together with an event */
#define PIECE 4096

#define LONG_PATH 240 /* Windows allows 260, and keeps some for a name in a folder */
#define ANY_LENGTH L"\\\\?\\"

/* A path of any length takes a prefix, after which Windows takes it as it is: so it is made a full one. Frees `text`.
 */
static wchar_t *any_length(wchar_t *text) {
  DWORD length = GetFullPathNameW(text, 0, NULL, NULL);
  wchar_t *whole = malloc((length + wcslen(ANY_LENGTH)) * sizeof *whole);
  if (!whole || !GetFullPathNameW(text, length, whole + wcslen(ANY_LENGTH), NULL)) {
    free(whole);
    return text;
  }
  int local = whole[wcslen(ANY_LENGTH)] != L'\\'; /* not on another machine, nor with a prefix of its own */
  if (local) wmemcpy(whole, ANY_LENGTH, wcslen(ANY_LENGTH));
  free(local ? text : whole);
  return local ? whole : text;
}

/* The path in UTF-16, in new memory. */
static wchar_t *wide(const char *path) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
  wchar_t *text = length > 0 ? malloc((size_t)length * sizeof *text) : NULL;
  if (!text) {
    errno = length > 0 ? ENOMEM : EILSEQ;
    return NULL;
  }
  MultiByteToWideChar(CP_UTF8, 0, path, -1, text, length);
  return length < LONG_PATH ? text : any_length(text);
}

int os_file_may_wait(const char *path) { return strncmp(path, "\\\\.\\", 4) == 0; }

int os_file_open(const char *path, int flags, struct os_wake *wake) {
  (void)wake; /* a named pipe without another end is an error */
  int mode = (flags & OS_FILE_READ) && (flags & OS_FILE_WRITE) ? _O_RDWR
             : flags & OS_FILE_WRITE                           ? _O_WRONLY
                                                               : _O_RDONLY;
  if (flags & OS_FILE_CREATE) mode |= _O_CREAT;
  if (flags & OS_FILE_NEW) mode |= _O_CREAT | _O_EXCL;
  wchar_t *text = wide(path);
  if (!text) return -1;
  int file = _wopen(text, mode | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
  int reason = errno;
  DWORD attributes = file < 0 && reason == EACCES ? GetFileAttributesW(text) : INVALID_FILE_ATTRIBUTES;
  if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY)) reason = EISDIR;
  free(text);
  errno = reason;
  return file;
}

int os_file_close(int file) { return _close(file); }

int os_file_is_shared(int file) { return file >= 0 && file <= 2; }

int os_file_claim(int file) {
  (void)file;
  return 0;
}

int os_file_same(int one, int other) {
  BY_HANDLE_FILE_INFORMATION first, second;
  if (!GetFileInformationByHandle((HANDLE)_get_osfhandle(one), &first)) return 0;
  if (!GetFileInformationByHandle((HANDLE)_get_osfhandle(other), &second)) return 0;
  return first.dwVolumeSerialNumber == second.dwVolumeSerialNumber && first.nFileIndexHigh == second.nFileIndexHigh &&
         first.nFileIndexLow == second.nFileIndexLow;
}

int os_file_remove(const char *path) {
  wchar_t *text = wide(path);
  if (!text) return -1;
  int result = _wunlink(text);
  free(text);
  return result;
}

int os_file_kind(int file) {
  HANDLE handle = (HANDLE)_get_osfhandle(file);
  if (handle == INVALID_HANDLE_VALUE) return -1;
  if (file <= 2) _setmode(file, _O_BINARY); /* the standard descriptors are in text mode at first */
  return GetFileType(handle) == FILE_TYPE_DISK ? OS_FILE_DISK : OS_FILE_PIPE;
}

static unsigned piece(size_t bytes) { return bytes < INT_MAX ? (unsigned)bytes : INT_MAX; }

int64_t os_file_read(int file, void *data, size_t bytes) {
  size_t total = 0;
  while (total < bytes) {
    int count = _read(file, (char *)data + total, piece(bytes - total));
    if (count == 0) errno = 0;
    if (count <= 0) break;
    total += (size_t)count;
  }
  return (int64_t)total;
}

int64_t os_file_write(int file, const void *data, size_t bytes) {
  size_t total = 0;
  while (total < bytes) {
    int count = _write(file, (const char *)data + total, piece(bytes - total));
    if (count == 0) errno = ENOSPC;
    if (count <= 0) break;
    total += (size_t)count;
  }
  return (int64_t)total;
}

int64_t os_file_seek(int file, int64_t offset, int whence) { return _lseeki64(file, offset, whence); }

int64_t os_file_length(int file) { return _filelengthi64(file); }

int os_file_truncate(int file, int64_t bytes) {
  int error = _chsize_s(file, bytes);
  if (error) errno = error;
  return error ? -1 : 0;
}

int os_file_sync(int file) { return _commit(file); }

int64_t os_pipe_read(int file, void *data, size_t bytes) {
  HANDLE handle = (HANDLE)_get_osfhandle(file);
  DWORD available;
  if (PeekNamedPipe(handle, NULL, 0, NULL, &available, NULL)) {
    if (available > 0 && bytes > available) bytes = available;
  } else if (GetLastError() == ERROR_BROKEN_PIPE) {
    return 0; /* the other end is closed: the end of the data */
  }
  return _read(file, data, piece(bytes));
}

static void set_writer(struct os_wake *wake, HANDLE thread) {
  AcquireSRWLockExclusive(&wake->lock);
  wake->writer = thread;
  ReleaseSRWLockExclusive(&wake->lock);
}

/* A write to a pipe that is not read blocks. os_wake_up finds the thread that writes and cancels its write. */
int64_t os_pipe_write(int file, const void *data, size_t bytes, struct os_wake *wake) {
  HANDLE thread = NULL, process = GetCurrentProcess();
  if (!DuplicateHandle(process, GetCurrentThread(), process, &thread, THREAD_TERMINATE, FALSE, 0)) thread = NULL;
  set_writer(wake, thread);
  int64_t count = -1;
  DWORD reason = ERROR_OPERATION_ABORTED;
  /* A wake-up may have come before the writer was set. */
  if (WaitForSingleObject(wake->event, 0) != WAIT_OBJECT_0) {
    SetLastError(0);
    count = _write(file, data, bytes < PIECE ? (unsigned)bytes : PIECE);
    reason = GetLastError();
  }
  int error = errno;
  set_writer(wake, NULL);
  if (thread) CloseHandle(thread);
  errno = count < 0 && reason == ERROR_OPERATION_ABORTED ? EAGAIN : error;
  return count;
}

/* Windows cannot wait until a pipe can be written. */
int os_pipe_wait(int file, int writing, struct os_wake *wake, double seconds) {
  HANDLE handle = (HANDLE)_get_osfhandle(file);
  double end = os_time() + seconds;
  for (;;) {
    DWORD available;
    if (WaitForSingleObject(wake->event, 0) == WAIT_OBJECT_0) return -1;
    if (writing || !PeekNamedPipe(handle, NULL, 0, NULL, &available, NULL) || available > 0) return 1;
    if (seconds >= 0 && os_time() >= end) return 0;
    WaitForSingleObject(wake->event, (DWORD)(POLL * 1000));
  }
}

int os_wake_init(struct os_wake *wake) {
  InitializeSRWLock(&wake->lock);
  wake->writer = NULL;
  wake->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  return wake->event ? 0 : -1;
}

void os_wake_destroy(struct os_wake *wake) { CloseHandle(wake->event); }
/* A write that is about to begin would not be cancelled, so this repeats until there is no writer. */
void os_wake_up(struct os_wake *wake) {
  SetEvent(wake->event);
  for (int writing = 1; writing;) {
    AcquireSRWLockShared(&wake->lock);
    writing = wake->writer != NULL;
    if (writing) CancelSynchronousIo(wake->writer);
    ReleaseSRWLockShared(&wake->lock);
    if (writing) Sleep(1);
  }
}

void os_wake_clear(struct os_wake *wake) { ResetEvent(wake->event); }
#endif
