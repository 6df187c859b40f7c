/* What a run uses of source and sink, for the control thread. */
#ifndef PS_STREAM_ENDPOINTS_H
#define PS_STREAM_ENDPOINTS_H

#include "stream/state.h"

/* Takes the rings and files that are set, for one run. PS_ERR_BUSY if another run has one of them. */
int32_t stream_take_endpoints(struct stream *stream);
/* Starts the threads of the files among them. */
int32_t stream_start_files(struct stream *stream);
/* Ends the file threads, whatever they are at, and lets go of what the run has taken, all of it or a part. What kept
 * frames from being written ends the run with an error. */
void stream_give_back_endpoints(struct stream *stream, double patience);
/* Nothing is set any more. Under the lock. */
void stream_drop_endpoints(struct stream *stream);

#endif
