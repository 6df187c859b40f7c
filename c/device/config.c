#include "device/config.h"

#include <math.h>
#include <stddef.h>

#include "base/error.h"
#include "engine/channel_map.h"
#include "pastream.h"

#define RATE_MAX 1e7
#define BLOCK_MAX (1 << 20)
#define DELAY_MAX (1 << 26)
#define FRAME_MAX 9007199254740991.0 /* the largest whole number of a double with no gaps below it */
#define SECONDS_MAX 1e6
#define LIST_MAX 65536
#define INDEX_MAX 65535
#define RATES_MAX 64
#define DRIFT_MAX 1e5

int32_t ps_config_init(double *config, int32_t size) {
  if (!config || size != PS_CONFIG_SIZE)
    return error_set(PS_ERR_ARGUMENT, 0, "a configuration has %d numbers, not %d", PS_CONFIG_SIZE, (int)size);
  for (int i = 0; i < PS_CONFIG_SIZE; i++) config[i] = 0;
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_NONE;
  config[PS_CONFIG_INPUT_LATENCY] = config[PS_CONFIG_OUTPUT_LATENCY] = PS_LATENCY_HIGH;
  config[PS_CONFIG_VIRTUAL_DELAY] = PS_DELAY_BLOCK;
  config[PS_CONFIG_METERS] = 1;
  return PS_OK;
}

/* All except rate and latencies are whole. */
static const struct config_rule rules[PS_CONFIG_SIZE] = {
    [PS_CONFIG_INPUT_DEVICE] = {"input device", PS_DEVICE_VIRTUAL, INDEX_MAX, 1},
    [PS_CONFIG_OUTPUT_DEVICE] = {"output device", PS_DEVICE_VIRTUAL, INDEX_MAX, 1},
    [PS_CONFIG_INPUT_CHANNELS] = {"number of input channels", 0, CHANNELS_MAX, 1},
    [PS_CONFIG_OUTPUT_CHANNELS] = {"number of output channels", 0, CHANNELS_MAX, 1},
    [PS_CONFIG_INPUT_FORMAT] = {"input format", PS_FORMAT_FLOAT32, PS_FORMAT_UINT8, 1},
    [PS_CONFIG_OUTPUT_FORMAT] = {"output format", PS_FORMAT_FLOAT32, PS_FORMAT_UINT8, 1},
    [PS_CONFIG_SAMPLE_RATE] = {"sample rate", 0, RATE_MAX, 0},
    [PS_CONFIG_BLOCK_SIZE] = {"block size", 0, BLOCK_MAX, 1},
    [PS_CONFIG_INPUT_LATENCY] = {"input latency", -2, SECONDS_MAX, 0},
    [PS_CONFIG_OUTPUT_LATENCY] = {"output latency", -2, SECONDS_MAX, 0},
    [PS_CONFIG_FLAGS] = {"stream flags", 0, 15, 1},
    [PS_CONFIG_VIRTUAL_CLOCK] = {"virtual clock", 0, 1, 1},
    [PS_CONFIG_VIRTUAL_DELAY] = {"loopback delay", -1, DELAY_MAX, 1},
    [PS_CONFIG_INPUT_HOST_SETTINGS] = {"kind of input host settings", 0, PS_HOST_COREAUDIO, 1},
    [PS_CONFIG_OUTPUT_HOST_SETTINGS] = {"kind of output host settings", 0, PS_HOST_COREAUDIO, 1},
    [PS_CONFIG_INPUT_HOST_FLAGS] = {"input host flags", 0, 3, 1},
    [PS_CONFIG_OUTPUT_HOST_FLAGS] = {"output host flags", 0, 3, 1},
    [PS_CONFIG_INPUT_CHANNEL_MAP] = {"length of the input's channel map", 0, CHANNELS_MAX, 1},
    [PS_CONFIG_OUTPUT_CHANNEL_MAP] = {"length of the output's channel map", 0, CHANNELS_MAX, 1},
    [PS_CONFIG_FAULTS] = {"number of faults", 0, LIST_MAX / 4, 1},
    [PS_CONFIG_METERS] = {"meters", 0, 1, 1},
    [PS_CONFIG_DEVICE_RATE] = {"device rate", 0, RATE_MAX, 0},
    [PS_CONFIG_CONVERSION] = {"conversion", PS_CONVERSION_AUTO, PS_CONVERSION_NEVER, 1},
    [PS_CONFIG_FOLLOW] = {"following", 0, 1, 1},
    [PS_CONFIG_VIRTUAL_RATES] = {"number of rates", 0, RATES_MAX, 1},
    [PS_CONFIG_INPUT_VIRTUAL_DRIFT] = {"drift of the input", -DRIFT_MAX, DRIFT_MAX, 0},
    [PS_CONFIG_OUTPUT_VIRTUAL_DRIFT] = {"drift of the output", -DRIFT_MAX, DRIFT_MAX, 0},
    [PS_CONFIG_VIRTUAL_SIMULATED] = {"simulated time", 0, 1, 1},
};

int32_t config_number(const struct config_rule *rule, double value) {
  if (value >= rule->low && value <= rule->high && (!rule->whole || value == floor(value))) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "%s: %g is not %s%g..%g", rule->name, value,
                   rule->whole ? "a whole number of " : "", rule->low, rule->high);
}

static int32_t check_fault(const double *fault) {
  static const struct config_rule numbers[4] = {
      {"frame of a fault", 0, FRAME_MAX, 1},
      {"kind of a fault", PS_FAULT_INPUT_OVERFLOW, PS_FAULT_DEVICE_LOST, 1},
      {"length of a fault", 0, FRAME_MAX, 1},
      {"seconds of a stall", 0, SECONDS_MAX, 0},
  };
  int32_t status = PS_OK;
  for (int i = 0; i < 4 && status >= 0; i++) status = config_number(&numbers[i], fault[i]);
  return status;
}

static int32_t check_list(const double *config, const double *list, int32_t list_size) {
  static const struct config_rule entry = {"entry of a channel map", -1, CHANNELS_MAX, 1};
  static const struct config_rule rate = {"rate of the virtual device", 1, RATE_MAX, 0};
  int32_t maps = (int32_t)(config[PS_CONFIG_INPUT_CHANNEL_MAP] + config[PS_CONFIG_OUTPUT_CHANNEL_MAP]);
  int32_t faults = maps + PS_FAULT_SIZE * (int32_t)config[PS_CONFIG_FAULTS];
  int32_t wanted = faults + (int32_t)config[PS_CONFIG_VIRTUAL_RATES];
  if (list_size != wanted || (wanted > 0 && !list))
    return error_set(PS_ERR_ARGUMENT, 0, "the list has %d numbers, and the configuration says %d", (int)list_size,
                     (int)wanted);
  int32_t status = PS_OK;
  for (int32_t i = 0; i < maps && status >= 0; i++) status = config_number(&entry, list[i]);
  for (int32_t i = maps; i < faults && status >= 0; i += 4) status = check_fault(list + i);
  for (int32_t i = faults; i < wanted && status >= 0; i++) status = config_number(&rate, list[i]);
  return status;
}

int32_t config_check(const double *config, int32_t size, const double *list, int32_t list_size) {
  if (!config || size != PS_CONFIG_SIZE)
    return error_set(PS_ERR_ARGUMENT, 0, "a configuration has %d numbers, not %d", PS_CONFIG_SIZE, (int)size);
  int32_t status = PS_OK;
  for (int i = 0; i < PS_CONFIG_SIZE && status >= 0; i++) status = config_number(&rules[i], config[i]);
  for (int i = PS_CONFIG_INPUT_LATENCY; i <= PS_CONFIG_OUTPUT_LATENCY && status >= 0; i++) {
    if (config[i] < 0 && config[i] != -1 && config[i] != -2)
      status =
          error_set(PS_ERR_ARGUMENT, 0, "%s must be -1, -2 or a number of seconds, not %g", rules[i].name, config[i]);
  }
  if (status >= 0) status = check_list(config, list, list_size);
  if (status >= 0 && config[PS_CONFIG_INPUT_DEVICE] == PS_DEVICE_NONE &&
      config[PS_CONFIG_OUTPUT_DEVICE] == PS_DEVICE_NONE)
    status = error_set(PS_ERR_ARGUMENT, 0, "neither an input nor an output device");
  return status;
}
