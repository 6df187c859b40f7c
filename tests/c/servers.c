#define _POSIX_C_SOURCE 200809L
#include "servers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *missing_server(const char *programs) {
  static char reason[128];
  char test[256];
  const char *ci = getenv("CI");
  snprintf(test, sizeof test, "for p in %s; do command -v $p >/dev/null || exit 1; done", programs);
  if ((ci && strcmp(ci, "true") == 0) || system(test) == 0) return NULL;
  snprintf(reason, sizeof reason, "not installed: one of %s", programs);
  return reason;
}

/* Reads the script's lines into the environment; returns the server's process id, 0 if it ended before. */
static pid_t read_environment(FILE *lines) {
  char line[512];
  while (fgets(line, sizeof line, lines)) {
    line[strcspn(line, "\n")] = 0;
    char *value = strchr(line, '=');
    if (!value) continue;
    *value++ = 0;
    if (strcmp(line, "SERVER_PID") == 0) return (pid_t)atoi(value);
    setenv(line, value, 1);
  }
  return 0;
}

/* A pipe that other children do not inherit: they would hold it open. */
static int private_pipe(int *ends) {
  return pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

static int start(struct server *server, const char *kind) {
  int hold[2], answer[2];
  if (!private_pipe(hold) || !private_pipe(answer)) return 0;
  server->script = fork();
  if (server->script == 0) {
    dup2(hold[0], STDIN_FILENO);
    dup2(answer[1], STDOUT_FILENO);
    execlp("sh", "sh", "tests/helpers/servers.sh", kind, NULL);
    _exit(127);
  }
  close(hold[0]);
  close(answer[1]);
  server->hold = hold[1];
  FILE *lines = fdopen(answer[0], "r");
  server->pid = lines ? read_environment(lines) : 0;
  if (lines) fclose(lines);
  if (server->pid <= 0) end_server(server);
  return server->pid > 0;
}

int start_jack(struct server *server) { return start(server, "jack"); }
int start_pulse(struct server *server) { return start(server, "pulse"); }
int start_pipewire(struct server *server) { return start(server, "pipewire"); }
int start_alsa(struct server *server) { return start(server, "alsa"); }

void end_server(struct server *server) {
  close(server->hold);
  waitpid(server->script, NULL, 0);
}
