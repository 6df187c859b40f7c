/* Devices of ALSA that a stream of this process holds: they stay in the list. A plugin of ALSA, which this test builds,
 * stands for a sound card, that nobody opens twice. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "device/devices.h"
#include "os/os.h"
#include "pastream.h"
#include "scenario.h"
#include "test.h"

#define NAME "exclusive"

/* PortAudio keeps a few bytes of each stream; of a copy that is unloaded LeakSanitizer cannot tell that they are its.
 */
const char *__asan_default_options(void) { return "detect_leaks=0"; }

static char folder[] = "/tmp/pastream-test-XXXXXX";

/* Why the plugin cannot be built here; NULL: it has been, and ALSA has it beside a default device. */
static const char *missing_plugin(void) {
  char command[1024], path[256];
  if (access("/usr/include/alsa/pcm_ioplug.h", R_OK) != 0) return "not installed: libasound2-dev";
  if (!mkdtemp(folder)) return "no folder";
  snprintf(command, sizeof command, "cc -shared -fPIC -DPIC -o %s/exclusive.so tests/helpers/exclusive_pcm.c -lasound",
           folder);
  if (system(command) != 0) return "the plugin cannot be built";
  snprintf(path, sizeof path, "%s/asound.conf", folder);
  FILE *file = fopen(path, "w");
  if (!file) return "no file";
  fprintf(file, "pcm_type.pastream_exclusive { lib \"%s/exclusive.so\" }\n", folder);
  fprintf(file, "pcm." NAME " { type pastream_exclusive }\npcm.!default { type null }\n");
  fclose(file);
  setenv("ALSA_CONFIG_PATH", path, 1);
  setenv("PULSE_SERVER", "unix:/nonexistent", 1);
  setenv("JACK_DEFAULT_SERVER", "pastream-test-none", 1);
  setenv("JACK_NO_START_SERVER", "1", 1);
  return NULL;
}

static void remove_plugin(void) {
  char command[256];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  CHECK_EQUAL(system(command), 0);
}

/* A stream that runs on the device, in one direction or both; or a negative status. */
static int32_t hold(int input, int output) {
  double config[PS_CONFIG_SIZE];
  int32_t device = find_device(NAME);
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = input ? device : PS_DEVICE_NONE;
  config[PS_CONFIG_OUTPUT_DEVICE] = output ? device : PS_DEVICE_NONE;
  int32_t stream = open_stream(config);
  if (stream < 0) return stream;
  ps_stream_set_run(stream, -1, -1, 0, 0);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  return stream;
}

static void let_go(int32_t stream) {
  CHECK_EQUAL(command(stream, PS_COMMAND_ABORT), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
  ps_stream_free(stream);
}

static void goes_on(int32_t stream) {
  double before = ps_stream_number(stream, PS_NUMBER_FRAME_COUNT);
  for (int k = 0; k < 500 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < before + 4800; k++) usleep(10000);
  CHECK(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) >= before + 4800);
}

/* The device is in the list once, with both directions, as its number says; so are the devices behind it. */
static void check_list(int32_t count) {
  double info[PS_DEVICE_INFO_SIZE], host_api[PS_HOST_API_INFO_SIZE];
  int32_t device = find_device(NAME);
  CHECK_EQUAL(ps_device_count(), count);
  if (!CHECK(device >= 0)) return;
  CHECK(ps_device_info(device, info, PS_DEVICE_INFO_SIZE, NULL, 0) >= 0);
  CHECK_EQUAL(info[PS_DEVICE_MAX_INPUT_CHANNELS], 2);
  CHECK_EQUAL(info[PS_DEVICE_MAX_OUTPUT_CHANNELS], 2);
  CHECK(ps_host_api_info((int32_t)info[PS_DEVICE_HOST_API], host_api, PS_HOST_API_INFO_SIZE, NULL, 0) >= 0);
  CHECK_EQUAL(host_api[PS_HOST_API_DEVICE_COUNT], count - 1);
  CHECK_EQUAL(find_device("virtual"), count - 1);
}

static void held(void) {
  int32_t count = ps_device_count();
  check_list(count);
  for (int directions = 1; directions < 4; directions++) {
    int input = directions & 1, output = directions >> 1;
    int32_t stream = hold(input, output);
    if (!CHECK(stream >= 0)) return;
    for (int looks = 0; looks < 2; looks++) {
      CHECK_EQUAL(devices_refresh(), PS_OK);
      check_list(count);
      goes_on(stream);
    }
    CHECK_EQUAL(hold(input, output), PS_ERR_PORTAUDIO);
    CHECK(strstr(detail(), "another stream of this program uses") != NULL);
    if (directions < 3) { /* the other direction is free */
      int32_t other = hold(!input, !output);
      CHECK(other >= 0);
      if (other >= 0) let_go(other);
    }
    int32_t notices = ps_device_notices();
    let_go(stream);
    CHECK(ps_device_notices() > notices); /* it may have been unplugged */
    CHECK_EQUAL(devices_refresh(), PS_OK);
    check_list(count);
  }
}

TEST(devices_that_are_held_stay_listed) { CHECK(scenario_passes(held)); }

int main(void) {
  const char *reason = missing_plugin();
  if (reason) {
    printf("ok 1 - devices_that_are_held_stay_listed # SKIP %s\n", reason);
    return 0;
  }
  RUN(devices_that_are_held_stay_listed);
  remove_plugin();
  return test_end();
}
