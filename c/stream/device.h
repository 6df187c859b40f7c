/* The device of a stream. Control thread, except stream_renumber_devices. */
#ifndef PS_STREAM_DEVICE_H
#define PS_STREAM_DEVICE_H

#include "stream/state.h"

/* Opens the device of `config` for the stream, and keeps what it is called. */
int32_t stream_open_device(struct stream *stream);
int32_t stream_start_device(struct stream *stream);
/* Whether a device that has stopped by itself runs on. */
int stream_revive_device(struct stream *stream);
/* Keeps what the device has changed by itself: a sound server may move it to another one. */
void stream_follow_device(struct stream *stream);
/* Closes it, at once or when what it holds was heard; nobody may ask it for anything any more. The run is not over. */
void stream_leave_device(struct stream *stream, int play_out);
/* The numbers of its devices in the newest list. Any thread; blocks as lists do when they are new. */
void stream_renumber_devices(struct stream *stream);

#endif
