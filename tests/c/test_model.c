/* The reference model itself, against cases worked out by hand from the description of frames, pad, offset and loop. */
#include "model.h"

#include "pastream.h"
#include "test.h"

#define MANY INT64_MAX

/* Runs blocks of 4 frames until the end, at most `blocks`. Writes what is heard: source frames as letters from 'a' on,
 * '.' for silence; and which frames are recorded: one letter each, 'a' is the first frame of the run. */
static void run(struct model *model, int blocks, char *heard, char *kept) {
  int64_t played[4], recorded[4], first = 0;
  model_start(model);
  for (int b = 0; b < blocks && !model->finished; b++, first += 4) {
    int64_t before = model->count, n = model_block(model, 4, played, recorded);
    for (int64_t i = 0; i < model->count - before; i++)
      *heard++ = played[i] == MODEL_SILENCE ? '.' : (char)('a' + played[i]);
    for (int64_t i = 0; i < n; i++) *kept++ = (char)('a' + first + recorded[i]);
  }
  *heard = *kept = 0;
}

static void check(struct model model, const char *heard_wanted, const char *kept_wanted, int32_t error) {
  char heard[64], kept[64];
  run(&model, 3, heard, kept);
  if (!CHECK(strcmp(heard, heard_wanted) == 0)) printf("# heard %s instead of %s\n", heard, heard_wanted);
  if (!CHECK(strcmp(kept, kept_wanted) == 0)) printf("# kept %s instead of %s\n", kept, kept_wanted);
  CHECK_EQUAL(model.error, error);
  CHECK_EQUAL(model.count, strlen(heard_wanted));
}

TEST(rows_of_the_table) {
  struct model source = {.has_source = 1, .has_sink = 1, .queued = 6, .ended = 1, .room = MANY, .frames = -1};
  check(source, "abcdef", "abcdef", PS_OK);
  source.pad = 3;
  check(source, "abcdef...", "abcdefghi", PS_OK);
  source.pad = -1;
  check(source, "abcdef......", "abcdefghijkl", PS_OK);
  source.frames = 10;
  check(source, "abcdef....", "abcdefghij", PS_OK);
  source.frames = 5;
  check(source, "abcde", "abcde", PS_OK);
  source.pad = 2;
  check(source, "abcde..", "abcdefg", PS_OK);
  source.offset = 4;
  check(source, "abcde..", "efg", PS_OK);
  source.frames = 7;
  check(source, "abcdef", "ef", PS_ERR_BUFFER_EMPTY);
  source.loop = 1;
  source.frames = 8;
  check(source, "abcdefab..", "efghij", PS_OK);
  source.frames = 0;
  source.offset = source.pad = 0;
  check(source, "", "", PS_OK);
}

TEST(sides_without_a_source_or_room) {
  struct model silent = {.has_sink = 1, .room = 6, .frames = -1};
  check(silent, "......", "abcdef", PS_ERR_BUFFER_FULL);
  silent.offset = 3;
  check(silent, ".........", "defghi", PS_ERR_BUFFER_FULL);
  silent.frames = 9;
  check(silent, ".........", "defghi", PS_OK);
  silent.drop = 1;
  silent.frames = -1;
  check(silent, "............", "defghi", PS_OK);
}

TEST(late_writers) {
  int64_t played[4], recorded[4];
  struct model late = {.has_source = 1, .queued = 2, .frames = 4, .pad = 3};
  model_start(&late);
  CHECK_EQUAL(model_block(&late, 4, played, recorded), 0);
  CHECK(played[0] == 0 && played[1] == 1 && played[2] == MODEL_SILENCE && played[3] == MODEL_SILENCE);
  late.queued = 4;
  model_block(&late, 4, played, recorded); /* the two that are late are played within the total, the others never */
  CHECK(played[0] == 2 && played[1] == 3 && played[2] == MODEL_SILENCE && played[3] == MODEL_SILENCE);
  CHECK_EQUAL(late.gaps, 1);
  CHECK_EQUAL(late.gap_frames, 2);
  CHECK_EQUAL(late.queued, 2);
  CHECK(late.finished);
  CHECK_EQUAL(late.count, 7);
}

TEST(draining) {
  int64_t played[4], recorded[4];
  struct model ring = {.has_source = 1, .queued = 6, .frames = 100, .pad = 10};
  model_start(&ring);
  model_block(&ring, 4, played, recorded);
  model_drain(&ring);
  model_block(&ring, 4, played, recorded);
  CHECK(played[0] == 4 && played[1] == 5 && played[2] == MODEL_SILENCE && played[3] == MODEL_SILENCE);
  CHECK(ring.finished && ring.error == PS_OK);
  CHECK_EQUAL(ring.count, 6);
  struct model loop = {.has_source = 1, .loop = 1, .queued = 3, .frames = -1, .pad = -1};
  model_start(&loop);
  model_block(&loop, 4, played, recorded);
  model_drain(&loop);
  model_block(&loop, 4, played, recorded);
  CHECK(played[0] == 1 && played[1] == 2 && played[2] == MODEL_SILENCE);
  CHECK_EQUAL(loop.count, 6);
}

int main(void) {
  RUN(rows_of_the_table);
  RUN(sides_without_a_source_or_room);
  RUN(late_writers);
  RUN(draining);
  return test_end();
}
