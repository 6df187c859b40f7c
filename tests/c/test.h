/* The checks of the C tests. A test file has a few TESTs, and a main that RUNs them and returns test_end():
 *
 *   TEST(rings_wrap) {
 *     CHECK(ring != NULL);
 *     CHECK_EQUAL(ring_read(ring, data, 5), 5);
 *   }
 *   int main(void) {
 *     RUN(rings_wrap);
 *     return test_end();
 *   }
 *
 * Each failing check prints a line, each test "ok" or "not ok", and the end is "N passed, N failed". Checks may be made
 * on any thread. */
#ifndef PS_TEST_H
#define PS_TEST_H

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_LINES 20 /* failing checks of one test that are printed */

static _Atomic int64_t test_checks, test_failures; /* of the running test */
static int test_passed, test_failed;

static inline int test_report(int passed, const char *file, int line, const char *text) {
  atomic_fetch_add(&test_checks, 1);
  if (!passed && atomic_fetch_add(&test_failures, 1) < TEST_LINES) printf("# %s:%d: %s\n", file, line, text);
  return passed;
}

static inline int test_equal(int64_t got, int64_t wanted, const char *file, int line, const char *text) {
  char line_text[512];
  if (got == wanted) return test_report(1, file, line, text);
  snprintf(line_text, sizeof line_text, "%s: %" PRId64 " instead of %" PRId64, text, got, wanted);
  return test_report(0, file, line, line_text);
}

static inline int test_within(double got, double low, double high, const char *file, int line, const char *text) {
  char line_text[512];
  if (got >= low && got <= high) return test_report(1, file, line, text);
  snprintf(line_text, sizeof line_text, "%s: %.9g is not within %.9g .. %.9g", text, got, low, high);
  return test_report(0, file, line, line_text);
}

static inline int test_is_nan(double number) { return number != number; }

/* All return whether the check passed, so that a test may leave early. */
#define CHECK(condition) test_report((condition) ? 1 : 0, __FILE__, __LINE__, #condition)
#define CHECK_EQUAL(got, wanted) test_equal((int64_t)(got), (int64_t)(wanted), __FILE__, __LINE__, #got " = " #wanted)
/* Seconds in which also a busy machine does what is to be done at once; what does not end in time takes longer. */
#define SOON 30
#define CHECK_WITHIN(got, low, high) test_within((got), (low), (high), __FILE__, __LINE__, #got)

/* A call that returns a number and has failed: it returned NaN, and left this status. */
#define CHECK_FAILS(got, status) CHECK(test_is_nan(got) && ps_error_number(PS_ERROR_STATUS) == (status))

/* Whether such a number says that what was asked has not ended yet. */
#define IS_PENDING(got) (test_is_nan(got) && ps_error_number(PS_ERROR_STATUS) == PS_ERR_PENDING)

#define TEST(name) static void name(void)
#define RUN(name) test_run(#name, name)

static inline void test_run(const char *name, void (*run)(void)) {
  atomic_store(&test_checks, 0);
  atomic_store(&test_failures, 0);
  run();
  /* A test without checks proves nothing. */
  int failed = atomic_load(&test_failures) != 0 || atomic_load(&test_checks) == 0;
  test_passed += !failed;
  test_failed += failed;
  printf("%s %d - %s (%" PRId64 " checks)\n", failed ? "not ok" : "ok", test_passed + test_failed, name,
         atomic_load(&test_checks));
  fflush(stdout);
}

static inline int test_end(void) {
  printf("%d passed, %d failed\n", test_passed, test_failed);
  return test_failed != 0 || test_passed == 0;
}

/* Whether the long versions are asked for (PASTREAM_TEST_FULL=1). */
static inline int test_full(void) {
  const char *full = getenv("PASTREAM_TEST_FULL");
  return full != NULL && strcmp(full, "1") == 0;
}

/* How long a test that may take any time is to take: PASTREAM_TEST_SECONDS, or one of these. */
static inline double test_seconds(double usual, double full) {
  const char *seconds = getenv("PASTREAM_TEST_SECONDS");
  return seconds != NULL && *seconds != 0 ? atof(seconds) : test_full() ? full : usual;
}

#if defined(__SANITIZE_THREAD__)
#define TEST_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_THREAD_SANITIZER 1
#endif
#endif
#ifndef TEST_THREAD_SANITIZER
#define TEST_THREAD_SANITIZER 0 /* 1: the test runs ten times slower, do less */
#endif

#endif
