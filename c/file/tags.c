/* What a file says about itself: text tags, cue points, loops, the broadcast extension, libsndfile's log. Tags are kept
 * here, so that they can be read while a stream uses the file. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/latin1.h"
#include "file/state.h"

#define MAX_CUES 10000

static int is_tag(int32_t tag) { return (tag >= 1 && tag <= 9) || tag == 16; }

static void keep_tag(struct file *file, int32_t tag) {
  const char *text = sndfile.get_string(file->sound, tag);
  free(file->tags[tag]);
  file->tags[tag] = text ? utf8_from_either(text) : NULL; /* files say not how their tags are encoded */
}

void file_load_tags(struct file *file) {
  for (int32_t tag = 0; tag < FILE_TAGS; tag++)
    if (is_tag(tag)) keep_tag(file, tag);
}

void file_free_tags(struct file *file) {
  for (int32_t tag = 0; tag < FILE_TAGS; tag++) free(file->tags[tag]);
  free(file->cues);
}

int32_t ps_file_get_string(int32_t handle, int32_t tag, char *text, int32_t size) {
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!file) return PS_ERR_HANDLE;
  const char *value = is_tag(tag) ? file->tags[tag] : NULL;
  int32_t result = is_tag(tag) ? text_copy(value ? value : "", text, size)
                               : error_set(PS_ERR_ARGUMENT, 0, "there is no tag %d", (int)tag);
  object_release(&file->object);
  return result;
}

/* Whether a text finds a place in the file. libsndfile takes a longer one, but then reads none of the tags, or cannot
 * open the file. */
static int32_t check_tag(const struct file *file, int32_t tag, const char *text) {
  size_t bytes = strlen(text), all = bytes, most = format_word_tag_bytes(file->format);
  if (!is_tag(tag)) return error_set(PS_ERR_ARGUMENT, 0, "there is no tag %d", (int)tag);
  if (bytes == 0) return error_set(PS_ERR_ARGUMENT, 0, "a tag must not be empty: it cannot be taken away");
  for (int32_t other = 0; other < FILE_TAGS; other++)
    if (other != tag && file->tags[other]) all += strlen(file->tags[other]);
  int together = (file->format & SF_MAJOR_MASK) == SF_CAF;
  if (most == 0 || (together ? all : bytes) <= most) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "%s: in this format %s at most %zu bytes, not %zu", file->name,
                   together ? "all tags together have" : "a tag has", most, together ? all : bytes);
}

static int32_t set_tag(struct file *file, int32_t tag, const char *text) {
  int code = sndfile.set_string(file->sound, tag, text);
  return code ? file_error(file->name, code, sndfile.error_number_text(code)) : PS_OK;
}

/* LAME takes tags in Latin-1, and libsndfile passes on what it gets. */
static int32_t set_tag_mpeg(struct file *file, int32_t tag, const char *text) {
  char *latin1 = latin1_from_utf8(text);
  if (!latin1)
    return file_error(file->name, 0, "tags of MP3 are written in Latin-1, which lacks some characters of this");
  int32_t status = set_tag(file, tag, latin1);
  free(latin1);
  return status;
}

int32_t ps_file_set_string(int32_t handle, int32_t tag, const char *text) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  int mpeg = (file->format & SF_MAJOR_MASK) == SF_MPEG;
  status = check_tag(file, tag, text);
  if (status == PS_OK) status = mpeg ? set_tag_mpeg(file, tag, text) : set_tag(file, tag, text);
  if (status == PS_OK) keep_tag(file, tag);
  file_end(file);
  return status;
}

/* ------------------------------------------------------- cue points, loops */

/* The cue points, read once; NULL if there are none. */
static const struct sf_cues *cues_of(struct file *file) {
  uint32_t count = 0;
  if (file->cues) return file->cues;
  if (!sndfile.command(file->sound, SF_GET_CUE_COUNT, &count, sizeof count)) return NULL;
  if (count == 0 || count > MAX_CUES) return NULL;
  size_t size = sizeof(struct sf_cues) + count * sizeof(struct sf_cue_point);
  struct sf_cues *cues = calloc(1, size);
  if (!cues) return NULL;
  if (sndfile.command(file->sound, SF_GET_CUE, cues, (int)size)) {
    if (cues->count > count) cues->count = count;
    return file->cues = cues;
  }
  free(cues);
  return NULL;
}

int32_t ps_file_cue(int32_t handle, int32_t index, double *cue, int32_t size, char *name, int32_t name_size) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  const struct sf_cues *cues = cues_of(file);
  int32_t count = cues ? (int32_t)cues->count : 0;
  if (index >= 0 && index < count && cue && size == PS_CUE_SIZE) {
    const struct sf_cue_point *point = &cues->points[index];
    char text[sizeof point->name + 1];
    memcpy(text, point->name, sizeof point->name);
    text[sizeof point->name] = 0;
    cue[PS_CUE_ID] = point->index;
    cue[PS_CUE_FRAME] = point->sample_offset;
    text_copy(text, name, name_size);
  }
  file_end(file);
  return count;
}

int32_t ps_file_loops(int32_t handle, double *numbers, int32_t count) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  struct sf_instrument instrument = {0};
  int found = sndfile.command(file->sound, SF_GET_INSTRUMENT, &instrument, sizeof instrument);
  file_end(file);
  if (!found) return 0;
  int loops = instrument.loop_count < 0                     ? 0
              : instrument.loop_count > SF_INSTRUMENT_LOOPS ? SF_INSTRUMENT_LOOPS
                                                            : instrument.loop_count;
  double all[PS_INSTRUMENT_SIZE + PS_LOOP_SIZE * SF_INSTRUMENT_LOOPS] = {
      [PS_INSTRUMENT_GAIN] = instrument.gain,
      [PS_INSTRUMENT_BASE_NOTE] = (unsigned char)instrument.base_note,
      [PS_INSTRUMENT_DETUNE] = (signed char)instrument.detune,
      [PS_INSTRUMENT_LOW_VELOCITY] = (unsigned char)instrument.velocity_low,
      [PS_INSTRUMENT_HIGH_VELOCITY] = (unsigned char)instrument.velocity_high,
      [PS_INSTRUMENT_LOW_KEY] = (unsigned char)instrument.key_low,
      [PS_INSTRUMENT_HIGH_KEY] = (unsigned char)instrument.key_high,
  };
  for (int i = 0; i < loops; i++) {
    double *loop = all + PS_INSTRUMENT_SIZE + PS_LOOP_SIZE * i;
    loop[PS_LOOP_MODE] = instrument.loops[i].mode - SF_LOOP_MODES;
    loop[PS_LOOP_START] = instrument.loops[i].start;
    loop[PS_LOOP_END] = instrument.loops[i].end;
    loop[PS_LOOP_COUNT] = instrument.loops[i].count;
  }
  int32_t filled = PS_INSTRUMENT_SIZE + PS_LOOP_SIZE * loops;
  if (numbers && count > 0) memcpy(numbers, all, (size_t)(count < filled ? count : filled) * sizeof *numbers);
  return filled;
}

/* ---------------------------------------------------------- broadcast, log */

/* A field of fixed size, which has no terminating zero when it is full. */
static int32_t field_copy(const char *field, size_t length, char *text, int32_t size) {
  char copy[SF_CODING_HISTORY_SIZE + 1];
  if (length > SF_CODING_HISTORY_SIZE) length = SF_CODING_HISTORY_SIZE;
  memcpy(copy, field, length);
  copy[length] = 0;
  return text_copy(copy, text, size);
}

static int32_t broadcast_text(const struct sf_broadcast_info *info, int32_t what, char *text, int32_t size) {
  switch (what) {
    case PS_BROADCAST_DESCRIPTION: return field_copy(info->description, sizeof info->description, text, size);
    case PS_BROADCAST_ORIGINATOR: return field_copy(info->originator, sizeof info->originator, text, size);
    case PS_BROADCAST_REFERENCE:
      return field_copy(info->originator_reference, sizeof info->originator_reference, text, size);
    case PS_BROADCAST_DATE: return field_copy(info->origination_date, sizeof info->origination_date, text, size);
    case PS_BROADCAST_TIME: return field_copy(info->origination_time, sizeof info->origination_time, text, size);
    default: return field_copy(info->coding_history, info->coding_history_size, text, size);
  }
}

int32_t ps_file_broadcast(int32_t handle, int32_t what, char *text, int32_t size, double *numbers, int32_t count) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  struct sf_broadcast_info *info = calloc(1, sizeof *info);
  int found = info && sndfile.command(file->sound, SF_GET_BROADCAST_INFO, info, sizeof *info);
  file_end(file);
  int32_t result = 0;
  if (what < 0 || what > PS_BROADCAST_HISTORY) {
    result = error_set(PS_ERR_ARGUMENT, 0, "there is no broadcast text %d", (int)what);
  } else if (found) {
    double all[PS_BROADCAST_SIZE] = {
        [PS_BROADCAST_TIME_REFERENCE] = info->time_reference_high * 4294967296.0 + info->time_reference_low,
        [PS_BROADCAST_VERSION] = info->version,
        [PS_BROADCAST_LOUDNESS] = info->loudness_value / 100.0,
        [PS_BROADCAST_LOUDNESS_RANGE] = info->loudness_range / 100.0,
        [PS_BROADCAST_TRUE_PEAK] = info->max_true_peak_level / 100.0,
        [PS_BROADCAST_MOMENTARY] = info->max_momentary_loudness / 100.0,
        [PS_BROADCAST_SHORT_TERM] = info->max_shortterm_loudness / 100.0,
    };
    if (numbers && count > 0)
      memcpy(numbers, all, (size_t)(count < PS_BROADCAST_SIZE ? count : PS_BROADCAST_SIZE) * sizeof *numbers);
    result = broadcast_text(info, what, text, size) + 1; /* 0 is for a file that has none */
  }
  free(info);
  return result;
}

int32_t ps_file_log(int32_t handle, char *text, int32_t size) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  char log[16384] = "";
  sndfile.command(file->sound, SF_GET_LOG_INFO, log, sizeof log);
  file_end(file);
  return text_copy(log, text, size);
}
