/* A writer that holds pieces, while another thread clears the ring: what was begun before is dropped, and counted. */
#include <stdatomic.h>

#include "base/handle.h"
#include "engine/ring.h"
#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

#define SIZE 500
#define PIECES 20000
#define PIECE_MOST 2000

static struct ring *ring_of(int32_t handle) { return (struct ring *)handle_use(handle, HANDLE_RING); }

TEST(what_is_held_is_dropped_and_counted) {
  int32_t handle = ps_ring_new(4, SIZE, NULL, 0);
  struct ring *ring = ring_of(handle);
  static const int32_t piece[2 * SIZE];
  uint64_t written;
  CHECK_EQUAL(ps_ring_hold(handle, 700), 0);
  CHECK_EQUAL(ps_ring_hold(handle, 30), 0);
  CHECK_EQUAL(ps_ring_write_held(handle, piece, 700, 0), SIZE);
  CHECK_EQUAL(ring_clear(ring, &written), 230);
  CHECK_EQUAL(written, SIZE);
  CHECK_EQUAL(ps_ring_write_held(handle, piece, 200, 0), 200); /* as if they were written */
  CHECK_EQUAL(ps_ring_read_available(handle), SIZE);           /* the reader drops those */
  CHECK_EQUAL(ring_skip(ring, SIZE), SIZE);
  CHECK_EQUAL(ps_ring_write_held(handle, piece, 30, 0), 30);
  CHECK_EQUAL(ps_ring_read_available(handle), 0);
  CHECK_EQUAL(ps_ring_hold(handle, 10), 1);
  CHECK_EQUAL(ps_ring_write_held(handle, piece, 10, 1), 10);
  CHECK_EQUAL(ps_ring_write_held(handle, piece, 3, 1), 3); /* more than it held */
  CHECK_EQUAL(ps_ring_read_available(handle), 13);
  CHECK_EQUAL(ring_clear(ring, &written), 0);
  CHECK_EQUAL(ps_ring_hold(handle, 10), 2);
  CHECK_EQUAL(ps_ring_end(handle), PS_OK);
  CHECK_EQUAL(ring_clear(ring, &written), 0); /* its writer has given up */
  CHECK_EQUAL(ps_ring_hold(handle, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_write_held(handle, NULL, 1, 3), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_hold(0, 1), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_write_held(0, piece, 1, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ring_claim(ring, PS_END_WRITER, RING_STREAM), RING_FREE);
  CHECK_EQUAL(ps_ring_hold(handle, 1), PS_ERR_ACTIVE);
  CHECK_EQUAL(ps_ring_write_held(handle, piece, 1, 3), PS_ERR_ACTIVE);
  object_release(&ring->object);
  CHECK_EQUAL(ps_ring_free(handle), PS_OK);
}

struct writing {
  int32_t ring;
  uint64_t seed;
  _Atomic int32_t begun; /* pieces that are held, or were */
  int64_t frames;        /* of all pieces */
};

/* Every frame of a piece is its number. */
static void write_pieces(void *argument) {
  struct writing *writing = argument;
  struct random random = {writing->seed};
  static int32_t piece[PIECE_MOST];
  for (int32_t number = 1; number <= PIECES; number++) {
    int32_t length = (int32_t)random_between(&random, 1, PIECE_MOST);
    for (int32_t i = 0; i < length; i++) piece[i] = number;
    int32_t clears = ps_ring_hold(writing->ring, length);
    atomic_store(&writing->begun, number);
    for (int32_t done = 0; done < length;) {
      int32_t written = ps_ring_write_held(writing->ring, piece + done, length - done, clears);
      if (written < 0 && !CHECK_EQUAL(written, 0)) return;
      done += written;
      if (written == 0) os_sleep(1e-6);
    }
    writing->frames += length;
  }
  ps_ring_end(writing->ring);
}

TEST(a_clear_meets_a_writer) {
  struct writing writing = {.ring = ps_ring_new(4, SIZE, NULL, 0), .seed = random_seed()};
  struct ring *ring = ring_of(writing.ring);
  struct random random = {~writing.seed};
  struct os_thread writer;
  int64_t heard = 0, lost = 0, stale = 0, clears = 0;
  CHECK_EQUAL(os_thread_start(&writer, "writer", OS_THREAD_NORMAL, write_pieces, &writing), 0);
  int32_t newest = 0; /* no older piece than the one after it may be read */
  for (int over = 0;;) {
    over = ring_ended(ring);
    if (random_between(&random, 0, 2) == 0) {
      int32_t begun = atomic_load(&writing.begun);
      uint64_t mark, read = atomic_load(&ring->read);
      lost += ring_clear(ring, &mark);
      lost += (int64_t)ring_skip(ring, (size_t)(mark - read));
      newest = begun;
      clears++;
    }
    int32_t frames[97];
    size_t count = ring_read(ring, frames, (size_t)random_between(&random, 1, 97));
    for (size_t i = 0; i < count; i++) stale += frames[i] <= newest;
    heard += (int64_t)count;
    if (over && count == 0) break;
    if (count == 0) os_sleep(1e-6);
  }
  os_thread_join(&writer);
  CHECK_EQUAL(stale, 0);
  CHECK_EQUAL(heard + lost, writing.frames);
  printf("# %" PRId64 " times, %" PRId64 " of %" PRId64 " frames dropped\n", clears, lost, writing.frames);
  CHECK(clears > 100 && lost > 0 && heard > 0);
  object_release(&ring->object);
  CHECK_EQUAL(ps_ring_free(writing.ring), PS_OK);
}

int main(void) {
  RUN(what_is_held_is_dropped_and_counted);
  RUN(a_clear_meets_a_writer);
  return test_end();
}
