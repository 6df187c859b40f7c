/* Lets a libstdc++ that was built for glibc, the only one on a Debian, serve a program that was built for musl: what it
 * asks of glibc's loader and musl has not. For tests only. */
#include <locale.h>
#include <stdint.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;
unsigned __cpu_model[4];

int __cpu_indicator_init(void) { return 0; }
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) { return 0; }
int _dl_find_object(void *address, void *result) { return -1; }
size_t __strftime_l(char *text, size_t size, const char *format, const struct tm *time, locale_t locale) {
  return strftime(text, size, format, time);
}
uint32_t arc4random(void) {
  uint32_t number = 0;
  getrandom(&number, sizeof number, 0);
  return number;
}
