/* A sound opened through libsndfile, for the files of this folder. */
#ifndef PS_FILE_SNDFILE_SOUND_H
#define PS_FILE_SNDFILE_SOUND_H

#include "file/codec.h"
#include "file/sndfile/api.h"

struct sndfile_sound {
  struct sound sound;
  struct sndfile *handle;
  int32_t format, channels, sample_rate;
  int updates_header, reads, writes; /* reads, writes: does nothing else */
  int64_t frames;                    /* that the file had when it was opened */
  int64_t position;                  /* frame that is read or written next */
  int64_t written;                   /* frames of a file that is written */
  int64_t aiff_comm, aiff_ssnd;      /* where these chunks are in an AIFF file that is written */
  int64_t block;              /* frames of one read at most, so that little is lost with a damaged one; 0: any number */
  int64_t last_page;          /* Vorbis: frame at which the last page begins; -1: not looked for yet */
  const unsigned char *order; /* see order.c; NULL where channels are in WAVE's order */
  char *damage;               /* that a read has found; reported until the next seek */
  struct sf_cues *cues;
  struct guard *guard; /* while the file is being opened */
};

/* guard.c: opens through libsndfile's virtual I/O, bounded in work: parsers of libsndfile that do not come to an end
 * are left. NULL with the thread's error set. */
struct sndfile *sndfile_open_guarded(struct sndfile_sound *sound, int access, struct sf_info *info);

/* Held from before an open until the reason why it failed has been asked for. */
void sndfile_open_lock(void);
void sndfile_open_unlock(void);

/* order.c: where each of WAVE's channels is in a format that has another order; NULL if it has not. */
const unsigned char *sndfile_order(int32_t format, int32_t channels);
/* Whether an Opus file, which stands at its start, has channels without a meaning. */
int sndfile_is_discrete(struct medium *medium);
/* `sample` is in bytes. */
void sndfile_to_wave_order(const unsigned char *order, int32_t channels, size_t sample, void *data, int64_t frames);
void sndfile_from_wave_order(const unsigned char *order, int32_t channels, size_t sample, void *to, const void *from,
                             int64_t frames);

int64_t sndfile_read_frames(struct sound *sound, int32_t format, void *data, int64_t frames);
#define MPEG_RUN_UP (40 * 1152) /* frames: MPEG's own are at least 24 bytes long, and the bit reservoir 511 */
/* seek.c: exact to the frame. */
int sndfile_seek(struct sound *sound, int64_t frame);

/* notes.c */
const char *sndfile_tag(struct sound *sound, int32_t tag);
int32_t sndfile_set_tag(struct sound *sound, int32_t tag, const char *text, size_t all_bytes);
int32_t sndfile_cue(struct sound *sound, int32_t index, double *cue, char *name);
int32_t sndfile_loops(struct sound *sound, double *numbers);
int sndfile_broadcast(struct sound *sound, int32_t what, double *numbers, char **text);
void sndfile_log(struct sound *sound, char *text, int32_t size);

#endif
