/* What PortAudio takes for granted of ALSA's configuration. */
#ifndef PS_PORTAUDIO_ALSA_H
#define PS_PORTAUDIO_ALSA_H

/* PortAudio aborts the process where no device of ALSA is called "default" or "dmix", as on a machine that has ALSA's
 * library without its configuration. There it is given one that cannot be opened, and so is not listed. Before
 * PortAudio is initialized. */
void portaudio_alsa_prepare(void);

#endif
