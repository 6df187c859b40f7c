/* Our declarations of libsndfile against its own header, where that is installed. */
#include "file/sndfile/api.h"

#include "abi.h"
#include "base/library.h"
#include "pastream.h"

#if defined(__has_include)
#if __has_include(<sndfile.h>)
#define HAS_HEADER 1
#include <sndfile.h>
#endif
#endif

#if defined(HAS_HEADER)

#define SAME(ours, theirs) CHECK_EQUAL(ours, theirs)

TEST(constants) {
  SAME(SF_MAJOR_MASK, SF_FORMAT_TYPEMASK);
  SAME(SF_SUBTYPE_MASK, SF_FORMAT_SUBMASK);
  SAME(SF_ENDIAN_MASK, SF_FORMAT_ENDMASK);
  SAME(SF_LOOP_MODES, SF_LOOP_NONE);
  SAME(SF_LOOP_MODES + 3, SF_LOOP_ALTERNATING);
#define FORMAT(name) SAME(SF_##name, SF_FORMAT_##name)
  FORMAT(WAV);
  FORMAT(AIFF);
  FORMAT(AU);
  FORMAT(RAW);
  FORMAT(PAF);
  FORMAT(SVX);
  FORMAT(NIST);
  FORMAT(VOC);
  FORMAT(IRCAM);
  FORMAT(W64);
  FORMAT(MAT4);
  FORMAT(MAT5);
  FORMAT(PVF);
  FORMAT(HTK);
  FORMAT(AVR);
  FORMAT(WAVEX);
  FORMAT(SD2);
  FORMAT(FLAC);
  FORMAT(CAF);
  FORMAT(WVE);
  FORMAT(OGG);
  FORMAT(MPC2K);
  FORMAT(RF64);
  FORMAT(FLOAT);
  FORMAT(DOUBLE);
  FORMAT(VORBIS);
  FORMAT(OPUS);
  FORMAT(ALAC_16);
  FORMAT(ALAC_32);
  FORMAT(MPEG);
  FORMAT(MPEG_LAYER_I);
  FORMAT(MPEG_LAYER_III);
  SAME(SF_READ, SFM_READ);
  SAME(SF_WRITE, SFM_WRITE);
  SAME(SF_READ_WRITE, SFM_RDWR);
  SAME(SF_ERROR_UNRECOGNISED_FORMAT, SF_ERR_UNRECOGNISED_FORMAT);
  SAME(SF_ERROR_SYSTEM, SF_ERR_SYSTEM);
#define COMMAND(name) SAME(SF_##name, SFC_##name)
  COMMAND(GET_LOG_INFO);
  SAME(SF_GET_CURRENT_INFO, SFC_GET_CURRENT_SF_INFO);
  COMMAND(GET_FORMAT_MAJOR_COUNT);
  COMMAND(GET_FORMAT_MAJOR);
  COMMAND(GET_FORMAT_SUBTYPE_COUNT);
  COMMAND(GET_FORMAT_SUBTYPE);
  COMMAND(UPDATE_HEADER_NOW);
  COMMAND(FILE_TRUNCATE);
  COMMAND(SET_CLIPPING);
  COMMAND(GET_CUE_COUNT);
  COMMAND(GET_CUE);
  COMMAND(GET_INSTRUMENT);
  COMMAND(GET_BROADCAST_INFO);
  COMMAND(SET_COMPRESSION_LEVEL);
  COMMAND(GET_BITRATE_MODE);
  COMMAND(SET_BITRATE_MODE);
}

TEST(layouts) {
  SAME_SIZE(sf_info, SF_INFO);
  SAME_FIELD(sf_info, frames, SF_INFO, frames);
  SAME_FIELD(sf_info, sample_rate, SF_INFO, samplerate);
  SAME_FIELD(sf_info, channels, SF_INFO, channels);
  SAME_FIELD(sf_info, format, SF_INFO, format);
  SAME_FIELD(sf_info, sections, SF_INFO, sections);
  SAME_FIELD(sf_info, seekable, SF_INFO, seekable);

  SAME_SIZE(sf_format_info, SF_FORMAT_INFO);
  SAME_FIELD(sf_format_info, format, SF_FORMAT_INFO, format);
  SAME_FIELD(sf_format_info, name, SF_FORMAT_INFO, name);
  SAME_FIELD(sf_format_info, extension, SF_FORMAT_INFO, extension);

  SAME_SIZE(medium_io, SF_VIRTUAL_IO);
  SAME_FIELD(medium_io, get_file_length, SF_VIRTUAL_IO, get_filelen);
  SAME_FIELD(medium_io, seek, SF_VIRTUAL_IO, seek);
  SAME_FIELD(medium_io, read, SF_VIRTUAL_IO, read);
  SAME_FIELD(medium_io, write, SF_VIRTUAL_IO, write);
  SAME_FIELD(medium_io, tell, SF_VIRTUAL_IO, tell);

  SAME_SIZE(sf_cue_point, SF_CUE_POINT);
  SAME_FIELD(sf_cue_point, index, SF_CUE_POINT, indx);
  SAME_FIELD(sf_cue_point, position, SF_CUE_POINT, position);
  SAME_FIELD(sf_cue_point, fcc_chunk, SF_CUE_POINT, fcc_chunk);
  SAME_FIELD(sf_cue_point, chunk_start, SF_CUE_POINT, chunk_start);
  SAME_FIELD(sf_cue_point, block_start, SF_CUE_POINT, block_start);
  SAME_FIELD(sf_cue_point, sample_offset, SF_CUE_POINT, sample_offset);
  SAME_FIELD(sf_cue_point, name, SF_CUE_POINT, name);
  CHECK_EQUAL(offsetof(struct sf_cues, points), offsetof(SF_CUES, cue_points));
  SAME_FIELD(sf_cues, count, SF_CUES, cue_count);

  SAME_SIZE(sf_instrument, SF_INSTRUMENT);
  SAME_FIELD(sf_instrument, gain, SF_INSTRUMENT, gain);
  SAME_FIELD(sf_instrument, base_note, SF_INSTRUMENT, basenote);
  SAME_FIELD(sf_instrument, detune, SF_INSTRUMENT, detune);
  SAME_FIELD(sf_instrument, velocity_low, SF_INSTRUMENT, velocity_lo);
  SAME_FIELD(sf_instrument, velocity_high, SF_INSTRUMENT, velocity_hi);
  SAME_FIELD(sf_instrument, key_low, SF_INSTRUMENT, key_lo);
  SAME_FIELD(sf_instrument, key_high, SF_INSTRUMENT, key_hi);
  SAME_FIELD(sf_instrument, loop_count, SF_INSTRUMENT, loop_count);
  SAME_FIELD(sf_instrument, loops, SF_INSTRUMENT, loops);
  SAME_FIELD(sf_instrument, loops[1].mode, SF_INSTRUMENT, loops[1].mode);
  SAME_FIELD(sf_instrument, loops[1].start, SF_INSTRUMENT, loops[1].start);
  SAME_FIELD(sf_instrument, loops[1].end, SF_INSTRUMENT, loops[1].end);
  SAME_FIELD(sf_instrument, loops[1].count, SF_INSTRUMENT, loops[1].count);

#define BROADCAST(field) SAME_FIELD(sf_broadcast_info, field, SF_BROADCAST_INFO, field)
  BROADCAST(description);
  BROADCAST(originator);
  BROADCAST(originator_reference);
  BROADCAST(origination_date);
  BROADCAST(origination_time);
  BROADCAST(time_reference_low);
  BROADCAST(time_reference_high);
  BROADCAST(version);
  BROADCAST(umid);
  BROADCAST(loudness_value);
  BROADCAST(loudness_range);
  BROADCAST(max_true_peak_level);
  BROADCAST(max_momentary_loudness);
  BROADCAST(max_shortterm_loudness);
  BROADCAST(reserved);
  BROADCAST(coding_history_size);
  CHECK_EQUAL(offsetof(struct sf_broadcast_info, coding_history), offsetof(SF_BROADCAST_INFO, coding_history));
}
#endif

TEST(the_library_loads) {
  char text[100];
  CHECK_EQUAL(ps_library_text(PS_LIBRARY_SNDFILE, 0, text, sizeof text), 0);
  if (!CHECK_EQUAL(ps_library_load(PS_LIBRARY_SNDFILE, NULL), PS_OK)) return;
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_SNDFILE, "/no/such/file"), PS_OK); /* loaded already */
  CHECK(ps_library_text(PS_LIBRARY_SNDFILE, 0, text, sizeof text) > 0);
  CHECK(text[0] >= '1' && text[0] <= '9');
  CHECK(ps_library_text(PS_LIBRARY_SNDFILE, 1, text, sizeof text) > 0);
  CHECK(strstr(text, "sndfile") != NULL);
}

int main(void) {
#if defined(HAS_HEADER)
  RUN(constants);
  RUN(layouts);
#endif
  RUN(the_library_loads);
  return test_end();
}
