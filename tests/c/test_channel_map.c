/* Channel maps: what is gathered is what a loop over the samples gathers, for frames of all sizes, anywhere in memory,
 * by the vectors of every processor.
 * No threads: it runs on one. */
#include "engine/channel_map.h"

#include "base/processor.h"
#include "engine/format.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define FRAMES 70
#define CHANNELS 72
#define GUARD 64

static unsigned char from[FRAMES * CHANNELS * 4 + GUARD], to[FRAMES * CHANNELS * 4 + 2 * GUARD], wanted[sizeof to];

/* A map of any kind: the same, mirrored, wild, or with holes. */
static void fill_map(int32_t *map, int channels, struct random *random) {
  int kind = (int)random_between(random, 0, 4);
  for (int c = 0; c < channels; c++) {
    map[c] = kind == 0 ? c + 1 : kind == 1 ? channels - c : (int32_t)random_between(random, 1, channels);
    if ((kind == 3 && random_once_in(random, 4)) || kind == 4) map[c] = 0;
  }
}

static void gather_plainly(const int32_t *map, int channels, int32_t format, const unsigned char *in, size_t frames,
                           unsigned char *out) {
  size_t bytes = format_bytes(format);
  for (size_t f = 0; f < frames; f++, in += (size_t)channels * bytes)
    for (int c = 0; c < channels; c++, out += bytes) {
      if (map[c] == 0)
        format_silence(format, out, 1);
      else
        memcpy(out, in + (size_t)(map[c] - 1) * bytes, bytes);
    }
}

static void compare(struct random *random, int most_channels) {
  static struct channel_map map;
  int32_t one_based[CHANNELS], format = (int32_t)random_between(random, PS_FORMAT_FLOAT32, PS_FORMAT_UINT8);
  int channels = (int)random_between(random, 1, most_channels);
  size_t frames = (size_t)random_between(random, 0, FRAMES), bytes = frames * (size_t)channels * format_bytes(format);
  size_t at_from = (size_t)random_between(random, 0, 40), at_to = (size_t)random_between(random, 0, 40);
  for (size_t i = 0; i < sizeof from; i++) from[i] = (unsigned char)random_next(random);
  fill_map(one_based, channels, random);
  channel_map_init(&map, channels, channels, format);
  channel_map_set(&map, one_based);
  memset(to, 0xaa, sizeof to);
  memset(wanted, 0xaa, sizeof wanted);
  gather_plainly(one_based, channels, format, from + at_from, frames, wanted + at_to);
  channel_map_gather(channel_map_table(&map), to + at_to, from + at_from, frames);
  if (!CHECK(memcmp(to, wanted, sizeof to) == 0)) /* and nothing before or after it is touched */
    printf("# format %d, %d channels, %zu frames, %zu bytes\n", (int)format, channels, frames, bytes);
}

static void compare_all(void) {
  struct random random = {random_seed()};
  for (int i = 0; i < (test_full() ? 20000 : 800); i++) compare(&random, i % 3 ? 10 : CHANNELS);
}

TEST(vectors_gather_what_a_loop_does) { compare_all(); }

TEST(so_do_those_of_older_processors) {
  processor_hide_avx2(1);
  compare_all();
  processor_hide_avx2(0);
}

int main(void) {
  RUN(vectors_gather_what_a_loop_does);
  RUN(so_do_those_of_older_processors);
  return test_end();
}
