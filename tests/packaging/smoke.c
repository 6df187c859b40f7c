/* Loads the libpastream named on the command line, plays through its virtual device, and compares what comes back. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "pastream.h"

#define FRAMES 20000
#define DELAY 480

/* The public function of this name, called through the loaded library. */
#define CALL(name) ((__typeof__(&name))dlsym(library, #name))

static int fail(const char *what) {
  printf("%s\n", what);
  return 1;
}

int main(int count, char **arguments) {
  static float played[FRAMES], recorded[FRAMES];
  void *library = dlopen(arguments[count - 1], RTLD_NOW);
  if (!library) return fail(dlerror());
  if (CALL(ps_abi_version)() != PS_ABI_VERSION) return fail("another ABI version");

  double config[PS_CONFIG_SIZE];
  CALL(ps_config_init)(config, PS_CONFIG_SIZE);
  config[PS_CONFIG_INPUT_DEVICE] = config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_VIRTUAL;
  config[PS_CONFIG_INPUT_CHANNELS] = config[PS_CONFIG_OUTPUT_CHANNELS] = 1;
  config[PS_CONFIG_INPUT_FORMAT] = config[PS_CONFIG_OUTPUT_FORMAT] = PS_FORMAT_FLOAT32;
  config[PS_CONFIG_SAMPLE_RATE] = 48000;
  config[PS_CONFIG_VIRTUAL_CLOCK] = 1;
  config[PS_CONFIG_VIRTUAL_DELAY] = DELAY;
  int32_t stream = CALL(ps_stream_new)(config, PS_CONFIG_SIZE, NULL, 0);
  int32_t source = CALL(ps_ring_new)(sizeof *played, FRAMES, NULL, 0);
  int32_t sink = CALL(ps_ring_new)(sizeof *recorded, FRAMES, NULL, 0);
  if (stream < 0 || source < 0 || sink < 0) return fail("no stream or no ring");

  for (int i = 0; i < FRAMES; i++) played[i] = (float)(i % 997) / 1000;
  CALL(ps_ring_write)(source, played, FRAMES);
  CALL(ps_ring_end)(source);
  if (CALL(ps_stream_await)(stream, CALL(ps_stream_command)(stream, PS_COMMAND_OPEN))) return fail("no device");
  CALL(ps_stream_set_source)(stream, PS_ENDPOINT_RING, source, 0, 0);
  CALL(ps_stream_set_sink)(stream, PS_ENDPOINT_RING, sink, PS_SINK_MEMORY, 0);
  CALL(ps_stream_set_run)(stream, -1, 0, 0, 0);
  if (CALL(ps_stream_await)(stream, CALL(ps_stream_command)(stream, PS_COMMAND_START))) return fail("no start");
  CALL(ps_stream_wait)(stream, 60);
  if (CALL(ps_stream_state)(stream) != PS_STATE_COMPLETED) return fail("the run did not complete");
  if (CALL(ps_ring_read)(sink, recorded, FRAMES) != FRAMES) return fail("frames are missing");
  if (memcmp(recorded + DELAY, played, sizeof played - DELAY * sizeof *played)) return fail("other samples came back");
  CALL(ps_stream_command)(stream, PS_COMMAND_CLOSE);
  if (CALL(ps_stream_free)(stream) != PS_OK) return fail("the stream could not be freed");
  return 0;
}
