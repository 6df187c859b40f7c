/* The faults of the virtual device, and what a stream makes of them: flags, silence, lateness, a lost device. */
// Measures time: how soon a device counts as lost.
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "streams.h"
#include "suppressions.h"

/* A run that follows asks the sound servers for their devices, through PortAudio as well. */
const char *__tsan_default_suppressions(void) { return SUPPRESS_SOUND_SERVERS "race:libportaudio\n"; }

#define FRAME 8
#define BLOCK 64
#define FRAMES 1000

/* Plays and records FRAMES frames with the faults of a setup; returns the stream, ended, and what it recorded. */
static int32_t run_with(struct setup setup, unsigned char *recorded, int32_t *source, int32_t flags) {
  int32_t stream = stream_open(&setup), sink = ps_ring_new(FRAME, FRAMES + BLOCK, NULL, 0);
  *source = memory_ring(FRAME, FRAMES);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, *source, PS_SOURCE_COMPLETE, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, BLOCK, BLOCK, flags), PS_OK); /* without the delay, of one block */
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  ps_ring_read(sink, recorded, FRAMES);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
  return stream;
}

static void check_frames(const unsigned char *recorded, int silent_from, int silent_to) {
  int wrong = 0;
  for (int f = 0; f < FRAMES; f++) {
    const unsigned char *frame = recorded + f * FRAME;
    int silent = f >= silent_from && f < silent_to;
    wrong += silent ? !all_bytes(frame, 0, FRAME) : !same_bytes(frame, (size_t)f * FRAME, FRAME);
  }
  CHECK_EQUAL(wrong, 0);
}

static unsigned char recorded[(FRAMES + BLOCK) * FRAME];

TEST(overflows_and_underflows) {
  for (int realtime = 0; realtime < 2; realtime++)
    for (int kind = PS_FAULT_INPUT_OVERFLOW; kind <= PS_FAULT_OUTPUT_UNDERFLOW; kind++) {
      int32_t source, output = kind == PS_FAULT_OUTPUT_UNDERFLOW;
      double glitches[8];
      /* Frames 200 to 349 of the device are lost; of the recording, one block later, those of the input are 136 on. */
      int32_t stream = run_with(
          (struct setup){.block = BLOCK, .realtime = realtime, .fault_count = 1, .faults = {{200, kind, 150, 0}}},
          recorded, &source, 0);
      CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
      if (output)
        check_frames(recorded, 200, 350);
      else
        check_frames(recorded, 200 - BLOCK, 350 - BLOCK);
      CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 1);
      CHECK_EQUAL(number(stream, PS_NUMBER_INPUT_OVERFLOWS), !output);
      CHECK_EQUAL(number(stream, PS_NUMBER_OUTPUT_UNDERFLOWS), output);
      CHECK_EQUAL(number(stream, PS_NUMBER_INPUT_UNDERFLOWS) + number(stream, PS_NUMBER_OUTPUT_OVERFLOWS), 0);
      CHECK_EQUAL(number(stream, PS_NUMBER_SOURCE_UNDERFLOWS), 0);
      CHECK_EQUAL(number(stream, PS_NUMBER_STATUS), output ? 4 : 2); /* paOutputUnderflow, paInputOverflow */
      CHECK_EQUAL(ps_stream_glitches(stream, glitches, 2), 1);
      CHECK_EQUAL(glitches[0], 200 / BLOCK * BLOCK);
      CHECK_EQUAL(glitches[2], output ? PS_GLITCH_OUTPUT_UNDERFLOW : PS_GLITCH_INPUT_OVERFLOW);
      stream_close(stream);
      ps_ring_free(source);
    }
}

TEST(several_faults) {
  int32_t source;
  int32_t stream = run_with((struct setup){.block = BLOCK,
                                           .fault_count = 4,
                                           .faults = {{0, PS_FAULT_INPUT_OVERFLOW, 0, 0},
                                                      {10, PS_FAULT_OUTPUT_UNDERFLOW, 0, 0},
                                                      {500, PS_FAULT_OUTPUT_UNDERFLOW, 1, 0},
                                                      {1000000, PS_FAULT_DEVICE_LOST, 0, 0}}},
                            recorded, &source, 0);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 2); /* two flags of one callback are one xrun */
  CHECK_EQUAL(number(stream, PS_NUMBER_INPUT_OVERFLOWS), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_OUTPUT_UNDERFLOWS), 2);
  CHECK_EQUAL(number(stream, PS_NUMBER_GLITCHES), 3);
  check_frames(recorded, 500, 501);
  stream_close(stream);
  ps_ring_free(source);
}

TEST(a_fatal_xrun) {
  int32_t source;
  int32_t stream =
      run_with((struct setup){.block = BLOCK, .fault_count = 1, .faults = {{300, PS_FAULT_OUTPUT_UNDERFLOW, 5, 0}}},
               recorded, &source, PS_RUN_FATAL_XRUNS);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ABORTED);
  CHECK_EQUAL(stream_error(stream), PS_ERR_XRUN);
  CHECK_WITHIN((double)number(stream, PS_NUMBER_FRAME_COUNT), 300 - BLOCK, 300 + BLOCK);
  stream_close(stream);
  ps_ring_free(source);
}

TEST(a_stall_puts_the_clock_off) {
  int32_t source;
  double from = os_time(), timing[6];
  int32_t stream = run_with(
      (struct setup){.block = BLOCK, .realtime = 1, .fault_count = 1, .faults = {{300, PS_FAULT_STALL, 0, 0.3}}},
      recorded, &source, 0);
  CHECK_WITHIN(os_time() - from, 0.3 + 1064 / 48000.0, SOON);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0); /* only faults that are xruns are flagged */
  check_frames(recorded, 0, 0);
  CHECK_EQUAL(ps_stream_timing(stream, timing, 6), (1064 + BLOCK - 1) / BLOCK);
  CHECK_WITHIN(timing[2], 0.29, 1); /* the callback after it was that late */
  double before = ps_stream_capture_time(stream, 300 - BLOCK), after = ps_stream_capture_time(stream, 300 + BLOCK);
  CHECK_WITHIN(after - before - 2 * BLOCK / 48000.0, 0.29, 1); /* both are told after the run */
  CHECK_WITHIN(before - ps_stream_capture_time(stream, 0) - (300 - BLOCK) / 48000.0, -1e-6, 1e-6);
  CHECK_WITHIN(ps_stream_capture_time(stream, 1000) - after - (700 - BLOCK) / 48000.0, -1e-6, 1e-6);
  stream_close(stream);
  ps_ring_free(source);
}

/* Stop, abort and close do not wait for a device that has stalled. */
TEST(ended_in_a_stall) {
  static const int32_t commands[] = {PS_COMMAND_STOP, PS_COMMAND_ABORT, PS_COMMAND_CLOSE};
  for (int realtime = 0; realtime < 2; realtime++)
    for (int i = 0; i < 3; i++) {
      int32_t stream = stream_open(&(struct setup){
          .block = BLOCK, .realtime = realtime, .fault_count = 1, .faults = {{200, PS_FAULT_STALL, 0, 60}}});
      CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
      CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
      double patience = os_time() + SOON;
      while (number(stream, PS_NUMBER_FRAME_COUNT) < 192 && os_time() < patience) os_sleep(0.001);
      os_sleep(0.005);
      double from = os_time();
      CHECK_EQUAL(await_command(stream, commands[i]), PS_OK);
      CHECK_WITHIN(os_time() - from, 0, SOON);
      CHECK_EQUAL(stream_error(stream), PS_OK);
      CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 192);
      stream_close(stream);
    }
}

TEST(a_lost_device_ends_the_run) {
  for (int realtime = 0; realtime < 2; realtime++) {
    int32_t source;
    char text[200] = "";
    double from = os_time();
    int32_t stream = run_with(
        (struct setup){
            .block = BLOCK, .realtime = realtime, .fault_count = 1, .faults = {{330, PS_FAULT_DEVICE_LOST, 0, 0}}},
        recorded, &source, 0);
    CHECK_WITHIN(os_time() - from, 0, SOON);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ABORTED);
    CHECK_EQUAL(ps_stream_error(stream, text, sizeof text, NULL, 0), PS_ERR_DEVICE_LOST);
    CHECK(text[0] != 0);
    CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 320);
    CHECK_EQUAL(number(stream, PS_NUMBER_RECORDED_FRAMES), 320 - BLOCK); /* what came before it is kept */
    CHECK(same_bytes(recorded, 0, (320 - BLOCK) * FRAME));
    stream_close(stream);
    ps_ring_free(source);
  }
}

/* A device that dies without a word is noticed within two seconds, however soon it does, and also if its blocks are
   long. */
TEST(a_silent_device_counts_as_lost) {
  static const struct {
    int block, frame;
  } cases[] = {{480, 0}, {480, 960}, {480, 57600}, {43200, 43200}};
  for (int i = 0; i < 4; i++) {
    int32_t stream = stream_open(&(struct setup){
        .block = cases[i].block, .realtime = 1, .fault_count = 1, .faults = {{cases[i].frame, PS_FAULT_STALL, 0, 60}}});
    CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    while (number(stream, PS_NUMBER_FRAME_COUNT) < cases[i].frame && ps_stream_state(stream) == PS_STATE_ACTIVE)
      os_sleep(0.01);
    double from = os_time();
    CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
    CHECK_WITHIN(os_time() - from, 1, SOON);
    CHECK_EQUAL(stream_error(stream), PS_ERR_DEVICE_LOST);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ABORTED);
    CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), cases[i].frame);
    stream_close(stream);
  }
}

/* A stall that is shorter is none of its business. */
TEST(a_slow_device_is_not_lost) {
  int32_t source;
  int32_t stream =
      run_with((struct setup){.block = BLOCK, .realtime = 1, .fault_count = 1, .faults = {{300, PS_FAULT_STALL, 0, 1}}},
               recorded, &source, 0);
  CHECK_EQUAL(stream_error(stream), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  check_frames(recorded, 0, 0);
  stream_close(stream);
  ps_ring_free(source);
}

/* One second of a stream, said to have begun by a byte into `begun`; in a child. */
static int stream_for_a_second(int begun) {
  int32_t stream = stream_open(&(struct setup){.block = 480, .realtime = 1});
  CHECK_EQUAL(ps_stream_set_run(stream, 48000, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(write(begun, "", 1), 1);
  CHECK_EQUAL(ps_stream_wait(stream, 30), 1);
  CHECK_EQUAL(stream_error(stream), PS_OK);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 48000);
  stream_close(stream);
  return test_failures != 0;
}

/* A process that stands still, as after Ctrl-Z, gets no callbacks: its device is not lost for that. */
TEST(a_process_that_was_stopped_goes_on) {
  int ends[2], status = -1;
  char byte;
  CHECK_EQUAL(pipe(ends), 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) exit(stream_for_a_second(ends[1]));
  close(ends[1]);
  CHECK_EQUAL(read(ends[0], &byte, 1), 1);
  os_sleep(0.2);
  kill(child, SIGSTOP);
  os_sleep(2.5);
  kill(child, SIGCONT);
  waitpid(child, &status, 0);
  CHECK_EQUAL(status, 0);
  close(ends[0]);
}

/* A freewheeling device waits for as long as it takes: that is no sign of death. */
TEST(a_device_that_waits_is_not_lost) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .block = 64}), ring = memory_ring(FRAME, 100);
  CHECK_EQUAL(ps_ring_flush(ring), PS_OK);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, test_full() ? 7 : 2), 0);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ACTIVE);
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, SOON), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 0);
  stream_close(stream);
  ps_ring_free(ring);
}

/* The virtual device is lost, and the run goes on on another virtual one, which is the default. Meanwhile the stream is
 * asked this and that. */
TEST(a_run_follows) {
  double config[PS_CONFIG_SIZE], fault[4] = {10240, PS_FAULT_DEVICE_LOST, 0, 0}, glitch[4], numbers[PS_NUMBER_COUNT];
  setenv("PASTREAM_HOST_API", "virtual", 1);
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_INPUT_CHANNELS] = config[PS_CONFIG_OUTPUT_CHANNELS] = 1;
  config[PS_CONFIG_FAULTS] = 1;
  config[PS_CONFIG_FOLLOW] = 1;
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, fault, 4);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  int32_t source = memory_ring(4, 48000), sink = ps_ring_new(4, 1 << 19, NULL, 0);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, sink, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (!ps_stream_wait(stream, 0.001)) ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_stream_glitches(stream, glitch, 4), 1);
  CHECK_EQUAL(glitch[2], PS_GLITCH_REROUTED);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 48000 + (int64_t)glitch[3]);
  CHECK_EQUAL(number(stream, PS_NUMBER_SOURCE_FRAMES), 48000);
  CHECK_EQUAL(ps_ring_read_available(sink), 48000 + (int64_t)glitch[3]);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  stream_close(stream);
  ps_ring_free(source);
  ps_ring_free(sink);
  unsetenv("PASTREAM_HOST_API");
}

static int32_t handles_before;

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), handles_before); }

int main(void) {
  handles_before = ps_handle_count();
  RUN(a_process_that_was_stopped_goes_on); /* first: ThreadSanitizer allows no fork after threads */
  RUN(overflows_and_underflows);
  RUN(several_faults);
  RUN(a_fatal_xrun);
  RUN(a_stall_puts_the_clock_off);
  RUN(ended_in_a_stall);
  RUN(a_lost_device_ends_the_run);
  RUN(a_silent_device_counts_as_lost);
  RUN(a_slow_device_is_not_lost);
  RUN(a_device_that_waits_is_not_lost);
  RUN(a_run_follows);
  RUN(no_handle_is_left);
  return test_end();
}
