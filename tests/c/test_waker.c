/* Wakers: a thread that waits for a stream or a file is woken for what it waits for, once, and never by a handle that
 * is gone. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "os/os.h"
#include "streams.h"

#define WAIT 20 /* seconds; nothing here takes so long */

static int32_t recording(int32_t *ring, int realtime) {
  int32_t stream = stream_open(&(struct setup){.input_only = 1, .inputs = 1, .block = 100, .realtime = realtime});
  *ring = ps_ring_new(4, 1 << 20, NULL, 0);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_RING, *ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  return stream;
}

/* Takes what a waker was woken for, which is one stream. */
static void take(int32_t waker, int32_t stream) {
  CHECK_EQUAL(ps_waker_next(waker), stream);
  CHECK_EQUAL(ps_waker_next(waker), 0);
}

TEST(wakes_for_frames_and_changes) {
  int32_t before = ps_handle_count(), ring, stream = recording(&ring, 1), waker = ps_waker_new();
  CHECK(waker > 0);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), 0); /* it waits from now on */
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), 1);
  CHECK_EQUAL(ps_waker_wait(waker, 0), 0);
  CHECK_EQUAL(ps_waker_next(waker), 0);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1);
  take(waker, stream);
  for (int frames = 500; frames < 5000; frames += 500) {
    int32_t armed = ps_wake(stream, waker, 0, frames);
    if (armed == 0) { /* this thread was late */
      CHECK(ps_ring_read_available(ring) >= frames);
      continue;
    }
    CHECK_EQUAL(armed, 1);
    CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1);
    CHECK(ps_ring_read_available(ring) >= frames);
    take(waker, stream);
  }
  CHECK_EQUAL(ps_wake(stream, waker, 0, 1), 0); /* there already */
  CHECK_EQUAL(ps_stream_command(stream, PS_COMMAND_STOP) >= 0, 1);
  CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1);
  CHECK_EQUAL(ps_stream_wait(stream, WAIT), 1);
  CHECK_EQUAL(ps_wake(stream, waker, 0, 1e6), 0); /* no more will come */
  stream_close(stream);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_handle_count(), before);
}

TEST(wakes_for_room) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .outputs = 1, .block = 100, .realtime = 1});
  int32_t waker = ps_waker_new(), ring = memory_ring(4, 4096);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_ROOM, 1000), 0);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_ROOM, 1000), 1);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  while (ps_ring_write_available(ring) < 1000) { /* the start wakes, too */
    ps_wake(stream, waker, PS_WAKE_ROOM, 1000);
    if (!CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1)) break;
    while (ps_waker_next(waker)) continue;
  }
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_ROOM, 1000), 0);
  stream_close(stream);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
}

TEST(wakes_for_blocks_and_for_what_was_heard) {
  int32_t stream = stream_open(&(struct setup){.output_only = 1, .outputs = 1, .block = 100, .realtime = 1});
  int32_t waker = ps_waker_new(), ring = memory_ring(4, 1 << 16);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_ENDPOINT_RING, ring, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_BLOCK, 0), 0); /* it waits from now on */
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  double wanted = ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) + 1000, count;
  int wakes = 0;
  while ((count = ps_stream_number(stream, PS_NUMBER_FRAME_COUNT)) < wanted && wakes < 10) {
    while (ps_waker_next(waker)) continue; /* the start wakes, too */
    CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_BLOCK, wanted - count), 1);
    if (!CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1)) break;
    wakes++;
  }
  CHECK(count >= wanted && wakes < 4);
  wakes = 0;
  while (ps_stream_number(stream, PS_NUMBER_HEARD_FRAMES) < 4000 && wakes < 40) {
    while (ps_waker_next(waker)) continue;
    if (ps_wake(stream, waker, PS_WAKE_HEARD, 4000) == 0) continue;
    if (!CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1)) break;
    wakes++;
  }
  CHECK(ps_stream_number(stream, PS_NUMBER_HEARD_FRAMES) >= 4000);
  CHECK(wakes < 10); /* of 40 blocks */
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_HEARD, 4000), 0);
  stream_close(stream);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
}

TEST(a_descriptor_has_a_byte_until_all_is_taken) {
  int32_t ring, stream = recording(&ring, 1), waker = ps_waker_new(), descriptor = ps_waker_descriptor(waker);
  CHECK(descriptor >= 0);
  CHECK_EQUAL(ps_waker_descriptor(waker), PS_ERR_STATE);
  struct pollfd readable = {.fd = descriptor, .events = POLLIN};
  char bytes[8];
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), 0);
  CHECK_EQUAL(poll(&readable, 1, 0), 0);
  for (int i = 0; i < 5; i++) CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(poll(&readable, 1, WAIT * 1000), 1);
  CHECK_EQUAL(read(descriptor, bytes, sizeof bytes), 1);
  os_sleep(0.01); /* the last command wakes after it has ended */
  take(waker, stream);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(poll(&readable, 1, WAIT * 1000), 1);
  CHECK_EQUAL(close(descriptor), 0); /* who was to read is gone */
  while (ps_waker_next(waker)) continue;
  CHECK_EQUAL(await_command(stream, PS_COMMAND_STOP), PS_OK);
  stream_close(stream);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
}

TEST(refuses_what_is_wrong) {
  int32_t ring, stream = recording(&ring, 0), waker = ps_waker_new();
  CHECK_EQUAL(ps_wake(stream, ring, 0, 1), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_wake(stream, waker, 0, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_BLOCK - 1, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_waker_wait(waker, 0.0 / 0.0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_waker_next(stream), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_waker_kick(waker), PS_OK);
  CHECK_EQUAL(ps_waker_wait(waker, 0), 1);
  int32_t more[8];
  for (int i = 0; i < 8; i++) CHECK_EQUAL(ps_wake(stream, more[i] = ps_waker_new(), PS_WAKE_CHANGE, 0), 0);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), PS_ERR_BUSY);
  for (int i = 0; i < 8; i++) CHECK_EQUAL(ps_waker_free(more[i]), PS_OK);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), 0);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
  stream_close(stream);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

/* ------------------------------------------------------------------ files */

/* Waits for a change of an object by its waker alone: whoever is not woken fails. */
static void await_change(int32_t object, int32_t waker) {
  if (ps_wake(object, waker, PS_WAKE_CHANGE, 0) == 0) return; /* the caller looks first */
  CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1);
  take(waker, object);
}

static int32_t open_woken(const char *path, int32_t mode, int32_t waker) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, SF_WAV | 2, 1, 48000);
  int32_t opening = ps_opening_new(path, mode, info, PS_FILE_INFO_SIZE), file;
  while ((file = ps_opening_done(opening)) == PS_ERR_PENDING) await_change(opening, waker);
  CHECK_EQUAL(ps_opening_free(opening), PS_OK);
  return file;
}

TEST(wakes_for_files_and_jobs) {
  enum { FRAMES = 3 << 20, PIECE = 100000 }; /* more than a job reads ahead */
  int32_t before = ps_handle_count(), waker = ps_waker_new(), count = 0;
  int16_t *samples = malloc(FRAMES * sizeof *samples), *back = malloc(FRAMES * sizeof *back);
  for (int i = 0; i < FRAMES; i++) samples[i] = (int16_t)(i * 31);
  int32_t file = open_woken(file_path("long.wav"), PS_MODE_WRITE, waker);
  int32_t job = ps_job_write(file, samples, FRAMES, PS_FORMAT_INT16);
  while (isnan(ps_job_done(job))) await_change(job, waker);
  CHECK_EQUAL((int)ps_job_done(job), FRAMES);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  file = open_woken(file_path("long.wav"), PS_MODE_READ, waker);
  CHECK_EQUAL(ps_wake(file, waker, PS_WAKE_CHANGE, 0), PS_ERR_HANDLE); /* nothing changes by itself */
  job = ps_job_read(file, FRAMES, PS_FORMAT_INT16);
  CHECK_EQUAL(ps_wake(job, waker, PS_WAKE_BLOCK, 1), PS_ERR_HANDLE);
  for (int taken = 0, ended = 0; !ended || count; taken += count) {
    ended = !isnan(ps_job_done(job));
    count = ps_job_take(job, back + taken, PIECE < FRAMES - taken ? PIECE : FRAMES - taken);
    if (count == 0 && !ended) await_change(job, waker);
  }
  CHECK(memcmp(samples, back, FRAMES * sizeof *samples) == 0);
  CHECK_EQUAL(ps_job_free(job), PS_OK);
  CHECK_EQUAL(ps_wake(job, waker, PS_WAKE_CHANGE, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_waker_next(waker), 0); /* nothing is left of what was freed */
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
  CHECK_EQUAL(ps_handle_count(), before);
  free(samples);
  free(back);
}

TEST(wakes_for_an_incoming_file) {
  static unsigned char bytes[65536];
  double info[PS_FILE_INFO_SIZE] = {0};
  int32_t waker = ps_waker_new(), incoming = ps_incoming_new(sizeof bytes), file;
  FILE *from = fopen(file_path("long.wav"), "rb");
  CHECK_EQUAL((int)fread(bytes, 1, sizeof bytes, from), (int)sizeof bytes);
  fclose(from);
  CHECK_EQUAL(ps_incoming_open(incoming, "incoming", info, PS_FILE_INFO_SIZE), PS_OK);
  CHECK_EQUAL(ps_wake(incoming, waker, PS_WAKE_CHANGE, 0), 0);
  CHECK_EQUAL(ps_wake(incoming, waker, PS_WAKE_CHANGE, 0), 1);
  CHECK_EQUAL(ps_incoming_write(incoming, bytes, sizeof bytes), sizeof bytes);
  CHECK_EQUAL(ps_waker_wait(waker, WAIT), 1);
  take(waker, incoming);
  file = ps_incoming_opened(incoming);
  CHECK(file > 0);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_incoming_free(incoming), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
}

TEST(wakes_for_the_next_file_of_a_recording) {
  int32_t waker = ps_waker_new(), files[2];
  int32_t stream = stream_open(&(struct setup){.input_only = 1, .inputs = 1, .block = 100, .realtime = 1});
  for (int i = 0; i < 2; i++) files[i] = open_woken(file_path(i ? "second.wav" : "first.wav"), PS_MODE_WRITE, waker);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_ENDPOINT_FILE, files[0], 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 0, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_wake(stream, waker, PS_WAKE_CHANGE, 0), 0);
  CHECK_EQUAL(ps_stream_next_file(stream, files[1], -1), PS_OK);
  for (int looks = 0; isnan(ps_stream_next_file_at(stream)); looks++) {
    CHECK(looks < 3);
    await_change(stream, waker);
  }
  stream_close(stream);
  for (int i = 0; i < 2; i++) CHECK_EQUAL(ps_file_close(files[i]), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
}

/* ---------------------------------------------------------------- threads */

static _Atomic int32_t streams[3], stopping, wakes;

/* A thread of a runtime that ends now and then, with its waker. */
static void waiter(void *argument) {
  struct random random = {(uintptr_t)argument};
  while (!atomic_load(&stopping)) {
    int32_t waker = ps_waker_new();
    for (int i = 0; i < 30; i++) {
      int32_t stream = atomic_load(&streams[random_between(&random, 0, 2)]);
      ps_wake(stream, waker, (int32_t)random_between(&random, -2, 0), 300);
      atomic_fetch_add(&wakes, ps_waker_wait(waker, 0.002) > 0);
      while (ps_waker_next(waker) > 0) continue;
    }
    CHECK_EQUAL(ps_waker_free(waker), PS_OK);
  }
}

TEST(threads_and_streams_that_come_and_go) {
  struct os_thread threads[3];
  int32_t before = ps_handle_count(), ring;
  for (uintptr_t i = 0; i < 3; i++) atomic_store(&streams[i], 0);
  for (uintptr_t i = 0; i < 3; i++) os_thread_start(&threads[i], "waiter", OS_THREAD_NORMAL, waiter, (void *)(i + 1));
  double end = os_time() + test_seconds(1, 20);
  for (int round = 0; os_time() < end; round++) {
    int32_t stream = recording(&ring, round % 2);
    atomic_store(&streams[round % 3], stream);
    CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
    os_sleep(0.005);
    if (round % 3) CHECK_EQUAL(await_command(stream, PS_COMMAND_CLOSE), PS_OK);
    CHECK_EQUAL(ps_stream_free(stream), PS_OK);
    CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  }
  atomic_store(&stopping, 1);
  for (int i = 0; i < 3; i++) os_thread_join(&threads[i]);
  CHECK(atomic_load(&wakes) > 10);
  CHECK_EQUAL(ps_handle_count(), before);
}

int main(void) {
  RUN(wakes_for_frames_and_changes);
  RUN(wakes_for_room);
  RUN(wakes_for_blocks_and_for_what_was_heard);
  RUN(a_descriptor_has_a_byte_until_all_is_taken);
  RUN(refuses_what_is_wrong);
  RUN(wakes_for_files_and_jobs);
  RUN(wakes_for_an_incoming_file);
  RUN(wakes_for_the_next_file_of_a_recording);
  RUN(threads_and_streams_that_come_and_go);
  return test_end();
}
