/* The whole audio callback: the transfer, and the levels, clocks and statistics around it, against memcpy of the same
 * bytes; and against the callback of pastream for Python where its source is given: see run.mjs. */
#include "bench.h"
#include "python.h"
#include "stream/state.h"

#define RING_FRAMES 8192
#define FRAME 8 /* bytes of two float32 */

/* The virtual device, open, but calling back only when the benchmark does. */
static int32_t do_nothing(struct device *device) { return (void)device, PS_OK; }
static int always_active(struct device *device) { return device != NULL; }
static double no_time(struct device *device) { return (void)device, 0; }

struct callback {
  struct stream *stream;
  size_t block;
  double time; /* of the last call, seconds */
  _Alignas(64) float input[1024 * 2];
  _Alignas(64) float output[1024 * 2];
};

static void refill(void *argument) {
  struct callback *callback = argument;
  struct ring *source = callback->stream->rings[DEVICE_OUTPUT], *sink = callback->stream->rings[DEVICE_INPUT];
  struct ring_region region;
  ring_write_advance(source, ring_write_region(source, RING_FRAMES, &region));
  ring_read_advance(sink, ring_read_region(sink, RING_FRAMES, &region));
}

static void run_callback(void *argument, int calls) {
  struct callback *callback = argument;
  struct device_host *host = &callback->stream->host;
  for (int i = 0; i < calls; i++) {
    double now = callback->time += (double)callback->block / 48000;
    struct callback_times times = {.now = now, .began = now, .input = now, .output = now};
    host->callback(host, callback->input, callback->output, callback->block, &times, 0);
  }
}

static void run_memcpy(void *argument, int calls) {
  struct callback *callback = argument;
  size_t bytes = callback->block * FRAME;
  for (int i = 0; i < calls; i++) {
    memcpy(callback->output, callback->stream->rings[DEVICE_OUTPUT]->data + (size_t)i * bytes, bytes);
    memcpy(callback->stream->rings[DEVICE_INPUT]->data + (size_t)i * bytes, callback->input, bytes);
    __asm__ volatile("" ::: "memory"); /* each of them is done */
  }
}

static const struct piece by_memcpy = {refill, run_memcpy};

static void measure(const char *name, size_t block, int meters, float level, const struct piece *reference) {
  static struct callback callback;
  double config[PS_CONFIG_SIZE];
  ps_config_init(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_INPUT_CHANNELS] = config[PS_CONFIG_OUTPUT_CHANNELS] = 2;
  config[PS_CONFIG_SAMPLE_RATE] = 48000;
  config[PS_CONFIG_METERS] = meters;
  int32_t handle = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
  int32_t source = ps_ring_new(FRAME, RING_FRAMES, NULL, 0), sink = ps_ring_new(FRAME, RING_FRAMES, NULL, 0);
  callback.stream = (struct stream *)handle_use(handle, HANDLE_STREAM);
  callback.block = block;
  ps_stream_await(handle, ps_stream_command(handle, PS_COMMAND_OPEN));
  struct device *device = &callback.stream->device;
  const struct device_ops *real = device->ops;
  struct device_ops ops = *real;
  ops.start = ops.stop = ops.abort = do_nothing;
  ops.active = always_active;
  ops.time = ops.cpu_load = no_time;
  device->ops = &ops;
  ps_stream_set_source(handle, PS_ENDPOINT_RING, source, 0, 0);
  ps_stream_set_sink(handle, PS_ENDPOINT_RING, sink, 0, 0);
  ps_stream_await(handle, ps_stream_command(handle, PS_COMMAND_START));
  /* Memory that was never written is one page of zeros at many addresses, which the caches are slow with. */
  for (int i = 0; i < RING_FRAMES * 2; i++)
    ((float *)callback.stream->rings[DEVICE_OUTPUT]->data)[i] = (float)(i % 100) * level;
  for (int i = 0; i < 1024 * 2; i++) callback.input[i] = (float)(i % 100) * level;
  const struct piece piece = {refill, run_callback};
  bench(name, &piece, reference, &callback, (int)(RING_FRAMES / block), "");
  ps_stream_await(handle, ps_stream_command(handle, PS_COMMAND_ABORT));
  device->ops = real;
  ps_stream_await(handle, ps_stream_command(handle, PS_COMMAND_CLOSE));
  object_release(&callback.stream->object);
  ps_stream_free(handle);
  ps_ring_free(source);
  ps_ring_free(sink);
}

#ifdef WITH_PYTHON
static void refill_python(void *argument) { (void)argument, python_refill(); }

static void run_python(void *argument, int calls) {
  struct callback *callback = argument;
  python_run(callback->input, callback->output, callback->block, calls);
}

static void measure_beside_python(void) {
  const struct piece python = {refill_python, run_python};
  python_open(FRAME, RING_FRAMES);
  bench_head("all of it beside the Python library's callback", "Python");
  measure("64 frames", 64, 1, 0.01f, &python);
  measure("256 frames", 256, 1, 0.01f, &python);
  measure("1024 frames", 1024, 1, 0.01f, &python);
  measure("256 frames, levels switched off", 256, 0, 0.01f, &python);
}
#endif

int main(void) {
  bench_head("the whole callback, 2 channels of float32 duplex", "memcpy");
  measure("64 frames", 64, 1, 0.01f, &by_memcpy);
  measure("256 frames", 256, 1, 0.01f, &by_memcpy);
  measure("1024 frames", 1024, 1, 0.01f, &by_memcpy);
  measure("256 frames, levels switched off", 256, 0, 0.01f, &by_memcpy);
  measure("256 frames of what has faded away, to 1e-25", 256, 1, 1e-27f, &by_memcpy);
#ifdef WITH_PYTHON
  measure_beside_python();
#endif
  return 0;
}
