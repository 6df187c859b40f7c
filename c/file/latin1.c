#include "file/latin1.h"

#include <stdlib.h>
#include <string.h>

char *latin1_from_utf8(const char *text) {
  char *copy = malloc(strlen(text) + 1), *to = copy;
  for (const unsigned char *from = (const unsigned char *)text; copy && *from; from++) {
    if (*from < 0x80) {
      *to++ = (char)*from;
    } else if ((*from == 0xC2 || *from == 0xC3) && (from[1] & 0xC0) == 0x80) {
      *to++ = (char)(*from << 6 | (from[1] & 0x3F));
      from++;
    } else {
      free(copy);
      copy = NULL;
    }
  }
  if (copy) *to = 0;
  return copy;
}

/* Whether every sequence is whole; the characters themselves are not checked. */
static int is_utf8(const unsigned char *text) {
  while (*text) {
    int more = *text < 0x80 ? 0 : *text < 0xC2 ? -1 : *text < 0xE0 ? 1 : *text < 0xF0 ? 2 : *text < 0xF5 ? 3 : -1;
    if (more < 0) return 0;
    for (text++; more > 0; more--, text++)
      if ((*text & 0xC0) != 0x80) return 0;
  }
  return 1;
}

char *utf8_from_either(const char *text) {
  int whole = is_utf8((const unsigned char *)text);
  char *copy = malloc(2 * strlen(text) + 1), *to = copy;
  for (const unsigned char *from = (const unsigned char *)text; copy && *from; from++) {
    if (whole || *from < 0x80) {
      *to++ = (char)*from;
    } else {
      *to++ = (char)(0xC0 | *from >> 6);
      *to++ = (char)(0x80 | (*from & 0x3F));
    }
  }
  if (copy) *to = 0;
  return copy;
}
