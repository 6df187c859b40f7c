/* What the stream tests share: streams on the virtual device, opened, run and asked through the public functions. */
#ifndef PS_TEST_STREAMS_H
#define PS_TEST_STREAMS_H

#include "pastream.h"
#include "random.h"
#include "test.h"

/* The settings of a stream; what is left at 0 is a duplex one of two channels of float32 that freewheels in blocks of
 * the device's choice. */
struct setup {
  int output_only, input_only;
  int inputs, outputs; /* channels */
  int input_format, output_format;
  int block, rate, realtime, delay; /* delay: 0 for one block */
  int fault_count;
  double faults[8][4]; /* frame, kind, frames, seconds */
};

static inline int32_t stream_new(const struct setup *setup) {
  double config[PS_CONFIG_SIZE];
  CHECK_EQUAL(ps_config_init(config, PS_CONFIG_SIZE), PS_OK);
  if (!setup->output_only) config[PS_CONFIG_INPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  if (!setup->input_only) config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_INPUT_CHANNELS] = setup->inputs;
  config[PS_CONFIG_OUTPUT_CHANNELS] = setup->outputs;
  config[PS_CONFIG_INPUT_FORMAT] = setup->input_format;
  config[PS_CONFIG_OUTPUT_FORMAT] = setup->output_format;
  config[PS_CONFIG_BLOCK_SIZE] = setup->block;
  config[PS_CONFIG_SAMPLE_RATE] = setup->rate;
  config[PS_CONFIG_VIRTUAL_CLOCK] = !setup->realtime;
  if (setup->delay) config[PS_CONFIG_VIRTUAL_DELAY] = setup->delay;
  config[PS_CONFIG_FAULTS] = setup->fault_count;
  return ps_stream_new(config, PS_CONFIG_SIZE, setup->fault_count ? setup->faults[0] : NULL, 4 * setup->fault_count);
}

static inline int32_t await_command(int32_t stream, int32_t command) {
  int32_t ticket = ps_stream_command(stream, command);
  return ticket < 0 ? ticket : ps_stream_await(stream, ticket);
}

static inline int32_t stream_open(const struct setup *setup) {
  int32_t stream = stream_new(setup);
  CHECK(stream > 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  return stream;
}

static inline void stream_close(int32_t stream) {
  CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
}

/* Starts a run and waits for its end, at most 20 s; returns the state it ended in. */
static inline int32_t stream_run(int32_t stream, double frames, double pad, double offset) {
  CHECK_EQUAL(ps_stream_set_run(stream, frames, pad, offset, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  return ps_stream_state(stream);
}

static inline int32_t stream_error(int32_t stream) { return ps_stream_error(stream, NULL, 0, NULL, 0); }
static inline int64_t number(int32_t stream, int32_t what) { return (int64_t)ps_stream_number(stream, what); }

/* Test data: byte `position` of a source is the low byte of random_mix(position + 1). */
static inline void fill_bytes(unsigned char *data, size_t first, size_t count) {
  for (size_t i = 0; i < count; i++) data[i] = (unsigned char)random_mix(first + i + 1);
}

static inline int same_bytes(const unsigned char *data, size_t first, size_t count) {
  size_t wrong = 0;
  for (size_t i = 0; i < count; i++) wrong += data[i] != (unsigned char)random_mix(first + i + 1);
  return wrong == 0;
}

static inline int all_bytes(const unsigned char *data, int value, size_t count) {
  size_t wrong = 0;
  for (size_t i = 0; i < count; i++) wrong += data[i] != value;
  return wrong == 0;
}

/* A ring with `frames` frames of test data, ended as memory is. */
static inline int32_t memory_ring(int32_t frame_bytes, int32_t frames) {
  size_t bytes = (size_t)frame_bytes * (size_t)frames;
  unsigned char *data = malloc(bytes + 1);
  int32_t ring = ps_ring_new(frame_bytes, frames, NULL, 0);
  fill_bytes(data, 0, bytes);
  CHECK_EQUAL(ps_ring_write(ring, data, frames), frames);
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  free(data);
  return ring;
}

#endif
