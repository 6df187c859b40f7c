/* Memory as the medium of a sound file. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/medium.h"
#include "os/os.h"

struct memory {
  struct medium medium;
  unsigned char *data;
  int64_t length, capacity, position; /* the position may be beyond the end */
};

static int64_t get_length(void *argument) { return ((struct memory *)argument)->length; }

static int64_t tell(void *argument) { return ((struct memory *)argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct memory *memory = argument;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? memory->position : memory->length;
  if (offset < -from || offset > INT64_MAX / 2 - from) return -1;
  return memory->position = from + offset;
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct memory *memory = argument;
  int64_t left = memory->length - memory->position;
  if (bytes > left) bytes = left;
  if (bytes <= 0) return 0;
  memcpy(data, memory->data + memory->position, (size_t)bytes);
  memory->position += bytes;
  medium_moved(&memory->medium, bytes);
  return bytes;
}

/* Makes room for `length` bytes; 0 if there is no memory for them. */
static int grow(struct memory *memory, int64_t length) {
  if (length <= memory->capacity) return 1;
  int64_t capacity = memory->capacity < 65536 ? 65536 : memory->capacity;
  while (capacity < length) capacity += capacity / 2;
  unsigned char *data = (uint64_t)capacity <= SIZE_MAX ? realloc(memory->data, (size_t)capacity) : NULL;
  if (!data) return 0;
  memory->data = data;
  memory->capacity = capacity;
  return 1;
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct memory *memory = argument;
  if (bytes <= 0) return 0;
  int64_t end = memory->position + bytes;
  int too_big = memory->medium.limit > 0 && end > memory->medium.limit;
  if (too_big || !grow(memory, end)) {
    medium_fail(&memory->medium, too_big ? MEDIUM_FORMAT_FULL : ENOMEM);
    return 0;
  }
  if (memory->position > memory->length)
    memset(memory->data + memory->length, 0, (size_t)(memory->position - memory->length));
  memcpy(memory->data + memory->position, data, (size_t)bytes);
  memory->position = end;
  if (end > memory->length) memory->length = end;
  medium_moved(&memory->medium, bytes);
  return bytes;
}

static int truncate_here(struct medium *medium) {
  struct memory *memory = (struct memory *)medium;
  if (memory->position < memory->length) memory->length = memory->position;
  return 0;
}

static int close_memory(struct medium *medium) {
  struct memory *memory = (struct memory *)medium;
  os_free_aside(memory->data, (size_t)memory->capacity);
  free(memory);
  return 0;
}

static const struct medium_type type = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 1,
    .truncate = truncate_here,
    .close = close_memory,
};

struct medium *medium_memory_own(void *data, size_t bytes) {
  struct memory *memory = calloc(1, sizeof *memory);
  if (!memory) return NULL;
  memory->medium.type = &type;
  memory->data = data;
  memory->length = memory->capacity = (int64_t)bytes;
  return &memory->medium;
}

struct medium *medium_memory(const void *data, size_t bytes) {
  void *copy = bytes > 0 ? malloc(bytes) : NULL;
  if (bytes > 0 && !copy) return NULL;
  if (bytes > 0) memcpy(copy, data, bytes);
  struct medium *memory = medium_memory_own(copy, bytes);
  if (!memory) free(copy);
  return memory;
}

static const struct memory *memory_in(const struct medium *medium) {
  while (medium && medium->inner) medium = medium->inner;
  return medium && medium->type == &type ? (const struct memory *)medium : NULL;
}

int medium_in_memory(const struct medium *medium) { return memory_in(medium) != NULL; }

const void *medium_memory_data(const struct medium *medium, size_t *bytes) {
  const struct memory *memory = memory_in(medium);
  if (!memory) return NULL;
  *bytes = (size_t)memory->length;
  return memory->data;
}
