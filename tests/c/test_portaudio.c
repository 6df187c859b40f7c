/* The real PortAudio over a JACK server with the dummy driver, and over PulseAudio. Each scenario is a process of its own,
 * because PortAudio looks for servers once, and one of them dies in some. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"
#include "pastream.h"
#include "random.h"
#include "servers.h"
#include "test.h"

/* None of these is built for ThreadSanitizer, which cannot see all of how their threads agree. */
const char *__tsan_default_suppressions(void) {
  return "race:libjack.so.0\nrace:libjackserver.so.0\nrace:libpulse\nrace:libasound\nmutex:libjack.so.0\nmutex:libpulse\n"
         "deadlock:libjack.so.0\ndeadlock:libpulse\nthread:libjack.so.0\n";
}

/* PortAudio keeps a few bytes of each stream. */
const char *__lsan_default_suppressions(void) { return "leak:libportaudio.so.2\n"; }

#define RATE 48000

/* ------------------------------------------------------------------ helpers */

static int32_t find_device(const char *wanted) {
  char name[256];
  int32_t count = ps_device_count();
  for (int32_t i = 0; i < count; i++) {
    if (ps_device_info(i, NULL, 0, name, sizeof name) >= 0 && strcmp(name, wanted) == 0) return i;
  }
  return -1;
}

static void duplex_config(double *config, double device) {
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = device;
  config[PS_CONFIG_INPUT_CHANNELS] = config[PS_CONFIG_OUTPUT_CHANNELS] = 2;
}

static int32_t command(int32_t stream, int32_t what) { return ps_stream_await(stream, ps_stream_command(stream, what)); }

/* An open stream, or a negative status. */
static int32_t open_stream(const double *config) {
  int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
  if (stream < 0) return stream;
  int32_t status = command(stream, PS_COMMAND_OPEN);
  if (status >= 0) return stream;
  ps_stream_free(stream);
  return status;
}

static const char *detail(void) {
  static char text[512];
  ps_error_detail(text, sizeof text);
  return text;
}

/* What the library or its dependencies print on stderr while a scenario runs. */
static int stderr_saved, stderr_caught;

static void catch_stderr(void) {
  char path[] = "/tmp/pastream-stderr-XXXXXX";
  stderr_caught = mkstemp(path);
  unlink(path);
  fflush(stderr);
  stderr_saved = dup(2);
  dup2(stderr_caught, 2);
}

/* But for what PortAudio says of a server that died, on a thread of its own: nobody can know when. */
static void check_stderr_silent(void) {
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
static void check_stderr_open(void) {
  off_t before = lseek(stderr_caught, 0, SEEK_END);
  CHECK_EQUAL(write(2, "\n", 1), 1);
  CHECK_EQUAL(lseek(stderr_caught, 0, SEEK_END), before + 1);
}

/* Runs a scenario in a child process. */
static int passes(void (*scenario)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    atomic_store(&test_failures, 0);
    catch_stderr();
    scenario();
    check_stderr_silent();
    fflush(stdout);
    exit(atomic_load(&test_failures) != 0);
  }
  int status;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) printf("# ended by signal %d\n", WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0) printf("# ended with %d\n", WEXITSTATUS(status));
  return status == 0;
}

/* ------------------------------------------------------- without a PortAudio */

static void no_portaudio(void) {
  setenv("PASTREAM_PORTAUDIO", "/nonexistent/libportaudio.so", 1);
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, NULL), PS_ERR_NO_PORTAUDIO);
  CHECK(strstr(detail(), "/nonexistent/libportaudio.so: ") == detail());
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, "/nonexistent/other.so"), PS_ERR_NO_PORTAUDIO);
  CHECK(strstr(detail(), "/nonexistent/other.so") == detail());
  /* A library that is not PortAudio. */
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, "libm.so.6"), PS_ERR_NO_PORTAUDIO);
  CHECK(strstr(detail(), "Pa_") != NULL);
  CHECK_EQUAL(ps_library_text(PS_LIBRARY_PORTAUDIO, 0, NULL, 0), 0);

  double info[PS_DEVICE_INFO_SIZE];
  char name[64];
  CHECK_EQUAL(ps_device_count(), 1);
  CHECK_EQUAL(ps_host_api_count(), 1);
  CHECK_EQUAL(ps_device_info(0, info, PS_DEVICE_INFO_SIZE, name, sizeof name), 7);
  CHECK(strcmp(name, "virtual") == 0 && info[PS_DEVICE_MAX_INPUT_CHANNELS] == 64);
  CHECK_EQUAL(ps_device_info(1, info, PS_DEVICE_INFO_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_host_api_info(0, info, PS_HOST_API_INFO_SIZE, name, sizeof name), 7);
  CHECK(strcmp(name, "Virtual") == 0 && info[PS_HOST_API_TYPE] == 1000 && info[PS_HOST_API_DEFAULT_INPUT] == 0);

  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_DEFAULT);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_NO_PORTAUDIO);
  CHECK_EQUAL(open_stream(config), PS_ERR_NO_PORTAUDIO);
  duplex_config(config, 0); /* the virtual device by its index */
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_OK);
}

/* --------------------------------------------------------------------- JACK */

static void jack_devices(void) {
  pid_t server = start_jack();
  if (!CHECK(server > 0)) return;
  char text[256];
  double info[PS_DEVICE_INFO_SIZE], config[PS_CONFIG_SIZE];
  int32_t count = ps_device_count(), loopback = find_device("loopback");
  CHECK(ps_library_text(PS_LIBRARY_PORTAUDIO, 0, text, sizeof text) > 0 && strncmp(text, "PortAudio V19", 13) == 0);
  CHECK(ps_library_text(PS_LIBRARY_PORTAUDIO, 1, text, sizeof text) > 0 && text[0] == '/');
  CHECK(count >= 3 && loopback >= 0);
  ps_device_info(loopback, info, PS_DEVICE_INFO_SIZE, NULL, 0);
  CHECK_EQUAL(info[PS_DEVICE_MAX_INPUT_CHANNELS], 2);
  CHECK_EQUAL(info[PS_DEVICE_MAX_OUTPUT_CHANNELS], 2);
  CHECK_EQUAL(info[PS_DEVICE_DEFAULT_SAMPLE_RATE], RATE);
  ps_host_api_info((int32_t)info[PS_DEVICE_HOST_API], info, PS_HOST_API_INFO_SIZE, text, sizeof text);
  CHECK(info[PS_HOST_API_TYPE] == 12 && strstr(text, "JACK"));
  ps_device_info(count - 1, info, PS_DEVICE_INFO_SIZE, text, sizeof text);
  CHECK(strcmp(text, "virtual") == 0 && info[PS_DEVICE_IS_DEFAULT_INPUT] == 0);
  CHECK_EQUAL(info[PS_DEVICE_HOST_API], ps_host_api_count() - 1);

  duplex_config(config, loopback);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_OK);
  config[PS_CONFIG_SAMPLE_RATE] = 44100;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9997);
  CHECK(strstr(detail(), "Invalid sample rate"));
  CHECK_EQUAL(open_stream(config), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9997);
  duplex_config(config, loopback);
  config[PS_CONFIG_INPUT_CHANNELS] = 3;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9998);
  duplex_config(config, count);
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_DEVICE_NOT_FOUND);
  duplex_config(config, loopback);
  config[PS_CONFIG_OUTPUT_DEVICE] = count - 1;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  duplex_config(config, loopback);
  config[PS_CONFIG_INPUT_HOST_SETTINGS] = PS_HOST_WASAPI;
  CHECK_EQUAL(ps_check_settings(config, PS_CONFIG_SIZE, NULL, 0), PS_ERR_ARGUMENT);
  CHECK(strstr(detail(), "WASAPI") && strstr(detail(), "JACK"));
  /* Each flag reaches PortAudio: this one it refuses for a stream with a fixed block size. */
  duplex_config(config, loopback);
  config[PS_CONFIG_FLAGS] = PS_STREAM_NEVER_DROP_INPUT;
  config[PS_CONFIG_BLOCK_SIZE] = 256;
  CHECK_EQUAL(open_stream(config), PS_ERR_PORTAUDIO);
  CHECK_EQUAL(ps_error_number(0), -9995);
  end_server(server);
}

#define SIGNAL_FRAMES RATE
#define ROOM_FRAMES (SIGNAL_FRAMES + 8192)

/* Any finite float, also far beyond full scale. */
static float random_float(struct random *random) {
  for (;;) {
    uint32_t bits = (uint32_t)random_next(random);
    float value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value)) return value;
  }
}

/* Plays a random signal, then silence, and looks for it in the recording. */
static void play_and_compare(int32_t stream, struct random *random) {
  static float played[2 * SIGNAL_FRAMES], recorded[2 * ROOM_FRAMES];
  for (int i = 0; i < 2 * SIGNAL_FRAMES; i++) played[i] = random_float(random);
  int32_t source = ps_ring_new(8, SIGNAL_FRAMES, NULL, 0), sink = ps_ring_new(8, ROOM_FRAMES, NULL, 0);
  CHECK_EQUAL(ps_ring_write(source, played, SIGNAL_FRAMES), SIGNAL_FRAMES);
  ps_ring_end(source);
  CHECK_EQUAL(ps_stream_set_source(stream, PS_SIDE_RING, source, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_sink(stream, PS_SIDE_RING, sink, 0, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_run(stream, -1, 8192, 0, 0), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  double begun = ps_stream_number(stream, PS_NUMBER_TIME);
  CHECK_EQUAL(ps_stream_wait(stream, 30), 1);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_COMPLETED);
  CHECK_WITHIN(ps_stream_number(stream, PS_NUMBER_TIME) - begun, 1.0, 20.0);
  CHECK_WITHIN(ps_stream_number(stream, PS_NUMBER_CPU_LOAD), 0.0, 1.0);
  CHECK_EQUAL(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), ROOM_FRAMES);
  CHECK_EQUAL(ps_ring_read(sink, recorded, ROOM_FRAMES), ROOM_FRAMES);
  int delay = 0;
  while (delay < 8192 && recorded[2 * delay] == 0 && recorded[2 * delay + 1] == 0) delay++;
  CHECK_WITHIN(delay, 1, 8191);
  CHECK(memcmp(played, recorded + 2 * delay, sizeof played) == 0);
  printf("# delay of %d frames, %d xruns\n", delay, (int)ps_stream_number(stream, PS_NUMBER_XRUNS));
  ps_ring_free(source);
  ps_ring_free(sink);
}

static void jack_bit_exact(void) {
  pid_t server = start_jack();
  if (!CHECK(server > 0)) return;
  struct random random = {random_seed()};
  double config[PS_CONFIG_SIZE], actual[PS_ACTUAL_SIZE];
  int32_t loopback = find_device("loopback");
  for (int block = 0; block <= 1000; block += 500) {
    duplex_config(config, loopback);
    config[PS_CONFIG_BLOCK_SIZE] = block;
    config[PS_CONFIG_FLAGS] = PS_STREAM_CLIP_OFF | PS_STREAM_DITHER_OFF;
    int32_t stream = open_stream(config);
    if (!CHECK(stream > 0)) break;
    ps_stream_actual(stream, actual, PS_ACTUAL_SIZE);
    CHECK_EQUAL(actual[PS_ACTUAL_INPUT_DEVICE], loopback);
    CHECK_EQUAL(actual[PS_ACTUAL_OUTPUT_CHANNELS], 2);
    CHECK_EQUAL(actual[PS_ACTUAL_SAMPLE_RATE], RATE);
    CHECK_EQUAL(actual[PS_ACTUAL_BLOCK_SIZE], block);
    CHECK_WITHIN(actual[PS_ACTUAL_OUTPUT_LATENCY], 0, 0.1);
    for (int run = 0; run < 2; run++) play_and_compare(stream, &random); /* a stream can be started again */
    CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
    CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  }
  CHECK_EQUAL(ps_handle_count(), 0);
  end_server(server);
}

/* A stream of silence that runs until stopped. */
static int32_t run_forever(double device) {
  double config[PS_CONFIG_SIZE];
  duplex_config(config, device);
  int32_t stream = open_stream(config);
  if (stream < 0) printf("# %s\n", detail());
  if (!CHECK(stream > 0)) return stream;
  CHECK_EQUAL(ps_stream_set_run(stream, -1, -1, 0, 0), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  /* Long enough to be past the time that a device gets to start. */
  for (int i = 0; i < 600 && ps_stream_number(stream, PS_NUMBER_FRAME_COUNT) < 1.5 * RATE; i++) usleep(10000);
  CHECK_WITHIN(ps_stream_number(stream, PS_NUMBER_FRAME_COUNT), 1.5 * RATE, 10 * RATE);
  return stream;
}

static void jack_stop_abort_close(void) {
  pid_t server = start_jack();
  if (!CHECK(server > 0)) return;
  int32_t loopback = find_device("loopback");
  for (int round = 0; round < 3; round++) {
    int32_t first = run_forever(loopback), second = run_forever(loopback);
    double begun = os_time();
    CHECK_EQUAL(command(first, round == 1 ? PS_COMMAND_ABORT : PS_COMMAND_STOP), PS_OK);
    CHECK_EQUAL(ps_stream_state(first), round == 1 ? PS_STATE_ABORTED : PS_STATE_STOPPED);
    CHECK_EQUAL(ps_stream_error(first, NULL, 0, NULL, 0), PS_OK);
    CHECK_EQUAL(ps_stream_state(second), PS_STATE_ACTIVE);
    CHECK_EQUAL(command(second, PS_COMMAND_CLOSE), PS_OK); /* while it runs */
    CHECK_WITHIN(os_time() - begun, 0, 2);
    CHECK_EQUAL(ps_stream_free(first), PS_OK); /* closes it, if need be after the server has ended */
    CHECK_EQUAL(ps_stream_free(second), PS_OK);
  }
  end_server(server);
}

/* ------------------------------------------------------------- lost servers */

/* Sends `signal` to the server under a running stream. The stream has to end, and everything with it, in little time. */
static void lose_server(pid_t server, double device, int signal) {
  char text[256];
  int32_t stream = run_forever(device);
  if (stream < 0) return;
  double begun = os_time();
  kill(server, signal);
  CHECK_EQUAL(ps_stream_wait(stream, 10), 1);
  double lost = os_time();
  CHECK_EQUAL(ps_stream_error(stream, text, sizeof text, NULL, 0), PS_ERR_DEVICE_LOST);
  CHECK_EQUAL(ps_stream_state(stream), PS_STATE_ABORTED);
  CHECK_WITHIN(lost - begun, 0, 2.5);
  CHECK(ps_stream_number(stream, PS_NUMBER_TIME) >= 0);
  command(stream, PS_COMMAND_START); /* may fail, may not hang */
  command(stream, PS_COMMAND_CLOSE);
  double closed = os_time();
  CHECK_WITHIN(closed - lost, 0, 5);
  printf("# noticed after %.3f s (%s), closed after %.3f s\n", lost - begun, text, closed - lost);
  CHECK_EQUAL(ps_stream_free(stream), PS_OK);
  check_stderr_open();
  /* The rest of the library goes on. */
  CHECK(ps_device_count() > 0);
  double config[PS_CONFIG_SIZE];
  duplex_config(config, PS_DEVICE_VIRTUAL);
  int32_t other = open_stream(config);
  CHECK(other > 0);
  CHECK_EQUAL(command(other, PS_COMMAND_CLOSE), PS_OK);
  CHECK_EQUAL(ps_stream_free(other), PS_OK);
}

static void jack_killed(void) {
  pid_t server = start_jack();
  if (!CHECK(server > 0)) return;
  lose_server(server, find_device("loopback"), SIGKILL);
  end_server(server);
}

static void jack_stopped(void) {
  pid_t server = start_jack();
  if (!CHECK(server > 0)) return;
  lose_server(server, find_device("loopback"), SIGSTOP);
  end_server(server);
}

/* A server that is slow to go on: what was given up ends late. */
static void jack_continued(void) {
  pid_t server = start_jack();
  if (!CHECK(server > 0)) return;
  int32_t loopback = find_device("loopback");
  lose_server(server, loopback, SIGSTOP);
  kill(server, SIGCONT);
  usleep(1000000);
  end_server(server);
}

static void pulse_plays(void) {
  pid_t server = start_pulse();
  if (!CHECK(server > 0)) return;
  double info[PS_DEVICE_INFO_SIZE];
  int32_t device = find_device("default");
  CHECK(device >= 0);
  ps_device_info(device, info, PS_DEVICE_INFO_SIZE, NULL, 0);
  CHECK(info[PS_DEVICE_IS_DEFAULT_INPUT] == 1 && info[PS_DEVICE_IS_DEFAULT_OUTPUT] == 1);
  int32_t stream = run_forever(PS_DEVICE_DEFAULT);
  double numbers[PS_NUMBER_COUNT];
  ps_stream_numbers(stream, numbers, PS_NUMBER_COUNT);
  printf("# time %.3f, adc %.3f, dac %.3f\n", numbers[PS_NUMBER_TIME], numbers[PS_NUMBER_BLOCK_ADC_TIME],
         numbers[PS_NUMBER_BLOCK_DAC_TIME]);
  CHECK_WITHIN(numbers[PS_NUMBER_BLOCK_ADC_TIME] - numbers[PS_NUMBER_TIME], -5, 1);
  CHECK_WITHIN(numbers[PS_NUMBER_BLOCK_DAC_TIME] - numbers[PS_NUMBER_TIME], -1, 5);
  double begun = os_time();
  CHECK_EQUAL(command(stream, PS_COMMAND_STOP), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_ABORT), PS_OK);
  CHECK_EQUAL(command(stream, PS_COMMAND_CLOSE), PS_OK);
  printf("# stopped, started, aborted and closed in %.3f s\n", os_time() - begun);
  CHECK_WITHIN(os_time() - begun, 0, 10);
  ps_stream_free(stream);
  end_server(server);
}

static void pulse_killed(void) {
  pid_t server = start_pulse();
  if (!CHECK(server > 0)) return;
  lose_server(server, PS_DEVICE_DEFAULT, SIGKILL);
  end_server(server);
}

static void pulse_stopped(void) {
  pid_t server = start_pulse();
  if (!CHECK(server > 0)) return;
  lose_server(server, PS_DEVICE_DEFAULT, SIGSTOP);
  end_server(server);
}

TEST(without_portaudio) { CHECK(passes(no_portaudio)); }
TEST(devices_and_settings_over_jack) { CHECK(passes(jack_devices)); }
TEST(bit_exact_over_jack) { CHECK(passes(jack_bit_exact)); }
TEST(stop_abort_and_close_over_jack) { CHECK(passes(jack_stop_abort_close)); }
TEST(jack_server_killed) { CHECK(passes(jack_killed)); }
TEST(jack_server_stopped) { CHECK(passes(jack_stopped)); }
TEST(jack_server_stopped_and_continued) { CHECK(passes(jack_continued)); }
TEST(over_pulseaudio) { CHECK(passes(pulse_plays)); }
TEST(pulseaudio_killed) { CHECK(passes(pulse_killed)); }
TEST(pulseaudio_stopped) { CHECK(passes(pulse_stopped)); }

int main(void) {
  servers_folder();
  RUN(without_portaudio);
  RUN(devices_and_settings_over_jack);
  RUN(bit_exact_over_jack);
  RUN(stop_abort_and_close_over_jack);
  RUN(jack_server_killed);
  RUN(jack_server_stopped);
  RUN(jack_server_stopped_and_continued);
  RUN(over_pulseaudio);
  RUN(pulseaudio_killed);
  RUN(pulseaudio_stopped);
  remove_servers_folder();
  return test_end();
}
