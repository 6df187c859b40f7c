/* Two virtual devices whose clocks differ in one duplex stream, in simulated time: the input is brought to the output's
 * clock, and what was played comes back with no frame lost and no frame too many. */
#include <math.h>

#include "device/pair.h"
#include "engine/drift.h"
#include "stream/state.h"
#include "streams.h"

#define PI 3.14159265358979323846
#define RATE 48000
#define TONE 1000.0
#define BLOCK 256

static int32_t open_pair(double input_drift, double output_drift, int format, int channels) {
  double config[PS_CONFIG_SIZE];
  ps_config_init(config, PS_CONFIG_SIZE);
  for (int i = 0; i < 2; i++) {
    config[PS_CONFIG_INPUT_DEVICE + i] = PS_DEVICE_VIRTUAL;
    config[PS_CONFIG_INPUT_CHANNELS + i] = channels;
    config[PS_CONFIG_INPUT_FORMAT + i] = format;
  }
  config[PS_CONFIG_SAMPLE_RATE] = RATE;
  config[PS_CONFIG_INPUT_VIRTUAL_DRIFT] = input_drift;
  config[PS_CONFIG_OUTPUT_VIRTUAL_DRIFT] = output_drift;
  config[PS_CONFIG_VIRTUAL_SIMULATED] = 1;
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
  CHECK(stream > 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  return stream;
}

/* Decibels from a tone of TONE Hz to what else there is in a second. */
static double quality(const float *samples) {
  double s = 0, c = 0, residue = 0, amplitude, phase;
  for (int n = 0; n < RATE; n++) {
    s += samples[n] * sin(2 * PI * TONE * n / RATE) * 2 / RATE;
    c += samples[n] * cos(2 * PI * TONE * n / RATE) * 2 / RATE;
  }
  amplitude = hypot(s, c);
  phase = atan2(c, s);
  for (int n = 0; n < RATE; n++) residue += pow(samples[n] - amplitude * sin(2 * PI * TONE * n / RATE + phase), 2);
  return 10 * log10(amplitude * amplitude / 2 / (residue / RATE + 1e-30));
}

/* Minutes of a tone, second by second. */
static void run_pair(double input_drift, double output_drift, int seconds) {
  static float tone[RATE], heard[RATE];
  int32_t handle = open_pair(input_drift, output_drift, PS_FORMAT_FLOAT32, 1);
  struct stream *stream = (struct stream *)handle_use(handle, HANDLE_STREAM);
  int32_t source = ps_ring_new(4, RATE, NULL, 0), sink = ps_ring_new(4, RATE, NULL, 0);
  double worst_quality = INFINITY, worst_drift = 0, most = 0, low = INFINITY, high = 0;
  for (int n = 0; n < RATE; n++) tone[n] = (float)sin(2 * PI * TONE * n / RATE) * 0.5f;
  CHECK_EQUAL(ps_ring_write(source, tone, RATE), RATE);
  CHECK_EQUAL(ps_ring_end(source), PS_OK);
  CHECK_EQUAL(ps_stream_set_source(handle, PS_ENDPOINT_RING, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(handle, PS_ENDPOINT_RING, sink, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(handle, (double)seconds * RATE, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(handle, PS_COMMAND_START), PS_OK);
  for (int second = 0; second < seconds; second++) {
    for (int32_t got = 0; got < RATE;) {
      int32_t some = ps_ring_read(sink, heard + got, RATE - got);
      if (some <= 0) os_sleep(0.0002);
      got += some > 0 ? some : 0;
      struct pair_state state = pair_state(&stream->device);
      double off = fabs(state.fill - state.target);
      if (second >= 2 && off > most) most = off;
      if (second >= 60 && state.fill < low) low = state.fill;
      if (second >= 60 && state.fill > high) high = state.fill;
    }
    struct pair_state state = pair_state(&stream->device);
    if (second < 60) continue;
    if (quality(heard) < worst_quality) worst_quality = quality(heard);
    double difference = ((1 + input_drift * 1e-6) / (1 + output_drift * 1e-6) - 1) * 1e6;
    if (fabs(state.drift - difference) > worst_drift) worst_drift = fabs(state.drift - difference);
  }
  CHECK_EQUAL(ps_stream_wait(handle, 20), 1);
  CHECK_EQUAL(ps_stream_state(handle), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(handle, PS_NUMBER_XRUNS), 0);
  CHECK_EQUAL(pair_state(&stream->device).slips, 0);
  printf("# %g and %g ppm, %d s: at most %.0f frames off, within %.2f frames after 60 s; %.1f dB; %.4f ppm\n",
         input_drift, output_drift, seconds, most, high - low, worst_quality, worst_drift);
  CHECK_WITHIN(most, 0, 2048);
  CHECK_WITHIN(high - low, 0, BLOCK);
  CHECK_WITHIN(worst_quality, 90, INFINITY);
  CHECK_WITHIN(worst_drift, 0, 0.1);
  object_release(&stream->object);
  stream_close(handle);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(clocks_that_differ_are_brought_together) {
  int seconds = test_full() ? 1800 : TEST_THREAD_SANITIZER ? 90 : 240;
  run_pair(-200, 200, seconds);
  if (!TEST_THREAD_SANITIZER) run_pair(200, -200, seconds);
}

/* The loop by itself, against clocks whose callbacks come sooner or later than they should. */
TEST(the_loop_settles_in_spite_of_jitter) {
  struct random random = {random_seed()};
  for (int i = 0; i < 20; i++) {
    struct drift drift;
    double difference = (double)random_between(&random, -400, 400), fill = 1000, now = 0, most = 0,
           block = 256.0 / RATE;
    drift_reset(&drift, 1000, RATE);
    for (int k = 0; k < 300 / block; k++) {
      fill += (difference - now) * 1e-6 * 256;
      double jitter = (double)random_between(&random, -48, 48);
      double wanted = drift_update(&drift, fill + jitter, block, now);
      if (fabs(wanted) > 500) CHECK(fabs(wanted) <= 500);
      now += wanted > now + 0.1 ? 0.1 : wanted < now - 0.1 ? -0.1 : wanted - now;
      if (fabs(fill - 1000) > most) most = fabs(fill - 1000);
      if (k * block > 60 && k % 1000 == 0) CHECK(fabs(fill - drift.target) < 128);
      if (k * block > 60 && k % 1000 == 0) CHECK(fabs(now - difference) < 5);
    }
    CHECK_WITHIN(most, 0, 400);
  }
}

TEST(a_second_run_begins_anew) {
  int32_t handle = open_pair(100, -100, PS_FORMAT_INT16, 2);
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(stream_run(handle, RATE, 0, 0), PS_STATE_COMPLETED);
    CHECK_EQUAL(number(handle, PS_NUMBER_FRAME_COUNT), RATE);
  }
  CHECK_EQUAL(ps_stream_set_run(handle, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(handle, PS_COMMAND_START), PS_OK);
  while (number(handle, PS_NUMBER_FRAME_COUNT) < 10000) os_sleep(0.001);
  CHECK_EQUAL(await_command(handle, PS_COMMAND_ABORT), PS_OK);
  stream_close(handle);
}

/* In real time, in blocks of a size that was asked for, with rates converted besides. */
TEST(other_rates_and_real_time) {
  double config[PS_CONFIG_SIZE], rates[1] = {44100};
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_SAMPLE_RATE] = RATE;
  config[PS_CONFIG_BLOCK_SIZE] = 480;
  config[PS_CONFIG_VIRTUAL_RATES] = 1;
  config[PS_CONFIG_INPUT_VIRTUAL_DRIFT] = 50;
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, rates, 1);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  CHECK_EQUAL(stream_run(stream, RATE / 2, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), RATE / 2);
  stream_close(stream);
  config[PS_CONFIG_VIRTUAL_CLOCK] = 1; /* it cannot both freewheel and have a clock */
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, rates, 1), PS_ERR_ARGUMENT);
  stream = ps_stream_new(config, PS_CONFIG_SIZE, rates, 1);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
}

int main(void) {
  RUN(clocks_that_differ_are_brought_together);
  RUN(the_loop_settles_in_spite_of_jitter);
  RUN(a_second_run_begins_anew);
  RUN(other_rates_and_real_time);
  return test_end();
}
