/* The libraries under PortAudio print what goes wrong to stderr, though PortAudio tells it, too. */
#ifndef PS_PORTAUDIO_QUIET_H
#define PS_PORTAUDIO_QUIET_H

/* Takes their messages from ALSA and JACK, by their own functions for that. Nothing of the process is touched: what
 * else is written to stderr, by the program or a child of it, arrives. Before PortAudio is initialized, which sets a
 * function of its own with JACK. Does nothing while PASTREAM_DEBUG is 1. */
void portaudio_quiet(void);

#endif
