/* Sound files with damaged structure: parts of a header are taken apart, moved, repeated, and given wrong sizes. */
#ifndef PS_TEST_MUTANTS_H
#define PS_TEST_MUTANTS_H

#include <stddef.h>

#include "random.h"

/* Changes a file, of which `room` bytes may be used, in one way that its format's structure suggests; its new size. */
size_t mutate_structure(struct random *random, unsigned char *file, size_t size, size_t room);

/* Puts a FLAC file into the pages of an Ogg file; the size of that, 0 if it has no room. */
size_t flac_in_ogg(unsigned char *ogg, size_t room, const unsigned char *flac, size_t size);

#endif
