/* PortAudio's JACK code with libjack opened at run time: a machine without it has one host API less. */
#include <dlfcn.h>
#include <jack/jack.h>
#include <stddef.h>

/* What pa_jack.c calls. */
#define FUNCTIONS(use)                                                                                                \
  use(jack_activate) use(jack_client_close) use(jack_client_name_size) use(jack_client_open) use(jack_connect)        \
      use(jack_deactivate) use(jack_frame_time) use(jack_get_buffer_size) use(jack_get_client_name)                   \
          use(jack_get_ports) use(jack_get_sample_rate) use(jack_on_shutdown) use(jack_port_by_name)                  \
              use(jack_port_connected) use(jack_port_disconnect) use(jack_port_get_buffer) use(jack_port_get_latency) \
                  use(jack_port_name) use(jack_port_name_size) use(jack_port_register) use(jack_port_unregister)      \
                      use(jack_set_error_function) use(jack_set_process_callback) use(jack_set_sample_rate_callback)  \
                          use(jack_set_xrun_callback)

#define DECLARE(name) __typeof__(&name) name;
static struct {
  FUNCTIONS(DECLARE)
} libjack;

#define NAME(name) {#name, offsetof(__typeof__(libjack), name)},
static const struct {
  const char *name;
  size_t offset;
} functions[] = {FUNCTIONS(NAME)};

#define jack_activate libjack.jack_activate
#define jack_client_close libjack.jack_client_close
#define jack_client_name_size libjack.jack_client_name_size
#define jack_client_open libjack.jack_client_open
#define jack_connect libjack.jack_connect
#define jack_deactivate libjack.jack_deactivate
#define jack_frame_time libjack.jack_frame_time
#define jack_get_buffer_size libjack.jack_get_buffer_size
#define jack_get_client_name libjack.jack_get_client_name
#define jack_get_ports libjack.jack_get_ports
#define jack_get_sample_rate libjack.jack_get_sample_rate
#define jack_on_shutdown libjack.jack_on_shutdown
#define jack_port_by_name libjack.jack_port_by_name
#define jack_port_connected libjack.jack_port_connected
#define jack_port_disconnect libjack.jack_port_disconnect
#define jack_port_get_buffer libjack.jack_port_get_buffer
#define jack_port_get_latency libjack.jack_port_get_latency
#define jack_port_name libjack.jack_port_name
#define jack_port_name_size libjack.jack_port_name_size
#define jack_port_register libjack.jack_port_register
#define jack_port_unregister libjack.jack_port_unregister
#define jack_set_error_function libjack.jack_set_error_function
#define jack_set_process_callback libjack.jack_set_process_callback
#define jack_set_sample_rate_callback libjack.jack_set_sample_rate_callback
#define jack_set_xrun_callback libjack.jack_set_xrun_callback

#define PaJack_Initialize initialize_with_jack
#define PaJack_SetClientName set_client_name
#include "pa_jack.c"
#undef PaJack_Initialize
#undef PaJack_SetClientName

/* Loads libjack once; 1 where it has all that is needed. */
static int load(void) {
  static void *library;
  if (library) return 1;
  void *opened = dlopen("libjack.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!opened) return 0;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *address = dlsym(opened, functions[i].name);
    if (!address) {
      dlclose(opened);
      return 0;
    }
    memcpy((char *)&libjack + functions[i].offset, &address, sizeof address);
  }
  library = opened;
  return 1;
}

PaError PaJack_Initialize(PaUtilHostApiRepresentation **hostApi, PaHostApiIndex hostApiIndex) {
  if (load()) return initialize_with_jack(hostApi, hostApiIndex);
  *hostApi = NULL;
  return paNoError;
}

/* Called before PortAudio is initialized. */
PaError PaJack_SetClientName(const char *name) { return load() ? set_client_name(name) : paNoError; }
