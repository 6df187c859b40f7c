/* The layer over the operating system. */
#define _GNU_SOURCE
#include "os/os.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

TEST(time_and_sleep) {
  double begun = os_time();
  os_sleep(0.05);
  CHECK_WITHIN(os_time() - begun, 0.05, SOON);
  begun = os_time();
  os_sleep(-1);
  os_sleep_until(begun - 1);
  CHECK_WITHIN(os_time() - begun, 0, SOON);
  begun = os_time();
  os_sleep_until(begun + 0.05);
  CHECK_WITHIN(os_time() - begun, 0.05, SOON);
}

TEST(waits_end_in_time) {
  struct os_event event;
  CHECK_EQUAL(os_event_init(&event), 0);
  double begun = os_time();
  CHECK_EQUAL(os_event_wait(&event, 0), 0);
  CHECK_EQUAL(os_event_wait(&event, 0.05), 0);
  CHECK_WITHIN(os_time() - begun, 0.05, SOON);
  os_event_post(&event);
  os_event_post(&event);
  CHECK_EQUAL(os_event_wait(&event, 0), 1);
  CHECK_EQUAL(os_event_wait(&event, -1), 1);
  CHECK_EQUAL(os_event_wait(&event, 0), 0);
  os_event_destroy(&event);
}

#define WAITERS 4
#define POSTS 20000

static struct os_event posted, done;
static struct os_mutex counter_lock = OS_MUTEX_INIT;
static int counter;

static void wait_and_count(void *argument) {
  int rounds = *(int *)argument;
  for (int i = 0; i < rounds; i++) {
    /* Some waits run out of time just when a post comes. */
    while (!os_event_wait(&posted, i % 2 ? 0.0001 : 10)) continue;
    os_mutex_lock(&counter_lock);
    counter++;
    os_mutex_unlock(&counter_lock);
  }
  os_event_post(&done);
}

TEST(no_post_is_lost) {
  struct os_thread threads[WAITERS];
  int rounds = POSTS / WAITERS;
  CHECK_EQUAL(os_event_init(&posted), 0);
  CHECK_EQUAL(os_event_init(&done), 0);
  for (int i = 0; i < WAITERS; i++)
    CHECK_EQUAL(os_thread_start(&threads[i], "a name longer than fifteen", OS_THREAD_NORMAL, wait_and_count, &rounds),
                0);
  for (int i = 0; i < POSTS; i++) os_event_post(&posted);
  for (int i = 0; i < WAITERS; i++) CHECK_EQUAL(os_event_wait(&done, 60), 1);
  for (int i = 0; i < WAITERS; i++) os_thread_join(&threads[i]);
  CHECK_EQUAL(counter, POSTS);
  CHECK_EQUAL(os_event_wait(&posted, 0), 0);
}

static char thread_name[32];
static int blocked_signals;

static void look_around(void *argument) {
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, NULL, &set);
  blocked_signals = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM) && sigismember(&set, SIGPROF);
  pthread_getname_np(pthread_self(), thread_name, sizeof thread_name);
  os_event_post(argument);
}

TEST(threads_have_names_and_no_signals) {
  struct os_thread thread;
  struct os_event event;
  sigset_t set;
  os_event_init(&event);
  CHECK_EQUAL(os_thread_start(&thread, "ps-test", OS_THREAD_REALTIME, look_around, &event), 0);
  CHECK_EQUAL(os_event_wait(&event, 10), 1);
  os_thread_join(&thread);
  CHECK(strcmp(thread_name, "ps-test") == 0);
  CHECK(blocked_signals);
  pthread_sigmask(SIG_SETMASK, NULL, &set);
  CHECK(!sigismember(&set, SIGINT)); /* the caller's own are as they were */
}

static volatile sig_atomic_t handled;
static void handle(int signal) {
  (void)signal;
  handled++;
}

static void call_and_abort(void *argument) {
  *(int *)argument += 1;
  abort();
}
static void call_and_return(void *argument) { *(int *)argument += 1; }

static int calls, survived;
static void survive(void *argument) {
  (void)argument;
  for (int i = 0; i < 3; i++) survived += os_survive_abort(call_and_abort, &calls);
}

/* Also on a thread that takes no signals; and afterwards the process has its own handler again. */
TEST(an_abort_is_survived_where_that_is_asked_for) {
  struct sigaction own = {.sa_handler = handle};
  struct os_thread thread;
  CHECK_EQUAL(sigaction(SIGABRT, &own, NULL), 0);
  survive(NULL);
  CHECK_EQUAL(os_thread_start(&thread, "test", OS_THREAD_NORMAL, survive, NULL), 0);
  os_thread_join(&thread);
  CHECK_EQUAL(calls, 6);
  CHECK_EQUAL(survived, 6);
  CHECK_EQUAL(os_survive_abort(call_and_return, &calls), 0);
  CHECK_EQUAL(calls, 7);
  CHECK_EQUAL(handled, 0);
  raise(SIGABRT);
  CHECK_EQUAL(handled, 1);
  signal(SIGABRT, SIG_DFL);
}

int main(void) {
  RUN(time_and_sleep);
  RUN(waits_end_in_time);
  RUN(no_post_is_lost);
  RUN(threads_have_names_and_no_signals);
  RUN(an_abort_is_survived_where_that_is_asked_for);
  return test_end();
}
