/* Handles: the numbers by which foreign code names native objects. A number is a slot and a generation, so a stale one
 * is recognised. An object is not destroyed while it is in use. */
#ifndef PS_HANDLE_H
#define PS_HANDLE_H

#include <stdint.h>

enum handle_kind {
  HANDLE_ANY, /* for handle_use: none in particular */
  HANDLE_RING,
  HANDLE_STREAM,
  HANDLE_FILE,
  HANDLE_JOB,
  HANDLE_INCOMING,
  HANDLE_OPENING,
  HANDLE_WAKER
};

struct waits;

/* First member of every object behind a handle. */
struct object {
  enum handle_kind kind;
  int32_t owner;                          /* of its first handle: handle_own */
  _Atomic int32_t uses;                   /* its handle, plus every user */
  void (*destroy)(struct object *object); /* called on the thread that gives up the last use */
  struct waits *waits;                    /* of an object that threads can wait for: waits_init */
};

/* Makes a handle for an object (uses = 1), or PS_ERR_MEMORY. */
int32_t handle_new(struct object *object, enum handle_kind kind, void (*destroy)(struct object *));
/* One more handle for an object that is in use; it adds a use of its own. PS_ERR_MEMORY. */
int32_t handle_add(struct object *object);
/* The object behind a handle with one use added, or NULL (PS_ERR_HANDLE is left as the thread's error). */
struct object *handle_use(int32_t handle, enum handle_kind kind);
/* Makes the handle stale; the object is destroyed with its last use. PS_OK or PS_ERR_HANDLE. */
int32_t handle_free(int32_t handle, enum handle_kind kind);
/* One more use of an object that is in use, and one less. */
void object_use(struct object *object);
void object_release(struct object *object);
/* What the calling thread makes from now on belongs to `owner` (> 0; 0: to the process). */
void handle_own(int32_t owner);
/* A live handle of this kind that belongs to `owner`; 0 if there is none. */
int32_t handle_owned(int32_t owner, enum handle_kind kind);
/* Calls `visit` with every live object of a kind, in use during the call. */
void handle_each(enum handle_kind kind, void (*visit)(struct object *object, void *argument), void *argument);

#endif
