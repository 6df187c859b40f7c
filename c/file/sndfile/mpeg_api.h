/* What the library uses of libmpg123, which libsndfile brings along, and of LAME. Where it is linked into libsndfile,
 * as in the bundle, it cannot be called, and libsndfile decodes MPEG itself. */
#ifndef PS_FILE_SNDFILE_MPEG_API_H
#define PS_FILE_SNDFILE_MPEG_API_H

#include <stddef.h>
#include <stdint.h>

struct mpg123; /* mpg123_handle */

#define MPG123_OK 0
#define MPG123_NEW_FORMAT (-11)
#define MPG123_DONE (-12)
/* Parameters. */
#define MPG123_ADD_FLAGS 2
#define MPG123_REMOVE_FLAGS 13
/* Flags. */
#define MPG123_QUIET 0x20
#define MPG123_GAPLESS 0x40
#define MPG123_FORCE_FLOAT 0x400
#define MPG123_AUTO_RESAMPLE 0x8000
#define MPG123_NO_FRANKENSTEIN 0x1000000
#define MPG123_ENC_FLOAT_32 0x200

struct mpg123_frame {
  int version, layer;
  long rate;
  int mode, mode_ext, frame_size, flags, emphasis, bit_rate, average_rate, variable;
};

struct mpg123_text {
  char *text;
  size_t size, fill;
};

struct mpg123_field {
  char language[3], id[4];
  struct mpg123_text description, text;
};

struct mpg123_tag1 {
  char tag[3], title[30], artist[30], album[30], year[4], comment[30];
  unsigned char genre;
};

struct mpg123_tag2 {
  unsigned char version;
  struct mpg123_text *title, *artist, *album, *year, *genre, *comment;
  struct mpg123_field *comment_list;
  size_t comments;
  struct mpg123_field *texts;
  size_t text_count;
};

/* Functions: result, name here, name there, parameters. off_t has 64 bits wherever they are found. */
#define MPEG_FUNCTIONS(F)                                                                                    \
  F(int, init, mpg123_init, (void))                                                                          \
  F(struct mpg123 *, create, mpg123_new, (const char *decoder, int *error))                                  \
  F(void, destroy, mpg123_delete, (struct mpg123 * mpeg))                                                    \
  F(int, set, mpg123_param, (struct mpg123 * mpeg, int parameter, long value, double number))                \
  F(int, set_reader, mpg123_replace_reader_handle,                                                           \
    (struct mpg123 * mpeg, ptrdiff_t (*read)(void *, void *, size_t), int64_t (*seek)(void *, int64_t, int), \
     void (*cleanup)(void *)))                                                                               \
  F(int, open, mpg123_open_handle, (struct mpg123 * mpeg, void *handle))                                     \
  F(int, get_format, mpg123_getformat, (struct mpg123 * mpeg, long *rate, int *channels, int *encoding))     \
  F(int, set_format, mpg123_format, (struct mpg123 * mpeg, long rate, int channels, int encodings))          \
  F(int, frame, mpg123_info, (struct mpg123 * mpeg, struct mpg123_frame * frame))                            \
  F(int64_t, length, mpg123_length, (struct mpg123 * mpeg))                                                  \
  F(int, scan, mpg123_scan, (struct mpg123 * mpeg))                                                          \
  F(int, read, mpg123_read, (struct mpg123 * mpeg, unsigned char *data, size_t bytes, size_t *done))         \
  F(int64_t, seek, mpg123_seek, (struct mpg123 * mpeg, int64_t frame, int whence))                           \
  F(int, tags, mpg123_id3, (struct mpg123 * mpeg, struct mpg123_tag1 * *one, struct mpg123_tag2 * *two))     \
  F(const char *, error_text, mpg123_strerror, (struct mpg123 * mpeg))                                       \
  F(void, genres, id3tag_genre_list, (void (*each)(int number, const char *name, void *argument), void *argument))

struct mpeg_api {
#define F(result, name, real_name, parameters) result(*name) parameters;
  MPEG_FUNCTIONS(F)
#undef F
};

#endif
