/* A medium before another one: from an offset on, with patches of its header and bytes inserted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/medium.h"

struct window {
  struct medium medium;
  int64_t skip, position;
  struct medium_patch patches[MEDIUM_PATCHES];
  int patch_count;
  struct medium_insert insert;
};

static int64_t get_length(void *argument) {
  struct window *window = argument;
  int64_t length =
      medium_take_failure(&window->medium, window->medium.inner->type->io.get_file_length(window->medium.inner));
  if (length < 0) return length;
  length = length > window->skip ? length - window->skip : 0;
  return length < INT64_MAX - window->insert.bytes ? length + window->insert.bytes : length;
}

static int64_t tell(void *argument) { return ((struct window *)argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct window *window = argument;
  struct medium *inner = window->medium.inner;
  if (whence == SEEK_END) {
    if (inner->type->io.seek(0, SEEK_END, inner) < 0)
      return medium_take_failure(&window->medium, -1); /* a pipe has no end */
    offset += get_length(window);
  }
  if (whence == SEEK_CUR) offset += window->position;
  if (offset < 0) return -1;
  return window->position = offset;
}

/* Where a position is in the inner medium. */
static int64_t inside(const struct window *window, int64_t position) {
  const struct medium_insert *insert = &window->insert;
  return window->skip + (position >= insert->offset + insert->bytes ? position - insert->bytes : position);
}

static void apply_patches(struct window *window, unsigned char *data, int64_t position, int64_t bytes) {
  for (int i = 0; i < window->patch_count; i++) {
    const struct medium_patch *patch = &window->patches[i];
    for (int64_t k = 0; k < patch->bytes; k++) {
      int64_t at = patch->offset + k - position;
      if (at >= 0 && at < bytes) data[at] = patch->data[k];
    }
  }
}

/* Reads up to a place where the insert begins or ends. */
static int64_t read_part(struct window *window, unsigned char *data, int64_t bytes) {
  const struct medium_insert *insert = &window->insert;
  struct medium *inner = window->medium.inner;
  int64_t into = window->position - insert->offset, count;
  if (into >= 0 && into < insert->bytes) {
    count = bytes < insert->bytes - into ? bytes : insert->bytes - into;
    memcpy(data, insert->data + into, (size_t)count);
  } else {
    if (into < 0 && insert->bytes > 0 && bytes > -into) bytes = -into;
    int64_t from = inside(window, window->position);
    if (inner->type->io.tell(inner) != from && inner->type->io.seek(from, SEEK_SET, inner) != from)
      return medium_take_failure(&window->medium, 0);
    count = medium_take_failure(&window->medium, inner->type->io.read(data, bytes, inner));
    if (count > 0) apply_patches(window, data, window->position, count);
  }
  if (count > 0) window->position += count;
  return count;
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct window *window = argument;
  int64_t total = 0;
  while (total < bytes) {
    int64_t count = read_part(window, (unsigned char *)data + total, bytes - total);
    if (count <= 0) break;
    total += count;
    if (window->insert.bytes == 0) break;
  }
  medium_moved(&window->medium, total);
  return total;
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct window *window = argument;
  struct medium *inner = window->medium.inner;
  int64_t to = window->skip + window->position;
  if (bytes <= 0) return 0;
  if (window->insert.bytes > 0) {
    medium_fail(&window->medium, EPERM);
    return 0;
  }
  for (int i = 0; i < window->patch_count; i++) /* from now on the file's own bytes count */
    if (window->position < window->patches[i].offset + window->patches[i].bytes &&
        window->position + bytes > window->patches[i].offset)
      window->patches[i].bytes = 0;
  inner->limit = window->medium.limit ? window->medium.limit + window->skip : 0;
  if (inner->type->io.tell(inner) != to && inner->type->io.seek(to, SEEK_SET, inner) != to)
    return medium_take_failure(&window->medium, 0);
  int64_t count = medium_take_failure(&window->medium, inner->type->io.write(data, bytes, inner));
  if (count > 0) window->position += count;
  medium_moved(&window->medium, count);
  return count;
}

static int truncate_here(struct medium *medium) {
  struct window *window = (struct window *)medium;
  int64_t to = window->skip + window->position;
  int64_t found = medium->inner->type->io.seek(to, SEEK_SET, medium->inner);
  return (int)medium_take_failure(medium, found == to ? medium_truncate(medium->inner) : -1);
}

static int sync_window(struct medium *medium) { return (int)medium_take_failure(medium, medium_sync(medium->inner)); }
static void opened(struct medium *medium) { medium_opened(medium->inner); }
static void set_patience(struct medium *medium, double seconds) { medium_set_patience(medium->inner, seconds); }
static void interrupt(struct medium *medium) { medium_interrupt(medium->inner); }
static void resume(struct medium *medium) { medium_resume(medium->inner); }

static int close_window(struct medium *medium) {
  int result = medium->inner->type->close(medium->inner);
  free(medium);
  return result;
}

static const struct medium_type on_disk = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 1,
    .truncate = truncate_here,
    .sync = sync_window,
    .opened = opened,
    .close = close_window,
};
static const struct medium_type on_pipe = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 0,
    .opened = opened,
    .set_patience = set_patience,
    .interrupt = interrupt,
    .resume = resume,
    .close = close_window,
};

struct medium *medium_window(struct medium *inner, int64_t skip, const struct medium_patch *patches, int patch_count,
                             const struct medium_insert *insert) {
  struct window *window = calloc(1, sizeof *window);
  if (!window) return NULL;
  window->medium.type = inner->type->seekable ? &on_disk : &on_pipe;
  window->medium.inner = inner;
  window->skip = skip;
  window->patch_count = patch_count;
  if (patch_count > 0) memcpy(window->patches, patches, (size_t)patch_count * sizeof *patches);
  if (insert) window->insert = *insert;
  return &window->medium;
}

void medium_window_free(struct medium *window) { free(window); }

struct medium *medium_window_like(const struct medium *medium, struct medium *inner) {
  if (medium->type != &on_disk && medium->type != &on_pipe) return inner;
  const struct window *like = (const struct window *)medium;
  struct medium *window = medium_window(inner, like->skip, like->patches, like->patch_count, &like->insert);
  if (!window) inner->type->close(inner);
  return window;
}
