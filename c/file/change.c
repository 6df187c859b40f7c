#include "file/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/file_error.h"
#include "pastream.h"

#define HEADER_MOST 65536      /* bytes before the sound that libsndfile can rewrite */
#define AIFF_HEADER_MOST 16384 /* and of AIFF, of which it reads all into memory that may be shorter */
#define CUES_MOST 100
#define NUMBERS (PS_CUE_SIZE * CUES_MOST + CODEC_LOOPS_MOST + PS_BROADCAST_SIZE)

/* The properties of a file, and the position of its samples. */
struct view {
  struct codec_info info;
  int64_t start; /* of the samples in the file */
  char *tags[CODEC_TAGS];
  double numbers[NUMBERS];
};

static void forget(struct view *view) {
  for (int tag = 0; tag < CODEC_TAGS; tag++) free(view->tags[tag]);
}

static void note_tags(struct sound *sound, struct view *view) {
  char name[CODEC_CUE_NAME], *text = NULL;
  double *numbers = view->numbers;
  for (int tag = 1; tag < CODEC_TAGS; tag++) {
    const char *tag_text = sound->codec->tag(sound, tag);
    if (tag_text && (view->tags[tag] = malloc(strlen(tag_text) + 1)) != NULL) strcpy(view->tags[tag], tag_text);
  }
  for (int i = 0; i < CUES_MOST && i < sound_cue(sound, i, numbers, name); i++) numbers += PS_CUE_SIZE;
  numbers = view->numbers + PS_CUE_SIZE * CUES_MOST;
  sound_loops(sound, numbers);
  sound_broadcast(sound, PS_BROADCAST_DESCRIPTION, numbers + CODEC_LOOPS_MOST, &text);
  free(text);
}

static int32_t look(const char *name, struct medium *medium, const struct codec_info *wanted, struct view *view) {
  struct sound *sound;
  memset(view, 0, sizeof *view);
  view->info = *wanted;
  medium->type->io.seek(0, SEEK_SET, medium);
  int32_t status = codec_open(name, medium, PS_MODE_READ, &view->info, &sound);
  if (status < 0) return status;
  note_tags(sound, view);
  view->start = sound->codec->seek(sound, 0) ? medium->type->io.tell(medium) : -1;
  return sound->codec->close(sound);
}

/* Changes the file as a user would: writes a frame behind its end. */
static int32_t append(const char *name, struct medium *medium, const struct codec_info *wanted, int64_t frames) {
  static const int16_t silence[1024];
  struct codec_info info = *wanted;
  struct sound *sound;
  medium->type->io.seek(0, SEEK_SET, medium);
  int32_t status = codec_open(name, medium, PS_MODE_READ_WRITE, &info, &sound);
  if (status < 0) return status;
  int written = sound->codec->seek(sound, frames) && sound->codec->write(sound, PS_FORMAT_INT16, silence, 1) == 1;
  status = sound->codec->close(sound);
  if (status < 0 || written) return status;
  return file_error(name, 0, "nothing can be written after its end");
}

/* Whether the changed file has the contents of the original, and one frame more. */
static int same(struct medium *overlay, const struct view *before, const struct view *after) {
  const struct codec_info *a = &before->info, *b = &after->info;
  int64_t bytes = overlay->inner->type->io.get_file_length(overlay->inner) - before->start;
  if (a->format != b->format || a->channels != b->channels || a->sample_rate != b->sample_rate) return 0;
  if (b->frames != a->frames + 1 || before->start < 0 || after->start != before->start) return 0;
  for (int tag = 1; tag < CODEC_TAGS; tag++) {
    const char *x = before->tags[tag], *y = after->tags[tag];
    if (!x != !y || (x && strcmp(x, y) != 0)) return 0;
  }
  if (memcmp(before->numbers, after->numbers, sizeof before->numbers) != 0) return 0;
  int64_t frame_bytes = format_word_frame_bytes(a->format, a->channels);
  if (frame_bytes > 0 && a->frames * frame_bytes < bytes) bytes = a->frames * frame_bytes;
  return medium_overlay_same(overlay, before->start, before->start + bytes);
}

static int32_t try_out(const char *name, struct medium *overlay, const struct codec_info *wanted) {
  struct view before, after;
  int32_t status = look(name, overlay, wanted, &before);
  if (status < 0) return status;
  status = append(name, overlay, wanted, before.info.frames);
  if (status == PS_OK) {
    memset(&after, 0, sizeof after);
    int kept = look(name, overlay, wanted, &after) == PS_OK && same(overlay, &before, &after);
    forget(&after);
    if (!kept)
      status = file_error(name, 0,
                          "the file cannot be changed in place: its header would be written again, and samples or tags "
                          "lost; write a copy");
  }
  forget(&before);
  return status;
}

int32_t change_check(const char *name, struct medium *medium, const struct probe *probe,
                     const struct codec_info *wanted) {
  if (probe->aiff_offset)
    return file_error(name, 0, "the sound does not begin at the start of its chunk, so the file cannot be changed");
  if (probe->sound > (probe->is_aiff ? AIFF_HEADER_MOST : HEADER_MOST))
    return file_error(name, 0, "there is too much before the sound to change the file in place; write a copy");
  struct medium *overlay = medium_overlay(medium);
  if (!overlay) return error_set(PS_ERR_MEMORY, 0, NULL);
  int32_t status = try_out(name, overlay, wanted);
  if (overlay->error > 0) status = file_system_error(name, overlay->error);
  medium_overlay_free(overlay);
  medium->type->io.seek(0, SEEK_SET, medium);
  return status;
}
