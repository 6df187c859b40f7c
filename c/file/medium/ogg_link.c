/* One link of a chained Ogg file as a file of its own: chained files stand one behind the other in a file or pipe. A
 * link ends where pages that begin a stream follow on others. In a file the links are looked for beforehand, page by
 * page; from a pipe pages are passed on as they come, until the next link begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/medium.h"
#include "file/medium/ogg_page.h"

#define PAGE_MOST (OGG_HEADER_MOST + 255 * 255)
#define HEAD_MOST (16 << 20)
#define SKIP_MOST (1 << 20)

/* Whether a link begins with this page, where `inside` says whether one goes on. */
static int begins(const unsigned char *page, int *inside) {
  int first = page[OGG_FLAGS] & OGG_FIRST, begun = first && *inside;
  *inside = !first;
  return begun;
}

/* -------------------------------------------------------------- a part of a file */

struct part {
  struct medium medium;
  int64_t from, length, position;
};

static int64_t part_length(void *argument) { return ((struct part *)argument)->length; }

static int64_t part_tell(void *argument) { return ((struct part *)argument)->position; }

static int64_t part_seek(int64_t offset, int whence, void *argument) {
  struct part *part = argument;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? part->position : part->length;
  if (offset < -from || offset > INT64_MAX / 2 - from) return -1;
  return part->position = from + offset;
}

/* An error stays in the inner medium, too, where the file's owner looks for it. */
static void note_error(struct medium *medium) {
  if (medium->inner->error) medium_fail(medium, medium->inner->error);
}

static int64_t part_read(void *data, int64_t bytes, void *argument) {
  struct part *part = argument;
  struct medium *inner = part->medium.inner;
  int64_t left = part->length - part->position, at = part->from + part->position;
  if (bytes > left) bytes = left;
  if (bytes <= 0) return 0;
  int there = inner->type->io.tell(inner) == at || inner->type->io.seek(at, SEEK_SET, inner) == at;
  int64_t count = there ? inner->type->io.read(data, bytes, inner) : 0;
  note_error(&part->medium);
  if (count > 0) part->position += count;
  return count;
}

static int64_t write_nothing(const void *data, int64_t bytes, void *argument) {
  (void)data, (void)bytes, (void)argument;
  return 0;
}

static int close_part(struct medium *medium) {
  free(medium);
  return 0;
}

static const struct medium_type part_type = {
    .io = {part_length, part_seek, part_read, write_nothing, part_tell},
    .seekable = 1,
    .close = close_part,
};

struct medium *medium_ogg_part(struct medium *inner, int64_t from, int64_t to) {
  struct part *part = calloc(1, sizeof *part);
  if (!part) return NULL;
  part->medium.type = &part_type;
  part->medium.inner = inner;
  part->from = from;
  part->length = to - from;
  return &part->medium;
}

/* Whether a link goes on behind a page of it: none of its streams has ended. */
static int goes_on(const unsigned char *page, int begun, int before) {
  return (begun || before) && !(page[OGG_FLAGS] & OGG_LAST);
}

int medium_ogg_links(struct medium *medium, int64_t length, int64_t *starts, int most, int64_t *cut) {
  unsigned char page[OGG_HEADER_MOST];
  int64_t at = 0, head, body;
  int inside = 0, count = 1, open = 1;
  starts[0] = 0;
  *cut = -1;
  while (count < most && at < length && ogg_page_read(medium, at, page, &head, &body)) {
    int begun = begins(page, &inside);
    if (head + body > length - at) {
      *cut = at;
      return count;
    }
    if (begun) starts[count++] = at;
    open = goes_on(page, begun, open);
    at += head + body;
  }
  if (open && length - at < OGG_HEADER_MOST) *cut = at;
  return count;
}

/* ------------------------------------------------------------------- from a pipe */

struct ogg_pages {
  struct medium *inner;
  int64_t filled, unit; /* bytes at hand; of them the page, or what is none */
  int64_t skipped;      /* bytes at the start of the page that are not for the reader */
  int inside, begins, ended, bare;
  int open;    /* the link has not ended */
  int damaged; /* what comes now is no good, and the end of what is passed on */
  unsigned char data[PAGE_MOST];
};

struct ogg_pages *ogg_pages_new(struct medium *inner) {
  struct ogg_pages *pages = calloc(1, sizeof *pages);
  if (!pages) return NULL;
  pages->inner = inner;
  pages->open = 1;
  return pages;
}

/* The sum that stands in the page itself counts as 0. */
static int sum_is_right(const unsigned char *page, int64_t bytes) {
  static const uint32_t steps[16] = {0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9, 0x130476dc, 0x17c56b6b,
                                     0x1a864db2, 0x1e475005, 0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
                                     0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd};
  uint32_t sum = 0;
  for (int64_t i = 0; i < bytes; i++) {
    unsigned byte = i < OGG_SUM || i >= OGG_SUM + 4 ? page[i] : 0;
    sum = sum << 4 ^ steps[sum >> 28 ^ byte >> 4];
    sum = sum << 4 ^ steps[sum >> 28 ^ (byte & 15)];
  }
  for (int i = 0; i < 4; i++)
    if (page[OGG_SUM + i] != (sum >> 8 * i & 0xFF)) return 0;
  return 1;
}

static int has(struct ogg_pages *pages, int64_t bytes) {
  while (pages->filled < bytes && !pages->ended) {
    int64_t got = pages->inner->type->io.read(pages->data + pages->filled, bytes - pages->filled, pages->inner);
    if (got <= 0) pages->ended = 1;
    if (got > 0) pages->filled += got;
  }
  return pages->filled >= bytes;
}

/* Brings the next page, or bytes that are none; 0 at the end. */
static int next_unit(struct ogg_pages *pages) {
  int64_t head = 0, body = 0;
  if (pages->unit > 0) return 1;
  if (pages->damaged) return 0;
  pages->begins = 0;
  pages->skipped = 0;
  if (has(pages, OGG_HEADER) && ogg_page_is(pages->data)) {
    if (has(pages, OGG_HEADER + pages->data[26]) && ogg_page_size(pages->data, pages->filled, &head, &body)) {
      pages->begins = begins(pages->data, &pages->inside);
      int whole = has(pages, head + body);
      pages->open = !whole || goes_on(pages->data, pages->begins, pages->open);
      pages->damaged = whole && !sum_is_right(pages->data, head + body);
    }
    pages->unit = pages->filled;
    pages->skipped = head;
  } else if (pages->filled > 0 && pages->open) {
    pages->damaged = 1;
  } else if (pages->filled > 0) {
    const unsigned char *next = memchr(pages->data + 1, 'O', (size_t)pages->filled - 1);
    pages->unit = next ? next - pages->data : pages->filled;
  }
  if (pages->damaged) pages->unit = 0, pages->open = 1;
  return pages->unit > 0;
}

static void drop(struct ogg_pages *pages, int64_t bytes) {
  memmove(pages->data, pages->data + bytes, (size_t)(pages->filled - bytes));
  pages->filled -= bytes;
  pages->unit -= bytes;
  pages->skipped = 0;
}

int ogg_pages_more(struct ogg_pages *pages) { return next_unit(pages); }

int ogg_pages_cut(const struct ogg_pages *pages) { return pages->open; }

/* Bytes of this link, up to the end of a page: the next one may be long in coming. `begun`: some of it were taken
 * already. */
static int64_t take(struct ogg_pages *pages, int begun, unsigned char *data, int64_t bytes) {
  do {
    if (!next_unit(pages) || (pages->begins && begun)) return 0;
    if (pages->bare && pages->skipped > 0) drop(pages, pages->skipped);
  } while (pages->unit == 0);
  if (pages->bare && !begun) drop(pages, pages->unit < OGG_FLAC_HEAD ? pages->unit : OGG_FLAC_HEAD);
  int64_t count = bytes < pages->unit ? bytes : pages->unit;
  memcpy(data, pages->data, (size_t)count);
  drop(pages, count);
  pages->begins = 0;
  return count;
}

struct link {
  struct medium medium;
  struct ogg_pages *pages;
  unsigned char *head; /* what came while the link was being opened */
  int64_t head_length, moved, position;
  int opening;
};

static int64_t link_length(void *argument) {
  (void)argument;
  return INT64_MAX;
}

static int64_t link_tell(void *argument) { return ((struct link *)argument)->position; }

static int64_t link_seek(int64_t offset, int whence, void *argument) {
  struct link *link = argument;
  int64_t from = whence == SEEK_SET ? 0 : link->position;
  if (whence == SEEK_END || offset < -from || offset > link->moved + SKIP_MOST - from) return -1;
  return link->position = from + offset;
}

static int64_t receive(struct link *link, unsigned char *data, int64_t bytes) {
  int64_t count = take(link->pages, link->moved > 0, data, bytes);
  note_error(&link->medium);
  link->moved += count;
  return count;
}

static void receive_head(struct link *link, int64_t end) {
  if (end > HEAD_MOST) end = HEAD_MOST;
  if (link->moved >= end) return;
  unsigned char *head = realloc(link->head, (size_t)end);
  if (!head) return;
  link->head = head;
  link->head_length += receive(link, head + link->moved, end - link->moved);
}

static int64_t link_read(void *data, int64_t bytes, void *argument) {
  struct link *link = argument;
  unsigned char *to = data, nothing[4096];
  int64_t done = 0, skipped = 1;
  if (link->opening) receive_head(link, link->position + bytes);
  while (!link->opening && link->moved < link->position && skipped > 0) {
    int64_t left = link->position - link->moved;
    skipped = receive(link, nothing, left < (int64_t)sizeof nothing ? left : (int64_t)sizeof nothing);
  }
  if (link->position < link->head_length) {
    int64_t kept = link->head_length - link->position;
    done = bytes < kept ? bytes : kept;
    memcpy(to, link->head + link->position, (size_t)done);
    link->position += done;
  }
  if (!link->opening && link->position == link->moved && done < bytes) {
    int64_t received = receive(link, to + done, bytes - done);
    link->position += received;
    done += received;
  }
  return done;
}

static void link_opened(struct medium *medium) { ((struct link *)medium)->opening = 0; }

static int close_link(struct medium *medium) {
  free(((struct link *)medium)->head);
  free(medium);
  return 0;
}

static const struct medium_type link_type = {
    .io = {link_length, link_seek, link_read, write_nothing, link_tell},
    .seekable = 0,
    .opened = link_opened,
    .close = close_link,
};

struct medium *medium_ogg_link(struct ogg_pages *pages) {
  struct link *link = calloc(1, sizeof *link);
  if (!link) return NULL;
  link->medium.type = &link_type;
  link->medium.inner = pages->inner;
  link->pages = pages;
  link->opening = 1;
  pages->bare = next_unit(pages) && ogg_page_is_flac(pages->data, pages->unit);
  pages->begins = 0;
  return &link->medium;
}
