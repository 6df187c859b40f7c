/* What a run uses of source and sink, for the control thread. */
#ifndef PS_STREAM_ENDPOINTS_H
#define PS_STREAM_ENDPOINTS_H

#include "stream/state.h"

/* Channels and format of a direction's frames, once the device is open. */
const struct engine_direction *stream_frames(const struct stream *stream, int direction);

/* Checks `set`, of which kind and flags are given, and puts uses of the objects into it, whatever it returns. */
int32_t endpoint_make(struct endpoint *set, struct stream *stream, int direction, int32_t object, int32_t between);
void endpoint_release(struct endpoint *endpoint);
/* Takes the ring and file of an endpoint for a run, with an adapter where it does not fit the stream, and gives them
 * back. PS_ERR_BUSY if another run has one of them. */
int32_t endpoint_take(struct stream *stream, const struct endpoint *set, int direction, struct ring **ring,
                      struct adapter **adapter);
void endpoint_give_back(const struct endpoint *set, int direction, struct ring **ring, struct adapter **adapter);
/* Starts the thread that writes a sink's ring to its file. NULL with the thread's error set. */
struct file_writer *stream_start_writer(struct stream *stream, const struct endpoint *set, struct ring *ring,
                                        file_failed *failed, void *argument);

/* Sets a direction's channel map in all that uses it; `map` NULL: none. Under the lock. */
void stream_set_map(struct stream *stream, int direction, const int32_t *map, int32_t count);
/* The most channels that a map of a direction may name. Under the lock. */
int32_t stream_map_channels(const struct stream *stream, int direction);

/* Takes the rings and files that are set, for one run. PS_ERR_BUSY if another run has one of them. */
int32_t stream_take_endpoints(struct stream *stream);
/* Starts the threads of the files among them. */
int32_t stream_start_files(struct stream *stream);
/* Ends the file threads, whatever they are at, and lets go of what the run has taken, all of it or a part. What kept
 * frames from being written ends the run with an error. */
void stream_give_back_endpoints(struct stream *stream, double patience);
/* The process is ending, and the stream's threads are gone: what they have left in the rings goes into its files. */
void stream_finish_files(struct stream *stream);
/* Nothing is set any more. Under the lock. */
void stream_drop_endpoints(struct stream *stream);

#endif
