/* Files by descriptor: file_posix.c and file_win32.c. A call that fails returns -1 with the reason in errno. No
 * call raises a signal (SIGPIPE, SIGXFSZ): a runtime may not ignore them. */
#ifndef PS_OS_FILE_H
#define PS_OS_FILE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
struct os_wake {
  HANDLE event;
  SRWLOCK lock;
  HANDLE writer; /* under the lock: the thread that is in os_pipe_write, or NULL */
};
#else
struct os_wake {
  int ends[2];
};
#endif

#define OS_FILE_READ 1
#define OS_FILE_WRITE 2
#define OS_FILE_CREATE 4 /* creates it if it does not exist */
#define OS_FILE_NEW 8    /* creates it; it must not exist */
/* Opens a file by its path in UTF-8; it keeps its contents. A named pipe is waited for until somebody opens its other
 * end, or until `wake` is woken, which may be NULL: -1 with ECANCELED. */
int os_file_open(const char *path, int flags, struct os_wake *wake);
/* Whether it depends on another process how long a file takes to be opened and to give its first bytes: it is a pipe, a
 * socket or a device. */
int os_file_may_wait(const char *path);
int os_file_close(int file);
/* Whether a descriptor of the program that uses this library means the same file here. On Windows each C runtime has a
 * table of its own: only the standard three are the same in all of them. */
int os_file_is_shared(int file);
int os_file_remove(const char *path);
/* Claims a file on disk for writing until it is closed: 0, or -1 if it is claimed already, here or by another process.
 * It keeps nobody from reading, and no program from writing that claims nothing. Always 0 on Windows, whose locks keep
 * others from reading, and on network file systems, where a lock may be such a one, or a server may not answer. */
int os_file_claim(int file);
/* Whether two descriptors are of the same file on disk. */
int os_file_same(int one, int other);

#define OS_FILE_DISK 1 /* has a length and is seekable */
#define OS_FILE_PIPE 2 /* a pipe, socket, terminal or device; or a file whose writes all go to its end */
/* OS_FILE_DISK or OS_FILE_PIPE; a directory is an error. */
int os_file_kind(int file);

/* On disk. Reading and writing return the number of bytes moved; fewer than `bytes` at the end of the file (errno is 0)
 * or after a failure (errno is set). */
int64_t os_file_read(int file, void *data, size_t bytes);
int64_t os_file_write(int file, const void *data, size_t bytes);
int64_t os_file_seek(int file, int64_t offset, int whence);
int64_t os_file_length(int file);
int os_file_truncate(int file, int64_t bytes);
int os_file_sync(int file);

/* Pipes: reading and writing move what is possible, at least a byte, and do not block after os_pipe_wait has returned
 * 1. The descriptor's own flags, which other processes may share, are not changed. */
int64_t os_pipe_read(int file, void *data, size_t bytes); /* 0 at the end */
/* On Windows, which cannot wait for writing, a wake-up ends a write that blocks: -1 with EAGAIN. */
int64_t os_pipe_write(int file, const void *data, size_t bytes, struct os_wake *wake);
/* Waits until the pipe can be read or written. 1: it can; 0: `seconds` (< 0: for ever) have passed; -1: woken. */
int os_pipe_wait(int file, int writing, struct os_wake *wake, double seconds);

int os_wake_init(struct os_wake *wake);
void os_wake_destroy(struct os_wake *wake);
void os_wake_up(struct os_wake *wake); /* waits return -1 now and from now on; any thread */
void os_wake_clear(struct os_wake *wake);

#endif
