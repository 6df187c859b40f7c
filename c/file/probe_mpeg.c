/* MPEG audio has no header: its length is counted frame by frame, where no frame of information (Xing, Info, VBRI)
 * tells it. Decoders estimate it, which goes wrong where the bit rate varies. */
#include <stdlib.h>
#include <string.h>

#include "file/probe.h"

#define BUFFER 65536
#define FRAME_MOST 1441           /* bytes */
#define RESYNC_MOST 65536         /* bytes between two frames */
#define ALIKE 3                   /* frames that are no chance */
#define UNKNOWN_FRAMES 0x7FFFFFFF /* of a pipe */

typedef unsigned char bytes;

struct header {
  int version; /* 1, 2, or 3 for 2.5 */
  int layer, mono, rate;
  int64_t bytes; /* of the frame */
};

static int is_sync(const bytes *b) { return b[0] == 0xFF && (b[1] & 0xE0) == 0xE0; }

/* The header of a frame; 0 if these four bytes are not one. */
static int parse(const bytes *b, struct header *header) {
  static const short rates[3][15] = {{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
                                     {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
                                     {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448}};
  static const short low_rates[3][15] = {{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
                                         {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
                                         {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256}};
  static const int sample_rates[] = {44100, 48000, 32000};
  int version = b[1] >> 3 & 3, layer = 4 - (b[1] >> 1 & 3), rate = b[2] >> 4, sample_rate = b[2] >> 2 & 3;
  if (!is_sync(b) || version == 1 || layer == 4) return 0;
  if (rate == 0 || rate == 15 || sample_rate == 3) return 0; /* a "free" rate does not tell the length of a frame */
  header->version = version == 3 ? 1 : version == 2 ? 2 : 3;
  header->layer = layer;
  header->mono = b[3] >> 6 == 3;
  header->rate = sample_rates[sample_rate] >> (header->version - 1);
  int64_t bits = 1000 * (header->version == 1 ? rates : low_rates)[3 - layer][rate];
  int padding = b[2] >> 1 & 1;
  if (layer == 1)
    header->bytes = (12 * bits / header->rate + padding) * 4;
  else
    header->bytes = (layer == 3 && header->version > 1 ? 72 : 144) * bits / header->rate + padding;
  return 1;
}

static int alike(const struct header *a, const struct header *b) {
  return a->version == b->version && a->layer == b->layer && a->rate == b->rate;
}

int probe_mpeg_begins(const bytes *data, int64_t size) {
  struct header first = {0}, header;
  int64_t at = 0;
  for (int i = 0; i < ALIKE; i++) {
    if (at + 4 > size) return at + 2 > size || is_sync(data + at) ? -1 : 0;
    if (!parse(data + at, &header) || (i > 0 && !alike(&first, &header))) return 0;
    if (i == 0) first = header;
    at += header.bytes;
  }
  return 1;
}

/* A look through the medium, of which a part is at hand. */
struct view {
  struct medium *medium;
  int64_t at_once; /* bytes to read: of a pipe only those that are needed, because they may come late */
  int64_t from, count;
  bytes data[BUFFER];
};

/* `count` bytes (at most 64) at an offset; NULL where there are fewer. */
static const bytes *look(struct view *view, int64_t offset, int64_t count) {
  if (offset < view->from || offset + count > view->from + view->count) {
    view->from = offset;
    view->count = probe_read(view->medium, offset, view->data, view->at_once > count ? view->at_once : count);
  }
  return offset + count <= view->from + view->count ? view->data + (offset - view->from) : NULL;
}

/* The next frame from `offset` on that is like the first; -1 if there is none. */
static int64_t next_frame(struct view *view, int64_t offset, const struct header *first, struct header *found) {
  for (int64_t at = offset; at < offset + RESYNC_MOST; at++) {
    const bytes *b = look(view, at, 4);
    if (!b) return -1;
    if (at == offset && (memcmp(b, "TAG", 3) == 0 || memcmp(b, "APET", 4) == 0 || memcmp(b, "LYRI", 4) == 0)) return -1;
    if (!parse(b, found) || !alike(first, found)) continue;
    if (at == offset) return at;
    struct header after; /* four bytes may look like a header by chance */
    const bytes *next = look(view, at + found->bytes, 4);
    if (next && parse(next, &after) && alike(first, &after)) return at;
  }
  return -1;
}

int probe_mpeg_within(struct medium *medium, int64_t bytes) {
  struct view *view = calloc(1, sizeof *view);
  struct header first, second;
  int found = 0;
  if (!view) return 0;
  view->medium = medium;
  view->at_once = bytes + 3 * FRAME_MOST;
  for (int64_t at = 0; at < bytes && !found; at++) {
    const unsigned char *b = look(view, at, 4);
    if (!b) break;
    if (!parse(b, &first) || !(b = look(view, at + first.bytes, 4)) || !parse(b, &second)) continue;
    b = look(view, at + first.bytes + second.bytes, 4);
    struct header third;
    found = b && parse(b, &third) && alike(&first, &second) && alike(&first, &third);
  }
  free(view);
  return found;
}

static int tells_its_length(struct view *view, int64_t offset, const struct header *first) {
  const bytes *b = look(view, offset, 64);
  int side = first->version == 1 ? (first->mono ? 17 : 32) : (first->mono ? 9 : 17);
  if (!b || first->layer != 3) return 1; /* only layer III has such a frame */
  return memcmp(b + 4 + side, "Xing", 4) == 0 || memcmp(b + 4 + side, "Info", 4) == 0 ||
         memcmp(b + 6 + side, "Xing", 4) == 0 || memcmp(b + 6 + side, "Info", 4) == 0 || memcmp(b + 36, "VBRI", 4) == 0;
}

/* The frame of information may tell the bytes of the file as well, of which mpg123 complains on stderr if they differ.
 * */
static void mend_size(struct view *view, int64_t offset, const struct header *first, int64_t length,
                      struct probe *probe) {
  int64_t at = offset + 4 + (first->version == 1 ? (first->mono ? 17 : 32) : (first->mono ? 9 : 17));
  bytes tag[3] = {0};
  if (length > 128) probe_read(view->medium, length - 128, tag, 3);
  if (memcmp(tag, "TAG", 3) == 0) length -= 128; /* ID3v1, which mpg123 does not count */
  const bytes *b = first->layer == 3 ? look(view, at, 16) : NULL;
  if (!b || (memcmp(b, "Xing", 4) != 0 && memcmp(b, "Info", 4) != 0) || !(b[7] & 2)) return;
  struct medium_patch *patch = &probe->patches[probe->patch_count++];
  patch->offset = at + (b[7] & 1 ? 12 : 8);
  patch->bytes = 4;
  for (int i = 0; i < 4; i++) patch->data[i] = (bytes)((length - offset) >> (24 - 8 * i));
}

/* A frame of information with the count of frames. */
static void make_frame(const bytes *like, const struct header *first, uint32_t frames, struct medium_insert *insert) {
  bytes *b = insert->data;
  struct header header;
  memset(b, 0, sizeof insert->data);
  b[0] = like[0];
  b[1] = like[1] | 1;                        /* no checksum */
  b[2] = (bytes)(9 << 4 | (like[2] & 0x0C)); /* a bit rate with room for what follows */
  b[3] = like[3];
  if (!parse(b, &header) || header.bytes > MEDIUM_INSERT_MOST) return;
  int side = first->version == 1 ? (first->mono ? 17 : 32) : (first->mono ? 9 : 17);
  memcpy(b + 4 + side, "Xing\0\0\0\1", 8);
  for (int i = 0; i < 4; i++) b[12 + side + i] = (bytes)(frames >> (24 - 8 * i));
  insert->bytes = header.bytes;
}

void probe_mpeg(struct medium *medium, int64_t length, int64_t offset, struct probe *probe) {
  struct view view = {.medium = medium, .at_once = length < 0 ? 0 : BUFFER};
  struct header first, header;
  bytes like[4];
  const bytes *b = look(&view, offset, 4);
  if (!b || !parse(b, &first)) return;
  if (tells_its_length(&view, offset, &first)) {
    if (length >= 0) mend_size(&view, offset, &first, length, probe);
    return;
  }
  memcpy(like, look(&view, offset, 4), 4);
  int64_t frames = 0, at = offset;
  if (length < 0) {
    frames = UNKNOWN_FRAMES;
  } else {
    /* A last frame that is cut off is not counted. */
    while (at < length && (at = next_frame(&view, at, &first, &header)) >= 0 && at + header.bytes <= length) {
      frames++;
      at += header.bytes;
    }
  }
  probe->insert.offset = offset;
  if (frames > 0) make_frame(like, &first, (uint32_t)frames, &probe->insert);
}
