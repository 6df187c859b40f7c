/* Channel maps: which channel of one side each channel of the other side gets, as a gather of whole samples. */
#ifndef PS_CHANNEL_MAP_H
#define PS_CHANNEL_MAP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNELS_MAX 1024

/* How to gather one frame; made outside of the callback, so that the callback only picks the path. */
struct channel_table {
  enum { GATHER_IDENTITY, GATHER_SHUFFLE_16, GATHER_SHUFFLE_32, GATHER_SAMPLES } path;
  int32_t channels;
  int32_t sample_bytes;
  uint8_t silence;             /* the byte of which silence is made */
  uint8_t shuffle[4][16];      /* byte from where; 0x80: none. 32-byte frames: [to half * 2 + from half] */
  uint8_t muted[2][16];        /* bytes of silence where a channel is muted, else 0 */
  int16_t from[CHANNELS_MAX];  /* zero-based; -1 is silence */
};

/* Three tables, so that the owner can prepare one while the callback uses another and a third is on its way. */
struct channel_map {
  struct channel_table tables[3];
  _Atomic int shared; /* index of the table on its way, | CHANNEL_MAP_NEW until the callback has taken it */
  int owner, callback; /* each side's own table */
};

/* Identity for this many channels of a PS_FORMAT_. */
void channel_map_init(struct channel_map *map, int32_t channels, int32_t format);
/* Sets a one-based map of as many entries as there are channels, 0 for silence; NULL: identity. Owner. */
void channel_map_set(struct channel_map *map, const int32_t *one_based);
/* The table to use for this block. Callback. */
const struct channel_table *channel_map_table(struct channel_map *map);
/* Gathers frames. `to` and `from` do not overlap. Callback. */
void channel_map_gather(const struct channel_table *table, void *to, const void *from, size_t frames);

#endif
