/* The engine, case by case: what is logged and counted, gain, channel maps that change while it runs, the run's end. */
#include "engine/engine.h"

#include <math.h>

#include "engine/format.h"
#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

static struct engine engine;
static uint64_t seed;

/* A mono int16 engine; the source, if it has one, holds 1, 2, 3 … `frames`. */
static struct ring *start(struct engine_run run, int inputs, int64_t frames) {
  struct ring *source = frames < 0 ? NULL : ring_create(2, 100);
  for (int16_t i = 1; i <= frames; i++) ring_write(source, &i, 1);
  run.source = source;
  engine_init(&engine);
  engine_set_formats(&engine, inputs, PS_FORMAT_INT16, 1, PS_FORMAT_INT16);
  engine_start(&engine, &run);
  return source;
}

static void release(struct ring *ring) { object_release(&ring->object); }

static void check_glitch(int32_t index, double frame, double time, int32_t kind, double frames) {
  double log[GLITCH_LOG_SIZE][4];
  int32_t count = glitch_read(&engine.glitches, log[0], GLITCH_LOG_SIZE);
  if (!CHECK(index < count)) return;
  CHECK_EQUAL(log[index][0], frame);
  CHECK_EQUAL(log[index][1], time);
  CHECK_EQUAL(log[index][2], kind);
  CHECK_EQUAL(log[index][3], frames);
}

TEST(the_last_block_is_cut_to_the_frame) {
  int16_t output[256];
  struct ring *source = start((struct engine_run){.frames = 1000, .pad = -1, .source_complete = 1}, 0, 100);
  for (int i = 0; i < 3; i++) CHECK_EQUAL(engine_process(&engine, NULL, output, 256, 0, 0), CALLBACK_CONTINUE);
  memset(output, 1, sizeof output);
  CHECK_EQUAL(engine_process(&engine, NULL, output, 256, 0, 0), CALLBACK_COMPLETE);
  CHECK_EQUAL(engine.count, 1000);
  int loud = 0;
  for (int i = 0; i < 256; i++) loud += output[i] != 0;
  CHECK_EQUAL(loud, 0);
  release(source);
}

TEST(flags_and_gaps_are_logged) {
  int16_t output[8];
  struct ring *source = start((struct engine_run){.frames = -1}, 0, 4);
  engine_process(&engine, NULL, output, 8, 10, FLAG_PRIMING); /* 4 frames, then a gap of 4 */
  engine_process(&engine, NULL, output, 8, 20, FLAG_INPUT_OVERFLOW | FLAG_OUTPUT_UNDERFLOW); /* it goes on for 8 */
  ring_write(source, output, 3);
  engine_process(&engine, NULL, output, 8, 30, FLAG_OUTPUT_UNDERFLOW); /* 3 frames, another gap of 5 */
  CHECK_EQUAL(engine.xruns, 2 + 2);                                    /* callbacks that were flagged, and gaps */
  CHECK_EQUAL(engine.source_underflows, 2);
  CHECK_EQUAL(engine.flagged[0], 0);
  CHECK_EQUAL(engine.flagged[1], 1);
  CHECK_EQUAL(engine.flagged[2], 2);
  CHECK_EQUAL(engine.flagged[3], 0);
  CHECK_EQUAL(engine.status, FLAG_PRIMING | FLAG_INPUT_OVERFLOW | FLAG_OUTPUT_UNDERFLOW);
  CHECK_EQUAL(engine.source.count, 7);
  CHECK_EQUAL(engine.glitches.written, 5);
  check_glitch(0, 4, 10, PS_GLITCH_SOURCE_UNDERFLOW, 12);
  check_glitch(1, 8, 20, PS_GLITCH_INPUT_OVERFLOW, 0);
  check_glitch(2, 8, 20, PS_GLITCH_OUTPUT_UNDERFLOW, 0);
  check_glitch(3, 16, 30, PS_GLITCH_OUTPUT_UNDERFLOW, 0);
  check_glitch(4, 19, 30, PS_GLITCH_SOURCE_UNDERFLOW, 5);
  release(source);
}

TEST(drops_are_logged) {
  int16_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  struct ring *sink = ring_create(2, 12);
  start((struct engine_run){.frames = -1, .sink = sink, .sink_drop = 1, .offset = 2}, 1, -1);
  CHECK_EQUAL(engine_process(&engine, data, NULL, 8, 1, 0), CALLBACK_CONTINUE); /* 6 are kept */
  CHECK_EQUAL(engine_process(&engine, data, NULL, 8, 2, 0), CALLBACK_CONTINUE); /* 6 are kept, 2 dropped */
  CHECK_EQUAL(engine_process(&engine, data, NULL, 8, 3, 0), CALLBACK_CONTINUE); /* 8 are dropped: one run of 10 */
  CHECK_EQUAL(ring_read(sink, data, 2), 2);
  CHECK_EQUAL(engine_process(&engine, data, NULL, 8, 4, 0), CALLBACK_CONTINUE); /* 2 are kept, 6 dropped */
  CHECK_EQUAL(engine.sink_overflows, 2);
  CHECK_EQUAL(engine.dropped, 16);
  CHECK_EQUAL(engine.sinks[0].count, 14);
  CHECK_EQUAL(engine.count, 32);
  CHECK_EQUAL(engine.xruns, 0);
  check_glitch(0, 14, 2, PS_GLITCH_SINK_OVERFLOW, 10);
  check_glitch(1, 26, 4, PS_GLITCH_SINK_OVERFLOW, 6);
  release(sink);
  sink = ring_create(2, 3);
  start((struct engine_run){.frames = -1, .sink = sink, .sink_drop = 1, .offset = 2}, 1, -1);
  engine_process(&engine, data, NULL, 8, 5, 0); /* 2 before the offset, 3 are kept, 3 dropped */
  check_glitch(0, 5, 5, PS_GLITCH_SINK_OVERFLOW, 3);
  release(sink);
}

TEST(the_log_keeps_the_newest) {
  int16_t output[1];
  double log[4 * (GLITCH_LOG_SIZE + 10)];
  /* All the while there is a gap, which is logged first and grows when its entry has long been overwritten. */
  struct ring *source = start((struct engine_run){.frames = -1}, 0, 0);
  engine_process(&engine, NULL, output, 1, 0, 0);
  for (int i = 1; i < 400; i++) engine_process(&engine, NULL, output, 1, i, FLAG_OUTPUT_UNDERFLOW);
  CHECK_EQUAL(engine.glitches.written, 400);
  CHECK_EQUAL(glitch_read(&engine.glitches, log, GLITCH_LOG_SIZE + 10), 256);
  for (int i = 0; i < 256; i++) CHECK(log[4 * i] == 144 + i && log[4 * i + 3] == 0);
  CHECK_EQUAL(glitch_read(&engine.glitches, log, 3), 3);
  CHECK_EQUAL(log[0], 397);
  CHECK_EQUAL(glitch_read(&engine.glitches, NULL, 0), 0);
  release(source);
}

TEST(the_first_xrun_may_be_fatal) {
  int16_t data[8] = {0};
  struct engine_run run = {.frames = -1, .pad = -1, .fatal_xruns = 1};
  struct ring *source = start(run, 0, 8);
  CHECK_EQUAL(engine_process(&engine, NULL, data, 8, 0, FLAG_PRIMING), CALLBACK_CONTINUE);
  CHECK_EQUAL(engine_process(&engine, NULL, data, 8, 0, 0), CALLBACK_ABORT);
  CHECK_EQUAL(engine.outcome, PS_ERR_XRUN);
  CHECK_EQUAL(engine.xruns, 1);
  release(source);
  start(run, 1, -1);
  CHECK_EQUAL(engine_process(&engine, data, data, 8, 0, FLAG_INPUT_OVERFLOW), CALLBACK_ABORT);
  CHECK_EQUAL(engine.outcome, PS_ERR_XRUN);
  CHECK(engine.ended);
  start(run, 1, -1);
  CHECK_EQUAL(engine.outcome, PS_OK);
  CHECK_EQUAL(engine.xruns, 0);
  CHECK_EQUAL(engine.ended, 0);
  CHECK_EQUAL(engine.glitches.written, 0);
}

TEST(an_empty_loop_ends_like_an_empty_source) {
  int16_t output[8];
  struct ring *source = start((struct engine_run){.frames = 8, .source_loop = 1, .source_complete = 1}, 0, 0);
  CHECK_EQUAL(engine_process(&engine, NULL, output, 8, 0, 0), CALLBACK_COMPLETE);
  CHECK_EQUAL(engine.outcome, PS_ERR_BUFFER_EMPTY);
  release(source);
}

/* --------------------------------------------------------------------- gain */

/* Integer samples of a format, in its units, from silence on. */
static void put(int32_t format, void *to, int64_t value) {
  if (format == PS_FORMAT_UINT8) value += 128;
  memcpy(to, &value, format_bytes(format)); /* little-endian, as everything that this runs on */
}

static int64_t get(int32_t format, const void *from) {
  int64_t value = 0;
  int shift = 64 - 8 * (int)format_bytes(format);
  memcpy(&value, from, format_bytes(format));
  return format == PS_FORMAT_UINT8 ? value - 128 : (int64_t)((uint64_t)value << shift) >> shift;
}

/* Plays `count` samples with a gain. */
static void play(int32_t format, float gain, const void *samples, size_t count, void *output) {
  struct ring *source = ring_create(format_bytes(format), count);
  ring_write(source, samples, count);
  engine_init(&engine);
  engine_set_formats(&engine, 0, PS_FORMAT_FLOAT32, 1, format);
  atomic_store(&engine.gain, gain);
  engine_start(&engine, &(struct engine_run){.frames = (int64_t)count, .source = source});
  CHECK_EQUAL(engine_process(&engine, NULL, output, count, 0, 0), CALLBACK_COMPLETE);
  release(source);
}

TEST(gain_of_integers_rounds_and_clips) {
  static const int64_t full[] = {0, INT64_C(1) << 31, 1 << 23, 1 << 15, 1 << 7, 1 << 7};
  enum { COUNT = 7 };
  for (int32_t format = PS_FORMAT_INT32; format <= PS_FORMAT_UINT8; format++) {
    int64_t most = full[format] - 1, least = -full[format];
    int64_t values[COUNT] = {0, 50, -50, 3, -3, most, least};
    int64_t doubled[COUNT] = {0, 100, -100, 6, -6, most, least};
    size_t bytes = format_bytes(format);
    unsigned char data[COUNT * 4], output[COUNT * 4];
    for (int i = 0; i < COUNT; i++) put(format, data + (size_t)i * bytes, values[i]);
    play(format, 1, data, COUNT, output);
    CHECK(memcmp(output, data, COUNT * bytes) == 0);
    play(format, 2, data, COUNT, output);
    for (int i = 0; i < COUNT; i++) CHECK_EQUAL(get(format, output + (size_t)i * bytes), doubled[i]);
    play(format, 0.5f, data, COUNT, output);
    for (int i = 0; i < COUNT; i++) /* which way a half is rounded is left open */
      CHECK_WITHIN((double)get(format, output + (size_t)i * bytes) - (double)values[i] / 2, -0.5, 0.5);
    play(format, -1, data, COUNT, output);
    for (int i = 0; i < COUNT - 1; i++) CHECK_EQUAL(get(format, output + (size_t)i * bytes), -values[i]);
    CHECK_EQUAL(get(format, output + (COUNT - 1) * bytes), most);
  }
}

TEST(gain_of_floats_does_neither) {
  float data[] = {0.75f, -3.0f, 1e-30f, NAN}, output[4];
  play(PS_FORMAT_FLOAT32, 2, data, 4, output);
  CHECK(output[0] == 1.5f && output[1] == -6.0f && output[2] == 2e-30f && isnan(output[3]));
  play(PS_FORMAT_FLOAT32, 1, data, 4, output);
  CHECK(memcmp(output, data, sizeof data) == 0);
}

/* ------------------------------------------------------------- channel maps */

TEST(gathers_of_all_shapes) {
  /* The most that is gathered, an odd address, and a byte behind it that must stay. */
  static unsigned char from[CHANNELS_MAX * 4 * 8 + 2], to[sizeof from];
  static struct channel_map map;
  struct random random = {seed};
  for (size_t i = 0; i < sizeof from; i++) from[i] = (unsigned char)random_next(&random);
  for (int i = 0; i < 3000 && !test_failures; i++) {
    int32_t channels = (int32_t)(random_once_in(&random, 20) ? random_between(&random, 65, CHANNELS_MAX)
                                                             : random_between(&random, 1, 20));
    int32_t format = (int32_t)random_between(&random, 0, 5), one_based[CHANNELS_MAX];
    size_t bytes = format_bytes(format), frames = (size_t)random_between(&random, 0, 8), wrong = 0;
    size_t offset = (size_t)random_between(&random, 0, 1);
    for (int32_t c = 0; c < channels; c++) one_based[c] = (int32_t)random_between(&random, 0, channels);
    channel_map_init(&map, channels, channels, format);
    channel_map_set(&map, one_based);
    memset(to, 0x5A, sizeof to);
    channel_map_gather(channel_map_table(&map), to + offset, from + offset, frames);
    unsigned char silence[4], *got = to + offset;
    memset(silence, format == PS_FORMAT_UINT8 ? 128 : 0, 4);
    for (size_t f = 0; f < frames; f++)
      for (int32_t c = 0; c < channels; c++, got += bytes) {
        size_t sample = f * (size_t)channels + (size_t)(one_based[c] - 1);
        wrong += memcmp(got, one_based[c] ? from + offset + sample * bytes : silence, bytes) != 0;
      }
    CHECK_EQUAL(wrong, 0);
    CHECK(*got == 0x5A && (!offset || to[0] == 0x5A));
  }
}

/* One thread changes the maps as fast as it can; every block must be gathered by one of them, whole. */
#define TURN_CHANNELS 8

static _Atomic int32_t turning;

static void turn_maps(void *argument) {
  int32_t map[TURN_CHANNELS];
  (void)argument;
  for (int turn = 0; atomic_load(&turning); turn++) {
    for (int c = 0; c < TURN_CHANNELS; c++) map[c] = (c + turn) % TURN_CHANNELS + 1;
    channel_map_set(&engine.output.map, map);
    channel_map_set(&engine.input.map, turn % 3 ? map : NULL);
  }
}

/* By how much a frame of 0, 1, 2 … is turned; -1 if it is not one. */
static int turned_by(const int32_t *frame) {
  for (int c = 0; c < TURN_CHANNELS; c++)
    if (frame[c] != (frame[0] + c) % TURN_CHANNELS) return -1;
  return frame[0];
}

static int all_turned_alike(const int32_t *frames, int count) {
  for (int f = 0; f < count; f++)
    if (turned_by(frames + f * TURN_CHANNELS) < 0 || frames[f * TURN_CHANNELS] != frames[0]) return 0;
  return 1;
}

TEST(a_map_changes_between_blocks_only) {
  enum { BLOCK = 300, BLOCKS = 20000 };
  static int32_t input[BLOCK * TURN_CHANNELS], output[BLOCK * TURN_CHANNELS];
  struct os_thread thread;
  int blocks = TEST_THREAD_SANITIZER ? BLOCKS / 20 : BLOCKS, changes = 0, before = 0;
  for (int i = 0; i < BLOCK * TURN_CHANNELS; i++) input[i] = i % TURN_CHANNELS;
  struct ring *source = ring_create(TURN_CHANNELS * 4, BLOCK), *sink = ring_create(TURN_CHANNELS * 4, BLOCK);
  ring_write(source, input, BLOCK);
  engine_init(&engine);
  engine_set_formats(&engine, TURN_CHANNELS, PS_FORMAT_INT32, TURN_CHANNELS, PS_FORMAT_INT32);
  engine_start(&engine, &(struct engine_run){.frames = -1, .source = source, .source_loop = 1, .sink = sink});
  atomic_store(&turning, 1);
  CHECK_EQUAL(os_thread_start(&thread, "maps", OS_THREAD_NORMAL, turn_maps, NULL), 0);
  for (int b = 0; (b < blocks || changes < 10) && !test_failures; b++) {
    CHECK_EQUAL(engine_process(&engine, input, output, BLOCK, 0, 0), CALLBACK_CONTINUE);
    CHECK(all_turned_alike(output, BLOCK));
    changes += output[0] != before;
    before = output[0];
    CHECK_EQUAL(ring_read(sink, output, BLOCK), BLOCK);
    CHECK(all_turned_alike(output, BLOCK));
  }
  atomic_store(&turning, 0);
  os_thread_join(&thread);
  printf("# the map was another one at %d of %d blocks\n", changes, blocks);
  release(source);
  release(sink);
}

/* ---------------------------------------------------- the log, read meanwhile */

#define LOG_READS 2000 /* of a log that was being written, at least */

static _Atomic int32_t logging, log_reads;

static void read_log(void *argument) {
  double log[GLITCH_LOG_SIZE][4];
  (void)argument;
  while (atomic_load(&logging)) {
    int32_t count = glitch_read(&engine.glitches, log[0], GLITCH_LOG_SIZE), wrong = 0;
    for (int32_t i = 0; i < count; i++) /* each is a whole one, and they follow each other */
      wrong += log[i][1] != log[i][0] * 2 || log[i][3] != log[i][0] + 3 || (i && log[i][0] != log[i - 1][0] + 1);
    CHECK_EQUAL(wrong, 0);
    atomic_fetch_add(&log_reads, count > 0);
  }
}

TEST(the_log_is_read_while_it_is_written) {
  struct os_thread thread;
  glitch_reset(&engine.glitches);
  atomic_store(&logging, 1);
  CHECK_EQUAL(os_thread_start(&thread, "log", OS_THREAD_NORMAL, read_log, NULL), 0);
  for (int64_t i = 0; atomic_load(&log_reads) < LOG_READS; i++)
    glitch_add(&engine.glitches, i, (double)i * 2, 0, i + 3);
  atomic_store(&logging, 0);
  os_thread_join(&thread);
}

int main(void) {
  seed = random_seed();
  RUN(the_last_block_is_cut_to_the_frame);
  RUN(flags_and_gaps_are_logged);
  RUN(drops_are_logged);
  RUN(the_log_keeps_the_newest);
  RUN(the_first_xrun_may_be_fatal);
  RUN(an_empty_loop_ends_like_an_empty_source);
  RUN(gain_of_integers_rounds_and_clips);
  RUN(gain_of_floats_does_neither);
  RUN(gathers_of_all_shapes);
  RUN(a_map_changes_between_blocks_only);
  RUN(the_log_is_read_while_it_is_written);
  return test_end();
}
