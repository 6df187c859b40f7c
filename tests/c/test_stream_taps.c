/* Sinks that come and go while a stream runs: rings and files, what each gets, and how each ends. And clearing a
 * source, and what is heard of it. */
#define _XOPEN_SOURCE 700
#include <math.h>

#include "files.h"
#include "os/os.h"
#include "streams.h"

#define WAV_16 0x10002 /* of libsndfile: WAV, 16 bits */
#define BLOCK 256
#define FRAMES 60000

static int16_t sound[FRAMES], got[FRAMES + BLOCK];

/* Mono int16; what is played comes back one block later. */
static const struct setup mono = {
    .input_format = PS_FORMAT_INT16, .output_format = PS_FORMAT_INT16, .inputs = 1, .outputs = 1, .block = BLOCK};

static int32_t memory(void) {
  int32_t ring = ps_ring_new(2, FRAMES, NULL, 0);
  CHECK_EQUAL(ps_ring_write(ring, sound, FRAMES), FRAMES);
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  return ring;
}

static int32_t new_file(const char *name) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, WAV_16, 1, 48000);
  int32_t file = ps_file_open(file_path(name), PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK(file > 0);
  return file;
}

static int64_t tap_number(int32_t stream, int32_t tap, int what) {
  double numbers[PS_TAP_NUMBERS];
  CHECK_EQUAL(ps_stream_sink(stream, tap, numbers, PS_TAP_NUMBERS), PS_OK);
  return (int64_t)numbers[what];
}

static void wait_removed(int32_t stream, int32_t tap) {
  for (int i = 0; i < 20000 && tap_number(stream, tap, PS_TAP_USED); i++) os_sleep(0.001);
  CHECK_EQUAL(tap_number(stream, tap, PS_TAP_USED), 0);
}

/* Whether samples are those of the input from a frame of the run on. */
static int is_input(const int16_t *samples, int64_t first, int64_t count) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t frame = first + i - BLOCK;
    wrong += samples[i] != (frame >= 0 && frame < FRAMES ? sound[frame] : 0);
  }
  return wrong == 0;
}

TEST(several_sinks_get_every_frame) {
  int32_t stream = stream_open(&mono), source = memory(), own = ps_ring_new(2, FRAMES + BLOCK, NULL, 0);
  int32_t ring = ps_ring_new(2, FRAMES + BLOCK, NULL, 0), file = new_file("tap.wav");
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, own, PS_SINK_MEMORY, 0), PS_OK);
  int32_t first = ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, PS_SINK_MEMORY, 0, 100, -1);
  int32_t second = ps_stream_add_sink(stream, PS_ENDPOINT_FILE, file, 0, 0, 0, -1);
  CHECK(first > 0 && second > 0 && first != second);
  CHECK_EQUAL(tap_number(stream, first, PS_TAP_STATE), PS_TAP_WAITING);
  CHECK_EQUAL(stream_run(stream, -1, BLOCK, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(own, got, FRAMES + BLOCK), FRAMES + BLOCK);
  CHECK(is_input(got, 0, FRAMES));
  CHECK_EQUAL(ps_ring_read(ring, got, FRAMES + BLOCK), FRAMES + BLOCK - 100);
  CHECK(is_input(got, 100, FRAMES - 100));
  CHECK_EQUAL(tap_number(stream, second, PS_TAP_FRAMES), FRAMES + BLOCK);
  CHECK_EQUAL(ps_stream_remove_sink(stream, second), PS_OK);
  wait_removed(stream, second);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(file_read_all(file_path("tap.wav"), got, FRAMES), FRAMES);
  CHECK(is_input(got, 0, FRAMES));
  /* The other one is there for the next run. */
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_NONE, 0, 0, 0), PS_OK);
  CHECK_EQUAL(stream_run(stream, 1000, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(ring, got, FRAMES), 900);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(own);
  ps_ring_free(ring);
}

TEST(they_come_and_go_while_it_runs) {
  struct setup setup = mono;
  setup.realtime = 1;
  int32_t stream = stream_open(&setup), source = memory();
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  for (int round = 0; round < (test_full() ? 200 : 8); round++) {
    char name[32];
    snprintf(name, sizeof name, "go-%d.wav", round);
    int32_t ring = ps_ring_new(2, 8192, NULL, 0), file = new_file(name);
    int32_t a = ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, 0, 0, 0, -1);
    int32_t b = ps_stream_add_sink(stream, PS_ENDPOINT_FILE, file, 0, 0, 0, -1);
    CHECK(a > 0 && b > 0);
    for (int i = 0; i < 5000 && tap_number(stream, a, PS_TAP_FRAMES) < 1000; i++) os_sleep(0.001);
    /* The thread that writes the file may start late. */
    for (int i = 0; i < 5000 && tap_number(stream, b, PS_TAP_FIRST) < 0; i++) os_sleep(0.001);
    int64_t first = tap_number(stream, a, PS_TAP_FIRST), file_first = tap_number(stream, b, PS_TAP_FIRST);
    CHECK(first >= 0 && file_first >= first);
    CHECK_EQUAL(ps_stream_remove_sink(stream, a), PS_OK);
    CHECK_EQUAL(ps_stream_remove_sink(stream, b), PS_OK);
    wait_removed(stream, a);
    wait_removed(stream, b);
    int64_t frames = tap_number(stream, a, PS_TAP_FRAMES), written = tap_number(stream, b, PS_TAP_FRAMES);
    CHECK_EQUAL(ps_ring_read(ring, got, FRAMES), frames);
    int64_t wrong = 0;
    for (int64_t i = 0; i < frames; i++) wrong += first + i >= BLOCK && got[i] != sound[(first + i - BLOCK) % FRAMES];
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    CHECK_EQUAL(file_read_all(file_path(name), got, FRAMES), written);
    for (int64_t i = 0; i < written; i++)
      wrong += file_first + i >= BLOCK && got[i] != sound[(file_first + i - BLOCK) % FRAMES];
    CHECK_EQUAL(wrong, 0);
    ps_ring_free(ring);
  }
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  stream_close(stream);
  ps_ring_free(source);
}

TEST(a_full_one_ends_alone) {
  int32_t stream = stream_open(&mono), ring = ps_ring_new(2, 1000, NULL, 0), last = 0;
  int32_t tap = ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, PS_SINK_MEMORY, 0, 0, -1);
  CHECK_EQUAL(stream_run(stream, 5000, 0, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(tap_number(stream, tap, PS_TAP_STATE), PS_TAP_FULL);
  CHECK_EQUAL(tap_number(stream, tap, PS_TAP_FRAMES), 1000);
  ps_ring_read(ring, got, 1000);
  CHECK_EQUAL(ps_stream_remove_sink(stream, tap), PS_OK);
  tap = ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, PS_SINK_MEMORY | PS_SINK_ENDS_RUN, 0, 0, -1);
  CHECK_EQUAL(stream_run(stream, 5000, 0, 0), PS_STATE_ABORTED);
  CHECK_EQUAL(stream_error(stream), PS_ERR_BUFFER_FULL);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 1000);
  CHECK_EQUAL(ps_stream_remove_sink(stream, tap), PS_OK);
  CHECK_EQUAL(ps_stream_remove_sink(stream, tap), PS_OK);
  CHECK_EQUAL(ps_stream_remove_sink(stream, tap + 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_sink(stream, -1, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, 0, 0, NAN, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, 0, 0, 0, NAN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_add_sink(stream, PS_ENDPOINT_NONE, 0, 0, 0, 0, -1), PS_ERR_ARGUMENT);
  for (int i = 0; i < 16; i++) {
    int32_t more = ps_ring_new(2, 10, NULL, 0);
    CHECK((last = ps_stream_add_sink(stream, PS_ENDPOINT_RING, more, PS_SINK_DROP, 0, 0, -1)) > 0);
    ps_ring_free(more);
  }
  CHECK_EQUAL(ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, 0, 0, 0, -1), PS_ERR_BUSY);
  CHECK(last > 0);
  stream_close(stream);
  ps_ring_free(ring);
}

TEST(what_is_queued_is_cleared_and_what_was_heard_is_told) {
  struct setup setup = mono;
  setup.realtime = 1;
  int32_t stream = stream_open(&setup), source = memory();
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_clear(stream, 10), 0); /* nothing is played */
  CHECK_EQUAL(ps_stream_clear(stream, NAN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, BLOCK, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (number(stream, PS_NUMBER_FRAME_COUNT) < 4800) os_sleep(0.001);
  int64_t before = number(stream, PS_NUMBER_HEARD_FRAMES);
  CHECK(before > 0 && before <= number(stream, PS_NUMBER_FRAME_COUNT));
  int32_t request = ps_stream_clear(stream, 500);
  CHECK(request > 0);
  while (!ps_stream_cleared(stream, request)) os_sleep(0.0005);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  int64_t played = number(stream, PS_NUMBER_SOURCE_FRAMES);
  CHECK_EQUAL(played + number(stream, PS_NUMBER_CLEARED_FRAMES), FRAMES);
  CHECK(played < FRAMES);
  CHECK_EQUAL(number(stream, PS_NUMBER_HEARD_FRAMES), played);
  CHECK_EQUAL(number(stream, PS_NUMBER_QUEUED_FRAMES), 0);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), played + BLOCK);
  stream_close(stream);
  ps_ring_free(source);
}

TEST(a_source_after_a_cleared_loop_is_queued) {
  struct setup setup = mono;
  setup.realtime = 1;
  int32_t stream = stream_open(&setup), source = memory();
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_COMPLETE | PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK(isinf(ps_stream_number(stream, PS_NUMBER_QUEUED_FRAMES)));
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  int32_t request = ps_stream_clear(stream, 0);
  CHECK(request > 0);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_QUEUED_FRAMES), 0); /* its ring still holds the loop */
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_COMPLETE, 0), PS_OK);
  CHECK_EQUAL(number(stream, PS_NUMBER_QUEUED_FRAMES), FRAMES);
  stream_close(stream);
  ps_ring_free(source);
}

int main(void) {
  for (int i = 0; i < FRAMES; i++) sound[i] = (int16_t)random_mix((uint64_t)i + 1);
  RUN(several_sinks_get_every_frame);
  RUN(they_come_and_go_while_it_runs);
  RUN(a_full_one_ends_alone);
  RUN(what_is_queued_is_cleared_and_what_was_heard_is_told);
  RUN(a_source_after_a_cleared_loop_is_queued);
  return test_end();
}
