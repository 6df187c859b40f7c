/* The checking of a stream's configuration, which looks at numbers only; on a library without PortAudio. */
#define _GNU_SOURCE
#include <math.h>

#include "device/config.h"
#include "device/devices.h"
#include "pastream.h"
#include "test.h"

static double config[PS_CONFIG_SIZE];

static void defaults(void) {
  CHECK_EQUAL(ps_config_init(config, PS_CONFIG_SIZE), PS_OK);
  config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_DEFAULT;
}

/* Whether one number alone is refused, and by its name. */
static int refuses(int index, double value, const char *name) {
  char text[256];
  defaults();
  config[index] = value;
  int32_t status = config_check(config, PS_CONFIG_SIZE, NULL, 0);
  ps_error_detail(text, sizeof text);
  int named = strstr(text, name) != NULL;
  if (status == PS_ERR_ARGUMENT && !named) printf("# %s\n", text);
  return status == PS_ERR_ARGUMENT && named;
}

static int accepts(int index, double value) {
  defaults();
  config[index] = value;
  return config_check(config, PS_CONFIG_SIZE, NULL, 0) == PS_OK;
}

TEST(defaults_are_valid_but_for_a_device) {
  CHECK_EQUAL(ps_config_init(config, PS_CONFIG_SIZE - 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_config_init(NULL, PS_CONFIG_SIZE), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_config_init(config, PS_CONFIG_SIZE), PS_OK);
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  defaults();
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, NULL, 0), PS_OK);
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE + 1, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(config_check(NULL, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
}

TEST(numbers_are_checked) {
  for (int i = 0; i < PS_CONFIG_SIZE; i++) {
    CHECK(refuses(i, NAN, ""));
    CHECK(refuses(i, INFINITY, ""));
    int drift = i == PS_CONFIG_INPUT_VIRTUAL_DRIFT || i == PS_CONFIG_OUTPUT_VIRTUAL_DRIFT;
    CHECK(refuses(i, drift ? -1e6 : -4, ""));
    CHECK(refuses(i, 1e12, ""));
    int whole = i != PS_CONFIG_SAMPLE_RATE && i != PS_CONFIG_DEVICE_RATE && i != PS_CONFIG_INPUT_LATENCY &&
                i != PS_CONFIG_OUTPUT_LATENCY && !drift;
    CHECK(whole ? refuses(i, 0.5, "whole") : accepts(i, 0.5));
  }
  CHECK(refuses(PS_CONFIG_INPUT_CHANNELS, -1, "input channels") && accepts(PS_CONFIG_INPUT_CHANNELS, 1024));
  CHECK(refuses(PS_CONFIG_OUTPUT_CHANNELS, 1025, "output channels"));
  CHECK(refuses(PS_CONFIG_OUTPUT_FORMAT, PS_FORMAT_FLOAT64, "output format"));
  CHECK(accepts(PS_CONFIG_OUTPUT_FORMAT, PS_FORMAT_UINT8));
  CHECK(refuses(PS_CONFIG_INPUT_LATENCY, -1.5, "latency") && accepts(PS_CONFIG_INPUT_LATENCY, -1));
  CHECK(refuses(PS_CONFIG_FLAGS, 16, "flags") && accepts(PS_CONFIG_FLAGS, 15));
  CHECK(refuses(PS_CONFIG_METERS, 2, "meters"));
  CHECK(refuses(PS_CONFIG_CONVERSION, 2, "conversion") && accepts(PS_CONFIG_CONVERSION, PS_CONVERSION_NEVER));
  CHECK(refuses(PS_CONFIG_VIRTUAL_RATES, 65, "rates") && accepts(PS_CONFIG_DEVICE_RATE, 44099.5));
}

TEST(lists_are_checked) {
  double list[9] = {1, 2, 0, 100, PS_FAULT_STALL, 0, 0.5, 0, 0};
  defaults();
  config[PS_CONFIG_INPUT_CHANNEL_MAP] = 1;
  config[PS_CONFIG_OUTPUT_CHANNEL_MAP] = 2;
  config[PS_CONFIG_FAULTS] = 1;
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, list, 7), PS_OK);
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, list, 6), PS_ERR_ARGUMENT);
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, list, 8), PS_ERR_ARGUMENT);
  CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, NULL, 7), PS_ERR_ARGUMENT);
  const double wrong[7] = {-2, 0.5, NAN, -1, 4, -1, -0.5};
  for (int i = 0; i < 7; i++) {
    double kept = list[i];
    list[i] = wrong[i];
    CHECK_EQUAL(config_check(config, PS_CONFIG_SIZE, list, 7), PS_ERR_ARGUMENT);
    list[i] = kept;
  }
}

/* Whether a configuration is the virtual device's, and valid there; or the status of finding out. */
static int32_t device(double input, double output) {
  const struct device_ops *chosen[2], *ops;
  double own[PS_CONFIG_SIZE];
  int32_t first[2] = {0};
  config[PS_CONFIG_INPUT_DEVICE] = input;
  config[PS_CONFIG_OUTPUT_DEVICE] = output;
  memcpy(own, config, sizeof own);
  int32_t status = device_choose(own, chosen, first);
  if (status < 0) return status;
  ops = chosen[chosen[DEVICE_INPUT] ? DEVICE_INPUT : DEVICE_OUTPUT];
  for (int i = 0; i < 2; i++) {
    double asked = config[PS_CONFIG_INPUT_DEVICE + i], found = own[PS_CONFIG_INPUT_DEVICE + i];
    CHECK(asked == PS_DEVICE_NONE ? found == PS_DEVICE_NONE : found + first[i] == asked);
  }
  status = ops->check(own, NULL);
  return status < 0 ? status : ops == &device_virtual;
}

TEST(kinds_of_devices) {
  defaults();
  CHECK_EQUAL(device(PS_DEVICE_NONE, PS_DEVICE_DEFAULT), PS_ERR_NO_PORTAUDIO);
  CHECK_EQUAL(device(PS_DEVICE_VIRTUAL, PS_DEVICE_VIRTUAL), 1);
  CHECK_EQUAL(device(PS_DEVICE_VIRTUAL, PS_DEVICE_NONE), 1);
  CHECK_EQUAL(device(0, PS_DEVICE_VIRTUAL), 1); /* without PortAudio it is the only one */
  CHECK_EQUAL(device(1, 1), PS_ERR_DEVICE_NOT_FOUND);
  CHECK_EQUAL(device(1, PS_DEVICE_VIRTUAL), PS_ERR_DEVICE_NOT_FOUND);
  config[PS_CONFIG_OUTPUT_CHANNELS] = 64;
  CHECK_EQUAL(device(PS_DEVICE_NONE, PS_DEVICE_VIRTUAL), 1);
  config[PS_CONFIG_OUTPUT_CHANNELS] = 65;
  CHECK_EQUAL(device(PS_DEVICE_NONE, PS_DEVICE_VIRTUAL), PS_ERR_ARGUMENT);
  defaults();
  config[PS_CONFIG_SAMPLE_RATE] = 999;
  CHECK_EQUAL(device(PS_DEVICE_NONE, PS_DEVICE_VIRTUAL), PS_ERR_ARGUMENT);
  config[PS_CONFIG_SAMPLE_RATE] = 768000;
  CHECK_EQUAL(device(PS_DEVICE_NONE, PS_DEVICE_VIRTUAL), 1);
  config[PS_CONFIG_INPUT_HOST_SETTINGS] = PS_HOST_ASIO;
  CHECK_EQUAL(device(PS_DEVICE_NONE, PS_DEVICE_VIRTUAL), PS_ERR_ARGUMENT);
}

int main(void) {
  setenv("PASTREAM_PORTAUDIO", "/nonexistent/libportaudio.so", 1);
  RUN(defaults_are_valid_but_for_a_device);
  RUN(numbers_are_checked);
  RUN(lists_are_checked);
  RUN(kinds_of_devices);
  return test_end();
}
