/* Looking again which devices PortAudio has: a sound server that comes after the first look, one that is killed and
 * started again, and a stream that runs meanwhile. (A longer name of this program would make ALSA's plugin for JACK
 * print a warning that it does not fit into a client's name.) */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/devices.h"
#include "os/os.h"
#include "pastream.h"
#include "scenario.h"
#include "servers.h"
#include "test.h"

/* PortAudio keeps a few bytes of each stream; of a copy that is unloaded LeakSanitizer cannot tell that they are its.
 */
const char *__asan_default_options(void) { return "detect_leaks=0"; }

static int32_t play(double frames) {
  int32_t stream = run_forever(find_device("loopback"), DUPLEX, frames);
  if (stream < 0) return stream;
  CHECK_EQUAL(command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
  return ps_stream_free(stream);
}

/* Looks again until the device is there: on a busy machine a JACK server does not always take a client in time. */
static int look_for(const char *name) {
  for (int tries = 0; tries < 10; tries++) {
    CHECK_EQUAL(devices_refresh(), PS_OK);
    if (find_device(name) >= 0) return 1;
    usleep(100000);
  }
  return 0;
}

static void server_comes_and_goes(void) {
  struct server server;
  setenv("JACK_DEFAULT_SERVER", "pastream-test-none", 1);
  setenv("JACK_NO_START_SERVER", "1", 1);
  CHECK(ps_device_count() > 0);
  CHECK_EQUAL(find_device("loopback"), -1);
  if (!CHECK(start_jack(&server))) return;
  CHECK_EQUAL(find_device("loopback"), -1); /* before a new look */
  CHECK(look_for("loopback"));
  CHECK_EQUAL(play(4800), PS_OK);

  /* A stream that runs goes on, and ends as ever, while the lists are renewed under it. */
  int32_t stream = run_forever(find_device("loopback"), DUPLEX, 4800);
  for (int i = 0; i < 3; i++) {
    CHECK(look_for("loopback"));
    double before = ps_stream_number(stream, PS_NUMBER_FRAME_COUNT);
    for (int k = 0; k < 500 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < before + 4800; k++) usleep(10000);
    CHECK(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) >= before + 4800);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ACTIVE);
  }
  CHECK_EQUAL(play(4800), PS_OK); /* on the newest instance, beside it */
  CHECK_EQUAL(command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_STOPPED);
  CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
  ps_stream_free(stream);

  /* A server that was killed and started again can be used again. */
  stream = run_forever(find_device("loopback"), DUPLEX, 4800);
  kill(server.pid, SIGKILL);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_error(stream, NULL, 0, NULL, 0), PS_ERR_DEVICE_LOST);
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  end_server(&server);
  if (!CHECK(start_jack(&server))) return;
  CHECK(look_for("loopback"));
  CHECK_EQUAL(play(4800), PS_OK);
  end_server(&server);
}

/* A stream of PulseAudio finds its new default device without a look of PortAudio, which finds JACK's. */
static void look_for_a_stream(void) {
  struct server pulse, jack;
  char name[64];
  if (!CHECK(start_jack(&jack))) return;
  snprintf(name, sizeof name, "%s", getenv("JACK_DEFAULT_SERVER"));
  if (CHECK(start_pulse(&pulse))) { /* with it no server of JACK is found */
    setenv("JACK_NO_START_SERVER", "1", 1);
    CHECK(ps_device_count() > 0);
    CHECK_EQUAL(find_device("loopback"), -1);
    setenv("JACK_DEFAULT_SERVER", name, 1);
    CHECK_EQUAL(devices_refresh_for((const struct device_ops *[2]){&device_pulse, &device_pulse}, 0), 1);
    CHECK_EQUAL(devices_refresh_for((const struct device_ops *[2]){NULL, &device_pulse}, 1), 1);
    CHECK_EQUAL(find_device("loopback"), -1);
    int found = 0;
    for (int tries = 0; tries < 10 && !found; tries++) { /* as above */
      devices_refresh_for((const struct device_ops *[2]){&device_pulse, &device_portaudio}, 0);
      found = find_device("loopback") >= 0;
    }
    CHECK(found);
    end_server(&pulse); /* whose place JACK takes, unless the server may come back */
    CHECK_EQUAL(devices_refresh_for((const struct device_ops *[2]){NULL, &device_pulse}, 1), 0);
    CHECK_EQUAL(devices_refresh_for((const struct device_ops *[2]){NULL, &device_pulse}, 0), 1);
  }
  end_server(&jack);
}

TEST(a_server_that_comes_and_goes) { CHECK(scenario_passes(server_comes_and_goes)); }

TEST(a_look_for_a_stream_ends_where_its_devices_are) { CHECK(scenario_passes(look_for_a_stream)); }

int main(void) {
  RUN_WITH(JACK_PROGRAMS, a_server_that_comes_and_goes);
  RUN_WITH(JACK_PROGRAMS " " PULSE_PROGRAMS, a_look_for_a_stream_ends_where_its_devices_are);
  return test_end();
}
