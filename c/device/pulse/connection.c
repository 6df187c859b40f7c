#include "device/pulse/connection.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"
#include "pastream.h"

#define TURN_LONGEST 1000.0 /* seconds; libpulse counts microseconds in an int */

static struct pulse_api the_api;

static const char *const file_names[] = {
#if !defined(_WIN32) && !defined(__APPLE__)
    "libpulse.so.0",
#endif
    NULL,
};

static const struct library_symbol symbols[] = {
#define F(result, name, real_name, parameters) {#real_name, offsetof(struct pulse_api, name), 0},
    PULSE_FUNCTIONS(F)
#undef F
};

static const char *version_text(void) { return the_api.get_library_version(); }

struct library library_pulse = {
    .variable = "PASTREAM_PULSE",
    .names = file_names,
    .missing = PS_ERR_UNSUPPORTED,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof symbols[0],
    .functions = &the_api,
    .version = version_text,
    .lock = OS_MUTEX_INIT,
};

int32_t pulse_use(const struct pulse_api **api) {
  *api = &the_api;
  return library_load(&library_pulse, NULL);
}

int32_t pulse_error(struct pulse_connection *connection, const char *doing) {
  const struct pulse_api *api = connection->api;
  int code = connection->context ? api->context_errno(connection->context) : 0;
  error_set(PS_ERR_PORTAUDIO, PULSE_HOST_ERROR, "%s: %s", doing, api->strerror(code));
  error_set_host(code, PULSE_HOST_API_TYPE);
  return PS_ERR_PORTAUDIO;
}

int32_t pulse_connection_init(struct pulse_connection *connection, const struct pulse_api *api) {
  *connection = (struct pulse_connection){.api = api, .loop = api->mainloop_new()};
  return connection->loop ? PS_OK : error_set(PS_ERR_MEMORY, 0, "no memory for a connection to PulseAudio");
}

int32_t pulse_no_answer(const char *doing, double seconds) {
  error_set(PS_ERR_PORTAUDIO, PULSE_HOST_ERROR, "%s: the PulseAudio server did not answer within %.3g s", doing,
            seconds);
  error_set_host(PULSE_ERROR_TIMEOUT, PULSE_HOST_API_TYPE);
  return PS_ERR_PORTAUDIO;
}

int32_t pulse_connect(struct pulse_connection *connection, const char *application,
                      const struct pulse_proplist *properties, double seconds) {
  const struct pulse_api *api = connection->api;
  double deadline = os_time() + seconds;
  connection->context = api->context_new(api->mainloop_get_api(connection->loop), application, properties);
  if (!connection->context) return error_set(PS_ERR_MEMORY, 0, "no memory for a connection to PulseAudio");
  if (api->context_connect(connection->context, NULL, PULSE_CONTEXT_NOAUTOSPAWN, NULL) < 0)
    return pulse_error(connection, "the PulseAudio server does not answer");
  for (;;) {
    int state = api->context_get_state(connection->context);
    if (state == PULSE_CONTEXT_READY) return PS_OK;
    if (!pulse_connected(connection)) return pulse_error(connection, "the PulseAudio server does not answer");
    double left = deadline - os_time();
    if (left <= 0) return pulse_no_answer("connecting to the sound server", seconds);
    if (pulse_turn(connection, left) < 0) return pulse_error(connection, "the PulseAudio server does not answer");
  }
}

void pulse_connection_free(struct pulse_connection *connection) {
  const struct pulse_api *api = connection->api;
  if (connection->context) {
    api->context_disconnect(connection->context);
    api->context_unref(connection->context);
  }
  if (connection->loop) api->mainloop_free(connection->loop);
  connection->context = NULL;
  connection->loop = NULL;
}

int pulse_connected(const struct pulse_connection *connection) {
  int state = connection->api->context_get_state(connection->context);
  return state != PULSE_CONTEXT_FAILED && state != PULSE_CONTEXT_TERMINATED;
}

int pulse_turn(struct pulse_connection *connection, double seconds) {
  const struct pulse_api *api = connection->api;
  if (seconds > TURN_LONGEST) seconds = TURN_LONGEST;
  if (api->mainloop_prepare(connection->loop, seconds < 0 ? -1 : (int)(seconds * 1e6)) < 0) return -1;
  return api->mainloop_poll(connection->loop) < 0 ? -1 : api->mainloop_dispatch(connection->loop);
}

int32_t pulse_await(struct pulse_connection *connection, struct pulse_operation *operation, double deadline,
                    const char *doing) {
  const struct pulse_api *api = connection->api;
  if (!operation) return pulse_error(connection, doing);
  double begun = os_time();
  int32_t status = PS_OK;
  while (status >= 0 && api->operation_get_state(operation) == PULSE_OPERATION_RUNNING) {
    double left = deadline - os_time();
    if (left <= 0)
      status = pulse_no_answer(doing, deadline - begun);
    else if (pulse_turn(connection, left) < 0 || !pulse_connected(connection))
      status = pulse_error(connection, doing);
  }
  if (status < 0) api->operation_cancel(operation);
  api->operation_unref(operation);
  return status;
}

void pulse_wake(struct pulse_connection *connection) { connection->api->mainloop_wakeup(connection->loop); }
