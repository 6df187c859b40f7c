/* A stream whose device is lost goes on on another one (PS_CONFIG_FOLLOW). Control thread. */
#ifndef PS_STREAM_REROUTE_H
#define PS_STREAM_REROUTE_H

#include "stream/state.h"

/* The run, whose device is lost, goes on on the default device: returns 1; or 0, and the stream has no device any
 * more. */
int stream_reroute(struct stream *stream);

#endif
