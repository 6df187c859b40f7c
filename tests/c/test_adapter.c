/* Endpoints whose frames are not the stream's: random runs of the engine in random blocks, against one pass of the
 * resampler over the whole sound, and what is counted of them.
 * No threads: it runs on one. */
#include "engine/adapter.h"

#include <math.h>

#include "engine/engine.h"
#include "engine/format.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define FRAMES_MOST 3000
#define OUT_MOST 40000
#define BLOCK_MOST 300

static struct engine engine;
static struct random numbers;
static float sound[FRAMES_MOST * 2], wanted[OUT_MOST * 2], got[OUT_MOST * 2];
static const double rates[] = {8000, 11025, 16000, 44100, 48000, 96000};
static const int32_t counts[][2] = {{1, 1}, {2, 2}, {1, 2}, {2, 1}}; /* channels of the endpoint and of the stream */

struct run {
  double rate, own_rate;
  int32_t channels, own_channels;
  size_t frames; /* of `sound` */
};

static size_t below(size_t count) { return (size_t)random_between(&numbers, 0, (int64_t)count - 1); }

static struct run random_run(void) {
  size_t count = below(4);
  struct run run = {.rate = rates[below(6)],
                    .own_rate = rates[below(6)],
                    .channels = counts[count][1],
                    .own_channels = counts[count][0],
                    .frames = 1 + below(FRAMES_MOST)};
  for (size_t i = 0; i < FRAMES_MOST * 2; i++) sound[i] = (float)below(2001) / 1000 - 1;
  return run;
}

static struct adapter *make(const struct run *run, int plays) {
  struct adapter *adapter = NULL;
  const struct adapter_setup setup = {.in_rate = plays ? run->own_rate : run->rate,
                                      .out_rate = plays ? run->rate : run->own_rate,
                                      .in_channels = plays ? run->own_channels : run->channels,
                                      .out_channels = plays ? run->channels : run->own_channels,
                                      .format = PS_FORMAT_FLOAT32,
                                      .map_first = !plays};
  CHECK_EQUAL(adapter_new(&setup, &adapter), PS_OK);
  return adapter;
}

/* One pass over `frames` frames of `sound`, into `wanted`; returns how many frames that makes. */
static size_t one_pass(const struct run *run, int plays, size_t frames) {
  struct adapter *adapter = make(run, plays);
  struct resampler_block block = {.in = sound, .in_frames = frames, .out = wanted, .out_frames = OUT_MOST};
  adapter_process(adapter, &block);
  size_t made = block.out_frames;
  int32_t channels = plays ? run->channels : run->own_channels;
  adapter_end(adapter);
  block = (struct resampler_block){sound, 0, wanted + made * (size_t)channels, OUT_MOST - made};
  if (!adapter_ended(adapter)) adapter_process(adapter, &block), made += block.out_frames;
  CHECK(adapter_ended(adapter));
  double in = plays ? run->own_rate : run->rate, out = plays ? run->rate : run->own_rate;
  CHECK_EQUAL(made, resampler_length((int64_t)frames, in, out));
  adapter_free(adapter);
  return made;
}

static struct ring *start_source(const struct run *run, struct engine_run engine_run, size_t size) {
  engine_init(&engine);
  engine_set_formats(&engine, 0, 0, run->channels, PS_FORMAT_FLOAT32);
  struct ring *ring = ring_create((size_t)run->own_channels * sizeof(float), size);
  engine_run.source = ring;
  engine_run.rate = run->rate;
  engine_run.source_rate = run->own_rate;
  engine_run.source_adapter = make(run, 1);
  if (engine_run.source_loop || engine_run.source_complete) ring_write(ring, sound, run->frames);
  engine_start(&engine, &engine_run);
  return ring;
}

static void end_source(struct ring *ring) {
  adapter_free(engine.source.adapter);
  object_release(&ring->object);
}

static size_t block_frames(void) { return 1 + below(BLOCK_MOST); }

static int same(const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (a[i] != b[i]) return 0;
  return 1;
}

TEST(a_source_is_played_as_in_one_pass) {
  for (int number = 0; number < 60; number++) {
    struct run run = random_run();
    size_t made = one_pass(&run, 1, run.frames), written = 0, played = 0, channels = (size_t)run.channels;
    int waits = number % 2; /* a writer, for whom a freewheeling device waits; or memory */
    struct ring *ring = start_source(&run, (struct engine_run){.frames = -1, .source_complete = !waits}, FRAMES_MOST);
    int result = CALLBACK_CONTINUE;
    while (result == CALLBACK_CONTINUE && played < OUT_MOST - BLOCK_MOST) {
      size_t now = block_frames();
      if (waits && written < run.frames)
        written += ring_write(ring, sound + written * (size_t)run.own_channels, 1 + below(run.frames - written));
      if (waits && written == run.frames) ring_end(ring, RING_ENDED);
      if (waits) now = engine_ready(&engine, now);
      if (now) result = engine_process(&engine, NULL, got + played * channels, now, 0, 0);
      played = (size_t)engine.count;
      CHECK(source_played(&engine) <= source_taken(&engine));
    }
    CHECK_EQUAL(engine.outcome, PS_OK);
    CHECK_EQUAL(played, made);
    CHECK_EQUAL(engine.source.count, made);
    CHECK_EQUAL(source_played(&engine), run.frames);
    CHECK_EQUAL(engine.xruns, 0);
    CHECK(same(got, wanted, made * channels));
    end_source(ring);
  }
}

/* A writer that is late: all of it is played, each part to its end, and silence is between them. */
TEST(a_late_source_is_played_to_its_last_frame) {
  for (int number = 0; number < 60; number++) {
    struct run run = random_run();
    struct ring *ring = start_source(&run, (struct engine_run){.frames = -1}, FRAMES_MOST);
    size_t written = 0, blocks = 0;
    int64_t parts = 0;
    while (written < run.frames && blocks++ < 2000) {
      size_t piece = 1 + below(40), left = run.frames - written;
      written += ring_write(ring, sound, piece < left ? piece : left);
      for (size_t i = below(4); i > 0; i--) engine_process(&engine, NULL, got, block_frames(), 0, 0);
      if (below(8)) continue;
      while (source_played(&engine) < (int64_t)written) engine_process(&engine, NULL, got, block_frames(), 0, 0);
      parts++;
    }
    while (source_played(&engine) < (int64_t)written) engine_process(&engine, NULL, got, block_frames(), 0, 0);
    CHECK_EQUAL(source_played(&engine), written);
    CHECK_EQUAL(source_taken(&engine), written);
    /* Each part was rounded for itself. */
    double length = (double)written * run.rate / run.own_rate, off = fabs((double)engine.source.count - length);
    CHECK(off <= 0.5 * (double)(engine.source_underflows + parts + 1));
    end_source(ring);
  }
}

TEST(a_loop_is_converted_across_its_seam) {
  for (int number = 0; number < 30; number++) {
    struct run run = random_run();
    size_t own = (size_t)run.own_channels, passes = FRAMES_MOST / run.frames;
    for (size_t i = run.frames * own; i < passes * run.frames * own; i++) sound[i] = sound[i - run.frames * own];
    size_t made = one_pass(&run, 1, passes * run.frames), played = 0;
    struct ring *ring = start_source(&run, (struct engine_run){.frames = -1, .source_loop = 1}, run.frames);
    while (played < made) {
      engine_process(&engine, NULL, got + played * (size_t)run.channels, block_frames(), 0, 0);
      played = (size_t)engine.count;
    }
    size_t steady = made > 1000 ? made - 1000 : 0; /* before the one pass has run out */
    CHECK(same(got, wanted, steady * (size_t)run.channels));
    end_source(ring);
  }
}

/* What is written after it is played at once, and as from a new start. */
TEST(clearing_drops_what_the_filter_holds) {
  for (int number = 0; number < 60; number++) {
    struct run run = random_run();
    if (run.frames < 200) continue;
    struct ring *ring = start_source(&run, (struct engine_run){.frames = -1}, FRAMES_MOST);
    size_t own = (size_t)run.own_channels, channels = (size_t)run.channels, first = run.frames / 2;
    ring_write(ring, sound, first);
    engine_process(&engine, NULL, got, 50, 0, 0);
    int64_t fade = (int64_t)below(30);
    source_clear(&engine, fade);
    size_t rest = run.frames - first;
    ring_write(ring, sound + first * own, rest);
    int64_t before = source_played(&engine), count = engine.source.count;
    for (size_t i = 0; i < rest * own; i++) sound[i] = sound[i + first * own];
    size_t made = one_pass(&run, 1, rest), played = 0;
    while (played < made + (size_t)fade) {
      engine_process(&engine, NULL, got + played * channels, block_frames(), 0, 0);
      played = (size_t)engine.count - 50;
    }
    int64_t faded = engine.source.count - count - (int64_t)made;
    CHECK(faded >= 0 && faded <= fade);
    CHECK(same(got + (size_t)faded * channels, wanted, made * channels));
    CHECK_EQUAL(source_played(&engine) + engine.source.lost, run.frames);
    CHECK(engine.source.lost_at >= before && engine.source.lost_at <= (int64_t)first);
    CHECK_EQUAL(engine.source.served, 1);
    end_source(ring);
  }
}

TEST(draining_plays_to_the_end) {
  for (int number = 0; number < 20; number++) {
    struct run run = random_run();
    struct ring *ring = start_source(&run, (struct engine_run){.frames = -1}, FRAMES_MOST);
    ring_write(ring, sound, run.frames);
    engine_process(&engine, NULL, got, block_frames(), 0, 0);
    atomic_store(&engine.draining, 1);
    int blocks = 0;
    while (engine_process(&engine, NULL, got, block_frames(), 0, 0) == CALLBACK_CONTINUE && blocks++ < 10000) continue;
    CHECK_EQUAL(engine.outcome, PS_OK);
    CHECK_EQUAL(engine.count >= resampler_length((int64_t)run.frames, run.own_rate, run.rate), 1);
    CHECK_EQUAL(source_played(&engine), run.frames);
    end_source(ring);
  }
}

TEST(a_lead_of_silence_is_no_part_of_the_source) {
  for (size_t size = 1; size < 40; size++) {
    struct run run = {.rate = 48000, .own_rate = 48000, .channels = 1, .own_channels = 1, .frames = 20};
    for (size_t i = 0; i < run.frames; i++) sound[i] = (float)i + 1;
    struct ring *ring = start_source(&run, (struct engine_run){.frames = -1, .lead = 30, .pad = 3}, 64);
    ring_write(ring, sound, run.frames);
    ring_end(ring, RING_ENDED);
    size_t at = 0;
    while (engine_process(&engine, NULL, got + at, size, 0, 0) == CALLBACK_CONTINUE) at += size;
    for (size_t i = 0; i < 53; i++) CHECK_EQUAL(got[i], i < 30 || i >= 50 ? 0 : i - 29);
    CHECK_EQUAL(engine.count, 53);
    CHECK_EQUAL(source_played(&engine), 20);
    CHECK_EQUAL(engine.xruns, 0);
    end_source(ring);
  }
}

/* ------------------------------------------------------------------- sinks */

static struct ring *start_sink(const struct run *run, size_t size, int drops, int memory) {
  engine_init(&engine);
  engine_set_formats(&engine, run->channels, PS_FORMAT_FLOAT32, 0, 0);
  struct ring *ring = ring_create((size_t)run->own_channels * sizeof(float), size);
  struct engine_run engine_run = {.frames = (int64_t)run->frames, .rate = run->rate, .source_rate = run->rate};
  engine_run.sink = ring;
  engine_run.sink_drop = drops;
  engine_run.sink_memory = memory;
  engine_run.sink_adapter = make(run, 0);
  engine_start(&engine, &engine_run);
  return ring;
}

static int record_all(const struct run *run) {
  int result = CALLBACK_CONTINUE;
  while (result == CALLBACK_CONTINUE) {
    size_t now = block_frames(), at = (size_t)engine.count;
    float block[BLOCK_MOST * 2];
    for (size_t i = 0; i < now * (size_t)run->channels; i++)
      block[i] = at + i / (size_t)run->channels < run->frames ? sound[at * (size_t)run->channels + i] : 0;
    result = engine_process(&engine, block, NULL, now, 0, 0);
  }
  sink_finish(&engine, 0);
  return result;
}

static void end_sink(struct ring *ring) {
  adapter_free(engine.sinks[0].adapter);
  sink_free(&engine, 0);
  object_release(&ring->object);
}

TEST(a_sink_gets_what_one_pass_makes) {
  for (int number = 0; number < 60; number++) {
    struct run run = random_run();
    int32_t own = run.channels; /* the other way round */
    run.channels = run.own_channels;
    run.own_channels = own;
    size_t made = one_pass(&run, 0, run.frames);
    struct ring *ring = start_sink(&run, made + !made, 0, number % 2); /* no room to spare */
    CHECK_EQUAL(record_all(&run), CALLBACK_COMPLETE);
    CHECK_EQUAL(engine.outcome, PS_OK);
    CHECK_EQUAL(ring_read(ring, got, OUT_MOST), made);
    CHECK_EQUAL(engine.sinks[0].count, made);
    CHECK(same(got, wanted, made * (size_t)run.own_channels));
    end_sink(ring);
  }
}

TEST(a_sink_that_is_full_ends_the_run_or_drops) {
  for (int number = 0; number < 60; number++) {
    struct run run = random_run();
    int32_t own = run.channels;
    run.channels = run.own_channels;
    run.own_channels = own;
    size_t made = one_pass(&run, 0, run.frames), room = made / 2 + 1;
    struct ring *ring = start_sink(&run, room, number % 2, 0);
    int result = record_all(&run);
    if (room >= made) {
      CHECK_EQUAL(result, CALLBACK_COMPLETE);
    } else if (number % 2) {
      CHECK_EQUAL(result, CALLBACK_COMPLETE);
      CHECK_EQUAL(engine.sinks[0].count + engine.sinks[0].dropped, made);
      CHECK_EQUAL(engine.sinks[0].count, room);
      CHECK(engine.glitches.written >= 0);
    } else {
      CHECK_EQUAL(engine.outcome, PS_ERR_BUFFER_FULL);
      CHECK_EQUAL(engine.sinks[0].count, resampler_length(engine.count, run.rate, run.own_rate));
      CHECK((size_t)engine.sinks[0].count + (size_t)ceil(run.own_rate / run.rate) > room); /* no frame more fits */
    }
    ring_read(ring, got, OUT_MOST);
    size_t whole = (size_t)engine.sinks[0].count > 40 ? (size_t)engine.sinks[0].count - 40 : 0;
    if (run.own_rate > run.rate) whole = whole > 400 ? whole - 400 : 0; /* its end is that of a shorter sound */
    CHECK(same(got, wanted, whole * (size_t)run.own_channels));
    end_sink(ring);
  }
}

/* --------------------------------------------------------------- channels */

TEST(two_channels_become_their_mean_in_each_format) {
  static const int32_t formats[] = {PS_FORMAT_FLOAT32, PS_FORMAT_INT32, PS_FORMAT_INT24,
                                    PS_FORMAT_INT16,   PS_FORMAT_INT8,  PS_FORMAT_UINT8};
  for (size_t f = 0; f < 6; f++) {
    struct channel_map map;
    size_t bytes = format_bytes(formats[f]);
    double in[2 * 200], out[200];
    unsigned char packed[2 * 200 * 4], mean[200 * 4];
    for (int i = 0; i < 400; i++) in[i] = (double)below(2001) / 1000 - 1;
    format_convert(formats[f], packed, PS_FORMAT_FLOAT64, in, 400);
    format_convert(PS_FORMAT_FLOAT64, in, formats[f], packed, 400);
    channel_map_init(&map, 2, 1, formats[f]);
    channel_map_gather(channel_map_table(&map), mean, packed, 200);
    format_convert(PS_FORMAT_FLOAT64, out, formats[f], mean, 200);
    double step = formats[f] == PS_FORMAT_FLOAT32 ? 1e-7 : 1 / pow(2, 8.0 * (double)bytes - 1);
    for (int i = 0; i < 200; i++) CHECK(fabs(out[i] - (in[2 * i] + in[2 * i + 1]) / 2) <= step / 2 * 1.0001);
    channel_map_set(&map, (const int32_t[]){2}); /* a map decides */
    channel_map_gather(channel_map_table(&map), mean, packed, 200);
    for (size_t i = 0; i < 200; i++) CHECK(!memcmp(mean + i * bytes, packed + (2 * i + 1) * bytes, bytes));
    channel_map_init(&map, 1, 3, formats[f]);
    channel_map_gather(channel_map_table(&map), packed, mean, 100);
    for (size_t i = 0; i < 300; i++) CHECK(!memcmp(packed + i * bytes, mean + i / 3 * bytes, bytes));
    channel_map_set(&map, (const int32_t[]){0, 1, 2}); /* what there is not is silence */
    channel_map_gather(channel_map_table(&map), packed, mean, 1);
    unsigned char silent[8];
    format_silence(formats[f], silent, 1);
    CHECK(!memcmp(packed, silent, bytes) && !memcmp(packed + bytes, mean, bytes));
    CHECK(!memcmp(packed + 2 * bytes, silent, bytes));
  }
  CHECK(channel_map_fits(1, 7) && channel_map_fits(3, 3) && channel_map_fits(2, 1));
  CHECK(!channel_map_fits(3, 1) && !channel_map_fits(2, 3) && !channel_map_fits(6, 2));
}

int main(void) {
  numbers.state = random_seed();
  RUN(a_source_is_played_as_in_one_pass);
  RUN(a_late_source_is_played_to_its_last_frame);
  RUN(a_loop_is_converted_across_its_seam);
  RUN(clearing_drops_what_the_filter_holds);
  RUN(draining_plays_to_the_end);
  RUN(a_lead_of_silence_is_no_part_of_the_source);
  RUN(a_sink_gets_what_one_pass_makes);
  RUN(a_sink_that_is_full_ends_the_run_or_drops);
  RUN(two_channels_become_their_mean_in_each_format);
  return test_end();
}
