/* A stream whose device is lost goes on on another one (PS_CONFIG_FOLLOW). Control thread. */
#ifndef PS_STREAM_REROUTE_H
#define PS_STREAM_REROUTE_H

#include "stream/state.h"

/* The run, whose device is lost, or not the default one any more (`moved`), goes on on the default device: returns 1;
 * or 0, and the stream has no device any more. One that has moved stays where it was if it cannot go there. */
int stream_reroute(struct stream *stream, int moved);

/* Whether a run that follows, and was opened on the default device, is to move because that is another one now. Does
 * not block; to be asked again and again. And the end of that, with the run's. */
int stream_default_moved(struct stream *stream);
void stream_end_following(struct stream *stream);

#endif
