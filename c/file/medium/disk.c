/* A file on disk as the medium of a sound file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "file/medium/medium.h"
#include "os/os_file.h"

struct disk {
  struct medium medium;
  int descriptor, own;
  int64_t base; /* where the sound file begins: where a descriptor stood when it was handed in */
};

static int64_t checked(struct disk *disk, int64_t result) {
  if (result < 0) medium_fail(&disk->medium, errno);
  return result;
}

static int64_t get_length(void *argument) {
  struct disk *disk = argument;
  int64_t length = checked(disk, os_file_length(disk->descriptor));
  return length < 0 ? -1 : length - disk->base;
}

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct disk *disk = argument;
  int64_t from = whence == SEEK_SET ? disk->base : os_file_seek(disk->descriptor, 0, whence);
  if (from < 0) return checked(disk, -1);
  /* Parsers of damaged headers try places before the start and beyond what there can be: not the disk's failure. */
  if (offset < disk->base - from || offset > INT64_MAX / 2 - from) return -1;
  if (offset == 0 && whence == SEEK_CUR) return from - disk->base;
  int64_t position = os_file_seek(disk->descriptor, from + offset, SEEK_SET);
  return position < 0 ? checked(disk, -1) : position - disk->base;
}

static int64_t tell(void *argument) { return seek(0, SEEK_CUR, argument); }

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct disk *disk = argument;
  if (bytes <= 0) return 0;
  int64_t done = os_file_read(disk->descriptor, data, (size_t)bytes);
  if (done < bytes && errno) medium_fail(&disk->medium, errno);
  medium_moved(&disk->medium, done);
  return done;
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct disk *disk = argument;
  if (bytes <= 0) return 0;
  if (disk->medium.limit > 0 && tell(disk) + bytes > disk->medium.limit) {
    medium_fail(&disk->medium, MEDIUM_FORMAT_FULL);
    return 0;
  }
  int64_t done = os_file_write(disk->descriptor, data, (size_t)bytes);
  if (done < bytes) medium_fail(&disk->medium, errno);
  medium_moved(&disk->medium, done);
  return done;
}

static int truncate_here(struct medium *medium) {
  struct disk *disk = (struct disk *)medium;
  int64_t position = tell(disk);
  return position < 0 ? -1 : (int)checked(disk, os_file_truncate(disk->descriptor, disk->base + position));
}

static int sync_disk(struct medium *medium) {
  struct disk *disk = (struct disk *)medium;
  /* EINVAL, EROFS: a file of a kind that needs no syncing. */
  if (os_file_sync(disk->descriptor) == 0 || errno == EINVAL || errno == EROFS) return 0;
  return (int)checked(disk, -1);
}

static int close_disk(struct medium *medium) {
  struct disk *disk = (struct disk *)medium;
  int result = disk->own ? os_file_close(disk->descriptor) : 0;
  free(disk);
  return result;
}

static const struct medium_type type = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 1,
    .truncate = truncate_here,
    .sync = sync_disk,
    .close = close_disk,
};

struct medium *medium_disk(int descriptor, int own) {
  struct disk *disk = calloc(1, sizeof *disk);
  if (!disk) return NULL;
  disk->medium.type = &type;
  disk->descriptor = descriptor;
  disk->own = own;
  disk->base = os_file_seek(descriptor, 0, SEEK_CUR);
  if (disk->base >= 0) return &disk->medium;
  free(disk);
  return NULL;
}

int medium_is_of(const struct medium *medium, int descriptor) {
  while (medium && medium->type != &type) medium = medium->inner;
  return medium && os_file_same(((const struct disk *)medium)->descriptor, descriptor);
}
