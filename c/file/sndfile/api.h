/* What the library uses of libsndfile, declared here: its header is not on every machine. The names are libsndfile's
 * own in this project's spelling; a test compares layouts and values with the real header. */
#ifndef PS_FILE_SNDFILE_API_H
#define PS_FILE_SNDFILE_API_H

#include <stddef.h>
#include <stdint.h>

#include "file/format_word.h"
#include "file/medium/medium.h"
#include "file/sndfile/mpeg_api.h"

#define SF_READ 0x10
#define SF_WRITE 0x20
#define SF_READ_WRITE 0x30

#define SF_ERROR_UNRECOGNISED_FORMAT 1
#define SF_ERROR_SYSTEM 2

/* Commands. */
#define SF_GET_LOG_INFO 0x1001
#define SF_GET_CURRENT_INFO 0x1002
#define SF_GET_FORMAT_MAJOR_COUNT 0x1030
#define SF_GET_FORMAT_MAJOR 0x1031
#define SF_GET_FORMAT_SUBTYPE_COUNT 0x1032
#define SF_GET_FORMAT_SUBTYPE 0x1033
#define SF_UPDATE_HEADER_NOW 0x1060
#define SF_FILE_TRUNCATE 0x1080
#define SF_SET_CLIPPING 0x10C0
#define SF_GET_CUE_COUNT 0x10CD
#define SF_GET_CUE 0x10CE
#define SF_GET_INSTRUMENT 0x10D0
#define SF_GET_BROADCAST_INFO 0x10F0
#define SF_SET_COMPRESSION_LEVEL 0x1301
#define SF_GET_BITRATE_MODE 0x1304
#define SF_SET_BITRATE_MODE 0x1305

struct sf_info {
  int64_t frames;
  int sample_rate;
  int channels;
  int format;
  int sections;
  int seekable;
};

struct sf_format_info {
  int format;
  const char *name;
  const char *extension;
};

struct sf_cue_point {
  int32_t index;
  uint32_t position;
  int32_t fcc_chunk;
  int32_t chunk_start;
  int32_t block_start;
  uint32_t sample_offset;
  char name[256];
};

struct sf_cues {
  uint32_t count;
  struct sf_cue_point points[];
};

#define SF_INSTRUMENT_LOOPS 16
#define SF_LOOP_MODES 800 /* none, then forward, backward, alternating */

struct sf_instrument {
  int gain;
  char base_note, detune;
  char velocity_low, velocity_high;
  char key_low, key_high;
  int loop_count;
  struct {
    int mode;
    uint32_t start;
    uint32_t end;
    uint32_t count;
  } loops[SF_INSTRUMENT_LOOPS];
};

#define SF_CODING_HISTORY_SIZE 4096 /* a longer one is cut; libsndfile's own struct has 256 */

struct sf_broadcast_info {
  char description[256];
  char originator[32];
  char originator_reference[32];
  char origination_date[10];
  char origination_time[8];
  uint32_t time_reference_low;
  uint32_t time_reference_high;
  short version;
  char umid[64];
  int16_t loudness_value;
  int16_t loudness_range;
  int16_t max_true_peak_level;
  int16_t max_momentary_loudness;
  int16_t max_shortterm_loudness;
  char reserved[180];
  uint32_t coding_history_size;
  char coding_history[SF_CODING_HISTORY_SIZE];
};

struct sndfile; /* SNDFILE */

/* Functions: result, name here, name there, parameters. */
#define SNDFILE_FUNCTIONS(F)                                                                               \
  F(const char *, version_string, sf_version_string, (void))                                               \
  F(struct sndfile *, open, sf_open, (const char *path, int mode, struct sf_info *info))                   \
  F(struct sndfile *, open_virtual, sf_open_virtual,                                                       \
    (struct medium_io * io, int mode, struct sf_info *info, void *medium))                                 \
  F(int, close, sf_close, (struct sndfile * sound))                                                        \
  F(int, error, sf_error, (struct sndfile * sound))                                                        \
  F(const char *, error_text, sf_strerror, (struct sndfile * sound))                                       \
  F(const char *, error_number_text, sf_error_number, (int error))                                         \
  F(int, command, sf_command, (struct sndfile * sound, int command, void *data, int size))                 \
  F(int, format_check, sf_format_check, (const struct sf_info *info))                                      \
  F(int64_t, seek, sf_seek, (struct sndfile * sound, int64_t frames, int whence))                          \
  F(int, set_string, sf_set_string, (struct sndfile * sound, int tag, const char *text))                   \
  F(const char *, get_string, sf_get_string, (struct sndfile * sound, int tag))                            \
  F(int64_t, read_short, sf_readf_short, (struct sndfile * sound, short *samples, int64_t frames))         \
  F(int64_t, write_short, sf_writef_short, (struct sndfile * sound, const short *samples, int64_t frames)) \
  F(int64_t, read_int, sf_readf_int, (struct sndfile * sound, int *samples, int64_t frames))               \
  F(int64_t, write_int, sf_writef_int, (struct sndfile * sound, const int *samples, int64_t frames))       \
  F(int64_t, read_float, sf_readf_float, (struct sndfile * sound, float *samples, int64_t frames))         \
  F(int64_t, write_float, sf_writef_float, (struct sndfile * sound, const float *samples, int64_t frames)) \
  F(int64_t, read_double, sf_readf_double, (struct sndfile * sound, double *samples, int64_t frames))      \
  F(int64_t, write_double, sf_writef_double, (struct sndfile * sound, const double *samples, int64_t frames))

struct sndfile_api {
#define F(result, name, real_name, parameters) result(*name) parameters;
  SNDFILE_FUNCTIONS(F)
#undef F
  struct mpeg_api mpeg; /* NULLs where libsndfile has its decoder inside */
#if defined(_WIN32)
  struct sndfile *(*open_wide)(const wchar_t *path, int mode, struct sf_info *info);
#endif
};

/* Filled by library_load(&library_sndfile, …), which comes before any use. */
extern struct sndfile_api sndfile;

#endif
