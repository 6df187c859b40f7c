/* The contract of a codec, which decodes and encodes sound files; medium.h says where their bytes are. A new decoder is
 * one file with a struct codec, and a row of the table in codecs.c. A codec knows nothing of handles, streams or
 * threads: one caller at a time uses a sound. */
#ifndef PS_FILE_CODEC_H
#define PS_FILE_CODEC_H

#include <stdint.h>

#include "file/format_word.h"
#include "file/medium/medium.h"

#define CODEC_TAGS 17 /* tags have the door's numbers, 1 to 9 and 16 */
#define CODEC_FRAMES_UNKNOWN (-1)
#define CODEC_CUE_NAME 1024           /* bytes of a cue point's name in UTF-8, with the terminating 0 */
#define CODEC_LOOPS_MOST (7 + 4 * 16) /* numbers of an instrument and its loops */

struct codec;

/* A sound that a codec has opened. A codec's own struct begins with it. */
struct sound {
  const struct codec *codec;
  struct medium *medium; /* NULL where the codec has opened the file by its name */
  const char *name;      /* for messages; the caller's, longer than the sound */
};

/* The properties of a sound. */
struct codec_info {
  /* In, for a new file and for RAW, else 0; out, always. */
  int32_t format, channels, sample_rate;
  /* In, for a file to be written; below 0: the codec's default. */
  double compression_level;
  int32_t bitrate_mode;
  /* Out. */
  int64_t frames; /* CODEC_FRAMES_UNKNOWN */
  int32_t seekable;
  /* PS_FORMAT_ in which the codec works: floating point; PS_FORMAT_INT16 where the samples of the file are that as they
   * stand, or in the other byte order; PS_FORMAT_INT32 for any other integers */
  int32_t natural;
  double peak; /* the largest floating point that the codec may be given; 0: see samples.c */
};

/* Statuses are PS_OK or an error, with the thread's error set unless it says otherwise. Frame numbers count from 0. */
struct codec {
  /* Loads what the codec needs. */
  int32_t (*load)(void);

  /* Opens the sound of a medium, or of the file `name` where medium is NULL. `mode` is of PS_MODE_ bits. A failure of
   * the medium stays in the medium for the caller to see. PS_ERR_UNSUPPORTED, without an error set, if another codec is
   * to be asked; the medium is at its start then. */
  int32_t (*open)(const char *name, struct medium *medium, int32_t mode, struct codec_info *info, struct sound **sound);
  /* Finishes the file and frees the sound, whatever the status. */
  int32_t (*close)(struct sound *sound);
  /* What the last operation has left as the sound's failure, beside those of the medium. */
  int32_t (*failure)(struct sound *sound);

  /* Frames moved; fewer than `frames` at the end of the sound, or after a failure that failure() returns. `format` is
   * PS_FORMAT_INT16, INT32, FLOAT32 or FLOAT64. */
  int64_t (*read)(struct sound *sound, int32_t format, void *data, int64_t frames);
  int64_t (*write)(struct sound *sound, int32_t format, const void *data, int64_t frames);
  /* Goes to a frame, for reading and writing: 1 if it is there, 0 if not. */
  int (*seek)(struct sound *sound, int64_t frame);
  /* Makes the sound `frames` long; the position is there. Without a medium the file, too; else the caller does that. */
  int32_t (*truncate)(struct sound *sound, int64_t frames);
  /* Brings the header of a file that is being written up to date, where the format allows it. */
  void (*update_header)(struct sound *sound);

  /* A text in whatever encoding the file has it, valid until the next call; NULL if there is none. */
  const char *(*tag)(struct sound *sound, int32_t tag);
  /* Takes UTF-8. `all_bytes` is the length of all tags with this one. */
  int32_t (*set_tag)(struct sound *sound, int32_t tag, const char *text, size_t all_bytes);

  /* NULL, of the three: none of the codec's files has any. sound_cue() and its siblings ask. */

  /* How many cue points there are. Fills cue[PS_CUE_SIZE] and name[CODEC_CUE_NAME] if `index` is one of them. */
  int32_t (*cue)(struct sound *sound, int32_t index, double *cue, char *name);
  /* Fills numbers[CODEC_LOOPS_MOST]: PS_INSTRUMENT_, then PS_LOOP_ for each loop. How many; 0 if there is no
   * instrument. */
  int32_t (*loops)(struct sound *sound, double *numbers);
  /* The broadcast extension: numbers[PS_BROADCAST_SIZE] and the text of a PS_BROADCAST_ number (new memory, UTF-8). 1,
   * or 0 if there is none. */
  int (*broadcast)(struct sound *sound, int32_t what, double *numbers, char **text);

  /* The codec's log of the file. */
  void (*log)(struct sound *sound, char *text, int32_t size);

  /* NULL, of the three: another codec lists and writes the formats that this one reads. */

  /* The formats that it has, of kind 0 (major) and 1 (subtype): their count, and one of them as "name\textension". */
  int32_t (*format_count)(int32_t kind);
  int32_t (*format_info)(int32_t kind, int32_t index, char *text, int32_t size);
  int (*format_check)(int32_t format, int32_t channels, int32_t sample_rate);
};

static inline int32_t sound_cue(struct sound *sound, int32_t index, double *cue, char *name) {
  return sound->codec->cue ? sound->codec->cue(sound, index, cue, name) : 0;
}

static inline int32_t sound_loops(struct sound *sound, double *numbers) {
  return sound->codec->loops ? sound->codec->loops(sound, numbers) : 0;
}

static inline int sound_broadcast(struct sound *sound, int32_t what, double *numbers, char **text) {
  return sound->codec->broadcast ? sound->codec->broadcast(sound, what, numbers, text) : 0;
}

/* The table of codecs, in the order in which they are asked. A new file goes to the first that has its format; a file
 * that exists to the first that can read it. */
extern const struct codec *const codecs[];
extern const int codec_count;

extern const struct codec codec_mpeg, codec_sndfile;

/* Opens with the codec that the table gives, which reads one sound. */
int32_t codec_open_single(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                          struct sound **sound);
/* The same, and the sounds of a chained Ogg file as one (ogg_chain.c). */
int32_t codec_open(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                   struct sound **sound);

/* ---------------------------------------------------- kinds of formats, words.c */

int32_t format_word_natural(int32_t word);
double format_word_peak(int32_t word);        /* 0: no sample goes to the codec as it is, or any may */
int format_word_updates_header(int32_t word); /* the header of a file being written can be brought up to date */
int format_word_streams(int32_t word);        /* it can be written to a pipe and be understood there */
int format_word_is_block_codec(int32_t word); /* its frames stand in blocks of many */
int64_t format_word_frame_bytes(int32_t word, int32_t channels); /* of PCM and the like; 0: they vary */
size_t format_word_tag_bytes(int32_t word); /* that a tag may have; of CAF all tags together; 0: any number */
int64_t format_word_limit(int32_t word);    /* bytes that such a file can hold, 0: no practical limit */

#endif
