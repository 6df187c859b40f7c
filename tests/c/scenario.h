/* What the tests of the real PortAudio share. Include it in the test itself: its checks are those of that file. */
#ifndef PS_TEST_SCENARIO_H
#define PS_TEST_SCENARIO_H

#include <sys/wait.h>
#include <unistd.h>

#include "pastream.h"
#include "servers.h"
#include "suppressions.h"
#include "test.h"

const char *__tsan_default_suppressions(void) { return SUPPRESS_SOUND_SERVERS; }

/* PortAudio keeps a few bytes of each stream. */
const char *__lsan_default_suppressions(void) { return "leak:libportaudio.so.2\n"; }

static inline int32_t find_device(const char *wanted) {
  char name[256];
  int32_t count = ps_device_count();
  for (int32_t i = 0; i < count; i++) {
    if (ps_device_info(i, NULL, 0, name, sizeof name) >= 0 && strcmp(name, wanted) == 0) return i;
  }
  return -1;
}

static inline void duplex_config(double *config, double device) {
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = device;
  config[PS_CONFIG_INPUT_CHANNELS] = config[PS_CONFIG_OUTPUT_CHANNELS] = 2;
}

static inline int32_t command(int32_t stream, int32_t what) {
  return ps_stream_await(stream, ps_stream_command(stream, what));
}

/* An open stream, or a negative status. */
static inline int32_t open_stream(const double *config) {
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
  if (stream < 0) return stream;
  int32_t status = command(stream, PS_COMMAND_OPEN);
  if (status >= 0) return stream;
  ps_stream_free(stream);
  return status;
}

static inline const char *detail(void) {
  static char text[512];
  ps_error_detail(text, sizeof text);
  return text;
}

/* What the library or its dependencies print on stderr while a scenario runs. */
static int stderr_saved, stderr_caught;

static inline void catch_stderr(void) {
  fflush(stderr);
  stderr_saved = dup(2);
  dup2(stderr_caught, 2);
}

static inline int make_stderr_file(void) {
  char path[] = "/tmp/pastream-stderr-XXXXXX";
  int file = mkstemp(path);
  unlink(path);
  return file;
}

/* Except what PortAudio prints about a server that died, on a thread of its own and at an unknown time. */
static inline void check_stderr_silent(void) {
  char text[4000], *line = text;
  fflush(stderr);
  dup2(stderr_saved, 2);
  ssize_t length = pread(stderr_caught, text, sizeof text - 1, 0);
  text[length > 0 ? length : 0] = 0;
  while (*line) {
    char *end = line + strcspn(line, "\n");
    if (strncmp(line, "Expression '", 12) != 0 && line != end && !CHECK(!"stderr is silent"))
      printf("# stderr: %.*s\n", (int)(end - line), line);
    line = *end ? end + 1 : end;
  }
}

/* A call that was given up does not leave stderr turned away. */
static inline void scenario_check_stderr_open(void) {
  off_t before = lseek(stderr_caught, 0, SEEK_END);
  CHECK_EQUAL(write(2, "\n", 1), 1);
  CHECK_EQUAL(lseek(stderr_caught, 0, SEEK_END), before + 1);
}

#define SCENARIOS_MOST 8
static struct scenario_begun {
  void (*scenario)(void);
  pid_t child;
  int caught;
} scenarios_begun[SCENARIOS_MOST];

static inline struct scenario_begun *scenario_find(void (*scenario)(void)) {
  for (int i = 0; i < SCENARIOS_MOST; i++)
    if (scenarios_begun[i].scenario == scenario) return &scenarios_begun[i];
  return NULL;
}

/* Begins a scenario, in a child process. Those that mostly wait may be begun together: scenario_passes() waits for the
 * end of each. */
static inline struct scenario_begun *scenario_begin(void (*scenario)(void)) {
  struct scenario_begun *begun = scenario_find(NULL);
  fflush(stdout);
  begun->scenario = scenario;
  begun->caught = stderr_caught = make_stderr_file();
  begun->child = fork();
  if (begun->child == 0) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    atomic_store(&test_failures, 0);
    catch_stderr();
    scenario();
    check_stderr_silent();
    fflush(stdout);
    exit(atomic_load(&test_failures) != 0);
  }
  return begun;
}

/* Runs a scenario, unless it has begun, to its end. */
static inline int scenario_passes(void (*scenario)(void)) {
  struct scenario_begun *begun = scenario_find(scenario);
  if (!begun) begun = scenario_begin(scenario);
  int status, caught = begun->caught;
  waitpid(begun->child, &status, 0);
  begun->scenario = NULL;
  if (WIFSIGNALED(status)) {
    char text[4000];
    off_t size = lseek(caught, 0, SEEK_END), from = size > (off_t)sizeof text ? size - (off_t)sizeof text : 0;
    ssize_t length = pread(caught, text, sizeof text, from);
    printf("# ended by signal %d, with this on stderr:\n%.*s\n", WTERMSIG(status), (int)(length > 0 ? length : 0),
           text);
  } else if (WEXITSTATUS(status) != 0)
    printf("# ended with %d\n", WEXITSTATUS(status));
  close(caught);
  return status == 0;
}

/* A stream of silence that runs until stopped, of both directions or one; returned when it has processed `frames`
 * frames. On a machine that is too busy PortAudio gives up one of both directions at some xruns of PulseAudio. */
enum directions { INPUT_ONLY, OUTPUT_ONLY, DUPLEX };
#define FRAMES_SETTLED (1.5 * 48000) /* past all that belongs to a start */
static inline int32_t run_forever(double device, enum directions directions, double frames) {
  double config[PS_CONFIG_SIZE];
  duplex_config(config, device);
  if (directions == OUTPUT_ONLY) config[PS_CONFIG_INPUT_DEVICE] = PS_DEVICE_NONE;
  if (directions == INPUT_ONLY) config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_NONE;
  int32_t stream = open_stream(config);
  if (stream < 0) printf("# %s\n", detail());
  if (!CHECK(stream > 0)) return stream;
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  for (int i = 0; i < 3000 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < frames; i++) usleep(10000);
  CHECK_WITHIN(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), frames, 10 * 48000);
  return stream;
}

/* Begins scenarios that take certain programs. */
#define BEGIN_WITH(programs, ...)                                                                              \
  do {                                                                                                         \
    void (*const all[])(void) = {__VA_ARGS__};                                                                 \
    for (size_t i = 0; i < sizeof all / sizeof *all && !missing_server(programs); i++) scenario_begin(all[i]); \
  } while (0)

/* RUN for a test that takes certain programs. */
#define RUN_WITH(programs, name)                     \
  do {                                               \
    const char *missing = missing_server(programs);  \
    if (missing)                                     \
      printf("ok - %s # SKIP %s\n", #name, missing); \
    else                                             \
      RUN(name);                                     \
  } while (0)

#endif
