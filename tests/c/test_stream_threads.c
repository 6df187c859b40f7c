/* Streams under many threads: all that may be asked by any thread is asked while owners start, stop and free, and
 * devices fail. Failures show as reports of the sanitizers, or as a hang. */
#include "os/os.h"
#include "streams.h"

#define FRAME 8
#define STREAMS 4

/* Of a stream by other threads than its owner's: fewer than the results of commands that it keeps for the owner. */
#define ABORTS 20

static _Atomic int32_t streams[STREAMS], rings[STREAMS], aborts[STREAMS];
static _Atomic int32_t stopping, asked, runs;
static uint64_t seed;

static void ask(int which, struct random *random) {
  int32_t stream = atomic_load(&streams[which]), ring = atomic_load(&rings[which]);
  double numbers[PS_NUMBER_COUNT], glitches[32], timing[6];
  char text[64];
  switch (random_between(random, 0, 9)) {
    case 0: ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT); break;
    case 1: ps_stream_glitches(stream, glitches, 8); break;
    case 2: ps_stream_timing(stream, timing, 6); break;
    case 3: ps_stream_error(stream, text, sizeof text, NULL, 0); break;
    case 4: ps_stream_capture_time(stream, 5); break;
    case 5: ps_stream_set_gain(stream, random_once_in(random, 2) ? 1 : 0.5); break;
    case 6: ps_ring_read_available(ring), ps_ring_info(ring, 3), ps_ring_address(ring); break;
    case 7: ps_stream_wait(stream, 0); break;
    case 8: ps_handle_count(), ps_stream_state(stream); break;
    default:
      if (random_once_in(random, 20) && atomic_fetch_add(&aborts[which], 1) < ABORTS)
        ps_stream_command(stream, PS_COMMAND_ABORT); /* any thread may */
  }
}

static void asker(void *argument) {
  struct random random = {seed + (uint64_t)(uintptr_t)argument};
  while (!atomic_load(&stopping)) {
    ask((int)random_between(&random, 0, STREAMS - 1), &random);
    atomic_fetch_add(&asked, 1);
  }
}

/* What an owner may do next, in whatever state the stream is; most results are of no interest. */
static void own(int32_t stream, int32_t source, int32_t sink, struct random *random) {
  static const int32_t map[] = {2, 1};
  static unsigned char data[64 * FRAME];
  unsigned char read[64 * FRAME];
  double levels[4];
  switch (random_between(random, 0, 11)) {
    case 0:
    case 1: ps_stream_command(stream, PS_COMMAND_START); break;
    case 2: atomic_fetch_add(&runs, await_command(stream, PS_COMMAND_START) == PS_OK); break;
    case 3: ps_stream_command(stream, PS_COMMAND_STOP); break;
    case 4: await_command(stream, random_once_in(random, 2) ? PS_COMMAND_STOP : PS_COMMAND_ABORT); break;
    case 5: ps_stream_set_run(stream, random_once_in(random, 2) ? -1 : 3000, 0, 0, random_once_in(random, 2)); break;
    case 6:
      ps_stream_set_source(stream, random_once_in(random, 3) ? PS_ENDPOINT_NONE : PS_ENDPOINT_RING, source, 0, 0);
      break;
    case 7: ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, random_once_in(random, 2) ? PS_SINK_DROP : 0, 0); break;
    case 8: ps_stream_set_map(stream, random_once_in(random, 2), random_once_in(random, 2) ? map : NULL, 0); break;
    case 9: ps_ring_write(source, data, 64), ps_ring_read(sink, read, 64); break;
    case 10: ps_stream_levels(stream, (int32_t)random_between(random, 0, 1), levels, 2); break;
    default: ps_stream_due(stream, 0, 100), random_once_in(random, 5) ? ps_stream_drain(stream) : 0;
  }
}

static void owner(void *argument) {
  uintptr_t which = (uintptr_t)argument;
  struct random random = {seed * 3 + which};
  while (!atomic_load(&stopping)) {
    struct setup setup = {.block = (int)random_between(&random, 16, 300), .realtime = random_once_in(&random, 2)};
    setup.fault_count = (int)random_between(&random, 0, 2);
    for (int i = 0; i < setup.fault_count; i++) {
      double *fault = setup.faults[i];
      fault[0] = (double)random_between(&random, 0, 5000);
      fault[1] = (double)random_between(&random, PS_FAULT_INPUT_OVERFLOW, PS_FAULT_DEVICE_LOST);
      fault[2] = (double)random_between(&random, 0, 500);
      fault[3] = (double)random_between(&random, 0, 20) / 1000;
    }
    int32_t source = memory_ring(FRAME, 500), sink = ps_ring_new(FRAME, 3000, NULL, 0), stream = stream_new(&setup);
    atomic_store(&aborts[which], 0);
    atomic_store(&streams[which], stream);
    atomic_store(&rings[which], sink);
    int32_t opened = ps_stream_command(stream, PS_COMMAND_OPEN);
    if (random_once_in(&random, 8)) { /* freed before it is open */
      CHECK_EQUAL(ps_stream_free(stream), PS_OK);
    } else {
      CHECK_EQUAL(ps_stream_await(stream, opened), PS_OK);
      int turns = (int)random_between(&random, 5, 60);
      for (int i = 0; i < turns; i++) own(stream, source, sink, &random);
      if (random_once_in(&random, 2)) CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
      CHECK_EQUAL(ps_stream_free(stream), PS_OK);
    }
    CHECK_EQUAL(ps_ring_free(source), PS_OK);
    CHECK_EQUAL(ps_ring_free(sink), PS_OK);
  }
}

TEST(owners_and_askers) {
  struct os_thread owners[STREAMS], askers[2];
  int32_t before = ps_handle_count();
  for (uintptr_t i = 0; i < STREAMS; i++) os_thread_start(&owners[i], "owner", OS_THREAD_NORMAL, owner, (void *)i);
  for (uintptr_t i = 0; i < 2; i++) os_thread_start(&askers[i], "asker", OS_THREAD_NORMAL, asker, (void *)i);
  os_sleep(test_seconds(4, 60));
  atomic_store(&stopping, 1);
  for (int i = 0; i < STREAMS; i++) os_thread_join(&owners[i]);
  for (int i = 0; i < 2; i++) os_thread_join(&askers[i]);
  CHECK(atomic_load(&runs) > 10);
  CHECK(atomic_load(&asked) > 100);
  CHECK_EQUAL(ps_handle_count(), before);
  printf("# %d runs, %d questions\n", (int)atomic_load(&runs), (int)atomic_load(&asked));
}

/* Many at once, each with all of its data checked. */
TEST(several_at_once) {
  enum { MANY = 12, FRAMES = 20000 };
  int32_t stream[MANY], source[MANY], sink[MANY];
  unsigned char *data = malloc(FRAMES * FRAME);
  for (int i = 0; i < MANY; i++) {
    int block = 50 + 37 * i;
    stream[i] = stream_open(&(struct setup){.block = block, .realtime = i % 3 == 0});
    source[i] = memory_ring(FRAME, FRAMES);
    sink[i] = ps_ring_new(FRAME, FRAMES, NULL, 0);
    CHECK_EQUAL(ps_stream_set_source(stream[i], PS_ENDPOINT_RING, source[i], 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_sink(stream[i], PS_ENDPOINT_RING, sink[i], PS_SINK_MEMORY, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream[i], -1, block, block, 0), PS_OK);
  }
  for (int i = 0; i < MANY; i++) CHECK_EQUAL(await_command(stream[i], PS_COMMAND_START), PS_OK);
  for (int i = 0; i < MANY; i++) {
    CHECK_EQUAL(ps_stream_wait(stream[i], 20), 1);
    CHECK_EQUAL(ps_stream_state(stream[i]), PS_STATE_COMPLETED);
    CHECK_EQUAL(number(stream[i], PS_NUMBER_XRUNS), 0);
    CHECK_EQUAL(ps_ring_read(sink[i], data, FRAMES), FRAMES);
    CHECK(same_bytes(data, 0, FRAMES * FRAME));
    stream_close(stream[i]);
    ps_ring_free(source[i]);
    ps_ring_free(sink[i]);
  }
  free(data);
}

/* ------------------------------------------------------- rings change hands */

static _Atomic int32_t handed[2], polled;

/* Polls one end of a ring that a stream has: once the stream lets go of it, the end is this thread's. */
static void poll_end(void *argument) {
  int end = (int)(uintptr_t)argument;
  static float data[2][64];
  int32_t ring = atomic_load(&handed[end]), done;
  do {
    done = end == PS_END_READER ? ps_ring_read(ring, data[end], 32) : ps_ring_write(ring, data[end], 32);
    atomic_fetch_add(&polled, 1);
  } while (done == PS_ERR_ACTIVE || !atomic_load(&stopping));
  CHECK(done >= 0);
}

TEST(an_end_is_handed_over_whole) {
  for (int round = 0; round < 20; round++) {
    int32_t stream = stream_open(&(struct setup){.inputs = 1, .outputs = 1});
    int32_t source = memory_ring(4, 4000), sink = ps_ring_new(4, 48000, NULL, 0);
    atomic_store(&handed[PS_END_READER], source);
    atomic_store(&handed[PS_END_WRITER], sink);
    CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_COMPLETE, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream, 3000, PS_PAD_FOREVER, 0, 0), PS_OK);
    atomic_store(&stopping, 0);
    struct os_thread threads[2];
    /* Sometimes from before the start, so that the stream has to wait for the end of a call. */
    if (round % 2 == 0) CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    for (int end = 0; end < 2; end++)
      CHECK_EQUAL(os_thread_start(&threads[end], "ps-poll", OS_THREAD_NORMAL, poll_end, (void *)(uintptr_t)end), 0);
    if (round % 2) CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
    atomic_store(&stopping, 1);
    for (int end = 0; end < 2; end++) os_thread_join(&threads[end]);
    stream_close(stream);
    CHECK_EQUAL(ps_ring_free(source), PS_OK);
    CHECK_EQUAL(ps_ring_free(sink), PS_OK);
  }
}

int main(void) {
  seed = random_seed();
  RUN(several_at_once);
  RUN(owners_and_askers);
  RUN(an_end_is_handed_over_whole);
  return test_end();
}
