/* Which frame of the source is heard when: blocks with gaps and jitter, and a history longer than what is kept. */
#include "engine/heard.h"

#include "test.h"

#define RATE 48000.0

static struct heard heard;

TEST(nothing_is_heard_before_its_time) {
  heard_reset(&heard);
  CHECK_EQUAL(heard_at(&heard, 10, RATE), 0);
  heard_add(&heard, 10, 0, 480, 1 / RATE);
  CHECK_EQUAL(heard_at(&heard, 9.999, RATE), 0);
  CHECK_EQUAL(heard_at(&heard, 10, RATE), 0);
  CHECK_EQUAL(heard_at(&heard, 10.005, RATE), 240);
  CHECK_EQUAL(heard_at(&heard, 10.01, RATE), 480);
  CHECK_EQUAL(heard_at(&heard, 99, RATE), 480);
}

TEST(a_gap_is_not_heard) {
  heard_reset(&heard);
  heard_add(&heard, 1, 0, 480, 1 / RATE); /* to 1.01, then 0.09 s of silence */
  heard_add(&heard, 1.1, 480, 0, 1 / RATE);
  heard_add(&heard, 1.1, 480, 960, 1 / RATE);
  CHECK_EQUAL(heard_at(&heard, 1.05, RATE), 480);
  CHECK_EQUAL(heard_at(&heard, 1.105, RATE), 720);
  CHECK_EQUAL(heard_at(&heard, 1.2, RATE), 1440);
  heard_reset(&heard);
  CHECK_EQUAL(heard_at(&heard, 2, RATE), 0);
}

TEST(frames_that_were_dropped_are_not_counted) {
  heard_reset(&heard);
  heard_add(&heard, 1, 0, 480, 1 / RATE);
  heard_add(&heard, 1.01, 480, 480, 1 / RATE); /* whatever lay between in the ring */
  CHECK_EQUAL(heard.written, 1);
  CHECK_EQUAL(heard_at(&heard, 1.015, RATE), 720);
}

TEST(an_hour_of_small_blocks_stays_exact_at_its_end) {
  heard_reset(&heard);
  int64_t blocks = 48000 * 60 / 64 * (test_full() ? 60 : 1);
  for (int64_t i = 0; i < blocks; i++)
    heard_add(&heard, (double)(i * 64) / RATE + (i % 3) * 1e-4, i * 64, 64, 1 / RATE);
  for (int back = 0; back < 2 * (int)RATE; back += 777) {
    int64_t frame = blocks * 64 - back;
    CHECK_WITHIN(heard_at(&heard, (double)frame / RATE, RATE) - frame, -11, 1); /* the jitter is 10 frames */
  }
  CHECK(heard_at(&heard, 0.5, RATE) > 24000); /* before the oldest entry: at least that entry */
}

int main(void) {
  RUN(nothing_is_heard_before_its_time);
  RUN(a_gap_is_not_heard);
  RUN(frames_that_were_dropped_are_not_counted);
  RUN(an_hour_of_small_blocks_stays_exact_at_its_end);
  return test_end();
}
