/* The detail behind the last failing call of each thread, and errors that travel from one thread to another. */
#ifndef PS_ERROR_H
#define PS_ERROR_H

#include <stdint.h>

#define ERROR_TEXT_SIZE 512
#define ERROR_NUMBERS 3 /* PS_ERROR_CODE, PS_ERROR_HOST_CODE, PS_ERROR_HOST_API_TYPE */

struct error {
  int32_t status; /* PS_OK: no error */
  int32_t numbers[ERROR_NUMBERS];
  char text[ERROR_TEXT_SIZE];
};

/* Sets the calling thread's error (the text as for printf; NULL: no text) and returns `status`. */
int32_t error_set(int32_t status, int32_t code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
void error_set_host(int32_t host_code, int32_t host_type); /* adds to the error set last */
/* Copy the calling thread's error into `error`, and back. */
void error_save(struct error *error);
int32_t error_raise(const struct error *error);
/* The result of a function that returns double and has failed with `status`: NaN, with PS_ERROR_STATUS left for the
 * caller, and the detail where that status has just been set. */
double error_number(int32_t status);

/* The end of a word after a count, in a text as for printf. */
#define PLURAL(count) ((count) == 1 ? "" : "s")

/* Copies a text into a caller's buffer, truncated and terminated; returns its full length. */
int32_t text_copy(const char *from, char *text, int32_t size);

#endif
