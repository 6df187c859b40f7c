/* The order of channels. Everywhere in pastream it is WAVE's (left, right, centre, low frequencies); Vorbis and Opus
 * have one of their own (left, centre, right), in which libsndfile hands them over. */
#include <stdio.h>
#include <string.h>

#include "file/sndfile/sound.h"

#define CHANNELS_MOST 8
#define SAMPLE_MOST 8 /* bytes */

/* For each channel in WAVE's order, where it is in Vorbis's; for 3 to 8 channels, the others are alike. */
static const unsigned char places[][CHANNELS_MOST] = {
    {0, 2, 1}, {0, 1, 2, 3}, {0, 2, 1, 3, 4}, {0, 2, 1, 5, 3, 4}, {0, 2, 1, 6, 5, 3, 4}, {0, 2, 1, 7, 5, 6, 3, 4},
};

/* The mapping family in the header of an Opus file: 1 has the order of Vorbis; -1 for other files. */
static int opus_family(struct medium *medium) {
  unsigned char head[27 + 255 + 19];
  int64_t got = medium->type->io.read(head, sizeof head, medium), at;
  medium->type->io.seek(0, SEEK_SET, medium);
  at = got > 27 ? 27 + head[26] : 0;
  return got >= at + 19 && memcmp(head, "OggS", 4) == 0 && memcmp(head + at, "OpusHead", 8) == 0 ? head[at + 18] : -1;
}

int sndfile_is_discrete(struct medium *medium) { return opus_family(medium) > 1; }

const unsigned char *sndfile_order(int32_t format, int32_t channels) {
  int32_t subtype = format & SF_SUBTYPE_MASK;
  if ((subtype != SF_VORBIS && subtype != SF_OPUS) || channels < 3 || channels > CHANNELS_MOST) return NULL;
  return places[channels - 3];
}

void sndfile_to_wave_order(const unsigned char *order, int32_t channels, size_t sample, void *data, int64_t frames) {
  unsigned char frame[CHANNELS_MOST * SAMPLE_MOST], *at = data;
  size_t bytes = (size_t)channels * sample;
  for (int64_t i = 0; i < frames; i++, at += bytes) {
    memcpy(frame, at, bytes);
    for (int32_t k = 0; k < channels; k++) memcpy(at + (size_t)k * sample, frame + order[k] * sample, sample);
  }
}

void sndfile_from_wave_order(const unsigned char *order, int32_t channels, size_t sample, void *to, const void *from,
                             int64_t frames) {
  const unsigned char *source = from;
  unsigned char *target = to;
  size_t bytes = (size_t)channels * sample;
  for (int64_t i = 0; i < frames; i++, source += bytes, target += bytes)
    for (int32_t k = 0; k < channels; k++) memcpy(target + order[k] * sample, source + (size_t)k * sample, sample);
}
