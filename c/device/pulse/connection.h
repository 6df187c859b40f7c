/* A connection to a PulseAudio server (PulseAudio itself, or PipeWire's), served by the thread that made it: libpulse
 * is not thread safe, and a loop of the caller's own needs no lock. Only pulse_wake may be called from other
 * threads. */
#ifndef PS_PULSE_CONNECTION_H
#define PS_PULSE_CONNECTION_H

#include "base/library.h"
#include "device/pulse/api.h"

extern struct library library_pulse;

#define PULSE_APPLICATION "pastream" /* what the program is called unless it says so itself */

#define PULSE_MANAGER "PipeWire's session manager (such as WirePlumber)" /* connects streams to devices there */

/* Errors of devices have PortAudio's codes at the door; PulseAudio's own stands beside them as that of a host API. */
#define PULSE_HOST_API_TYPE 16
#define PULSE_HOST_ERROR -9999
#define PULSE_INVALID_CHANNEL_COUNT -9998
#define PULSE_INVALID_SAMPLE_RATE -9997
#define PULSE_TIMED_OUT -9987 /* the server lives, and has not done what it was to do */

struct pulse_connection {
  const struct pulse_api *api;
  struct pulse_mainloop *loop;
  struct pulse_context *context;
};

/* Loads libpulse. PS_ERR_UNSUPPORTED where there is none. Any thread. */
int32_t pulse_use(const struct pulse_api **api);
/* Makes the loop; after it pulse_wake may be called. Returns PS_OK or PS_ERR_MEMORY. */
int32_t pulse_connection_init(struct pulse_connection *connection, const struct pulse_api *api);
/* Connects to the server within `seconds`; never starts one. `properties` may be NULL. Returns PS_OK, or
 * PS_ERR_PORTAUDIO with PulseAudio's code and text. */
int32_t pulse_connect(struct pulse_connection *connection, const char *application,
                      const struct pulse_proplist *properties, double seconds);
/* Also of one that never connected. */
void pulse_connection_free(struct pulse_connection *connection);
/* 0 once the server has gone. */
int pulse_connected(const struct pulse_connection *connection);
/* Waits until something happens, at most `seconds` (< 0: for ever), and handles it. Returns how much was handled, < 0
 * when the loop is broken. */
int pulse_turn(struct pulse_connection *connection, double seconds);
/* Turns until the operation has ended; gives up the operation at `deadline` (os_time). */
int32_t pulse_await(struct pulse_connection *connection, struct pulse_operation *operation, double deadline,
                    const char *doing);
/* Ends a pulse_turn at once. Any thread. */
void pulse_wake(struct pulse_connection *connection);
/* Sets the thread's error from the connection's last one. */
int32_t pulse_error(struct pulse_connection *connection, const char *doing);
int32_t pulse_no_answer(const char *doing, double seconds);

#endif
