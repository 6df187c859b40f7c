/* The contract between a device and its host. A device plays and records by calling its host; it knows nothing else
 * about its host, so no device includes a header of stream/ or file/, nor engine/engine.h. The host is a stream, or
 * a device that stands around another one. A backend is a folder or file of this one and a row in devices.c. */
#ifndef PS_DEVICE_H
#define PS_DEVICE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/callback.h"
#include "pastream.h"

#define DEVICE_INPUT 0 /* directions */
#define DEVICE_OUTPUT 1
#define DEVICE_TEXT_SIZE 512
#define DEVICE_LABEL_SIZE 128

struct device;

/* What a device serves. The functions may be called from `start` on until `stop`, `abort` or `close` has returned. */
struct device_host {
  /* The audio callback, on the device's thread under the real-time rules. `input` and `output` are interleaved, NULL
   * for a direction that the device lacks; `flags` are FLAG_ values. Returns a CALLBACK_ value. Once that is not
   * CALLBACK_CONTINUE, calling it again is allowed: it gives silence and changes nothing. */
  int (*callback)(struct device_host *host, const void *input, void *output, size_t frames,
                  const struct callback_times *times, unsigned long flags);
  /* For a device that may wait (freewheeling), on its callback's thread: how many of `frames` frames the host can take
   * and give now without a gap. Fewer also tells the host that the device works, and wakes the threads that fill its
   * rings. With `whole` set it returns `frames` as well where fewer will never become `frames`. */
  size_t (*ready)(struct device_host *host, size_t frames, int whole);
  /* Whether the device has not called back for so long that it must be lost. On the thread that calls the ops. */
  int (*silent)(struct device_host *host);
  /* The host of the device that stands around this one; NULL where the host is a stream. What follows is then up to the
   * outermost host: device_halted, device_aborting. */
  struct device_host *outer;
  _Atomic int32_t halted;   /* the run is over: the callback will complete, so the device need not wait for it */
  _Atomic int32_t aborting; /* what the device still holds is not to be played out any more */
};

/* A device of one stream. Whoever makes it sets the first four, which stay; `open` sets the rest. */
struct device {
  const struct device_ops *ops;
  struct device_host *host;
  const double *config;                   /* checked; devices are numbered as the backend numbers its own */
  const double *list;                     /* channel maps and faults, as `config` says */
  const char (*texts)[DEVICE_LABEL_SIZE]; /* by PS_TEXT_: what a mixer shows; NULL or empty: nothing is set */
  struct device *partner;                 /* of the input of a pair: the device of the output; else NULL */

  double actual[PS_ACTUAL_SIZE]; /* what it really gave */
  double may_pause;              /* seconds that may pass between two callbacks as long as it `answers` */
  size_t input_lag; /* frames by which the input of a callback is older than its output; 0 from a backend */
  void *state;      /* the backend's own */
};

struct device_info {
  double numbers[PS_DEVICE_INFO_SIZE]; /* PS_DEVICE_HOST_API among the backend's own; not the two IS_DEFAULT */
  char name[DEVICE_TEXT_SIZE];         /* as a person knows it */
  char id[DEVICE_TEXT_SIZE];           /* the backend's own name that stays; empty where it has none */
};

/* By which a device is found again in a newer list. */
struct device_name {
  int host_api_type;
  char text[DEVICE_TEXT_SIZE]; /* its id, or its name if it has none; empty: nothing */
};

struct host_api_info {
  double numbers[PS_HOST_API_INFO_SIZE]; /* devices among the backend's own, or PS_DEVICE_NONE */
  char name[DEVICE_TEXT_SIZE];
};

/* A backend. A function that returns a status returns PS_OK, or sets the thread's error and returns its status. All may
 * block, but end in bounded time even if the device or its server is gone, except those that say otherwise. */
struct device_ops {
  /* The list, on any thread. A backend that cannot be used here has no devices and no host APIs. */
  int32_t (*count)(int32_t *devices, int32_t *host_apis);
  int32_t (*info)(int32_t device, struct device_info *info);
  int32_t (*host_api)(int32_t host_api, struct host_api_info *info);
  /* The backend's default device of a direction, PS_DEVICE_NONE where it has none, or why it cannot be used. */
  int32_t (*default_device)(int direction);
  /* Why what is behind the backend has no device of a direction, though it is there: static; else NULL. The function is
   * NULL where that is never so. */
  const char *(*shortage)(int direction);
  /* The input that brings what the default output plays, PS_DEVICE_NONE, or why the backend cannot be used. NULL where
   * there is never one. */
  int32_t (*loopback)(void);
  /* Looks again which devices there are; open ones go on, numbers may change. NULL where the list never does. */
  int32_t (*refresh)(void);
  int follows_default; /* what was opened as the default device is moved when another one becomes that */
  /* Starts or ends notices of changes, by devices_notice(). Returns whether there are any. NULL: there are none. */
  int (*watch)(int on);
  /* Whether such a device could be opened, else the error of opening it. Any thread. */
  int32_t (*check)(const double *config, const double *list);

  /* One device, on one thread, one call at a time. */
  int32_t (*open)(struct device *device);
  int32_t (*start)(struct device *device);
  int32_t (*stop)(struct device *device);  /* after the callback has completed: returns once what was played is heard */
  int32_t (*abort)(struct device *device); /* drops what the device holds; no callback runs after it */
  void (*close)(struct device *device);    /* also after a failed start; frees `state` */
  /* After `active` has returned 0: whether it has been made to run on. NULL: it never can be. */
  int (*revive)(struct device *device);
  int (*active)(struct device *device); /* 0 when the device will not call back any more. Does not block */
  /* Brings the devices and latencies of `actual` up to date, which a server may change or `start` has changed. Returns
   * whether they have changed. May block as lists do. NULL: they never do. */
  int (*update)(struct device *device);
  int (*answers)(struct device *device); /* 0: what is behind it hangs. NULL where `may_pause` is always 0 */
  /* Why it does not call back any more, for the text of an error: static; NULL where that is not known. The function is
   * NULL where it never is. */
  const char *(*loss)(struct device *device);

  /* While it is open, on any thread, without blocking. */
  double (*time)(struct device *device);     /* the stream's clock, seconds */
  double (*cpu_load)(struct device *device); /* share of its time that the callback takes, 0 to 1 */
};

/* Whether the run is over, or aborted. Any thread. */
static inline int device_halted(const struct device_host *host) {
  while (host->outer) host = host->outer;
  return atomic_load(&host->halted);
}
static inline int device_aborting(const struct device_host *host) {
  while (host->outer) host = host->outer;
  return atomic_load(&host->aborting);
}

extern const struct device_ops device_pulse;
extern const struct device_ops device_portaudio;
extern const struct device_ops device_virtual;
extern const struct device_ops device_convert; /* made by convert_open */
extern const struct device_ops device_pair;    /* made by pair_open */
extern const struct device_ops device_twin;    /* for pair_open: one of two virtual devices */

static inline int32_t device_channels(const struct device *device, int direction) {
  return (int32_t)device->actual[PS_ACTUAL_INPUT_CHANNELS + direction];
}

static inline int32_t device_format(const struct device *device, int direction) {
  return (int32_t)device->config[PS_CONFIG_INPUT_FORMAT + direction];
}

#endif
