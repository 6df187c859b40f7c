/* The table of codecs. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "file/codec.h"
#include "file/ogg_chain.h"
#include "pastream.h"

const struct codec *const codecs[] = {&codec_mpeg, &codec_sndfile};
const int codec_count = sizeof codecs / sizeof *codecs;

int32_t codec_open_single(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                          struct sound **sound) {
  int32_t status = PS_ERR_UNSUPPORTED;
  for (int i = 0; i < codec_count && status == PS_ERR_UNSUPPORTED; i++) {
    struct codec_info wanted = *info;
    status = codecs[i]->load();
    if (status == PS_OK) status = codecs[i]->open(name, medium, mode, &wanted, sound);
    if (status == PS_OK) *info = wanted;
  }
  return status;
}

static int is_ogg(struct medium *medium) {
  char id[4];
  int found = medium->type->io.read(id, 4, medium) == 4 && memcmp(id, "OggS", 4) == 0;
  medium->type->io.seek(0, SEEK_SET, medium);
  return found;
}

int32_t codec_open(const char *name, struct medium *medium, int32_t mode, struct codec_info *info,
                   struct sound **sound) {
  int32_t status = PS_ERR_UNSUPPORTED;
  if (medium && mode == PS_MODE_READ && info->format == 0 && is_ogg(medium))
    status = ogg_chain_open(name, medium, info, sound);
  return status == PS_ERR_UNSUPPORTED ? codec_open_single(name, medium, mode, info, sound) : status;
}
