/* Sound servers for tests of the real PortAudio: tests/helpers/servers.sh, which ends them with this process. */
#ifndef PS_TEST_SERVERS_H
#define PS_TEST_SERVERS_H

#include <sys/types.h>

#define JACK_PROGRAMS "jackd jack_lsp"
#define PULSE_PROGRAMS "pulseaudio pactl parec"
#define PIPEWIRE_PROGRAMS "pipewire wireplumber pipewire-pulse dbus-daemon pactl pw-link"

/* Which programs a test lacks, or NULL. With CI=true no program may be missing. */
const char *missing_server(const char *programs);

struct server {
  pid_t pid;    /* of the server itself */
  pid_t script; /* that runs it */
  int hold;     /* the server ends when this is closed */
};

/* Start a server and set the environment so that clients find it and nothing of the user's. Before PortAudio is
 * initialized. 0 if it did not start. JACK has the dummy driver at 48 kHz in blocks of 256, and a device "loopback" of
 * two channels. PulseAudio and PipeWire have one sink, of null, called "loop", which is heard on the default source.
 * "alsa" is PulseAudio as ALSA's default device, which is the default of all. */
int start_jack(struct server *server);
int start_pulse(struct server *server);
int start_pipewire(struct server *server);
int start_alsa(struct server *server);
/* Ends a server, also a stopped one. */
void end_server(struct server *server);

#endif
