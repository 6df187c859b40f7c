/* Recognises the contents of a medium before a codec reads it: our own look at headers, bounded in work and
 * memory. It tells where the sound is, what in the header has to be read differently, and what a file is that no codec
 * reads. */
#ifndef PS_FILE_PROBE_H
#define PS_FILE_PROBE_H

#include <stdint.h>

#include "file/medium/medium.h"

#define PROBE_HEAD_MOST (16 << 20) /* bytes before the sound that are read from a pipe */

enum probe_kind {
  PROBE_UNKNOWN, /* no sound file that we know by its first bytes */
  PROBE_CHUNKS,  /* a header with the place of the sound in it */
  PROBE_FLOW,    /* read from front to back without going elsewhere */
  PROBE_OGG,     /* the same; the codec looks for the length at its end */
  PROBE_MPEG,    /* the same, with or without a count of frames */
  PROBE_WHOLE,   /* read only with all of its bytes at hand */
};

struct probe {
  enum probe_kind kind;
  int64_t skip;   /* bytes of an ID3v2 tag before another format */
  int64_t sound;  /* where the sound begins, after `skip`; -1: not known */
  int64_t end;    /* where the sound ends; -1: not known, or at the end of the file */
  int64_t most;   /* bytes of sound that a codec can count; 0: any number */
  int64_t frames; /* that the header tells, where a codec is told fewer since the rest is damaged; -1 */
  int is_aiff;
  int aiff_offset; /* AIFF: the sound begins `offset` bytes into its chunk, which libsndfile cannot rewrite */
  struct medium_patch patches[MEDIUM_PATCHES];
  int patch_count;
  struct medium_insert insert; /* bytes to be read that the file does not have */
  const char *refusal;         /* why no codec reads it, and what to do; NULL */
};

/* Looks at a medium that stands at its start, and leaves it there. `length` is that of the medium, -1 for a pipe. */
void probe_medium(struct medium *medium, int64_t length, struct probe *probe);

/* Reads bytes at an offset; how many there were. */
int64_t probe_read(struct medium *medium, int64_t offset, void *data, int64_t bytes);

/* Why no codec reads a sound that begins so, with at least 12 bytes of it; NULL. */
const char *probe_refusal(const unsigned char *head, int64_t bytes);

/* probe_mpeg.c: whether bytes begin with three frames of MPEG audio that are alike: 1, 0, or -1 if they end before that
 * is known. */
int probe_mpeg_begins(const unsigned char *data, int64_t bytes);

/* probe_mpeg.c: counts the frames of an MPEG file that does not say how many it has, and makes the
 * frame to be inserted that says so. `offset` is that of the first frame. */
void probe_mpeg(struct medium *medium, int64_t length, int64_t offset, struct probe *probe);

/* Whether three MPEG frames in a row begin within so many bytes. The medium may be anywhere afterwards. */
int probe_mpeg_within(struct medium *medium, int64_t bytes);

#endif
