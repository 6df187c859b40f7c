/* Which frames a duplex stream over PulseAudio takes from its server and gives to it, with a server that is an array:
 * it hands over input in fragments, and asks for output, as PipeWire does. */
#include "device/pulse/state.h"
#include "test.h"

#define QUANTUM 1024 /* frames of a cycle of the server */
#define FRAGMENT 1200
#define TARGET 3600
#define PRIMED 4448 /* PipeWire asks for more than the buffer after a run */
#define FRAMES_MOST (1 << 20)

static struct {
  size_t captured, sent, dropped; /* input, frames */
  size_t fragment;                /* frames in which it is sent */
  size_t level, asked;            /* output: in the server; what it has asked for */
  size_t consumed;                /* for which it has not asked yet */
  size_t starved;                 /* cycles without enough of it */
  size_t got, skipped, overflows; /* of the host: frames, those that were missing, callbacks with the flag */
  size_t shortest;                /* frames of a callback */
  float next;
} server;

static float input[FRAMES_MOST];

static size_t readable_size(const struct pulse_stream *stream) {
  (void)stream;
  return (server.sent - server.dropped) * sizeof(float);
}

static size_t writable_size(const struct pulse_stream *stream) {
  (void)stream;
  return server.asked * sizeof(float);
}

static int peek(struct pulse_stream *stream, const void **data, size_t *bytes) {
  (void)stream;
  *data = server.dropped < server.sent ? input + server.dropped : NULL;
  *bytes = server.dropped < server.sent ? server.fragment * sizeof(float) : 0;
  return 0;
}

static int drop(struct pulse_stream *stream) {
  (void)stream;
  server.dropped += server.fragment;
  return 0;
}

static int write_frames(struct pulse_stream *stream, const void *data, size_t bytes, void (*free_data)(void *),
                        int64_t offset, int seek) {
  (void)stream, (void)data, (void)free_data, (void)offset, (void)seek;
  server.level += bytes / sizeof(float);
  server.asked -= bytes / sizeof(float);
  return 0;
}

static int get_latency(struct pulse_stream *stream, uint64_t *usec, int *negative) {
  (void)stream, (void)usec, (void)negative;
  return -1;
}

static const struct pulse_api api = {
    .stream_readable_size = readable_size,
    .stream_writable_size = writable_size,
    .stream_peek = peek,
    .stream_drop = drop,
    .stream_write = write_frames,
    .stream_get_latency = get_latency,
};

static int callback(struct device_host *host, const void *block, void *output, size_t frames,
                    const struct callback_times *times, unsigned long flags) {
  const float *samples = block;
  (void)host, (void)output, (void)times;
  if (samples[0] != server.next) server.skipped += (size_t)(samples[0] - server.next);
  server.next = samples[frames - 1] + 1;
  server.got += frames;
  if (frames < server.shortest) server.shortest = frames;
  server.overflows += (flags & FLAG_INPUT_OVERFLOW) != 0;
  return CALLBACK_CONTINUE;
}

static struct device_host host = {.callback = callback};
static struct device device = {.host = &host};
static struct pulse_device pulse;
static float blocks[2][TARGET];

static void start(size_t block) {
  for (size_t i = 0; i < FRAMES_MOST; i++) input[i] = (float)i;
  memset(&server, 0, sizeof server);
  server.fragment = FRAGMENT;
  server.shortest = FRAMES_MOST;
  memset(&pulse, 0, sizeof pulse);
  pulse.device = &device;
  pulse.connection.api = &api;
  pulse.block = block;
  pulse.exact = 1;
  pulse.rate = 48000;
  pulse.running = 1;
  atomic_store(&pulse.gate, 1);
  for (int direction = 0; direction < 2; direction++)
    pulse.sides[direction] = (struct pulse_side){.used = 1,
                                                 .spec = {.format = PULSE_FLOAT32LE, .channels = 1},
                                                 .format = PS_FORMAT_FLOAT32,
                                                 .frame_bytes = sizeof(float),
                                                 .target = direction == DEVICE_OUTPUT ? TARGET : FRAGMENT,
                                                 .block = (unsigned char *)blocks[direction]};
  server.asked = PRIMED;
  pulse_prime(&pulse);
}

static void capture(size_t frames) {
  server.captured += frames;
  while (server.captured - server.sent >= server.fragment) server.sent += server.fragment;
}

static void play(size_t frames) {
  if (server.level < frames) {
    server.starved++;
    pulse.refill = 1;
    return;
  }
  server.level -= frames;
  server.consumed += frames;
}

/* Cycles of the server while the program does not run: what waits for it is all of the input, then requests. */
static void run(int cycles) {
  for (int i = 0; i < cycles; i++) {
    play(QUANTUM);
    capture(QUANTUM);
  }
  pulse_transfer(&pulse);
  server.asked += server.consumed;
  server.consumed = 0;
  pulse_transfer(&pulse);
}

/* A program that is late now and then, within its buffers, loses nothing, however early the input has begun. */
TEST(input_that_comes_before_requests_is_not_dropped) {
  static const size_t lengths[] = {64, 256, 480};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    for (size_t early = 0; early <= 3 * QUANTUM; early += QUANTUM / 4) {
      start(lengths[i]);
      capture(early);
      for (int cycle = 0; cycle < 300; cycle++) run(cycle % 7 == 6 && early <= QUANTUM ? 2 : 1);
      CHECK_EQUAL(server.skipped, 0);
      CHECK_EQUAL(server.overflows, 0);
      CHECK_EQUAL(server.starved, 0);
      CHECK(server.got > 290 * QUANTUM);
    }
  }
}

/* What is far too much is dropped, to what there was before: not to nothing, which would let the output run dry. */
TEST(input_that_is_late_is_dropped_down_to_the_usual) {
  start(256);
  for (int cycle = 0; cycle < 100; cycle++) run(1);
  size_t usual = server.captured - server.got;
  capture(20000);
  for (int cycle = 0; cycle < 100; cycle++) run(1);
  CHECK_WITHIN((double)server.skipped, 20000 - 2 * TARGET, 20000 + QUANTUM);
  CHECK_WITHIN((double)(server.captured - server.got - server.skipped), 0, (double)usual + 2 * QUANTUM);
  CHECK(server.overflows > 0);
  CHECK_EQUAL(server.starved, 0);
}

/* Else a server that renders what it is given piece by piece, and records it so, makes the pieces ever shorter. */
TEST(callbacks_are_whole_blocks_whatever_the_pieces_of_the_input) {
  static const size_t fragments[] = {1, 7, 100, 255, 257};
  for (size_t i = 0; i < sizeof fragments / sizeof *fragments; i++) {
    start(256);
    pulse.exact = 0;
    server.fragment = fragments[i];
    for (int cycle = 0; cycle < 100; cycle++) run(1);
    CHECK_EQUAL(server.shortest, 256);
    CHECK_EQUAL(server.skipped, 0);
    CHECK_EQUAL(server.starved, 0);
    CHECK(server.got > 95 * QUANTUM);
  }
}

/* What the server has played before it began to record is made up for: else the buffer would never be full. */
TEST(a_run_begins_with_a_full_buffer) {
  for (size_t played = 256; played <= 768; played += 64) {
    start(256);
    server.fragment = 256;
    server.level -= played;
    server.asked += played;
    capture(256);
    pulse_transfer(&pulse);
    CHECK_EQUAL(server.level, PRIMED);
    CHECK_EQUAL(server.got, 256);
  }
}

int main(void) {
  RUN(input_that_comes_before_requests_is_not_dropped);
  RUN(input_that_is_late_is_dropped_down_to_the_usual);
  RUN(callbacks_are_whole_blocks_whatever_the_pieces_of_the_input);
  RUN(a_run_begins_with_a_full_buffer);
  return test_end();
}
