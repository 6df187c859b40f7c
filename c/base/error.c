#include "base/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pastream.h"

static _Thread_local struct error last;

int32_t error_set(int32_t status, int32_t code, const char *format, ...) {
  last.status = status;
  last.numbers[0] = code;
  last.numbers[1] = 0;
  last.numbers[2] = -1;
  last.text[0] = 0;
  if (format) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last.text, sizeof last.text, format, arguments);
    va_end(arguments);
  }
  return status;
}

void error_set_host(int32_t host_code, int32_t host_type) {
  last.numbers[1] = host_code;
  last.numbers[2] = host_type;
}

void error_save(struct error *error) { *error = last; }

int32_t error_raise(const struct error *error) {
  if (error != &last) last = *error;
  return last.status;
}

double error_number(int32_t status) {
  if (last.status != status) error_set(status, 0, NULL);
  return NAN;
}

int32_t text_copy(const char *from, char *text, int32_t size) {
  size_t length = strlen(from);
  if (text && size > 0) {
    size_t kept = length < (size_t)size ? length : (size_t)size - 1;
    memcpy(text, from, kept);
    text[kept] = 0;
  }
  return (int32_t)length;
}

int32_t ps_error_detail(char *text, int32_t size) { return text_copy(last.text, text, size); }

int32_t ps_error_number(int32_t what) {
  if (what == PS_ERROR_STATUS) return last.status;
  if (what >= 0 && what < ERROR_NUMBERS) return last.numbers[what];
  return error_set(PS_ERR_ARGUMENT, 0, "there is no number %d of an error", (int)what);
}
