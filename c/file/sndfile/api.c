#include "file/sndfile/api.h"

#include <string.h>

#include "base/library.h"
#include "pastream.h"

struct sndfile_api sndfile;

static const char *const file_names[] = {
#if defined(_WIN32)
    "sndfile.dll", "libsndfile-1.dll", "libsndfile.dll", "libsndfile_x64.dll",
#elif defined(__APPLE__)
    "libsndfile.1.dylib",
#else
    "libsndfile.so.1",
    "libsndfile.so",
#endif
    NULL,
};

/* In the bundle. */
#if defined(_WIN32)
#define BUNDLED "sndfile.dll"
#elif defined(__APPLE__)
#define BUNDLED "libsndfile.1.dylib"
#else
#define BUNDLED "libsndfile.so.1"
#endif

static const struct library_symbol symbols[] = {
#define F(result, name, real_name, parameters) {#real_name, offsetof(struct sndfile_api, name), 0},
    SNDFILE_FUNCTIONS(F)
#undef F
/* Found through libsndfile, which depends on their libraries. */
#define F(result, name, real_name, parameters) {#real_name, offsetof(struct sndfile_api, mpeg.name), 1},
        MPEG_FUNCTIONS(F)
#undef F
#if defined(_WIN32)
            {"sf_wchar_open", offsetof(struct sndfile_api, open_wide), 0},
#endif
};

/* "1.2.0" of "libsndfile-1.2.0". */
static const char *version(void) {
  const char *text = sndfile.version_string(), *dash = strchr(text, '-');
  return dash ? dash + 1 : text;
}

struct library library_sndfile = {
    .variable = "PASTREAM_SNDFILE",
    .names = file_names,
    .bundled = BUNDLED,
    .missing = PS_ERR_NO_SNDFILE,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof symbols[0],
    .functions = &sndfile,
    .version = version,
    .lock = OS_MUTEX_INIT,
};
