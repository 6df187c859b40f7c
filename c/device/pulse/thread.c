/* The thread of a device: it carries out commands, and between them hands frames on. */
#include <stdlib.h>

#include "device/pulse/state.h"
#include "os/os.h"

static void note_drained(struct pulse_stream *stream, int success, void *argument) {
  (void)stream, (void)success;
  *(int *)argument = 1;
}

/* Corks or uncorks both directions, while a run goes on; recording begins first, so that nothing of what is played is
 * missed. */
static int32_t cork(struct pulse_device *pulse, int corked) {
  const struct pulse_api *api = pulse->connection.api;
  const char *doing = corked ? "stopping the stream" : "starting the stream";
  double deadline = os_time() + PULSE_CALL_SECONDS;
  int32_t status = PS_OK;
  struct pulse_operation *operations[2] = {NULL, NULL};
  for (int direction = 0; direction < 2; direction++) {
    if (!pulse->sides[direction].used) continue;
    operations[direction] = api->stream_cork(pulse->sides[direction].stream, corked, NULL, NULL);
    if (!operations[direction]) status = pulse_error(&pulse->connection, doing);
  }
  for (int direction = 0; direction < 2; direction++) {
    struct pulse_operation *operation = operations[direction];
    if (!operation) continue;
    while (status >= 0 && api->operation_get_state(operation) == PULSE_OPERATION_RUNNING) {
      if (pulse->running) pulse_transfer(pulse);
      double left = deadline - os_time();
      if (left <= 0)
        status = pulse_no_answer(doing, PULSE_CALL_SECONDS);
      else if (pulse_turn(&pulse->connection, left) < 0 || !pulse_connected(&pulse->connection))
        status = pulse_error(&pulse->connection, doing);
    }
    api->operation_cancel(operation);
    api->operation_unref(operation);
  }
  return status;
}

/* Empties the server's buffers, and ours. */
static int32_t flush(struct pulse_device *pulse) {
  const struct pulse_api *api = pulse->connection.api;
  int32_t status = PS_OK;
  for (int direction = 0; direction < 2 && status >= 0; direction++) {
    if (!pulse->sides[direction].used) continue;
    struct pulse_operation *operation = api->stream_flush(pulse->sides[direction].stream, NULL, NULL);
    status = pulse_await(&pulse->connection, operation, os_time() + PULSE_CALL_SECONDS, "starting the stream");
  }
  pulse_drop_input(pulse);
  return status;
}

static int32_t run_start(struct pulse_device *pulse) {
  int32_t status = flush(pulse);
  if (status < 0) return status;
  pulse->completed = pulse->refill = pulse->moved = pulse->pinged = pulse->apart = 0;
  pulse->flags = 0;
  pulse->called = pulse->gap = pulse->awaited_since = 0;
  pulse->running = 1;
  pulse_prime(pulse);
  pulse->primed = pulse->called;
  status = cork(pulse, 0);
  if (status < 0) pulse->running = 0;
  return status;
}

static int32_t run_abort(struct pulse_device *pulse) {
  pulse->running = 0;
  if (atomic_load(&pulse->lost)) return PS_OK;
  int32_t status = cork(pulse, 1);
  return status < 0 ? status : flush(pulse);
}

/* Seconds after which what the server has handed to the sink by now is heard. */
static double behind_server(struct pulse_device *pulse) {
  static const char doing[] = "stopping the stream";
  struct pulse_connection *connection = &pulse->connection;
  struct pulse_stream *stream = pulse->sides[DEVICE_OUTPUT].stream;
  struct pulse_operation *update = connection->api->stream_update_timing_info(stream, NULL, NULL);
  if (!update || pulse_await(connection, update, os_time() + PULSE_CALL_SECONDS, doing) < 0) return 0;
  const struct pulse_timing_info *timing = connection->api->stream_get_timing_info(stream);
  return timing ? 1e-6 * (double)timing->sink_usec : 0;
}

/* Until the callback has completed, and all was heard. That the server calls a stream drained only means that the sink
 * has all of it, which it would drop with the stream. */
static int32_t run_stop(struct pulse_device *pulse) {
  struct pulse_connection *connection = &pulse->connection;
  const struct pulse_side *output = &pulse->sides[DEVICE_OUTPUT];
  double latest = os_time() + 2 * output->latency + PULSE_PLAY_OUT_EXTRA, heard = 0;
  int drained = !output->used;
  struct pulse_operation *drain = NULL;
  while (!atomic_load(&pulse->aborting) && pulse_connected(connection)) {
    double now = os_time(), left = (heard > 0 ? heard : latest) - now;
    pulse_transfer(pulse);
    if (left <= 0) break;
    if (pulse->completed && drained && heard == 0) {
      heard = output->used ? now + behind_server(pulse) : now;
      continue;
    }
    if (pulse->completed && !drained && !drain)
      drain = connection->api->stream_drain(output->stream, note_drained, &drained);
    if (pulse_turn(connection, left < PULSE_PLAY_OUT_POLL ? left : PULSE_PLAY_OUT_POLL) < 0) break;
  }
  if (drain) {
    connection->api->operation_cancel(drain);
    connection->api->operation_unref(drain);
  }
  return run_abort(pulse);
}

static void take_sink_input(struct pulse_context *context, const struct pulse_sink_input_info *info, int end,
                            void *argument) {
  (void)context;
  if (!end && info) *(uint32_t *)argument = info->sink;
}

static void take_source_output(struct pulse_context *context, const struct pulse_source_output_info *info, int end,
                               void *argument) {
  (void)context;
  if (!end && info) *(uint32_t *)argument = info->source;
}

static void lose(struct pulse_device *pulse, enum pulse_loss loss) {
  atomic_store(&pulse->loss, loss);
  atomic_store(&pulse->lost, 1);
}

/* Whether the server answers, and streams are connected to devices: PipeWire keeps a stream whose device has gone, or
 * whose session manager has, and it waits in vain. The manager may be about to connect it to another device. */
static int32_t run_ping(struct pulse_device *pulse) {
  static const char doing[] = "asking the sound server";
  struct pulse_connection *connection = &pulse->connection;
  const struct pulse_api *api = connection->api;
  double deadline = os_time() + PULSE_ANSWER_SECONDS;
  int apart = 0;
  for (int direction = 0; direction < 2; direction++) {
    const struct pulse_side *side = &pulse->sides[direction];
    if (!side->used) continue;
    uint32_t device = 0, index = api->stream_get_index(side->stream);
    struct pulse_operation *operation =
        direction == DEVICE_OUTPUT
            ? api->context_get_sink_input_info(connection->context, index, take_sink_input, &device)
            : api->context_get_source_output_info(connection->context, index, take_source_output, &device);
    int32_t status = pulse_await(connection, operation, deadline, doing);
    if (status < 0) { /* nothing more is asked of it */
      lose(pulse, pulse_connected(connection) ? PULSE_SERVER_SILENT : PULSE_SERVER_ENDED);
      return status;
    }
    apart |= device == PULSE_INVALID_INDEX;
  }
  pulse->pinged = 1;
  pulse->apart = apart ? pulse->apart + 1 : 0;
  if (pulse->apart < PULSE_APART_PINGS) return PS_OK;
  atomic_store(&pulse->loss, PULSE_NO_DEVICE); /* it may be connected again for another run */
  return error_set(PS_ERR_DEVICE_LOST, 0, "%s: it has no device", doing);
}

void pulse_release(struct pulse_device *pulse) {
  if (atomic_fetch_sub(&pulse->uses, 1) > 1) return;
  for (int direction = 0; direction < 2; direction++) free(pulse->sides[direction].block);
  os_event_destroy(&pulse->done);
  os_event_destroy(&pulse->told);
  os_mutex_destroy(&pulse->telling);
  free(pulse);
}

static void finish(struct pulse_device *pulse, int32_t status) {
  if (status < 0) error_save(&pulse->error);
  pulse->status = pulse->error.status = status;
  os_event_post(&pulse->done);
}

/* What of server and streams is not there any more. */
static enum pulse_loss look_for_loss(struct pulse_device *pulse) {
  if (!pulse_connected(&pulse->connection)) return PULSE_SERVER_ENDED;
  for (int direction = 0; direction < 2; direction++) {
    const struct pulse_side *side = &pulse->sides[direction];
    if (side->used && pulse->connection.api->stream_get_state(side->stream) != PULSE_STREAM_READY)
      return PULSE_STREAM_ENDED;
  }
  return PULSE_NOT_KNOWN;
}

static void carry_out(struct pulse_device *pulse, int32_t command) {
  atomic_store(&pulse->command, PULSE_IDLE);
  os_event_wait(&pulse->told, 0); /* for the command that is carried out now */
  switch (command) {
    case PULSE_START: finish(pulse, run_start(pulse)); break;
    case PULSE_STOP: finish(pulse, run_stop(pulse)); break;
    case PULSE_ABORT: finish(pulse, run_abort(pulse)); break;
    case PULSE_PING: finish(pulse, run_ping(pulse)); break;
    default: break;
  }
}

/* A server sends input in the pieces that its most hasty client wants, and to wake up costs more than to take a piece:
 * where they are much shorter than the latency, all that come within half of it are taken at once. */
static void wait_for_server(struct pulse_device *pulse) {
  const struct pulse_side *input = &pulse->sides[DEVICE_INPUT];
  int in_pieces = pulse->running && !pulse->sides[DEVICE_OUTPUT].used && 2 * pulse->piece <= input->target;
  if (pulse->piece > 0 && in_pieces) os_event_wait(&pulse->told, 0.5 * (double)input->target / pulse->rate);
  pulse->piece = 0;
  int handled = pulse_turn(&pulse->connection, -1);
  while (in_pieces && handled > 0) handled = pulse_turn(&pulse->connection, 0);
}

void pulse_thread(void *argument) {
  struct pulse_device *pulse = argument;
  const struct pulse_api *api = pulse->connection.api;
  int32_t status = pulse_open_streams(pulse), command = PULSE_IDLE;
  finish(pulse, status);
  while (status >= 0 && command != PULSE_QUIT) {
    command = atomic_load(&pulse->command);
    if (command == PULSE_QUIT) break;
    if (command != PULSE_IDLE) carry_out(pulse, command);
    enum pulse_loss loss = atomic_load(&pulse->lost) ? PULSE_NOT_KNOWN : look_for_loss(pulse);
    if (loss != PULSE_NOT_KNOWN) lose(pulse, loss);
    if (pulse->running && !atomic_load(&pulse->lost)) pulse_transfer(pulse);
    if (atomic_load(&pulse->command) == PULSE_IDLE) wait_for_server(pulse);
  }
  for (int direction = 0; direction < 2; direction++) {
    struct pulse_stream *stream = pulse->sides[direction].stream;
    if (!stream) continue;
    api->stream_disconnect(stream);
    api->stream_unref(stream);
  }
  os_mutex_lock(&pulse->telling); /* whoever has told it to quit may still be about to wake it */
  pulse_connection_free(&pulse->connection);
  os_mutex_unlock(&pulse->telling);
  if (command == PULSE_QUIT) finish(pulse, PS_OK);
  pulse_release(pulse);
}
