/* Between an endpoint and the stream, where their rates or channels differ: a resampler and a channel map. The sample
 * format is the same on both sides. Like the resampler it is pure, and allocates nothing after adapter_new. */
#ifndef PS_ADAPTER_H
#define PS_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

#include "engine/channel_map.h"
#include "engine/resampler.h"

struct adapter;

struct adapter_setup {
  double in_rate, out_rate; /* Hz */
  int32_t in_channels, out_channels;
  int32_t format; /* PS_FORMAT_ */
  int map_first;  /* channels are mapped before rates are converted */
};

/* PS_ERR_ARGUMENT, PS_ERR_MEMORY. Not for the callback, in contrast to all that follows except adapter_free. */
int32_t adapter_new(const struct adapter_setup *setup, struct adapter **adapter);
void adapter_free(struct adapter *adapter); /* NULL is allowed */
/* Which channel goes where; its owner may set it at any time. */
struct channel_map *adapter_map(struct adapter *adapter);

/* As the functions of the resampler with these names; equal rates are a ratio like any other. */
void adapter_process(struct adapter *adapter, struct resampler_block *block);
void adapter_end(struct adapter *adapter);
int adapter_ended(const struct adapter *adapter);
void adapter_restart(struct adapter *adapter);
size_t adapter_needs(const struct adapter *adapter, size_t out_frames);
size_t adapter_gives(const struct adapter *adapter, size_t in_frames);
uint64_t adapter_taken(const struct adapter *adapter);
uint64_t adapter_played(const struct adapter *adapter);

/* Output frames that are left to be made; if `in_frames` more are taken, and then the end comes. Of an adapter that
 * was ended: what it has still to make, and then `in_frames` frames after a restart. */
size_t adapter_left(const struct adapter *adapter, size_t in_frames);
/* The most input frames, up to `in_frames`, for which adapter_left is at most `room`. */
size_t adapter_fits(const struct adapter *adapter, size_t in_frames, size_t room);
/* Output frames of one input frame. */
double adapter_ratio(const struct adapter *adapter);

#endif
