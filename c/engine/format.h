/* Sample formats: sizes, silence, and conversion between them. */
#ifndef PS_FORMAT_H
#define PS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "pastream.h"

/* Bytes of one sample of a PS_FORMAT_, 0 for an unknown format. */
size_t format_bytes(int32_t format);
/* Fills with silence: 128 for uint8, else 0. */
void format_silence(int32_t format, void *samples, size_t count);
/* Converts samples between stream formats; integers are aligned at full scale, floating point is rounded and clipped.
 * */
void format_convert(int32_t to_format, void *to, int32_t from_format, const void *from, size_t count);
/* Whether floating point has no NaN, and nothing beyond +-peak. */
int format_within(int32_t format, const void *samples, size_t count, double peak);
/* Copies floating point, clipped to +-peak, with 0 for NaN. */
void format_limit(int32_t format, void *to, const void *from, size_t count, double peak);
/* float32 as sound files of 16 bits get it: clipped, rounded at 32 bits, cut to the upper 16, with 0 for NaN. */
void format_cut_to_int16(void *to, const void *from, size_t count);

#endif
