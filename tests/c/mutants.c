#include "mutants.h"

#include <string.h>

#define PARTS_MOST 400
#define JUNK_MOST 3000

/* A chunk, page or block of a file. */
struct part {
  size_t at, length, size_at;
  int size_bytes, big;
};

static uint64_t get(const unsigned char *bytes, int count, int big) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++) value |= (uint64_t)bytes[i] << 8 * (big ? count - 1 - i : i);
  return value;
}

static void put(unsigned char *bytes, uint64_t value, int count, int big) {
  for (int i = 0; i < count; i++) bytes[i] = (unsigned char)(value >> 8 * (big ? count - 1 - i : i));
}

static int is(const unsigned char *bytes, const char *id) { return memcmp(bytes, id, strlen(id)) == 0; }

static uint64_t some_number(struct random *random) {
  static const uint64_t numbers[] = {0,          1,          2,          3,         0x7F,       0x80,       0xFF,
                                     0x7FFF,     0x8000,     0xFFFF,     0x10000,   0xFFFFFF,   0x7FFFFFFF, 0x80000000,
                                     0xFFFFFFF8, 0xFFFFFFFE, 0xFFFFFFFF, INT64_MAX, UINT64_MAX, 1ull << 63};
  if (random_once_in(random, 3)) return random_next(random);
  return numbers[random_between(random, 0, (int64_t)(sizeof numbers / sizeof *numbers) - 1)];
}

/* How the parts of a file follow each other. */
struct layout {
  size_t first, size_at, head; /* of a part: where its size stands in it, bytes that the size does not count */
  int size_bytes, big;
  size_t align;
};

static int layout_of(const unsigned char *file, struct layout *layout) {
  static const struct {
    const char *id;
    struct layout layout;
  } known[] = {
      {"RIFF", {12, 4, 8, 4, 0, 2}}, {"RF64", {12, 4, 8, 4, 0, 2}},  {"RIFX", {12, 4, 8, 4, 1, 2}},
      {"FORM", {12, 4, 8, 4, 1, 2}}, {"riff", {40, 16, 0, 8, 0, 8}}, {"caff", {8, 4, 12, 8, 1, 1}},
      {"fLaC", {4, 1, 4, 3, 1, 1}},  {"Crea", {26, 1, 4, 3, 0, 1}},  {"MATL", {128, 4, 8, 4, 0, 8}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (is(file, known[i].id)) return *layout = known[i].layout, 1;
  return 0;
}

static int pages_of(const unsigned char *file, size_t size, struct part *parts) {
  int count = 0;
  for (size_t at = 0; at + 27 < size && is(file + at, "OggS") && count < PARTS_MOST;) {
    size_t length = 27 + file[at + 26];
    for (int i = 0; i < file[at + 26] && at + 27 + (size_t)i < size; i++) length += file[at + 27 + (size_t)i];
    if (length > size - at) length = size - at;
    parts[count++] = (struct part){at, length, at + 26, 1, 0};
    at += length;
  }
  return count;
}

/* The parts of a file; words of its head where nothing is known of its structure. */
static int parts_of(const unsigned char *file, size_t size, struct part *parts) {
  struct layout layout;
  int count = 0;
  if (is(file, "OggS")) return pages_of(file, size, parts);
  if (!layout_of(file, &layout)) {
    for (size_t at = 0; at + 4 <= size && at < 512; at += 4) parts[count++] = (struct part){at, 4, at, 4, 1};
    return count;
  }
  for (size_t at = layout.first; at + layout.size_at + 8 < size && count < PARTS_MOST;) {
    uint64_t length = get(file + at + layout.size_at, layout.size_bytes, layout.big);
    if (length > size - at) length = size - at;
    length = (length + layout.head + layout.align - 1) / layout.align * layout.align;
    if (length < layout.size_at + (size_t)layout.size_bytes) break;
    if (length > size - at) length = size - at;
    parts[count++] = (struct part){at, (size_t)length, at + layout.size_at, layout.size_bytes, layout.big};
    if (is(file, "fLaC") && file[at] & 0x80) break; /* frames follow */
    at += (size_t)length;
  }
  return count;
}

static size_t take_out(unsigned char *file, size_t size, size_t at, size_t length) {
  memmove(file + at, file + at + length, size - at - length);
  return size - length;
}

static size_t put_in(unsigned char *file, size_t size, size_t room, size_t at, const unsigned char *data,
                     size_t length) {
  if (size + length > room) return size;
  memmove(file + at + length, file + at, size - at);
  memcpy(file + at, data, length);
  return size + length;
}

/* A chunk of any kind before a part. */
static size_t add_junk(struct random *random, unsigned char *file, size_t size, size_t room, const struct part *part) {
  static const char *const ids[] = {"JUNK", "LIST", "cue ", "smpl", "bext", "fact", "PEAK", "data",    "fmt ", "SSND",
                                    "COMM", "MARK", "INST", "ID3 ", "chan", "info", "free", "pakt",    "kuki", "desc",
                                    "cart", "inst", "ds64", "NAME", "ANNO", "VHDR", "BODY", "\0\0\0\0"};
  unsigned char junk[JUNK_MOST + 16];
  size_t length = (size_t)random_between(random, 0, random_once_in(random, 3) ? JUNK_MOST : 40);
  size_t head = part->size_at - part->at + (size_t)part->size_bytes;
  for (size_t i = 0; i < length + head; i++) junk[i] = (unsigned char)random_next(random);
  memcpy(junk, ids[random_between(random, 0, (int64_t)(sizeof ids / sizeof *ids) - 1)], 4);
  put(junk + (part->size_at - part->at), random_once_in(random, 4) ? some_number(random) : length, part->size_bytes,
      part->big);
  return put_in(file, size, room, part->at, junk, length + head);
}

static size_t add_id3(struct random *random, unsigned char *file, size_t size, size_t room) {
  unsigned char tag[200] = "ID3\3";
  size_t length = (size_t)random_between(random, 10, sizeof tag);
  for (size_t i = 10; i < length; i++) tag[i] = (unsigned char)(random_once_in(random, 2) ? 0 : random_next(random));
  uint64_t told = random_once_in(random, 3) ? some_number(random) : length - 10;
  for (int i = 0; i < 4; i++) tag[6 + i] = told >> 7 * (3 - i) & 0x7F;
  return put_in(file, size, room, 0, tag, length);
}

/* So that a decoder sees what is wrong in a page. */
static void mend_checksums(unsigned char *file, size_t size) {
  static struct part pages[PARTS_MOST];
  int count = pages_of(file, size, pages);
  for (int i = 0; i < count; i++) {
    uint32_t sum = 0;
    if (pages[i].length < 27) continue;
    memset(file + pages[i].at + 22, 0, 4);
    for (size_t k = 0; k < pages[i].length; k++) {
      sum ^= (uint32_t)file[pages[i].at + k] << 24;
      for (int bit = 0; bit < 8; bit++) sum = sum << 1 ^ (sum & 0x80000000 ? 0x04C11DB7 : 0);
    }
    put(file + pages[i].at + 22, sum, 4, 0);
  }
}

static size_t mutate(struct random *random, unsigned char *file, size_t size, size_t room) {
  static struct part parts[PARTS_MOST];
  static unsigned char copy[65536];
  int count = parts_of(file, size, parts);
  if (count == 0) return add_id3(random, file, size, room);
  const struct part *part = &parts[random_between(random, 0, count - 1)];
  const struct part *other = &parts[random_between(random, 0, count - 1)];
  size_t length = part->length < sizeof copy ? part->length : sizeof copy;
  switch (random_between(random, 0, 8)) {
    case 0: put(file + part->size_at, some_number(random), part->size_bytes, part->big); return size;
    case 1: {
      uint64_t told = get(file + part->size_at, part->size_bytes, part->big);
      put(file + part->size_at, told + (uint64_t)random_between(random, -9, 9), part->size_bytes, part->big);
      return size;
    }
    case 2: return take_out(file, size, part->at, part->length);
    case 3: /* twice */ memcpy(copy, file + part->at, length); return put_in(file, size, room, other->at, copy, length);
    case 4: /* somewhere else */
      memcpy(copy, file + part->at, length);
      size = take_out(file, size, part->at, length);
      return put_in(file, size, room, other->at < size ? other->at : size, copy, length);
    case 5: return add_junk(random, file, size, room, part);
    case 6: { /* a number in a part */
      size_t most = part->length < 80 ? part->length : 80;
      int bytes = 1 << random_between(random, 0, 2);
      size_t at = part->at + (size_t)random_between(random, 0, (int64_t)most - 1);
      if (at + (size_t)bytes <= size) put(file + at, some_number(random), bytes, part->big);
      return size;
    }
    case 7: return part->at + (size_t)random_between(random, 0, (int64_t)part->length - 1);
    default: return add_id3(random, file, size, room);
  }
}

size_t mutate_structure(struct random *random, unsigned char *file, size_t size, size_t room) {
  if (size < 64) return size;
  size = mutate(random, file, size, room);
  if (!random_once_in(random, 4)) mend_checksums(file, size);
  return size;
}

size_t flac_in_ogg(unsigned char *ogg, size_t room, const unsigned char *flac, size_t size) {
  static const unsigned char head[] = {0x7F, 'F', 'L', 'A', 'C', 1, 0, 0, 1};
  size_t total = 0, from = 0, most = 42; /* the first page has the header and the first block */
  for (int page = 0; from < size; page++, most = 5000) {
    size_t extra = page == 0 ? sizeof head : 0, part = size - from < most ? size - from : most;
    size_t pieces = (extra + part) / 255 + 1;
    if (total + 27 + pieces + extra + part > room) return 0;
    unsigned char *at = ogg + total;
    memset(at, 0, 27);
    memcpy(at, "OggS", 4);
    at[5] = page == 0 ? 2 : from + part == size ? 4 : 0;
    put(at + 18, (uint64_t)page, 4, 0);
    at[26] = (unsigned char)pieces;
    memset(at + 27, 255, pieces - 1);
    at[27 + pieces - 1] = (unsigned char)((extra + part) % 255);
    memcpy(at + 27 + pieces, head, extra);
    memcpy(at + 27 + pieces + extra, flac + from, part);
    total += 27 + pieces + extra + part;
    from += part;
  }
  mend_checksums(ogg, total);
  return total;
}
