#define _POSIX_C_SOURCE 200809L
/* Notices of ALSA's device nodes, in a folder that stands for /dev. */
#include "device/portaudio/nodes.h"

#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char folder[] = "/tmp/pastream-nodes-XXXXXX";
static struct nodes_watch watch;

static const char *path(const char *name) {
  static char full[128];
  snprintf(full, sizeof full, "%s/%s", folder, name);
  return full;
}

static void make_node(const char *name) {
  FILE *file = fopen(path(name), "w");
  if (CHECK(file != NULL)) fclose(file);
}

TEST(machine_without_sound_devices) {
  CHECK(nodes_watch_init(&watch, folder));
  CHECK(!nodes_changed(&watch, 0));
  make_node("tty");
  CHECK(!nodes_changed(&watch, 0.02));
}

TEST(devices_come_and_go) {
  CHECK_EQUAL(mkdir(path("snd"), 0700), 0);
  CHECK(nodes_changed(&watch, SOON));
  make_node("snd/pcmC0D0p");
  CHECK(nodes_changed(&watch, SOON));
  CHECK(!nodes_changed(&watch, 0));
  CHECK_EQUAL(unlink(path("snd/pcmC0D0p")), 0);
  CHECK(nodes_changed(&watch, SOON));
}

TEST(last_device_goes_and_another_one_comes) {
  CHECK_EQUAL(rmdir(path("snd")), 0);
  CHECK(nodes_changed(&watch, SOON));
  CHECK_EQUAL(mkdir(path("snd"), 0700), 0);
  CHECK(nodes_changed(&watch, SOON));
  make_node("snd/pcmC1D0p");
  CHECK(nodes_changed(&watch, SOON));
  nodes_watch_end(&watch);
  CHECK_EQUAL(unlink(path("snd/pcmC1D0p")) | rmdir(path("snd")) | unlink(path("tty")) | rmdir(folder), 0);
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  RUN(machine_without_sound_devices);
  RUN(devices_come_and_go);
  RUN(last_device_goes_and_another_one_comes);
  return test_end();
}
