/* MPEG audio (MP3), decoded by the libmpg123 that libsndfile brings along. libsndfile's own use of it prints on stderr
 * what it finds in damaged files, and in good ones after a seek. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/library.h"
#include "file/file_error.h"
#include "file/probe.h"
#include "file/sndfile/mpeg.h"
#include "file/sndfile/sound.h"
#include "pastream.h"

#define RESYNC_MOST 1024 /* bytes before the first frame that libmpg123 passes over */
#define BLOCK 4096       /* samples to be widened, or dropped */

static struct mpeg_sound *of(struct sound *sound) { return (struct mpeg_sound *)sound; }

static int32_t load(void) { return library_load(&library_sndfile, NULL); }

static int is_there(void) {
  const struct mpeg_api *api = &sndfile.mpeg;
  return api->init && api->create && api->destroy && api->set && api->set_reader && api->open && api->get_format &&
         api->set_format && api->frame && api->length && api->scan && api->read && api->seek && api->tags &&
         api->error_text;
}

/* ------------------------------------------------------------------- opening */

static ptrdiff_t read_bytes(void *argument, void *data, size_t bytes) {
  struct medium *medium = argument;
  int64_t count = medium->type->io.read(data, (int64_t)bytes, medium);
  return medium->error ? -1 : (ptrdiff_t)count;
}

static int64_t seek_byte(void *argument, int64_t offset, int whence) {
  struct medium *medium = argument;
  return medium->type->io.seek(offset, whence, medium);
}

/* Headers of formats that may have MPEG frames inside. */
static int is_another(const unsigned char *head) {
  static const char *const ids[] = {"RIFF", "RIFX", "RF64", "FORM", "caff", "riff", "OggS", "fLaC", ".snd", "dns."};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    if (memcmp(head, ids[i], 4) == 0) return 1;
  return 0;
}

/* What is asked here has been told apart from other formats by the probe. A file may begin within a frame. */
static int is_mpeg(struct medium *medium) {
  unsigned char head[4] = {0};
  int64_t got = medium->type->io.read(head, sizeof head, medium);
  int found = memcmp(head, "ID3", 3) == 0 || (head[0] == 0xFF && (head[1] & 0xE0) == 0xE0 && (head[1] & 0x06) != 0);
  if (!found && got == (int64_t)sizeof head && !is_another(head) && medium->type->seekable)
    found = probe_mpeg_within(medium, RESYNC_MOST);
  medium->type->io.seek(0, SEEK_SET, medium);
  return found;
}

static int32_t close_sound(struct sound *sound) {
  struct mpeg_sound *own = of(sound);
  if (own->mpeg) sndfile.mpeg.destroy(own->mpeg); /* closes it, too */
  mpeg_free_tags(own);
  free(own);
  return PS_OK;
}

static int32_t describe(struct mpeg_sound *own, struct codec_info *info) {
  const struct mpeg_api *api = &sndfile.mpeg;
  struct mpg123_frame frame = {0};
  long rate;
  int channels, encoding;
  if (api->get_format(own->mpeg, &rate, &channels, &encoding) != MPG123_OK) return -1;
  int64_t frames = api->length(own->mpeg);
  if (frames <= 0 && own->sound.medium->type->seekable && api->scan(own->mpeg) == MPG123_OK)
    frames = api->length(own->mpeg);
  if (encoding != MPG123_ENC_FLOAT_32 && api->set_format(own->mpeg, rate, channels, MPG123_ENC_FLOAT_32) != MPG123_OK)
    return -1;
  if (api->frame(own->mpeg, &frame) != MPG123_OK || frame.layer < 1 || frame.layer > 3) return -1;
  info->format = SF_MPEG | (SF_MPEG_LAYER_I + frame.layer - 1);
  info->channels = own->channels = channels;
  info->sample_rate = (int32_t)rate;
  info->frames = frames < 0 ? CODEC_FRAMES_UNKNOWN : frames;
  info->seekable = frames >= 0;
  info->natural = format_word_natural(info->format);
  info->peak = format_word_peak(info->format);
  snprintf(own->log, sizeof own->log,
           "MPEG %s, layer %d\n  rate     : %ld\n  channels : %d\n  bit rate : %d kbit/s%s\n",
           frame.version == 0   ? "1.0"
           : frame.version == 1 ? "2.0"
                                : "2.5",
           frame.layer, rate, channels, frame.bit_rate, frame.variable ? ", varying" : "");
  return PS_OK;
}

static int32_t start(struct mpeg_sound *own, struct codec_info *info) {
  const struct mpeg_api *api = &sndfile.mpeg;
  int code;
  api->init();
  own->mpeg = api->create(NULL, &code);
  if (!own->mpeg) return error_set(PS_ERR_MEMORY, 0, NULL);
  api->set(own->mpeg, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 1);
  api->set(own->mpeg, MPG123_ADD_FLAGS, MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_NO_FRANKENSTEIN | MPG123_QUIET, 1);
  api->set_reader(own->mpeg, read_bytes, seek_byte, NULL);
  if (api->open(own->mpeg, own->sound.medium) != MPG123_OK || describe(own, info) < 0)
    return file_error(own->sound.name, 0, "no sound was found in this MPEG file");
  mpeg_load_tags(own);
  return PS_OK;
}

static int32_t open_sound(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                          struct sound **opened) {
  if (!medium || mode != PS_MODE_READ || info->format != 0 || !is_there() || !is_mpeg(medium))
    return PS_ERR_UNSUPPORTED;
  struct mpeg_sound *own = calloc(1, sizeof *own);
  if (!own) return error_set(PS_ERR_MEMORY, 0, NULL);
  own->sound = (struct sound){&codec_mpeg, medium, name};
  int32_t status = start(own, info);
  if (status == PS_OK)
    *opened = &own->sound;
  else
    close_sound(&own->sound);
  return status;
}

/* ------------------------------------------------------------------- samples */

static int32_t failure(struct sound *sound) {
  return of(sound)->damage[0] ? file_error(sound->name, 0, of(sound)->damage) : PS_OK;
}

static int64_t decode(struct mpeg_sound *own, float *samples, int64_t frames) {
  size_t frame_bytes = sizeof *samples * (size_t)own->channels, done = 0;
  if (own->damage[0]) return 0;
  int code = sndfile.mpeg.read(own->mpeg, (unsigned char *)samples, (size_t)frames * frame_bytes, &done);
  int64_t count = (int64_t)(done / frame_bytes);
  own->position += count;
  if (code != MPG123_OK && code != MPG123_DONE)
    snprintf(own->damage, sizeof own->damage, "the sound is damaged at frame %lld: %s", (long long)own->position,
             code == MPG123_NEW_FORMAT ? "its rate or its channels change" : sndfile.mpeg.error_text(own->mpeg));
  return count;
}

static int64_t read_frames(struct sound *sound, int32_t format, void *data, int64_t frames) {
  struct mpeg_sound *own = of(sound);
  float samples[BLOCK];
  double *to = data;
  int64_t most = BLOCK / own->channels, done = 0;
  if (format == PS_FORMAT_FLOAT32) return decode(own, data, frames);
  if (format != PS_FORMAT_FLOAT64) return 0; /* samples.c asks for nothing else */
  while (done < frames) {
    int64_t piece = frames - done < most ? frames - done : most, count = decode(own, samples, piece);
    for (int64_t i = 0; i < count * own->channels; i++) *to++ = samples[i];
    done += count;
    if (count < piece) break;
  }
  return done;
}

/* libmpg123's own seeks begin to decode at the place itself, without what came before it. */
static int seek_frame(struct sound *sound, int64_t frame) {
  struct mpeg_sound *own = of(sound);
  float nothing[BLOCK];
  int64_t from = frame > MPEG_RUN_UP ? frame - MPEG_RUN_UP : 0, most = BLOCK / own->channels;
  own->damage[0] = 0;
  if (sndfile.mpeg.seek(own->mpeg, from, SEEK_SET) != from) return 0;
  own->position = from;
  while (own->position < frame) {
    int64_t left = frame - own->position;
    if (decode(own, nothing, left < most ? left : most) <= 0) return 0;
  }
  return 1;
}

/* --------------------------------------------------- what the file says of itself */

static void log_of(struct sound *sound, char *text, int32_t size) { text_copy(of(sound)->log, text, size); }

/* Formats are not listed and files not written: libsndfile does that. */
const struct codec codec_mpeg = {
    .load = load,
    .open = open_sound,
    .close = close_sound,
    .failure = failure,
    .read = read_frames,
    .seek = seek_frame,
    .tag = mpeg_tag,
    .log = log_of,
};
