/* Measuring one piece of code against another in the same run: the two take turns, so that what else the machine does
 * meanwhile meets both, and medians are compared. */
#ifndef PS_BENCH_H
#define PS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

#ifndef ROUNDS
#define ROUNDS 401
#endif

/* What is measured: prepare (not timed), then `calls` calls in one go. */
struct piece {
  void (*prepare)(void *argument);
  void (*run)(void *argument, int calls);
};

static inline int bench_compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline double bench_median(double *values) {
  qsort(values, ROUNDS, sizeof *values, bench_compare);
  return values[ROUNDS / 2];
}

/* Zeroed memory that begins on a cache line: where a block begins matters more than some of what is measured. */
static inline void *bench_memory(size_t bytes) {
  size_t whole = (bytes + 63) / 64 * 64;
  return memset(aligned_alloc(64, whole), 0, whole);
}

static inline double bench_time(const struct piece *piece, void *argument, int calls) {
  piece->prepare(argument);
  double from = os_time();
  piece->run(argument, calls);
  return (os_time() - from) * 1e9 / calls;
}

/* Prints a row of a table: ns a call of each, the ratio of the two, and the target that the caller words. */
static inline void bench(const char *name, const struct piece *piece, const struct piece *reference, void *argument,
                         int calls, const char *target) {
  static double times[ROUNDS], reference_times[ROUNDS], ratios[ROUNDS];
  for (int i = 0; i < 20; i++) bench_time(piece, argument, calls), bench_time(reference, argument, calls);
  for (int i = 0; i < ROUNDS; i++) {
    times[i] = bench_time(piece, argument, calls);
    reference_times[i] = bench_time(reference, argument, calls);
    ratios[i] = times[i] / reference_times[i];
  }
  double time = bench_median(times), other = bench_median(reference_times);
  printf("| %-52s | %8.1f | %8.1f | %6.2f | %+8.1f | %-10s |\n", name, time, other, bench_median(ratios), time - other,
         target);
}

static inline void bench_head(const char *what, const char *reference) {
  printf("\n| %-52s | %8s | %8s | %6s | %8s | %-10s |\n|-|-:|-:|-:|-:|-|\n", what, "ns", reference, "ratio", "ns more",
         "target");
}

#endif
