/* Several sinks at once, which join and leave while the run goes on: random runs against what each should have got, and
 * the overflow policies one by one. */
#include "engine/engine.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define FRAMES_MOST 6000
#define BLOCK_MOST 300
#define JOINED 6 /* slots 1 .. JOINED are used beside the run's own */

static struct engine engine;
static uint64_t seed;

/* What one sink should have got: numbers of frames, which are the samples themselves. */
struct expected {
  int in_use, over;
  int64_t first, offset, length, room, dropped;
  enum sink_overflow overflow;
  int64_t got, checked; /* frames put into it, and read from it */
  int16_t frames[FRAMES_MOST];
};
static struct expected expected[ENGINE_SINKS];

static struct ring *start(struct engine_run run) {
  engine_init(&engine);
  engine_set_formats(&engine, 1, PS_FORMAT_INT16, 0, 0);
  run.frames = -1;
  engine_start(&engine, &run);
  return run.sink;
}

static int process(int64_t from, int64_t frames) {
  int16_t input[BLOCK_MOST];
  for (int64_t i = 0; i < frames; i++) input[i] = (int16_t)(from + i);
  return engine_process(&engine, input, NULL, (size_t)frames, (double)from, 0);
}

static void release(struct ring *ring) { object_release(&ring->object); }

/* --------------------------------------------------------------- the policies */

TEST(a_sink_that_ends_alone_leaves_the_run_going_on) {
  struct ring *first = start((struct engine_run){.sink = ring_create(2, 100)}), *second = ring_create(2, 12);
  process(0, 8);
  sink_join(&engine, 1, &(struct engine_sink){.ring = second, .overflow = SINK_ENDS_ALONE, .length = -1});
  CHECK_EQUAL(process(8, 8), CALLBACK_CONTINUE);
  CHECK_EQUAL(process(16, 8), CALLBACK_CONTINUE); /* room for 4 of them */
  CHECK_EQUAL(process(24, 8), CALLBACK_CONTINUE);
  CHECK_EQUAL(engine.sinks[1].state, SINK_FULL);
  CHECK(sink_is_mine(&engine, 1));
  CHECK_EQUAL(engine.sinks[1].started, 8);
  CHECK_EQUAL(engine.sinks[1].count, 12);
  CHECK_EQUAL(engine.sinks[0].count, 32);
  CHECK_EQUAL(engine.dropped, 0);
  CHECK_EQUAL(engine.glitches.written, 0);
  int16_t got[12];
  CHECK_EQUAL(ring_read(second, got, 12), 12);
  for (int i = 0; i < 12; i++) CHECK_EQUAL(got[i], 8 + i);
  sink_free(&engine, 1);
  release(first);
  release(second);
}

TEST(the_smallest_room_of_those_that_end_the_run_ends_it) {
  struct ring *first = start((struct engine_run){.sink = ring_create(2, 20)}), *second = ring_create(2, 10);
  sink_join(&engine, 1, &(struct engine_sink){.ring = second, .overflow = SINK_ENDS_RUN, .offset = 3, .length = -1});
  CHECK_EQUAL(process(0, 16), CALLBACK_ABORT);
  CHECK_EQUAL(engine.outcome, PS_ERR_BUFFER_FULL);
  CHECK_EQUAL(engine.count, 13);
  CHECK_EQUAL(engine.sinks[0].count, 13);
  CHECK_EQUAL(engine.sinks[1].count, 10);
  release(first);
  release(second);
}

TEST(a_sink_that_leaves_keeps_what_it_got) {
  struct ring *first = start((struct engine_run){.sink = NULL}), *ring = ring_create(2, 100);
  CHECK(!first);
  process(0, 5);
  sink_join(&engine, 3, &(struct engine_sink){.ring = ring, .overflow = SINK_ENDS_ALONE, .length = -1});
  process(5, 5);
  sink_leave(&engine, 3);
  CHECK(!sink_is_mine(&engine, 3));
  process(10, 5);
  CHECK(sink_is_mine(&engine, 3));
  CHECK_EQUAL(engine.sinks[3].count, 5);
  sink_free(&engine, 3);
  CHECK_EQUAL(engine.sinks_used, 0);
  sink_join(&engine, 3, &(struct engine_sink){.ring = ring, .overflow = SINK_ENDS_ALONE, .length = -1});
  sink_leave(&engine, 3); /* before any block */
  process(15, 5);
  CHECK(sink_is_mine(&engine, 3));
  CHECK_EQUAL(engine.sinks[3].count, 0);
  release(ring);
}

/* ---------------------------------------------------------------- random runs */

static void join(struct random *random, int number, int64_t frame) {
  struct expected *e = &expected[number];
  *e = (struct expected){.in_use = 1, .first = frame, .length = -1, .overflow = random_once_in(random, 2)};
  if (random_once_in(random, 3)) e->overflow = SINK_ENDS_ALONE;
  if (e->overflow == SINK_ENDS_RUN) e->overflow = SINK_DROPS; /* that ends the run is tested above */
  if (random_once_in(random, 3)) e->offset = random_between(random, 0, 400);
  if (random_once_in(random, 3)) e->length = random_between(random, 0, 900);
  e->room = random_between(random, 1, 700);
  struct engine_sink settings = {
      .ring = ring_create(2, (size_t)e->room), .overflow = e->overflow, .offset = e->offset, .length = e->length};
  sink_join(&engine, number, &settings);
}

static void expect(int64_t frame, int64_t frames) {
  for (int number = 1; number <= JOINED; number++) {
    struct expected *e = &expected[number];
    for (int64_t i = frame; i < frame + frames && e->in_use; i++) {
      int64_t own = i - e->first;
      if (e->over || own < e->offset || (e->length >= 0 && own >= e->length)) continue;
      if (e->room == 0 && e->overflow == SINK_DROPS) e->dropped++;
      if (e->room == 0 && e->overflow == SINK_ENDS_ALONE) e->over = 1;
      if (e->room == 0) continue;
      e->frames[e->got++] = (int16_t)i;
      e->room--;
    }
  }
}

static void read_some(int number, int64_t most) {
  struct expected *e = &expected[number];
  int16_t got[BLOCK_MOST];
  size_t count = ring_read(engine.sinks[number].ring, got, (size_t)(most < BLOCK_MOST ? most : BLOCK_MOST));
  CHECK(memcmp(got, e->frames + e->checked, count * sizeof *got) == 0);
  e->checked += (int64_t)count;
  e->room += (int64_t)count;
}

static void leave(int number, int64_t *frame) {
  struct expected *e = &expected[number];
  sink_leave(&engine, number);
  /* Until it has been let go, it is let alone: the frames of the next block are no longer its own. */
  e->over = 1;
  process(*frame, 1);
  expect(*frame, 1);
  *frame += 1;
  CHECK(sink_is_mine(&engine, number));
  CHECK_EQUAL(engine.sinks[number].dropped, e->dropped);
  CHECK_EQUAL(engine.sinks[number].count, e->got);
  for (int64_t before = -1; before != e->checked;) {
    before = e->checked;
    read_some(number, BLOCK_MOST);
  }
  CHECK_EQUAL(e->checked, e->got);
  release(engine.sinks[number].ring);
  sink_free(&engine, number);
  e->in_use = 0;
}

TEST(random_runs) {
  int runs = test_full() ? 5000 : 300;
  for (int run = 0; run < runs && !test_failures; run++) {
    struct random random = {random_mix(seed + (uint64_t)run)};
    struct ring *own = start((struct engine_run){.sink = ring_create(2, 16384), .sink_memory = 1});
    memset(expected, 0, sizeof expected);
    int64_t frame = 0, most = random_between(&random, 1, BLOCK_MOST);
    while (frame < FRAMES_MOST - BLOCK_MOST - 2 * JOINED && !test_failures) {
      int number = (int)random_between(&random, 1, JOINED);
      if (!expected[number].in_use && random_once_in(&random, 2))
        join(&random, number, frame);
      else if (expected[number].in_use && random_once_in(&random, 6))
        leave(number, &frame);
      else if (expected[number].in_use)
        read_some(number, random_between(&random, 0, 2 * most));
      int64_t frames = random_between(&random, 0, most);
      CHECK_EQUAL(process(frame, frames), CALLBACK_CONTINUE);
      expect(frame, frames);
      frame += frames;
    }
    for (int number = 1; number <= JOINED; number++)
      if (expected[number].in_use) leave(number, &frame);
    CHECK_EQUAL(engine.sinks[0].count, frame);
    release(own);
    if (test_failures) printf("# run %d of seed %" PRIu64 "\n", run, seed);
  }
}

int main(void) {
  seed = random_seed();
  RUN(a_sink_that_ends_alone_leaves_the_run_going_on);
  RUN(the_smallest_room_of_those_that_end_the_run_ends_it);
  RUN(a_sink_that_leaves_keeps_what_it_got);
  RUN(random_runs);
  return test_end();
}
