/* Sound servers that die or hang under a running stream. Each scenario is a process of its own, because PortAudio does
 * not find its way back to a server. */
// Measures time: how soon a server counts as lost.
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/os.h"
#include "pastream.h"
#include "scenario.h"
#include "servers.h"
#include "test.h"

/* PortAudio may take longer than its limit to start, on a machine that is too busy with all the servers of these
 * scenarios. It goes on with that. */
static void await_portaudio(void) {
  for (int i = 0; i < 60 && ps_device_count() < 0; i++) usleep(1000000);
}

/* Sends `signal` to the server under a stream that has played `frames` frames. The stream has to end, and everything
 * with it, in little time. */
static void lose_server(pid_t server, double device, int signal, double frames) {
  char text[512];
  await_portaudio();
  int32_t stream = run_forever(device, device == PS_DEVICE_DEFAULT ? OUTPUT_ONLY : DUPLEX, frames);
  if (stream < 0) return;
  double begun = os_time();
  kill(server, signal);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  double lost = os_time();
  CHECK_EQUAL(ps_stream_error(stream, text, sizeof text, NULL, 0), PS_ERR_DEVICE_LOST);
  CHECK(strstr(text, "server")); /* is what the error is about */
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ABORTED);
  CHECK_WITHIN(lost - begun, 0, SOON); /* 2 s on a machine that is not busy */
  CHECK(ps_stream_number(stream, PS_NUMBER_TIME) >= 0);
  command(stream, PS_COMMAND_START); /* may fail, may not hang */
  command(stream, PS_COMMAND_CLOSE);
  double closed = os_time();
  CHECK_WITHIN(closed - lost, 0, SOON);
  printf("# noticed after %.3f s (%s), closed after %.3f s\n", lost - begun, text, closed - lost);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  scenario_check_stderr_open();
  /* The rest of the library goes on. */
  CHECK(ps_device_count() > 0);
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_VIRTUAL);
  int32_t other = open_stream(config);
  CHECK(other > 0);
  CHECK_EQUAL(command(other, PS_COMMAND_CLOSE), PS_OK);
  CHECK_EQUAL(ps_stream_free(other), PS_OK);
}

static void jack_killed(void) {
  struct server server;
  if (!CHECK(start_jack(&server))) return;
  lose_server(server.pid, find_device("loopback"), SIGKILL, FRAMES_SETTLED);
  end_server(&server);
}

static void jack_stopped(void) {
  struct server server;
  if (!CHECK(start_jack(&server))) return;
  lose_server(server.pid, find_device("loopback"), SIGSTOP, FRAMES_SETTLED);
  end_server(&server);
}

/* A server that is slow to go on: what was given up ends late. */
static void jack_continued(void) {
  struct server server;
  if (!CHECK(start_jack(&server))) return;
  int32_t loopback = find_device("loopback");
  lose_server(server.pid, loopback, SIGSTOP, FRAMES_SETTLED);
  kill(server.pid, SIGCONT);
  usleep(1000000);
  end_server(&server);
}

/* A server that dies while its streams are not running. */
static void jack_killed_idle(void) {
  struct server server;
  double config[PS_CONFIG_SIZE];
  if (!CHECK(start_jack(&server))) return;
  duplex_config(config, find_device("loopback"));
  int32_t idle = open_stream(config), stopped = open_stream(config);
  CHECK(idle > 0 && stopped > 0);
  CHECK_EQUAL(command(stopped, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(command(stopped, PS_COMMAND_STOP), PS_OK);
  kill(server.pid, SIGKILL);
  usleep(500000);
  double begun = os_time();
  CHECK_EQUAL(command(stopped, PS_COMMAND_START), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(PS_ERROR_CODE), -9999); /* the host API's own error */
  CHECK_EQUAL(ps_error_number(PS_ERROR_HOST_API_TYPE), 12);
  printf("# %s\n", detail());
  CHECK_EQUAL(open_stream(config), PS_ERR_PORTAUDIO);
  if (!CHECK(strstr(detail(), "the JACK server does not answer"))) printf("# %s\n", detail());
  CHECK_EQUAL(command(stopped, PS_COMMAND_CLOSE), PS_OK);
  CHECK_EQUAL(command(idle, PS_COMMAND_CLOSE), PS_OK);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  ps_stream_free(idle);
  ps_stream_free(stopped);
  end_server(&server);
}

static void pulse_killed(void) {
  struct server server;
  if (!CHECK(start_alsa(&server))) return;
  lose_server(server.pid, PS_DEVICE_DEFAULT, SIGKILL, FRAMES_SETTLED);
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  config[PS_CONFIG_INPUT_DEVICE] = PS_DEVICE_NONE;
  CHECK_EQUAL(open_stream(config), PS_ERR_PORTAUDIO);
  if (!CHECK(strstr(detail(), "the sound server behind it does not answer"))) printf("# %s\n", detail());
  end_server(&server);
}

static void pulse_stopped(void) {
  struct server server;
  if (!CHECK(start_alsa(&server))) return;
  lose_server(server.pid, PS_DEVICE_DEFAULT, SIGSTOP, FRAMES_SETTLED);
  end_server(&server);
}

/* Dead before it was well started: under PulseAudio in the pause that follows on the first callbacks. */
static void lose_early(int (*start)(struct server *server), const char *device, int signal) {
  struct server server;
  if (!CHECK(start(&server))) return;
  lose_server(server.pid, device ? find_device(device) : PS_DEVICE_DEFAULT, signal, 1);
  end_server(&server);
}
static void jack_killed_early(void) { lose_early(start_jack, "loopback", SIGKILL); }
static void jack_stopped_early(void) { lose_early(start_jack, "loopback", SIGSTOP); }
static void pulse_killed_early(void) { lose_early(start_alsa, NULL, SIGKILL); }
static void pulse_stopped_early(void) { lose_early(start_alsa, NULL, SIGSTOP); }

/* A server that hangs before anything was asked of it: an error says so, and comes at once for whoever asks later; once
 * the server goes on it is used. */
static void stopped_before(int (*start)(struct server *server), const char *server_name) {
  struct server server;
  if (!CHECK(start(&server))) return;
  kill(server.pid, SIGSTOP);
  double begun = os_time();
  CHECK_EQUAL(ps_device_count(), PS_ERR_PORTAUDIO);
  double told = os_time();
  if (!CHECK(strstr(detail(), server_name) && strstr(detail(), "not answer"))) printf("# %s\n", detail());
  CHECK_WITHIN(told - begun, 0, SOON); /* 5 s on a machine that is not busy */
  for (int i = 0; i < 100; i++) CHECK_EQUAL(ps_device_count(), PS_ERR_PORTAUDIO);
  double again = (os_time() - told) / 100;
  printf("# told after %.3f s (%s), then within %.3f ms\n", told - begun, detail(), 1000 * again);
  CHECK_WITHIN(again, 0, told - begun);
  kill(server.pid, SIGCONT);
  await_portaudio();
  CHECK(ps_device_count() > 0);
  end_server(&server);
}
static void jack_stopped_before(void) { stopped_before(start_jack, "JACK"); }
static void pulse_stopped_before(void) { stopped_before(start_alsa, "PulseAudio"); }

/* A sound server that lives may let its streams wait, for less than it takes to count as lost. */
static void pulse_pauses(void) {
  struct server server;
  if (!CHECK(start_alsa(&server))) return;
  await_portaudio();
  int32_t stream = run_forever(PS_DEVICE_DEFAULT, OUTPUT_ONLY, FRAMES_SETTLED);
  CHECK_EQUAL(system("pactl suspend-sink loop 1"), 0);
  CHECK_EQUAL(ps_stream_wait(stream, 1.5), 0); /* half of its patience: what follows takes a busy machine a while */
  CHECK_EQUAL(system("pactl suspend-sink loop 0"), 0);
  double frames = ps_stream_number(stream, PS_NUMBER_FRAME_COUNT);
  for (int i = 0; i < 3000 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < frames + 24000; i++) usleep(10000);
  CHECK(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) >= frames + 24000);
  CHECK_EQUAL(system("pactl suspend-sink loop 1"), 0);
  double begun = os_time();
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_WITHIN(os_time() - begun, 2.5, SOON);
  CHECK_EQUAL(ps_stream_error(stream, NULL, 0, NULL, 0), PS_ERR_DEVICE_LOST);
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  end_server(&server);
}

TEST(jack_server_killed) { CHECK(scenario_passes(jack_killed)); }
TEST(jack_server_stopped) { CHECK(scenario_passes(jack_stopped)); }
TEST(jack_server_stopped_and_continued) { CHECK(scenario_passes(jack_continued)); }
TEST(jack_server_killed_under_idle_streams) { CHECK(scenario_passes(jack_killed_idle)); }
TEST(pulseaudio_killed) { CHECK(scenario_passes(pulse_killed)); }
TEST(pulseaudio_stopped) { CHECK(scenario_passes(pulse_stopped)); }
TEST(jack_server_lost_early) { CHECK(scenario_passes(jack_killed_early) && scenario_passes(jack_stopped_early)); }
TEST(pulseaudio_lost_early) { CHECK(scenario_passes(pulse_killed_early) && scenario_passes(pulse_stopped_early)); }

TEST(jack_server_stopped_before) { CHECK(scenario_passes(jack_stopped_before)); }
TEST(pulseaudio_stopped_before) { CHECK(scenario_passes(pulse_stopped_before)); }
TEST(pulseaudio_pauses) { CHECK(scenario_passes(pulse_pauses)); }

int main(void) {
  /* JACK's servers share a register with room for eight of them, and tests in other processes have some. */
  BEGIN_WITH(JACK_PROGRAMS, jack_killed, jack_stopped);
  RUN_WITH(JACK_PROGRAMS, jack_server_killed);
  RUN_WITH(JACK_PROGRAMS, jack_server_stopped);
  BEGIN_WITH(JACK_PROGRAMS, jack_continued, jack_killed_idle);
  RUN_WITH(JACK_PROGRAMS, jack_server_stopped_and_continued);
  RUN_WITH(JACK_PROGRAMS, jack_server_killed_under_idle_streams);
  BEGIN_WITH(JACK_PROGRAMS, jack_killed_early, jack_stopped_early);
  RUN_WITH(JACK_PROGRAMS, jack_server_lost_early);
  BEGIN_WITH(JACK_PROGRAMS, jack_stopped_before);
  BEGIN_WITH(PULSE_PROGRAMS, pulse_stopped_before);
  RUN_WITH(JACK_PROGRAMS, jack_server_stopped_before);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_stopped_before);
  BEGIN_WITH(PULSE_PROGRAMS, pulse_pauses, pulse_killed, pulse_stopped, pulse_killed_early, pulse_stopped_early);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_killed);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_stopped);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_lost_early);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_pauses);
  return test_end();
}
