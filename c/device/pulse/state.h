/* A stream's device over PulseAudio: what its thread, the callbacks of libpulse and the calls of its user share. */
#ifndef PS_PULSE_STATE_H
#define PS_PULSE_STATE_H

#include <stdatomic.h>

#include "base/error.h"
#include "device/device.h"
#include "device/pulse/connection.h"
#include "device/pulse/list.h"

#define PULSE_OPEN_SECONDS 5.0   /* a device behind the server may have to be woken */
#define PULSE_CALL_SECONDS 2.0   /* what the server does at once, if it lives */
#define PULSE_ANSWER_SECONDS 0.6 /* the same of a server that may have gone */
#define PULSE_APART_PINGS 2      /* after so many that find the streams connected to no device, it counts as lost */
#define PULSE_PLAY_OUT_EXTRA 2.0 /* seconds beyond twice the latency in which what was played must have been heard */
#define PULSE_PLAY_OUT_POLL 0.02
#define PULSE_LATENCY_LOW 0.01 /* seconds, of either direction */
#define PULSE_LATENCY_HIGH 0.05

/* A device that is suspended, or whose stream a desktop has paused, is silent for as long as it pleases its user. */
#define PULSE_MAY_PAUSE 1e9

/* One direction, in frames unless it says otherwise. */
struct pulse_side {
  int used;
  int follows_default; /* opened on the default: the server moves it when that changes */
  char device[PULSE_NAME_SIZE];
  struct pulse_sample_spec spec;
  struct pulse_channel_map map;
  struct pulse_buffer_attr attr;
  struct pulse_stream *stream;
  int32_t format; /* PS_FORMAT_ */
  size_t frame_bytes;
  size_t target; /* output: what the server tries to hold; input: what it sends at a time */
  size_t behind; /* output: what the sink holds beyond that */
  int flip;      /* int8, which PulseAudio does not know, is sent as uint8 */
  unsigned char *block;
  double latency; /* seconds, as granted */
};

/* What the server has changed in a direction. */
struct pulse_news {
  char device[PULSE_NAME_SIZE]; /* empty: nothing */
  double latency;
};

/* Why a device calls back no more: nothing is known; the server has gone, does not answer, has ended the stream, has
 * connected it to no device. */
enum pulse_loss { PULSE_NOT_KNOWN, PULSE_SERVER_ENDED, PULSE_SERVER_SILENT, PULSE_STREAM_ENDED, PULSE_NO_DEVICE };

enum pulse_command { PULSE_IDLE, PULSE_START, PULSE_STOP, PULSE_ABORT, PULSE_PING, PULSE_QUIT };

struct pulse_device {
  struct device *device; /* for its user's thread, and where `inside` is set and the gate is open */
  struct pulse_side sides[2];
  size_t block; /* longest of a callback; with output, length of each */
  int exact;    /* that of each was asked for */
  double rate;
  char texts[PS_TEXT_COUNT][DEVICE_LABEL_SIZE];
  struct pulse_connection connection;

  /* Between the user's thread and the device's. */
  _Atomic int32_t uses; /* both threads */
  _Atomic int32_t command;
  struct os_mutex telling; /* for waking the thread, and for the next two */
  struct pulse_news news[2];
  int has_news;
  struct os_event told; /* posted with a command */
  struct os_event done; /* posted by the device's thread */
  int32_t status;
  struct error error;
  int hung;                 /* the device's thread was left to itself; user's thread only */
  _Atomic int32_t gate;     /* 1: callbacks go through to the host */
  _Atomic int32_t inside;   /* one is on its way */
  _Atomic int32_t lost;     /* the server or the stream is gone */
  _Atomic int32_t loss;     /* PULSE_ values of enum pulse_loss */
  _Atomic int32_t aborting; /* what is being played out is not wanted any more */
  _Atomic double load;

  /* The device's thread only. */
  int running;          /* the host is called */
  int completed;        /* it has returned other than CALLBACK_CONTINUE */
  unsigned long flags;  /* for the next callback */
  int refill;           /* duplex: silence must make up for what the server has lost in an underflow */
  size_t settling;      /* duplex: frames until it is known how much lies between input and output, */
  size_t settling_half; /* of which so many count: the second half */
  double mean, usual;   /* frames of that, in the mean: now, and at the start of the run */
  int usual_known;
  size_t late;                   /* frames of input that are to be dropped */
  const unsigned char *fragment; /* duplex and input: the unread part of a fragment; NULL in a hole */
  size_t fragment_bytes, fragment_done;
  size_t piece;             /* input: frames of the last fragment, 0: none since the last wait */
  double called;            /* os_time() of the last callback */
  double primed;            /* of the one before the device began, which may take its time */
  int moved;                /* another device plays or records since the last callback */
  int pinged;               /* the server has answered since the last callback: it was not us who were late */
  int apart;                /* pings in a row, since then, that have found a stream connected to no device */
  double suspended_at, gap; /* os_time(), 0: not; seconds */
  double awaited_since;     /* input: os_time() from which on frames are counted that a server brings late, 0: none */
  double awaited_until;     /* os_time() */
  size_t arrived;           /* of these frames */
};

/* setup.c: what libpulse is asked for, from the checked configuration. */
int32_t pulse_setup(struct pulse_device *pulse);

/* open.c: connects, and opens the streams, on the device's thread. */
int32_t pulse_open_streams(struct pulse_device *pulse);

/* thread.c: the thread of a device, which is its argument; and giving up one of its two uses. */
void pulse_thread(void *argument);
void pulse_release(struct pulse_device *pulse);

/* transfer.c: fills the server's buffer before the run, calls back while there is something to do, and drops what was
 * recorded before a run. On the device's thread. */
void pulse_prime(struct pulse_device *pulse);
void pulse_transfer(struct pulse_device *pulse);
void pulse_drop_input(struct pulse_device *pulse);

#endif
