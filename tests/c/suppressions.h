/* What ThreadSanitizer must not report. */
#ifndef PS_TEST_SUPPRESSIONS_H
#define PS_TEST_SUPPRESSIONS_H

/* The libraries of the sound servers are not built for ThreadSanitizer, which cannot see all of how their threads
 * agree. A test that calls them returns this, and what else it must, from __tsan_default_suppressions(). */
#define SUPPRESS_SOUND_SERVERS                                                                                      \
  "race:libjack.so.0\nrace:libjackserver.so.0\nrace:libpulse\nrace:libasound\nmutex:libjack.so.0\nmutex:libpulse\n" \
  "deadlock:libjack.so.0\ndeadlock:libpulse\nthread:libjack.so.0\n"

#endif
