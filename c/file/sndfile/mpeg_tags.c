/* Tags of MPEG files: ID3v1 at the end, and before it, if there is one, ID3v2 at the start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/sndfile/mpeg.h"
#include "file/sndfile/tag_numbers.h"

#define TEXT_MOST 30 /* of ID3v1 */

static void keep(struct mpeg_sound *sound, int tag, const char *text, size_t length) {
  char *copy = length > 0 && text[0] ? calloc(1, length + 1) : NULL;
  if (!copy) return;
  memcpy(copy, text, length);
  free(sound->tags[tag]);
  sound->tags[tag] = copy;
}

static void keep_field(struct mpeg_sound *sound, int tag, const char *field, size_t size) {
  const char *end = memchr(field, 0, size);
  keep(sound, tag, field, end ? (size_t)(end - field) : size);
}

struct genre {
  int number;
  struct mpeg_sound *sound;
};

static void keep_genre(int number, const char *name, void *argument) {
  struct genre *genre = argument;
  if (number == genre->number) keep(genre->sound, TAG_GENRE, name, strlen(name));
}

static void load_tag1(struct mpeg_sound *sound, const struct mpg123_tag1 *tag) {
  struct genre genre = {tag->genre, sound};
  char number[8];
  keep_field(sound, TAG_TITLE, tag->title, TEXT_MOST);
  keep_field(sound, TAG_ARTIST, tag->artist, TEXT_MOST);
  keep_field(sound, TAG_ALBUM, tag->album, TEXT_MOST);
  keep_field(sound, TAG_DATE, tag->year, sizeof tag->year);
  keep_field(sound, TAG_COMMENT, tag->comment, TEXT_MOST);
  if (tag->comment[28] == 0 && tag->comment[29] != 0) {
    snprintf(number, sizeof number, "%d", (unsigned char)tag->comment[29]);
    keep(sound, TAG_TRACK, number, strlen(number));
  }
  if (sndfile.mpeg.genres) sndfile.mpeg.genres(keep_genre, &genre);
}

static void load_tag2(struct mpeg_sound *sound, const struct mpg123_tag2 *tags) {
  static const struct {
    char id[5];
    int tag;
  } kinds[] = {{"TIT2", TAG_TITLE},  {"TCOP", TAG_COPYRIGHT}, {"TENC", TAG_SOFTWARE}, {"TSSE", TAG_SOFTWARE},
               {"TPE1", TAG_ARTIST}, {"TALB", TAG_ALBUM},     {"TRCK", TAG_TRACK},    {"TYER", TAG_DATE},
               {"TDRC", TAG_DATE},   {"TCON", TAG_GENRE}};
  for (size_t i = 0; i < tags->text_count; i++)
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
      const struct mpg123_field *field = &tags->texts[i];
      if (memcmp(field->id, kinds[k].id, 4) == 0 && field->text.fill > 1)
        keep_field(sound, kinds[k].tag, field->text.text, field->text.fill);
    }
  if (tags->comment && tags->comment->fill > 1)
    keep_field(sound, TAG_COMMENT, tags->comment->text, tags->comment->fill);
}

void mpeg_load_tags(struct mpeg_sound *sound) {
  struct mpg123_tag1 *one = NULL;
  struct mpg123_tag2 *two = NULL;
  if (sndfile.mpeg.tags(sound->mpeg, &one, &two) != MPG123_OK) return;
  if (one) load_tag1(sound, one);
  if (two) load_tag2(sound, two);
}

void mpeg_free_tags(struct mpeg_sound *sound) {
  for (int tag = 0; tag < CODEC_TAGS; tag++) free(sound->tags[tag]);
}

const char *mpeg_tag(struct sound *sound, int32_t tag) { return ((struct mpeg_sound *)sound)->tags[tag]; }
