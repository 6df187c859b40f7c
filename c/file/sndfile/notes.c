/* What libsndfile knows of a file beside its samples: text tags, cue points, loops, the broadcast extension, its log.
 * */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/file_error.h"
#include "file/latin1.h"
#include "file/sndfile/sound.h"
#include "file/sndfile/tag_numbers.h"
#include "pastream.h"

#define MAX_CUES 10000

static struct sndfile_sound *of(struct sound *sound) { return (struct sndfile_sound *)sound; }

/* ---------------------------------------------------------------------- tags */

const char *sndfile_tag(struct sound *sound, int32_t tag) { return sndfile.get_string(of(sound)->handle, tag); }

static int32_t set(struct sound *sound, int32_t tag, const char *text) {
  int code = sndfile.set_string(of(sound)->handle, tag, text);
  return code ? file_error(sound->name, code, sndfile.error_number_text(code)) : PS_OK;
}

/* LAME takes tags in Latin-1, and libsndfile passes on what it gets. */
static int32_t set_latin1(struct sound *sound, int32_t tag, const char *text) {
  char *latin1 = latin1_from_utf8(text);
  if (!latin1)
    return file_error(sound->name, 0, "tags of MP3 are written in Latin-1, which lacks some characters of this");
  int32_t status = set(sound, tag, latin1);
  free(latin1);
  return status;
}

static int is_ascii(const char *text) {
  for (; *text; text++)
    if (*text & 0x80) return 0;
  return 1;
}

/* Whether a tag comes back: libsndfile takes some that it does not write. */
static int has_place(int32_t major, int32_t tag, const char *text) {
  switch (major) {
    case SF_WAV:
    case SF_WAVEX:
    case SF_RF64: return tag != TAG_LICENSE;
    case SF_AIFF:
      if (tag == TAG_COPYRIGHT || tag == TAG_SOFTWARE) return is_ascii(text);
      return tag == TAG_TITLE || tag == TAG_ARTIST || tag == TAG_COMMENT;
    case SF_MPEG: return tag != TAG_COPYRIGHT && tag != TAG_SOFTWARE && tag != TAG_LICENSE;
    default: return 1;
  }
}

/* libsndfile takes a text that is too long for the format, but then reads none of the tags, or cannot open the file. */
int32_t sndfile_set_tag(struct sound *sound, int32_t tag, const char *text, size_t all_bytes) {
  int32_t format = of(sound)->format, major = format & SF_MAJOR_MASK;
  size_t most = format_word_tag_bytes(format);
  int together = major == SF_CAF;
  size_t bytes = together ? all_bytes : strlen(text);
  if (most > 0 && bytes > most)
    return error_set(PS_ERR_ARGUMENT, 0, "%s: in this format %s at most %zu bytes, not %zu", sound->name,
                     together ? "all tags together have" : "a tag has", most, bytes);
  if (!has_place(major, tag, text))
    return file_error(sound->name, 0, "files of this format do not keep this tag, or some of its characters");
  return major == SF_MPEG ? set_latin1(sound, tag, text) : set(sound, tag, text);
}

/* ------------------------------------------------------- cue points, loops */

/* The cue points, read once; NULL if there are none. */
static const struct sf_cues *cues_of(struct sndfile_sound *sound) {
  uint32_t count = 0;
  if (sound->cues) return sound->cues;
  if (!sndfile.command(sound->handle, SF_GET_CUE_COUNT, &count, sizeof count)) return NULL;
  if (count == 0 || count > MAX_CUES) return NULL;
  size_t size = sizeof(struct sf_cues) + count * sizeof(struct sf_cue_point);
  struct sf_cues *cues = calloc(1, size);
  if (!cues) return NULL;
  if (sndfile.command(sound->handle, SF_GET_CUE, cues, (int)size)) {
    if (cues->count > count) cues->count = count;
    return sound->cues = cues;
  }
  free(cues);
  return NULL;
}

/* The text of a field of fixed size, which has no terminating 0 when it is full, in UTF-8 and new memory. */
static char *field_text(const char *field, size_t length) {
  char *copy = calloc(1, length + 1), *text = NULL;
  if (copy) {
    memcpy(copy, field, length);
    text = utf8_from_either(copy);
  }
  free(copy);
  return text;
}

int32_t sndfile_cue(struct sound *sound, int32_t index, double *cue, char *name) {
  const struct sf_cues *cues = cues_of(of(sound));
  int32_t count = cues ? (int32_t)cues->count : 0;
  if (index < 0 || index >= count) return count;
  const struct sf_cue_point *point = &cues->points[index];
  char *text = field_text(point->name, sizeof point->name);
  text_copy(text ? text : "", name, CODEC_CUE_NAME);
  free(text);
  cue[PS_CUE_ID] = point->index;
  cue[PS_CUE_FRAME] = point->sample_offset;
  return count;
}

int32_t sndfile_loops(struct sound *sound, double *numbers) {
  struct sf_instrument instrument = {0};
  if (!sndfile.command(of(sound)->handle, SF_GET_INSTRUMENT, &instrument, sizeof instrument)) return 0;
  int loops = instrument.loop_count < 0                     ? 0
              : instrument.loop_count > SF_INSTRUMENT_LOOPS ? SF_INSTRUMENT_LOOPS
                                                            : instrument.loop_count;
  numbers[PS_INSTRUMENT_GAIN] = instrument.gain;
  numbers[PS_INSTRUMENT_BASE_NOTE] = (unsigned char)instrument.base_note;
  numbers[PS_INSTRUMENT_DETUNE] = (signed char)instrument.detune;
  numbers[PS_INSTRUMENT_LOW_VELOCITY] = (unsigned char)instrument.velocity_low;
  numbers[PS_INSTRUMENT_HIGH_VELOCITY] = (unsigned char)instrument.velocity_high;
  numbers[PS_INSTRUMENT_LOW_KEY] = (unsigned char)instrument.key_low;
  numbers[PS_INSTRUMENT_HIGH_KEY] = (unsigned char)instrument.key_high;
  for (int i = 0; i < loops; i++) {
    double *loop = numbers + PS_INSTRUMENT_SIZE + PS_LOOP_SIZE * i;
    loop[PS_LOOP_MODE] = instrument.loops[i].mode - SF_LOOP_MODES;
    loop[PS_LOOP_START] = instrument.loops[i].start;
    loop[PS_LOOP_END] = instrument.loops[i].end;
    loop[PS_LOOP_COUNT] = instrument.loops[i].count;
  }
  return PS_INSTRUMENT_SIZE + PS_LOOP_SIZE * loops;
}

/* ---------------------------------------------------------- broadcast, log */

static char *broadcast_text(const struct sf_broadcast_info *info, int32_t what) {
  size_t history =
      info->coding_history_size < SF_CODING_HISTORY_SIZE ? info->coding_history_size : SF_CODING_HISTORY_SIZE;
  switch (what) {
    case PS_BROADCAST_DESCRIPTION: return field_text(info->description, sizeof info->description);
    case PS_BROADCAST_ORIGINATOR: return field_text(info->originator, sizeof info->originator);
    case PS_BROADCAST_REFERENCE: return field_text(info->originator_reference, sizeof info->originator_reference);
    case PS_BROADCAST_DATE: return field_text(info->origination_date, sizeof info->origination_date);
    case PS_BROADCAST_TIME: return field_text(info->origination_time, sizeof info->origination_time);
    default: return field_text(info->coding_history, history);
  }
}

int sndfile_broadcast(struct sound *sound, int32_t what, double *numbers, char **text) {
  struct sf_broadcast_info *info = calloc(1, sizeof *info);
  int found = info && sndfile.command(of(sound)->handle, SF_GET_BROADCAST_INFO, info, sizeof *info);
  if (found) {
    numbers[PS_BROADCAST_TIME_REFERENCE] = info->time_reference_high * 4294967296.0 + info->time_reference_low;
    numbers[PS_BROADCAST_VERSION] = info->version;
    numbers[PS_BROADCAST_LOUDNESS] = info->loudness_value / 100.0;
    numbers[PS_BROADCAST_LOUDNESS_RANGE] = info->loudness_range / 100.0;
    numbers[PS_BROADCAST_TRUE_PEAK] = info->max_true_peak_level / 100.0;
    numbers[PS_BROADCAST_MOMENTARY] = info->max_momentary_loudness / 100.0;
    numbers[PS_BROADCAST_SHORT_TERM] = info->max_shortterm_loudness / 100.0;
    *text = broadcast_text(info, what);
  }
  free(info);
  return found;
}

void sndfile_log(struct sound *sound, char *text, int32_t size) {
  if (size > 0) text[0] = 0;
  sndfile.command(of(sound)->handle, SF_GET_LOG_INFO, text, size);
}
