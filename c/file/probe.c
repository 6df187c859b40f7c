#include "file/probe.h"

#include <stdio.h>
#include <string.h>

#define CHUNKS_MOST 100000                /* before the sound */
#define UNKNOWN_LENGTH (INT64_C(1) << 50) /* of a pipe, where a header has 64 bits for it */

typedef unsigned char bytes;

static uint32_t le32(const bytes *b) {
  return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
static uint32_t be32(const bytes *b) {
  return b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 24;
}
static uint64_t le64(const bytes *b) { return le32(b) | (uint64_t)le32(b + 4) << 32; }
static uint64_t be64(const bytes *b) { return be32(b + 4) | (uint64_t)be32(b) << 32; }
static int is(const void *data, const char *id) { return memcmp(data, id, strlen(id)) == 0; }

int64_t probe_read(struct medium *medium, int64_t offset, void *data, int64_t bytes) {
  if (medium->type->io.seek(offset, SEEK_SET, medium) != offset) return 0;
  return medium->type->io.read(data, bytes, medium);
}

/* Makes the codec read these bytes instead of the file's. */
static void patch(struct probe *probe, int64_t offset, const void *data, int64_t size) {
  if (probe->patch_count == MEDIUM_PATCHES) return;
  struct medium_patch *patch = &probe->patches[probe->patch_count++];
  patch->offset = offset;
  patch->bytes = size;
  memcpy(patch->data, data, (size_t)size);
}

static void patch_number(struct probe *probe, int64_t offset, int64_t number, int size, int big) {
  bytes data[8];
  for (int i = 0; i < size; i++) data[i] = (bytes)(number >> 8 * (big ? size - 1 - i : i));
  patch(probe, offset, data, size);
}

/* ------------------------------------------------------------------ WAV, RF64 */

/* Sizes that programs leave in a header which they cannot rewrite. */
static int is_unknown_size(uint64_t size, int64_t file_size, int64_t sound) {
  if (size >= 0xFFFFFFFE) return 1;
  /* A length of 0 is believed if the size of the whole file agrees with it. */
  return size == 0 && (file_size <= sound - 8 || file_size >= (int64_t)0xFFFFFFFE);
}

/* Bytes of sound in blocks that libsndfile can count: it counts their samples in 31 bits. */
static int64_t most_bytes(int64_t samples_per_block, int64_t block) { return INT32_MAX / samples_per_block * block; }

/* The same by the format of WAV and W64; 0 if the sound is not in blocks. */
static int64_t most_bytes_of_wav(const bytes *format, int big) {
  int tag = big ? format[1] | format[0] << 8 : format[0] | format[1] << 8;
  int64_t block = big ? format[13] | format[12] << 8 : format[12] | format[13] << 8;
  int64_t samples = big ? format[19] | format[18] << 8 : format[18] | format[19] << 8;
  if (tag == 1 || tag == 3 || tag == 6 || tag == 7 || tag == 0xFFFE || block == 0) return 0;
  return most_bytes(samples > 2 * block ? samples : 8 * block, block);
}

static void probe_wav(struct medium *medium, int64_t length, const bytes *head, struct probe *probe) {
  int big = is(head, "RIFX"), rf64 = is(head, "RF64");
  int64_t file_size = big ? be32(head + 4) : le32(head + 4), at = 12, long_size = -1, long_size_at = 0;
  bytes chunk[36];
  for (int i = 0; i < CHUNKS_MOST; i++) {
    if (probe_read(medium, at, chunk, 8) < 8) return;
    int64_t size = big ? be32(chunk + 4) : le32(chunk + 4);
    if (is(chunk, "fmt ") && probe_read(medium, at + 8, chunk + 8, 20) == 20)
      probe->most = most_bytes_of_wav(chunk + 8, big);
    if (rf64 && is(chunk, "ds64") && size >= 28 && probe_read(medium, at + 8, chunk, 28) == 28) {
      file_size = (int64_t)(le64(chunk) & INT64_MAX);
      long_size = (int64_t)(le64(chunk + 8) & INT64_MAX);
      long_size_at = at + 16;
    } else if (is(chunk, "data")) {
      probe->sound = at + 8;
      if (rf64 && long_size >= 0) size = long_size;
      int64_t there = length >= 0 ? length - probe->sound : -1;
      if (is_unknown_size((uint64_t)size, file_size, probe->sound)) {
        /* To the end of the file; of a pipe, as long as a header can say. */
        if (there == 0) return;
        size = there > 0 ? there : rf64 ? UNKNOWN_LENGTH : probe->most ? probe->most : 0xFFFFFFFE;
        if (long_size_at)
          patch_number(probe, long_size_at, size, 8, 0);
        else if (size < 0xFFFFFFFF)
          patch_number(probe, at + 4, size, 4, big);
        return;
      }
      probe->end = probe->sound + size;
      return;
    }
    at += 8 + size + (size & 1);
    if (length >= 0 && at >= length) return;
  }
}

/* ------------------------------------------------------------------- AIFF, SVX */

static void probe_form(struct medium *medium, int64_t length, const bytes *head, struct probe *probe) {
  int aiff = is(head + 8, "AIF"), described = 0;
  probe->is_aiff = aiff;
  int64_t at = 12;
  bytes chunk[16];
  for (int i = 0; i < CHUNKS_MOST; i++) {
    int64_t got = probe_read(medium, at, chunk, 16);
    if (got < 8) return;
    int64_t size = be32(chunk + 4);
    if (is(chunk, "COMM") || is(chunk, "VHDR")) described = 1;
    bytes codec[4];
    if (is(chunk, "COMM") && size >= 22 && probe_read(medium, at + 26, codec, 4) == 4)
      probe->most = is(codec, "ima4") ? most_bytes(64, 34) : is(codec, "GSM ") ? most_bytes(160, 33) : 0;
    if (is(chunk, aiff ? "SSND" : "BODY")) {
      if (!described) probe->kind = PROBE_WHOLE; /* what the samples are comes after them */
      if (aiff && got < 16) return;
      int64_t offset = aiff ? be32(chunk + 8) : 0;
      probe->aiff_offset = offset != 0;
      probe->sound = at + (aiff ? 16 : 8) + offset;
      int unknown = aiff ? size <= 8 || size >= 0xFFFFFFFE : size >= 0xFFFFFFFE;
      if (length >= 0 && probe->sound > length)
        probe->refusal = "the header is damaged: the sound is said to begin beyond the end of the file";
      else if (!unknown)
        probe->end = at + 8 + size;
      return;
    }
    at += 8 + size + (size & 1);
    if (length >= 0 && at > length) {
      if (!aiff) probe->refusal = "the header is damaged: one of its chunks goes beyond the end of the file";
      return;
    }
  }
}

/* -------------------------------------------------------------------- CAF, W64 */

static void probe_caf(struct medium *medium, int64_t length, struct probe *probe) {
  int64_t at = 8;
  bytes chunk[20];
  for (int i = 0; i < CHUNKS_MOST; i++) {
    int64_t got = probe_read(medium, at, chunk, 20);
    if (got < 12) return;
    int64_t size = (int64_t)be64(chunk + 4);
    if (is(chunk, "desc") && got == 20) {
      bytes id[4];
      /* Packets of varying size: the table of them comes after the sound. */
      if (probe_read(medium, at + 20, id, 4) == 4 && !is(id, "lpcm") && !is(id, "ulaw") && !is(id, "alaw"))
        probe->kind = PROBE_WHOLE;
    }
    if (is(chunk, "data")) {
      probe->sound = at + 16;
      if (size >= 4 && (length < 0 || size <= length - at - 12)) {
        probe->end = at + 12 + size;
      } else if (length > probe->sound) {
        patch_number(probe, at + 4, length - at - 12, 8, 1); /* -1, or the file is cut off: to its end */
      } else if (length < 0) {
        patch_number(probe, at + 4, UNKNOWN_LENGTH, 8, 1);
      }
      return;
    }
    if (size < 0 || size > INT64_MAX - 12 - at) return;
    at += 12 + size;
    if (length >= 0 && at >= length) return;
  }
}

static void probe_w64(struct medium *medium, int64_t length, struct probe *probe) {
  int64_t at = 40;
  bytes chunk[24], format[20];
  for (int i = 0; i < CHUNKS_MOST; i++) {
    if (probe_read(medium, at, chunk, 24) < 24) return;
    int64_t size = (int64_t)le64(chunk + 16);
    if (is(chunk, "fmt ") && probe_read(medium, at + 24, format, 20) == 20) probe->most = most_bytes_of_wav(format, 0);
    if (is(chunk, "data")) {
      probe->sound = at + 24;
      if (size > 24 && size < UNKNOWN_LENGTH)
        probe->end = at + size;
      else if (size < 24) /* which not even an empty chunk has: the length is not known */
        patch_number(probe, at + 16, length < 0 ? UNKNOWN_LENGTH : length - at, 8, 0);
      return;
    }
    if (size < 24 || size > INT64_MAX - 8 - at) return;
    at += (size + 7) & ~INT64_C(7);
    if (length >= 0 && at >= length) return;
  }
}

/* -------------------------------------------------------------------- AU, NIST */

static void probe_au(int64_t length, const bytes *head, struct probe *probe) {
  int big = is(head, ".snd");
  int64_t sound = big ? be32(head + 4) : le32(head + 4), size = big ? be32(head + 8) : le32(head + 8);
  uint32_t encoding = big ? be32(head + 12) : le32(head + 12);
  if (sound < 24) return;
  if (encoding >= 23 && encoding <= 26) probe->most = most_bytes(8, 3); /* G.72x, of 3 bits at least */
  probe->sound = sound;
  int unknown = (size == 0 && length != sound) || size == 0xFFFFFFFF;
  if (length >= 0 && sound > length)
    probe->refusal = "the header is damaged: the sound is said to begin beyond the end of the file";
  else if (unknown || size > INT32_MAX) /* libsndfile takes this number for one with a sign */
    patch_number(probe, 8, 0xFFFFFFFF, 4, big);
  if (!unknown && !probe->refusal) probe->end = sound + size;
}

/* -------------------------------------------------------- a MIDI sample dump */

static void patch_sds_frames(struct probe *probe, int64_t frames) {
  patch_number(probe, 10, (frames & 0x7F) | (frames >> 7 & 0x7F) << 8 | (frames >> 14 & 0x7F) << 16, 3, 0);
}

/* libsndfile prints to stdout where a block is damaged: for it the sound ends before the first one. It drops the last
 * block, unless the header tells of more frames than there are. And it takes samples of 14 or 21 bits for a byte longer
 * than they are: those of 13 and 20 bits stand in as many. */
static void probe_sds(struct medium *medium, int64_t length, struct probe *probe) {
  bytes head[21], block[127];
  if (length < 0 || probe_read(medium, 0, head, 21) < 21) return;
  if (head[6] == 14 || head[6] == 21) patch_number(probe, 6, head[6] - 1, 1, 0);
  int per_sample = head[6] < 2 ? 1 : (head[6] + 6) / 7, per_block = 120 / (per_sample < 5 ? per_sample : 4);
  int64_t frames = head[10] | head[11] << 7 | head[12] << 14, at = 21, frame = 0;
  for (; frame < frames; frame += per_block, at += 127) {
    int64_t got = probe_read(medium, at, block, 127);
    bytes sum = 0;
    for (int i = 1; i <= 124; i++) sum ^= block[i];
    if (got < 127 || block[0] != 0xF0 || block[1] != 0x7E || (sum & 0x7F) != block[125]) break;
  }
  probe->frames = frames;
  patch_sds_frames(probe, frame < frames ? frame : frame + per_block);
}

/* ------------------------------------------------------------------- all kinds */

#define CONVERT " is not supported: convert the file, for example with ffmpeg -i INPUT OUTPUT.flac"

/* Sound that no codec reads; libsndfile's own message says only that it does not know the format. */
const char *probe_refusal(const bytes *head, int64_t got) {
  static const bytes asf[] = {0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11}, ebml[] = {0x1A, 0x45, 0xDF, 0xA3};
  if (got < 12) return NULL;
  if (is(head + 4, "ftyp")) return "MP4 (m4a, AAC or ALAC in MP4)" CONVERT;
  if (head[0] == 0xFF && (head[1] & 0xF6) == 0xF0) return "AAC (ADTS)" CONVERT;
  if (is(head, "ADIF")) return "AAC (ADIF)" CONVERT;
  if (memcmp(head, asf, sizeof asf) == 0) return "Windows Media (WMA, ASF)" CONVERT;
  if (memcmp(head, ebml, sizeof ebml) == 0) return "WebM or Matroska" CONVERT;
  if (is(head, "#!AMR")) return "AMR" CONVERT;
  if (is(head, "wvpk")) return "WavPack" CONVERT;
  if (is(head, "MAC ")) return "Monkey's Audio (APE)" CONVERT;
  if (is(head, "TTA1")) return "True Audio (TTA)" CONVERT;
  if (is(head, "MPCK") || is(head, "MP+")) return "Musepack" CONVERT;
  if (is(head, "DSD ") || is(head, "FRM8")) return "DSD" CONVERT;
  if (is(head, "ajkg")) return "Shorten" CONVERT;
  if (is(head, ".RMF")) return "RealAudio" CONVERT;
  if (head[0] == 0x0B && head[1] == 0x77) return "AC-3 (Dolby Digital)" CONVERT;
  if (is(head, "RIFF") && is(head + 8, "AVI ")) return "AVI" CONVERT;
  if (is(head, "FLV")) return "Flash video" CONVERT;
  if (is(head, "MThd")) return "this is MIDI: it has notes, no sound";
  if (is(head, "PK\3\4") || is(head, "\x1F\x8B") || is(head, "7z\xBC\xAF")) return "this is an archive, no sound file";
  if (is(head, "%PDF")) return "this is a PDF document, no sound file";
  if (is(head, "<!DOCTYPE") || is(head, "<!doctype") || is(head, "<html") || is(head, "<?xml"))
    return "this is a web page or XML text, no sound file";
  return NULL;
}

static int is_mpeg(const bytes *b) { return b[0] == 0xFF && (b[1] & 0xE0) == 0xE0 && (b[1] & 0x06) != 0; }

static int is_whole_kind(const bytes *b) {
  static const char *const ids[] = {"fap ", " paf", "Creative", "MATLAB 5", "Extended Ins", "2BIT", "ALawSoundFil"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    if (is(b, ids[i])) return 1;
  if (b[0] == 0xF0 && b[1] == 0x7E && b[3] == 1) return 1;                            /* SDS */
  if (b[0] == 1 && b[1] == 4) return 1;                                               /* MPC2K */
  if (be32(b) == 0x3E8 && be32(b + 4) == 1 && be32(b + 8) == 1) return 1;             /* MAT4 */
  if (be32(b) == 0 && be32(b + 4) == 0x1000000 && be32(b + 8) == 0x1000000) return 1; /* MAT4 */
  return be32(b + 8) >> 16 == 2 && (be32(b + 8) & 0xFFFF) == 0;                       /* HTK */
}

static void probe_kind_of(struct medium *medium, int64_t length, int tagged, struct probe *probe) {
  bytes head[40] = {0};
  int64_t got = probe_read(medium, 0, head, sizeof head);
  if (got < 12) return;
  if ((is(head, "RIFF") || is(head, "RIFX") || is(head, "RF64")) && is(head + 8, "WAVE")) {
    probe->kind = PROBE_CHUNKS;
    probe_wav(medium, length, head, probe);
  } else if (is(head, "FORM") && (is(head + 8, "AIF") || is(head + 8, "8SVX") || is(head + 8, "16SV"))) {
    probe->kind = is(head + 8, "AIF") ? PROBE_CHUNKS : PROBE_WHOLE;
    probe_form(medium, length, head, probe);
  } else if (is(head, "caff")) {
    probe->kind = PROBE_CHUNKS;
    probe_caf(medium, length, probe);
  } else if (is(head, "riff")) {
    probe->kind = PROBE_CHUNKS;
    probe_w64(medium, length, probe);
  } else if (is(head, ".snd") || is(head, "dns.")) {
    probe->kind = PROBE_CHUNKS;
    probe_au(length, head, probe);
  } else if (is(head, "OggS")) {
    probe->kind = PROBE_OGG;
    if (head[26] == 1 && is(head + 28, "\x80theora")) probe->refusal = "Ogg with video" CONVERT;
  } else if (is(head, "fLaC") || is(head, "NIST") || is(head, "PVF1") || (head[0] == 0x64 && head[1] == 0xA3) ||
             (head[2] == 0xA3 && head[3] == 0x64)) {
    probe->kind = PROBE_FLOW;
  } else if (is_whole_kind(head)) {
    probe->kind = PROBE_WHOLE;
    if (head[0] == 0xF0) probe_sds(medium, length, probe);
  } else if ((probe->refusal = probe_refusal(head, got)) != NULL) {
    return;
  } else if (is_mpeg(head) || tagged) {
    probe->kind = PROBE_MPEG;
  }
}

/* The bytes of an ID3v2 tag; 0 if there is none. */
static int64_t id3_bytes(const bytes *b) {
  if (!is(b, "ID3") || (b[6] | b[7] | b[8] | b[9]) & 0x80) return 0;
  return 10 + (b[6] << 21 | b[7] << 14 | b[8] << 7 | b[9]) + (b[5] & 0x10 ? 10 : 0);
}

void probe_medium(struct medium *medium, int64_t length, struct probe *probe) {
  memset(probe, 0, sizeof *probe);
  probe->sound = probe->end = probe->frames = -1;
  bytes head[12];
  int64_t tags = 0, size;
  while (tags <= PROBE_HEAD_MOST && probe_read(medium, tags, head, 12) >= 10 && (size = id3_bytes(head)) > 0)
    tags += size;
  if (tags == 0) {
    probe_kind_of(medium, length, 0, probe);
    if (probe->kind == PROBE_MPEG) probe_mpeg(medium, length, 0, probe);
  } else if (tags <= PROBE_HEAD_MOST) {
    struct medium *after = medium_window(medium, tags, NULL, 0, NULL);
    if (!after) return;
    probe_kind_of(after, length < 0 ? -1 : length - tags, 1, probe);
    if (probe->kind == PROBE_MPEG) {
      probe_mpeg(medium, length, tags, probe);
    } else {
      probe->skip = tags; /* libsndfile's virtual I/O takes the tag's bytes off the end of the sound */
    }
    medium_window_free(after);
  }
  if (!medium->error) medium->type->io.seek(0, SEEK_SET, medium);
}
