/* Channel maps: which channel of one side each channel of the other side gets, as a gather of whole samples. */
#ifndef PS_CHANNEL_MAP_H
#define PS_CHANNEL_MAP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CHANNELS_MAX 1024

/* Frames are gathered a unit at a time: one frame, or as many short ones as a vector holds. A unit is made of vectors
 * of 16 bytes, or of 32 where the processor has AVX2 (the last one may overlap the one before it), a vector of shuffled
 * loads that are or-ed together. */
#define GATHER_UNIT 256 /* bytes of a unit at most; */
#define GATHER_STEPS 64 /* beyond these samples go one by one */
struct gather_vector {
  uint16_t to;       /* where in the unit it goes */
  uint16_t steps;    /* how many of the steps, which stand in the order of the vectors */
  uint8_t muted[32]; /* bytes of silence where a channel is muted, else 0 */
};
struct gather_step {
  uint16_t from;       /* where in the unit 16 bytes come from */
  uint8_t shuffle[32]; /* which of them goes where; 0x80: none */
};

/* How to gather; made outside of the callback, so that the callback only picks the path. */
struct channel_table {
  enum { GATHER_IDENTITY, GATHER_SHUFFLES, GATHER_SAMPLES, GATHER_MEAN } path;
  int width;  /* of the vectors, bytes */
  int halves; /* both halves of a vector of 32 bytes are shuffled alike, each of its own 16 bytes */
  int32_t channels, from_channels;
  int32_t format; /* PS_FORMAT_ */
  int32_t sample_bytes;
  size_t frame_bytes;         /* of a frame that is made */
  uint8_t silence;            /* the byte of which silence is made */
  int16_t from[CHANNELS_MAX]; /* zero-based; -1 is silence */
  uint16_t unit, vectors, steps;
  struct gather_vector vector[GATHER_UNIT / 16];
  struct gather_step step[GATHER_STEPS];
};

/* Three tables, so that the owner can prepare one while the callback uses another and a third is on its way. */
struct channel_map {
  struct channel_table tables[3];
  _Atomic int shared;  /* index of the table on its way, | CHANNEL_MAP_NEW until the callback has taken it */
  int owner, callback; /* each side's own table */
};

/* From `from_channels` channels to `channels` of a PS_FORMAT_, as channel_map_set without a map. */
void channel_map_init(struct channel_map *map, int32_t from_channels, int32_t channels, int32_t format);
/* Whether one number of channels becomes the other without a map: they are equal, or one side is mono, except that more
 * than two channels are not mixed. */
int channel_map_fits(int32_t from_channels, int32_t channels);
/* Sets a one-based map of as many entries as there are channels, 0 and what is beyond the other side's for silence.
 * NULL: identity; mono goes to all channels, and the mean of two channels to mono. Owner. */
void channel_map_set(struct channel_map *map, const int32_t *one_based);
/* The table to use for this block. Callback. */
const struct channel_table *channel_map_table(struct channel_map *map);
/* Gathers frames. `to` and `from` do not overlap. Callback, which needs no more than memcpy for most streams. */
void channel_map_gather_mapped(const struct channel_table *table, void *to, const void *from, size_t frames);
static inline void channel_map_gather(const struct channel_table *table, void *to, const void *from, size_t frames) {
  if (table->path == GATHER_IDENTITY)
    memcpy(to, from, frames * table->frame_bytes);
  else
    channel_map_gather_mapped(table, to, from, frames);
}

#endif
