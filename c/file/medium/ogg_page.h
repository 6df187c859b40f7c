/* Pages of Ogg files. */
#ifndef PS_FILE_MEDIUM_OGG_PAGE_H
#define PS_FILE_MEDIUM_OGG_PAGE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "file/medium/medium.h"

#define OGG_HEADER 27
#define OGG_HEADER_MOST (OGG_HEADER + 255)
#define OGG_FLAGS 5
#define OGG_FIRST 2     /* flag: a stream begins with this page, */
#define OGG_LAST 4      /* or ends with it */
#define OGG_SERIAL 14   /* of its stream, 4 bytes */
#define OGG_SUM 22      /* of the page, 4 bytes */
#define OGG_FLAC_HEAD 9 /* bytes before "fLaC" */

static inline int ogg_page_is(const unsigned char *bytes) { return memcmp(bytes, "OggS", 4) == 0 && bytes[4] == 0; }

/* Bytes of a page's header and of what it announces; `got` bytes are there. 0 if there is no page. */
static inline int ogg_page_size(const unsigned char *page, int64_t got, int64_t *head, int64_t *body) {
  if (got < OGG_HEADER || !ogg_page_is(page) || got < OGG_HEADER + page[26]) return 0;
  *head = OGG_HEADER + page[26];
  *body = 0;
  for (int i = 0; i < page[26]; i++) *body += page[OGG_HEADER + i];
  return 1;
}

/* Reads the header of the page at an offset; 0 if there is none. */
static inline int ogg_page_read(struct medium *medium, int64_t at, unsigned char *page, int64_t *head, int64_t *body) {
  if (medium->type->io.seek(at, SEEK_SET, medium) != at) return 0;
  return ogg_page_size(page, medium->type->io.read(page, OGG_HEADER_MOST, medium), head, body);
}

/* Whether the first page of a stream is that of FLAC; the page has `got` bytes. */
static inline int ogg_page_is_flac(const unsigned char *page, int64_t got) {
  int64_t head, body;
  return ogg_page_size(page, got, &head, &body) && got >= head + OGG_FLAC_HEAD + 4 &&
         memcmp(page + head,
                "\x7F"
                "FLAC",
                5) == 0 &&
         memcmp(page + head + OGG_FLAC_HEAD, "fLaC", 4) == 0;
}

#endif
