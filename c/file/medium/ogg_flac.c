/* FLAC in Ogg as a plain FLAC file: what is in the pages is one, behind nine bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/medium.h"
#include "file/medium/ogg_page.h"

struct body {
  int64_t at, in_file; /* where the page's bytes are here, and in the file */
};

struct ogg_flac {
  struct medium medium;
  struct body *bodies;
  int64_t count, capacity, length, position;
};

static int64_t get_length(void *argument) { return ((struct ogg_flac *)argument)->length; }

static int64_t tell(void *argument) { return ((struct ogg_flac *)argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct ogg_flac *flac = argument;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? flac->position : flac->length;
  if (offset < -from || offset > INT64_MAX / 2 - from) return -1;
  return flac->position = from + offset;
}

/* The last page that begins at the position, or before it. */
static int64_t page_at(const struct ogg_flac *flac) {
  int64_t low = 0, high = flac->count;
  while (high - low > 1) {
    int64_t middle = (low + high) / 2;
    if (flac->bodies[middle].at <= flac->position)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct ogg_flac *flac = argument;
  struct medium *inner = flac->medium.inner;
  int64_t done = 0;
  if (bytes > flac->length - flac->position) bytes = flac->length - flac->position;
  for (int64_t page = bytes > 0 ? page_at(flac) : 0; done < bytes; page++) {
    int64_t end = page + 1 < flac->count ? flac->bodies[page + 1].at : flac->length, part = end - flac->position;
    if (part > bytes - done) part = bytes - done;
    int64_t at = flac->bodies[page].in_file + flac->position - flac->bodies[page].at;
    int there = inner->type->io.tell(inner) == at || inner->type->io.seek(at, SEEK_SET, inner) == at;
    int64_t count = there && part > 0 ? inner->type->io.read((unsigned char *)data + done, part, inner) : 0;
    if (count > 0) done += count, flac->position += count;
    if (count < part) break;
  }
  if (inner->error) medium_fail(&flac->medium, inner->error);
  return done;
}

static int64_t write_nothing(const void *data, int64_t bytes, void *argument) {
  (void)data, (void)bytes, (void)argument;
  return 0;
}

static int close_flac(struct medium *medium) {
  struct medium *inner = medium->inner;
  free(((struct ogg_flac *)medium)->bodies);
  free(medium);
  return inner->type->close(inner);
}

static const struct medium_type type = {
    .io = {get_length, seek, read_bytes, write_nothing, tell},
    .seekable = 1,
    .close = close_flac,
};

static int add(struct ogg_flac *flac, int64_t in_file, int64_t bytes) {
  if (flac->count == flac->capacity) {
    int64_t capacity = flac->capacity ? 2 * flac->capacity : 256;
    struct body *bodies = realloc(flac->bodies, (size_t)capacity * sizeof *bodies);
    if (!bodies) return 0;
    flac->bodies = bodies;
    flac->capacity = capacity;
  }
  flac->bodies[flac->count++] = (struct body){flac->length, in_file};
  flac->length += bytes;
  return 1;
}

struct medium *medium_ogg_flac(struct medium *inner) {
  struct ogg_flac *flac = calloc(1, sizeof *flac);
  unsigned char page[OGG_HEADER_MOST], serial[4] = {0};
  int64_t at = 0, head, bytes;
  if (!flac) return NULL;
  flac->medium.type = &type;
  flac->medium.inner = inner;
  while (ogg_page_read(inner, at, page, &head, &bytes)) {
    int64_t skipped = at == 0 ? OGG_FLAC_HEAD : 0;
    if (at == 0) memcpy(serial, page + OGG_SERIAL, 4);
    if (memcmp(serial, page + OGG_SERIAL, 4) == 0 && bytes > skipped &&
        !add(flac, at + head + skipped, bytes - skipped)) {
      free(flac->bodies);
      free(flac);
      return NULL;
    }
    at += head + bytes;
  }
  return &flac->medium;
}
