/* libsndfile as a codec. Nothing outside this folder calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/library.h"
#include "file/file_error.h"
#include "file/sndfile/sound.h"
#include "os/os.h"
#include "os/os_file.h"
#include "pastream.h"

#define MPEG_LEVEL_MOST 0.9999 /* libsndfile makes a quality of it, and LAME refuses 10 */
#define VORBIS_RATE_MOST 200000
#define VORBIS_CHANNELS_MOST 255
#define MPEG_BLOCK 1152
#define FLAC_BLOCK 16      /* where blocks are of different lengths: the shortest one that may be */
#define ORDER_SAMPLES 2048 /* that are put into another order at once */
#define WRITE_FRAMES 8192  /* of one call: libsndfile's Vorbis encoder takes stack memory for each frame */

static struct sndfile_sound *of(struct sound *sound) { return (struct sndfile_sound *)sound; }

static int32_t load(void) { return library_load(&library_sndfile, NULL); }

/* ------------------------------------------------------------------- opening */

static int access_of(int32_t mode) {
  int32_t access = mode & PS_MODE_READ_WRITE;
  return access == PS_MODE_READ ? SF_READ : access == PS_MODE_WRITE ? SF_WRITE : SF_READ_WRITE;
}

/* By libsndfile itself. Only so can it have the second file that a format keeps beside the first (SD2), or tell by its
 * name what a file without a header is. */
static struct sndfile *open_named(const char *path, int access, struct sf_info *info) {
  sndfile_open_lock();
#if defined(_WIN32)
  wchar_t wide[4096];
  int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, sizeof wide / sizeof *wide);
  struct sndfile *handle = length > 0 ? sndfile.open_wide(wide, access, info) : NULL;
#else
  struct sndfile *handle = sndfile.open(path, access, info);
#endif
  if (!handle) file_error(path, sndfile.error(NULL), sndfile.error_text(NULL));
  sndfile_open_unlock();
  return handle;
}

/* libsndfile sets the mode of MP3 but says that it did not, unless a compression level was set before. */
static int set_bitrate_mode(struct sndfile_sound *sound, int mode) {
  if (sndfile.command(sound->handle, SF_SET_BITRATE_MODE, &mode, sizeof mode)) return 1;
  if ((sound->format & SF_MAJOR_MASK) != SF_MPEG) return 0;
  return sndfile.command(sound->handle, SF_GET_BITRATE_MODE, NULL, 0) == mode;
}

static int32_t set_encoding(struct sndfile_sound *sound, const struct codec_info *info) {
  double level = info->compression_level;
  if ((sound->format & SF_MAJOR_MASK) == SF_MPEG && level > MPEG_LEVEL_MOST) level = MPEG_LEVEL_MOST;
  if (level >= 0 && !sndfile.command(sound->handle, SF_SET_COMPRESSION_LEVEL, &level, sizeof level))
    return error_set(PS_ERR_UNSUPPORTED, 0, "%s: libsndfile has no compression level for this format",
                     sound->sound.name);
  if (info->bitrate_mode >= 0 && !set_bitrate_mode(sound, info->bitrate_mode))
    return error_set(PS_ERR_UNSUPPORTED, 0, "%s: libsndfile has no such bitrate mode for this format",
                     sound->sound.name);
  return PS_OK;
}

/* Frames of a FLAC file's blocks, which all but the last have in common; 0 for other files. */
static int64_t block_of(struct medium *medium) {
  unsigned char head[12];
  int64_t got = medium->type->io.read(head, sizeof head, medium);
  medium->type->io.seek(0, SEEK_SET, medium);
  if (got < (int64_t)sizeof head || memcmp(head, "fLaC", 4) != 0) return 0;
  int least = head[8] << 8 | head[9], most = head[10] << 8 | head[11];
  return least == most ? least : 0;
}

static void describe(const struct sndfile_sound *sound, struct codec_info *info) {
  struct sf_info actual;
  sndfile.command(sound->handle, SF_GET_CURRENT_INFO, &actual, sizeof actual);
  info->format = actual.format;
  info->channels = actual.channels;
  info->sample_rate = actual.sample_rate;
  info->frames = actual.frames > INT64_C(1) << 52 ? CODEC_FRAMES_UNKNOWN : actual.frames;
  info->seekable = actual.seekable;
  info->natural = format_word_natural(actual.format);
  info->peak = format_word_peak(actual.format);
}

static int is_alac(int32_t format) {
  int32_t subtype = format & SF_SUBTYPE_MASK;
  return subtype >= SF_ALAC_16 && subtype <= SF_ALAC_32;
}

/* libsndfile's ALAC encoder garbles noise in pairs of channels and in 32 bits, and writes beyond its memory once enough
 * packets have more than 16383 bytes, which those of one channel never have. It prints on stdout for some noise. */
static int is_bad_alac(int32_t format, int32_t channels) {
  return is_alac(format) && (channels > 1 || (format & SF_SUBTYPE_MASK) == SF_ALAC_32 || !os_stdout_drops());
}

/* Why a new file cannot be written, where libsndfile notices it too late or never; NULL. */
static const char *refusal_to_write(const struct medium *medium, const struct sf_info *wanted) {
  if (medium && (wanted->format & SF_MAJOR_MASK) == SF_SD2) /* its second file would be in the working folder */
    return "SD2 has a second file beside the first, so it must be opened by a path";
  if ((wanted->format & SF_SUBTYPE_MASK) == SF_VORBIS &&
      (wanted->sample_rate > VORBIS_RATE_MOST || wanted->channels > VORBIS_CHANNELS_MOST))
    return "Vorbis holds at most 255 channels and 200000 Hz"; /* some versions crash when the file is closed */
  if (is_bad_alac(wanted->format, wanted->channels))
    return os_stdout_drops() ? "libsndfile writes ALAC only in one channel, of 16 to 24 bits: use FLAC, or CAF with PCM"
                             : "libsndfile's encoder of ALAC prints on stdout: use FLAC, or CAF with PCM";
  return NULL;
}

/* libsndfile's own text for both is "Format not recognised." */
#define NOT_A_SOUND_FILE                                                                                       \
  "this is not a sound file of a supported format (samples without a header are opened as RAW, with rate and " \
  "channels)"
#define NOT_WRITTEN_SO "files of this format cannot have this subtype, byte order, number of channels or sample rate"

static int32_t open_sound(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                          struct sound **opened) {
  struct sf_info wanted = {.format = info->format, .channels = info->channels, .sample_rate = info->sample_rate};
  int access = access_of(mode);
  const char *refusal = access == SF_READ ? NULL : refusal_to_write(medium, &wanted);
  if (refusal) return file_error(name, 0, refusal);
  struct sndfile_sound *sound = calloc(1, sizeof *sound);
  if (!sound) return error_set(PS_ERR_MEMORY, 0, NULL);
  sound->sound = (struct sound){&codec_sndfile, medium, name};
  if (medium && access == SF_READ && wanted.format == 0) sound->block = block_of(medium);
  int discrete = medium && access == SF_READ && wanted.format == 0 && sndfile_is_discrete(medium);
  sound->handle = medium ? sndfile_open_guarded(sound, access, &wanted) : open_named(name, access, &wanted);
  if (!sound->handle) {
    free(sound);
    if (ps_error_number(PS_ERROR_CODE) == SF_ERROR_UNRECOGNISED_FORMAT)
      file_error(name, SF_ERROR_UNRECOGNISED_FORMAT,
                 access != SF_READ && info->format ? NOT_WRITTEN_SO : NOT_A_SOUND_FILE);
    return PS_ERR_SOUNDFILE;
  }
  int32_t asked_rate = info->sample_rate;
  describe(sound, info);
  sound->format = info->format;
  sound->channels = info->channels;
  sound->sample_rate = info->sample_rate;
  sound->order = discrete ? NULL : sndfile_order(info->format, info->channels);
  sound->writes = access == SF_WRITE;
  if ((info->format & SF_MAJOR_MASK) == SF_MPEG) sound->block = MPEG_BLOCK;
  if ((info->format & SF_MAJOR_MASK) == SF_FLAC && sound->block == 0) sound->block = FLAC_BLOCK;
  sound->frames = info->frames;
  sound->written = mode & PS_MODE_WRITE && info->frames > 0 ? info->frames : 0;
  sound->last_page = -1;
  sound->reads = access == SF_READ;
  sound->updates_header = format_word_updates_header(info->format);
  sndfile.command(sound->handle, SF_SET_CLIPPING, NULL, 1);
  int32_t status = mode & PS_MODE_WRITE ? set_encoding(sound, info) : PS_OK;
  if (status == PS_OK && mode & PS_MODE_WRITE && asked_rate > 0 && asked_rate != info->sample_rate) {
    /* Some formats have one rate, and libsndfile silently takes that instead of the one asked for. */
    char text[100];
    snprintf(text, sizeof text, "files of this format have a rate of %d Hz", (int)info->sample_rate);
    status = file_error(name, 0, text);
  }
  if (status == PS_OK)
    *opened = &sound->sound;
  else
    sndfile.close(sound->handle), free(sound);
  return status;
}

static void put_be32(struct medium *medium, int64_t offset, int64_t value) {
  unsigned char bytes[4];
  for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(value >> (24 - 8 * i));
  if (medium->type->io.seek(offset, SEEK_SET, medium) == offset) medium->type->io.write(bytes, sizeof bytes, medium);
}

/* libsndfile counts the byte that pads the sound of AIFF to an even length as a frame. */
static void mend_aiff(struct sndfile_sound *sound) {
  int64_t bytes = sound->written * sound->channels;
  if (!(bytes & 1) || format_word_frame_bytes(sound->format, 1) != 1 || !sound->aiff_comm || !sound->aiff_ssnd) return;
  put_be32(sound->sound.medium, sound->aiff_comm + 10, sound->written);
  put_be32(sound->sound.medium, sound->aiff_ssnd + 4, bytes + 8);
}

/* libsndfile writes nothing at all where no frame was written, and then cannot read the file. FLAC has a header for
 * that; an MP3 or Opus file cannot be without a frame, and gets a silent one. */
static void write_silent_frame(struct sndfile_sound *sound) {
  static const float silence[1024];
  if ((sound->format & SF_MAJOR_MASK) == SF_MPEG || (sound->format & SF_SUBTYPE_MASK) == SF_OPUS)
    sndfile.write_float(sound->handle, silence, 1);
}

static void write_empty_flac(struct medium *medium, int32_t subtype, int32_t channels, int32_t sample_rate) {
  int bits = subtype == SF_PCM_S8 ? 8 : subtype == SF_PCM_24 ? 24 : 16;
  unsigned char header[42] = {'f', 'L', 'a', 'C', 0x80, 0, 0, 34, 0x10, 0, 0x10, 0}; /* blocks of 4096 frames */
  uint32_t word = (uint32_t)sample_rate << 12 | (uint32_t)(channels - 1) << 9 | (uint32_t)(bits - 1) << 4;
  for (int i = 0; i < 4; i++) header[18 + i] = (unsigned char)(word >> (24 - 8 * i));
  if (medium->type->io.get_file_length(medium) == 0) medium->type->io.write(header, sizeof header, medium);
}

/* Where the last block of a MIDI sample dump is not full, libsndfile clears more than the rest of it. */
static void fill_block(struct sndfile_sound *sound) {
  static const short silence[64];
  int32_t subtype = sound->format & SF_SUBTYPE_MASK;
  int block = subtype == SF_PCM_S8 ? 60 : subtype == SF_PCM_24 ? 30 : 40, part = (int)(sound->written % block);
  if (part > 0) sndfile.write_short(sound->handle, silence, block - part);
}

/* The length of a MIDI sample dump, in three bytes of seven bits. */
static void put_length(struct medium *medium, int64_t frames) {
  unsigned char bytes[3] = {frames & 0x7F, frames >> 7 & 0x7F, frames >> 14 & 0x7F};
  if (medium->type->io.seek(10, SEEK_SET, medium) == 10) medium->type->io.write(bytes, sizeof bytes, medium);
}

static int32_t close_sound(struct sound *sound) {
  struct sndfile_sound *own = of(sound);
  struct medium *medium = sound->medium;
  const char *name = sound->name;
  int nothing = own->writes && own->written == 0;
  int sds = medium && own->writes && (own->format & SF_MAJOR_MASK) == SF_SDS;
  if (nothing) write_silent_frame(own);
  if (sds) fill_block(own);
  int prints = own->writes && is_alac(own->format);
  if (prints) os_stdout_drop();
  int code = sndfile.close(own->handle);
  if (prints) os_stdout_restore();
  if (medium) mend_aiff(own);
  if (sds) put_length(medium, own->written);
  if (medium && nothing && (own->format & SF_MAJOR_MASK) == SF_FLAC)
    write_empty_flac(medium, own->format & SF_SUBTYPE_MASK, own->channels, own->sample_rate);
  free(own->cues);
  free(own->damage);
  free(own);
  return !medium && code ? file_error(name, code, sndfile.error_number_text(code)) : PS_OK;
}

static int32_t failure(struct sound *sound) {
  if (of(sound)->damage) return file_error(sound->name, 0, of(sound)->damage);
  int code = sndfile.error(of(sound)->handle);
  return code ? file_error(sound->name, code, sndfile.error_text(of(sound)->handle)) : PS_OK;
}

/* ------------------------------------------------------------------- samples */

static size_t sample_bytes(int32_t format) {
  return format == PS_FORMAT_FLOAT64 ? 8 : format == PS_FORMAT_INT16 ? 2 : 4;
}

static int64_t read_piece(struct sndfile *handle, int32_t format, void *data, int64_t frames) {
  switch (format) {
    case PS_FORMAT_FLOAT32: return sndfile.read_float(handle, data, frames);
    case PS_FORMAT_FLOAT64: return sndfile.read_double(handle, data, frames);
    case PS_FORMAT_INT16: return sndfile.read_short(handle, data, frames);
    default: return sndfile.read_int(handle, data, frames);
  }
}

/* After a failed read: the frames of this piece are not those that stand there. */
static void note_damage(struct sndfile_sound *sound, int code) {
  char text[200];
  snprintf(text, sizeof text, "the sound is damaged at frame %lld: %s", (long long)sound->position,
           sndfile.error_number_text(code));
  sound->damage = malloc(strlen(text) + 1);
  if (sound->damage) strcpy(sound->damage, text);
}

/* Block by block where a block may be damaged: all before it is good. */
int64_t sndfile_read_frames(struct sound *base, int32_t format, void *data, int64_t frames) {
  struct sndfile_sound *sound = of(base);
  size_t frame_bytes = sample_bytes(format) * (size_t)sound->channels;
  int64_t done = 0;
  while (done < frames && !sound->damage) {
    int64_t piece = frames - done;
    if (sound->block > 0 && piece > sound->block - sound->position % sound->block)
      piece = sound->block - sound->position % sound->block;
    unsigned char *to = (unsigned char *)data + (size_t)done * frame_bytes;
    int64_t count = read_piece(sound->handle, format, to, piece);
    if (sound->order && count > 0)
      sndfile_to_wave_order(sound->order, sound->channels, sample_bytes(format), to, count);
    int code = sound->block > 0 ? sndfile.error(sound->handle) : 0;
    if (code) {
      note_damage(sound, code);
      break;
    }
    if (count > 0) done += count, sound->position += count;
    if (count < piece) break;
  }
  return done;
}

static int64_t write_piece(struct sndfile *handle, int32_t format, const void *data, int64_t frames) {
  switch (format) {
    case PS_FORMAT_FLOAT32: return sndfile.write_float(handle, data, frames);
    case PS_FORMAT_FLOAT64: return sndfile.write_double(handle, data, frames);
    case PS_FORMAT_INT16: return sndfile.write_short(handle, data, frames);
    default: return sndfile.write_int(handle, data, frames);
  }
}

static int64_t write_in_order(struct sndfile_sound *sound, int32_t format, const void *data, int64_t frames) {
  double samples[ORDER_SAMPLES];
  size_t sample = sample_bytes(format), frame_bytes = sample * (size_t)sound->channels;
  int64_t most = ORDER_SAMPLES / sound->channels, done = 0;
  while (done < frames) {
    int64_t piece = frames - done < most ? frames - done : most;
    sndfile_from_wave_order(sound->order, sound->channels, sample, samples,
                            (const unsigned char *)data + (size_t)done * frame_bytes, piece);
    int64_t count = write_piece(sound->handle, format, samples, piece);
    if (count > 0) done += count;
    if (count < piece) break;
  }
  return done;
}

static int64_t write_frames(struct sound *sound, int32_t format, const void *data, int64_t frames) {
  size_t frame_bytes = sample_bytes(format) * (size_t)of(sound)->channels;
  const unsigned char *from = data;
  int64_t done = 0;
  int prints = is_alac(of(sound)->format);
  if (prints) os_stdout_drop();
  while (done < frames) {
    int64_t piece = frames - done < WRITE_FRAMES ? frames - done : WRITE_FRAMES;
    const unsigned char *next = from + (size_t)done * frame_bytes;
    int64_t count = of(sound)->order ? write_in_order(of(sound), format, next, piece)
                                     : write_piece(of(sound)->handle, format, next, piece);
    if (count > 0) done += count;
    if (count < piece) break;
  }
  if (prints) os_stdout_restore();
  of(sound)->position += done;
  if (of(sound)->position > of(sound)->written) of(sound)->written = of(sound)->position;
  return done;
}

static int32_t truncate_sound(struct sound *sound, int64_t frames) {
  struct sndfile *handle = of(sound)->handle;
  of(sound)->written = frames;
  /* libsndfile sets its own length and then fails where the file is not its own. */
  int refused = sndfile.command(handle, SF_FILE_TRUNCATE, &frames, sizeof frames);
  if (sound->medium || !refused) return PS_OK;
  int32_t status = failure(sound);
  return status < 0 ? status : file_error(sound->name, 0, "it cannot be truncated");
}

static void update_header(struct sound *sound) {
  if (of(sound)->updates_header) sndfile.command(of(sound)->handle, SF_UPDATE_HEADER_NOW, NULL, 0);
}

/* ------------------------------------------------------------------- formats */

static int32_t format_count(int32_t kind) {
  int count = 0;
  sndfile.command(NULL, kind ? SF_GET_FORMAT_SUBTYPE_COUNT : SF_GET_FORMAT_MAJOR_COUNT, &count, sizeof count);
  return count;
}

static int32_t format_info(int32_t kind, int32_t index, char *text, int32_t size) {
  char line[256];
  struct sf_format_info info = {.format = index};
  sndfile.command(NULL, kind ? SF_GET_FORMAT_SUBTYPE : SF_GET_FORMAT_MAJOR, &info, sizeof info);
  snprintf(line, sizeof line, "%s\t%s", info.name ? info.name : "", info.extension ? info.extension : "");
  text_copy(line, text, size);
  return info.format;
}

static int format_check(int32_t format, int32_t channels, int32_t sample_rate) {
  /* libsndfile loses samples of these: the last ones, and many of several channels. */
  if ((format & SF_MAJOR_MASK) == SF_PAF && (format & SF_SUBTYPE_MASK) == SF_PCM_24) return 0;
  if (is_bad_alac(format, channels)) return 0;
  struct sf_info info = {.sample_rate = sample_rate, .channels = channels, .format = format};
  return sndfile.format_check(&info);
}

const struct codec codec_sndfile = {
    .load = load,
    .open = open_sound,
    .close = close_sound,
    .failure = failure,
    .read = sndfile_read_frames,
    .write = write_frames,
    .seek = sndfile_seek,
    .truncate = truncate_sound,
    .update_header = update_header,
    .tag = sndfile_tag,
    .set_tag = sndfile_set_tag,
    .cue = sndfile_cue,
    .loops = sndfile_loops,
    .broadcast = sndfile_broadcast,
    .log = sndfile_log,
    .format_count = format_count,
    .format_info = format_info,
    .format_check = format_check,
};
