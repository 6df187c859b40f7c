/* Ring buffers through the public door, one thread: against a plain queue, over all sizes and ways of moving data. */
#include "pastream.h"

#include "random.h"
#include "test.h"

#define GUARD 64 /* bytes around the caller's storage that must stay as they are */

static unsigned char byte_at(uint64_t position) { return (unsigned char)random_mix(position); }

static void fill(unsigned char *data, uint64_t position, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) data[i] = byte_at(position + i);
}

static size_t wrong_bytes(const unsigned char *data, uint64_t position, size_t bytes) {
  size_t wrong = 0;
  for (size_t i = 0; i < bytes; i++) wrong += data[i] != byte_at(position + i);
  return wrong;
}

TEST(arguments_are_checked) {
  char storage[64], text[200] = "";
  CHECK_EQUAL(ps_ring_new(0, 4, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(-1, 4, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(65537, 4, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(4, 0, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(4, INT32_MIN, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(8, 9, storage, 64), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(8, 8, storage, 63.9), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_new(8, 8, storage, 0.0 / 0.0), PS_ERR_ARGUMENT);
  CHECK(ps_error_detail(text, sizeof text) > 0 && text[0] != 0);
  int32_t ring = ps_ring_new(65536, 1, NULL, 0), regions[4];
  CHECK(ring > 0);
  CHECK_EQUAL(ps_ring_read(ring, storage, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_write(ring, storage, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_advance_read(ring, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_advance_write(ring, INT32_MIN), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_regions(ring, 0, -1, regions), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_read(ring, NULL, 0), 0);
  CHECK_EQUAL(ps_ring_write(ring, NULL, 0), 0);
  CHECK_EQUAL(ps_ring_read_overlap(ring, NULL, 0, 0), 0);
  CHECK_EQUAL(ps_ring_read(ring, NULL, 1), PS_ERR_ARGUMENT); /* nothing there */
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

TEST(a_freed_ring_is_refused_everywhere) {
  char data[8];
  int32_t regions[4], ring = ps_ring_new(4, 2, NULL, 0);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_ring_free(ring), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_read(ring, data, 1), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 1, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_write(ring, data, 1), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_read_available(ring), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_write_available(ring), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_advance_read(ring, 1), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_advance_write(ring, 1), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_regions(ring, 1, 1, regions), PS_ERR_HANDLE);
  CHECK_FAILS(ps_ring_address(ring), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_info(ring, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_flush(ring), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_ring_end(ring), PS_ERR_HANDLE);
}

TEST(the_end_flag) {
  char data[8] = {0};
  int32_t ring = ps_ring_new(1, 8, NULL, 0);
  CHECK_EQUAL(ps_ring_info(ring, 0), 8);
  CHECK_EQUAL(ps_ring_info(ring, 1), 1);
  CHECK_EQUAL(ps_ring_info(ring, 2), 0);
  CHECK_EQUAL(ps_ring_info(ring, 3), 0);
  CHECK_EQUAL(ps_ring_write(ring, data, 5), 5);
  CHECK_EQUAL(ps_ring_end(ring), PS_OK);
  CHECK_EQUAL(ps_ring_info(ring, 2), 1);
  CHECK_EQUAL(ps_ring_read_available(ring), 5);
  CHECK_EQUAL(ps_ring_flush(ring), PS_OK);
  CHECK_EQUAL(ps_ring_info(ring, 2), 0);
  CHECK_EQUAL(ps_ring_read_available(ring), 0);
  CHECK_EQUAL(ps_ring_write_available(ring), 8);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

TEST(overlapping_reads) {
  unsigned char data[8];
  int32_t ring = ps_ring_new(1, 10, NULL, 0);
  for (int i = 0; i < 10; i++) ps_ring_write(ring, &(unsigned char){(unsigned char)i}, 1);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 4, 1), 4);
  CHECK(data[0] == 0 && data[3] == 3);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 4, 1), 4);
  CHECK(data[0] == 3 && data[3] == 6);
  CHECK_EQUAL(ps_ring_read_available(ring), 4);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 4, 4), 4); /* a look, without going forward */
  CHECK_EQUAL(ps_ring_read_available(ring), 4);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 4, 9), 4); /* never backwards */
  CHECK(data[0] == 6 && data[3] == 9);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 2, -3), 2);
  CHECK_EQUAL(ps_ring_read_available(ring), 2);
  CHECK_EQUAL(ps_ring_read_overlap(ring, data, 8, 1), 2); /* fewer than asked for: what is there, minus the overlap */
  CHECK_EQUAL(ps_ring_read_available(ring), 1);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

TEST(looking_ahead) {
  unsigned char data[8] = {0};
  int32_t ring = ps_ring_new(1, 5, NULL, 0);
  for (int i = 0; i < 8; i++) { /* its contents wrap */
    CHECK_EQUAL(ps_ring_write(ring, &(unsigned char){(unsigned char)i}, 1), 1);
    if (i < 4) ps_ring_advance_read(ring, 1);
  }
  CHECK_EQUAL(ps_ring_peek(ring, 0, data, 8), 4);
  CHECK(data[0] == 4 && data[3] == 7);
  CHECK_EQUAL(ps_ring_peek(ring, 2, data, 1), 1);
  CHECK(data[0] == 6 && data[1] == 5);
  CHECK_EQUAL(ps_ring_peek(ring, 3, data, 8), 1);
  CHECK(data[0] == 7 && data[1] == 5);
  CHECK_EQUAL(ps_ring_peek(ring, 4, data, 8), 0);
  CHECK_EQUAL(ps_ring_peek(ring, INT32_MAX, data, 8), 0);
  CHECK_EQUAL(ps_ring_peek(ring, -1, data, 8), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_peek(ring, 0.0 / 0.0, data, 8), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_peek(ring, 0, NULL, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_read_available(ring), 4);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_ring_peek(ring, 0, data, 1), PS_ERR_HANDLE);
}

/* The region of a side, its parts checked to be in the storage; through the address, as views on it are made. */
static int32_t region(int32_t ring, int32_t side, int32_t count, unsigned char *parts[2], int32_t counts[2]) {
  int32_t regions[4] = {-1, -1, -1, -1}, size = ps_ring_info(ring, 0), bytes = ps_ring_info(ring, 1);
  unsigned char *storage = (unsigned char *)(uintptr_t)ps_ring_address(ring);
  int32_t found = ps_ring_regions(ring, side, count, regions);
  CHECK_EQUAL(regions[1] + regions[3], found);
  CHECK(regions[0] >= 0 && regions[0] + regions[1] <= size);
  CHECK(regions[3] == 0 || (regions[2] == 0 && regions[0] + regions[1] == size && regions[3] <= regions[0]));
  for (int i = 0; i < 2; i++) {
    parts[i] = storage + (size_t)regions[2 * i] * (size_t)bytes;
    counts[i] = regions[2 * i + 1];
  }
  return found;
}

struct queue { /* what the ring is compared with: counts are all there is to it, data follows from the position */
  int32_t ring, size;
  size_t bytes;
  uint64_t read, written; /* elements */
};

static int32_t smaller(int64_t a, int64_t b) { return (int32_t)(a < b ? a : b); }

static void write_some(struct queue *queue, struct random *random, unsigned char *data) {
  int32_t count = (int32_t)random_between(random, 0, queue->size + 2), counts[2], expected;
  uint64_t position = queue->written * queue->bytes;
  unsigned char *parts[2];
  expected = smaller(count, queue->size - (int64_t)(queue->written - queue->read));
  if (random_once_in(random, 2)) {
    fill(data, position, (size_t)count * queue->bytes);
    CHECK_EQUAL(ps_ring_write(queue->ring, data, count), expected);
  } else {
    CHECK_EQUAL(region(queue->ring, 1, count, parts, counts), expected);
    fill(parts[0], position, (size_t)counts[0] * queue->bytes);
    fill(parts[1], position + (size_t)counts[0] * queue->bytes, (size_t)counts[1] * queue->bytes);
    CHECK_EQUAL(ps_ring_advance_write(queue->ring, count), expected);
  }
  queue->written += (uint64_t)expected;
}

static void read_some(struct queue *queue, struct random *random, unsigned char *data) {
  int32_t count = (int32_t)random_between(random, 0, queue->size + 2), counts[2];
  int32_t overlap = (int32_t)random_between(random, 0, queue->size), way = (int32_t)random_between(random, 0, 2);
  uint64_t position = queue->read * queue->bytes;
  int32_t expected = smaller(count, (int64_t)(queue->written - queue->read));
  size_t wrong;
  if (way == 0) {
    CHECK_EQUAL(ps_ring_read(queue->ring, data, count), expected);
    wrong = wrong_bytes(data, position, (size_t)expected * queue->bytes);
  } else if (way == 1) {
    CHECK_EQUAL(ps_ring_read_overlap(queue->ring, data, count, overlap), expected);
    wrong = wrong_bytes(data, position, (size_t)expected * queue->bytes);
    expected = expected > overlap ? expected - overlap : 0;
  } else {
    unsigned char *parts[2];
    CHECK_EQUAL(region(queue->ring, 0, count, parts, counts), expected);
    wrong = wrong_bytes(parts[0], position, (size_t)counts[0] * queue->bytes);
    wrong += wrong_bytes(parts[1], position + (size_t)counts[0] * queue->bytes, (size_t)counts[1] * queue->bytes);
    CHECK_EQUAL(ps_ring_advance_read(queue->ring, count), expected);
  }
  CHECK_EQUAL(wrong, 0);
  queue->read += (uint64_t)expected;
}

static uint64_t seed;

TEST(any_sequence_of_calls) {
  struct random random = {seed};
  int cases = test_full() ? 20000 : 2000;
  for (int i = 0; i < cases && !test_failures; i++) {
    int32_t element = (int32_t)random_between(&random, 1, random_once_in(&random, 10) ? 700 : 32);
    int32_t size = (int32_t)(random_once_in(&random, 3) ? (int64_t)1 << random_between(&random, 0, 7)
                                                        : random_between(&random, 1, 130));
    size_t bytes = (size_t)element * (size_t)size;
    int own = random_once_in(&random, 2);
    unsigned char *storage = NULL, *data = malloc(bytes + 2 * (size_t)element);
    if (own) {
      storage = malloc(bytes + 2 * GUARD);
      memset(storage, 0xA5, bytes + 2 * GUARD);
    }
    int32_t ring = ps_ring_new(element, size, own ? storage + GUARD : NULL, own ? (double)bytes : 0);
    CHECK(ring > 0);
    struct queue queue = {ring, size, (size_t)element, 0, 0};
    for (int call = 0; call < 60; call++) {
      if (random_once_in(&random, 2))
        write_some(&queue, &random, data);
      else
        read_some(&queue, &random, data);
      CHECK_EQUAL(ps_ring_read_available(ring), queue.written - queue.read);
      CHECK_EQUAL(ps_ring_write_available(ring), (uint64_t)size - (queue.written - queue.read));
    }
    CHECK_EQUAL(ps_ring_free(ring), PS_OK);
    if (own) {
      int changed = 0;
      for (int g = 0; g < GUARD; g++) changed += storage[g] != 0xA5 || storage[GUARD + bytes + (size_t)g] != 0xA5;
      CHECK_EQUAL(changed, 0);
    }
    free(storage);
    free(data);
    if (test_failures) printf("# case %d: %d elements of %d bytes\n", i, size, element);
  }
}

TEST(moving) {
  int16_t mine[8] = {0}, other[8] = {0}, data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[8];
  int32_t ring = ps_ring_new(2, 8, mine, sizeof mine);
  CHECK_EQUAL(ps_ring_write(ring, data, 6), 6);
  CHECK_EQUAL(ps_ring_read(ring, out, 4), 4);
  CHECK_EQUAL(ps_ring_move(ring, NULL, 0), PS_OK);
  CHECK_EQUAL(ps_ring_write(ring, data, 4), 4); /* wraps */
  CHECK_EQUAL(mine[6], 0);
  CHECK_EQUAL(ps_ring_move(ring, other, sizeof other - 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_ring_move(ring, other, sizeof other), PS_OK);
  CHECK_EQUAL(other[6], 1);
  CHECK_EQUAL(ps_ring_move(ring, other, sizeof other), PS_OK);
  CHECK_EQUAL(ps_ring_read(ring, out, 8), 6);
  int16_t expected[] = {5, 6, 1, 2, 3, 4};
  CHECK(memcmp(out, expected, sizeof expected) == 0);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  CHECK_EQUAL(ps_ring_move(ring, NULL, 0), PS_ERR_HANDLE);
}

TEST(counts_beyond_32_bits) {
  int32_t sizes[] = {1 << 20, 1000003};
  for (int i = 0; i < 2; i++) {
    int32_t size = sizes[i], ring = ps_ring_new(1, size, NULL, 0), stopped = 0;
    uint64_t moved = 0;
    while (moved < ((uint64_t)1 << 32) + 12345 && !stopped) {
      stopped = ps_ring_advance_write(ring, size) != size || ps_ring_advance_read(ring, size) != size;
      moved += (uint64_t)size;
    }
    CHECK(!stopped);
    struct queue queue = {ring, size, 1, moved, moved};
    struct random random = {seed};
    unsigned char *data = malloc((size_t)size + 2);
    for (int call = 0; call < 20; call++) {
      write_some(&queue, &random, data);
      read_some(&queue, &random, data);
    }
    free(data);
    CHECK_EQUAL(ps_ring_free(ring), PS_OK);
  }
}

static int32_t handles_before;

TEST(no_handle_is_left) { CHECK_EQUAL(ps_handle_count(), handles_before); }

int main(void) {
  handles_before = ps_handle_count();
  seed = random_seed();
  RUN(arguments_are_checked);
  RUN(a_freed_ring_is_refused_everywhere);
  RUN(the_end_flag);
  RUN(overlapping_reads);
  RUN(looking_ahead);
  RUN(any_sequence_of_calls);
  RUN(moving);
  RUN(counts_beyond_32_bits);
  RUN(no_handle_is_left);
  return test_end();
}
