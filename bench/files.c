/* What bench/files.ts is compared with: a C program that reads a sound file with libsndfile into float32, in blocks of
 * so many frames or (0) all at once into new memory, and writes it again if it is given a second path. Prints
 * how many milliseconds of processor time the reading took, or the writing, and how many passed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "file/sndfile/api.h"

static double read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

int main(int count, char **arguments) {
  void *library = dlopen("libsndfile.so.1", RTLD_NOW);
  if (count < 3 || !library) return 2;
  struct sndfile *(*open)(const char *, int, struct sf_info *) = dlsym(library, "sf_open");
  int64_t (*read)(struct sndfile *, float *, int64_t) = dlsym(library, "sf_readf_float");
  int64_t (*write)(struct sndfile *, const float *, int64_t) = dlsym(library, "sf_writef_float");
  int (*close)(struct sndfile *) = dlsym(library, "sf_close");
  double passed = -read_clock(CLOCK_MONOTONIC), used = -read_clock(CLOCK_PROCESS_CPUTIME_ID);
  struct sf_info info = {0};
  struct sndfile *file = open(arguments[1], SF_READ, &info);
  if (!file) return 1;
  int64_t block_frames = atoll(arguments[2]), frames, total = 0;
  if (block_frames == 0) block_frames = info.frames;
  float *block = malloc(sizeof *block * (size_t)block_frames * (size_t)info.channels);
  while ((frames = read(file, block, block_frames)) > 0) total += frames;
  close(file);
  if (count > 3) {
    passed = -read_clock(CLOCK_MONOTONIC), used = -read_clock(CLOCK_PROCESS_CPUTIME_ID);
    struct sf_info made = {.sample_rate = info.sample_rate, .channels = info.channels, .format = info.format};
    file = open(arguments[3], SF_WRITE, &made);
    if (!file || write(file, block, total) != total) return 1;
    close(file);
  }
  used += read_clock(CLOCK_PROCESS_CPUTIME_ID);
  passed += read_clock(CLOCK_MONOTONIC);
  printf("{\"frames\": %lld, \"used\": %.3f, \"passed\": %.3f}\n", (long long)total, used, passed);
  return 0;
}
