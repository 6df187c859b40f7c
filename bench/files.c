/* What bench/files.ts is compared with: a C program that reads a sound file with libsndfile into float32, in blocks of
 * 64 Ki frames. Prints how many milliseconds of processor time that took, and how many passed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "file/sndfile/api.h"

#define BLOCK 65536

static double read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

int main(int count, char **arguments) {
  void *library = dlopen("libsndfile.so.1", RTLD_NOW);
  if (count != 2 || !library) return 2;
  struct sndfile *(*open)(const char *, int, struct sf_info *) = dlsym(library, "sf_open");
  int64_t (*read)(struct sndfile *, float *, int64_t) = dlsym(library, "sf_readf_float");
  int (*close)(struct sndfile *) = dlsym(library, "sf_close");
  double passed = -read_clock(CLOCK_MONOTONIC), used = -read_clock(CLOCK_PROCESS_CPUTIME_ID);
  struct sf_info info = {0};
  struct sndfile *file = open(arguments[1], SF_READ, &info);
  if (!file) return 1;
  float *block = malloc(sizeof *block * BLOCK * (size_t)info.channels);
  int64_t frames, total = 0;
  while ((frames = read(file, block, BLOCK)) > 0) total += frames;
  close(file);
  used += read_clock(CLOCK_PROCESS_CPUTIME_ID);
  passed += read_clock(CLOCK_MONOTONIC);
  printf("{\"frames\": %lld, \"used\": %.3f, \"passed\": %.3f}\n", (long long)total, used, passed);
  return 0;
}
