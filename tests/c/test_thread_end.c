/* What a thread has made ends with it, if it has asked for that. */
#include "file/format_word.h"
#include "files.h"
#include "os/os.h"
#include "pastream.h"
#include "streams.h"
#include "test.h"

#define RECORDED 4864 /* frames, at least */

static int32_t seen[4];

static void make(void *owns) {
  if (owns) CHECK_EQUAL(ps_thread_owns(), PS_OK);
  CHECK_EQUAL(owns ? ps_thread_owns() : PS_OK, PS_OK); /* again */
  double config[PS_CONFIG_SIZE];
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_INPUT_CHANNELS] = 1;
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
  CHECK(stream > 0);
  CHECK_EQUAL(ps_stream_await(stream, ps_stream_command(stream, PS_COMMAND_OPEN)), PS_OK);
  double info[PS_FILE_INFO_SIZE] = {48000, 1, 0x010006, 0, 0, -1, -1}; /* WAV, float */
  int32_t file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  if (file > 0) CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, file, 0, 0), PS_OK);
  int32_t ring = ps_ring_new(4, 64, NULL, 0);
  CHECK(ring > 0);
  CHECK_EQUAL(ps_stream_await(stream, ps_stream_command(stream, PS_COMMAND_START)), PS_OK);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ACTIVE);
  seen[0] = stream;
  seen[1] = file;
  seen[2] = ring;
  seen[3] = ps_waker_new();
  CHECK_EQUAL(ps_wake(stream, seen[3], PS_WAKE_CHANGE, 0), 0);
}

/* Returns when the thread has ended for the system, which is what runtimes wait for. */
static void run_thread(void (*run)(void *), void *argument) {
  struct os_thread thread;
  if (!CHECK_EQUAL(os_thread_start(&thread, "maker", OS_THREAD_NORMAL, run, argument), 0)) return;
#if defined(_WIN32)
  WaitForSingleObject(thread.handle, INFINITE);
#endif
  os_thread_join(&thread);
}

/* On Windows handles are given back by another thread, a little later. */
static void await_end(int32_t before) {
#if defined(_WIN32)
  for (int i = 0; i < 1000 && ps_handle_count() > before; i++) os_sleep(0.01);
#endif
  CHECK_EQUAL(ps_handle_count(), before);
}

TEST(ends_what_it_owns) {
  int32_t before = ps_handle_count();
  for (int i = 0; i < 20; i++) {
    run_thread(make, &before);
    await_end(before);
    CHECK_EQUAL(ps_stream_state(seen[0]), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_ring_info(seen[2], 0), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_waker_next(seen[3]), PS_ERR_HANDLE);
  }
}

TEST(leaves_what_it_does_not_own) {
  int32_t before = ps_handle_count();
  run_thread(make, NULL);
  CHECK(ps_handle_count() > before);
  CHECK_EQUAL(ps_stream_state(seen[0]), PS_STATE_ACTIVE);
  CHECK_EQUAL(ps_stream_await(seen[0], ps_stream_command(seen[0], PS_COMMAND_CLOSE)), PS_OK);
  CHECK_EQUAL(ps_stream_free(seen[0]), PS_OK);
  if (seen[1] > 0) CHECK_EQUAL(ps_file_close(seen[1]), PS_OK);
  CHECK_EQUAL(ps_ring_free(seen[2]), PS_OK);
  CHECK_EQUAL(ps_waker_free(seen[3]), PS_OK);
  CHECK_EQUAL(ps_handle_count(), before);
}

/* Into FLAC, which is not whole before it is finished. */
static void record(void *path) {
  CHECK_EQUAL(ps_thread_owns(), PS_OK);
  int32_t stream = stream_new(&(struct setup){.input_only = 1, .inputs = 1, .rate = 48000, .realtime = 1});
  double info[PS_FILE_INFO_SIZE];
  file_info(info, SF_FLAC | SF_PCM_24, 1, 48000);
  int32_t file = ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK(file > 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_OPEN), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, file, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < RECORDED) os_sleep(0.005);
}

TEST(recordings_are_whole_when_their_thread_has_ended) {
  static int16_t samples[48000];
  int32_t before = ps_handle_count();
  for (int i = 0; i < 5; i++) {
    const char *path = file_path("recording.flac");
    run_thread(record, (void *)path);
    CHECK(file_read_all(path, samples, 48000) >= RECORDED);
    await_end(before);
  }
}

int main(void) {
  RUN(ends_what_it_owns);
  RUN(leaves_what_it_does_not_own);
  RUN(recordings_are_whole_when_their_thread_has_ended);
  return test_end();
}
