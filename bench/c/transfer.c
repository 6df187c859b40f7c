/* What the callback does with a block, against memcpy of the same bytes between the same places. */
#include "bench.h"
#include "engine/engine.h"
#include "engine/format.h"
#include "pastream.h"

#define RING_FRAMES 8192

struct transfer {
  struct engine engine;
  struct ring *source, *sink;
  int32_t channels, format;
  size_t block, bytes; /* of a block */
  unsigned char *input, *output;
};

/* Fills the source and empties the sink, without touching their memory. */
static void refill(void *argument) {
  struct transfer *transfer = argument;
  struct ring_region region;
  ring_write_advance(transfer->source, ring_write_region(transfer->source, RING_FRAMES, &region));
  ring_read_advance(transfer->sink, ring_read_region(transfer->sink, RING_FRAMES, &region));
}

static void run_engine(void *argument, int calls) {
  struct transfer *transfer = argument;
  for (int i = 0; i < calls; i++)
    engine_process(&transfer->engine, transfer->input, transfer->output, transfer->block, 0, 0);
}

static void run_memcpy(void *argument, int calls) {
  struct transfer *transfer = argument;
  for (int i = 0; i < calls; i++) {
    memcpy(transfer->output, transfer->source->data + (size_t)i * transfer->bytes, transfer->bytes);
    memcpy(transfer->sink->data + (size_t)i * transfer->bytes, transfer->input, transfer->bytes);
    __asm__ volatile("" ::: "memory"); /* each of them is done */
  }
}

enum map { IDENTITY, REVERSED, SCATTERED };

static void measure(const char *name, int32_t channels, int32_t format, size_t block, enum map map,
                    const char *target) {
  static struct transfer transfer;
  static const int32_t scattered[] = {3, 8, 1, 6, 2, 7, 5, 4};
  int32_t reversed[64];
  transfer.channels = channels;
  transfer.format = format;
  transfer.block = block;
  transfer.bytes = block * (size_t)channels * format_bytes(format);
  transfer.source = ring_create(transfer.bytes / block, RING_FRAMES);
  transfer.sink = ring_create(transfer.bytes / block, RING_FRAMES);
  transfer.input = bench_memory(transfer.bytes);
  transfer.output = bench_memory(transfer.bytes);
  memset(transfer.source->data, 1, RING_FRAMES / block * transfer.bytes);
  memset(transfer.sink->data, 1, RING_FRAMES / block * transfer.bytes);
  engine_init(&transfer.engine);
  engine_set_formats(&transfer.engine, channels, format, channels, format);
  for (int32_t c = 0; c < channels; c++) reversed[c] = channels - c;
  if (map != IDENTITY) {
    channel_map_set(&transfer.engine.input.map, map == REVERSED ? reversed : scattered);
    channel_map_set(&transfer.engine.output.map, map == REVERSED ? reversed : scattered);
  }
  engine_start(&transfer.engine, &(struct engine_run){.frames = -1, .source = transfer.source, .sink = transfer.sink});
  const struct piece engine = {refill, run_engine}, reference = {refill, run_memcpy};
  bench(name, &engine, &reference, &transfer, (int)(RING_FRAMES / block), target);
  object_release(&transfer.source->object);
  object_release(&transfer.sink->object);
  free(transfer.input);
  free(transfer.output);
}

int main(void) {
  bench_head("duplex transfer", "memcpy");
  measure("2 channels of float32, 64 frames", 2, PS_FORMAT_FLOAT32, 64, IDENTITY, "+60 ns");
  measure("2 channels of float32, 256 frames", 2, PS_FORMAT_FLOAT32, 256, IDENTITY, "1.5");
  measure("2 channels of float32, 1024 frames", 2, PS_FORMAT_FLOAT32, 1024, IDENTITY, "");
  measure("2 channels of int16, 256 frames", 2, PS_FORMAT_INT16, 256, IDENTITY, "");
  measure("8 channels of float32, 256 frames", 8, PS_FORMAT_FLOAT32, 256, IDENTITY, "");
  bench_head("duplex transfer with both maps permuted", "memcpy");
  measure("8 channels of float32, 256 frames, scattered", 8, PS_FORMAT_FLOAT32, 256, SCATTERED, "2.5");
  measure("8 channels of float32, 256 frames, reversed", 8, PS_FORMAT_FLOAT32, 256, REVERSED, "2.5");
  measure("8 channels of int24, 256 frames, scattered", 8, PS_FORMAT_INT24, 256, SCATTERED, "3");
  measure("8 channels of int16, 256 frames, scattered", 8, PS_FORMAT_INT16, 256, SCATTERED, "2.5");
  measure("8 channels of int8, 256 frames, scattered", 8, PS_FORMAT_INT8, 256, SCATTERED, "2.5");
  measure("2 channels of float32, 64 frames, swapped", 2, PS_FORMAT_FLOAT32, 64, REVERSED, "");
  measure("2 channels of float32, 256 frames, swapped", 2, PS_FORMAT_FLOAT32, 256, REVERSED, "");
  measure("2 channels of float32, 1024 frames, swapped", 2, PS_FORMAT_FLOAT32, 1024, REVERSED, "");
  measure("6 channels of float32, 256 frames, reversed", 6, PS_FORMAT_FLOAT32, 256, REVERSED, "");
  measure("64 channels of float32, 256 frames, reversed", 64, PS_FORMAT_FLOAT32, 256, REVERSED, "");
  return 0;
}
