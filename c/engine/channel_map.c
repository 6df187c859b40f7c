#include "engine/channel_map.h"

#include <string.h>

#include "engine/format.h"

#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define CHANNEL_MAP_NEW 4
#define TILE_BYTES 4096 /* gathered vector by vector before going on: they stay in the first cache */

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

/* The byte of a unit that comes to byte `to` of it; -1 for silence. */
static int byte_from(const struct channel_table *table, size_t to) {
  size_t sample = (size_t)table->sample_bytes, frame = sample * (size_t)table->channels, in_frame = to % frame;
  int32_t from = table->from[in_frame / sample];
  return from < 0 ? -1 : (int)(to - in_frame + (size_t)from * sample + in_frame % sample);
}

/* Adds the vector that goes to `to`, of which the first `end` bytes count: the others are written over by what comes
 * later. Each step takes the lowest bytes that are still missing, and what else is within its reach. 0 if there are too
 * many steps. */
static int add_vector(struct channel_table *table, size_t to, size_t end) {
  size_t last = table->unit < 16 ? 0 : table->unit - 16u;
  uint32_t missing = 0;
  struct gather_vector *vector = &table->vector[table->vectors++];
  *vector = (struct gather_vector){.to = (uint16_t)to};
  for (size_t i = 0; i < end; i++) {
    if (byte_from(table, to + i) < 0)
      vector->muted[i] = table->silence;
    else
      missing |= 1u << i;
  }
  while (missing) {
    if (table->steps == GATHER_STEPS) return 0;
    struct gather_step *step = &table->step[table->steps++];
    size_t from = last;
    for (size_t i = 0; i < end; i++)
      if (missing & 1u << i && (size_t)byte_from(table, to + i) < from) from = (size_t)byte_from(table, to + i);
    step->from = (uint16_t)from;
    memset(step->shuffle, 0x80, sizeof step->shuffle);
    for (size_t i = 0; i < end; i++) {
      if (!(missing & 1u << i)) continue;
      size_t byte = (size_t)byte_from(table, to + i);
      if (byte >= from + 16) continue;
      step->shuffle[i] = (uint8_t)(byte - from);
      missing &= ~(1u << i);
    }
    vector->steps++;
  }
  return 1;
}

/* 0 if the frame is too long, or the map too wild. */
static int prepare_shuffles(struct channel_table *table) {
  size_t frame = (size_t)table->channels * (size_t)table->sample_bytes;
  size_t unit = frame < 16 ? 16 / frame * frame : frame;
  table->vectors = table->steps = 0;
  if (!HAVE_SHUFFLE || unit > 16 * GATHER_VECTORS) return 0;
  table->unit = (uint16_t)unit;
  size_t last = unit < 16 ? 0 : unit - 16;
  for (size_t to = 0; to < last; to += 16)
    if (!add_vector(table, to, last - to < 16 ? last - to : 16)) return 0;
  return add_vector(table, last, unit < 16 ? unit : 16);
}

static void table_prepare(struct channel_table *table) {
  if (table_is_identity(table))
    table->path = GATHER_IDENTITY;
  else
    table->path = prepare_shuffles(table) ? GATHER_SHUFFLES : GATHER_SAMPLES;
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
struct bytes1 {
  uint8_t byte[1];
};
struct bytes2 {
  uint8_t byte[2];
};
struct bytes3 {
  uint8_t byte[3];
};
struct bytes4 {
  uint8_t byte[4];
};

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
/* One vector of many units. With a constant number of steps their tables stay in registers. */
static inline void gather_vector(const struct gather_vector *vector, const struct gather_step *step, unsigned steps,
                                 uint8_t *restrict to, const uint8_t *restrict from, size_t units, size_t unit) {
  bytes16 muted = load16(vector->muted);
  for (to += vector->to; units; units--, to += unit, from += unit) {
    bytes16 gathered = muted;
#pragma GCC unroll 4
    for (unsigned s = 0; s < steps; s++)
      gathered = or16(gathered, shuffle16(load16(from + step[s].from), load16(step[s].shuffle)));
    store16(to, gathered);
  }
}

/* Answers how many bytes it did, whole units; where 16 bytes are no longer there the rest is left. */
static size_t gather_shuffles(const struct channel_table *table, uint8_t *to, const uint8_t *from, size_t bytes) {
  size_t unit = table->unit, reach = unit < 16 ? 16 : unit, done = 0;
  size_t units = bytes < reach ? 0 : (bytes - reach) / unit + 1;
  while (units) {
    size_t count = TILE_BYTES / unit < units ? TILE_BYTES / unit : units;
    const struct gather_step *step = table->step;
    for (const struct gather_vector *v = table->vector; v < table->vector + table->vectors; step += v++->steps) {
      switch (v->steps) {
        case 1:
          if (unit == 16)
            gather_vector(v, step, 1, to + done, from + done, count, 16);
          else
            gather_vector(v, step, 1, to + done, from + done, count, unit);
          break;
        case 2: gather_vector(v, step, 2, to + done, from + done, count, unit); break;
        case 3: gather_vector(v, step, 3, to + done, from + done, count, unit); break;
        case 4: gather_vector(v, step, 4, to + done, from + done, count, unit); break;
        default: gather_vector(v, step, v->steps, to + done, from + done, count, unit);
      }
    }
    done += count * unit;
    units -= count;
  }
  return done;
}
#endif

void channel_map_gather(const struct channel_table *table, void *to, const void *from, size_t frames) {
  size_t frame_bytes = (size_t)table->channels * (size_t)table->sample_bytes;
  size_t done = 0;
  switch (table->path) {
    case GATHER_IDENTITY: memcpy(to, from, frames * frame_bytes); return;
#if HAVE_SHUFFLE
    case GATHER_SHUFFLES: done = gather_shuffles(table, to, from, frames * frame_bytes); break;
#endif
    default: break;
  }
  gather_samples(table, (uint8_t *)to + done, (const uint8_t *)from + done, frames - done / frame_bytes);
}
