/* The door's questions about what a file says beside its samples. Tags are kept here, so that they can be read while a
 * stream uses the file. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/latin1.h"
#include "file/state.h"

#define LOG_SIZE 16384

static int is_tag(int32_t tag) { return (tag >= 1 && tag <= 9) || tag == 16; }

static void keep_tag(struct file *file, int32_t tag) {
  const char *text = file->sound->codec->tag(file->sound, tag);
  free(file->tags[tag]);
  file->tags[tag] = text ? utf8_from_either(text) : NULL; /* files do not say how their tags are encoded */
}

void file_load_tags(struct file *file) {
  for (int32_t tag = 0; tag < CODEC_TAGS; tag++)
    if (is_tag(tag)) keep_tag(file, tag);
}

void file_free_tags(struct file *file) {
  for (int32_t tag = 0; tag < CODEC_TAGS; tag++) free(file->tags[tag]);
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

static int32_t set_tag(struct file *file, int32_t tag, const char *text) {
  if (!is_tag(tag)) return error_set(PS_ERR_ARGUMENT, 0, "there is no tag %d", (int)tag);
  if (!*text) return error_set(PS_ERR_ARGUMENT, 0, "a tag must not be empty: tags cannot be removed");
  size_t all = strlen(text);
  for (int32_t other = 0; other < CODEC_TAGS; other++)
    if (other != tag && file->tags[other]) all += strlen(file->tags[other]);
  int32_t status = file_commit(file);
  if (status == PS_OK) status = file->sound->codec->set_tag(file->sound, tag, text, all);
  if (status == PS_OK) keep_tag(file, tag);
  return status;
}

int32_t ps_file_set_string(int32_t handle, int32_t tag, const char *text) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  status = set_tag(file, tag, text);
  file_end(file);
  return status;
}

int32_t ps_file_cue(int32_t handle, int32_t index, double *cue, int32_t size, char *name, int32_t name_size) {
  double numbers[PS_CUE_SIZE];
  char text[CODEC_CUE_NAME];
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  int32_t count = sound_cue(file->sound, index, numbers, text);
  file_end(file);
  if (index >= 0 && index < count && cue && size == PS_CUE_SIZE) {
    memcpy(cue, numbers, sizeof numbers);
    text_copy(text, name, name_size);
  }
  return count;
}

int32_t ps_file_loops(int32_t handle, double *numbers, int32_t count) {
  double all[CODEC_LOOPS_MOST] = {0};
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  int32_t filled = sound_loops(file->sound, all);
  file_end(file);
  if (numbers && count > 0) memcpy(numbers, all, (size_t)(count < filled ? count : filled) * sizeof *numbers);
  return filled;
}

int32_t ps_file_broadcast(int32_t handle, int32_t what, char *text, int32_t size, double *numbers, int32_t count) {
  double all[PS_BROADCAST_SIZE] = {0};
  char *found = NULL;
  struct file *file;
  if (what < 0 || what > PS_BROADCAST_HISTORY)
    return error_set(PS_ERR_ARGUMENT, 0, "there is no broadcast text %d", (int)what);
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  int there = sound_broadcast(file->sound, what, all, &found);
  file_end(file);
  if (!there) return 0;
  if (numbers && count > 0)
    memcpy(numbers, all, (size_t)(count < PS_BROADCAST_SIZE ? count : PS_BROADCAST_SIZE) * sizeof *numbers);
  int32_t length = text_copy(found ? found : "", text, size);
  free(found);
  return length + 1; /* 0 is for a file that has none */
}

int32_t ps_file_log(int32_t handle, char *text, int32_t size) {
  char log[LOG_SIZE] = "";
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  file->sound->codec->log(file->sound, log, sizeof log);
  file_end(file);
  return text_copy(log, text, size);
}
