/* PortAudio's thread: calls one after the other, and calls that hang. No PortAudio is needed. */
#include "device/portaudio/thread.h"

#include "pastream.h"
#include "test.h"

struct test_call {
  struct portaudio_call call;
  double seconds; /* that it takes */
  int32_t status;
  struct os_event *hold; /* waits for this, if not NULL */
  _Atomic int32_t *late;
  int number;
};

static _Atomic int32_t running, overlaps, ran;

static int32_t run(struct portaudio_call *call) {
  struct test_call *test = (struct test_call *)call;
  if (!test->hold && atomic_fetch_add(&running, 1) != 0) atomic_fetch_add(&overlaps, 1);
  if (test->hold) os_event_wait(test->hold, -1);
  os_sleep(test->seconds);
  atomic_fetch_add(&ran, 1);
  if (!test->hold) atomic_fetch_sub(&running, 1);
  return test->status < 0 ? error_set(test->status, 7, "call %d", test->number) : test->status;
}

static void late(struct portaudio_call *call) {
  struct test_call *test = (struct test_call *)call;
  if (test->late) atomic_fetch_add(test->late, 1);
  free(test);
}

static struct test_call *new_call(double limit) {
  struct test_call *test = calloc(1, sizeof *test);
  test->call = (struct portaudio_call){.run = run, .late = late, .limit = limit};
  return test;
}

TEST(results_and_errors_come_back) {
  char text[64];
  struct test_call *test = new_call(10);
  CHECK_EQUAL(portaudio_call(&test->call), 0);
  test->status = PS_ERR_DEVICE_NOT_FOUND;
  test->number = 42;
  CHECK_EQUAL(portaudio_call(&test->call), PS_ERR_DEVICE_NOT_FOUND);
  ps_error_detail(text, sizeof text);
  CHECK(strcmp(text, "call 42") == 0);
  CHECK_EQUAL(ps_error_number(0), 7);
  free(test);
}

#define CALLERS 4
#define CALLS 200

static void call_often(void *argument) {
  (void)argument;
  struct test_call *test = new_call(10);
  for (int i = 0; i < CALLS; i++) CHECK_EQUAL(portaudio_call(&test->call), 0);
  free(test);
}

TEST(calls_do_not_overlap) {
  struct os_thread threads[CALLERS];
  atomic_store(&ran, 0);
  for (int i = 0; i < CALLERS; i++) os_thread_start(&threads[i], "caller", OS_THREAD_NORMAL, call_often, NULL);
  for (int i = 0; i < CALLERS; i++) os_thread_join(&threads[i]);
  CHECK_EQUAL(atomic_load(&overlaps), 0);
  CHECK_EQUAL(atomic_load(&ran), CALLERS * CALLS);
}

static struct os_event hold;
static _Atomic int32_t late_calls;

static void hang(void *argument) {
  (void)argument;
  struct test_call *test = new_call(0.2);
  test->hold = &hold;
  test->late = &late_calls;
  double begun = os_time();
  CHECK_EQUAL(portaudio_call(&test->call), PORTAUDIO_HUNG);
  CHECK_WITHIN(os_time() - begun, 0.2, SOON);
  CHECK_EQUAL(ps_error_number(0), PA_TIMED_OUT);
}

TEST(a_call_that_hangs_is_given_up) {
  os_event_init(&hold);
  hang(NULL);
  struct test_call *test = new_call(10);
  CHECK_EQUAL(portaudio_call(&test->call), 0); /* on another thread */
  CHECK_EQUAL(atomic_load(&late_calls), 0);
  os_event_post(&hold);
  for (int i = 0; i < 1000 && !atomic_load(&late_calls); i++) os_sleep(0.005);
  CHECK_EQUAL(atomic_load(&late_calls), 1);
  CHECK_EQUAL(portaudio_call(&test->call), 0);
  free(test);
}

#if defined(__linux__)
static int32_t work(struct portaudio_call *call) {
  double end = os_time() + ((struct test_call *)call)->seconds;
  while (os_time() < end) {
  }
  return 5;
}

TEST(a_call_that_waits_is_given_up_before_one_that_works) {
  atomic_store(&late_calls, 0);
  struct test_call *test = new_call(10);
  test->call.idle = 1.5;
  test->call.run = work;
  test->seconds = 2.5;
  CHECK_EQUAL(portaudio_call(&test->call), 5);
  test->call.limit = 1e6;
  test->call.run = run;
  test->hold = &hold;
  test->late = &late_calls;
  CHECK_EQUAL(portaudio_call(&test->call), PORTAUDIO_HUNG);
  CHECK_EQUAL(ps_error_number(0), PA_TIMED_OUT);
  os_event_post(&hold);
  for (int i = 0; i < 1000 && !atomic_load(&late_calls); i++) os_sleep(0.005);
  CHECK_EQUAL(atomic_load(&late_calls), 1);
}
#endif

TEST(many_hang_while_others_go_on) {
  struct os_thread hanging[CALLERS], calling[CALLERS];
  atomic_store(&late_calls, 0);
  atomic_store(&overlaps, 0);
  for (int i = 0; i < CALLERS; i++) {
    os_thread_start(&hanging[i], "hanging", OS_THREAD_NORMAL, hang, NULL);
    os_thread_start(&calling[i], "caller", OS_THREAD_NORMAL, call_often, NULL);
  }
  for (int i = 0; i < CALLERS; i++) {
    os_thread_join(&hanging[i]);
    os_thread_join(&calling[i]);
  }
  CHECK_EQUAL(atomic_load(&overlaps), 0);
  CHECK_EQUAL(atomic_load(&late_calls), 0);
  for (int i = 0; i < CALLERS; i++) os_event_post(&hold);
  for (int i = 0; i < 1000 && atomic_load(&late_calls) < CALLERS; i++) os_sleep(0.005);
  CHECK_EQUAL(atomic_load(&late_calls), CALLERS);
}

TEST(calls_nobody_waits_for) {
  atomic_store(&late_calls, 0);
  for (int i = 0; i < 3; i++) {
    struct test_call *test = new_call(0.2);
    test->late = &late_calls;
    if (i == 1) test->hold = &hold; /* hangs until the next caller waits too long for its turn */
    portaudio_post(&test->call);
  }
  struct test_call *test = new_call(10);
  double begun = os_time();
  CHECK_EQUAL(portaudio_call(&test->call), 0);
  CHECK_WITHIN(os_time() - begun, 0.1, 9);
  os_event_post(&hold);
  for (int i = 0; i < 1000 && atomic_load(&late_calls) < 3; i++) os_sleep(0.005);
  CHECK_EQUAL(atomic_load(&late_calls), 3);
  free(test);
}

int main(void) {
  RUN(results_and_errors_come_back);
  RUN(calls_do_not_overlap);
  RUN(a_call_that_hangs_is_given_up);
#if defined(__linux__)
  RUN(a_call_that_waits_is_given_up_before_one_that_works);
#endif
  RUN(many_hang_while_others_go_on);
  RUN(calls_nobody_waits_for);
  return test_end();
}
