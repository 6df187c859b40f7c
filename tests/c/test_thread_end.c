/* What a thread has made ends with it, if it has asked for that. */
#include "os/os.h"
#include "pastream.h"
#include "streams.h"
#include "test.h"

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
  CHECK_EQUAL(ps_stream_wake(stream, seen[3], PS_WAKE_CHANGE, 0), 0);
}

static void run_thread(void *owns) {
  struct os_thread thread;
  if (!CHECK_EQUAL(os_thread_start(&thread, "maker", OS_THREAD_NORMAL, make, owns), 0)) return;
  os_thread_join(&thread);
}

/* On Windows another thread does it, a little later. */
static void await_end(int32_t before) {
#if defined(_WIN32)
  for (int i = 0; i < 1000 && ps_handle_count() > before; i++) os_sleep(0.01);
#endif
  CHECK_EQUAL(ps_handle_count(), before);
}

TEST(ends_what_it_owns) {
  int32_t before = ps_handle_count();
  for (int i = 0; i < 20; i++) {
    run_thread(&before);
    await_end(before);
    CHECK_EQUAL(ps_stream_state(seen[0]), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_ring_info(seen[2], 0), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_waker_next(seen[3]), PS_ERR_HANDLE);
  }
}

TEST(leaves_what_it_does_not_own) {
  int32_t before = ps_handle_count();
  run_thread(NULL);
  CHECK(ps_handle_count() > before);
  CHECK_EQUAL(ps_stream_state(seen[0]), PS_STATE_ACTIVE);
  CHECK_EQUAL(ps_stream_await(seen[0], ps_stream_command(seen[0], PS_COMMAND_CLOSE)), PS_OK);
  CHECK_EQUAL(ps_stream_free(seen[0]), PS_OK);
  if (seen[1] > 0) CHECK_EQUAL(ps_file_close(seen[1]), PS_OK);
  CHECK_EQUAL(ps_ring_free(seen[2]), PS_OK);
  CHECK_EQUAL(ps_waker_free(seen[3]), PS_OK);
  CHECK_EQUAL(ps_handle_count(), before);
}

int main(void) {
  RUN(ends_what_it_owns);
  RUN(leaves_what_it_does_not_own);
  return test_end();
}
