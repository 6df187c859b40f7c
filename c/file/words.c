/* Kinds of formats, by libsndfile's words for them. */
#include <math.h>

#include "file/codec.h"
#include "pastream.h"

#define GIB_4 (INT64_C(1) << 32)

int32_t format_word_natural(int32_t word) {
  int32_t major = word & SF_MAJOR_MASK, subtype = word & SF_SUBTYPE_MASK;
  if (subtype == SF_PCM_16 && major != SF_FLAC && major != SF_SDS && major != SF_PAF) return PS_FORMAT_INT16;
  if (subtype == SF_DOUBLE) return PS_FORMAT_FLOAT64;
  if (subtype == SF_FLOAT || subtype == SF_VORBIS || subtype == SF_OPUS ||
      (subtype >= SF_MPEG_LAYER_I && subtype <= SF_MPEG_LAYER_III))
    return PS_FORMAT_FLOAT32;
  return PS_FORMAT_INT32;
}

/* libsndfile clips for PCM, FLAC and ALAC, but makes full scale of NaN, or fails. mu-law and A-law take a sample beyond
 * full scale, or NaN, for a place in a table; NMS and G.72x wrap around at 1. NaN spoils Vorbis and Opus, and LAME ends
 * the process for it, as it does for samples far beyond full scale; those three bear 16 well. The rest wrap around. */
double format_word_peak(int32_t word) {
  int32_t major = word & SF_MAJOR_MASK, subtype = word & SF_SUBTYPE_MASK;
  if (subtype >= SF_ULAW && subtype <= SF_G723_40) return 32767 / 32768.0;
  if (subtype >= SF_ALAC_16 && subtype <= SF_ALAC_32) return INFINITY;
  if (subtype < SF_FLOAT && major != SF_SDS && major != SF_PAF) return INFINITY;
  return format_word_natural(word) == PS_FORMAT_FLOAT32 && subtype != SF_FLOAT ? 16 : 0;
}

int format_word_updates_header(int32_t word) {
  switch (word & SF_MAJOR_MASK) {
    case SF_FLAC: /* says nothing of its length, and is readable without */
    case SF_MPEG:
    case SF_SD2: /* has its header in a second file, written at the end */ return 0;
    case SF_OGG: /* would write its headers into the middle of the stream */ return 0;
    case SF_CAF: /* ALAC: its table of packets is written at the end */
      return (word & SF_SUBTYPE_MASK) < SF_ALAC_16 || (word & SF_SUBTYPE_MASK) > SF_ALAC_32;
    default: return 1;
  }
}

int format_word_streams(int32_t word) {
  switch (word & SF_MAJOR_MASK) {
    case SF_RAW:
    case SF_AU:
    case SF_WAV:
    case SF_WAVEX:
    case SF_FLAC:
    case SF_OGG:
    case SF_MPEG:
    case SF_IRCAM:
    case SF_PVF: return 1;
    default: return 0;
  }
}

int64_t format_word_frame_bytes(int32_t word, int32_t channels) {
  static const signed char bytes[] = {0, 1, 2, 3, 4, 1, 4, 8}; /* PCM_S8 … DOUBLE */
  int32_t subtype = word & SF_SUBTYPE_MASK;
  if (subtype <= SF_DOUBLE) return bytes[subtype] * (int64_t)channels;
  return subtype == SF_ULAW || subtype == SF_ALAW ? channels : 0;
}

int format_word_is_block_codec(int32_t word) {
  int32_t subtype = word & SF_SUBTYPE_MASK;
  return subtype > SF_ALAW && subtype < SF_DPCM_8;
}

/* What libsndfile's readers have memory for. */
size_t format_word_tag_bytes(int32_t word) {
  switch (word & SF_MAJOR_MASK) {
    case SF_WAV:
    case SF_WAVEX:
    case SF_RF64: return 2045;
    case SF_AIFF: return 8189;
    case SF_CAF: return 16000;
    default: return 0;
  }
}

int64_t format_word_limit(int32_t word) {
  switch (word & SF_MAJOR_MASK) {
    case SF_WAV:
    case SF_WAVEX:
    case SF_AIFF: return GIB_4 - 65536; /* room for what comes after the sound */
    default: return 0;
  }
}
