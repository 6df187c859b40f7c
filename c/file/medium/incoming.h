/* Bytes of a sound file that arrive piece by piece, as those of a download. Whoever brings them never waits; the pipe
 * medium that takes them out waits until there are more. One thread at each end. */
#ifndef PS_FILE_INCOMING_H
#define PS_FILE_INCOMING_H

#include <stddef.h>
#include <stdint.h>

#include "base/handle.h"
#include "base/waker.h"
#include "engine/ring.h"
#include "os/os.h"

#define INCOMING_OPEN 0   /* more may come */
#define INCOMING_ENDED 1  /* all bytes have come */
#define INCOMING_BROKEN 2 /* no more will come, and some are missing */
#define INCOMING_LEFT 3   /* no more are wanted, nor those that have come */

struct incoming {
  struct object object;
  struct waits waits; /* of who brings */
  struct ring *ring;
  struct os_event arrived;
  _Atomic int64_t brought, taken; /* bytes; one writer each */
  _Atomic int32_t waiting;        /* the reader waits, or is about to */
  _Atomic int32_t state;          /* INCOMING_; written after `brought` */
  _Atomic int32_t interrupted;
};

/* With room for so many bytes. 0, or -1 without memory; incoming_destroy takes either. */
int incoming_init(struct incoming *incoming, size_t bytes);
void incoming_destroy(struct incoming *incoming);

/* The end that brings: copies in what there is room for, and returns how many bytes that was. */
size_t incoming_write(struct incoming *incoming, const void *data, size_t bytes);
/* Bytes that have been brought and not been taken. */
size_t incoming_held(struct incoming *incoming);
/* No more comes: INCOMING_ENDED or one of the others. The first state stays. Any thread. */
void incoming_end(struct incoming *incoming, int32_t state);

/* The end that takes: waits for bytes; 1 if there are some or the end has come, 0 if `seconds` (< 0: for ever) ran out,
 * -1 if interrupted. */
int incoming_wait(struct incoming *incoming, double seconds);
/* Copies out up to so many bytes, and returns how many. Wakes those who wait when half of the room is free again. */
size_t incoming_read(struct incoming *incoming, void *data, size_t bytes);

/* Waits return -1, now and from now on; and no more. Any thread. */
void incoming_interrupt(struct incoming *incoming);
void incoming_resume(struct incoming *incoming);

/* Whether all that came have been taken, and the state is this one. Any thread. */
int incoming_over(struct incoming *incoming, int32_t state);

#endif
