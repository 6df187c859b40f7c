/* Seeks that are exact to the frame. libsndfile's own are not, in formats whose decoders need what came before: it
 * begins to decode at the place itself. So decoding begins before the place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/sndfile/sound.h"
#include "pastream.h"

#define OGG_RUN_UP 16384 /* frames: two of Vorbis's longest blocks; Opus needs 3,840 */
#define TAIL (256 << 10) /* bytes: the last two pages of an Ogg file are there, which have at most 65,307 */

static uint64_t le64(const unsigned char *b) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; i--) value = value << 8 | b[i];
  return value;
}

/* Frame at which the last page of an Ogg Vorbis file begins. libsndfile loses count if it reaches that page by a
 * search. 0 if the pages are not found: all is decoded from the start then. */
static int64_t find_last_page(struct sndfile_sound *sound) {
  struct medium *medium = sound->sound.medium;
  const struct medium_io *io = &medium->type->io;
  unsigned char *tail = malloc(TAIL);
  int64_t length = io->get_file_length(medium), position = io->tell(medium), from = length > TAIL ? length - TAIL : 0;
  int64_t got = 0, last = -1, before = -1;
  if (tail && io->seek(from, SEEK_SET, medium) == from) got = io->read(tail, TAIL, medium);
  io->seek(position, SEEK_SET, medium);
  for (int64_t at = 0; at + 27 <= got; at++) {
    if (memcmp(tail + at, "OggS", 4) != 0) continue;
    int64_t granule = (int64_t)le64(tail + at + 6);
    if (granule < 0 || granule == last) continue; /* -1: no packet ends in it */
    before = last;
    last = granule;
  }
  free(tail);
  if (before < 0 || last - before > sound->frames) return 0;
  return sound->frames - (last - before);
}

/* The frame from which on to decode, so that `frame` and what follows are right. */
static int64_t start_for(struct sndfile_sound *sound, int64_t frame) {
  int32_t major = sound->format & SF_MAJOR_MASK, subtype = sound->format & SF_SUBTYPE_MASK;
  int64_t run_up = major == SF_OGG ? OGG_RUN_UP : major == SF_MPEG ? MPEG_RUN_UP : 0;
  if (subtype >= SF_DWVW_12 && subtype <= SF_DWVW_N) return 0; /* libsndfile goes nowhere else */
  if (subtype == SF_VORBIS && sound->sound.medium) {
    if (sound->last_page < 0) sound->last_page = find_last_page(sound);
    if (frame > sound->last_page) frame = sound->last_page;
  }
  return frame > run_up ? frame - run_up : 0;
}

static int go_to(struct sndfile_sound *sound, int64_t frame) {
  if (sndfile.seek(sound->handle, frame, SEEK_SET) != frame) return 0;
  sound->position = frame;
  return 1;
}

/* A damaged FLAC file cannot be searched, and libFLAC does not recover from the attempt: from the start, with a new
 * decoder. */
static int start_again(struct sndfile_sound *sound) {
  struct medium *medium = sound->sound.medium;
  if ((sound->format & SF_MAJOR_MASK) != SF_FLAC || !medium || !medium->type->seekable) return 0;
  if (medium->type->io.seek(0, SEEK_SET, medium) != 0) return 0;
  struct sf_info info = {0};
  struct sndfile *handle = sndfile_open_guarded(sound, SF_READ, &info);
  if (!handle) return 0;
  sndfile.close(sound->handle);
  sound->handle = handle;
  sound->position = 0;
  return 1;
}

int sndfile_seek(struct sound *base, int64_t frame) {
  struct sndfile_sound *sound = (struct sndfile_sound *)base;
  float nothing[4096];
  int64_t most = (int64_t)(sizeof nothing / sizeof *nothing) / sound->channels;
  free(sound->damage);
  sound->damage = NULL;
  if (!sound->reads) return go_to(sound, frame);
  int64_t from = start_for(sound, frame);
  /* libsndfile goes a short way forward without a search, and loses count of a block, except from the start. */
  if ((sound->format & SF_SUBTYPE_MASK) == SF_VORBIS && !go_to(sound, 0)) return 0;
  if (!go_to(sound, from) && !start_again(sound)) return 0;
  while (sound->position < frame) {
    int64_t left = frame - sound->position;
    if (sndfile_read_frames(base, PS_FORMAT_FLOAT32, nothing, left < most ? left : most) <= 0) return 0;
  }
  return 1;
}
