/* The real PortAudio over a JACK server with the dummy driver, and over PulseAudio. Each scenario is a process of its
 * own, because PortAudio looks for servers once. */
#define _GNU_SOURCE
#include <math.h>
#include <unistd.h>

#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "scenario.h"
#include "servers.h"
#include "test.h"

#define RATE 48000

/* ------------------------------------------------------- without a PortAudio */

static void no_portaudio(void) {
  setenv("PASTREAM_PORTAUDIO", "/nonexistent/libportaudio.so", 1);
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, NULL), PS_ERR_NO_PORTAUDIO);
  CHECK(strstr(detail(), "/nonexistent/libportaudio.so: ") == detail());
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, "/nonexistent/other.so"), PS_ERR_NO_PORTAUDIO);
  CHECK(strstr(detail(), "/nonexistent/other.so") == detail());
  /* A library that is not PortAudio. */
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, "libm.so.6"), PS_ERR_NO_PORTAUDIO);
  CHECK(strstr(detail(), "Pa_") != NULL);
  CHECK_EQUAL(ps_library_text(PS_LIBRARY_PORTAUDIO, 0, NULL, 0), 0);

  double info[PS_DEVICE_INFO_SIZE];
  char name[64];
  CHECK_EQUAL(ps_device_count(), 1);
  CHECK_EQUAL(ps_host_api_count(), 1);
  CHECK_EQUAL(ps_device_info(0, info, PS_DEVICE_INFO_SIZE, name, sizeof name), 7);
  CHECK(strcmp(name, "virtual") == 0 && info[PS_DEVICE_MAX_INPUT_CHANNELS] == 64);
  CHECK_EQUAL(ps_device_info(1, info, PS_DEVICE_INFO_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_host_api_info(0, info, PS_HOST_API_INFO_SIZE, name, sizeof name), 7);
  CHECK(strcmp(name, "Virtual") == 0 && info[PS_HOST_API_TYPE] == 1000 && info[PS_HOST_API_DEFAULT_INPUT] == 0);

  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_NO_PORTAUDIO);
  CHECK_EQUAL(open_stream(config), PS_ERR_NO_PORTAUDIO);
  duplex_config(config, 0); /* the virtual device by its index */
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_OK);
}

/* --------------------------------------------------------------------- JACK */

static void jack_devices(void) {
  struct server server;
  if (!CHECK(start_jack(&server))) return;
  char text[256];
  double info[PS_DEVICE_INFO_SIZE], config[PS_CONFIG_SIZE];
  int32_t count = ps_device_count(), loopback = find_device("loopback");
  CHECK(ps_library_text(PS_LIBRARY_PORTAUDIO, 0, text, sizeof text) > 0 && strncmp(text, "PortAudio V19", 13) == 0);
  CHECK(ps_library_text(PS_LIBRARY_PORTAUDIO, 1, text, sizeof text) > 0 && text[0] == '/');
  CHECK(count >= 3 && loopback >= 0);
  ps_device_info(loopback, info, PS_DEVICE_INFO_SIZE, NULL, 0);
  CHECK_EQUAL(info[PS_DEVICE_MAX_INPUT_CHANNELS], 2);
  CHECK_EQUAL(info[PS_DEVICE_MAX_OUTPUT_CHANNELS], 2);
  CHECK_EQUAL(info[PS_DEVICE_DEFAULT_SAMPLE_RATE], RATE);
  ps_host_api_info((int32_t)info[PS_DEVICE_HOST_API], info, PS_HOST_API_INFO_SIZE, text, sizeof text);
  CHECK(info[PS_HOST_API_TYPE] == 12 && strstr(text, "JACK"));
  ps_device_info(count - 1, info, PS_DEVICE_INFO_SIZE, text, sizeof text);
  CHECK(strcmp(text, "virtual") == 0 && info[PS_DEVICE_IS_DEFAULT_INPUT] == 0);
  CHECK_EQUAL(info[PS_DEVICE_HOST_API], ps_host_api_count() - 1);

  duplex_config(config, loopback);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_OK);
  config[PS_CONFIG_SAMPLE_RATE] = 44100;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_OK); /* it would be converted */
  config[PS_CONFIG_CONVERSION] = PS_CONVERSION_NEVER;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_PORTAUDIO);
  CHECK(strstr(detail(), "the device takes 48000 Hz"));
  CHECK_EQUAL(ps_error_number(0), -9997);
  CHECK(strstr(detail(), "Invalid sample rate"));
  CHECK_EQUAL(open_stream(config), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9997);
  duplex_config(config, loopback);
  config[PS_CONFIG_INPUT_CHANNELS] = 3;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9998);
  duplex_config(config, count);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_DEVICE_NOT_FOUND);
  duplex_config(config, loopback);
  config[PS_CONFIG_OUTPUT_DEVICE] = count - 1;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_OK); /* two devices, with a clock each */
  config[PS_CONFIG_VIRTUAL_CLOCK] = 1;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  duplex_config(config, loopback);
  config[PS_CONFIG_INPUT_HOST_SETTINGS] = PS_HOST_WASAPI;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  CHECK(strstr(detail(), "WASAPI") && strstr(detail(), "JACK"));
  /* Each flag reaches PortAudio: this one it refuses for a stream with a fixed block size. */
  duplex_config(config, loopback);
  config[PS_CONFIG_FLAGS] = PS_STREAM_NEVER_DROP_INPUT;
  config[PS_CONFIG_BLOCK_SIZE] = 256;
  CHECK_EQUAL(open_stream(config), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9995);
  end_server(&server);
}

#define SIGNAL_FRAMES RATE
#define ROOM_FRAMES (SIGNAL_FRAMES + 8192)

/* Any finite float, also far beyond full scale. */
static float random_float(struct random *random) {
  for (;;) {
    uint32_t bits = (uint32_t)random_next(random);
    float value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value)) return value;
  }
}

/* Plays a random signal, then silence, and looks for it in the recording. 0 if the server, which had no time at all for
 * a while, has dropped some of it; it does not always say so. */
static int play_and_compare(int32_t stream, struct random *random) {
  static float played[2 * SIGNAL_FRAMES], recorded[2 * ROOM_FRAMES];
  for (int i = 0; i < 2 * SIGNAL_FRAMES; i++) played[i] = random_float(random);
  int32_t source = ps_ring_new(8, SIGNAL_FRAMES, NULL, 0), sink = ps_ring_new(8, ROOM_FRAMES, NULL, 0);
  CHECK_EQUAL(ps_ring_write(source, played, SIGNAL_FRAMES), SIGNAL_FRAMES);
  ps_ring_end(source);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 8192, 0, 0), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  double begun = ps_stream_number(stream, PS_NUMBER_TIME);
  CHECK_EQUAL(ps_stream_wait(stream, 30), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_WITHIN(ps_stream_number(stream, PS_NUMBER_TIME) - begun, 1.0, 20.0);
  CHECK_WITHIN(ps_stream_number(stream, PS_NUMBER_CPU_LOAD), 0.0, 1.0);
  CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), ROOM_FRAMES);
  CHECK_EQUAL(ps_ring_read(sink, recorded, ROOM_FRAMES), ROOM_FRAMES);
  int delay = 0;
  while (delay < 8192 && recorded[2 * delay] == 0 && recorded[2 * delay + 1] == 0) delay++;
  int equal = delay < 8192 && memcmp(played, recorded + 2 * delay, sizeof played) == 0;
  int xruns = (int)ps_stream_number(stream, PS_NUMBER_XRUNS);
  printf("# delay of %d frames, %d xruns, %s\n", delay, xruns, equal ? "equal" : "not equal");
  if (equal) CHECK(delay > 0);
  ps_ring_free(source);
  ps_ring_free(sink);
  return equal;
}

/* JACK refuses one of two processes that open clients of the same name at the same time. */
static int is_our_client(void) {
  char look[80];
  snprintf(look, sizeof look, "jack_lsp | grep -q '^pastream-%d:out_'", (int)getpid());
  for (int i = 0; i < 20; i++)
    if (system(look) == 0) return 1; /* jack_lsp itself may be refused */
  return 0;
}

static void jack_bit_exact(void) {
  struct server server;
  if (!CHECK(start_jack(&server))) return;
  struct random random = {random_seed()};
  double config[PS_CONFIG_SIZE], actual[PS_ACTUAL_SIZE];
  int32_t loopback = find_device("loopback");
  for (int block = 0; block <= 1000; block += 500) {
    duplex_config(config, loopback);
    config[PS_CONFIG_BLOCK_SIZE] = block;
    config[PS_CONFIG_FLAGS] = PS_STREAM_CLIP_OFF | PS_STREAM_DITHER_OFF;
    int32_t stream = open_stream(config);
    if (!CHECK(stream > 0)) break;
    ps_stream_actual(stream, actual, PS_ACTUAL_SIZE);
    CHECK_EQUAL(actual[PS_ACTUAL_INPUT_DEVICE], loopback);
    CHECK_EQUAL(actual[PS_ACTUAL_OUTPUT_CHANNELS], 2);
    CHECK_EQUAL(actual[PS_ACTUAL_SAMPLE_RATE], RATE);
    CHECK_EQUAL(actual[PS_ACTUAL_BLOCK_SIZE], block);
    CHECK(is_our_client());
    CHECK_WITHIN(actual[PS_ACTUAL_OUTPUT_LATENCY], 0, 0.1);
    int equal = 0;
    for (int run = 0; run < 6 && equal < 2; run++)
      equal += play_and_compare(stream, &random); /* the same stream again */
    CHECK_EQUAL(equal, 2);
    CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
    CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  }
  CHECK_EQUAL(ps_handle_count(), 0);
  end_server(&server);
}

static void jack_stop_abort_close(void) {
  struct server server;
  if (!CHECK(start_jack(&server))) return;
  int32_t loopback = find_device("loopback");
  for (int round = 0; round < 3; round++) {
    int32_t first = run_forever(loopback, DUPLEX, RATE / 4), second = run_forever(loopback, DUPLEX, RATE / 4);
    double begun = os_time();
    CHECK_EQUAL(command(first, round == 1 ? PS_COMMAND_ABORT : PS_COMMAND_STOP), PS_OK);
    CHECK_EQUAL(ps_stream_state(first), round == 1 ? PS_STATE_ABORTED : PS_STATE_STOPPED);
    CHECK_EQUAL(ps_stream_error(first, NULL, 0, NULL, 0), PS_OK);
    CHECK_EQUAL(ps_stream_state(second), PS_STATE_ACTIVE);
    CHECK_EQUAL(command(second, PS_COMMAND_CLOSE), PS_OK); /* while it runs */
    CHECK_WITHIN(os_time() - begun, 0, SOON);
    /* To free closes, too, some time later. But the server must not end in the midst of that. */
    if (round == 2) CHECK_EQUAL(command(first, PS_COMMAND_CLOSE), PS_OK);
    CHECK_EQUAL(ps_stream_free(first), PS_OK);
    CHECK_EQUAL(ps_stream_free(second), PS_OK);
  }
  end_server(&server);
}

/* One direction over PulseAudio: its blocks have times, and it can be stopped, started, aborted and closed. */
static void use_pulse(enum directions directions) {
  int32_t stream = run_forever(PS_DEVICE_DEFAULT, directions, FRAMES_SETTLED);
  double numbers[PS_NUMBER_COUNT];
  ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT);
  double time = numbers[PS_NUMBER_TIME], adc = numbers[PS_NUMBER_BLOCK_ADC_TIME],
         dac = numbers[PS_NUMBER_BLOCK_DAC_TIME];
  printf("# time %.3f, adc %.3f, dac %.3f\n", time, adc, dac);
  if (directions == INPUT_ONLY)
    CHECK_WITHIN(adc - time, -5, 1);
  else
    CHECK_WITHIN(dac - time, -1, 5);
  double begun = os_time();
  CHECK_EQUAL(command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_ABORT), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
  printf("# stopped, started, aborted and closed in %.3f s\n", os_time() - begun);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  ps_stream_free(stream);
}

static void pulse_plays(void) {
  struct server server;
  if (!CHECK(start_alsa(&server))) return;
  double info[PS_DEVICE_INFO_SIZE];
  int32_t device = find_device("default");
  CHECK(device >= 0);
  ps_device_info(device, info, PS_DEVICE_INFO_SIZE, NULL, 0);
  CHECK(info[PS_DEVICE_IS_DEFAULT_INPUT] == 1 && info[PS_DEVICE_IS_DEFAULT_OUTPUT] == 1);
  use_pulse(OUTPUT_ONLY);
  use_pulse(INPUT_ONLY);
  end_server(&server);
}

TEST(without_portaudio) { CHECK(scenario_passes(no_portaudio)); }
TEST(devices_and_settings_over_jack) { CHECK(scenario_passes(jack_devices)); }
TEST(bit_exact_over_jack) { CHECK(scenario_passes(jack_bit_exact)); }
TEST(stop_abort_and_close_over_jack) { CHECK(scenario_passes(jack_stop_abort_close)); }
TEST(over_pulseaudio) { CHECK(scenario_passes(pulse_plays)); }

int main(void) {
  RUN(without_portaudio);
  RUN_WITH(JACK_PROGRAMS, devices_and_settings_over_jack);
  RUN_WITH(JACK_PROGRAMS, bit_exact_over_jack);
  RUN_WITH(JACK_PROGRAMS, stop_abort_and_close_over_jack);
  RUN_WITH(PULSE_PROGRAMS, over_pulseaudio);
  return test_end();
}
