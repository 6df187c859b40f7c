/* The table of codecs. */
#include "base/error.h"
#include "file/codec.h"
#include "pastream.h"

const struct codec *const codecs[] = {&codec_sndfile};
const int codec_count = sizeof codecs / sizeof *codecs;

int32_t codec_open(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                   struct sound **sound) {
  int32_t status = PS_ERR_SOUNDFILE;
  for (int i = 0; i < codec_count && status < 0; i++) {
    struct codec_info wanted = *info;
    status = codecs[i]->load();
    if (status == PS_OK) status = codecs[i]->open(name, medium, mode, &wanted, sound);
    if (status == PS_OK) *info = wanted;
  }
  return status;
}
