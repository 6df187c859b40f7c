#include "base/processor.h"

#include <stdatomic.h>

static _Atomic int is_hidden;

void processor_hide_avx2(int hidden) { atomic_store(&is_hidden, hidden); }

#if HAVE_AVX2
#include <cpuid.h>

int processor_has_avx2(void) {
  unsigned a, b, c, d, low, high;
  const unsigned wanted = bit_FMA | bit_AVX | bit_OSXSAVE;
  if (atomic_load(&is_hidden) || !__get_cpuid(1, &a, &b, &c, &d) || (c & wanted) != wanted) return 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) != 6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  return (b & bit_AVX2) != 0;
}
#else
int processor_has_avx2(void) { return 0; }
#endif
