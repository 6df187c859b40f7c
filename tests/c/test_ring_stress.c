/* A ring between two threads that run as fast as they can: every byte is checked, in every way of moving data. */
#include "os/os.h"
#include "pastream.h"
#include "random.h"
#include "test.h"

/* The data is a pattern that repeats every PERIOD bytes: a prime, so that no size of a ring divides it and an error of
 * position shows at once; written twice in a row, so that any run of it is contiguous. */
#define PERIOD 65521
#define BLOCK_BYTES 16384 /* most that is moved at once */
static unsigned char pattern[PERIOD + BLOCK_BYTES];

enum way { COPY, REGIONS, OVERLAP };
static const char *const way_names[] = {"copy", "regions", "overlap"};

struct flow {
  int32_t ring, element, size;
  int64_t elements; /* to be moved in all */
  enum way writes;
  uint64_t seed;
};

static const unsigned char *pattern_at(const struct flow *flow, int64_t element) {
  return pattern + (uint64_t)element * (uint64_t)flow->element % PERIOD;
}

/* Nothing to do at the moment. Spinning finds the other side's next move at once, but on a machine with few free cores
 * the other side has to get one. */
static void wait_a_little(int *turns) {
  if (++*turns % 64 == 0) os_sleep(1e-6);
}

static int32_t some(const struct flow *flow, struct random *random, int64_t left) {
  int64_t most = BLOCK_BYTES / flow->element;
  if (most > flow->size) most = flow->size;
  if (most > left) most = left;
  return (int32_t)random_between(random, 1, most);
}

static unsigned char *part(const struct flow *flow, int32_t element) {
  return (unsigned char *)(uintptr_t)ps_ring_address(flow->ring) + (size_t)element * (size_t)flow->element;
}

static void write_all(void *argument) {
  const struct flow *flow = argument;
  struct random random = {flow->seed};
  int turns = 0;
  for (int64_t done = 0; done < flow->elements;) {
    int32_t count = some(flow, &random, flow->elements - done), moved, r[4];
    if (flow->writes == COPY) {
      moved = ps_ring_write(flow->ring, pattern_at(flow, done), count);
    } else {
      moved = ps_ring_regions(flow->ring, 1, count, r);
      memcpy(part(flow, r[0]), pattern_at(flow, done), (size_t)r[1] * (size_t)flow->element);
      memcpy(part(flow, r[2]), pattern_at(flow, done + r[1]), (size_t)r[3] * (size_t)flow->element);
      if (!CHECK_EQUAL(ps_ring_advance_write(flow->ring, moved), moved)) break;
    }
    if (moved < 0 && !CHECK_EQUAL(moved, 0)) break;
    if (moved == 0) wait_a_little(&turns);
    done += moved;
  }
  CHECK_EQUAL(ps_ring_end(flow->ring), PS_OK);
}

/* Moves on by what this answers; `same` becomes 0 at the first byte that is not the one written. */
static int32_t read_some(const struct flow *flow, enum way way, struct random *random, int64_t done, int *same) {
  static unsigned char data[BLOCK_BYTES];
  int32_t count = some(flow, random, INT64_MAX), moved, r[4], overlap = 0;
  size_t bytes = (size_t)flow->element;
  if (way == REGIONS) {
    moved = ps_ring_regions(flow->ring, 0, count, r);
    *same = !memcmp(part(flow, r[0]), pattern_at(flow, done), (size_t)r[1] * bytes) &&
            !memcmp(part(flow, r[2]), pattern_at(flow, done + r[1]), (size_t)r[3] * bytes);
    return ps_ring_advance_read(flow->ring, moved) == moved ? moved : PS_ERR_STATE;
  }
  if (way == OVERLAP) {
    overlap = (int32_t)random_between(random, 0, count - 1);
    moved = ps_ring_read_overlap(flow->ring, data, count, overlap);
  } else {
    moved = ps_ring_read(flow->ring, data, count);
  }
  if (moved > 0) *same = !memcmp(data, pattern_at(flow, done), (size_t)moved * bytes);
  return moved > overlap ? moved - overlap : moved < 0 ? moved : 0;
}

static void run(int32_t element, int32_t size, enum way writes, enum way reads, int64_t bytes, uint64_t seed) {
  struct flow flow = {ps_ring_new(element, size, NULL, 0), element, size, bytes / element, writes, seed};
  struct random random = {~seed};
  struct os_thread writer;
  int64_t done = 0;
  int same = 1, ended = 0, turns = 0;
  CHECK_EQUAL(os_thread_start(&writer, "writer", OS_THREAD_NORMAL, write_all, &flow), 0);
  while (same) {
    int32_t moved = read_some(&flow, reads, &random, done, &same);
    if (moved < 0 && !CHECK_EQUAL(moved, 0)) break;
    done += moved;
    if (moved > 0) continue;
    /* The end is asked for before the last look: what was written before it is then seen. */
    if (ended && ps_ring_read_available(flow.ring) == 0) break;
    ended = ps_ring_info(flow.ring, 2);
    wait_a_little(&turns);
  }
  CHECK(same);
  CHECK_EQUAL(done, flow.elements);
  if (test_failures) printf("# %d x %d bytes, %s to %s\n", size, element, way_names[writes], way_names[reads]);
  while (!same && !ps_ring_info(flow.ring, 2)) ps_ring_advance_read(flow.ring, size); /* lets the writer end */
  os_thread_join(&writer);
  CHECK_EQUAL(ps_ring_free(flow.ring), PS_OK);
}

static uint64_t seed;
static int64_t total_bytes;

TEST(all_ways_through_rings_of_many_sizes) {
  /* With the share of the bytes, in percent: small rings take the most turns between the threads. */
  static const struct {
    int32_t element, size, percent;
  } rings[] = {
      {8, 65536, 54}, {8, 1000, 20}, {4, 4096, 16}, {256, 60, 8}, {3, 997, 1}, {12, 256, 1},
  };
  int64_t moved = 0;
  for (size_t i = 0; i < sizeof rings / sizeof *rings; i++)
    for (int writes = COPY; writes <= REGIONS; writes++)
      for (int reads = COPY; reads <= OVERLAP && !test_failures; reads++) {
        int64_t bytes = total_bytes * rings[i].percent / 600;
        run(rings[i].element, rings[i].size, (enum way)writes, (enum way)reads, bytes, seed++);
        moved += bytes;
      }
  printf("# %" PRId64 " bytes\n", moved);
}

TEST(tiny_rings) {
  for (int size = 1; size <= 7; size += 3)
    for (int writes = COPY; writes <= REGIONS; writes++)
      for (int reads = COPY; reads <= OVERLAP && !test_failures; reads++)
        run(5, size, (enum way)writes, (enum way)reads, total_bytes / 10000, seed++);
}

int main(void) {
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (unsigned char)random_mix(i % PERIOD);
  seed = random_seed();
  total_bytes = (test_full() ? 1000 : 100) * INT64_C(1000000);
  RUN(all_ways_through_rings_of_many_sizes);
  RUN(tiny_rings);
  return test_end();
}
