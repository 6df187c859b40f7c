/* The sample clock of the virtual device against the wall clock, and its configuration. */
// Measures time: it compares a device's clock with the wall clock.
#include <math.h>

#include "os/os.h"
#include "streams.h"

/* When frame 0 was due on the wall clock, reckoned from the callbacks of half a second: a callback may come late, never
 * early, so that the earliest of many shows where the sample clock stands. */
static double frame_zero(int32_t stream, double rate) {
  double numbers[PS_NUMBER_COUNT], earliest = INFINITY, until = os_time() + 0.5;
  while (os_time() < until) {
    double before = os_time();
    ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT);
    double again = ps_stream_number(stream, PS_NUMBER_BLOCK_FRAME), after = os_time();
    /* Looks between which no callback came, and that were not interrupted. */
    if (again == numbers[PS_NUMBER_BLOCK_FRAME] && after - before < 0.001) {
      double began = after - ps_stream_number(stream, PS_NUMBER_SINCE_CALLBACK) - again / rate;
      if (ps_stream_number(stream, PS_NUMBER_BLOCK_FRAME) == again && began < earliest) earliest = began;
    }
    os_sleep(0.0005);
  }
  return earliest;
}

TEST(no_drift) {
  enum { BLOCK = 256, RATE = 48000 };
  double seconds = test_seconds(4, 600);
  int32_t stream = stream_open(&(struct setup){.block = BLOCK, .rate = RATE, .realtime = 1});
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  os_sleep(0.1);
  double first = frame_zero(stream, RATE);
  ps_stream_wait(stream, seconds);
  double last = frame_zero(stream, RATE);
  CHECK_WITHIN((last - first) * RATE, -BLOCK + 1, BLOCK - 1);
  printf("# %.0f s: %.1f frames\n", seconds, (last - first) * RATE);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0); /* late wake-ups are none */
  stream_close(stream);
}

TEST(a_run_takes_its_time) {
  static const int rates[] = {1000, 44100, 192000, 768000};
  for (int i = 0; i < 4; i++) {
    int32_t stream = stream_open(&(struct setup){.output_only = 1, .rate = rates[i], .realtime = 1});
    double from = os_time();
    CHECK_EQUAL(stream_run(stream, rates[i] / 5.0, 0, 0), PS_STATE_COMPLETED);
    CHECK_WITHIN(os_time() - from, 0.2, SOON); /* it is heard to its end */
    CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), rates[i] / 5);
    stream_close(stream);
  }
}

TEST(freewheeling_takes_none) {
  int32_t stream = stream_open(&(struct setup){.block = 256});
  double from = os_time();
  CHECK_EQUAL(stream_run(stream, 48000 * 60, 0, 0), PS_STATE_COMPLETED); /* a minute of silence */
  CHECK_WITHIN(os_time() - from, 0, 50);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 48000 * 60);
  stream_close(stream);
}

static int32_t opened(int index, double value) {
  double config[PS_CONFIG_SIZE];
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_BLOCK_SIZE] = 256;
  config[index] = value;
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
  if (stream < 0) {
    CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), stream);
    return stream;
  }
  int32_t status = await_command(stream, PS_COMMAND_OPEN);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), status);
  stream_close(stream);
  return status;
}

TEST(what_it_takes) {
  double config[PS_CONFIG_SIZE], fault[4] = {0, 9, 0, 0};
  static const struct {
    int index;
    double value;
    int32_t status;
  } cases[] = {
      {PS_CONFIG_SAMPLE_RATE, 1000, PS_OK},
      {PS_CONFIG_SAMPLE_RATE, 999, PS_ERR_ARGUMENT},
      {PS_CONFIG_SAMPLE_RATE, 768000, PS_OK},
      {PS_CONFIG_SAMPLE_RATE, 768001, PS_ERR_ARGUMENT},
      {PS_CONFIG_SAMPLE_RATE, 44100.5, PS_OK},
      {PS_CONFIG_SAMPLE_RATE, NAN, PS_ERR_ARGUMENT},
      {PS_CONFIG_SAMPLE_RATE, -1, PS_ERR_ARGUMENT},
      {PS_CONFIG_INPUT_CHANNELS, 64, PS_OK},
      {PS_CONFIG_INPUT_CHANNELS, 65, PS_ERR_ARGUMENT},
      {PS_CONFIG_OUTPUT_CHANNELS, -1, PS_ERR_ARGUMENT},
      {PS_CONFIG_OUTPUT_CHANNELS, 1.5, PS_ERR_ARGUMENT},
      {PS_CONFIG_INPUT_FORMAT, 5, PS_OK},
      {PS_CONFIG_INPUT_FORMAT, 6, PS_ERR_ARGUMENT},
      {PS_CONFIG_BLOCK_SIZE, -1, PS_ERR_ARGUMENT},
      {PS_CONFIG_BLOCK_SIZE, 0.5, PS_ERR_ARGUMENT},
      {PS_CONFIG_BLOCK_SIZE, 1, PS_OK},
      {PS_CONFIG_VIRTUAL_DELAY, 255, PS_ERR_ARGUMENT},
      {PS_CONFIG_VIRTUAL_DELAY, 1000, PS_OK},
      {PS_CONFIG_VIRTUAL_DELAY, -2, PS_ERR_ARGUMENT},
      {PS_CONFIG_VIRTUAL_CLOCK, 2, PS_ERR_ARGUMENT},
      {PS_CONFIG_FLAGS, 15, PS_OK},
      {PS_CONFIG_FLAGS, 16, PS_ERR_ARGUMENT},
      {PS_CONFIG_FAULTS, 1, PS_ERR_ARGUMENT},
      {PS_CONFIG_INPUT_DEVICE, PS_DEVICE_NONE, PS_OK},
      {PS_CONFIG_INPUT_DEVICE, -4, PS_ERR_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (!CHECK_EQUAL(opened(cases[i].index, cases[i].value), cases[i].status))
      printf("# number %d of the configuration was %g\n", cases[i].index, cases[i].value);
  CHECK_EQUAL(ps_config_init(config, PS_CONFIG_SIZE - 1), PS_ERR_ARGUMENT);
  ps_config_init(config, PS_CONFIG_SIZE);
  CHECK_EQUAL(ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT); /* no direction at all */
  config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_FAULTS] = 1;
  CHECK_EQUAL(ps_stream_new(config, PS_CONFIG_SIZE, fault, 4), PS_ERR_ARGUMENT); /* no such kind */
  fault[1] = PS_FAULT_STALL;
  fault[3] = NAN;
  CHECK_EQUAL(ps_stream_new(config, PS_CONFIG_SIZE, fault, 4), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_new(NULL, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
}

int main(void) {
  RUN(what_it_takes);
  RUN(a_run_takes_its_time);
  RUN(freewheeling_takes_none);
  RUN(no_drift);
  return test_end();
}
