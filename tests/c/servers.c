#define _GNU_SOURCE
#include "servers.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#define READY_SECONDS 15

static char folder[64];
static char jack_name[64];
static pid_t reader = -1; /* of the null sink's monitor */

static int command(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  return system(line);
}

void servers_folder(void) {
  snprintf(folder, sizeof folder, "/tmp/pastream-XXXXXX");
  if (!mkdtemp(folder)) abort();
  setenv("HOME", folder, 1);
  setenv("XDG_RUNTIME_DIR", folder, 1);
  setenv("XDG_CONFIG_HOME", folder, 1);
  unsetenv("PULSE_SERVER");
  unsetenv("DISPLAY");
  unsetenv("DBUS_SESSION_BUS_ADDRESS");
  setenv("JACK_NO_AUDIO_RESERVATION", "1", 1);
  setenv("JACK_DEFAULT_SERVER", "pastream-none", 1);
}

const char *missing_server(const char *programs) {
  static char reason[128];
  const char *ci = getenv("CI");
  if ((ci && strcmp(ci, "true") == 0) || command("for p in %s; do command -v $p >/dev/null || exit 1; done", programs) == 0)
    return NULL;
  snprintf(reason, sizeof reason, "not installed: one of %s", programs);
  return reason;
}

void remove_servers_folder(void) { command("rm -rf '%s'", folder); }

/* Starts a program whose output goes to the file "output" in the folder. */
static pid_t start(char *const *arguments) {
  pid_t parent = getpid(), server = fork();
  if (server != 0) return server;
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent) _exit(1);
  if (chdir(folder) || !freopen("/dev/null", "r", stdin) || !freopen("output", "w", stdout)) _exit(1);
  dup2(STDOUT_FILENO, STDERR_FILENO);
  execvp(arguments[0], arguments);
  _exit(127);
}

/* Waits until a shell command succeeds while the server lives. */
static int wait_ready(pid_t server, const char *test) {
  for (int i = 0; i < READY_SECONDS * 20; i++) {
    if (command("%s", test) == 0) return 1;
    if (waitpid(server, NULL, WNOHANG) == server) return 0;
    usleep(50000);
  }
  end_server(server);
  return 0;
}

static pid_t start_jack_as(const char *name, int realtime) {
  char test[256];
  snprintf(jack_name, sizeof jack_name, "%s", name);
  setenv("JACK_DEFAULT_SERVER", name, 1);
  /* The first means that the name was free: a server of another test would answer as well. */
  snprintf(test, sizeof test, "grep -qs 'server starting' %s/output && jack_lsp 2>&1 | grep -q loopback:playback_2", folder);
  /* Fewer ports than usual need 40 MB of shared memory instead of 100. */
  char *with[] = {"jackd", "-R", "-P60", "-p", "128", "-n", jack_name, "-L", "2", "-d", "dummy", "-r", "48000", "-p", "256",
                  NULL};
  char *without[] = {"jackd", "-r", "-p", "128", "-n", jack_name, "-L", "2", "-d", "dummy", "-r", "48000", "-p", "256",
                     NULL};
  pid_t server = start(realtime ? with : without);
  return wait_ready(server, test) ? server : -1;
}

pid_t start_jack(void) {
  /* JACK has eight places for servers and gives that of a killed one back only to a server of the same name. */
  for (int i = 0; i < 8; i++) {
    char name[32];
    snprintf(name, sizeof name, "pastream-test-%d", i % 4);
    pid_t server = start_jack_as(name, i < 4); /* realtime scheduling is refused in some places */
    if (server > 0) return server;
  }
  command("cat %s/output", folder);
  return -1;
}

pid_t start_pulse(void) {
  char path[128];
  snprintf(path, sizeof path, "%s/.asoundrc", folder);
  FILE *file = fopen(path, "w");
  if (!file) return -1;
  fputs("pcm.!default { type pulse }\nctl.!default { type pulse }\n", file);
  fclose(file);
  snprintf(path, sizeof path, "unix:%s/pulse.socket", folder);
  setenv("PULSE_SERVER", path, 1);
  setenv("PULSE_RUNTIME_PATH", folder, 1);
  setenv("PULSE_STATE_PATH", folder, 1);
  char load[256];
  snprintf(load, sizeof load, "--load=module-native-protocol-unix auth-anonymous=1 socket=%s/pulse.socket", folder);
  char *arguments[] = {"pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
                       "--disable-shm=yes", "--high-priority=no", "--realtime=no", load,
                       "--load=module-null-sink sink_name=loop rate=48000 channels=2 format=float32le", NULL};
  pid_t server = start(arguments);
  if (!wait_ready(server, "pactl list short sources 2>/dev/null | grep -q loop.monitor")) return -1;
  /* A null sink that nobody listens to has a latency of two seconds. */
  char *listen[] = {"parec", "--latency-msec=10", "-d", "loop.monitor", NULL};
  reader = start(listen);
  return server;
}

void end_server(pid_t server) {
  if (server <= 0) return;
  kill(server, SIGTERM);
  kill(server, SIGCONT);
  for (int i = 0; i < 40; i++) {
    if (waitpid(server, NULL, WNOHANG) != 0) break;
    if (i == 30) kill(server, SIGKILL);
    usleep(50000);
  }
  if (reader > 0) {
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    reader = -1;
  }
  if (*jack_name) command("rm -rf /dev/shm/jack_%s_* /dev/shm/jack_sem.*_%s_*", jack_name, jack_name);
}
