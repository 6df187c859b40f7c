#define _XOPEN_SOURCE 700
#include "files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(_WIN32)
#include <direct.h>
#include <io.h>
static char *mkdtemp(char *name) { return _mktemp(name) && _mkdir(name) == 0 ? name : NULL; }
#endif

static char folder[128];
static pid_t owner;

static void remove_folder(void) {
  char path[512];
  if (getpid() != owner) return; /* a child that a test started */
  DIR *entries = opendir(folder);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    unlink(path);
  }
  if (entries) closedir(entries);
  rmdir(folder);
}

const char *file_path(const char *name) {
  static char paths[8][256];
  static unsigned next;
  if (!owner) {
    const char *base = getenv("TMPDIR");
    owner = getpid();
    snprintf(folder, sizeof folder, "%s/pastream-test-XXXXXX", base && strlen(base) < 64 ? base : "/tmp");
    if (!mkdtemp(folder)) abort();
    atexit(remove_folder);
  }
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

void file_info(double *info, int32_t format, int32_t channels, int32_t sample_rate) {
  info[PS_FILE_SAMPLE_RATE] = sample_rate;
  info[PS_FILE_CHANNELS] = channels;
  info[PS_FILE_FORMAT] = format;
  info[PS_FILE_FRAMES] = info[PS_FILE_SEEKABLE] = 0;
  info[PS_FILE_COMPRESSION_LEVEL] = info[PS_FILE_BITRATE_MODE] = -1;
}

int64_t file_read_all(const char *path, int16_t *samples, int64_t room) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, 0, 0, 0);
  int32_t file = ps_file_open(path, PS_MODE_READ, info, PS_FILE_INFO_SIZE), count;
  if (file < 0) return file;
  int64_t total = 0, channels = (int64_t)info[PS_FILE_CHANNELS];
  while ((count = ps_file_read(file, samples + total * channels, (int32_t)(room / channels - total), PS_FORMAT_INT16)) >
         0)
    total += count;
  ps_file_close(file);
  return count < 0 ? count : total;
}

int32_t file_write_all(const char *path, int32_t format, int32_t channels, const int16_t *samples, int32_t frames) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, format, channels, 48000);
  int32_t file = ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  if (file < 0) return file;
  int32_t written = ps_file_write(file, samples, frames, PS_FORMAT_INT16), closed = ps_file_close(file);
  return written < 0 ? written : closed;
}

int64_t file_bytes(const char *path) {
  struct stat status;
  return stat(path, &status) < 0 ? -1 : status.st_size;
}

int file_error_has(const char *part) {
  char text[512];
  ps_error_detail(text, sizeof text);
  if (strstr(text, part)) return 1;
  printf("# detail is: %s\n", text);
  return 0;
}
