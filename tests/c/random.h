/* Random numbers that a printed seed repeats: splitmix64. */
#ifndef PS_TEST_RANDOM_H
#define PS_TEST_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A well mixed function of its argument; also makes test data out of positions. */
static inline uint64_t random_mix(uint64_t value) {
  value ^= value >> 30;
  value *= 0xBF58476D1CE4E5B9u;
  value ^= value >> 27;
  value *= 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

struct random {
  uint64_t state;
};

static inline uint64_t random_next(struct random *random) { return random_mix(random->state += 0x9E3779B97F4A7C15u); }

static inline int64_t random_between(struct random *random, int64_t low, int64_t high) {
  return low + (int64_t)(random_next(random) % (uint64_t)(high - low + 1));
}

/* True once in `times`. */
static inline int random_once_in(struct random *random, int times) { return random_between(random, 1, times) == 1; }

/* PASTREAM_TEST_SEED, or one of this moment; printed. */
static inline uint64_t random_seed(void) {
  const char *text = getenv("PASTREAM_TEST_SEED");
  uint64_t seed = text != NULL && *text != 0 ? strtoull(text, NULL, 0) : random_mix((uint64_t)time(NULL)) & 0xFFFFFFFFu;
  printf("# PASTREAM_TEST_SEED=%llu\n", (unsigned long long)seed);
  return seed;
}

#endif
