/* Checks of what comes through the door. Each returns PS_OK, or PS_ERR_ARGUMENT with a text that names the argument. */
#ifndef PS_CHECK_H
#define PS_CHECK_H

#include <stdint.h>

#define COUNT_MOST 9e15 /* of frames: all doubles up to here are whole numbers without gaps between them */

/* A count that came as a double: whole, from `least` to `most`; NaN is none. */
int32_t check_count(const char *name, double value, double least, double most);
/* A number that stands for one of `count` things, from 0 on. */
int32_t check_choice(const char *name, int32_t value, int32_t count);
/* That there is memory where `count` things are to be copied, and that `count` is not negative. */
int32_t check_memory(const char *name, const void *memory, int32_t count);

#endif
