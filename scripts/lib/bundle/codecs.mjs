// How libsndfile and what is inside it are compiled: for each library its files, its flags, and the text of its
// config.h, which asks the compiler about the target, so that one text serves all of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const windows = ({ name }) => name.startsWith("windows");
const x64 = ({ name }) => name.includes("-x64");

/** What every system has that the bundle is for, except that Windows lacks some. */
const common = `
#define HAVE_STDINT_H 1
#define HAVE_INTTYPES_H 1
#define HAVE_STDIO_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRING_H 1
#define HAVE_STRINGS_H 1
#define HAVE_MEMORY_H 1
#define HAVE_LIMITS_H 1
#define HAVE_ERRNO_H 1
#define HAVE_FCNTL_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_LOCALE_H 1
#define HAVE_UNISTD_H 1
#define HAVE_LRINT 1
#define HAVE_LRINTF 1
#define HAVE_LROUND 1
#define STDC_HEADERS 1
`;

/** The names in an assignment of a makefile: NAME = a.c \\ b.c. */
function listed(path, ...names) {
  const text = readFileSync(path, "utf8");
  return names.flatMap((name) => {
    const value = new RegExp(`^${name} *= *((?:.*\\\\\n)*.*)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`${path} has no ${name}`);
    return value.split(/[\s\\]+/).filter(Boolean);
  });
}

/** Headers that are installed in a folder which the archive does not have: <name>/<header>. */
const alias = (name, ...headers) =>
  Object.fromEntries(headers.map((h) => [`${name}/${h}`, `#include "../../../sources/${name}/include/${h}"\n`]));

const ogg = {
  files: () => ["src/bitwise.c", "src/framing.c"],
  include: ["include"],
  configs: {
    "ogg/config_types.h": `
#include <stdint.h>
typedef int16_t ogg_int16_t;
typedef uint16_t ogg_uint16_t;
typedef int32_t ogg_int32_t;
typedef uint32_t ogg_uint32_t;
typedef int64_t ogg_int64_t;
typedef uint64_t ogg_uint64_t;
`,
  },
  flags: () => [],
};

const vorbis = {
  files: () =>
    [
      ..."mdct smallft block envelope window lsp lpc analysis synthesis psy info floor1 floor0 res0 mapping0".split(
        " ",
      ),
      ..."registry codebook sharedbook lookup bitrate vorbisenc".split(" "),
    ].map((name) => `lib/${name}.c`),
  include: ["include", "lib"],
  uses: ["ogg"],
  configs: {},
  flags: () => [],
};

/** Vector code is taken where every processor of the target has it; none is chosen at run time. */
const opus = {
  files(target, folder) {
    const list = (name, ...parts) => listed(join(folder, `${name}_sources.mk`), ...parts);
    const x86 = ["celt/x86/pitch_sse.c", "celt/x86/pitch_sse2.c", "celt/x86/vq_sse2.c"];
    const arm = ["celt/arm/celt_neon_intr.c", "celt/arm/pitch_neon_intr.c"];
    return [
      ...list("opus", "OPUS_SOURCES", "OPUS_SOURCES_FLOAT"),
      ...list("celt", "CELT_SOURCES"),
      ...list("silk", "SILK_SOURCES", "SILK_SOURCES_FLOAT"),
      ...(x64(target) ? x86 : arm),
      ...(x64(target) ? [] : list("silk", "SILK_SOURCES_ARM_NEON_INTR")),
    ];
  },
  include: ["include", "celt", "silk", "silk/float", "."],
  configs: {
    ...alias("opus", "opus.h", "opus_multistream.h"),
    "config.h": `${common}
#define OPUS_BUILD 1
#define USE_ALLOCA 1
#define HAVE_ALLOCA_H 1
#if defined(_WIN32)
#undef HAVE_ALLOCA_H
#endif
#define ENABLE_HARDENING 1
#define PACKAGE_VERSION "1.5.2"
#if defined(__x86_64__)
#define OPUS_X86_MAY_HAVE_SSE 1
#define OPUS_X86_PRESUME_SSE 1
#define OPUS_X86_MAY_HAVE_SSE2 1
#define OPUS_X86_PRESUME_SSE2 1
#elif defined(__aarch64__)
#define OPUS_ARM_MAY_HAVE_NEON 1
#define OPUS_ARM_MAY_HAVE_NEON_INTR 1
#define OPUS_ARM_PRESUME_NEON 1
#define OPUS_ARM_PRESUME_NEON_INTR 1
#define OPUS_ARM_PRESUME_AARCH64_NEON_INTR 1
#endif
`,
  },
  flags: () => ["-DHAVE_CONFIG_H", "-DOPUS_EXPORT="],
};

/** Its own vector code is chosen at run time, by what the processor has. */
const flac = {
  files(target) {
    const x86 = ["fixed_intrin_sse2", "fixed_intrin_ssse3", "fixed_intrin_sse42", "fixed_intrin_avx2"];
    const lpc = ["lpc_intrin_sse2", "lpc_intrin_sse41", "lpc_intrin_avx2", "lpc_intrin_fma"];
    const encoder = ["stream_encoder_intrin_sse2", "stream_encoder_intrin_ssse3", "stream_encoder_intrin_avx2"];
    const names =
      "bitmath bitreader bitwriter cpu crc fixed float format lpc md5 memory metadata_iterators metadata_object";
    return [
      ...names.split(" "),
      ...["stream_decoder", "stream_encoder", "stream_encoder_framing", "window"],
      ...(x64(target) ? [...x86, ...lpc, ...encoder] : ["lpc_intrin_neon"]),
    ].map((name) => `src/libFLAC/${name}.c`)
      .concat(windows(target) ? ["src/share/win_utf8_io/win_utf8_io.c"] : []);
  },
  include: ["include", "src/libFLAC/include"],
  configs: {
    "config.h": `${common}
#define ENABLE_64_BIT_WORDS 1
#define CPU_IS_BIG_ENDIAN 0
#define WORDS_BIGENDIAN 0
#define FLAC__HAS_OGG 0
#define HAVE_BSWAP16 1
#define HAVE_BSWAP32 1
#define HAVE_FSEEKO 1
#define HAVE_CLOCK_GETTIME 1
#define PACKAGE_VERSION "1.5.0"
#if defined(__x86_64__)
#define FLAC__CPU_X86_64 1
#define FLAC__HAS_X86INTRIN 1
#define FLAC__ALIGN_MALLOC_DATA 1
#define FLAC__USE_AVX 1
#define HAVE_CPUID_H 1
#elif defined(__aarch64__)
#define FLAC__CPU_ARM64 1
#define FLAC__HAS_NEONINTRIN 1
#define FLAC__HAS_A64NEONINTRIN 1
#endif
#if defined(__APPLE__)
#define FLAC__SYS_DARWIN 1
#elif defined(__linux__)
#define FLAC__SYS_LINUX 1
#endif
`,
  },
  flags: () => ["-DHAVE_CONFIG_H", "-DFLAC__NO_DLL", "-DNDEBUG"],
};

const mpg123 = {
  files: () =>
    [
      ..."parse frame format dct64 id3 optimize readers tabinit libmpg123 index layer1 layer2 layer3 equalizer".split(
        " ",
      ),
      ..."synth_8bit synth synth_s32 synth_real lfs_wrap icy icy2utf8 feature ntom stringbuf".split(" "),
    ].map((name) => `src/libmpg123/${name}.c`).concat("src/compat/compat.c", "src/compat/compat_str.c"),
  include: ["src/include", "src/libmpg123", "src/compat", "src"],
  configs: {
    "config.h": `${common}
#define ACCURATE_ROUNDING 1
#define FRAME_INDEX 1
#define INDEX_SIZE 1000
#define GAPLESS 1
#define IEEE_FLOAT 1
#define USE_NEW_HUFFTABLE 1
#define CCALIGN 1
#define HAVE_STRERROR 1
#define HAVE_SETLOCALE 1
#define SIZEOF_OFF_T 8
#define PACKAGE_NAME "mpg123"
#define PACKAGE_VERSION "1.32.10"
#define PKGLIBDIR ""
#define LT_MODULE_EXT ""
#if defined(_WIN32)
#define HAVE_WINDOWS_H 1
#define WANT_WIN32_UNICODE 1
#else
#define HAVE_SIGNAL_H 1
#define HAVE_DIRENT_H 1
#endif
`,
  },
  // Without a word on standard error: libsndfile says what is wrong.
  flags:
    () => ["-DOPT_GENERIC", "-DREAL_IS_FLOAT", "-DNO_WARNING", "-DNO_ERRORMSG", "-DNO_ERETURN", "-DMPG123_EXPORT="],
};

const lame = {
  files: () =>
    [
      ..."VbrTag bitstream encoder fft gain_analysis id3tag lame newmdct presets psymodel quantize quantize_pvt".split(
        " ",
      ),
      ..."reservoir set_get tables takehiro util vbrquantize version mpglib_interface".split(" "),
    ].map((name) => `libmp3lame/${name}.c`),
  include: ["include", "libmp3lame"],
  configs: {
    "config.h": `${common}
#define HAVE_MEMCPY 1
#define HAVE_STRCHR 1
#define HAVE_STRTOL 1
#define PROTOTYPES 1
#define SIZEOF_DOUBLE 8
#define SIZEOF_FLOAT 4
#define TAKEHIRO_IEEE754_HACK 1
#define USE_FAST_LOG 1
#define PACKAGE "lame"
typedef long double ieee854_float80_t;
typedef double ieee754_float64_t;
typedef float ieee754_float32_t;
`,
    ...alias("lame", "lame.h"),
  },
  flags: () => ["-DHAVE_CONFIG_H"],
};

const sndfile = {
  files: () =>
    [
      ..."common file_io command pcm ulaw alaw float32 double64 ima_adpcm ms_adpcm gsm610 dwvw vox_adpcm".split(" "),
      ..."interleave strings dither cart broadcast audio_detect ima_oki_adpcm nms_adpcm alac chunk ogg chanmap".split(
        " ",
      ),
      ..."windows id3 sndfile aiff au avr caf dwd flac g72x htk ircam macos mat4 mat5 nist paf pvf raw rx2 sd2".split(
        " ",
      ),
      ..."sds svx txw voc wve w64 wavlike wav xi mpc2k rf64 ogg_vorbis ogg_speex ogg_pcm ogg_opus".split(" "),
      ..."ogg_vcomment mpeg mpeg_decode mpeg_l3_encode".split(" "),
      ...["ALACBitUtilities", "ag_dec", "ag_enc", "dp_dec", "dp_enc", "matrix_dec", "matrix_enc"].map((n) =>
        `ALAC/${n}`
      ),
      ...["alac_decoder", "alac_encoder"].map((n) => `ALAC/${n}`),
      ...["g721", "g723_16", "g723_24", "g723_40", "g72x"].map((n) => `G72x/${n}`),
      ..."add code decode gsm_create gsm_decode gsm_destroy gsm_encode gsm_option long_term lpc".split(" ")
        .map((n) => `GSM610/${n}`),
      ..."preprocess rpe short_term table"
        .split(" ").map((n) => `GSM610/${n}`),
    ].map((name) => `src/${name}.c`),
  include: ["include", "src"],
  uses: ["ogg", "vorbis", "opus", "flac", "mpg123", "lame"],
  configs: {
    "config.h": `${common}
#define COMPILER_IS_GCC 1
#define CPU_IS_LITTLE_ENDIAN 1
#define CPU_IS_BIG_ENDIAN 0
#define WORDS_BIGENDIAN 0
#define CPU_CLIPS_NEGATIVE 0
#define CPU_CLIPS_POSITIVE 0
#define ENABLE_EXPERIMENTAL_CODE 0
#define HAVE_EXTERNAL_XIPH_LIBS 1
#define HAVE_MPEG 1
#define HAVE_SQLITE3 0
#define HAVE_STDBOOL_H 1
#define HAVE_SSIZE_T 1
#define HAVE_GMTIME 1
#define PACKAGE_NAME "libsndfile"
#define PACKAGE_VERSION "1.2.2"
#define PACKAGE "libsndfile"
#define VERSION "1.2.2"
#define SIZEOF_WCHAR_T (__SIZEOF_WCHAR_T__)
#define SIZEOF_OFF_T 8
#if defined(_WIN32)
#define OS_IS_WIN32 1
#define USE_WINDOWS_API 1
#define HAVE_IO_H 1
#define HAVE_DECL_S_IRGRP 0
#else
#define OS_IS_WIN32 0
#define USE_WINDOWS_API 0
#define HAVE_DECL_S_IRGRP 1
#define HAVE_FSYNC 1
#define HAVE_GMTIME_R 1
#define HAVE_GETTIMEOFDAY 1
#define HAVE_MMAP 1
#endif
#if defined(__x86_64__)
#define USE_SSE2 1
#define HAVE_IMMINTRIN_H 1
#endif
`,
  },
  // Its codecs are inside, not in DLLs of their own.
  flags: () => ["-DHAVE_CONFIG_H", "-DFLAC__NO_DLL"],
  exports: `#include "sndfile.h"\n`,
  pattern: "sf_*",
  libraries: (target) => (windows(target) ? ["-lshlwapi"] : ["-lm", "-lpthread"]),
};

/** In the order of linking. */
export const codecs = { sndfile, flac, vorbis, opus, ogg, mpg123, lame };
