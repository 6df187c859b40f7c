/* Whether bytes that are to be played are samples or a sound file: encoded bytes are never played as samples. */
#include <string.h>

#include "base/check.h"
#include "file/file_error.h"
#include "file/probe.h"
#include "pastream.h"

#define ENOUGH 4096 /* three frames of MPEG audio are shorter */

typedef unsigned char bytes;

struct mark {
  int at;
  const char *text;
};

/* By these a sound file begins. */
static const struct mark files[] = {
    {0, "RIFF"},
    {0, "RIFX"},
    {0, "RF64"},
    {0, "FORM"},
    {0, "fLaC"},
    {0, "OggS"},
    {0, "caff"},
    {0, ".snd"},
    {0, "ID3"},
    {0, "dns."},
    {0, "riff\x2E\x91\xCF\x11"},
    {0, "NIST_1A"},
    {0, "Creative Voice File"},
};
/* And by these what no codec reads: long enough to be no samples. */
static const struct mark refused[] = {
    {4, "ftyp"},
    {0, "ADIF"},
    {0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"},
    {0, "\x1A\x45\xDF\xA3"},
    {0, "#!AMR"},
    {0, "wvpk"},
    {0, "MAC "},
    {0, "TTA1"},
    {0, "MPCK"},
    {0, "DSD "},
    {0, "FRM8"},
    {0, "ajkg"},
    {0, ".RMF"},
    {0, "MThd"},
};

/* 1: they have one of the marks; -1: they may turn out to; 0. */
static int has_mark(const bytes *data, int64_t size, const struct mark *marks, size_t count) {
  int found = 0;
  for (size_t i = 0; i < count && found != 1; i++) {
    int64_t length = (int64_t)strlen(marks[i].text), there = size - marks[i].at;
    if (there >= length ? memcmp(data + marks[i].at, marks[i].text, (size_t)length) == 0 : 0)
      found = 1;
    else if (there < length && (there <= 0 || memcmp(data + marks[i].at, marks[i].text, (size_t)there) == 0))
      found = -1;
  }
  return found;
}

/* Three frames of AAC one after the other; likewise. */
static int begins_with_adts(const bytes *data, int64_t size) {
  int64_t at = 0;
  for (int i = 0; i < 3; i++) {
    const bytes *b = data + at;
    if (at + 6 > size) return at + 2 > size || (b[0] == 0xFF && (b[1] & 0xF6) == 0xF0) ? -1 : 0;
    int64_t length = (b[3] & 3) << 11 | b[4] << 3 | b[5] >> 5;
    if (b[0] != 0xFF || (b[1] & 0xF6) != 0xF0 || length < 7) return 0;
    at += length;
  }
  return 1;
}

int32_t ps_bytes_recognize(const void *data, int32_t size, int32_t whole) {
  int32_t status = check_memory("data", data, size);
  if (status < 0) return status;
  if (size == 0) return whole ? PS_BYTES_SAMPLES : PS_BYTES_UNDECIDED;
  int file = has_mark(data, size, files, sizeof files / sizeof *files), mpeg = probe_mpeg_begins(data, size);
  if (file == 1 || mpeg == 1) return PS_BYTES_SOUND_FILE;
  int other = has_mark(data, size, refused, sizeof refused / sizeof *refused), aac = begins_with_adts(data, size);
  if (other == 1 || aac == 1) {
    bytes head[12] = {0};
    memcpy(head, data, size < 12 ? (size_t)size : 12);
    const char *why = probe_refusal(head, sizeof head);
    return file_error("the bytes", 0, why ? why : "this is no sound that can be decoded");
  }
  int undecided = file == -1 || mpeg == -1 || other == -1 || aac == -1;
  return undecided && !whole && size < ENOUGH ? PS_BYTES_UNDECIDED : PS_BYTES_SAMPLES;
}
