/* Errors of sound files: PS_ERR_SOUNDFILE, with the file's name in the text. */
#ifndef PS_FILE_ERROR_H
#define PS_FILE_ERROR_H

#include <stdint.h>

/* "name: text"; `code` is the codec's number for it, or 0. */
int32_t file_error(const char *name, int32_t code, const char *text);
/* The system's text for an errno. */
int32_t file_system_error(const char *name, int error);

#endif
