/* The door's numbers of file formats, which are libsndfile's: PS_FILE_FORMAT is major | subtype | endian. */
#ifndef PS_FILE_FORMAT_WORD_H
#define PS_FILE_FORMAT_WORD_H

#define SF_MAJOR_MASK 0x0FFF0000
#define SF_SUBTYPE_MASK 0x0000FFFF
#define SF_ENDIAN_MASK 0x30000000

#define SF_WAV 0x010000
#define SF_AIFF 0x020000
#define SF_AU 0x030000
#define SF_RAW 0x040000
#define SF_PAF 0x050000
#define SF_SVX 0x060000
#define SF_NIST 0x070000
#define SF_VOC 0x080000
#define SF_IRCAM 0x0A0000
#define SF_W64 0x0B0000
#define SF_MAT4 0x0C0000
#define SF_MAT5 0x0D0000
#define SF_PVF 0x0E0000
#define SF_HTK 0x100000
#define SF_SDS 0x110000
#define SF_AVR 0x120000
#define SF_WAVEX 0x130000
#define SF_SD2 0x160000
#define SF_FLAC 0x170000
#define SF_CAF 0x180000
#define SF_WVE 0x190000
#define SF_OGG 0x200000
#define SF_MPC2K 0x210000
#define SF_RF64 0x220000
#define SF_MPEG 0x230000

#define SF_PCM_S8 0x0001
#define SF_PCM_16 0x0002
#define SF_PCM_24 0x0003
#define SF_FLOAT 0x0006
#define SF_DOUBLE 0x0007
#define SF_ULAW 0x0010
#define SF_ALAW 0x0011
#define SF_G723_40 0x0032
#define SF_DWVW_12 0x0040
#define SF_DWVW_N 0x0043
#define SF_DPCM_8 0x0050
#define SF_VORBIS 0x0060
#define SF_OPUS 0x0064
#define SF_ALAC_16 0x0070
#define SF_ALAC_32 0x0073
#define SF_MPEG_LAYER_I 0x0080
#define SF_MPEG_LAYER_II 0x0081
#define SF_MPEG_LAYER_III 0x0082

#endif
