#ifndef PS_FILE_OGG_CHAIN_H
#define PS_FILE_OGG_CHAIN_H

#include "file/codec.h"

/* Opens an Ogg file whose sounds stand one behind the other, are FLAC, or are cut off, for reading. PS_ERR_UNSUPPORTED,
 * without an error set, if there is only one of another kind; a pipe may always have more than one. */
int32_t ogg_chain_open(const char *name, struct medium *medium, struct codec_info *info, struct sound **sound);

#endif
