/* Frames between the server and the host: under the real-time rules, as far as libpulse lets them be kept. */
#include <string.h>

#include "device/pulse/state.h"
#include "engine/format.h"
#include "os/os.h"

#define LOAD_SHARE 0.1   /* that a callback has in the mean load */
#define GAP_UNKNOWN 1e-9 /* seconds: there was one */
#define GAP_LEAST 0.005  /* seconds without sound that are worth a glitch */
#define SETTLING 4       /* buffers of the output, of each half */
#define CATCH_UP 1.0     /* seconds in which a server that stood still brings the input of that time, if it does */

static size_t frames_of(const struct pulse_side *side, size_t bytes) {
  return bytes == (size_t)-1 ? 0 : bytes / side->frame_bytes;
}

static size_t writable(struct pulse_device *pulse) {
  const struct pulse_side *side = &pulse->sides[DEVICE_OUTPUT];
  return frames_of(side, pulse->connection.api->stream_writable_size(side->stream));
}

/* int8 and uint8 differ in the highest bit. */
static void flip(const struct pulse_side *side, size_t frames) {
  if (!side->flip) return;
  for (size_t i = 0; i < frames * side->frame_bytes; i++) side->block[i] ^= 0x80;
}

static void write_block(struct pulse_device *pulse, size_t frames) {
  struct pulse_side *side = &pulse->sides[DEVICE_OUTPUT];
  flip(side, frames);
  pulse->connection.api->stream_write(side->stream, side->block, frames * side->frame_bytes, NULL, 0,
                                      PULSE_SEEK_RELATIVE);
}

static void write_silence(struct pulse_device *pulse, size_t frames) {
  struct pulse_side *side = &pulse->sides[DEVICE_OUTPUT];
  while (frames > 0) {
    size_t count = frames < pulse->block ? frames : pulse->block;
    format_silence(side->format, side->block, count * side->spec.channels);
    write_block(pulse, count);
    frames -= count;
  }
}

/* -------------------------------------------------------------------- input */

static size_t readable(struct pulse_device *pulse) {
  const struct pulse_side *side = &pulse->sides[DEVICE_INPUT];
  size_t bytes = pulse->connection.api->stream_readable_size(side->stream);
  if (bytes == (size_t)-1) return 0;
  return frames_of(side, bytes - (pulse->fragment_bytes ? pulse->fragment_done : 0));
}

/* Makes the next fragment the current one; 0 if there is none. */
static int next_fragment(struct pulse_device *pulse) {
  const struct pulse_side *side = &pulse->sides[DEVICE_INPUT];
  const void *data = NULL;
  size_t bytes = 0;
  if (pulse->connection.api->stream_peek(side->stream, &data, &bytes) < 0 || bytes == 0) return 0;
  if (!data) pulse->flags |= FLAG_INPUT_OVERFLOW; /* a hole: what the server had no room for */
  pulse->fragment = data;
  pulse->fragment_bytes = bytes;
  pulse->fragment_done = 0;
  pulse->piece = frames_of(side, bytes);
  return 1;
}

/* Takes `frames` frames out, into the block if they are wanted; fewer if there are fewer. */
static size_t take_input(struct pulse_device *pulse, size_t frames, int wanted) {
  struct pulse_side *side = &pulse->sides[DEVICE_INPUT];
  size_t bytes = frames * side->frame_bytes, done = 0;
  while (done < bytes && (pulse->fragment_bytes || next_fragment(pulse))) {
    size_t count = pulse->fragment_bytes - pulse->fragment_done;
    if (count > bytes - done) count = bytes - done;
    if (wanted && pulse->fragment)
      memcpy(side->block + done, pulse->fragment + pulse->fragment_done, count);
    else if (wanted)
      memset(side->block + done, side->spec.format == PULSE_U8 ? 0x80 : 0, count);
    done += count;
    pulse->fragment_done += count;
    if (pulse->fragment_done < pulse->fragment_bytes) continue;
    pulse->connection.api->stream_drop(side->stream);
    pulse->fragment_bytes = 0;
  }
  if (wanted) flip(side, frames);
  return done / side->frame_bytes;
}

void pulse_drop_input(struct pulse_device *pulse) {
  if (!pulse->sides[DEVICE_INPUT].used) return;
  for (size_t count; (count = readable(pulse)) > 0;)
    if (take_input(pulse, count, 0) == 0) break;
  pulse->flags = 0;
}

/* ---------------------------------------------------------------- callbacks */

/* The latency that libpulse has interpolated, seconds; `otherwise` where it knows none yet. */
static double latency(struct pulse_device *pulse, int direction, double otherwise) {
  uint64_t microseconds;
  int negative;
  const struct pulse_api *api = pulse->connection.api;
  if (api->stream_get_latency(pulse->sides[direction].stream, &microseconds, &negative) < 0) return otherwise;
  return (negative ? -1e-6 : 1e-6) * (double)microseconds;
}

static struct callback_times times_of(struct pulse_device *pulse, double now, size_t input_frames) {
  struct callback_times times = {.now = now, .began = now};
  const struct pulse_side *input = &pulse->sides[DEVICE_INPUT], *output = &pulse->sides[DEVICE_OUTPUT];
  if (input->used) {
    /* libpulse counts a fragment as read when it is dropped. */
    double read = pulse->fragment_bytes ? (double)(pulse->fragment_done / input->frame_bytes) : 0;
    double taken = pulse->fragment_bytes ? read - (double)input_frames : -(double)input_frames;
    times.input = now - latency(pulse, DEVICE_INPUT, input->latency) + taken / pulse->rate;
  }
  if (output->used) times.output = now + latency(pulse, DEVICE_OUTPUT, output->latency);
  return times;
}

/* Seconds since the last callback, beyond the latency. After a move all that the server holds counts as latency: it may
 * play that again, on the other device. */
static double late_by(const struct pulse_device *pulse, double now) {
  const struct pulse_side *output = &pulse->sides[DEVICE_OUTPUT], *input = &pulse->sides[DEVICE_INPUT];
  double usual = !output->used ? input->latency : pulse->moved ? (double)output->target / pulse->rate : output->latency;
  return pulse->called > 0 ? now - pulse->called - usual : 0;
}

/* Seconds of input that the server has not brought CATCH_UP seconds after it stood still; 0 before that, since it may
 * bring them late. */
static double missing_input(struct pulse_device *pulse, double now, size_t frames, int stood_still) {
  if (stood_still) {
    if (pulse->awaited_since == 0) {
      pulse->awaited_since = pulse->called;
      pulse->arrived = 0;
    }
    pulse->awaited_until = now + CATCH_UP;
  }
  if (pulse->awaited_since == 0) return 0;
  pulse->arrived += frames;
  if (now < pulse->awaited_until) return 0;
  double missing = now - pulse->awaited_since - (double)pulse->arrived / pulse->rate;
  pulse->awaited_since = 0;
  return missing < pulse->sides[DEVICE_INPUT].latency ? 0 : missing;
}

/* Tells of the seconds without sound before a callback of `frames` frames, for which it is not us who were late: the
 * stream was moved or suspended, or its device stood still while the server answered. */
static void note_gap(struct pulse_device *pulse, struct callback_times *times, size_t frames) {
  double now = times->now;
  int stood_still = pulse->pinged && pulse->called > pulse->primed && !pulse->moved && pulse->gap == 0;
  double gap = pulse->gap, missing = 0, least = pulse->moved ? GAP_UNKNOWN : 0;
  if (pulse->moved || (stood_still && pulse->sides[DEVICE_OUTPUT].used)) {
    missing = late_by(pulse, now);
  } else if (!pulse->sides[DEVICE_OUTPUT].used) {
    missing = missing_input(pulse, now, frames, stood_still);
    if (missing > 0) times->gap_age = (double)(pulse->arrived - frames) / pulse->rate;
  }
  if (missing > gap) gap = missing;
  pulse->gap = 0;
  pulse->moved = pulse->pinged = pulse->apart = 0;
  times->gap = gap < GAP_LEAST ? least : gap;
}

/* One callback; the block of the output holds what will be written. Returns 0 if the host must not be called. */
static int call_back(struct pulse_device *pulse, size_t frames) {
  struct pulse_side *input = &pulse->sides[DEVICE_INPUT], *output = &pulse->sides[DEVICE_OUTPUT];
  double began = os_time();
  struct callback_times times = times_of(pulse, began, frames);
  note_gap(pulse, &times, frames);
  int result = CALLBACK_ABORT;
  atomic_store(&pulse->inside, 1);
  int open = atomic_load(&pulse->gate);
  if (open)
    result = pulse->device->host->callback(pulse->device->host, input->used ? input->block : NULL,
                                           output->used ? output->block : NULL, frames, &times, pulse->flags);
  atomic_store(&pulse->inside, 0);
  pulse->flags = 0;
  pulse->called = began;
  double load = (os_time() - began) * pulse->rate / (double)frames;
  double mean = atomic_load_explicit(&pulse->load, memory_order_relaxed);
  mean += LOAD_SHARE * ((load > 1 ? 1 : load) - mean);
  atomic_store_explicit(&pulse->load, mean, memory_order_relaxed);
  if (result != CALLBACK_CONTINUE) pulse->completed = 1;
  return open;
}

/* --------------------------------------------------------------------- runs */

static void transfer_output(struct pulse_device *pulse) {
  for (size_t room; !pulse->completed && (room = writable(pulse)) >= pulse->block;) {
    if (!call_back(pulse, pulse->block)) return;
    write_block(pulse, pulse->block);
  }
}

static void transfer_input(struct pulse_device *pulse) {
  for (size_t count; !pulse->completed && (count = readable(pulse)) > 0;) {
    if (count > pulse->block) count = pulse->block;
    if (pulse->exact && count < pulse->block) return;
    if ((count = take_input(pulse, count, 1)) == 0 || !call_back(pulse, count)) return;
  }
}

/* How much lies between input and output, as a mean over some blocks: at the start of a run, for comparison, and after
 * an underflow. `between` is the rest of a callback: frames unread, less those for which the server has room. */
static void settle(struct pulse_device *pulse, size_t frames, double between) {
  if (pulse->settling == 0) return;
  size_t half = pulse->settling_half;
  if (pulse->settling <= half) pulse->mean += between * (double)frames / (double)half;
  pulse->settling -= frames < pulse->settling ? frames : pulse->settling;
  if (pulse->settling > 0) return;
  double more = pulse->mean - pulse->usual;
  if (!pulse->usual_known)
    pulse->usual = pulse->mean;
  else if (more > (double)pulse->block / 2)
    pulse->late = (size_t)more;
  pulse->usual_known = 1;
}

static void start_settling(struct pulse_device *pulse) {
  pulse->settling_half = SETTLING * pulse->sides[DEVICE_OUTPUT].target;
  pulse->settling = 2 * pulse->settling_half;
  pulse->mean = 0;
}

/* Input that is so much more than usual that the mean need not be waited for. A server hands over both directions in
 * pieces, and now and then some of one before those of the other: that is no reason to drop any. */
static void note_late(struct pulse_device *pulse, double between) {
  const struct pulse_side *input = &pulse->sides[DEVICE_INPUT], *output = &pulse->sides[DEVICE_OUTPUT];
  double most = output->target > 2 * input->target ? (double)output->target : 2 * (double)input->target;
  double usual = pulse->usual_known ? pulse->usual : most / 2;
  if (pulse->late > 0 || between <= usual + most + (double)pulse->block) return;
  pulse->late = (size_t)(between - usual);
  start_settling(pulse);
}

/* After an underflow the server's buffer is filled up by silence, or by the input that has come meanwhile. A server
 * that was late itself sends more of it moments later, so what is late is known after a while. */
static void refill(struct pulse_device *pulse, size_t there, size_t room) {
  if (room > there) write_silence(pulse, room - there);
  pulse->refill = 0;
  start_settling(pulse);
}

/* Input and output of one callback come and go in step, so that what lies between them stays as it was at the start.
 * Input that is late is dropped, which is an overflow. Only whole blocks are handed over: PulseAudio renders in the
 * pieces in which it was written to, and records what it renders, so that pieces that were answered as they come would
 * get ever shorter, down to a few frames, and take the server the time that it has. */
static void transfer_both(struct pulse_device *pulse) {
  while (!pulse->completed) {
    size_t there = readable(pulse), room = writable(pulse);
    if (pulse->refill) {
      refill(pulse, there, room);
      continue;
    }
    note_late(pulse, (double)there - (double)room);
    if (pulse->late > 0 && there > 0) {
      size_t dropped = take_input(pulse, there < pulse->late ? there : pulse->late, 0);
      if (dropped == 0) return;
      pulse->late -= dropped;
      pulse->flags |= FLAG_INPUT_OVERFLOW;
      continue;
    }
    size_t count = pulse->block;
    if (there < count || room < count) return;
    if (pulse->called == 0 && room > there) write_silence(pulse, room - there); /* played before the recording began */
    if ((count = take_input(pulse, count, 1)) == 0 || !call_back(pulse, count)) return;
    write_block(pulse, count);
    settle(pulse, count, (double)there - (double)room);
  }
}

/* With silence where there is input, whose frames bring those of the output. Else with as much silence as the sink
 * holds: a server that takes that back to let a sound begin sooner lets monitors miss the beginning. */
void pulse_prime(struct pulse_device *pulse) {
  const struct pulse_side *output = &pulse->sides[DEVICE_OUTPUT];
  if (!output->used) return;
  pulse->late = 0;
  pulse->usual = pulse->usual_known = 0;
  start_settling(pulse);
  write_silence(pulse, pulse->sides[DEVICE_INPUT].used ? writable(pulse) : output->behind);
  if (!pulse->sides[DEVICE_INPUT].used) transfer_output(pulse);
}

void pulse_transfer(struct pulse_device *pulse) {
  if (pulse->sides[DEVICE_INPUT].used && pulse->sides[DEVICE_OUTPUT].used)
    transfer_both(pulse);
  else if (pulse->sides[DEVICE_OUTPUT].used)
    transfer_output(pulse);
  else
    transfer_input(pulse);
}
