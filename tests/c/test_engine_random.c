/* The engine against the reference model, over random runs: every row of the frames/pad table crossed with block sizes,
 * loop, offset, channel maps and formats, with rings that are ended, late, full or being emptied. Every byte of what is
 * played and recorded is compared, and every count after every block.
 * No threads: it runs on one. */
#include "engine/engine.h"
#include "engine/format.h"
#include "model.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define CHANNELS 64
#define BLOCK_MOST 4096
#define FRAMES_MOST 40000 /* that go through one run */
#define SAMPLE_MOST 4
#define GUARD 16 /* bytes behind the device's output that must stay as they are */
#define GARBAGE 0x5A

enum source { SOURCE_NONE, SOURCE_MEMORY, SOURCE_OWNER, SOURCE_WRITER, SOURCE_LOOP };
enum sink { SINK_NONE, SINK_MEMORY, SINK_READER };
static const int64_t blocks[] = {1, 7, 64, 256, 1000, 1024, BLOCK_MOST, 0}; /* 0: another one at every call */

struct direction {
  int32_t channels, format, map[CHANNELS];
  int mapped;
  size_t sample, frame; /* bytes */
  uint64_t salt;
};

struct run {
  struct random random;
  struct direction input, output;
  struct model model;
  enum source source;
  enum sink sink;
  int64_t block, length; /* frames of a block, of the source */
  int64_t written, end_delay;
  struct ring *source_ring, *sink_ring;
  unsigned char *source_storage, *sink_storage;
  int64_t recorded, checked; /* frames that should have come to the sink, that were read from it */
  int32_t flagged[4], flagged_blocks, status;
  int64_t drain_at;    /* input frame */
  int64_t input_frame; /* frames of input there were so far */
};

static struct engine engine;
static unsigned char input[BLOCK_MOST * CHANNELS * SAMPLE_MOST], input_copy[sizeof input];
static unsigned char output[sizeof input + GUARD];
static int64_t played[BLOCK_MOST], kept[BLOCK_MOST], expected[FRAMES_MOST]; /* numbers of input frames in the sink */
static int64_t runs_by_end[4];

/* ---------------------------------------------------------------- the data */

static uint64_t sample_at(const struct direction *direction, int64_t frame, int32_t channel) {
  return random_mix(direction->salt + (uint64_t)frame * CHANNELS + (uint64_t)channel);
}

static void make_frames(const struct direction *direction, int64_t first, int64_t count, unsigned char *to) {
  for (int64_t f = first; f < first + count; f++)
    for (int32_t c = 0; c < direction->channels; c++, to += direction->sample) {
      uint64_t bits = sample_at(direction, f, c);
      memcpy(to, &bits, direction->sample);
    }
}

/* Whether one frame holds frame number `frame`, mapped, or silence. */
static int frame_is(const struct direction *direction, const unsigned char *got, int64_t frame) {
  uint64_t silence = direction->format == PS_FORMAT_UINT8 ? 0x80 : 0;
  for (int32_t c = 0; c < direction->channels; c++) {
    int32_t from = direction->mapped ? direction->map[c] : c + 1;
    uint64_t bits = frame == MODEL_SILENCE || from == 0 ? silence : sample_at(direction, frame, from - 1);
    if (memcmp(got + (size_t)c * direction->sample, &bits, direction->sample)) return 0;
  }
  return 1;
}

/* ------------------------------------------------------------- making a run */

static void make_direction(struct direction *direction, struct random *random, int maps) {
  int64_t most = random_once_in(random, 2) ? 2 : random_once_in(random, 2) ? 8 : random_once_in(random, 3) ? 64 : 32;
  direction->channels = (int32_t)random_between(random, 1, most);
  direction->sample = format_bytes(direction->format);
  direction->frame = direction->sample * (size_t)direction->channels;
  direction->salt = random_next(random);
  direction->mapped = maps > 0;
  for (int32_t c = 0; c < direction->channels; c++)
    direction->map[c] = maps == 1 ? c + 1 : (int32_t)random_between(random, 0, direction->channels);
  for (int32_t c = direction->channels - 1; maps == 1 && c > 0; c--) { /* a permutation */
    int32_t other = (int32_t)random_between(random, 0, c), swap = direction->map[c];
    direction->map[c] = direction->map[other];
    direction->map[other] = swap;
  }
}

/* A ring whose indices are anywhere; sometimes on unaligned memory. */
static struct ring *make_ring(struct run *run, size_t frame, int64_t size, unsigned char **storage) {
  size_t bytes = frame * (size_t)size;
  int own = random_once_in(&run->random, 3);
  *storage = own ? malloc(bytes + 1) : NULL;
  int32_t handle = ps_ring_new((int32_t)frame, (int32_t)size, own ? *storage + 1 : NULL, (double)bytes);
  struct ring *ring = (struct ring *)handle_use(handle, HANDLE_RING);
  ps_ring_free(handle);
  struct ring_region region;
  size_t turned = (size_t)random_between(&run->random, 0, size);
  ring_write_advance(ring, ring_write_region(ring, turned, &region));
  ring_read_advance(ring, ring_read_region(ring, turned, &region));
  return ring;
}

static void write_source(struct run *run, int64_t count) {
  static unsigned char data[64 * CHANNELS * SAMPLE_MOST];
  while (count > 0) {
    int64_t some = count < 64 ? count : 64;
    make_frames(&run->output, run->written, some, data);
    CHECK_EQUAL(ring_write(run->source_ring, data, (size_t)some), some);
    run->written += some;
    run->model.queued += some;
    count -= some;
  }
}

static void make_source(struct run *run, int loop) {
  struct random *random = &run->random;
  run->source = loop ? SOURCE_LOOP : (enum source)random_between(random, SOURCE_NONE, SOURCE_WRITER);
  if (run->source == SOURCE_NONE) return;
  int64_t size = run->length > 0 ? run->length : 1;
  if (run->source != SOURCE_MEMORY && !random_once_in(random, 3)) size += random_between(random, 0, 300);
  if (run->source == SOURCE_WRITER && size > 40 && random_once_in(random, 2)) size /= 3;
  run->source_ring = make_ring(run, run->output.frame, size, &run->source_storage);
  run->model.has_source = 1;
  run->model.loop = loop;
  run->model.complete = run->source == SOURCE_OWNER;
  run->model.file = run->source == SOURCE_WRITER && random_once_in(random, 2);
  run->end_delay = random_between(random, 0, 2);
  int64_t first = run->source == SOURCE_WRITER ? random_between(random, 0, size) : run->length;
  write_source(run, first < run->length ? first : run->length);
  if (run->source == SOURCE_MEMORY) {
    ring_end(run->source_ring, RING_ENDED);
    run->model.ended = 1;
  }
}

static void make_sink(struct run *run) {
  struct random *random = &run->random;
  run->sink = (enum sink)random_between(random, SINK_NONE, SINK_READER);
  if (run->sink == SINK_NONE) return;
  int64_t size = random_once_in(random, 2) ? FRAMES_MOST : random_between(random, 1, run->length + run->block + 100);
  if (run->sink == SINK_READER) size = random_between(random, run->block / 2 + 1, 2 * run->block + 100);
  if (size * (int64_t)run->input.frame > 1 << 20) size = (1 << 20) / (int64_t)run->input.frame;
  run->sink_ring = make_ring(run, run->input.frame, size, &run->sink_storage);
  run->model.has_sink = 1;
  run->model.room = size;
  run->model.drop = random_once_in(random, 3);
}

/* `number` determines the combination of settings; the rest is random. */
static void make_run(struct run *run, int number, uint64_t seed) {
  int row = number % 4, block = number / 4 % 8, loop = number / 32 % 2, offset = number / 64 % 2;
  int maps = number / 128 % 3, format = number / 384 % 6;
  memset(run, 0, sizeof *run);
  run->random.state = seed;
  struct random *random = &run->random;
  int way = (int)random_between(random, 0, 4); /* 0: plays, 1: records, more: both */
  run->output.format = format;
  run->input.format = (int32_t)random_between(random, 0, 5);
  make_direction(&run->output, random, maps);
  make_direction(&run->input, random, maps);
  if (way == 0) run->input.channels = 0;
  if (way == 1) run->output.channels = 0;

  run->block = blocks[block];
  int64_t scale = run->block ? run->block : random_between(random, 1, 1000);
  if (run->block == 0) run->block = scale; /* the most that a random block has */
  run->length = random_between(random, loop, scale < 20 ? 60 : 3 * scale + 50 < 6000 ? 3 * scale + 50 : 6000);
  struct model *model = &run->model;
  model->frames = row < 2 ? -1 : random_between(random, 0, run->length + run->length / 2 + 1);
  model->pad = row % 2 ? -1 : random_once_in(random, 2) ? 0 : random_between(random, 0, scale * 2);
  model->offset = offset ? random_between(random, 0, run->length + 5) : 0;
  if (way != 1) make_source(run, loop);
  if (way != 0) make_sink(run);
  run->drain_at = random_once_in(random, 8) ? random_between(random, 0, run->length + scale) : INT64_MAX;
  model_start(model);
  if (blocks[block] == 0) run->block = -run->block;
}

/* ---------------------------------------------------------- the world around */

static void writer_turn(struct run *run, int64_t frames) {
  if (run->source == SOURCE_OWNER && run->model.pad < 0 && random_once_in(&run->random, 4))
    run->length += random_between(&run->random, 0, frames); /* it keeps its ring filled */
  int writes = run->source == SOURCE_WRITER || (run->source == SOURCE_OWNER && run->model.pad < 0);
  if (!writes || run->model.ended) return;
  int64_t room = (int64_t)ring_write_available(run->source_ring), left = run->length - run->written;
  int64_t most = random_once_in(&run->random, 3) ? frames / 2 : frames * 2 + 1;
  int64_t count = random_between(&run->random, 0, most);
  if (count > room) count = room;
  if (count > left) count = left;
  write_source(run, count);
  if (run->source == SOURCE_WRITER && run->written == run->length && run->end_delay-- <= 0) {
    ring_end(run->source_ring, RING_ENDED);
    run->model.ended = 1;
  }
}

static void drain(struct run *run) {
  if (run->model.has_source && !run->model.file && !run->model.complete) ring_end(run->source_ring, RING_ENDED);
  atomic_store(&engine.draining, 1);
  model_drain(&run->model);
}

static void read_sink(struct run *run, int64_t count) {
  static unsigned char data[CHANNELS * SAMPLE_MOST];
  int64_t wrong = 0;
  for (; count > 0 && ring_read(run->sink_ring, data, 1) == 1; count--) {
    if (run->checked == run->recorded) {
      CHECK(!"more frames in the sink than were recorded");
      return;
    }
    wrong += !frame_is(&run->input, data, expected[run->checked++]);
    run->model.room++;
  }
  CHECK_EQUAL(wrong, 0);
}

/* --------------------------------------------------------------- comparing */

static int32_t gaps_and_drops(const struct model *model) {
  return model->gaps + model->drops + (model->error == PS_ERR_BUFFER_FULL) * 1000;
}

/* What engine_ready foretells: that many frames go through well, and not one more. */
static void check_ready(const struct run *run, int64_t frames) {
  static int64_t unused[2][BLOCK_MOST + 1];
  int64_t ready = (int64_t)engine_ready(&engine, (size_t)frames);
  if (!CHECK(ready >= 0 && ready <= frames)) return;
  for (int more = 0; more < 2 && ready + more <= frames; more++) {
    struct model model = run->model;
    if (run->sink == SINK_MEMORY) model.room = INT64_MAX; /* its room is never waited for */
    int32_t before = gaps_and_drops(&model);
    model.in_gap = model.in_drop = 0;
    model_block(&model, ready + more, unused[0], unused[1]);
    if (more)
      CHECK(gaps_and_drops(&model) > before);
    else
      CHECK_EQUAL(gaps_and_drops(&model), before);
  }
}

static void check_counts(const struct run *run) {
  const struct model *model = &run->model;
  CHECK_EQUAL(atomic_load(&engine.count), model->count);
  CHECK_EQUAL(atomic_load(&engine.source.count), model->taken);
  CHECK_EQUAL(atomic_load(&engine.sinks[0].count), model->kept);
  CHECK_EQUAL(atomic_load(&engine.dropped), model->dropped);
  CHECK_EQUAL(atomic_load(&engine.sink_overflows), model->drops);
  CHECK_EQUAL(atomic_load(&engine.source_underflows), model->gaps);
  CHECK_EQUAL(atomic_load(&engine.xruns), model->gaps + run->flagged_blocks);
  CHECK_EQUAL(atomic_load(&engine.status), run->status);
  for (int bit = 0; bit < 4; bit++) CHECK_EQUAL(atomic_load(&engine.flagged[bit]), run->flagged[bit]);
}

static void check_glitches(const struct run *run) {
  double log[GLITCH_LOG_SIZE][4];
  int32_t count = glitch_read(&engine.glitches, log[0], GLITCH_LOG_SIZE), of_kind[6] = {0};
  double frames_of[6] = {0}, last = 0;
  if (count == GLITCH_LOG_SIZE) return; /* the oldest are gone */
  for (int32_t i = 0; i < count; i++) {
    int kind = (int)log[i][2];
    if (!CHECK(kind >= 0 && kind < 6)) return;
    of_kind[kind]++;
    frames_of[kind] += log[i][3];
    CHECK(log[i][0] >= 0 && log[i][0] <= (double)run->model.count);
    CHECK(log[i][1] >= last);
    last = log[i][1];
  }
  for (int bit = 0; bit < 4; bit++) CHECK_EQUAL(of_kind[bit], run->flagged[bit]);
  CHECK_EQUAL(of_kind[PS_GLITCH_SOURCE_UNDERFLOW], run->model.gaps);
  CHECK_EQUAL(of_kind[PS_GLITCH_SINK_OVERFLOW], run->model.drops);
  CHECK_EQUAL(frames_of[PS_GLITCH_SOURCE_UNDERFLOW], run->model.gap_frames);
  CHECK_EQUAL(frames_of[PS_GLITCH_SINK_OVERFLOW], run->model.dropped);
}

/* Puts one block through both; returns what the engine answered. */
static int one_block(struct run *run, int64_t frames, double time) {
  int over = run->model.finished;
  unsigned long flags = random_once_in(&run->random, 6) ? (unsigned long)random_between(&run->random, 0, 31) : 0;
  if (!over) {
    run->status |= (int32_t)flags;
    run->flagged_blocks += (flags & 15) != 0;
    for (int bit = 0; bit < 4; bit++) run->flagged[bit] += flags >> bit & 1;
  }
  size_t in = (size_t)frames * run->input.frame, out = (size_t)frames * run->output.frame;
  int has_input = run->input.channels > 0, has_output = run->output.channels > 0;
  make_frames(&run->input, run->input_frame, frames, input);
  memcpy(input_copy, input, in);
  memset(output, GARBAGE, out + GUARD);

  int64_t count = model_block(&run->model, frames, played, kept);
  for (int64_t i = 0; i < count; i++) expected[run->recorded++] = run->input_frame + kept[i];
  run->input_frame += frames;
  int result =
      engine_process(&engine, has_input ? input : NULL, has_output ? output : NULL, (size_t)frames, time, flags);

  CHECK(memcmp(input, input_copy, in) == 0);
  int64_t wrong = 0;
  for (int64_t i = 0; i < frames && has_output; i++)
    wrong += !frame_is(&run->output, output + (size_t)i * run->output.frame, played[i]);
  CHECK_EQUAL(wrong, 0);
  for (int i = 0; i < GUARD && has_output; i++) wrong += output[out + (size_t)i] != GARBAGE;
  CHECK_EQUAL(wrong, 0);
  check_counts(run);
  return result;
}

static void check_end(struct run *run, int result) {
  int32_t outcome = atomic_load(&engine.outcome);
  const struct model *model = &run->model;
  int full_too = model->has_sink && !model->drop && model->room == 0 && model->count >= model->offset;
  CHECK(atomic_load(&engine.ended));
  CHECK(outcome == model->error || (outcome == PS_ERR_BUFFER_FULL && model->error == PS_ERR_BUFFER_EMPTY && full_too));
  CHECK_EQUAL(result, outcome == PS_ERR_BUFFER_FULL ? CALLBACK_ABORT : CALLBACK_COMPLETE);
  if (outcome == PS_OK && model->frames >= 0 && !model->draining)
    CHECK_EQUAL(model->count, model->frames + (model->pad > 0 ? model->pad : 0));
  runs_by_end[outcome == PS_OK ? 1 : outcome == PS_ERR_BUFFER_FULL ? 2 : 3]++;
  /* A callback after the end plays silence and changes nothing. */
  for (int i = 0; i < 2; i++) CHECK_EQUAL(one_block(run, 5, 1e9), result);
}

static void process(struct run *run) {
  struct random *random = &run->random;
  int64_t most = run->block < 0 ? -run->block : run->block, end = run->length * 2 + 6 * most + 200;
  int result = CALLBACK_CONTINUE;
  for (double time = 1; run->input_frame < end && !test_failures; time += 1) {
    int64_t frames = run->block < 0 ? random_between(random, 0, most) : run->block;
    if (!run->model.draining && run->input_frame >= run->drain_at) drain(run);
    if (!run->model.draining || run->model.file) writer_turn(run, frames);
    if (run->sink == SINK_READER && !random_once_in(random, 4)) read_sink(run, random_between(random, 0, 2 * frames));
    check_ready(run, frames);
    result = one_block(run, frames, time);
    if (result != CALLBACK_CONTINUE) break;
    CHECK(!run->model.finished);
  }
  if (result == CALLBACK_CONTINUE) runs_by_end[0]++;
  if (result == CALLBACK_CONTINUE || test_failures) return;
  if (!run->model.finished && CHECK(model_is_over(&run->model))) model_block(&run->model, 1, played, kept);
  check_end(run, result);
}

static void perform(struct run *run) {
  struct engine_run settings = {
      .frames = run->model.frames,
      .pad = run->model.pad,
      .offset = run->model.offset,
      .source = run->source_ring,
      .source_file = run->model.file,
      .source_loop = run->model.loop,
      .source_complete = run->model.complete,
      .sink = run->sink_ring,
      .sink_drop = run->model.drop,
      .sink_memory = run->sink == SINK_MEMORY,
  };
  engine_init(&engine);
  engine_set_formats(&engine, run->input.channels, run->input.format, run->output.channels, run->output.format);
  if (run->input.mapped) channel_map_set(&engine.input.map, run->input.map);
  if (run->output.mapped) channel_map_set(&engine.output.map, run->output.map);
  engine_start(&engine, &settings);
  process(run);
  if (run->sink_ring) {
    read_sink(run, INT64_MAX);
    CHECK_EQUAL(run->checked, run->recorded);
    object_release(&run->sink_ring->object);
  }
  if (run->source_ring) {
    CHECK_EQUAL(ring_read_available(run->source_ring), run->model.queued);
    object_release(&run->source_ring->object);
  }
  check_glitches(run);
  free(run->source_storage);
  free(run->sink_storage);
}

static void describe(const struct run *run, int number) {
  const struct model *m = &run->model;
  printf("# run %d: frames %" PRId64 " pad %" PRId64 " offset %" PRId64 " block %" PRId64, number, m->frames, m->pad,
         m->offset, run->block);
  printf(", source kind %d of %" PRId64 " frames, %d channels, format %d", run->source, run->length,
         run->output.channels, run->output.format);
  printf(", sink kind %d%s, %d channels, format %d, maps %d\n", run->sink, m->drop ? " that drops" : "",
         run->input.channels, run->input.format, run->input.mapped);
}

static uint64_t seed;

TEST(random_runs) {
  const char *only = getenv("PASTREAM_TEST_RUN"); /* the number of one run to repeat */
  int count = test_full() ? 100000 : 10000, done = 0;
  if (TEST_THREAD_SANITIZER) count /= 20; /* one thread: there is nothing more to find */
  for (int i = only ? atoi(only) : 0; i < count && !test_failures; i++, done++) {
    static struct run run;
    make_run(&run, i, random_mix(seed + (uint64_t)i));
    perform(&run);
    if (test_failures) describe(&run, i);
    if (only) break;
  }
  printf("# %d runs: %d went on, %d completed, %d were full, %d were empty\n", done, (int)runs_by_end[0],
         (int)runs_by_end[1], (int)runs_by_end[2], (int)runs_by_end[3]);
  for (int i = 0; i < 4 && !only && !test_failures; i++) CHECK(runs_by_end[i] > count / 1000); /* none is left out */
}

int main(void) {
  seed = random_seed();
  RUN(random_runs);
  return test_end();
}
