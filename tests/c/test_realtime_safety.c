/* The audio callback may not lock, allocate, wait or do any input or output: it runs here with a guard around it. With
 * clang's RealtimeSanitizer that is the guard; else the C library's functions are replaced by ones that count what is
 * called within the callback (which the other sanitizers do not allow: under them the test skips). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "device/convert.h"
#include "device/device.h"
#include "engine/resampler.h"
#include "files.h"
#include "stream/state.h"
#include "streams.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#if defined(__has_feature)
#if __has_feature(realtime_sanitizer) && defined(__linux__)
#define GUARD_SANITIZER 1
#endif
#endif

#if defined(GUARD_SANITIZER)
#include <sys/wait.h>

/* What clang puts around a function marked `nonblocking`, and at the start of one marked `blocking`. A violation ends
 * the process. */
void __rtsan_realtime_enter(void);
void __rtsan_realtime_exit(void);
void __rtsan_notify_blocking_call(const char *name);

static void enter(void) { __rtsan_realtime_enter(); }
static void leave(void) { __rtsan_realtime_exit(); }
static void called(const char *name) { __rtsan_notify_blocking_call(name); }

static int violates(void (*act)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(2); /* its report */
    enter();
    act();
    leave();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
static void check_violations(void) { CHECK(1); /* the process lives */ }

#elif defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GUARD_REPLACED 1
#include <pthread.h>
#include <semaphore.h>

static _Thread_local int guarded;
static int violations;
static const char *last_violation;

static void enter(void) { guarded = 1; }
static void leave(void) { guarded = 0; }

static void called(const char *name) {
  if (!guarded) return;
  violations++;
  last_violation = name;
}

static int violates(void (*act)(void)) {
  int before = violations;
  enter();
  act();
  leave();
  int found = violations > before;
  violations = before;
  return found;
}
static void check_violations(void) {
  if (!CHECK_EQUAL(violations, 0)) printf("# the last one called %s\n", last_violation);
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

void *malloc(size_t size) { return called("malloc"), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return called("calloc"), __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return called("realloc"), __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return called("aligned_alloc"), __libc_memalign(alignment, size); }
void free(void *memory) { called("free"), __libc_free(memory); }

/* Replaces a function by one that counts itself and then calls the C library's own. */
#define REPLACE(TYPE, NAME, PARAMETERS, ARGUMENTS)      \
  TYPE NAME PARAMETERS {                                \
    static TYPE(*own) PARAMETERS;                       \
    called(#NAME);                                      \
    if (!own) *(void **)&own = dlsym(RTLD_NEXT, #NAME); \
    return own ARGUMENTS;                               \
  }
REPLACE(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
REPLACE(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
REPLACE(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
REPLACE(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
REPLACE(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
REPLACE(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *mutex), (condition, mutex))
REPLACE(int, pthread_cond_signal, (pthread_cond_t * condition), (condition))
REPLACE(int, pthread_cond_broadcast, (pthread_cond_t * condition), (condition))
REPLACE(int, pthread_join, (pthread_t thread, void **result), (thread, result))
REPLACE(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
        (thread, attributes, run, argument))
REPLACE(int, sem_wait, (sem_t * semaphore), (semaphore))
REPLACE(int, sem_timedwait, (sem_t * semaphore, const struct timespec *time), (semaphore, time))
REPLACE(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left))
REPLACE(int, clock_nanosleep, (clockid_t clock, int flags, const struct timespec *time, struct timespec *left),
        (clock, flags, time, left))
REPLACE(int, sched_yield, (void), ())
REPLACE(int, poll, (struct pollfd * files, nfds_t count, int timeout), (files, count, timeout))
REPLACE(ssize_t, read, (int file, void *data, size_t bytes), (file, data, bytes))
REPLACE(ssize_t, write, (int file, const void *data, size_t bytes), (file, data, bytes))
REPLACE(FILE *, fopen, (const char *path, const char *mode), (path, mode))
REPLACE(int, fflush, (FILE * file), (file))
REPLACE(int, fputs, (const char *text, FILE *file), (text, file))
REPLACE(int, puts, (const char *text), (text))
REPLACE(int, vfprintf, (FILE * file, const char *format, va_list values), (file, format, values))
REPLACE(int, close, (int file), (file))

#endif

#if !defined(GUARD_SANITIZER) && !defined(GUARD_REPLACED)
int main(void) {
  printf("ok 1 - the_callback_obeys # SKIP needs a build without sanitizers, or with RealtimeSanitizer\n");
  return 0;
}
#else

/* The only system call that the callback may make wakes a thread that waits for it. */
long syscall(long call, ...) {
  static long (*own)(long, ...);
  long a[6];
  va_list values;
  va_start(values, call);
  for (int i = 0; i < 6; i++) a[i] = va_arg(values, long);
  va_end(values);
  if (call != SYS_futex || (a[1] & FUTEX_CMD_MASK) != FUTEX_WAKE) called("syscall");
  if (!own) *(void **)&own = dlsym(RTLD_NEXT, "syscall");
  return own(call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ------------------------------------------------------- the guard can fail */

static struct os_mutex mutex = OS_MUTEX_INIT;
static void *volatile memory;
static struct os_event event;

static void allocates(void) { memory = malloc(10); }
static void frees(void) { free(memory); }
static void locks(void) {
  os_mutex_lock(&mutex);
  os_mutex_unlock(&mutex);
}
static void sleeps(void) { nanosleep(&(struct timespec){0, 1000}, NULL); }
static void waits(void) { os_event_wait(&event, 0.01); }
static void opens(void) { memory = fopen("/dev/null", "r"); }
static void does_nothing(void) {}

TEST(the_guard_finds_violations) {
  os_event_init(&event);
  memory = malloc(1);
  CHECK(violates(frees));
  CHECK(violates(allocates));
  CHECK(violates(locks));
  CHECK(violates(sleeps));
  CHECK(violates(waits));
  CHECK(violates(opens));
  CHECK(!violates(does_nothing));
}

/* ------------------------------------------------------------ the callback */

/* Operations for the virtual device under which it calls back when the test tells it to. */
static int32_t do_nothing(struct device *device) { return (void)device, PS_OK; }
static int always_active(struct device *device) { return device != NULL; }
static struct device_ops guarded_device;

#define CHANNELS 8
#define BLOCK 300

static int call_back(struct stream *stream, size_t frames, unsigned long flags) {
  static unsigned char input[BLOCK * CHANNELS * 4], output[BLOCK * CHANNELS * 4];
  struct callback_times times = {.now = 1, .input = 0.9, .output = 1.1};
  enter();
  int result = stream->host.callback(&stream->host, input, output, frames, &times, flags);
  leave();
  return result;
}

/* One run of up to ten callbacks, and two after its end, in a setting made of the bits of `number`. */
static void run(struct stream *stream, int32_t handle, int number) {
  static const int32_t map[CHANNELS] = {8, 7, 0, 1, 1, 2, 5, 5};
  int32_t frame = (int32_t)stream->engine.input.frame_bytes;
  int32_t source = memory_ring(frame, 1000), sink = ps_ring_new(frame, number & 1 ? 700 : 5000, NULL, 0), result = 0;
  ps_ring_flush(source); /* takes its end back, and its contents */
  unsigned char zeros[700 * CHANNELS * 4] = {0};
  ps_ring_write(source, zeros, 700);
  if (number * 7 % 17 == 0) { /* with any of the bits */
    CHECK_EQUAL(ps_ring_set_rate(source, 44100), PS_OK);
    CHECK_EQUAL(ps_ring_set_rate(sink, 16000), PS_OK);
  }
  CHECK_EQUAL(ps_stream_set_source(handle, PS_ENDPOINT_RING, source, number >> 1 & 3, 0), PS_OK); /* loop, complete */
  CHECK_EQUAL(ps_stream_set_sink(handle, PS_ENDPOINT_RING, sink, number >> 3 & 1, 0), PS_OK);     /* drop */
  CHECK_EQUAL(ps_stream_set_run(handle, number & 16 ? -1 : 1300, number & 32 ? -1 : 100, 50, 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_map(handle, 0, number & 64 ? map : NULL, number & 64 ? CHANNELS : 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_map(handle, 1, number & 128 ? map : NULL, number & 128 ? CHANNELS : 0), PS_OK);
  CHECK_EQUAL(ps_stream_set_gain(handle, number & 256 ? 0.7 : 1), PS_OK);
  CHECK_EQUAL(await_command(handle, PS_COMMAND_START), PS_OK);
  for (int i = 0; i < 10 && result == CALLBACK_CONTINUE; i++) {
    result = call_back(stream, (size_t)(i % 2 ? BLOCK : 77), (unsigned long)(i * 3 % 32));
    if (i == 7 && number & 512) CHECK_EQUAL(ps_stream_drain(handle), PS_OK);
  }
  call_back(stream, BLOCK, 0);
  CHECK_EQUAL(await_command(handle, PS_COMMAND_ABORT), PS_OK);
  call_back(stream, BLOCK, 1);
  CHECK_EQUAL(ps_ring_free(source), PS_OK);
  CHECK_EQUAL(ps_ring_free(sink), PS_OK);
}

/* Opens a stream whose device calls back when the test does. */
static struct stream *open_guarded(const struct setup *setup, int32_t *handle) {
  *handle = stream_new(setup);
  struct stream *stream = (struct stream *)handle_use(*handle, HANDLE_STREAM);
  CHECK_EQUAL(await_command(*handle, PS_COMMAND_OPEN), PS_OK);
  guarded_device = *stream->device.ops;
  guarded_device.start = guarded_device.stop = guarded_device.abort = do_nothing;
  guarded_device.active = always_active;
  stream->device.ops = &guarded_device;
  return stream;
}

TEST(the_callback_obeys) {
  for (int format = PS_FORMAT_FLOAT32; format <= PS_FORMAT_UINT8; format++) {
    int32_t handle;
    struct stream *stream = open_guarded(
        &(struct setup){.inputs = CHANNELS, .outputs = CHANNELS, .input_format = format, .output_format = format},
        &handle);
    for (int number = 0; number < 1024; number++) run(stream, handle, number);
    object_release(&stream->object);
    stream_close(handle);
  }
  check_violations();
}

static int32_t wav(const char *name, int mode, int rate) {
  double info[PS_FILE_INFO_SIZE];
  file_info(info, 0x10002, 2, rate); /* of libsndfile: WAV, 16 bits */
  int32_t file = ps_file_open(file_path(name), mode, info, PS_FILE_INFO_SIZE);
  CHECK(file > 0);
  return file;
}

static int32_t new_sink(int32_t stream, int32_t ring, int rate, int flags) {
  CHECK_EQUAL(ps_ring_set_rate(ring, rate), PS_OK);
  int32_t sink = ps_stream_add_sink(stream, PS_ENDPOINT_RING, ring, flags, 0, 7, -1);
  CHECK(sink > 0);
  return sink;
}

/* Files and rings on both sides; sinks that come, go, are full and have rates of their own; a source that is cleared; a
 * recording that goes on in another file; somebody who waits for frames and room; levels that are read. */
TEST(all_endpoints_obey) {
  static const int16_t sound[2 * 20000] = {1, 2, 3};
  static const struct setup setup = {
      .inputs = 2, .outputs = 2, .input_format = PS_FORMAT_INT16, .output_format = PS_FORMAT_INT16, .rate = 48000};
  CHECK_EQUAL(file_write_all(file_path("source.wav"), 0x10002, 2, sound, 20000), PS_OK);
  int32_t handle, waker = ps_waker_new();
  struct stream *stream = open_guarded(&setup, &handle);
  for (int number = 0; number < 32; number++) {
    int32_t files[3] = {wav("source.wav", PS_MODE_READ, 0), wav("one.wav", PS_MODE_WRITE, number & 4 ? 16000 : 48000),
                        wav("two.wav", PS_MODE_WRITE, number & 4 ? 16000 : 48000)};
    int32_t rings[5] = {ps_ring_new(4, 20000, NULL, 0), ps_ring_new(4, 100000, NULL, 0),
                        ps_ring_new(4, 1 << 16, NULL, 0), ps_ring_new(4, 100, NULL, 0),
                        ps_ring_new(4, 1 << 16, NULL, 0)};
    CHECK_EQUAL(ps_ring_write(rings[0], sound, 20000), 20000);
    CHECK_EQUAL(ps_ring_set_rate(rings[0], number & 4 ? 44100 : 0), PS_OK);
    int plays_file = number & 1, records_file = number & 2;
    CHECK_EQUAL(ps_stream_set_source(handle, plays_file ? PS_ENDPOINT_FILE : PS_ENDPOINT_RING,
                                     plays_file ? files[0] : rings[0], number & 8 ? PS_SOURCE_LOOP : 0, 0),
                PS_OK);
    CHECK_EQUAL(ps_stream_set_sink(handle, records_file ? PS_ENDPOINT_FILE : PS_ENDPOINT_RING,
                                   records_file ? files[1] : rings[1], 0, 0),
                PS_OK);
    int32_t sinks[3] = {new_sink(handle, rings[2], 16000, PS_SINK_DROP), new_sink(handle, rings[3], 0, 0), 0};
    CHECK_EQUAL(ps_stream_set_run(handle, -1, PS_PAD_FOREVER, 11, 0), PS_OK);
    CHECK_EQUAL(await_command(handle, PS_COMMAND_START), PS_OK);
    for (int i = 0; i < 24; i++) {
      double levels[4 * PS_LEVEL_SIZE];
      ps_wake(handle, waker, i % 2 ? PS_WAKE_ROOM : 0, i % 2 ? 10 : 300 * i);
      if (i == 3) sinks[2] = new_sink(handle, rings[4], 22050, PS_SINK_ENDS_RUN);
      if (i == 4 && records_file) CHECK_EQUAL(ps_stream_next_file(handle, files[2], 1500), PS_OK);
      if (i == 6 || i == 7) CHECK(ps_stream_clear(handle, number & 16 ? 400 : 0) > 0);
      if (i == 9) CHECK_EQUAL(ps_stream_remove_sink(handle, sinks[0]), PS_OK);
      if (i == 18) CHECK_EQUAL(ps_stream_drain(handle), PS_OK);
      CHECK_EQUAL(ps_stream_levels(handle, PS_DIRECTION_BOTH, levels, 4), 4);
      call_back(stream, (size_t)(i % 3 ? BLOCK : 77), (unsigned long)(i * 5 % 32));
    }
    CHECK(ps_stream_number(handle, PS_NUMBER_FRAME_COUNT) > 0 && ps_stream_number(handle, PS_NUMBER_GLITCHES) > 0);
    CHECK_EQUAL(await_command(handle, PS_COMMAND_ABORT), PS_OK);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(ps_stream_remove_sink(handle, sinks[i]), PS_OK);
    CHECK_EQUAL(ps_stream_set_source(handle, PS_ENDPOINT_NONE, 0, 0, 0), PS_OK);
    CHECK_EQUAL(ps_stream_set_sink(handle, PS_ENDPOINT_NONE, 0, 0, 0), PS_OK);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(ps_file_close(files[i]), PS_OK);
    for (int i = 0; i < 5; i++) CHECK_EQUAL(ps_ring_free(rings[i]), PS_OK);
  }
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
  object_release(&stream->object);
  stream_close(handle);
  check_violations();
}

TEST(resampling_obeys) {
  static const double rates[][2] = {{48000, 16000}, {16000, 44100}, {44099.5, 48000}, {48000, 48000}};
  static unsigned char in[1000 * 64 * 4], out[5000 * 64 * 4];
  for (int number = 0; number < 4 * 6 * 3; number++) {
    struct resampler_setup setup = {rates[number % 4][0], rates[number % 4][1], number % 3 ? number % 3 : 64,
                                    number / 12,          number / 4 % 6,       number % 4 == 3};
    struct resampler *resampler = NULL;
    CHECK_EQUAL(resampler_new(&setup, &resampler), PS_OK);
    enter();
    for (int i = 0; i < 4; i++) {
      if (i == 2) resampler_restart(resampler);
      if (setup.varies) resampler_set_drift(resampler, i * 100);
      struct resampler_block block = {in, 1000, out, 5000};
      resampler_process(resampler, &block);
    }
    resampler_end(resampler);
    struct resampler_block tail = {NULL, 0, out, 5000};
    resampler_process(resampler, &tail);
    leave();
    CHECK(resampler_ended(resampler));
    resampler_free(resampler);
  }
  check_violations();
}

/* A device that is called back at another rate than the stream's. */
TEST(a_converter_obeys) {
  static const int blocks[] = {0, 128};
  static unsigned char in[2000 * 8], out[2000 * 8];
  static struct device_ops inner_ops;
  for (int number = 0; number < 2 * 6; number++) {
    double config[PS_CONFIG_SIZE];
    ps_config_init(config, PS_CONFIG_SIZE);
    config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
    config[PS_CONFIG_INPUT_FORMAT] = config[PS_CONFIG_OUTPUT_FORMAT] = number / 2;
    config[PS_CONFIG_SAMPLE_RATE] = 44100;
    config[PS_CONFIG_DEVICE_RATE] = 48000;
    config[PS_CONFIG_BLOCK_SIZE] = blocks[number % 2];
    int32_t handle = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
    struct stream *stream = (struct stream *)handle_use(handle, HANDLE_STREAM);
    CHECK_EQUAL(await_command(handle, PS_COMMAND_OPEN), PS_OK);
    struct device *inner = convert_inner(&stream->device);
    CHECK(inner != &stream->device);
    inner_ops = *inner->ops;
    inner_ops.start = inner_ops.stop = inner_ops.abort = do_nothing;
    inner_ops.active = always_active;
    inner->ops = &inner_ops;
    CHECK_EQUAL(ps_stream_set_run(handle, 3000, 0, 0, 0), PS_OK);
    CHECK_EQUAL(await_command(handle, PS_COMMAND_START), PS_OK);
    int result = CALLBACK_CONTINUE;
    for (int i = 0; i < 20; i++) {
      struct callback_times times = {.now = 1, .input = 0.9, .output = 1.1};
      enter();
      result = inner->host->callback(inner->host, in, out, (size_t)(i % 3 ? 300 : 2000), &times, (unsigned long)i % 32);
      leave();
    }
    CHECK_EQUAL(result, CALLBACK_COMPLETE);
    CHECK_EQUAL(await_command(handle, PS_COMMAND_ABORT), PS_OK);
    object_release(&stream->object);
    stream_close(handle);
  }
  check_violations();
}

int main(void) {
  RUN(the_guard_finds_violations);
  RUN(the_callback_obeys);
  RUN(all_endpoints_obey);
  RUN(resampling_obeys);
  RUN(a_converter_obeys);
  return test_end();
}
#endif
