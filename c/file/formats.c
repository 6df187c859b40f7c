/* The public functions about formats: the codecs' formats, one list after the other. */
#include "base/error.h"
#include "file/codec.h"
#include "pastream.h"

static int32_t count_of(const struct codec *codec, int32_t kind) {
  return codec->format_count ? codec->format_count(kind) : 0;
}

/* The codec that has number `index` of its kind, with its own index; NULL if there are fewer. */
static const struct codec *codec_with(int32_t kind, int32_t *index) {
  for (int i = 0; i < codec_count; i++) {
    int32_t count = count_of(codecs[i], kind);
    if (*index < count) return codecs[i];
    *index -= count;
  }
  return NULL;
}

static int32_t load_all(void) {
  int32_t status = PS_OK;
  for (int i = 0; i < codec_count && status == PS_OK; i++) status = codecs[i]->load();
  return status;
}

int32_t ps_format_count(int32_t kind) {
  int32_t status = load_all(), count = 0;
  if (status < 0) return status;
  if (kind != 0 && kind != 1)
    return error_set(PS_ERR_ARGUMENT, 0, "the kind of formats must be 0 or 1, not %d", (int)kind);
  for (int i = 0; i < codec_count; i++) count += count_of(codecs[i], kind);
  return count;
}

int32_t ps_format_info(int32_t kind, int32_t index, char *text, int32_t size) {
  int32_t count = ps_format_count(kind), own = index;
  if (count < 0) return count;
  if (index < 0 || index >= count)
    return error_set(PS_ERR_ARGUMENT, 0, "the index of a format must be 0 to %d, not %d", (int)count - 1, (int)index);
  const struct codec *codec = codec_with(kind, &own);
  return codec ? codec->format_info(kind, own, text, size) : PS_ERR_ARGUMENT;
}

int32_t ps_format_check(int32_t format, int32_t channels, double sample_rate) {
  int32_t status = load_all();
  if (status < 0) return status;
  int32_t rate = sample_rate >= 1 && sample_rate < 1e9 ? (int32_t)sample_rate : 0;
  for (int i = 0; i < codec_count; i++)
    if (codecs[i]->format_check && codecs[i]->format_check(format, channels, rate)) return 1;
  return 0;
}
