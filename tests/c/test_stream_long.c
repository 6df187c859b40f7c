/* A duplex stream in real time that goes on for as long as it is let: all that it plays comes back, frame by frame. */
#include "os/os.h"
#include "streams.h"

#define FRAME 4
#define RATE 48000
#define BLOCK 256  /* and the delay of what comes back */
#define LOOP 48017 /* frames of the source: no multiple of anything */
#define ROOM (4 * RATE)

/* Checks what has been recorded since; returns the number of frames. */
static int64_t check_recorded(int32_t sink, int64_t first) {
  static unsigned char data[4096 * FRAME];
  int64_t count = 0, wrong = 0;
  int32_t got;
  while ((got = ps_ring_read(sink, data, 4096)) > 0)
    for (int32_t i = 0; i < got; i++, count++) {
      int64_t played = first + count - BLOCK;
      const unsigned char *frame = data + i * FRAME;
      wrong += played < 0 ? !all_bytes(frame, 0, FRAME) : !same_bytes(frame, (size_t)(played % LOOP) * FRAME, FRAME);
    }
  CHECK_EQUAL(wrong, 0);
  return count;
}

TEST(nothing_is_lost) {
  double seconds = test_seconds(3, 60);
  int32_t stream = stream_open(&(struct setup){
      .block = BLOCK, .rate = RATE, .realtime = 1, .input_format = PS_FORMAT_INT16, .output_format = PS_FORMAT_INT16});
  int32_t source = memory_ring(FRAME, LOOP), sink = ps_ring_new(FRAME, ROOM, NULL, 0);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  double from = os_time();
  int64_t checked = 0;
  while (os_time() - from < seconds && !test_failures) {
    CHECK_EQUAL(ps_stream_wait(stream, 0.05), 0);
    checked += check_recorded(sink, checked);
  }
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  double took = os_time() - from;
  checked += check_recorded(sink, checked);
  CHECK_EQUAL(stream_error(stream), PS_OK);
  CHECK_EQUAL(checked, number(stream, PS_NUMBER_FRAME_COUNT));
  CHECK_EQUAL(number(stream, PS_NUMBER_RECORDED_FRAMES), checked);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  CHECK_EQUAL(number(stream, PS_NUMBER_GLITCHES), 0);
  CHECK_WITHIN((double)checked / RATE, took - 1, took + 0.1);
  printf("# %lld frames in %.1f s\n", (long long)checked, took);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
}

int main(void) {
  RUN(nothing_is_lost);
  return test_end();
}
