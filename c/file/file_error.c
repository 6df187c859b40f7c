#include "file/file_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "pastream.h"

#define NAME_SHOWN 200 /* bytes of a path that an error text has, the last ones */
#define CODE_SYSTEM 2  /* libsndfile's number for an error of the system */

/* What libsndfile puts before the words of the system, which say enough. */
static const char SYSTEM[] = "System error : ";

int32_t file_error(const char *name, int32_t code, const char *text) {
  size_t length = strlen(name);
  const char *shown = length > NAME_SHOWN ? name + length - NAME_SHOWN : name;
  if (!strncmp(text, SYSTEM, sizeof SYSTEM - 1)) text += sizeof SYSTEM - 1;
  return error_set(PS_ERR_SOUNDFILE, code, "%s%s: %s", shown == name ? "" : "…", shown, text);
}

int32_t file_system_error(const char *name, int error) {
  char text[256];
  if (error == ENOMEM) return error_set(PS_ERR_MEMORY, 0, NULL);
  snprintf(text, sizeof text, "%s.", strerror(error));
  file_error(name, CODE_SYSTEM, text);
  error_set_host(error, -1);
  return PS_ERR_SOUNDFILE;
}
