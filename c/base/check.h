/* Checks of arguments from outside. Each returns PS_OK, or PS_ERR_ARGUMENT with a text that names the argument. */
#ifndef PS_CHECK_H
#define PS_CHECK_H

#include <stdint.h>

#define COUNT_MOST 9e15 /* of frames: all doubles up to here are whole numbers without gaps between them */

/* A count passed as a double: a whole number from `least` to `most`. NaN is an error. */
int32_t check_count(const char *name, double value, double least, double most);
/* A number from 0 to `count` - 1. */
int32_t check_choice(const char *name, int32_t value, int32_t count);
/* `count` is not negative, and the memory is not NULL unless `count` is 0. */
int32_t check_memory(const char *name, const void *memory, int32_t count);

#endif
