/* Sound servers for tests of the real PortAudio, each private to the process that starts it and dead when that is. */
#ifndef PS_TEST_SERVERS_H
#define PS_TEST_SERVERS_H

#include <sys/types.h>

/* A folder for all that servers and their clients keep (HOME, XDG_RUNTIME_DIR, TMPDIR), set in the environment. Call it
 * before anything else of this file. */
void servers_folder(void);
#define JACK_PROGRAMS "jackd jack_lsp"
#define PULSE_PROGRAMS "pulseaudio pactl parec"
/* Why a test cannot run for want of programs, or NULL. With CI=true nothing may be wanting. */
const char *missing_server(const char *programs);
/* Starts a JACK server with the dummy driver at 48 kHz in blocks of 256, with a device "loopback" of two channels, and
 * has JACK_DEFAULT_SERVER name it. Answers its process id, or -1. */
pid_t start_jack(void);
/* Starts a PulseAudio whose one sink, of null, is heard on the default source, with ALSA's default device on it. */
pid_t start_pulse(void);
/* Ends a server (also a stopped one) and removes what it leaves behind. */
void end_server(pid_t server);
/* Removes the folder. */
void remove_servers_folder(void);

#endif
