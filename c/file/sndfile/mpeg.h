/* A sound that libmpg123 decodes. */
#ifndef PS_FILE_SNDFILE_MPEG_H
#define PS_FILE_SNDFILE_MPEG_H

#include "file/codec.h"
#include "file/sndfile/api.h"

struct mpeg_sound {
  struct sound sound;
  struct mpg123 *mpeg;
  int channels;
  int64_t position;
  char damage[200]; /* that a read has found; reported until the next seek */
  char log[200];
  char *tags[CODEC_TAGS];
};

/* mpeg_tags.c */
void mpeg_load_tags(struct mpeg_sound *sound);
void mpeg_free_tags(struct mpeg_sound *sound);
const char *mpeg_tag(struct sound *sound, int32_t tag);

#endif
