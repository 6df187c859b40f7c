/* Streams whose rate the device does not run at, through the virtual device with rates of its own: what comes back is
 * what was played, where it would be without conversion, and as long. */
#include <math.h>

#include "streams.h"

#define PI 3.14159265358979323846
#define DELAY 700 /* of the loopback, in frames of the device */

struct setting {
  double rate, device_rate;
  int channels, format, block, directions; /* 1 input, 2 output, 3 both */
  int never, explicit_rate;
};

static int32_t make(const struct setting *setting) {
  double config[PS_CONFIG_SIZE], rates[1] = {setting->device_rate};
  ps_config_init(config, PS_CONFIG_SIZE);
  for (int i = 0; i < 2; i++) {
    if (setting->directions & 1 << i) config[PS_CONFIG_INPUT_DEVICE + i] = PS_DEVICE_VIRTUAL;
    config[PS_CONFIG_INPUT_CHANNELS + i] = setting->channels;
    config[PS_CONFIG_INPUT_FORMAT + i] = setting->format;
  }
  config[PS_CONFIG_SAMPLE_RATE] = setting->rate;
  config[PS_CONFIG_BLOCK_SIZE] = setting->block;
  config[PS_CONFIG_VIRTUAL_CLOCK] = 1;
  config[PS_CONFIG_VIRTUAL_DELAY] = DELAY;
  config[PS_CONFIG_VIRTUAL_RATES] = setting->explicit_rate ? 0 : 1;
  config[PS_CONFIG_DEVICE_RATE] = setting->explicit_rate ? setting->device_rate : 0;
  config[PS_CONFIG_CONVERSION] = setting->never ? PS_CONVERSION_NEVER : PS_CONVERSION_AUTO;
  return ps_stream_new(config, PS_CONFIG_SIZE, rates, (int32_t)config[PS_CONFIG_VIRTUAL_RATES]);
}

static int32_t open_stream(const struct setting *setting) {
  int32_t stream = make(setting);
  CHECK(stream > 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  return stream;
}

/* The sound at a moment: tones below three quarters of the lower Nyquist frequency, within an envelope. */
static double sound(double time, double seconds, double low, int channel) {
  if (time <= 0 || time >= seconds) return 0;
  double sum = 0;
  for (int i = 0; i < 5; i++) sum += sin(2 * PI * low * 0.375 * (i + 0.3) / 5 * time + i + channel);
  return sum / 8 * pow(sin(PI * time / seconds), 2);
}

#define FRAMES_MOST 100000
static float played[FRAMES_MOST], recorded[FRAMES_MOST];

static void play_and_record(const struct setting *setting) {
  double low = setting->rate < setting->device_rate ? setting->rate : setting->device_rate;
  int32_t channels = setting->channels, frame = channels * 4;
  int32_t frames = (int32_t)(setting->rate * 0.12), all = frames + (int32_t)(setting->rate * 0.1);
  int64_t before = atomic_load(&test_failures);
  int32_t stream = open_stream(setting);
  double actual[PS_ACTUAL_SIZE];
  CHECK_EQUAL(ps_stream_actual(stream, actual, PS_ACTUAL_SIZE), PS_OK);
  CHECK(actual[PS_ACTUAL_SAMPLE_RATE] == setting->rate && actual[PS_ACTUAL_DEVICE_RATE] == setting->device_rate);
  for (int32_t k = 0; k < frames; k++)
    for (int c = 0; c < channels; c++)
      played[k * channels + c] = (float)sound(k / setting->rate, frames / setting->rate, low, c);
  int32_t source = ps_ring_new(frame, frames, NULL, 0), sink = ps_ring_new(frame, all, NULL, 0);
  CHECK_EQUAL(ps_ring_write(source, played, frames), frames);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_COMPLETE, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
  for (int again = 0; again < 2; again++) { /* a second run is as the first */
    CHECK_EQUAL(stream_run(stream, -1, all - frames, 0), PS_STATE_COMPLETED);
    CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), all);
    CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_XRUNS), 0);
    CHECK_EQUAL(ps_ring_read(sink, recorded, all), all);
    double worst = 0;
    for (int32_t k = 0; k < all; k++)
      for (int c = 0; c < channels; c++) {
        double wanted = sound(k / setting->rate - DELAY / setting->device_rate, frames / setting->rate, low, c);
        double wrong = fabs(recorded[k * channels + c] - wanted);
        if (wrong > worst) worst = wrong;
      }
    CHECK_WITHIN(worst, 0, 2e-5); /* -94 dB, of which the filters' pass band takes most */
    CHECK_EQUAL(ps_ring_flush(source), PS_OK);
    CHECK_EQUAL(ps_ring_write(source, played, frames), frames);
  }
  if (atomic_load(&test_failures) > before)
    printf("# %g Hz on %g Hz, block %d\n", setting->rate, setting->device_rate, setting->block);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(what_comes_back_is_what_was_played) {
  static const double rates[] = {8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000};
  static const int blocks[] = {0, 64, 1000, 257};
  for (int a = 0; a < 9; a++)
    for (int b = 0; b < 9; b++) {
      if (a == b || (TEST_THREAD_SANITIZER && (a + b) % 4)) continue;
      play_and_record(&(struct setting){.rate = rates[a],
                                        .device_rate = rates[b],
                                        .channels = 1 + (a + b) % 2,
                                        .block = b % 2 ? 16 * (a % 2) : blocks[(a * 9 + b) % 4],
                                        .directions = 3,
                                        .explicit_rate = b % 2});
    }
}

/* An input or an output alone: lengths are exact, and the input is where it would be. */
TEST(one_direction_keeps_its_length) {
  for (int direction = 1; direction <= 2; direction++)
    for (int block = 0; block <= 300; block += 300) {
      struct setting setting = {44100, 48000, 1, PS_FORMAT_INT16, block, direction, 0, 0};
      int32_t stream = open_stream(&setting), ring = ps_ring_new(2, 10000, NULL, 0);
      static int16_t samples[10000];
      CHECK_EQUAL(ps_ring_write(ring, samples, direction == 1 ? 0 : 7777), direction == 1 ? 0 : 7777);
      if (direction == 1)
        CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, ring, PS_SINK_MEMORY, 0), PS_OK);
      else
        CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, PS_SOURCE_COMPLETE, 0), PS_OK);
      CHECK_EQUAL(stream_run(stream, direction == 1 ? 7777 : -1, 0, 0), PS_STATE_COMPLETED);
      CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), 7777);
      if (direction == 1) CHECK_EQUAL(ps_ring_read_available(ring), 7777);
      stream_close(stream);
      ps_ring_free(ring);
    }
}

TEST(nothing_is_converted_where_rates_are_equal) {
  static float samples[2000], back[2000];
  for (int i = 0; i < 2000; i++) samples[i] = (float)i / 7;
  struct setting setting = {48000, 48000, 1, PS_FORMAT_FLOAT32, 0, 3, 0, 0};
  int32_t stream = open_stream(&setting), source = ps_ring_new(4, 2000, NULL, 0), sink = ps_ring_new(4, 2700, NULL, 0);
  ps_ring_write(source, samples, 2000);
  ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_COMPLETE, 0);
  ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0);
  CHECK_EQUAL(stream_run(stream, -1, DELAY, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(sink, back, DELAY), DELAY);
  CHECK_EQUAL(ps_ring_read(sink, back, 2000), 2000);
  CHECK(memcmp(samples, back, sizeof samples) == 0);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(what_must_not_be_converted_is_refused_with_the_rates) {
  struct setting setting = {44100, 48000, 1, PS_FORMAT_FLOAT32, 0, 3, 1, 0};
  char detail[512];
  int32_t stream = make(&setting);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_ERR_PORTAUDIO);
  ps_error_detail(detail, sizeof detail);
  CHECK(strstr(detail, "does not take 44100 Hz") && strstr(detail, "takes 48000 Hz"));
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  setting.explicit_rate = 1;
  stream = make(&setting);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
}

int main(void) {
  RUN(what_comes_back_is_what_was_played);
  RUN(one_direction_keeps_its_length);
  RUN(nothing_is_converted_where_rates_are_equal);
  RUN(what_must_not_be_converted_is_refused_with_the_rates);
  return test_end();
}
