#include "engine/channel_map.h"

#include <string.h>

#include "base/processor.h"
#include "engine/format.h"

#if HAVE_AVX2
#include <immintrin.h>
#elif defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define CHANNEL_MAP_NEW 4
#define MEAN_FRAMES 64
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
  if (table->channels != table->from_channels) return 0;
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

/* Adds the vector that goes to `to`, of which the first `end` bytes count: the others are overwritten
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

/* For vectors of `width` bytes. 0 if the frame is too long, or the map needs too many steps. */
static int add_vectors(struct channel_table *table, size_t width) {
  size_t frame = table->frame_bytes;
  size_t unit = frame < width ? width / frame * frame : frame, last = unit < width ? 0 : unit - width;
  table->width = (int)width;
  table->vectors = table->steps = 0;
  if (unit > GATHER_UNIT) return 0;
  table->unit = (uint16_t)unit;
  for (size_t to = 0; to < last; to += width)
    if (!add_vector(table, to, last - to < width ? last - to : width)) return 0;
  return add_vector(table, last, unit < width ? unit : width);
}

/* Makes one vector of 32 bytes of one of 16 that is a whole unit. Without a step all of it is muted. */
static void double_vector(struct channel_table *table) {
  if (table->steps == 0) memset(table->step->shuffle, 0x80, 16);
  memcpy(table->vector->muted + 16, table->vector->muted, 16);
  memcpy(table->step->shuffle + 16, table->step->shuffle, 16);
  table->unit = 32;
  table->width = 32;
}

static int prepare_shuffles(struct channel_table *table) {
  int wide = processor_has_avx2();
  table->halves = wide && 16 % (table->channels * table->sample_bytes) == 0;
  if (table->channels != table->from_channels) return 0;
  if (!HAVE_SHUFFLE || !add_vectors(table, wide && !table->halves ? 32 : 16)) return 0;
  if (table->halves) double_vector(table);
  return 1;
}

static void table_prepare(struct channel_table *table) {
  if (table_is_identity(table))
    table->path = GATHER_IDENTITY;
  else
    table->path = prepare_shuffles(table) ? GATHER_SHUFFLES : GATHER_SAMPLES;
}

int channel_map_fits(int32_t from_channels, int32_t channels) {
  return from_channels == channels || from_channels == 1 || (from_channels == 2 && channels == 1);
}

static void table_set(struct channel_table *table, const int32_t *one_based) {
  int32_t last = table->from_channels - 1;
  for (int32_t i = 0; i < table->channels; i++) {
    int32_t from = one_based ? one_based[i] - 1 : last == 0 ? 0 : i;
    table->from[i] = (int16_t)(from > last ? -1 : from);
  }
  table_prepare(table);
  if (!one_based && table->from_channels == 2 && table->channels == 1) table->path = GATHER_MEAN;
}

void channel_map_init(struct channel_map *map, int32_t from_channels, int32_t channels, int32_t format) {
  for (int t = 0; t < 3; t++) {
    struct channel_table *table = &map->tables[t];
    table->channels = channels;
    table->from_channels = from_channels;
    table->format = format;
    table->sample_bytes = (int32_t)format_bytes(format);
    table->frame_bytes = (size_t)channels * format_bytes(format);
    table->silence = format == PS_FORMAT_UINT8 ? 128 : 0;
    table_set(table, NULL);
  }
  map->callback = 0;
  map->owner = 1;
  atomic_init(&map->shared, 2);
}

void channel_map_set(struct channel_map *map, const int32_t *one_based) {
  struct channel_table *table = &map->tables[map->owner];
  table_set(table, one_based);
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

/* Samples as bytes: a caller's memory may be unaligned. */
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
    size_t channels = (size_t)table->channels, others = (size_t)table->from_channels;                          \
    memset(&silence, table->silence, sizeof silence);                                                          \
    for (size_t f = 0; f < frames; f++, to += channels, from += others)                                        \
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

/* The mean of two channels, rounded to nearest. */
static void gather_mean(const struct channel_table *table, uint8_t *to, const uint8_t *from, size_t frames) {
  double samples[2 * MEAN_FRAMES];
  size_t bytes = (size_t)table->sample_bytes;
  for (size_t done = 0, now; done < frames; done += now) {
    now = frames - done < MEAN_FRAMES ? frames - done : MEAN_FRAMES;
    format_convert(PS_FORMAT_FLOAT64, samples, table->format, from + 2 * done * bytes, 2 * now);
    for (size_t i = 0; i < now; i++) samples[i] = (samples[2 * i] + samples[2 * i + 1]) / 2;
    format_convert(table->format, to + done * bytes, PS_FORMAT_FLOAT64, samples, now);
  }
}

/* One vector of many units: a piece of work for each width. */
struct gather {
  const struct gather_vector *vector;
  const struct gather_step *step;
  size_t units, unit;
};

/* With a constant number of steps their tables stay in registers. */
#define KEPT_STEPS 4
#define FOR_STEPS(GATHER, steps, ...)      \
  switch (steps) {                         \
    case 1: GATHER(1, __VA_ARGS__); break; \
    case 2: GATHER(2, __VA_ARGS__); break; \
    case 3: GATHER(3, __VA_ARGS__); break; \
    case 4: GATHER(4, __VA_ARGS__); break; \
    default: GATHER(steps, __VA_ARGS__);   \
  }

#if HAVE_SHUFFLE
static inline void gather_narrow(unsigned steps, const struct gather *gather, uint8_t *restrict to,
                                 const uint8_t *restrict from) {
  const struct gather_step *step = gather->step;
  bytes16 muted = load16(gather->vector->muted), shuffles[KEPT_STEPS];
  size_t offsets[KEPT_STEPS];
  unsigned kept = steps < KEPT_STEPS ? steps : KEPT_STEPS;
  for (unsigned s = 0; s < kept; s++) {
    shuffles[s] = load16(step[s].shuffle);
    offsets[s] = step[s].from;
  }
  for (size_t units = gather->units, unit = gather->unit; units; units--, to += unit, from += unit) {
    bytes16 gathered = muted;
#pragma GCC unroll 4
    for (unsigned s = 0; s < kept; s++) gathered = or16(gathered, shuffle16(load16(from + offsets[s]), shuffles[s]));
    for (unsigned s = kept; s < steps; s++)
      gathered = or16(gathered, shuffle16(load16(from + step[s].from), load16(step[s].shuffle)));
    store16(to, gathered);
  }
}

static void gather_vector16(const struct gather *gather, uint8_t *to, const uint8_t *from) {
  FOR_STEPS(gather_narrow, gather->vector->steps, gather, to, from)
}
#endif

#if HAVE_AVX2
struct bytes32 {
  uint8_t byte[32];
};

/* clang makes two of an ordinary unaligned access when it compiles for older processors, but leaves these alone. */
AVX2 static inline __m256i load32(const void *from) { return _mm256_lddqu_si256((const __m256i *)from); }
AVX2 static inline void store32(void *to, __m256i v) {
  __asm__("vmovdqu %1, %0" : "=m"(*(struct bytes32 *)to) : "x"(v));
}

/* Both halves from the same 16 bytes. */
AVX2 static inline __m256i shuffle_both(const uint8_t *from, __m256i shuffle) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load16(from)), shuffle);
}

AVX2 static inline void gather_wide(unsigned steps, const struct gather *gather, uint8_t *restrict to,
                                    const uint8_t *restrict from) {
  const struct gather_step *step = gather->step;
  __m256i muted = load32(gather->vector->muted), shuffles[KEPT_STEPS];
  size_t offsets[KEPT_STEPS];
  unsigned kept = steps < KEPT_STEPS ? steps : KEPT_STEPS;
  for (unsigned s = 0; s < kept; s++) {
    shuffles[s] = load32(step[s].shuffle);
    offsets[s] = step[s].from;
  }
  for (size_t units = gather->units, unit = gather->unit; units; units--, to += unit, from += unit) {
    __m256i gathered = muted;
#pragma GCC unroll 4
    for (unsigned s = 0; s < kept; s++)
      gathered = _mm256_or_si256(gathered, shuffle_both(from + offsets[s], shuffles[s]));
    for (unsigned s = kept; s < steps; s++)
      gathered = _mm256_or_si256(gathered, shuffle_both(from + step[s].from, load32(step[s].shuffle)));
    store32(to, gathered);
  }
}

AVX2 static void gather_vector32(const struct gather *gather, uint8_t *to,
                                 const uint8_t *from){FOR_STEPS(gather_wide, gather -> vector->steps, gather, to, from)}

AVX2 static void gather_halves(const struct gather *gather, uint8_t *restrict to, const uint8_t *restrict from) {
  __m256i muted = load32(gather->vector->muted), shuffle = load32(gather->step->shuffle);
#pragma GCC unroll 4
  for (size_t units = gather->units; units; units--, to += 32, from += 32)
    store32(to, _mm256_or_si256(muted, _mm256_shuffle_epi8(load32(from), shuffle)));
}
#else
#define gather_vector32 gather_vector16
#define gather_halves gather_vector16
#endif

#if HAVE_SHUFFLE
/* Returns the number of bytes gathered, whole units; a rest of less than a vector is left. */
static size_t gather_shuffles(const struct channel_table *table, uint8_t *to, const uint8_t *from, size_t bytes) {
  size_t unit = table->unit, width = (size_t)table->width, reach = unit < width ? width : unit, done = 0;
  size_t units = bytes < reach ? 0 : (bytes - reach) / unit + 1;
  while (units) {
    struct gather gather = {.units = TILE_BYTES / unit < units ? TILE_BYTES / unit : units, .unit = unit};
    gather.step = table->step;
    for (gather.vector = table->vector; gather.vector < table->vector + table->vectors;
         gather.step += gather.vector++->steps) {
      uint8_t *there = to + done + gather.vector->to;
      if (width == 16)
        gather_vector16(&gather, there, from + done);
      else if (table->halves)
        gather_halves(&gather, there, from + done);
      else
        gather_vector32(&gather, there, from + done);
    }
    done += gather.units * unit;
    units -= gather.units;
  }
  return done;
}
#endif

void channel_map_gather_mapped(const struct channel_table *table, void *to, const void *from, size_t frames) {
  size_t done = 0;
  switch (table->path) {
    case GATHER_MEAN: gather_mean(table, to, from, frames); return;
#if HAVE_SHUFFLE
    case GATHER_SHUFFLES: done = gather_shuffles(table, to, from, frames * table->frame_bytes); break;
#endif
    default: break;
  }
  gather_samples(table, (uint8_t *)to + done, (const uint8_t *)from + done, frames - done / table->frame_bytes);
}
