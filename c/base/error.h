/* The detail behind the last failing call of each thread, and errors that travel from one thread to another. */
#ifndef PS_ERROR_H
#define PS_ERROR_H

#include <stdint.h>

#define ERROR_TEXT_SIZE 512
#define ERROR_NUMBERS 3 /* code of PortAudio or libsndfile, code of the host API, PaHostApiTypeId */

struct error {
  int32_t status; /* PS_OK: none */
  int32_t numbers[ERROR_NUMBERS];
  char text[ERROR_TEXT_SIZE];
};

/* Sets the calling thread's error (text in printf's manner; NULL: none) and answers `status`. */
int32_t error_set(int32_t status, int32_t code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
void error_set_host(int32_t host_code, int32_t host_type); /* adds to the error set last */
/* Copies between the calling thread's error and one kept elsewhere. */
void error_save(struct error *error);
int32_t error_raise(const struct error *error);

/* Copies a text into a caller's buffer, cut and terminated; answers its full length. */
int32_t text_copy(const char *from, char *text, int32_t size);

#endif
