/* Our declarations of libmpg123 against its own header, where that is installed.
 * No threads: declarations are compared. */
#include "abi.h"
#include "file/sndfile/mpeg_api.h"

#if defined(__has_include)
#if __has_include(<mpg123.h>)
#define HEADER 1
#endif
#endif

#if defined(HEADER)
/* The header has the same names: ours are kept under others, and make room for its. */
#define CONSTANTS(C) \
  C(OK)              \
  C(NEW_FORMAT)      \
  C(DONE)            \
  C(ADD_FLAGS) C(REMOVE_FLAGS) C(QUIET) C(GAPLESS) C(FORCE_FLOAT) C(AUTO_RESAMPLE) C(NO_FRANKENSTEIN) C(ENC_FLOAT_32)
#define KEEP(name) OUR_##name = MPG123_##name,
enum { CONSTANTS(KEEP) };
#undef MPG123_OK
#undef MPG123_NEW_FORMAT
#undef MPG123_DONE
#undef MPG123_ADD_FLAGS
#undef MPG123_REMOVE_FLAGS
#undef MPG123_QUIET
#undef MPG123_GAPLESS
#undef MPG123_FORCE_FLOAT
#undef MPG123_AUTO_RESAMPLE
#undef MPG123_NO_FRANKENSTEIN
#undef MPG123_ENC_FLOAT_32
#define MPG123_ENUM_API 1 /* the functions that every version has */
#include <mpg123.h>

TEST(constants) {
#define COMPARE(name) CHECK_EQUAL((int)OUR_##name, (int)MPG123_##name);
  CONSTANTS(COMPARE)
}

TEST(layouts) {
  SAME_SIZE(mpg123_frame, struct mpg123_frameinfo);
#define FRAME(field, their_field) SAME_FIELD(mpg123_frame, field, struct mpg123_frameinfo, their_field)
  FRAME(version, version);
  FRAME(layer, layer);
  FRAME(rate, rate);
  FRAME(mode, mode);
  FRAME(mode_ext, mode_ext);
  FRAME(frame_size, framesize);
  FRAME(flags, flags);
  FRAME(emphasis, emphasis);
  FRAME(bit_rate, bitrate);
  FRAME(average_rate, abr_rate);
  FRAME(variable, vbr);

  SAME_SIZE(mpg123_text, mpg123_string);
  SAME_FIELD(mpg123_text, text, mpg123_string, p);
  SAME_FIELD(mpg123_text, size, mpg123_string, size);
  SAME_FIELD(mpg123_text, fill, mpg123_string, fill);

  SAME_SIZE(mpg123_field, mpg123_text);
  SAME_FIELD(mpg123_field, language, mpg123_text, lang);
  SAME_FIELD(mpg123_field, id, mpg123_text, id);
  SAME_FIELD(mpg123_field, description, mpg123_text, description);
  SAME_FIELD(mpg123_field, text, mpg123_text, text);

  SAME_SIZE(mpg123_tag1, mpg123_id3v1);
#define TAG1(field) SAME_FIELD(mpg123_tag1, field, mpg123_id3v1, field)
  TAG1(tag);
  TAG1(title);
  TAG1(artist);
  TAG1(album);
  TAG1(year);
  TAG1(comment);
  TAG1(genre);

  /* The library makes it, and has more behind. */
#define TAG2(field, their_field) SAME_FIELD(mpg123_tag2, field, mpg123_id3v2, their_field)
  TAG2(version, version);
  TAG2(title, title);
  TAG2(artist, artist);
  TAG2(album, album);
  TAG2(year, year);
  TAG2(genre, genre);
  TAG2(comment, comment);
  TAG2(comment_list, comment_list);
  TAG2(comments, comments);
  TAG2(texts, text);
  TAG2(text_count, texts);
}

/* Types that our declarations spell out, and signatures that use them. */
TEST(types) {
#define SIGNATURE(function, type) CHECK(_Generic(&function, type: 1, default: 0))
  CHECK(INT_LIKE(enum mpg123_parms));
  CHECK_EQUAL(sizeof(off_t), sizeof(int64_t));
  CHECK_EQUAL(sizeof(ssize_t), sizeof(ptrdiff_t));
  SIGNATURE(mpg123_init, int (*)(void));
  SIGNATURE(mpg123_new, mpg123_handle * (*)(const char *, int *));
  SIGNATURE(mpg123_delete, void (*)(mpg123_handle *));
  SIGNATURE(mpg123_param, int (*)(mpg123_handle *, enum mpg123_parms, long, double));
  SIGNATURE(mpg123_replace_reader_handle, int (*)(mpg123_handle *, ssize_t (*)(void *, void *, size_t),
                                                  off_t (*)(void *, off_t, int), void (*)(void *)));
  SIGNATURE(mpg123_open_handle, int (*)(mpg123_handle *, void *));
  SIGNATURE(mpg123_getformat, int (*)(mpg123_handle *, long *, int *, int *));
  SIGNATURE(mpg123_format, int (*)(mpg123_handle *, long, int, int));
  SIGNATURE(mpg123_info, int (*)(mpg123_handle *, struct mpg123_frameinfo *));
  SIGNATURE(mpg123_length, off_t (*)(mpg123_handle *));
  SIGNATURE(mpg123_scan, int (*)(mpg123_handle *));
  CHECK(_Generic(&mpg123_read,
            int (*)(mpg123_handle *, void *, size_t, size_t *): 1,
            int (*)(mpg123_handle *, unsigned char *, size_t, size_t *): 1, /* before 1.26 */
            default: 0));
  SIGNATURE(mpg123_seek, off_t (*)(mpg123_handle *, off_t, int));
  SIGNATURE(mpg123_id3, int (*)(mpg123_handle *, mpg123_id3v1 **, mpg123_id3v2 **));
  SIGNATURE(mpg123_strerror, const char *(*)(mpg123_handle *));
}
#endif

int main(void) {
#if defined(HEADER)
  RUN(constants);
  RUN(layouts);
  RUN(types);
  return test_end();
#else
  printf("ok 1 - declarations # SKIP not installed: mpg123.h\n");
  return 0;
#endif
}
