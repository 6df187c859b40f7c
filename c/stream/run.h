/* One run of a stream, from its start to the state in which it ends. All on the control thread. */
#ifndef PS_STREAM_RUN_H
#define PS_STREAM_RUN_H

#include "stream/state.h"

void stream_set_state(struct stream *stream, int32_t state);
/* Starts a run as it is set: the state is then ACTIVE, or what it was before if that fails. */
int32_t run_start(struct stream *stream);
/* Ends a run in `final`, or ABORTED if an error ends it: the device first, then the files. */
void run_end(struct stream *stream, int32_t final);
/* One look at an active run, which ends it where it is to end. */
void run_watch(struct stream *stream);

#endif
