/* Streams over PulseAudio and PipeWire: equal samples, sounds that are heard whole, and servers that die or hang. Each
 * scenario is a process of its own, with a server of its own. */
// Measures time: how soon a server counts as lost.
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "scenario.h"
#include "servers.h"
#include "test.h"

#define CHANNELS 2
#define PLAYED 24000
#define RECORDED (PLAYED + 24000)
#define RAMP (1 << 20) /* samples are whole multiples of its inverse */
#define RAMP_FRAMES 96000
#define GROWN_MOST 2400 /* frames, which is a buffer; a hold-up that is not made up for costs three or more */
#define LATENCY 0.1     /* enough for a server without realtime priority on a busy machine */

/* Noise that is never zero, in ring. */
static int32_t noise_ring(float *samples) {
  for (size_t i = 0; i < PLAYED * CHANNELS; i++)
    samples[i] = ((float)(random_mix(i + 1) & 0xffffff) + 1) / (float)0x1000000 - 0.5f + 1e-9f;
  int32_t ring = ps_ring_new(sizeof(float) * CHANNELS, PLAYED, NULL, 0);
  CHECK_EQUAL(ps_ring_write(ring, samples, PLAYED), PLAYED);
  ps_ring_end(ring);
  return ring;
}

/* Duplex on the default devices: what is played is what is recorded, from the first frame to the last. A server on a
 * busy machine drops something now and then; PipeWire once did, or seemed to, without an xrun that was told. */
static void loop_back(double block, double latency) {
  static float played[PLAYED * CHANNELS], recorded[RECORDED * CHANNELS];
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  config[PS_CONFIG_BLOCK_SIZE] = block;
  config[PS_CONFIG_INPUT_LATENCY] = config[PS_CONFIG_OUTPUT_LATENCY] = latency;
  int32_t stream = open_stream(config);
  if (!CHECK(stream > 0)) return;
  int whole = 0, unexplained = 0;
  for (int run = 0; run < 6 && whole < 2; run++) {
    int32_t source = noise_ring(played), sink = ps_ring_new(sizeof(float) * CHANNELS, RECORDED, NULL, 0);
    CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream, -1, RECORDED - PLAYED, 0, 0), PS_OK);
    CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
    CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
    CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), RECORDED);
    CHECK_EQUAL(ps_ring_read(sink, recorded, RECORDED), RECORDED);
    size_t first = 0, equal = 0;
    while (first < RECORDED * CHANNELS && recorded[first] == 0) first++;
    while (equal < PLAYED * CHANNELS && first + equal < RECORDED * CHANNELS && recorded[first + equal] == played[equal])
      equal++;
    double xruns = ps_stream_number(stream, PS_NUMBER_XRUNS);
    printf("# block %g, latency %g: first at frame %zu, %g xruns\n", block, latency, first / CHANNELS, xruns);
    int is_whole = equal == PLAYED * CHANNELS;
    if (!is_whole) printf("# equal up to frame %zu of %d\n", equal / CHANNELS, PLAYED);
    whole += is_whole;
    unexplained += !is_whole && xruns == 0;
    ps_ring_free(source);
    ps_ring_free(sink);
  }
  CHECK(whole > 0 || unexplained == 0);
  CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
  ps_stream_free(stream);
}

static void equal_samples(int (*start)(struct server *server)) {
  struct server server;
  if (!CHECK(start(&server))) return;
  loop_back(0, LATENCY);
  loop_back(256, LATENCY);
  loop_back(1000, LATENCY);
  end_server(&server);
}

/* The device of a stream counts as lost, and its error says why. */
static void check_loss(int32_t stream, const char *why) {
  char text[512] = "";
  CHECK_EQUAL(ps_stream_error(stream, text, sizeof text, NULL, 0), PS_ERR_DEVICE_LOST);
  if (!CHECK(strstr(text, why))) printf("# %s\n", text);
}

static int32_t run_output(void) {
  double config[PS_CONFIG_SIZE];
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_DEFAULT;
  int32_t stream = open_stream(config);
  if (!CHECK(stream > 0)) return stream;
  ps_stream_set_run(stream, -1, -1, 0, 0);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  for (int i = 0; i < 3000 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < PLAYED; i++) usleep(10000);
  return stream;
}

/* The stream ends, and everything with it, in little time; what is opened next says why it fails. */
static void lose(int (*start)(struct server *server), int signal) {
  struct server server;
  if (!CHECK(start(&server))) return;
  int32_t stream = run_output();
  double begun = os_time();
  kill(server.pid, signal);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  double lost = os_time();
  check_loss(stream, signal == SIGSTOP ? "server does not answer" : "server has ended");
  CHECK_WITHIN(lost - begun, 0, SOON);
  command(stream, PS_COMMAND_START); /* may fail, may not hang */
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  double closed = os_time();
  CHECK_WITHIN(closed - lost, 0, SOON);
  printf("# noticed after %.3f s, closed after %.3f s\n", lost - begun, closed - lost);
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  CHECK(open_stream(config) < 0);
  printf("# then: %s\n", detail());
  CHECK_WITHIN(os_time() - closed, 0, SOON);
  if (signal == SIGSTOP) { /* it goes on as if nothing had been */
    kill(server.pid, SIGCONT);
    int32_t again = run_output();
    command(again, PS_COMMAND_CLOSE);
    ps_stream_free(again);
  }
  end_server(&server);
}

static void go_on(int32_t stream, double frames) {
  frames += ps_stream_number(stream, PS_NUMBER_FRAME_COUNT);
  for (int i = 0; i < 3000 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < frames; i++) usleep(10000);
  CHECK(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) >= frames);
}

/* How many gaps of the device are in the log; and in seconds their sum. */
static int32_t gaps(int32_t stream, double *seconds) {
  double glitches[4 * 256];
  int32_t count = ps_stream_glitches(stream, glitches, 4 * 256), found = 0;
  *seconds = 0;
  for (int32_t i = 0; i < count; i++) {
    if (glitches[4 * i + 2] != PS_GLITCH_DEVICE_GAP) continue;
    found++;
    *seconds += glitches[4 * i + 3] / 48000;
  }
  return found;
}

/* The frame of the first gap of the device in the log, or -1. */
static double gap_frame(int32_t stream) {
  double glitches[4 * 256];
  int32_t count = ps_stream_glitches(stream, glitches, 4 * 256);
  for (int32_t i = 0; i < count; i++)
    if (glitches[4 * i + 2] == PS_GLITCH_DEVICE_GAP) return glitches[4 * i];
  return -1;
}

/* A server that lives may let its streams wait for as long as it likes, and the gap is in the log. */
static void pause_sink(void) {
  struct server server;
  if (!CHECK(start_pulse(&server))) return;
  int32_t stream = run_output();
  CHECK_EQUAL(system("pactl suspend-sink loop 1"), 0);
  CHECK_EQUAL(ps_stream_wait(stream, 3), 0);
  CHECK_EQUAL(system("pactl suspend-sink loop 0"), 0);
  go_on(stream, PLAYED);
  double seconds;
  CHECK_EQUAL(gaps(stream, &seconds), 1);
  CHECK_WITHIN(seconds, 2.5, SOON);
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  end_server(&server);
}

/* PipeWire stands still, while its server of PulseAudio's protocol answers. Its sink of null brings the input of that
 * time afterwards, so that nothing of it is missing. */
static void stand_still(void) {
  struct server server;
  if (!CHECK(start_pipewire(&server))) return;
  for (enum directions directions = INPUT_ONLY; directions <= DUPLEX; directions++) {
    int32_t stream = run_forever(PS_DEVICE_DEFAULT, directions, PLAYED);
    CHECK_EQUAL(system("kill -STOP $PIPEWIRE_PID"), 0);
    CHECK_EQUAL(ps_stream_wait(stream, 4), 0);
    CHECK_EQUAL(system("kill -CONT $PIPEWIRE_PID"), 0);
    go_on(stream, 2 * 48000);
    double seconds;
    int32_t found = gaps(stream, &seconds);
    printf("# directions %d: %d gaps of %.3f s in all\n", directions, (int)found, seconds);
    if (directions != INPUT_ONLY) {
      CHECK_EQUAL(found, 1);
      CHECK_WITHIN(seconds, 3, SOON);
    }
    command(stream, PS_COMMAND_CLOSE);
    ps_stream_free(stream);
  }
  end_server(&server);
}

#define FOR_BOTH_CHANNELS "for c in FL FR; do "
#define DISCONNECT_INPUT FOR_BOTH_CHANNELS "pw-link -d loop:monitor_$c pastream:input_$c || exit 1; done"
#define DISCONNECT_OUTPUT FOR_BOTH_CHANNELS "pw-link -d pastream:output_$c loop:playback_$c || exit 1; done"
#define CONNECT_INPUT FOR_BOTH_CHANNELS "pw-link loop:monitor_$c pastream:input_$c || exit 1; done"
#define CONNECT_OUTPUT FOR_BOTH_CHANNELS "pw-link pastream:output_$c loop:playback_$c || exit 1; done"

/* A stream that is connected to nothing for about a second goes on, and the gap is in the log. On a busy machine that
 * second may take so long that the stream counts as lost, or the server may not be asked in it: then nobody knows that
 * it was not the program that was late. */
static void connect_again(void) {
  struct server server;
  if (!CHECK(start_pipewire(&server))) return;
  for (enum directions directions = INPUT_ONLY; directions <= OUTPUT_ONLY; directions++) {
    int is_input = directions == INPUT_ONLY, known = 0;
    for (int i = 0; i < 6 && !known; i++) {
      int32_t stream = run_forever(PS_DEVICE_DEFAULT, directions, PLAYED);
      CHECK_EQUAL(system("kill -STOP $WIREPLUMBER_PID"), 0); /* which would connect it itself */
      CHECK_EQUAL(system(is_input ? DISCONNECT_INPUT : DISCONNECT_OUTPUT), 0);
      usleep(900000);
      double reached = ps_stream_number(stream, PS_NUMBER_FRAME_COUNT);
      CHECK_EQUAL(system(is_input ? CONNECT_INPUT : CONNECT_OUTPUT), 0);
      double seconds;
      for (int waits = 0; waits < 6 && !known && ps_stream_wait(stream, 0.5) == 0; waits++)
        known = gaps(stream, &seconds) > 0;
      if (known) {
        go_on(stream, 24000);
        CHECK_EQUAL(gaps(stream, &seconds), 1);
        CHECK_WITHIN(seconds, 0.5, SOON);
        CHECK_WITHIN(gap_frame(stream), reached - 12000, reached + 24000); /* not where it is known: 1 s later */
      }
      command(stream, PS_COMMAND_CLOSE);
      ps_stream_free(stream);
      CHECK_EQUAL(system("kill -CONT $WIREPLUMBER_PID"), 0);
    }
    CHECK(known);
  }
  end_server(&server);
}

/* Nobody connects streams to devices any more: those that run end soon, and no other can be opened. */
static void manager_killed(void) {
  struct server server;
  if (!CHECK(start_pipewire(&server))) return;
  int32_t streams[3];
  for (enum directions directions = INPUT_ONLY; directions <= DUPLEX; directions++)
    streams[directions] = run_forever(PS_DEVICE_DEFAULT, directions, PLAYED);
  double begun = os_time();
  CHECK_EQUAL(system("kill -KILL $WIREPLUMBER_PID"), 0);
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(ps_stream_wait(streams[i], SOON), 1);
    check_loss(streams[i], "connects the stream to no device any more");
  }
  printf("# noticed after %.3f s\n", os_time() - begun);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  for (int i = 0; i < 3; i++) {
    command(streams[i], PS_COMMAND_CLOSE);
    ps_stream_free(streams[i]);
  }
  begun = os_time();
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  CHECK(open_stream(config) < 0);
  CHECK_EQUAL(ps_error_number(PS_ERROR_CODE), -9987);
  printf("# then: %s\n", detail());
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  end_server(&server);
}

/* A sink is taken away, and there is no other. */
static void sink_removed(void) {
  struct server server;
  if (!CHECK(start_pulse(&server))) return;
  int32_t stream = run_output();
  CHECK_EQUAL(system("pactl unload-module module-null-sink"), 0);
  CHECK_EQUAL(ps_stream_wait(stream, 10), 1);
  check_loss(stream, "has ended the stream, as it does when its device is removed");
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  end_server(&server);
}

/* A program that was stopped has not missed what the device did not do. */
static void held_up(void) {
  struct server server;
  if (!CHECK(start_pulse(&server))) return;
  int32_t stream = run_forever(PS_DEVICE_DEFAULT, OUTPUT_ONLY, 2 * 48000);
  CHECK_EQUAL(system("kill -STOP $PPID; sleep 3; kill -CONT $PPID"), 0);
  go_on(stream, 48000);
  double seconds;
  CHECK_EQUAL(gaps(stream, &seconds), 0);
  CHECK(ps_stream_number(stream, PS_NUMBER_XRUNS) > 0);
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  end_server(&server);
}

/* How many frames after it was played frame `at` of a recording was, of a sound whose samples count its frames; of the
 * frame before it if that is silence. */
static int32_t delay_at(const float *recorded, size_t at) {
  while (at > 0 && recorded[at * CHANNELS] == 0) at--;
  return (int32_t)at - (int32_t)(recorded[at * CHANNELS] * RAMP) + 1;
}

/* By how many frames the round trip has grown at the end of a run in which the program was held up; INT32_MAX if there
 * was an xrun before. */
static int32_t round_trip_grown(void) {
  static float played[RAMP_FRAMES * CHANNELS], recorded[RAMP_FRAMES * CHANNELS];
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  config[PS_CONFIG_INPUT_LATENCY] = config[PS_CONFIG_OUTPUT_LATENCY] = LATENCY / 2;
  int32_t stream = open_stream(config);
  if (!CHECK(stream > 0)) return INT32_MAX;
  for (size_t i = 0; i < RAMP_FRAMES * CHANNELS; i++) played[i] = (float)(i / CHANNELS + 1) / RAMP;
  int32_t source = ps_ring_new(sizeof(float) * CHANNELS, RAMP_FRAMES, NULL, 0);
  int32_t sink = ps_ring_new(sizeof(float) * CHANNELS, RAMP_FRAMES, NULL, 0);
  CHECK_EQUAL(ps_ring_write(source, played, RAMP_FRAMES), RAMP_FRAMES);
  ps_ring_end(source);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
  ps_stream_set_run(stream, RAMP_FRAMES, 0, 0, 0);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  for (int i = 0; i < 3000 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < RAMP_FRAMES / 2; i++) usleep(10000);
  double early = ps_stream_number(stream, PS_NUMBER_XRUNS);
  CHECK_EQUAL(system("kill -STOP $PPID; sleep 0.2; kill -CONT $PPID"), 0);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  CHECK_EQUAL(ps_ring_read(sink, recorded, RAMP_FRAMES), RAMP_FRAMES);
  int32_t before = delay_at(recorded, RAMP_FRAMES / 3), after = delay_at(recorded, RAMP_FRAMES - 1);
  double xruns = ps_stream_number(stream, PS_NUMBER_XRUNS);
  printf("# round trip: %d frames, then %d, %g and %g xruns\n", before, after, early, xruns);
  CHECK(xruns > 0);
  ps_ring_free(source);
  ps_ring_free(sink);
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  return early > 0 ? INT32_MAX : after - before;
}

static void round_trip(void) {
  struct server server;
  if (!CHECK(start_pulse(&server))) return;
  /* On a machine that is too busy nothing can be said; and another underflow may come too late to be made up for. */
  int32_t calm = 0, kept = 0;
  for (int i = 0; i < 5 && !kept; i++) {
    int32_t grown = round_trip_grown();
    calm += grown < INT32_MAX;
    kept = grown <= GROWN_MOST;
  }
  CHECK(kept || !calm);
  end_server(&server);
}

/* Another client of the server's monitor wants pieces of 10 ms, which come to this one, too. */
static void large_pieces(void) {
  struct server server;
  if (!CHECK(start_pulse(&server))) return;
  double config[PS_CONFIG_SIZE];
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = PS_DEVICE_DEFAULT;
  config[PS_CONFIG_INPUT_LATENCY] = LATENCY;
  int32_t stream = open_stream(config);
  if (!CHECK(stream > 0)) return;
  ps_stream_set_run(stream, RAMP_FRAMES, 0, 0, 0);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), RAMP_FRAMES);
  double callbacks = ps_stream_number(stream, PS_NUMBER_CALLBACKS);
  printf("# %g callbacks\n", callbacks);
  CHECK_WITHIN(callbacks, 1, 1.5 * RAMP_FRAMES / 48000 / (LATENCY / 2));
  command(stream, PS_COMMAND_CLOSE);
  ps_stream_free(stream);
  end_server(&server);
}

static void pulse_equal(void) { equal_samples(start_pulse); }
static void pipewire_equal(void) { equal_samples(start_pipewire); }
static void pulse_killed(void) { lose(start_pulse, SIGKILL); }
static void pulse_stopped(void) { lose(start_pulse, SIGSTOP); }
static void pipewire_killed(void) { lose(start_pipewire, SIGKILL); }
static void pipewire_stopped(void) { lose(start_pipewire, SIGSTOP); }

TEST(pulseaudio_gives_equal_samples) { CHECK(scenario_passes(pulse_equal)); }
TEST(pipewire_gives_equal_samples) { CHECK(scenario_passes(pipewire_equal)); }
TEST(pulseaudio_lost) { CHECK(scenario_passes(pulse_killed) && scenario_passes(pulse_stopped)); }
TEST(pipewire_lost) { CHECK(scenario_passes(pipewire_killed) && scenario_passes(pipewire_stopped)); }
TEST(pulseaudio_without_a_device) { CHECK(scenario_passes(sink_removed)); }
TEST(pulseaudio_keeps_its_round_trip) { CHECK(scenario_passes(round_trip)); }
TEST(pulseaudio_input_comes_in_large_pieces) { CHECK(scenario_passes(large_pieces)); }
TEST(pulseaudio_pauses) { CHECK(scenario_passes(pause_sink)); }
TEST(pulseaudio_and_a_stopped_program) { CHECK(scenario_passes(held_up)); }
TEST(pipewire_pauses) { CHECK(scenario_passes(stand_still) && scenario_passes(connect_again)); }
TEST(pipewire_without_session_manager) { CHECK(scenario_passes(manager_killed)); }

int main(void) {
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_gives_equal_samples);
  RUN_WITH(PIPEWIRE_PROGRAMS, pipewire_gives_equal_samples);
  BEGIN_WITH(PULSE_PROGRAMS, pause_sink, held_up, pulse_killed, pulse_stopped, sink_removed);
  BEGIN_WITH(PIPEWIRE_PROGRAMS, pipewire_killed, pipewire_stopped);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_lost);
  RUN_WITH(PIPEWIRE_PROGRAMS, pipewire_lost);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_without_a_device);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_keeps_its_round_trip);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_input_comes_in_large_pieces);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_pauses);
  RUN_WITH(PULSE_PROGRAMS, pulseaudio_and_a_stopped_program);
  BEGIN_WITH(PIPEWIRE_PROGRAMS, stand_still, connect_again, manager_killed);
  RUN_WITH(PIPEWIRE_PROGRAMS, pipewire_pauses);
  RUN_WITH(PIPEWIRE_PROGRAMS, pipewire_without_session_manager);
  return test_end();
}
