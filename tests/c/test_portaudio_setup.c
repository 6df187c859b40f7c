/* What PortAudio is asked for, with a PortAudio in this file: its devices are of host APIs that other systems have. */
#include "device/portaudio/setup.h"

#include "pastream.h"
#include "test.h"

static const struct pa_host_api_info host_apis[] = {{1, PA_ASIO, "ASIO", 1, 0, 0},
                                                    {1, PA_WASAPI, "Windows WASAPI", 2, 1, 2},
                                                    {1, PA_CORE_AUDIO, "Core Audio", 1, 3, 3}};
static const struct pa_device_info devices[] = {
    {2, "Interface", 0, 8, 8, 0.01, 0.02, 0.03, 0.04, 96000},
    {2, "Microphone", 1, 1, 0, 0.01, 0, 0.03, 0, 44100},
    {2, "Speakers", 1, 0, 6, 0, 0.02, 0, 0.04, 48000},
    {2, "Built-in", 2, 32, 2, 0.01, 0.02, 0.03, 0.04, 44100},
};
#define DEVICES 4

static double good_rate;               /* the only one that is supported; 0: all */
static unsigned long good_wasapi_size; /* 0: all */
static int opened, checked, default_output;
static struct pa_stream_parameters asked[2]; /* channel_count 0: not asked for */
static double asked_rate;
static unsigned long asked_block, asked_flags;

static int get_device_count(void) { return DEVICES; }
static int get_default_input(void) { return -1; }
static int get_default_output(void) { return default_output; }
static const struct pa_device_info *get_device_info(int device) { return &devices[device]; }
static const struct pa_host_api_info *get_host_api_info(int host_api) { return &host_apis[host_api]; }

static int check(const struct pa_stream_parameters *input, const struct pa_stream_parameters *output, double rate) {
  for (int side = 0; side < 2; side++) {
    const struct pa_stream_parameters *parameters = side ? output : input;
    const struct pa_host_settings *settings = parameters ? parameters->host_api_specific_stream_info : NULL;
    if (settings && settings->host_api_type == PA_WASAPI && good_wasapi_size && settings->size != good_wasapi_size)
      return PA_INCOMPATIBLE_STREAM_INFO;
  }
  return good_rate != 0 && rate != good_rate ? -9997 : PA_NO_ERROR;
}

static int is_format_supported(const struct pa_stream_parameters *input, const struct pa_stream_parameters *output,
                               double rate) {
  checked++;
  return check(input, output, rate);
}

static int open_stream(struct pa_stream **stream, const struct pa_stream_parameters *input,
                       const struct pa_stream_parameters *output, double rate, unsigned long block, unsigned long flags,
                       pa_stream_callback *callback, void *argument) {
  static const struct pa_stream_parameters none;
  (void)callback;
  opened++;
  asked[0] = input ? *input : none;
  asked[1] = output ? *output : none;
  asked_rate = rate;
  asked_block = block;
  asked_flags = flags;
  int result = check(input, output, rate);
  if (result == PA_NO_ERROR) *stream = argument;
  return result;
}

/* Windows prefers a host API; there is none. */
static int get_host_api_count(void) { return 0; }

static const struct portaudio_api api = {
    .get_device_count = get_device_count,
    .get_default_input_device = get_default_input,
    .get_default_output_device = get_default_output,
    .get_device_info = get_device_info,
    .get_host_api_count = get_host_api_count,
    .get_host_api_info = get_host_api_info,
    .is_format_supported = is_format_supported,
    .open_stream = open_stream,
};

static double config[PS_CONFIG_SIZE];
static struct portaudio_setup setup;

static void configure(double input, double output) {
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = input;
  config[PS_CONFIG_OUTPUT_DEVICE] = output;
  good_rate = 0;
  good_wasapi_size = 0;
  opened = checked = 0;
}

/* Answers the status of the setup, or else the PaError of opening, which are told apart by their size. */
static int32_t open_with(const double *list) {
  struct pa_stream *stream = NULL;
  int32_t status = portaudio_setup_init(&setup, &api, config, list);
  if (status >= 0) status = portaudio_setup_open(&setup, &api, &stream, NULL, &setup);
  CHECK((stream != NULL) == (status == 0));
  return status;
}

TEST(defaults_of_devices) {
  configure(PS_DEVICE_NONE, 2);
  CHECK_EQUAL(open_with(NULL), 0);
  CHECK_EQUAL(asked[0].channel_count, 0);
  CHECK_EQUAL(asked[1].device, 2);
  CHECK_EQUAL(asked[1].channel_count, 2); /* of 6 */
  CHECK_EQUAL(asked[1].sample_format, PA_FLOAT32);
  CHECK(asked[1].suggested_latency == 0.04 && asked_rate == 48000);
  CHECK(asked_block == 0 && asked_flags == 0 && asked[1].host_api_specific_stream_info == NULL);
  CHECK_EQUAL(checked, 0);
  portaudio_setup_free(&setup);
  configure(1, PS_DEVICE_NONE);
  CHECK_EQUAL(open_with(NULL), 0);
  CHECK_EQUAL(asked[0].channel_count, 1);
  CHECK(asked[0].suggested_latency == 0.03 && asked_rate == 44100);
  portaudio_setup_free(&setup);
}

TEST(everything_asked_for) {
  const unsigned long formats[] = {PA_FLOAT32, PA_INT32, PA_INT24, PA_INT16, PA_INT8, PA_UINT8};
  for (int format = PS_FORMAT_FLOAT32; format <= PS_FORMAT_UINT8; format++) {
    configure(0, 0);
    config[PS_CONFIG_INPUT_CHANNELS] = 3;
    config[PS_CONFIG_OUTPUT_CHANNELS] = 8;
    config[PS_CONFIG_INPUT_FORMAT] = format;
    config[PS_CONFIG_OUTPUT_FORMAT] = PS_FORMAT_UINT8 - format;
    config[PS_CONFIG_SAMPLE_RATE] = 22050;
    config[PS_CONFIG_BLOCK_SIZE] = 77;
    config[PS_CONFIG_INPUT_LATENCY] = -1;
    config[PS_CONFIG_OUTPUT_LATENCY] = 0.25;
    config[PS_CONFIG_FLAGS] = 1 << (format % 4);
    CHECK_EQUAL(open_with(NULL), 0);
    CHECK(asked[0].channel_count == 3 && asked[1].channel_count == 8);
    CHECK(asked[0].sample_format == formats[format] && asked[1].sample_format == formats[5 - format]);
    CHECK(asked[0].suggested_latency == 0.01 && asked[1].suggested_latency == 0.25);
    CHECK(asked_rate == 22050 && asked_block == 77 && asked_flags == 1ul << (format % 4));
    portaudio_setup_free(&setup);
  }
}

TEST(what_is_not_there) {
  configure(PS_DEVICE_DEFAULT, PS_DEVICE_NONE);
  CHECK_EQUAL(open_with(NULL), PS_ERR_DEVICE_NOT_FOUND);
  configure(PS_DEVICE_NONE, PS_DEVICE_DEFAULT);
  default_output = 3;
  CHECK_EQUAL(open_with(NULL), 0);
  CHECK_EQUAL(asked[1].device, 3);
  portaudio_setup_free(&setup);
  configure(PS_DEVICE_NONE, DEVICES);
  CHECK_EQUAL(open_with(NULL), PS_ERR_DEVICE_NOT_FOUND);
  configure(2, PS_DEVICE_NONE); /* speakers do not record */
  CHECK_EQUAL(open_with(NULL), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), PA_INVALID_CHANNEL_COUNT);
  configure(PS_DEVICE_NONE, 2);
  config[PS_CONFIG_OUTPUT_CHANNELS] = 7;
  CHECK_EQUAL(open_with(NULL), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), PA_INVALID_CHANNEL_COUNT);
  CHECK_EQUAL(opened, 0);
}

TEST(two_devices_with_two_rates) {
  configure(1, 2);
  CHECK_EQUAL(open_with(NULL), 0);
  CHECK(asked_rate == 48000); /* the output's, if it can be had */
  portaudio_setup_free(&setup);
  configure(1, 2);
  good_rate = 44100;
  CHECK_EQUAL(open_with(NULL), 0);
  CHECK(asked_rate == 44100);
  portaudio_setup_free(&setup);
  configure(1, 2);
  good_rate = 8000;
  CHECK_EQUAL(open_with(NULL), -9997);
  portaudio_setup_free(&setup);
  configure(1, 2);
  config[PS_CONFIG_SAMPLE_RATE] = 48000;
  good_rate = 44100;
  CHECK_EQUAL(open_with(NULL), -9997); /* what was asked for is not changed */
  CHECK_EQUAL(checked, 0);
  portaudio_setup_free(&setup);
}

TEST(asio_channel_selectors) {
  const double list[] = {7, 0, 5};
  configure(0, 0);
  config[PS_CONFIG_INPUT_HOST_SETTINGS] = config[PS_CONFIG_OUTPUT_HOST_SETTINGS] = PS_HOST_ASIO;
  config[PS_CONFIG_INPUT_CHANNELS] = 2;
  config[PS_CONFIG_OUTPUT_CHANNELS] = 1;
  config[PS_CONFIG_INPUT_CHANNEL_MAP] = 2;
  config[PS_CONFIG_OUTPUT_CHANNEL_MAP] = 1;
  CHECK_EQUAL(open_with(list), 0);
  const struct pa_asio_stream_info *input = asked[0].host_api_specific_stream_info;
  const struct pa_asio_stream_info *output = asked[1].host_api_specific_stream_info;
  CHECK(input->head.size == sizeof *input && input->head.host_api_type == PA_ASIO && input->head.version == 1);
  CHECK(input->head.flags == PA_ASIO_USE_CHANNEL_SELECTORS);
  CHECK(input->channel_selectors[0] == 7 && input->channel_selectors[1] == 0 && output->channel_selectors[0] == 5);
  portaudio_setup_free(&setup);
  config[PS_CONFIG_INPUT_CHANNELS] = 3; /* more than selectors */
  CHECK_EQUAL(open_with(list), PS_ERR_ARGUMENT);
  portaudio_setup_free(&setup);
  config[PS_CONFIG_INPUT_CHANNELS] = 2;
  config[PS_CONFIG_INPUT_HOST_SETTINGS] = PS_HOST_WASAPI; /* of another host API */
  CHECK_EQUAL(open_with(list), PS_ERR_ARGUMENT);
  portaudio_setup_free(&setup);
}

TEST(wasapi_of_any_version) {
  const unsigned long newer = sizeof(struct pa_wasapi_stream_info), older = newer - 16;
  for (int i = 0; i < 4; i++) {
    configure(PS_DEVICE_NONE, 2);
    config[PS_CONFIG_OUTPUT_HOST_SETTINGS] = PS_HOST_WASAPI;
    config[PS_CONFIG_OUTPUT_HOST_FLAGS] = i;
    good_wasapi_size = i % 2 ? older : newer;
    CHECK_EQUAL(open_with(NULL), 0);
    const struct pa_wasapi_stream_info *info = asked[1].host_api_specific_stream_info;
    CHECK(info->head.size == good_wasapi_size && info->head.host_api_type == PA_WASAPI);
    CHECK_EQUAL(info->head.flags, (i & 1 ? PA_WASAPI_EXCLUSIVE : 0) | (i & 2 ? PA_WASAPI_AUTO_CONVERT : 0));
    CHECK_EQUAL(opened, i % 2 ? 2 : 1);
    portaudio_setup_free(&setup);
  }
  configure(PS_DEVICE_NONE, 2);
  config[PS_CONFIG_OUTPUT_HOST_SETTINGS] = PS_HOST_WASAPI;
  good_wasapi_size = 1; /* of neither */
  CHECK_EQUAL(open_with(NULL), PA_INCOMPATIBLE_STREAM_INFO);
  portaudio_setup_free(&setup);
}

TEST(core_audio_channel_map) {
  const double list[] = {-1, 0, 1, -1};
  configure(PS_DEVICE_NONE, 3);
  config[PS_CONFIG_OUTPUT_HOST_SETTINGS] = PS_HOST_COREAUDIO;
  config[PS_CONFIG_OUTPUT_HOST_FLAGS] = 3;
  config[PS_CONFIG_OUTPUT_CHANNEL_MAP] = 4;
  CHECK_EQUAL(open_with(list), 0);
  const struct pa_mac_core_stream_info *info = asked[1].host_api_specific_stream_info;
  CHECK(info->head.size == sizeof *info && info->head.host_api_type == PA_CORE_AUDIO && info->head.version == 1);
  CHECK_EQUAL(info->head.flags, PA_MAC_CORE_CHANGE_DEVICE_PARAMETERS | PA_MAC_CORE_FAIL_IF_CONVERSION_REQUIRED);
  CHECK_EQUAL(info->channel_map_size, 4);
  for (int i = 0; i < 4; i++) CHECK_EQUAL(info->channel_map[i], list[i]);
  portaudio_setup_free(&setup);
}

int main(void) {
  RUN(defaults_of_devices);
  RUN(everything_asked_for);
  RUN(what_is_not_there);
  RUN(two_devices_with_two_rates);
  RUN(asio_channel_selectors);
  RUN(wasapi_of_any_version);
  RUN(core_audio_channel_map);
  return test_end();
}
