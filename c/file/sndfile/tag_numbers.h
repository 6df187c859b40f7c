/* The door's numbers of text tags, which are libsndfile's. */
#ifndef PS_FILE_SNDFILE_TAG_NUMBERS_H
#define PS_FILE_SNDFILE_TAG_NUMBERS_H

enum {
  TAG_TITLE = 1,
  TAG_COPYRIGHT,
  TAG_SOFTWARE,
  TAG_ARTIST,
  TAG_COMMENT,
  TAG_DATE,
  TAG_ALBUM,
  TAG_LICENSE,
  TAG_TRACK,
  TAG_GENRE = 16
};

#endif
