/* A medium before another one that keeps what is written in memory, until it is committed: then all of it is written at
 * once, and whatever comes after goes straight through. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/medium.h"

#define PAGE 4096
#define PAGES_MOST 4096

struct page {
  int64_t number;
  unsigned char data[PAGE];
};

struct overlay {
  struct medium medium;
  struct page **pages;
  int count, capacity;
  int64_t length, position;
  int committed;
};

static struct overlay *of(void *medium) { return medium; }

static int64_t inner_length(struct overlay *overlay) {
  struct medium *inner = overlay->medium.inner;
  return medium_take_failure(&overlay->medium, inner->type->io.get_file_length(inner));
}

static int64_t get_length(void *argument) {
  return of(argument)->committed ? inner_length(argument) : of(argument)->length;
}

static int64_t tell(void *argument) { return of(argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct overlay *overlay = argument;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? overlay->position : get_length(overlay);
  if (from < 0 || offset < -from || offset > INT64_MAX / 2 - from) return -1;
  return overlay->position = from + offset;
}

static int64_t read_inner(struct overlay *overlay, int64_t position, void *data, int64_t bytes) {
  struct medium *inner = overlay->medium.inner;
  if (inner->type->io.tell(inner) != position && inner->type->io.seek(position, SEEK_SET, inner) != position)
    return medium_take_failure(&overlay->medium, 0);
  return medium_take_failure(&overlay->medium, inner->type->io.read(data, bytes, inner));
}

static int64_t write_inner(struct overlay *overlay, int64_t position, const void *data, int64_t bytes) {
  struct medium *inner = overlay->medium.inner;
  inner->limit = overlay->medium.limit;
  if (inner->type->io.tell(inner) != position && inner->type->io.seek(position, SEEK_SET, inner) != position)
    return medium_take_failure(&overlay->medium, 0);
  return medium_take_failure(&overlay->medium, inner->type->io.write(data, bytes, inner));
}

static struct page *find(const struct overlay *overlay, int64_t number) {
  for (int i = 0; i < overlay->count; i++)
    if (overlay->pages[i]->number == number) return overlay->pages[i];
  return NULL;
}

/* The page of that number, with what the inner medium has there; NULL if there is no memory for it. */
static struct page *add(struct overlay *overlay, int64_t number) {
  if (overlay->count == overlay->capacity) {
    int capacity = overlay->capacity ? 2 * overlay->capacity : 16;
    struct page **pages = capacity > PAGES_MOST ? NULL : realloc(overlay->pages, (size_t)capacity * sizeof *pages);
    if (!pages) return NULL;
    overlay->pages = pages;
    overlay->capacity = capacity;
  }
  struct page *page = calloc(1, sizeof *page);
  if (!page) return NULL;
  page->number = number;
  int64_t there = inner_length(overlay) - number * PAGE;
  if (there > 0) read_inner(overlay, number * PAGE, page->data, there < PAGE ? there : PAGE);
  return overlay->pages[overlay->count++] = page;
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct overlay *overlay = argument;
  int64_t total = 0, left = overlay->committed ? bytes : overlay->length - overlay->position;
  if (bytes > left) bytes = left;
  while (total < bytes) {
    unsigned char *to = (unsigned char *)data + total;
    int64_t at = overlay->position % PAGE, part = bytes - total, count;
    const struct page *page = overlay->committed ? NULL : find(overlay, overlay->position / PAGE);
    if (!overlay->committed && part > PAGE - at) part = PAGE - at;
    if (page) {
      memcpy(to, page->data + at, (size_t)part);
      count = part;
    } else {
      count = read_inner(overlay, overlay->position, to, part);
    }
    if (count > 0) overlay->position += count;
    if (count > 0) total += count;
    if (count < part) break;
  }
  medium_moved(&overlay->medium, total);
  return total;
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct overlay *overlay = argument;
  int64_t total = 0;
  if (bytes <= 0) return 0;
  if (overlay->committed) {
    total = write_inner(overlay, overlay->position, data, bytes);
    if (total > 0) overlay->position += total;
    medium_moved(&overlay->medium, total);
    return total;
  }
  while (total < bytes) {
    int64_t at = overlay->position % PAGE, part = bytes - total < PAGE - at ? bytes - total : PAGE - at;
    struct page *page = find(overlay, overlay->position / PAGE);
    if (!page) page = add(overlay, overlay->position / PAGE);
    if (!page) {
      medium_fail(&overlay->medium, ENOMEM);
      break;
    }
    memcpy(page->data + at, (const unsigned char *)data + total, (size_t)part);
    overlay->position += part;
    total += part;
    if (overlay->position > overlay->length) overlay->length = overlay->position;
  }
  return total;
}

static int truncate_here(struct medium *medium) {
  struct overlay *overlay = of(medium);
  struct medium *inner = medium->inner;
  if (!overlay->committed) {
    if (overlay->position < overlay->length) overlay->length = overlay->position;
    return 0;
  }
  if (inner->type->io.seek(overlay->position, SEEK_SET, inner) != overlay->position)
    return (int)medium_take_failure(medium, -1);
  return (int)medium_take_failure(medium, medium_truncate(inner));
}

static int sync_overlay(struct medium *medium) {
  return of(medium)->committed ? (int)medium_take_failure(medium, medium_sync(medium->inner)) : 0;
}

static void free_pages(struct overlay *overlay) {
  for (int i = 0; i < overlay->count; i++) free(overlay->pages[i]);
  free(overlay->pages);
  overlay->pages = NULL;
  overlay->count = overlay->capacity = 0;
}

static int close_overlay(struct medium *medium) {
  int result = medium->inner->type->close(medium->inner);
  medium_overlay_free(medium);
  return result;
}

static const struct medium_type type = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 1,
    .truncate = truncate_here,
    .sync = sync_overlay,
    .close = close_overlay,
};

struct medium *medium_overlay(struct medium *inner) {
  struct overlay *overlay = calloc(1, sizeof *overlay);
  if (!overlay) return NULL;
  overlay->medium.type = &type;
  overlay->medium.inner = inner;
  overlay->length = inner_length(overlay);
  return &overlay->medium;
}

void medium_overlay_free(struct medium *medium) {
  free_pages(of(medium));
  free(medium);
}

int medium_overlay_commit(struct medium *medium) {
  struct overlay *overlay = medium->type == &type ? of(medium) : NULL;
  if (!overlay || overlay->committed) return 0;
  for (int i = 0; i < overlay->count; i++) {
    int64_t at = overlay->pages[i]->number * PAGE, bytes = overlay->length - at < PAGE ? overlay->length - at : PAGE;
    if (bytes > 0 && write_inner(overlay, at, overlay->pages[i]->data, bytes) < bytes) return -1;
  }
  struct medium *inner = medium->inner;
  if (overlay->length < inner_length(overlay) && inner->type->truncate) {
    if (inner->type->io.seek(overlay->length, SEEK_SET, inner) != overlay->length)
      return (int)medium_take_failure(medium, -1);
    if (inner->type->truncate(inner) < 0) return (int)medium_take_failure(medium, -1);
  }
  overlay->committed = 1;
  free_pages(overlay);
  return 0;
}

int medium_overlay_same(struct medium *medium, int64_t from, int64_t to) {
  struct overlay *overlay = of(medium);
  unsigned char before[PAGE];
  for (int i = 0; i < overlay->count; i++) {
    int64_t at = overlay->pages[i]->number * PAGE;
    int64_t first = from > at ? from - at : 0, last = to < at + PAGE ? to - at : PAGE;
    if (first >= last) continue;
    if (read_inner(overlay, at + first, before, last - first) < last - first) return 0;
    if (memcmp(before, overlay->pages[i]->data + first, (size_t)(last - first)) != 0) return 0;
  }
  return 1;
}
