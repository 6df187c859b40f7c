#include "base/error.h"
#include "pastream.h"

#define VERSION "0.1.0" /* a test compares it with the package's */

int32_t ps_abi_version(void) { return PS_ABI_VERSION; }

int32_t ps_version(char *text, int32_t size) { return text_copy(VERSION, text, size); }
