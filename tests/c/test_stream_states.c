/* The states of a stream, its commands in every order, what is refused when, and what it frees. */
#include <math.h>

#include "os/os.h"
#include "streams.h"

#define FRAME 8

static double seconds_of(int32_t (*call)(int32_t), int32_t argument) {
  double from = os_time();
  CHECK(call(argument) >= 0);
  return os_time() - from;
}

/* A duplex stream in realtime that plays a loop and records, dropping what finds no room, until it is ended. */
static int32_t endless(int32_t *source, int32_t *sink) {
  int32_t stream = stream_open(&(struct setup){.block = 64, .realtime = 1});
  *source = memory_ring(FRAME, 100);
  *sink = ps_ring_new(FRAME, 1000, NULL, 0);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, *source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, *sink, PS_SINK_DROP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  return stream;
}

static void wait_for_frames(int32_t stream, int64_t frames) {
  while (number(stream, PS_NUMBER_FRAME_COUNT) < frames && ps_stream_state(stream) == PS_STATE_ACTIVE) os_sleep(0.001);
}

TEST(from_new_to_closed) {
  int32_t source, sink, stream = stream_new(&(struct setup){0});
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_NEW);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_ERR_STATE);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_ERR_STATE);
  CHECK_EQUAL(ps_stream_actual(stream, NULL, 0), PS_ERR_STATE);
  CHECK_EQUAL(ps_stream_wait(stream, -1), 1);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_IDLE);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_ERR_STATE);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_ABORT), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_IDLE); /* nothing ran */
  CHECK_EQUAL(ps_stream_set_run(stream, 500, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 500);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  stream_close(stream);

  stream = endless(&source, &sink);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ACTIVE);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_stream_wait(stream, 0.01), 0);
  wait_for_frames(stream, 200);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_STOPPED);
  CHECK(number(stream, PS_NUMBER_FRAME_COUNT) >= 200);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_ABORT), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_STOPPED);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK); /* counts from 0 */
  wait_for_frames(stream, 64);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_ABORT), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ABORTED);
  CHECK_EQUAL(stream_error(stream), PS_OK); /* asked for, so no error */
  int64_t count = number(stream, PS_NUMBER_FRAME_COUNT);
  double time = ps_stream_number(stream, PS_NUMBER_TIME);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_CLOSED);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_ERR_STATE);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_ERR_STATE);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_ERR_STATE);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_ERR_STATE);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), count); /* properties keep their last values */
  CHECK(ps_stream_number(stream, PS_NUMBER_TIME) >= time);
  CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_CPU_LOAD), 0);
  CHECK_EQUAL(ps_stream_wait(stream, -1), 1);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  CHECK_EQUAL(ps_stream_free(stream), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_stream_state(stream), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_stream_command(stream, PS_COMMAND_CLOSE), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_stream_await(stream, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_free(source), PS_OK);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
}

TEST(while_it_runs) {
  int32_t source, sink, map[2] = {2, 1}, regions[4], stream = endless(&source, &sink);
  unsigned char data[FRAME];
  CHECK_EQUAL(ps_ring_info(source, 3), 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_stream_set_prebuffer(stream, 0), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_NONE, 0, 0, 0), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, 0, 0), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_stream_next_file(stream, sink, -1), PS_ERR_HANDLE); /* a ring is no file */
  CHECK_EQUAL(ps_stream_set_map(stream, 1, map, 2), PS_OK);
  CHECK_EQUAL(ps_stream_set_gain(stream, 0.5), PS_OK);
  /* The sides of the rings that the stream works are its own. */
  CHECK_EQUAL(ps_ring_info(source, 3), 1);
  CHECK_EQUAL(ps_ring_info(sink, 3), 1);
  CHECK_EQUAL(ps_ring_read(source, data, 1), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_read_overlap(source, data, 1, 0), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_advance_read(source, 1), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_regions(source, 0, 1, regions), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_flush(source), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_write(sink, data, 1), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_flush(sink), PS_ERR_ACTIVE);
  wait_for_frames(stream, 1200);
  CHECK(ps_ring_read(sink, data, 1) == 1);
  /* Freed under it, they live until it has let go. */
  CHECK_EQUAL(ps_ring_free(source), PS_OK);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
  CHECK_EQUAL(ps_ring_info(source, 0), PS_ERR_HANDLE);
  wait_for_frames(stream, number(stream, PS_NUMBER_FRAME_COUNT) + 1200);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ACTIVE);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK); /* and are still what it is set to */
  CHECK_EQUAL(await_command(stream, PS_COMMAND_ABORT), PS_OK);
  stream_close(stream);
}

TEST(what_cannot_be_set) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1}), ring = ps_ring_new(FRAME, 8, NULL, 0);
  int32_t wide = ps_ring_new(3 * (int32_t)sizeof(float), 8, NULL, 0), torn = ps_ring_new(5, 8, NULL, 0);
  char text[200];
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_ERR_ARGUMENT); /* no input */
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, wide, 0, 0), PS_ERR_ARGUMENT);
  CHECK(ps_error_detail(text, sizeof text) > 0 && strstr(text, "3 channels") && strstr(text, "txMapping"));
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, torn, 0, 0), PS_ERR_ARGUMENT);
  CHECK(ps_error_detail(text, sizeof text) > 0 && strstr(text, "5 bytes") != NULL);
  for (int i = 0; i < 2; i++) CHECK_EQUAL(ps_ring_set_rate(ring, i ? NAN : 0.5), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_set_rate(stream, 44100), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, PS_SOURCE_LOOP, 0),
              PS_ERR_ARGUMENT); /* nothing in it */
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, stream, 0, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, ring, 0, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_stream_set_source(stream, 3, ring, 0, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_map(stream, 0, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, NAN, 0, 0, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, 0, NAN, 0, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, 0, 0, NAN, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, 0, 0, -1, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, INFINITY, 0, 0, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_set_run(stream, 9e15, 9e15, 0, 0), PS_OK); /* no overflow of the sum */
  CHECK_EQUAL(ps_stream_command(stream, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_command(stream, 6), PS_ERR_ARGUMENT);
  CHECK_FAILS(ps_stream_number(stream, PS_NUMBER_COUNT), PS_ERR_ARGUMENT);
  CHECK_FAILS(ps_stream_number(stream, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_ring_free(wide), PS_OK);
  CHECK_EQUAL(ps_ring_free(torn), PS_OK);
  stream_close(stream);
}

TEST(one_ring_for_two_streams) {
  int32_t source, sink, other_source, other_sink;
  int32_t stream = endless(&source, &sink), other = endless(&other_source, &other_sink);
  CHECK_EQUAL(ps_stream_set_source(other, PS_ENDPOINT_RING, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(await_command(other, PS_COMMAND_START), PS_ERR_BUSY);
  CHECK_EQUAL(ps_stream_state(other), PS_STATE_IDLE);
  CHECK_EQUAL(ps_ring_info(other_sink, 3), 0); /* what it had taken before is given back */
  CHECK_EQUAL(ps_stream_set_source(other, PS_ENDPOINT_RING, other_source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(other, PS_ENDPOINT_RING, sink, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(other, PS_COMMAND_START), PS_ERR_BUSY);
  CHECK_EQUAL(ps_stream_set_sink(other, PS_ENDPOINT_RING, other_sink, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(ps_stream_set_source(other, PS_ENDPOINT_RING, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(await_command(other, PS_COMMAND_START), PS_OK);
  stream_close(stream);
  stream_close(other);
  int32_t rings[] = {source, sink, other_source, other_sink};
  for (int i = 0; i < 4; i++) CHECK_EQUAL(ps_ring_free(rings[i]), PS_OK);
}

/* One stream's output ring is the other's input: the two sides of a ring are two streams'. */
TEST(two_streams_through_one_ring) {
  int32_t recorder = stream_open(&(struct setup){.block = 64}), player = stream_open(&(struct setup){.block = 100});
  int32_t source = memory_ring(FRAME, 5000), between = ps_ring_new(FRAME, 500, NULL, 0);
  int32_t sink = ps_ring_new(FRAME, 6000, NULL, 0);
  unsigned char *data = malloc(6000 * FRAME);
  CHECK_EQUAL(ps_stream_set_source(recorder, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(recorder, PS_ENDPOINT_RING, between, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(recorder, -1, 64, 64, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_source(player, PS_ENDPOINT_RING, between, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(player, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(player, -1, 100, 100, 0), PS_OK);
  CHECK_EQUAL(await_command(player, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(await_command(recorder, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(recorder, SOON), 1);
  CHECK_EQUAL(ps_ring_end(between), PS_OK);
  CHECK_EQUAL(ps_stream_wait(player, SOON), 1);
  CHECK_EQUAL(ps_ring_read(sink, data, 6000), 5000);
  CHECK(same_bytes(data, 0, 5000 * FRAME));
  stream_close(recorder);
  stream_close(player);
  int32_t rings[] = {source, sink, between};
  for (int i = 0; i < 3; i++) CHECK_EQUAL(ps_ring_free(rings[i]), PS_OK);
  free(data);
}

TEST(tickets) {
  int32_t stream = stream_open(&(struct setup){0}), last = -1, count = 0, ticket;
  CHECK_EQUAL(ps_stream_done(stream, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_done(stream, 1000), PS_ERR_ARGUMENT);
  int32_t failing = ps_stream_command(stream, PS_COMMAND_OPEN);
  CHECK_EQUAL(ps_stream_await(stream, failing), PS_ERR_STATE);
  CHECK_EQUAL(ps_stream_done(stream, failing), PS_ERR_STATE); /* may be asked again */
  while ((ticket = ps_stream_command(stream, PS_COMMAND_STOP)) >= 0 && count++ < 100000) last = ticket;
  CHECK(ticket == PS_ERR_BUSY || count > 100000); /* more than can wait are refused */
  int32_t result = ps_stream_done(stream, last);
  CHECK(result == PS_OK || result == PS_ERR_PENDING);
  CHECK_EQUAL(ps_stream_await(stream, last), PS_OK);
  CHECK_EQUAL(ps_stream_done(stream, last - 200), PS_ERR_ARGUMENT); /* too long ago */
  stream_close(stream);
}

/* Whatever it does at the moment, close and free end it at once and give all back. */
TEST(freed_in_any_state) {
  for (int state = 0; state < 6; state++) {
    int32_t source, sink, before = ps_handle_count();
    int32_t stream = state == 0 ? stream_new(&(struct setup){0}) : endless(&source, &sink);
    if (state >= 2) CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    if (state == 3) CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
    if (state == 4) CHECK(ps_stream_command(stream, PS_COMMAND_STOP) >= 0); /* on its way */
    if (state == 5) CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
    CHECK_WITHIN(seconds_of(ps_stream_free, stream), 0, SOON);
    CHECK_EQUAL(ps_stream_state(stream), PS_ERR_HANDLE);
    if (state == 0) continue;
    double patience = os_time() + 5;
    while (ps_ring_info(source, 3) && os_time() < patience) os_sleep(0.001);
    CHECK_EQUAL(ps_ring_info(source, 3), 0); /* let go of, behind the caller's back */
    CHECK_EQUAL(ps_ring_free(source), PS_OK);
    CHECK_EQUAL(ps_ring_free(sink), PS_OK);
    CHECK_EQUAL(ps_handle_count(), before);
  }
}

/* Commands that are not awaited are carried out in their order. */
TEST(a_queue_of_commands) {
  int32_t source, sink, stream = endless(&source, &sink);
  static const int32_t commands[] = {PS_COMMAND_START, PS_COMMAND_STOP,  PS_COMMAND_START, PS_COMMAND_ABORT,
                                     PS_COMMAND_START, PS_COMMAND_CLOSE, PS_COMMAND_START};
  static const int32_t results[] = {PS_OK, PS_OK, PS_OK, PS_OK, PS_OK, PS_OK, PS_ERR_STATE};
  int32_t tickets[7];
  for (int i = 0; i < 7; i++) tickets[i] = ps_stream_command(stream, commands[i]);
  for (int i = 0; i < 7; i++) CHECK_EQUAL(ps_stream_await(stream, tickets[i]), results[i]);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_CLOSED);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  CHECK_EQUAL(ps_ring_free(source), PS_OK);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
}

/* A stream of which a start waits for `prebuffer` frames in `ring`. */
static int32_t waits_for(int32_t ring, double prebuffer) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64});
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_prebuffer(stream, prebuffer), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  return stream;
}

/* A start that waits for its source can be ended at any time. */
TEST(a_start_waits_for_the_prebuffer) {
  static const int32_t ends[] = {PS_COMMAND_START, PS_COMMAND_STOP, PS_COMMAND_ABORT, PS_COMMAND_CLOSE};
  static const int32_t states[] = {PS_STATE_COMPLETED, PS_STATE_STOPPED, PS_STATE_ABORTED, PS_STATE_CLOSED};
  unsigned char data[100 * FRAME] = {0};
  for (int i = 0; i < 4; i++) {
    int32_t ring = ps_ring_new(FRAME, 200, NULL, 0), stream = waits_for(ring, 100);
    int32_t ticket = ps_stream_command(stream, PS_COMMAND_START);
    CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_ERR_ACTIVE); /* from the moment it is handed over */
    CHECK_EQUAL(ps_ring_write(ring, data, 99), 99);
    os_sleep(0.02);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_STARTING);
    CHECK_EQUAL(ps_stream_done(stream, ticket), PS_ERR_PENDING);
    CHECK_EQUAL(ps_stream_wait(stream, 0), 0);
    double from = os_time();
    if (ends[i] == PS_COMMAND_START) {
      CHECK_EQUAL(ps_ring_write(ring, data, 1), 1);
      CHECK_EQUAL(ps_stream_await(stream, ticket), PS_OK);
      CHECK_EQUAL(ps_ring_end(ring), PS_OK);
      CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
      CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 100);
      CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
    } else {
      CHECK_EQUAL(await_command(stream, ends[i]), PS_OK);
      CHECK_EQUAL(ps_stream_await(stream, ticket), PS_OK);
      CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 0);
    }
    CHECK_WITHIN(os_time() - from, 0, SOON);
    CHECK_EQUAL(ps_stream_state(stream), states[i]);
    CHECK_EQUAL(ps_ring_info(ring, 3), 0);
    stream_close(stream);
    CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  }
}

/* Whoever does not want to wait any longer may say so at once, before the start has been taken up. */
TEST(a_start_that_was_handed_over_need_not_wait) {
  unsigned char data[10 * FRAME] = {0};
  for (int i = 0; i < 20; i++) {
    int32_t ring = ps_ring_new(FRAME, 200, NULL, 0), stream = waits_for(ring, 100);
    CHECK_EQUAL(ps_ring_write(ring, data, 10), 10);
    int32_t ticket = ps_stream_command(stream, PS_COMMAND_START);
    CHECK_EQUAL(ps_stream_set_prebuffer(stream, 0), PS_OK);
    for (int n = 0; n < 500 && ps_stream_done(stream, ticket) == PS_ERR_PENDING; n++) os_sleep(0.01);
    CHECK_EQUAL(ps_stream_done(stream, ticket), PS_OK);
    stream_close(stream);
    CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  }
}

/* More than the ring holds cannot be asked for: it is full then. */
TEST(a_prebuffer_of_the_whole_ring) {
  unsigned char data[200 * FRAME] = {0};
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64}), ring = ps_ring_new(FRAME, 200, NULL, 0);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_prebuffer(stream, 1e9), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(ps_ring_write(ring, data, 199), 199);
  int32_t ticket = ps_stream_command(stream, PS_COMMAND_START);
  os_sleep(0.02);
  CHECK_EQUAL(ps_stream_done(stream, ticket), PS_ERR_PENDING);
  CHECK_EQUAL(ps_ring_write(ring, data, 1), 1);
  for (int i = 0; i < 500 && ps_stream_done(stream, ticket) == PS_ERR_PENDING; i++) os_sleep(0.01);
  CHECK_EQUAL(ps_stream_done(stream, ticket), PS_OK);
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 200);
  stream_close(stream);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

TEST(a_start_that_waits_is_drained) {
  unsigned char data[10 * FRAME] = {0};
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64, .realtime = 1});
  int32_t ring = ps_ring_new(FRAME, 200, NULL, 0);
  CHECK_EQUAL(ps_stream_drain(stream), PS_OK); /* does nothing yet */
  CHECK_EQUAL(ps_ring_info(ring, 2), 0);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_prebuffer(stream, 100), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(ps_ring_write(ring, data, 10), 10);
  int32_t ticket = ps_stream_command(stream, PS_COMMAND_START);
  os_sleep(0.02);
  do CHECK_EQUAL(ps_stream_drain(stream), PS_OK);
  while (ps_stream_done(stream, ticket) == PS_ERR_PENDING);
  CHECK_EQUAL(ps_stream_done(stream, ticket), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_info(ring, 2), 1);
  CHECK(number(stream, PS_NUMBER_FRAME_COUNT) >= 10);
  stream_close(stream);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

/* A run that has completed is still being heard for a while: an abort cuts that off, a stop does not. */
TEST(ended_while_it_is_played_out) {
  static const int32_t ends[] = {PS_COMMAND_ABORT, PS_COMMAND_CLOSE, PS_COMMAND_STOP};
  static const int32_t states[] = {PS_STATE_ABORTED, PS_STATE_CLOSED, PS_STATE_COMPLETED};
  for (int i = 0; i < 3; i++) {
    int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 131072, .realtime = 1});
    CHECK_EQUAL(ps_stream_set_run(stream, 100, 0, 0, 0), PS_OK);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    double begun = os_time();
    while (ps_stream_state(stream) == PS_STATE_ACTIVE) os_sleep(0.001);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ENDING);
    CHECK_EQUAL(await_command(stream, ends[i]), PS_OK);
    double took = os_time() - begun;
    if (ends[i] == PS_COMMAND_STOP)
      CHECK(took > 2.5); /* most of its block */
    else
      CHECK_WITHIN(took, 0, 2.5);
    CHECK_EQUAL(ps_stream_state(stream), states[i]);
    CHECK_EQUAL(stream_error(stream), PS_OK);
    CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 100);
    stream_close(stream);
  }
}

TEST(shutdown_while_streaming) {
  int32_t sources[4], sinks[4], streams[4];
  for (int i = 0; i < 4; i++) {
    streams[i] = endless(&sources[i], &sinks[i]);
    if (i < 3) CHECK_EQUAL(await_command(streams[i], PS_COMMAND_START), PS_OK);
  }
  double from = os_time();
  CHECK_EQUAL(ps_shutdown(), PS_OK);
  CHECK_WITHIN(os_time() - from, 0, SOON);
  for (int i = 0; i < 4; i++) {
    CHECK_EQUAL(ps_stream_state(streams[i]), PS_STATE_CLOSED);
    CHECK_EQUAL(ps_ring_info(sources[i], 3), 0);
    CHECK_EQUAL(ps_stream_free(streams[i]), PS_OK);
    CHECK_EQUAL(ps_ring_free(sources[i]), PS_OK);
    CHECK_EQUAL(ps_ring_free(sinks[i]), PS_OK);
  }
  CHECK_EQUAL(ps_shutdown(), PS_OK);
}

/* Their handles are gone, but the threads that close them would run on while the process exits, and use what it
 * unloads. Under AddressSanitizer they would look like leaks. */
TEST(shutdown_waits_for_streams_that_were_freed) {
  int32_t sources[8], sinks[8], streams[8];
  for (int i = 0; i < 8; i++) {
    streams[i] = endless(&sources[i], &sinks[i]);
    CHECK_EQUAL(await_command(streams[i], PS_COMMAND_START), PS_OK);
  }
  for (int i = 0; i < 8; i++) CHECK_EQUAL(ps_stream_free(streams[i]), PS_OK);
  CHECK_EQUAL(ps_shutdown(), PS_OK);
  for (int i = 0; i < 8; i++) {
    CHECK_EQUAL(ps_ring_info(sources[i], PS_RING_ACTIVE), 0);
    CHECK_EQUAL(ps_ring_info(sinks[i], PS_RING_ACTIVE), 0);
    CHECK_EQUAL(ps_ring_free(sources[i]), PS_OK);
    CHECK_EQUAL(ps_ring_free(sinks[i]), PS_OK);
  }
}

static int32_t handles_before;

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), handles_before); }

TEST(a_gain_set_before_the_device_is_open_stays) {
  int32_t stream = stream_new(&(struct setup){.inputs = 1, .outputs = 1});
  CHECK_EQUAL(ps_stream_set_gain(stream, 0.5), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  float ones[1000], heard[1300];
  for (int i = 0; i < 1000; i++) ones[i] = 1;
  int32_t source = ps_ring_new(4, 1000, NULL, 0), sink = ps_ring_new(4, 1300, NULL, 0);
  CHECK_EQUAL(ps_ring_write(source, ones, 1000), 1000);
  CHECK_EQUAL(ps_ring_end(source), PS_OK);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
  CHECK_EQUAL(stream_run(stream, -1, 300, 0), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(sink, heard, 1300), 1300);
  int wrong = 0;
  for (int i = 0; i < 1300; i++) wrong += heard[i] != (i < 256 || i >= 1256 ? 0.0f : 0.5f); /* a block late */
  CHECK_EQUAL(wrong, 0);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

/* Also for commands that have not begun: what a caller hands over and then waits for must not seem over before. */
TEST(waiting_waits_for_queued_commands) {
  for (int round = 0; round < 50; round++) {
    int32_t stream = stream_new(&(struct setup){.output_only = 1}), source = memory_ring(8, 4800);
    CHECK(ps_stream_command(stream, PS_COMMAND_OPEN) >= 0);
    CHECK_EQUAL(ps_stream_wait(stream, -1), 1);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_IDLE);
    CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
    CHECK(ps_stream_command(stream, PS_COMMAND_START) >= 0);
    CHECK_EQUAL(ps_stream_wait(stream, -1), 1);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
    CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), 4800);
    CHECK(ps_stream_command(stream, PS_COMMAND_CLOSE) >= 0);
    CHECK_EQUAL(ps_stream_wait(stream, -1), 1);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_CLOSED);
    CHECK_EQUAL(ps_stream_free(stream), PS_OK);
    CHECK_EQUAL(ps_ring_free(source), PS_OK);
  }
}

int main(void) {
  handles_before = ps_handle_count();
  RUN(from_new_to_closed);
  RUN(while_it_runs);
  RUN(what_cannot_be_set);
  RUN(one_ring_for_two_streams);
  RUN(two_streams_through_one_ring);
  RUN(tickets);
  RUN(freed_in_any_state);
  RUN(a_queue_of_commands);
  RUN(a_start_waits_for_the_prebuffer);
  RUN(a_start_that_was_handed_over_need_not_wait);
  RUN(a_prebuffer_of_the_whole_ring);
  RUN(ended_while_it_is_played_out);
  RUN(a_start_that_waits_is_drained);
  RUN(shutdown_while_streaming);
  RUN(shutdown_waits_for_streams_that_were_freed);
  RUN(no_handle_is_left);
  RUN(a_gain_set_before_the_device_is_open_stays);
  RUN(waiting_waits_for_queued_commands);
  return test_end();
}
