/* A sound opened through libsndfile, for the files of this folder. */
#ifndef PS_FILE_SNDFILE_SOUND_H
#define PS_FILE_SNDFILE_SOUND_H

#include "file/codec.h"
#include "file/sndfile/api.h"

struct sndfile_sound {
  struct sound sound;
  struct sndfile *handle;
  int32_t format, channels;
  int updates_header;
  int code; /* libsndfile's error that is to be reported; 0: none */
  struct sf_cues *cues;
};

/* notes.c */
const char *sndfile_tag(struct sound *sound, int32_t tag);
int32_t sndfile_set_tag(struct sound *sound, int32_t tag, const char *text, size_t all_bytes);
int32_t sndfile_cue(struct sound *sound, int32_t index, double *cue, char *name);
int32_t sndfile_loops(struct sound *sound, double *numbers);
int sndfile_broadcast(struct sound *sound, int32_t what, double *numbers, char **text);
void sndfile_log(struct sound *sound, char *text, int32_t size);

#endif
