/* Streams through the public functions, on the virtual device: what is played and recorded, from start to end. */
#include <math.h>

#include "streams.h"

#define FRAME 8 /* bytes of two float32 */

static void play_from(int32_t stream, int32_t ring, int32_t flags) {
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, flags, 0), PS_OK);
}

static void record_to(int32_t stream, int32_t ring, int32_t flags) {
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, ring, flags, 0), PS_OK);
}

/* Checks a loopback recording: silence for the delay, then `played` frames of test data, then silence. */
static void check_loopback(int32_t sink, int64_t delay, int64_t offset, int64_t played, int64_t total) {
  int32_t count = (int32_t)(total - offset);
  unsigned char *data = malloc((size_t)total * FRAME + 1), *frame = data;
  if (!CHECK_EQUAL(ps_ring_read_available(sink), count) || !CHECK_EQUAL(ps_ring_read(sink, data, count), count)) return;
  int wrong = 0;
  for (int64_t i = offset; i < total; i++, frame += FRAME) {
    int heard = i >= delay && i - delay < played;
    wrong += heard ? !same_bytes(frame, (size_t)(i - delay) * FRAME, FRAME) : !all_bytes(frame, 0, FRAME);
  }
  CHECK_EQUAL(wrong, 0);
  free(data);
}

TEST(every_row_of_the_table) {
  static const int blocks[] = {1, 7, 64, 256, 1000, 1024, 4096, 0};
  static const struct {
    int64_t frames, pad, offset, played, total;
    int32_t error;
  } rows[] = {
      {-1, 0, 0, 3000, 3000, 0},
      {-1, 500, 0, 3000, 3500, 0},
      {-1, 500, 3400, 3000, 3500, 0},
      {1000, 0, 0, 1000, 1000, 0},
      {1000, 77, 5, 1000, 1077, 0},
      {4000, -1, 0, 3000, 4000, 0},
      {2000, -1, 1999, 2000, 2000, 0},
      {0, 10, 0, 0, 10, 0},
      {0, 0, 0, 0, 0, 0},
      {3001, 100, 0, 3000, 3000, PS_ERR_BUFFER_EMPTY},
  };
  for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows && !test_failures; r++) {
      struct setup setup = {.block = blocks[b], .delay = r % 2 ? 5000 : 0};
      int64_t delay = setup.delay ? setup.delay : setup.block ? setup.block : 256;
      int32_t stream = stream_open(&setup), source = memory_ring(FRAME, 3000), sink = ps_ring_new(FRAME, 4000, NULL, 0);
      play_from(stream, source, 0);
      record_to(stream, sink, PS_SINK_MEMORY);
      int32_t state = stream_run(stream, (double)rows[r].frames, (double)rows[r].pad, (double)rows[r].offset);
      CHECK_EQUAL(state, rows[r].error ? PS_STATE_ABORTED : PS_STATE_COMPLETED);
      CHECK_EQUAL(stream_error(stream), rows[r].error);
      CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), rows[r].total);
      CHECK_EQUAL(number(stream, PS_NUMBER_SOURCE_FRAMES), rows[r].played);
      CHECK_EQUAL(number(stream, PS_NUMBER_RECORDED_FRAMES), rows[r].total - rows[r].offset);
      CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
      if (!rows[r].error) CHECK_EQUAL(number(stream, PS_NUMBER_TOTAL_FRAMES), rows[r].total);
      CHECK_EQUAL(ps_ring_read_available(source), 3000 - rows[r].played);
      check_loopback(sink, delay, rows[r].offset, rows[r].played, rows[r].total);
      if (test_failures) printf("# block %d, row %zu\n", blocks[b], r);
      stream_close(stream);
      ps_ring_free(source);
      ps_ring_free(sink);
    }
}

TEST(a_ring_without_an_end_waits_for_its_writer) {
  unsigned char data[1000 * FRAME];
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64}), ring = ps_ring_new(FRAME, 150, NULL, 0);
  play_from(stream, ring, 0);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  fill_bytes(data, 0, sizeof data);
  for (int32_t done = 0; done < 1000;) {
    int32_t wrote = ps_ring_write(ring, data + done * FRAME, 1000 - done);
    done += wrote;
    if (!wrote) CHECK_EQUAL(ps_stream_wait(stream, 0.001), 0);
  }
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 1000);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0); /* freewheeling waits for the writer */
  stream_close(stream);
  ps_ring_free(ring);
}

/* Who waits for all that a ring can hold gets it, though the device would rather have called back with more at once. */
TEST(a_device_that_may_choose_makes_do_with_less) {
  unsigned char data[1000 * FRAME], heard[1000 * FRAME];
  int32_t stream = stream_open(&(struct setup){0});
  int32_t ring = ps_ring_new(FRAME, 100, NULL, 0), sink = ps_ring_new(FRAME, 150, NULL, 0);
  play_from(stream, ring, 0);
  record_to(stream, sink, 0);
  CHECK_EQUAL(ps_stream_set_run(stream, 1000, 256, 256, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  fill_bytes(data, 0, sizeof data);
  for (int32_t wrote = 0, read = 0; read < 1000;) {
    if (ps_ring_read_available(ring) == 0) wrote += ps_ring_write(ring, data + wrote * FRAME, 1000 - wrote);
    if (ps_ring_read_available(sink) == (1000 - read < 150 ? 1000 - read : 150))
      read += ps_ring_read(sink, heard + read * FRAME, 1000 - read);
    if (ps_stream_wait(stream, 0.001) && read < 1000 && !CHECK_EQUAL(ps_ring_read_available(sink), 1000 - read)) break;
  }
  CHECK(same_bytes(heard, 0, sizeof heard));
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 1256);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  stream_close(stream);
  ps_ring_free(ring);
  ps_ring_free(sink);
}

TEST(a_late_writer_leaves_a_gap_and_loses_nothing) {
  unsigned char data[8 * FRAME];
  int32_t stream = stream_open(&(struct setup){.block = 64, .realtime = 1}), ring = ps_ring_new(FRAME, 150, NULL, 0);
  int32_t sink = ps_ring_new(FRAME, 48000, NULL, 0);
  double glitch[4];
  play_from(stream, ring, 0);
  record_to(stream, sink, 0);
  fill_bytes(data, 0, sizeof data);
  ps_ring_write(ring, data, 3);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (number(stream, PS_NUMBER_FRAME_COUNT) < 500) ps_stream_wait(stream, 0.001);
  CHECK_EQUAL(ps_ring_write(ring, data + 3 * FRAME, 5), 5);
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  int64_t total = number(stream, PS_NUMBER_FRAME_COUNT);
  CHECK(total >= 505 && total < 24000);
  CHECK_EQUAL(number(stream, PS_NUMBER_SOURCE_UNDERFLOWS), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_SOURCE_FRAMES), 8);
  CHECK_EQUAL(ps_stream_glitches(stream, glitch, 1), 1);
  CHECK_EQUAL(glitch[0], 3);
  CHECK_EQUAL(glitch[2], PS_GLITCH_SOURCE_UNDERFLOW);
  CHECK_EQUAL(glitch[3], total - 8);
  stream_close(stream);
  ps_ring_free(ring);
  ps_ring_free(sink);
}

TEST(a_full_sink_keeps_what_fitted) {
  int32_t stream = stream_open(&(struct setup){.block = 256}), source = memory_ring(FRAME, 3000);
  int32_t sink = ps_ring_new(FRAME, 1001, NULL, 0);
  char text[100];
  play_from(stream, source, PS_SOURCE_LOOP);
  record_to(stream, sink, PS_SINK_MEMORY);
  CHECK_EQUAL(stream_run(stream, -1, 0, 10), PS_STATE_ABORTED);
  CHECK_EQUAL(ps_stream_error(stream, text, sizeof text, NULL, 0), PS_ERR_BUFFER_FULL);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 1011);
  check_loopback(sink, 256, 10, 3000, 1011);
  CHECK_EQUAL(ps_stream_set_run(stream, 1000, 0, 0, 0), PS_OK);
  CHECK_EQUAL(stream_run(stream, 1000, 0, 0), PS_STATE_COMPLETED); /* the error is gone with the next start */
  CHECK_EQUAL(stream_error(stream), PS_OK);
  check_loopback(sink, 256, 0, 3000, 1000);
  record_to(stream, sink, PS_SINK_MEMORY | PS_SINK_DROP);
  CHECK_EQUAL(stream_run(stream, 2001, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_DROPPED_FRAMES), 1000);
  CHECK_EQUAL(number(stream, PS_NUMBER_SINK_OVERFLOWS), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_RECORDED_FRAMES), 1001);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(a_sink_that_is_read_is_waited_for) {
  int32_t stream = stream_open(&(struct setup){.block = 64}), source = memory_ring(FRAME, 2000);
  int32_t sink = ps_ring_new(FRAME, 100, NULL, 0), done = 0;
  unsigned char data[100 * FRAME];
  play_from(stream, source, 0);
  record_to(stream, sink, 0);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 64, 64, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (done < 2000 && !test_failures) {
    int32_t got = ps_ring_read(sink, data, 100);
    CHECK(same_bytes(data, (size_t)done * FRAME, (size_t)got * FRAME));
    done += got;
    if (!got) ps_stream_wait(stream, 0.001);
  }
  CHECK_EQUAL(done, 2000);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  /* A sink exactly as long as the recording need not be read. */
  ps_ring_free(source);
  source = memory_ring(FRAME, 90);
  play_from(stream, source, 0);
  CHECK_EQUAL(stream_run(stream, -1, 10, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read_available(sink), 100);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(loops_are_seamless) {
  int32_t stream = stream_open(&(struct setup){.block = 64, .delay = 64}), source = memory_ring(FRAME, 77);
  int32_t sink = ps_ring_new(FRAME, 1000, NULL, 0);
  unsigned char data[1000 * FRAME];
  play_from(stream, source, PS_SOURCE_LOOP);
  record_to(stream, sink, PS_SINK_MEMORY);
  CHECK_EQUAL(stream_run(stream, 1000, -1, 64), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(sink, data, 1000), 936);
  for (int i = 0; i < 936; i++) CHECK(same_bytes(data + i * FRAME, (size_t)(i % 77) * FRAME, FRAME));
  CHECK_EQUAL(ps_ring_read_available(source), 77); /* nothing is taken out */
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(draining_plays_what_is_there) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64, .realtime = 1});
  int32_t ring = memory_ring(FRAME, 1000), loop = memory_ring(FRAME, 700);
  ps_ring_flush(ring); /* takes back its end */
  unsigned char data[1000 * FRAME] = {0};
  ps_ring_write(ring, data, 1000);
  play_from(stream, ring, 0);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 48000, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_drain(stream), PS_OK); /* nothing runs: does nothing */
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_drain(stream), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 1000);
  play_from(stream, loop, PS_SOURCE_LOOP);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (number(stream, PS_NUMBER_FRAME_COUNT) < 800) ps_stream_wait(stream, 0.001);
  CHECK_EQUAL(ps_stream_drain(stream), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT) % 700, 0);
  stream_close(stream);
  ps_ring_free(ring);
  ps_ring_free(loop);
}

TEST(loopback_converts_formats_and_channels) {
  int32_t stream = stream_open(&(struct setup){
      .inputs = 3, .outputs = 2, .output_format = PS_FORMAT_INT16, .input_format = PS_FORMAT_FLOAT32, .block = 16});
  int32_t source = ps_ring_new(4, 4, NULL, 0), sink = ps_ring_new(12, 100, NULL, 0);
  int16_t played[8] = {0, 1, 16384, -16384, 32767, -32768, -1, 256};
  float recorded[100 * 3];
  ps_ring_write(source, played, 4);
  ps_ring_end(source);
  play_from(stream, source, 0);
  record_to(stream, sink, PS_SINK_MEMORY);
  CHECK_EQUAL(stream_run(stream, -1, 16, 16), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(sink, recorded, 100), 4);
  for (int f = 0; f < 4; f++) {
    CHECK(recorded[3 * f] == (float)played[2 * f] / 32768.0f);
    CHECK(recorded[3 * f + 1] == (float)played[2 * f + 1] / 32768.0f);
    CHECK(recorded[3 * f + 2] == 0);
  }
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(maps_gain_and_levels) {
  int32_t stream = stream_open(&(struct setup){.block = 64}), sink = ps_ring_new(FRAME, 128, NULL, 0);
  int32_t source = ps_ring_new(FRAME, 64, NULL, 0);
  int32_t swap[] = {2, 1}, mute[] = {0, 2}, wrong[] = {1, 3}, below[] = {-1, 1};
  float data[128], recorded[128];
  double levels[4];
  for (int i = 0; i < 128; i++) data[i] = i % 2 ? -0.25f : 0.5f;
  ps_ring_write(source, data, 64);
  CHECK_EQUAL(ps_stream_set_map(stream, 1, wrong, 2), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_map(stream, 1, below, 2), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_map(stream, 1, swap, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_map(stream, 1, NULL, 2), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_map(stream, 0, swap, 2), PS_OK);
  CHECK_EQUAL(ps_stream_set_map(stream, 0, NULL, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_map(stream, 1, swap, 2), PS_OK);
  CHECK_EQUAL(ps_stream_set_map(stream, 0, mute, 2), PS_OK);
  CHECK_EQUAL(ps_stream_set_gain(stream, 0.5), PS_OK);
  CHECK_EQUAL(ps_stream_set_gain(stream, NAN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_gain(stream, INFINITY), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_gain(stream, 1e300), PS_ERR_ARGUMENT); /* not finite as what it becomes */
  play_from(stream, source, PS_SOURCE_COMPLETE);
  record_to(stream, sink, PS_SINK_MEMORY);
  CHECK_EQUAL(stream_run(stream, -1, 64, 64), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(sink, recorded, 64), 64);
  for (int f = 0; f < 64; f++) CHECK(recorded[2 * f] == 0 && recorded[2 * f + 1] == 0.25f);
  CHECK_EQUAL(ps_stream_levels(stream, 1, levels, 2), 2);
  CHECK(levels[0] == 0.125 && levels[2] == 0.25); /* as it went to the device; half of the 128 frames are silent */
  CHECK_WITHIN(levels[1], 0.125 / sqrt(2) - 1e-6, 0.125 / sqrt(2) + 1e-6);
  CHECK_EQUAL(ps_stream_levels(stream, 0, levels, 1), 2);
  CHECK(levels[0] == 0.125); /* as it came from the device, before the map */
  CHECK_EQUAL(ps_stream_levels(stream, 3, levels, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(ps_ring_write(source, data, 64), 64);
  CHECK_EQUAL(stream_run(stream, -1, 64, 64), PS_STATE_COMPLETED);
  double both[8] = {[6] = -1, [7] = -1};
  CHECK_EQUAL(ps_stream_levels(stream, 2, both, 3), 4);
  CHECK(both[0] == 0.125 && both[2] == 0.25 && both[4] == 0.125 && both[5] > 0 && both[6] == -1 && both[7] == -1);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

TEST(numbers_begin_anew_with_what_is_set_for_a_run) {
  int32_t stream =
      stream_open(&(struct setup){.block = 64, .fault_count = 1, .faults = {{64, PS_FAULT_OUTPUT_UNDERFLOW}}});
  int32_t source = memory_ring(FRAME, 1000);
  double timing[6], glitches[4], levels[8], numbers[PS_NUMBER_COUNT];
  play_from(stream, source, PS_SOURCE_COMPLETE);
  CHECK_EQUAL(stream_run(stream, -1, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 1000);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 1);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT), PS_OK);
  for (int what = 0; what <= PS_NUMBER_STATUS; what++) CHECK_EQUAL(numbers[what], 0);
  CHECK_EQUAL(ps_stream_timing(stream, timing, 6), 0);
  CHECK_EQUAL(ps_stream_glitches(stream, glitches, 1), 0);
  CHECK_EQUAL(ps_stream_levels(stream, 2, levels, 4), 4);
  for (int i = 0; i < 8; i++) CHECK(levels[i] == 0);
  stream_close(stream);
  ps_ring_free(source);
}

TEST(levels_are_those_of_the_run) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64}),
          source = ps_ring_new(FRAME, 100, NULL, 0);
  float data[200];
  double levels[4];
  for (int i = 0; i < 200; i++) data[i] = 0.5f;
  ps_ring_write(source, data, 100);
  play_from(stream, source, PS_SOURCE_COMPLETE | PS_SOURCE_LOOP);
  CHECK_EQUAL(stream_run(stream, 100, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_stream_levels(stream, 1, levels, 2), 2);
  CHECK(levels[0] == 0.5 && levels[1] == 0.5); /* the rest of the second block is silence that is not of the run */
  CHECK_EQUAL(stream_run(stream, 100, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_NONE, 0, 0, 0), PS_OK);
  CHECK_EQUAL(stream_run(stream, 100, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_stream_levels(stream, 1, levels, 2), 2);
  CHECK(levels[0] == 0 && levels[1] == 0 && levels[2] == 0); /* nor is what was played in the one before */
  stream_close(stream);
  ps_ring_free(source);
}

TEST(time_of_the_device) {
  int32_t stream = stream_open(&(struct setup){.block = 480, .delay = 960, .realtime = 1});
  int32_t sink = ps_ring_new(FRAME, 48000, NULL, 0);
  double actual[PS_ACTUAL_SIZE], numbers[PS_NUMBER_COUNT];
  CHECK_EQUAL(ps_stream_actual(stream, actual, PS_ACTUAL_SIZE), PS_OK);
  CHECK_EQUAL(actual[PS_ACTUAL_INPUT_CHANNELS], 2);
  CHECK_EQUAL(actual[PS_ACTUAL_SAMPLE_RATE], 48000);
  CHECK_EQUAL(actual[PS_ACTUAL_BLOCK_SIZE], 480);
  CHECK_WITHIN(actual[PS_ACTUAL_INPUT_LATENCY] + actual[PS_ACTUAL_OUTPUT_LATENCY], 0.0199, 0.0201);
  record_to(stream, sink, 0);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  double now = ps_stream_number(stream, PS_NUMBER_TIME);
  for (int i = 0; i < 20; i++) {
    double due = ps_stream_due(stream, 0, ps_ring_read_available(sink) + 480.0);
    CHECK_WITHIN(due, 0, 0.03);
    ps_stream_wait(stream, 0.005);
    CHECK_EQUAL(ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT), PS_OK);
    CHECK(numbers[PS_NUMBER_TIME] >= now);
    now = numbers[PS_NUMBER_TIME];
    CHECK_EQUAL((int64_t)numbers[PS_NUMBER_BLOCK_FRAME] % 480, 0);
    double frame = numbers[PS_NUMBER_BLOCK_FRAME], captured = ps_stream_capture_time(stream, frame + 48000);
    if (number(stream, PS_NUMBER_BLOCK_FRAME) == frame) /* no callback between the two looks */
      CHECK_WITHIN(captured - numbers[PS_NUMBER_BLOCK_ADC_TIME], 0.999999, 1.000001);
    CHECK_WITHIN(numbers[PS_NUMBER_BLOCK_DAC_TIME] - numbers[PS_NUMBER_BLOCK_ADC_TIME], 0.01999, 0.02001);
    CHECK_WITHIN(now - numbers[PS_NUMBER_BLOCK_ADC_TIME], 0.0099, SOON); /* all of the block had been captured */
    CHECK_WITHIN(numbers[PS_NUMBER_CPU_LOAD], 0, 1);
  }
  CHECK_EQUAL(ps_stream_due(stream, 0, 1), 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  double timing[6];
  CHECK_EQUAL(ps_stream_timing(stream, timing, 6), number(stream, PS_NUMBER_CALLBACKS));
  CHECK(timing[0] <= timing[1] && timing[1] <= timing[2] && timing[3] <= timing[4] && timing[4] <= timing[5]);
  CHECK(timing[3] > 0);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), number(stream, PS_NUMBER_CALLBACKS) * 480);
  stream_close(stream);
  ps_ring_free(sink);
}

static int32_t handles_before;

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), handles_before); }

int main(void) {
  handles_before = ps_handle_count();
  RUN(every_row_of_the_table);
  RUN(a_ring_without_an_end_waits_for_its_writer);
  RUN(a_device_that_may_choose_makes_do_with_less);
  RUN(a_late_writer_leaves_a_gap_and_loses_nothing);
  RUN(a_full_sink_keeps_what_fitted);
  RUN(a_sink_that_is_read_is_waited_for);
  RUN(loops_are_seamless);
  RUN(draining_plays_what_is_there);
  RUN(loopback_converts_formats_and_channels);
  RUN(maps_gain_and_levels);
  RUN(numbers_begin_anew_with_what_is_set_for_a_run);
  RUN(levels_are_those_of_the_run);
  RUN(time_of_the_device);
  RUN(no_handle_is_left);
  return test_end();
}
