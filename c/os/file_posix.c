#if !defined(_WIN32)
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "os/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include "os/os.h"

#define FIFO_POLL 20 /* ms between two looks for a reader, whose coming nothing tells */

int os_file_may_wait(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* Whether a named pipe can be opened without its other end. Where a read of such a pipe would find the end of the data,
 * it must be waited for in open(), which nothing ends. */
static int opens_alone(const char *path, int mode) {
#if !defined(__linux__)
  if ((mode & O_ACCMODE) == O_RDONLY) return 0;
#endif
  struct stat status;
  return (mode & O_ACCMODE) != O_RDWR && stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

static int open_alone(const char *path, int mode, struct os_wake *wake) {
  struct pollfd polled = {.fd = wake->ends[0], .events = POLLIN};
  int file;
  while ((file = open(path, mode | O_NONBLOCK, 0666)) < 0) {
    if (errno != ENXIO && errno != EINTR) return -1;
    if (poll(&polled, 1, FIFO_POLL) > 0) {
      errno = ECANCELED;
      return -1;
    }
  }
  fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
  return file;
}

int os_file_open(const char *path, int flags, struct os_wake *wake) {
  int mode = (flags & OS_FILE_READ) && (flags & OS_FILE_WRITE) ? O_RDWR : flags & OS_FILE_WRITE ? O_WRONLY : O_RDONLY;
  if (flags & OS_FILE_CREATE) mode |= O_CREAT;
  if (flags & OS_FILE_NEW) mode |= O_CREAT | O_EXCL;
  if (wake && opens_alone(path, mode)) return open_alone(path, mode | O_CLOEXEC, wake);
  int file;
  do file = open(path, mode | O_CLOEXEC, 0666);
  while (file < 0 && errno == EINTR);
  return file;
}

int os_file_is_shared(int file) {
  (void)file;
  return 1;
}

int os_file_close(int file) { return close(file) < 0 && errno != EINTR ? -1 : 0; }

int os_file_remove(const char *path) { return unlink(path); }

static int is_local(int file) {
  struct statfs system;
  if (fstatfs(file, &system) < 0) return 0;
#if defined(__linux__)
  static const uint32_t remote[] = {0x6969, 0x517B, 0xFF534D42, 0xFE534D42}; /* NFS, SMB, CIFS, SMB2 */
  for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
    if ((uint32_t)system.f_type == remote[i]) return 0;
  return 1;
#else
  return (system.f_flags & MNT_LOCAL) != 0;
#endif
}

int os_file_claim(int file) {
  if (!is_local(file)) return 0;
  return flock(file, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? -1 : 0;
}

int os_file_same(int one, int other) {
  struct stat first, second;
  if (fstat(one, &first) < 0 || fstat(other, &second) < 0) return 0;
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* For an old C library fstat is linked statically, with an errno of its own, so the reason of a failure is lost: fcntl
 * is called first. */
int os_file_kind(int file) {
  struct stat status;
  int flags = fcntl(file, F_GETFL);
  if (flags < 0) return -1;
  if (fstat(file, &status) < 0) {
    errno = EIO;
    return -1;
  }
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return -1;
  }
  int appends = (flags & O_APPEND) && (flags & O_ACCMODE) != O_RDONLY;
  return (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) && !appends ? OS_FILE_DISK : OS_FILE_PIPE;
}

/* A write during which signals are blocked; those that it raised are removed. */
static ssize_t quiet_write(int file, const void *data, size_t bytes) {
  sigset_t signals, before, pending;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  sigaddset(&signals, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  ssize_t written;
  do written = write(file, data, bytes);
  while (written < 0 && errno == EINTR);
  int reason = errno;
  if (written < 0 && (reason == EPIPE || reason == EFBIG)) {
    int raised = reason == EPIPE ? SIGPIPE : SIGXFSZ, taken;
    /* Nothing is pending where the signal is ignored. */
    if (sigpending(&pending) == 0 && sigismember(&pending, raised)) {
      sigemptyset(&signals);
      sigaddset(&signals, raised);
      sigwait(&signals, &taken);
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = reason;
  return written;
}

int64_t os_file_read(int file, void *data, size_t bytes) {
  size_t total = 0;
  while (total < bytes) {
    ssize_t count = read(file, (char *)data + total, bytes - total);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = 0;
    if (count <= 0) break;
    total += (size_t)count;
  }
  return (int64_t)total;
}

int64_t os_file_write(int file, const void *data, size_t bytes) {
  size_t total = 0;
  while (total < bytes) {
    ssize_t count = quiet_write(file, (const char *)data + total, bytes - total);
    if (count == 0) errno = ENOSPC;
    if (count <= 0) break;
    total += (size_t)count;
  }
  return (int64_t)total;
}

int64_t os_file_seek(int file, int64_t offset, int whence) { return lseek(file, offset, whence); }

int64_t os_file_length(int file) {
  struct stat status;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) return status.st_size;
  off_t position = lseek(file, 0, SEEK_CUR), length = lseek(file, 0, SEEK_END); /* a disk */
  lseek(file, position, SEEK_SET);
  return length;
}

int os_file_truncate(int file, int64_t bytes) { return ftruncate(file, bytes); }

int os_file_sync(int file) {
#if defined(__APPLE__)
  if (fcntl(file, F_FULLFSYNC) == 0) return 0; /* fsync would leave the data in the drive's cache */
#endif
  return fsync(file);
}

int64_t os_pipe_read(int file, void *data, size_t bytes) {
  ssize_t count;
  do count = read(file, data, bytes);
  while (count < 0 && errno == EINTR);
  return count;
}

/* A pipe that is ready for writing accepts PIPE_BUF bytes without blocking; more is not guaranteed. */
int64_t os_pipe_write(int file, const void *data, size_t bytes, struct os_wake *wake) {
  (void)wake;
  return quiet_write(file, data, bytes < PIPE_BUF ? bytes : PIPE_BUF);
}

int os_pipe_wait(int file, int writing, struct os_wake *wake, double seconds) {
  struct pollfd polled[2] = {{.fd = wake->ends[0], .events = POLLIN},
                             {.fd = file, .events = writing ? POLLOUT : POLLIN}};
  double end = os_time() + seconds;
  for (;;) {
    double left = end - os_time();
    int milliseconds = seconds < 0 || left > 1e6 ? -1 : left > 0 ? (int)(left * 1000) + 1 : 0;
    int ready = poll(polled, 2, milliseconds);
    if (ready < 0 && errno != EINTR && errno != EAGAIN) return 1; /* the read or write returns the error */
    if (ready <= 0 && (seconds < 0 || os_time() < end)) continue;
    if (ready <= 0) return 0;
    return polled[0].revents ? -1 : 1;
  }
}

int os_wake_init(struct os_wake *wake) {
#if defined(__APPLE__)
  if (pipe(wake->ends) < 0) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(wake->ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(wake->ends[i], F_SETFL, O_NONBLOCK);
  }
  return 0;
#else
  return pipe2(wake->ends, O_CLOEXEC | O_NONBLOCK);
#endif
}

void os_wake_destroy(struct os_wake *wake) {
  close(wake->ends[0]);
  close(wake->ends[1]);
}

void os_wake_up(struct os_wake *wake) {
  while (write(wake->ends[1], "", 1) < 0 && errno == EINTR) continue; /* EAGAIN: a full pipe has woken them already */
}

void os_wake_clear(struct os_wake *wake) {
  char bytes[64];
  while (read(wake->ends[0], bytes, sizeof bytes) > 0) continue;
}
#endif
