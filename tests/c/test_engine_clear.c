/* Clearing what is queued while it is played: random runs, frame by frame against the rule that source.h states. */
#include "engine/engine.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define WRITES_MOST 20000
#define BLOCK_MOST 300

static struct engine engine;
static uint64_t seed;
static float written[WRITES_MOST]; /* all that was ever written to the source */

enum kind { WRITER, MEMORY, LOOP, OWNER };

/* The rule. */
struct model {
  enum kind kind;
  int64_t read, end; /* of `written` */
  int64_t taken;
  int64_t mark, fade_left, fade_length, lost;
  int requested, clearing, cut;
  int64_t request_mark, request_fade;
};

static float model_frame(struct model *m) {
  int64_t most = m->cut ? m->read : m->end;
  if (m->kind == LOOP && m->read == m->end && !m->cut && !m->clearing) m->read = 0;
  if (m->read >= most) return 0;
  float gain = 1;
  if (m->clearing) {
    float left = (float)m->fade_left / (float)(m->fade_length + 1);
    gain = left * left * (3 - 2 * left);
  }
  float sample = written[m->read++] * gain;
  m->taken++;
  if (m->kind == LOOP && m->read == m->end) m->read = 0;
  return sample;
}

static void model_drop(struct model *m) {
  if (m->kind == LOOP)
    m->lost += m->read == 0 && m->taken > 0 ? 0 : m->end - m->read;
  else if (m->mark > m->read) {
    m->lost += m->mark - m->read;
    m->read = m->mark;
  }
  m->clearing = 0;
  m->cut = m->kind == LOOP;
}

static void model_notice(struct model *m) {
  if (!m->requested) return;
  m->requested = 0;
  m->mark = m->request_mark;
  if (!m->clearing) {
    int64_t there = m->kind == LOOP ? m->end : m->mark - m->read;
    if (there < 0 || m->cut) there = 0;
    m->fade_left = m->fade_length = there < m->request_fade ? there : m->request_fade;
    m->clearing = 1;
  }
  if (m->fade_left == 0) model_drop(m);
}

static void check_block(struct model *m, const float *output, int64_t frames) {
  model_notice(m);
  for (int64_t i = 0; i < frames; i++) {
    int fades = m->clearing;
    float sample = model_frame(m);
    if (!CHECK(output[i] == sample)) return;
    if (fades && --m->fade_left == 0) model_drop(m);
  }
  CHECK_EQUAL(engine.source.lost, m->lost);
}

static int64_t write_some(struct ring *ring, struct model *m, int64_t count) {
  count = (int64_t)ring_write(ring, written + m->end, (size_t)count);
  m->end += count;
  return count;
}

static void perform(struct random *random, enum kind kind) {
  static float output[BLOCK_MOST];
  struct model model = {.kind = kind};
  struct ring *ring = ring_create(sizeof(float), (size_t)random_between(random, 1, 3000));
  if (kind != WRITER) write_some(ring, &model, (int64_t)ring->size);
  if (kind == MEMORY) ring_end(ring, RING_ENDED);
  engine_init(&engine);
  engine_set_formats(&engine, 0, 0, 1, PS_FORMAT_FLOAT32);
  engine_start(&engine, &(struct engine_run){.frames = -1,
                                             .pad = -1,
                                             .source = ring,
                                             .source_loop = kind == LOOP,
                                             .source_complete = kind == OWNER || kind == LOOP});
  int64_t most = random_between(random, 1, BLOCK_MOST);
  int32_t last = 0;
  for (int block = 0; block < 60 && !test_failures; block++) {
    if ((kind == WRITER || kind == OWNER) && model.end < WRITES_MOST - 3000)
      write_some(ring, &model, random_between(random, 0, 2 * most));
    if (random_once_in(random, 8)) {
      model.request_fade = random_once_in(random, 3) ? 0 : random_between(random, 0, 700);
      model.request_mark = model.end;
      model.requested = 1;
      last = source_clear(&engine, model.request_fade);
      if (kind == WRITER && random_once_in(random, 2)) write_some(ring, &model, random_between(random, 0, most));
    }
    int64_t frames = random_between(random, 0, most);
    CHECK_EQUAL(engine_process(&engine, NULL, output, (size_t)frames, 0, 0), CALLBACK_CONTINUE);
    check_block(&model, output, frames);
    CHECK_EQUAL(engine.source.served == last, !model.clearing);
  }
  CHECK_EQUAL(engine.outcome, PS_OK);
  object_release(&ring->object);
}

TEST(random_runs) {
  int runs = test_full() ? 20000 : 2000;
  for (int run = 0; run < runs && !test_failures; run++) {
    struct random random = {random_mix(seed + (uint64_t)run)};
    perform(&random, (enum kind)(run % 4));
    if (test_failures) printf("# run %d of seed %" PRIu64 "\n", run, seed);
  }
}

/* Memory of 100 frames with `frames` and `pad`, cleared after a block of 10. */
static int64_t length_after_clear(int64_t frames, int64_t pad, int32_t *outcome) {
  float output[10];
  struct ring *ring = ring_create(sizeof(float), 100);
  ring_write(ring, written, 100);
  ring_end(ring, RING_ENDED);
  engine_init(&engine);
  engine_set_formats(&engine, 0, 0, 1, PS_FORMAT_FLOAT32);
  engine_start(&engine, &(struct engine_run){.frames = frames, .pad = pad, .source = ring});
  engine_process(&engine, NULL, output, 10, 0, 0);
  source_clear(&engine, 5);
  for (int i = 0; i < 100 && engine_process(&engine, NULL, output, 10, 0, 0) == CALLBACK_CONTINUE; i++) continue;
  *outcome = engine.outcome;
  CHECK_EQUAL(engine.source.count, 15);
  CHECK_EQUAL(engine.source.lost, 85);
  object_release(&ring->object);
  return engine.count;
}

TEST(memory_that_is_cleared_has_ended) {
  int32_t outcome;
  CHECK_EQUAL(length_after_clear(-1, 0, &outcome), 15);
  CHECK_EQUAL(outcome, PS_OK);
  CHECK_EQUAL(length_after_clear(-1, 7, &outcome), 22);
  CHECK_EQUAL(length_after_clear(60, 0, &outcome), 60);
  CHECK_EQUAL(outcome, PS_OK);
  CHECK_EQUAL(length_after_clear(60, 20, &outcome), 80);
  CHECK_EQUAL(outcome, PS_OK);
}

TEST(a_clear_after_the_last_block_drops_nothing) {
  float output[10];
  struct ring *ring = ring_create(sizeof(float), 100);
  ring_write(ring, written, 100);
  engine_init(&engine);
  engine_set_formats(&engine, 0, 0, 1, PS_FORMAT_FLOAT32);
  engine_start(&engine, &(struct engine_run){.frames = 20, .source = ring});
  for (int i = 0; i < 2; i++) engine_process(&engine, NULL, output, 10, 0, 0);
  int32_t request = source_clear(&engine, 5);
  CHECK_EQUAL(engine.source.served, request - 1);
  source_settle(&engine);
  CHECK_EQUAL(engine.source.served, request);
  CHECK_EQUAL(engine.source.lost, 0);
  CHECK_EQUAL(engine.source.lost_at, 20);
  object_release(&ring->object);
}

int main(void) {
  seed = random_seed();
  for (int i = 0; i < WRITES_MOST; i++) written[i] = (float)(1 + i);
  RUN(random_runs);
  RUN(memory_that_is_cleared_has_ended);
  RUN(a_clear_after_the_last_block_drops_nothing);
  return test_end();
}
