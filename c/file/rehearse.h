#ifndef PS_FILE_REHEARSE_H
#define PS_FILE_REHEARSE_H

#include "file/codec.h"

/* Writes and reads a file of that kind in memory. PS_OK, or an error that says what is wrong with it. */
int32_t rehearse(const char *name, int32_t mode, const struct codec_info *wanted);

#endif
