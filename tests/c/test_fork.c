/* A forked child owns nothing: its exit leaves the parent's files and streams alone, and it has none of the handles. */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <unistd.h>

#include "stream/state.h"
#include "streams.h"

#define FRAMES 48000

static int32_t samples[FRAMES], back[2 * FRAMES];

/* What the child does, in the middle of a recording; 0 if all is as it should be. */
static int child(int32_t file, int32_t stream) {
  if (ps_handle_count() != 0) return 1;
  if (ps_file_write(file, samples, 10, PS_FORMAT_INT32) != PS_ERR_HANDLE) return 2;
  if (ps_file_close(file) != PS_ERR_HANDLE) return 3;
  if (ps_stream_command(stream, PS_COMMAND_STOP) != PS_ERR_HANDLE) return 4;
  /* What it makes itself is its own. */
  int32_t ring = ps_ring_new(4, 10, NULL, 0);
  if (ring < 0 || ring == file || ring == stream || ps_ring_write(ring, samples, 10) != 10) return 5;
  if (ps_shutdown() != PS_OK || ps_ring_free(ring) != PS_OK) return 6;
  return 0;
}

TEST(a_child_leaves_files_alone) {
  static const int32_t formats[] = {0x10002, 0x10006, 0x170002, 0x200060}; /* WAV, FLAC, Ogg Vorbis */
  for (int i = 0; i < FRAMES; i++) samples[i] = (i + 1) << 12;
  for (int f = 0; f < 4; f++) {
    char path[] = "/tmp/pastream-fork-XXXXXX";
    close(mkstemp(path));
    double info[PS_FILE_INFO_SIZE] = {48000, 1, formats[f], 0, 0, -1, -1};
    int32_t file = ps_file_open(path, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
    int32_t stream = stream_open(&(struct setup){.input_only = 1, .realtime = 1});
    CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    CHECK_EQUAL(ps_file_write(file, samples, FRAMES / 2, PS_FORMAT_INT32), FRAMES / 2);
    fflush(stdout);
    int status = -1;
    pid_t forked = fork();
    if (forked == 0) {
      int result = child(file, stream);
      if (result == 0 && f % 2) exit(0); /* with the handlers of exit */
      _exit(result);
    }
    CHECK_EQUAL(waitpid(forked, &status, 0), forked);
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ACTIVE);
    stream_close(stream);
    CHECK_EQUAL(ps_file_write(file, samples + FRAMES / 2, FRAMES / 2, PS_FORMAT_INT32), FRAMES / 2);
    CHECK_EQUAL(ps_file_close(file), PS_OK);

    double read[PS_FILE_INFO_SIZE] = {0};
    file = ps_file_open(path, PS_MODE_READ, read, PS_FILE_INFO_SIZE);
    CHECK(file > 0);
    CHECK_EQUAL(ps_file_read(file, back, 2 * FRAMES, PS_FORMAT_INT32), FRAMES);
    int wrong = 0;
    for (int i = 0; i < FRAMES; i++) wrong += (back[i] >> 16) != (samples[i] >> 16);
    CHECK(f == 3 || wrong == 0);
    CHECK_EQUAL(ps_file_close(file), PS_OK);
    unlink(path);
  }
}

/* At its exit it would do so, for a stream that was freed before the fork. */
TEST(a_child_waits_for_no_thread_of_the_parent) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .realtime = 1});
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  pid_t forked = fork();
  if (forked == 0) _exit(stream_quits());
  int status = -1;
  CHECK_EQUAL(waitpid(forked, &status, 0), forked);
  CHECK_EQUAL(status, 0);
}

int main(void) {
  RUN(a_child_leaves_files_alone);
  RUN(a_child_waits_for_no_thread_of_the_parent);
  return test_end();
}
