/* What this processor can do beyond what the library is compiled for. */
#ifndef PS_PROCESSOR_H
#define PS_PROCESSOR_H

/* Functions marked AVX2 are compiled for processors with AVX2 and FMA (Intel since 2013, AMD since 2015), and called
 * only where processor_has_avx2. */
#if defined(__x86_64__)
#define HAVE_AVX2 1
#define AVX2 __attribute__((target("avx2,fma")))
#else
#define HAVE_AVX2 0
#endif

/* Whether the processor has AVX2 and FMA, and the system saves the registers. */
int processor_has_avx2(void);
/* For tests: from now on the processor is taken for one without, or not. */
void processor_hide_avx2(int hidden);

#endif
