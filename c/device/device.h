/* A device plays and records by calling stream_callback. There are two kinds: device_portaudio.c and device_virtual.c. */
#ifndef PS_DEVICE_H
#define PS_DEVICE_H

#include <stdint.h>

struct stream;

/* What a callback is told about time, in seconds of the stream's clock; 0 where the device does not say. */
struct callback_times {
  double now;
  double input;  /* capture of the first input frame */
  double output; /* when the first output frame will be heard */
};

/* All but `time` and `cpu_load` are called on the stream's control thread, one at a time; they answer PS_OK or set the
 * thread's error and answer its status. They may block, but end in bounded time even if the device is gone. */
struct device_ops {
  int32_t (*open)(struct stream *stream); /* from stream->config; fills stream->actual and stream->device_state */
  int32_t (*start)(struct stream *stream);
  int32_t (*stop)(struct stream *stream);  /* once the callback has completed: play out what the device holds */
  int32_t (*abort)(struct stream *stream); /* drop what the device holds; no callback runs after it */
  void (*close)(struct stream *stream);    /* also after a failed start; frees stream->device_state */
  int (*active)(struct stream *stream);    /* 0 when the device will not call back any more */
  int (*answers)(struct stream *stream);   /* 0: what is behind it hangs. Asked of one that may_pause; NULL without */
  double (*time)(struct stream *stream);   /* any thread, while open */
  double (*cpu_load)(struct stream *stream);
};

extern const struct device_ops device_portaudio;
extern const struct device_ops device_virtual;

#define CALLBACK_CONTINUE 0 /* as PaStreamCallbackResult */
#define CALLBACK_COMPLETE 1
#define CALLBACK_ABORT 2

/* The one callback. `input` and `output` are interleaved, NULL for a direction the stream lacks; `flags` are
 * PaStreamCallbackFlags. Answers one of the above. */
int stream_callback(struct stream *stream, const void *input, void *output, unsigned long frames,
                    const struct callback_times *times, unsigned long flags);

/* For a device that waits on purpose (freewheeling) rather than being dead. */
void stream_heartbeat(struct stream *stream);

#endif
