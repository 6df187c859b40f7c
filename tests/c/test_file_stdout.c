/* What libsndfile prints while it writes does not reach the program's stdout, and what the program prints does.
 * No threads: it calls one function after the other. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "os/os.h"
#include "random.h"
#include "test.h"

#define PACKET 4096
#define FRAMES (10 * PACKET)

static struct random source;
static int32_t samples[FRAMES];
static char seen[1000];

/* Noise that becomes loud within a packet: the encoder of ALAC takes it for smaller than it is. */
static void make_noise(int32_t level) {
  for (int i = 0; i < FRAMES; i++) {
    int32_t value = (int32_t)random_between(&source, -level, level);
    samples[i] = (i % PACKET < 600 ? value / 1000 : value) * (1 << 8);
  }
}

TEST(alac_is_silent) {
  int real = dup(STDOUT_FILENO), written = open(file_path("stdout"), O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(real >= 0 && written >= 0);
  if (!os_stdout_drops()) return;
  fflush(stdout);
  dup2(written, STDOUT_FILENO);
  printf("before ");
  int32_t status = PS_OK, done = 0;
  for (int i = 0; i < 9; i++) {
    double info[PS_FILE_INFO_SIZE];
    file_info(info, SF_CAF | (SF_ALAC_16 + i % 3), 1, 48000);
    make_noise((1 << 21) * (2 + i / 3));
    int32_t file = ps_file_open(file_path("noise.caf"), PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
    done += ps_file_write(file, samples, FRAMES - 1000, PS_FORMAT_INT32); /* closing it writes the last packet */
    if (status == PS_OK) status = ps_file_close(file);
  }
  printf("after");
  fflush(stdout);
  dup2(real, STDOUT_FILENO);
  close(real);
  CHECK_EQUAL(status, PS_OK);
  CHECK_EQUAL(done, 9 * (FRAMES - 1000));
  ssize_t bytes = pread(written, seen, sizeof seen - 1, 0);
  close(written);
  CHECK(bytes >= 0);
  CHECK(strcmp(seen, "before after") == 0);
}

int main(void) {
  source.state = random_seed();
  RUN(alac_is_silent);
  return test_end();
}
