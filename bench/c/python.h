/* The callback of pastream for Python, see python.c. */
#ifndef PS_BENCH_PYTHON_H
#define PS_BENCH_PYTHON_H

#include <stddef.h>

/* A new duplex stream between two rings of `ring_frames` frames of `frame_bytes` bytes. */
void python_open(size_t frame_bytes, size_t ring_frames);
/* Fills the source and empties the sink, without touching their memory. */
void python_refill(void);
void python_run(void *input, void *output, size_t block, int calls);

#endif
