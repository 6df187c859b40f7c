/* Streams that play and record sound files, on the virtual device: from file to file, in loops, from one file on into
 * the next, and whatever ends them. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "files.h"
#include "os/os.h"
#include "streams.h"

#define WAV_16 0x10002 /* of libsndfile: WAV, 16 bits */
#define BLOCK 256
#define FRAMES 30000

static int16_t sounds[FRAMES * 2], got[FRAMES * 4];

static const struct setup duplex = {.input_format = PS_FORMAT_INT16, .output_format = PS_FORMAT_INT16, .block = BLOCK};

static int32_t open_file(const char *path, int32_t mode) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, mode == PS_MODE_READ ? 0 : WAV_16, 2, 48000);
  int32_t file = ps_file_open(path, mode, info, PS_FILE_INFO_SIZE);
  CHECK(file > 0);
  return file;
}

/* A stream from one file to another, or to a ring. */
static int32_t between(int32_t source, int32_t source_flags, int32_t sink, int32_t sink_kind) {
  int32_t stream = stream_open(&duplex);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, source, source_flags, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, sink_kind, sink, 0, 0), PS_OK);
  return stream;
}

static void wait_for_frames(int32_t stream, int64_t frames) {
  while (number(stream, PS_NUMBER_FRAME_COUNT) < frames && ps_stream_state(stream) == PS_STATE_ACTIVE) os_sleep(0.0005);
}

/* Whether samples are the source's from a frame on, over and over, and silence after `played` frames. */
static int is_source(const int16_t *samples, int64_t first, int64_t frames, int64_t played) {
  int64_t wrong = 0;
  for (int64_t f = first; f < first + frames; f++, samples += 2)
    for (int c = 0; c < 2; c++) wrong += samples[c] != (f >= 0 && f < played ? sounds[f % FRAMES * 2 + c] : 0);
  return wrong == 0;
}

TEST(from_file_to_file) {
  static const struct {
    double frames, pad, offset;
    int64_t played, total;
    int32_t error;
  } rows[] = {
      {-1, BLOCK, BLOCK, FRAMES, FRAMES + BLOCK, 0},
      {-1, 0, 0, FRAMES, FRAMES, 0},
      {1000, 300, 0, 1000, 1300, 0},
      {FRAMES + 5000, -1, 7, FRAMES, FRAMES + 5000, 0},
      {FRAMES + 1, 0, 0, FRAMES, FRAMES, PS_ERR_BUFFER_EMPTY},
  };
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    int32_t source = open_file(file_path("source.wav"), PS_MODE_READ);
    int32_t sink = open_file(file_path("sink.wav"), PS_MODE_WRITE), stream = between(source, 0, sink, PS_ENDPOINT_FILE);
    int32_t state = stream_run(stream, rows[r].frames, rows[r].pad, rows[r].offset);
    double levels[4];
    CHECK_EQUAL(stream_error(stream), rows[r].error);
    CHECK_EQUAL(state, rows[r].error ? PS_STATE_ABORTED : PS_STATE_COMPLETED);
    CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), rows[r].total);
    CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
    CHECK_EQUAL(ps_stream_levels(stream, 1, levels, 2), 2);
    CHECK(levels[0] > 0.9 && levels[1] > 0.1);
    /* The run has ended: the file is whole, and given back. */
    int64_t recorded = rows[r].total - (int64_t)rows[r].offset;
    CHECK_EQUAL(ps_file_tell(source), rows[r].played);
    CHECK_EQUAL(file_read_all(file_path("sink.wav"), got, FRAMES * 4), recorded);
    CHECK(is_source(got, (int64_t)rows[r].offset - BLOCK, recorded, rows[r].played));
    CHECK_EQUAL(ps_file_close(source), PS_OK);
    CHECK_EQUAL(ps_file_close(sink), PS_OK);
    stream_close(stream);
  }
}

TEST(a_file_in_a_loop) {
  int32_t source = open_file(file_path("source.wav"), PS_MODE_READ), sink = ps_ring_new(4, FRAMES * 2, NULL, 0);
  int32_t stream = between(source, PS_SOURCE_LOOP, sink, PS_ENDPOINT_RING);
  CHECK_EQUAL(stream_run(stream, FRAMES * 2 - 1000, 0, BLOCK), PS_STATE_COMPLETED);
  CHECK_EQUAL(ps_ring_read(sink, got, FRAMES * 2), FRAMES * 2 - 1000 - BLOCK);
  CHECK(is_source(got, 0, FRAMES * 2 - 1000 - BLOCK, INT64_MAX));
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  stream_close(stream);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
}

/* Another start goes on where the file is; a run that ends early leaves it where it was heard, whatever is left in the
 * ring between file and callback. */
TEST(a_file_goes_on) {
  int32_t source = open_file(file_path("source.wav"), PS_MODE_READ), sink = ps_ring_new(4, FRAMES, NULL, 0);
  int32_t stream = between(source, 0, sink, PS_ENDPOINT_RING), ring = ps_ring_new(4, 3000, NULL, 0);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, source, 0, ring), PS_OK);
  int64_t first = 0;
  for (int i = 0; i < 3; i++, first += 5000) {
    CHECK_EQUAL(stream_run(stream, 5000, BLOCK, BLOCK), PS_STATE_COMPLETED);
    CHECK_EQUAL(ps_file_tell(source), first + 5000);
    CHECK_EQUAL(ps_ring_read(sink, got, FRAMES), 5000);
    CHECK(is_source(got, first, 5000, INT64_MAX));
  }
  stream_close(stream);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
}

TEST(files_in_use_are_busy) {
  struct setup setup = duplex;
  setup.realtime = 1;
  int32_t source = open_file(file_path("source.wav"), PS_MODE_READ);
  int32_t sink = open_file(file_path("sink.wav"), PS_MODE_WRITE), stream = stream_open(&setup), other;
  double info[PS_FILE_INFO_SIZE];
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, sink, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_file_read(source, got, 1, PS_FORMAT_INT16), PS_ERR_BUSY);
  CHECK_FAILS(ps_file_seek(source, 0, 0), PS_ERR_BUSY);
  CHECK_EQUAL(ps_file_close(source), PS_ERR_BUSY);
  CHECK_EQUAL(ps_file_write(sink, got, 1, PS_FORMAT_INT16), PS_ERR_BUSY);
  CHECK_EQUAL(ps_file_info(source, info, PS_FILE_INFO_SIZE), PS_OK);
  other = stream_open(&duplex);
  CHECK_EQUAL(ps_stream_set_sink(other, PS_ENDPOINT_FILE, sink, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(other, PS_COMMAND_START), PS_ERR_BUSY);
  CHECK_EQUAL(ps_stream_next_file(stream, sink, -1), PS_ERR_BUSY);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
  CHECK_EQUAL(ps_file_close(sink), PS_OK);
  stream_close(other);
  stream_close(stream);
}

/* How long a WAV file says it is, at its beginning. */
static int64_t told_bytes(const char *path) {
  unsigned char begin[8] = {0};
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fread(begin, 1, 8, file) == 8);
  if (file) fclose(file);
  return 8 + (begin[4] | begin[5] << 8 | begin[6] << 16 | (int64_t)begin[7] << 24);
}

/* In real time from a file in a loop; freewheeling from a ring that gets 3000 frames for each file. */
TEST(from_one_file_into_the_next) {
  enum { FILES = 5, SHARE = 3000 };
  for (int realtime = 0; realtime < 2; realtime++) {
    struct setup setup = duplex;
    setup.realtime = realtime;
    int32_t stream = stream_open(&setup), files[FILES];
    int32_t source =
        realtime ? open_file(file_path("source.wav"), PS_MODE_READ) : ps_ring_new(4, SHARE + BLOCK, NULL, 0);
    int64_t begins[FILES + 1] = {0};
    char name[32];
    for (int i = 0; i < FILES; i++) {
      snprintf(name, sizeof name, "part%d.wav", i);
      files[i] = open_file(file_path(name), PS_MODE_WRITE);
    }
    int32_t kind = realtime ? PS_ENDPOINT_FILE : PS_ENDPOINT_RING, flags = realtime ? PS_SOURCE_LOOP : 0;
    CHECK_EQUAL(ps_stream_set_source(stream, kind, source, flags, 0), PS_OK);
    CHECK_EQUAL(ps_stream_next_file(stream, files[1], -1), PS_ERR_STATE);
    CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, files[0], 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, BLOCK, 0), PS_OK);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    for (int used = 0; used < FILES; used++) {
      if (used) {
        CHECK_EQUAL(ps_stream_next_file(stream, files[used], -1), PS_OK);
        double at;
        while (at = ps_stream_next_file_at(stream), IS_PENDING(at)) os_sleep(0.0005);
        begins[used] = (int64_t)at;
        /* The one before is whole on the disk, though not closed. */
        snprintf(name, sizeof name, "part%d.wav", used - 1);
        CHECK_EQUAL(file_read_all(file_path(name), got, FRAMES * 4), begins[used] - begins[used - 1]);
        CHECK_EQUAL(told_bytes(file_path(name)), file_bytes(file_path(name)));
      }
      if (realtime) {
        wait_for_frames(stream, number(stream, PS_NUMBER_FRAME_COUNT) + SHARE);
      } else { /* until less than a block is left, so that the next share finds room */
        CHECK_EQUAL(ps_ring_write(source, sounds + 2 * SHARE * used, SHARE), SHARE);
        wait_for_frames(stream, SHARE * (used + 1) - BLOCK + 1);
      }
    }
    CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_STOPPED);
    begins[FILES] = number(stream, PS_NUMBER_RECORDED_FRAMES);
    CHECK(begins[FILES] > begins[1] && begins[1] > 0);
    for (int i = 0; i < FILES; i++) {
      CHECK_EQUAL(ps_file_close(files[i]), PS_OK);
      snprintf(name, sizeof name, "part%d.wav", i);
      CHECK_EQUAL(file_read_all(file_path(name), got, FRAMES * 4), begins[i + 1] - begins[i]);
      CHECK(is_source(got, begins[i], begins[i + 1] - begins[i], INT64_MAX));
    }
    stream_close(stream);
    CHECK_EQUAL(realtime ? ps_file_close(source) : ps_ring_free(source), PS_OK);
  }
}

/* The cut is made at the frame that was asked for, or at once where that is written; one that never comes, at the end.
   */
TEST(into_the_next_file_exactly_at_a_frame) {
  enum { FILES = 4 };
  static const double cuts[FILES] = {0, 2999, 100, 1e9};
  int64_t begins[FILES + 1] = {0};
  struct setup setup = duplex;
  setup.realtime = 1;
  int32_t stream = stream_open(&setup), source = open_file(file_path("source.wav"), PS_MODE_READ), files[FILES];
  char name[32];
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "cut%d.wav", i);
    files[i] = open_file(file_path(name), PS_MODE_WRITE);
  }
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, source, PS_SOURCE_LOOP, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, files[0], 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, BLOCK, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_next_file(stream, files[1], NAN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_stream_next_file(stream, files[1], 1e300), PS_ERR_ARGUMENT);
  for (int i = 1; i < FILES; i++) {
    CHECK_EQUAL(ps_stream_next_file(stream, files[i], cuts[i]), PS_OK);
    if (i == FILES - 1) CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
    double at;
    while (at = ps_stream_next_file_at(stream), IS_PENDING(at)) os_sleep(0.0005);
    begins[i] = (int64_t)at;
  }
  begins[FILES] = number(stream, PS_NUMBER_RECORDED_FRAMES);
  CHECK_EQUAL(begins[1], 2999);
  CHECK(begins[2] >= 2999);
  CHECK_EQUAL(begins[3], begins[FILES]);
  for (int i = 0; i < FILES; i++) {
    CHECK_EQUAL(ps_file_close(files[i]), PS_OK);
    snprintf(name, sizeof name, "cut%d.wav", i);
    CHECK_EQUAL(file_read_all(file_path(name), got, FRAMES * 4), begins[i + 1] - begins[i]);
  }
  stream_close(stream);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
}

/* As on a disk that is full: files may not become longer than this. */
TEST(a_file_that_cannot_grow_ends_the_run) {
  int32_t source = open_file(file_path("source.wav"), PS_MODE_READ), numbers[3];
  int32_t sink = open_file(file_path("full.wav"), PS_MODE_WRITE);
  int32_t stream = between(source, PS_SOURCE_LOOP, sink, PS_ENDPOINT_FILE);
  char text[300] = "";
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = 100000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  CHECK_EQUAL(stream_run(stream, 1e7, 0, BLOCK), PS_STATE_ABORTED);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK_EQUAL(ps_stream_error(stream, text, sizeof text, numbers, 3), PS_ERR_SOUNDFILE);
  if (!CHECK(strstr(text, "full.wav") != NULL)) printf("# %s\n", text);
  CHECK(number(stream, PS_NUMBER_FRAME_COUNT) < 10000000);
  stream_close(stream);
  ps_file_close(sink);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
  int64_t frames = file_read_all(file_path("full.wav"), got, FRAMES * 4);
  CHECK_WITHIN((double)frames, 10000, 25000); /* what was written stays a valid file */
  CHECK(is_source(got, 0, frames, INT64_MAX));
}

/* However a recording is left, what was recorded is in a file that can be read. */
TEST(recordings_that_are_left) {
  for (int way = 0; way < 5; way++) {
    struct setup setup = duplex;
    setup.realtime = 1;
    int32_t stream = stream_open(&setup), source = open_file(file_path("source.wav"), PS_MODE_READ);
    int32_t sink = open_file(file_path("left.wav"), PS_MODE_WRITE);
    CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, source, PS_SOURCE_LOOP, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, sink, 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, BLOCK, 0), PS_OK);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    wait_for_frames(stream, 5000);
    int64_t recorded = -1;
    if (way == 0) CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
    if (way == 1) CHECK_EQUAL(await_command(stream, PS_COMMAND_ABORT), PS_OK);
    if (way == 2) CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
    if (way == 3) CHECK_EQUAL(ps_shutdown(), PS_OK);
    if (way < 4) recorded = number(stream, PS_NUMBER_RECORDED_FRAMES);
    CHECK_EQUAL(ps_stream_free(stream), PS_OK);
    if (way == 4) CHECK_EQUAL(ps_shutdown(), PS_OK); /* also of a stream that its owner has let go of */
    ps_file_close(source);                           /* already, where the library was shut down */
    ps_file_close(sink);
    int64_t frames = file_read_all(file_path("left.wav"), got, FRAMES * 4);
    CHECK(frames >= 5000 - BLOCK);
    if (way < 4) CHECK_EQUAL(frames, recorded);
    CHECK(is_source(got, 0, frames, INT64_MAX));
    if (test_failures) printf("# way %d\n", way);
  }
}

/* A pipe that is not read holds up a run that completes for as long as it takes, but not a run that is ended, also
 * if that was said before the writer had come to its last frame. */
TEST(a_stalled_pipe_under_a_run_that_is_ending) {
  static const int32_t commands[] = {PS_COMMAND_STOP, PS_COMMAND_ABORT, PS_COMMAND_CLOSE};
  for (int i = 0; i < 3; i++) {
    struct setup setup = duplex;
    setup.realtime = 1;
    setup.block = 48000; /* one that is played out for a second, and more than a pipe takes */
    int ends[2];
    double info[PS_FILE_INFO_SIZE];
    CHECK_EQUAL(pipe(ends), 0);
    file_info(info, SF_RAW | 2, 2, 48000);
    int32_t sink = ps_file_open_descriptor(ends[1], 1, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
    int32_t stream = stream_open(&setup);
    CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, sink, 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_run(stream, 48000, 0, 0, 0), PS_OK);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    while (ps_stream_state(stream) == PS_STATE_ACTIVE) os_sleep(0.001);
    CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ENDING);
    CHECK(ps_stream_command(stream, commands[i]) >= 0);
    if (!CHECK_EQUAL(ps_stream_wait(stream, SOON), 1)) printf("# command %d\n", commands[i]);
    CHECK_EQUAL(stream_error(stream), PS_ERR_STALLED);
    stream_close(stream);
    CHECK_EQUAL(ps_file_close(sink), PS_OK);
    close(ends[0]);
  }
}

static int32_t handles_before;

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), handles_before); }

/* Blocks that are larger than the rings of usual ones: the library's own rings follow them. */
TEST(rings_follow_the_block_size) {
  static int16_t all[2 * 300000];
  for (int i = 0; i < 2 * 300000; i++) all[i] = (int16_t)(i * 31 + 7);
  double wanted[PS_FILE_INFO_SIZE];
  file_info(wanted, WAV_16, 2, 48000);
  int32_t source = ps_file_open(file_path("long.wav"), PS_MODE_WRITE, wanted, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_write(source, all, 300000, PS_FORMAT_INT16), 300000);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
  struct setup setup = duplex;
  setup.block = 131072;
  source = open_file(file_path("long.wav"), PS_MODE_READ);
  int32_t sink = open_file(file_path("long-copy.wav"), PS_MODE_WRITE), stream = stream_open(&setup);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_FILE, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, sink, 0, 0), PS_OK);
  CHECK_EQUAL(stream_run(stream, -1, 131072, 131072), PS_STATE_COMPLETED);
  CHECK_EQUAL(number(stream, PS_NUMBER_XRUNS), 0);
  CHECK_EQUAL(ps_file_close(sink), PS_OK);
  CHECK_EQUAL(ps_file_close(source), PS_OK);
  stream_close(stream);
  static int16_t copy[2 * 300001];
  CHECK_EQUAL(file_read_all(file_path("long-copy.wav"), copy, 2 * 300001), 300000);
  CHECK(memcmp(all, copy, sizeof all) == 0);
}

int main(void) {
  handles_before = ps_handle_count();
  for (int i = 0; i < FRAMES * 2; i++) sounds[i] = (int16_t)random_mix((uint64_t)i + 1);
  if (file_write_all(file_path("source.wav"), WAV_16, 2, sounds, FRAMES) != PS_OK) {
    printf("ok 1 - from_file_to_file # SKIP no libsndfile\n");
    return 0;
  }
  RUN(from_file_to_file);
  RUN(a_file_in_a_loop);
  RUN(a_file_goes_on);
  RUN(files_in_use_are_busy);
  RUN(from_one_file_into_the_next);
  RUN(into_the_next_file_exactly_at_a_frame);
  RUN(a_file_that_cannot_grow_ends_the_run);
  RUN(recordings_that_are_left);
  RUN(a_stalled_pipe_under_a_run_that_is_ending);
  RUN(no_handle_is_left);
  RUN(rings_follow_the_block_size);
  return test_end();
}
