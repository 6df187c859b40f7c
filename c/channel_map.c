#include "channel_map.h"

#include <string.h>

#include "format.h"

#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define CHANNEL_MAP_NEW 4

/* 16 bytes gathered from 16, by a table of byte indices of which 0x80 gives 0. */
#if defined(__SSSE3__)
#define HAVE_SHUFFLE 1
typedef __m128i bytes16;
static inline bytes16 load16(const void *from) { return _mm_loadu_si128((const __m128i *)from); }
static inline void store16(void *to, bytes16 v) { _mm_storeu_si128((__m128i *)to, v); }
static inline bytes16 shuffle16(bytes16 v, bytes16 table) { return _mm_shuffle_epi8(v, table); }
static inline bytes16 or16(bytes16 a, bytes16 b) { return _mm_or_si128(a, b); }
#elif defined(__aarch64__)
#define HAVE_SHUFFLE 1
typedef uint8x16_t bytes16;
static inline bytes16 load16(const void *from) { return vld1q_u8(from); }
static inline void store16(void *to, bytes16 v) { vst1q_u8(to, v); }
static inline bytes16 shuffle16(bytes16 v, bytes16 table) { return vqtbl1q_u8(v, table); }
static inline bytes16 or16(bytes16 a, bytes16 b) { return vorrq_u8(a, b); }
#else
#define HAVE_SHUFFLE 0
#endif

static int table_is_identity(const struct channel_table *table) {
  for (int32_t i = 0; i < table->channels; i++)
    if (table->from[i] != i) return 0;
  return 1;
}

/* Byte tables for frames that fill 16 bytes (once or several times) or 32. */
static void table_prepare_shuffle(struct channel_table *table, size_t frame_bytes) {
  size_t span = frame_bytes > 16 ? 32 : 16;
  memset(table->shuffle, 0x80, sizeof table->shuffle);
  memset(table->muted, 0, sizeof table->muted);
  for (size_t to = 0; to < span; to++) {
    size_t frame = to / frame_bytes * frame_bytes, in_frame = to % frame_bytes;
    int32_t from = table->from[in_frame / (size_t)table->sample_bytes];
    if (from < 0) {
      table->muted[to / 16][to % 16] = table->silence;
      continue;
    }
    size_t byte = frame + (size_t)from * (size_t)table->sample_bytes + in_frame % (size_t)table->sample_bytes;
    table->shuffle[to / 16 * 2 + byte / 16][to % 16] = (uint8_t)(byte % 16);
  }
}

static void table_prepare(struct channel_table *table) {
  size_t frame_bytes = (size_t)table->channels * (size_t)table->sample_bytes;
  table->path = GATHER_SAMPLES;
  if (table_is_identity(table)) {
    table->path = GATHER_IDENTITY;
  } else if (HAVE_SHUFFLE && (frame_bytes == 32 || (frame_bytes <= 16 && 16 % frame_bytes == 0))) {
    table->path = frame_bytes == 32 ? GATHER_SHUFFLE_32 : GATHER_SHUFFLE_16;
    table_prepare_shuffle(table, frame_bytes);
  }
}

void channel_map_init(struct channel_map *map, int32_t channels, int32_t format) {
  for (int t = 0; t < 3; t++) {
    struct channel_table *table = &map->tables[t];
    table->channels = channels;
    table->sample_bytes = (int32_t)format_bytes(format);
    table->silence = format == PS_FORMAT_UINT8 ? 128 : 0;
    for (int32_t i = 0; i < channels; i++) table->from[i] = (int16_t)i;
    table_prepare(table);
  }
  map->callback = 0;
  map->owner = 1;
  atomic_init(&map->shared, 2);
}

void channel_map_set(struct channel_map *map, const int32_t *one_based) {
  struct channel_table *table = &map->tables[map->owner];
  for (int32_t i = 0; i < table->channels; i++) table->from[i] = (int16_t)(one_based ? one_based[i] - 1 : i);
  table_prepare(table);
  int before = atomic_exchange_explicit(&map->shared, map->owner | CHANNEL_MAP_NEW, memory_order_acq_rel);
  map->owner = before & ~CHANNEL_MAP_NEW;
}

const struct channel_table *channel_map_table(struct channel_map *map) {
  if (atomic_load_explicit(&map->shared, memory_order_relaxed) & CHANNEL_MAP_NEW) {
    int taken = atomic_exchange_explicit(&map->shared, map->callback, memory_order_acq_rel);
    map->callback = taken & ~CHANNEL_MAP_NEW;
  }
  return &map->tables[map->callback];
}

/* Samples as bytes: a caller's memory may be aligned to nothing. */
struct bytes1 { uint8_t byte[1]; };
struct bytes2 { uint8_t byte[2]; };
struct bytes3 { uint8_t byte[3]; };
struct bytes4 { uint8_t byte[4]; };

#define GATHER(NAME, TYPE)                                                                                     \
  static void NAME(const struct channel_table *table, void *to_bytes, const void *from_bytes, size_t frames) { \
    TYPE *restrict to = to_bytes, silence;                                                                     \
    const TYPE *restrict from = from_bytes;                                                                    \
    size_t channels = (size_t)table->channels;                                                                 \
    memset(&silence, table->silence, sizeof silence);                                                          \
    for (size_t f = 0; f < frames; f++, to += channels, from += channels)                                      \
      for (size_t c = 0; c < channels; c++) to[c] = table->from[c] < 0 ? silence : from[table->from[c]];       \
  }
GATHER(gather_1, struct bytes1)
GATHER(gather_2, struct bytes2)
GATHER(gather_3, struct bytes3)
GATHER(gather_4, struct bytes4)

static void gather_samples(const struct channel_table *table, void *to, const void *from, size_t frames) {
  switch (table->sample_bytes) {
    case 1: gather_1(table, to, from, frames); break;
    case 2: gather_2(table, to, from, frames); break;
    case 3: gather_3(table, to, from, frames); break;
    default: gather_4(table, to, from, frames);
  }
}

#if HAVE_SHUFFLE
/* Both answer how many bytes they did; the frames that do not fill 16 bytes are left. */
static size_t gather_shuffle_16(const struct channel_table *table, uint8_t *to, const uint8_t *from, size_t bytes) {
  bytes16 shuffle = load16(table->shuffle[0]), muted = load16(table->muted[0]);
  size_t i = 0;
  for (; i + 16 <= bytes; i += 16) store16(to + i, or16(shuffle16(load16(from + i), shuffle), muted));
  return i;
}

static size_t gather_shuffle_32(const struct channel_table *table, uint8_t *to, const uint8_t *from, size_t bytes) {
  bytes16 s00 = load16(table->shuffle[0]), s01 = load16(table->shuffle[1]);
  bytes16 s10 = load16(table->shuffle[2]), s11 = load16(table->shuffle[3]);
  bytes16 muted0 = load16(table->muted[0]), muted1 = load16(table->muted[1]);
  for (size_t i = 0; i + 32 <= bytes; i += 32) {
    bytes16 a = load16(from + i), b = load16(from + i + 16);
    store16(to + i, or16(or16(shuffle16(a, s00), shuffle16(b, s01)), muted0));
    store16(to + i + 16, or16(or16(shuffle16(a, s10), shuffle16(b, s11)), muted1));
  }
  return bytes;
}
#endif

void channel_map_gather(const struct channel_table *table, void *to, const void *from, size_t frames) {
  size_t frame_bytes = (size_t)table->channels * (size_t)table->sample_bytes;
  size_t done = 0;
  switch (table->path) {
    case GATHER_IDENTITY:
      memcpy(to, from, frames * frame_bytes);
      return;
#if HAVE_SHUFFLE
    case GATHER_SHUFFLE_16:
      done = gather_shuffle_16(table, to, from, frames * frame_bytes);
      break;
    case GATHER_SHUFFLE_32:
      done = gather_shuffle_32(table, to, from, frames * frame_bytes);
      break;
#endif
    default: break;
  }
  gather_samples(table, (uint8_t *)to + done, (const uint8_t *)from + done, frames - done / frame_bytes);
}
