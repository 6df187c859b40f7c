/* A pipe, socket or terminal, or bytes that arrive, as the medium of a sound file. They come and go in order, but
 * libsndfile's readers of headers go back and forth: while a file is being opened all that came in is kept. What they
 * look for behind the sound is not there. Writers of headers go back to the start when the length is known: that is
 * dropped, and the header that is sent first says that the length is unknown, where the format has a way to say it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/incoming.h"
#include "file/medium/medium.h"
#include "os/os_file.h"

#define HEAD_LIMIT (16 << 20) /* bytes of headers, with the pictures in them */
#define SKIP_LIMIT (1 << 20)  /* a longer way forward is far */
#define STEP 65536
#define GATHER_STEP (1 << 20)

struct pipe {
  struct medium medium;
  int descriptor, own, writing;
  struct incoming *incoming; /* where the bytes come from instead of a descriptor, or NULL */
  int opening, far_seeks;
  int64_t claimed;   /* length that a codec is told */
  int64_t head_most; /* bytes that are kept while the file is being opened; what is behind them is not there then */
  int64_t position;  /* that the codec assumes */
  int64_t moved;     /* bytes that came in, or went out */
  unsigned char *head;
  int64_t head_length, head_capacity;
  int eager; /* a read takes what is there */
  int ended; /* no more will come, or can be sent */
  double patience;
  struct os_wake wake;
  struct os_wake *stop; /* instead of it while the file is being opened, or NULL */
  _Atomic int32_t interrupted;
};

/* ------------------------------------------------------------------ waiting */

static struct os_wake *wake_of(struct pipe *pipe) { return pipe->opening && pipe->stop ? pipe->stop : &pipe->wake; }

/* Waits until bytes can be moved; 0 if not. */
static int wait_ready(struct pipe *pipe) {
  if (pipe->ended) return 0;
  int ready = pipe->incoming ? incoming_wait(pipe->incoming, pipe->patience)
                             : os_pipe_wait(pipe->descriptor, pipe->writing, wake_of(pipe), pipe->patience);
  if (ready == 1) return 1;
  /* Part of a frame may have gone through: a retry would continue in the middle of it. */
  pipe->ended = 1;
  medium_fail(&pipe->medium, MEDIUM_STALLED);
  return 0;
}

static void set_patience(struct medium *medium, double seconds) { ((struct pipe *)medium)->patience = seconds; }

static void interrupt(struct medium *medium) {
  struct pipe *pipe = (struct pipe *)medium;
  if (pipe->incoming) {
    incoming_interrupt(pipe->incoming);
    return;
  }
  atomic_store(&pipe->interrupted, 1);
  os_wake_up(&pipe->wake);
}

static void resume(struct medium *medium) {
  struct pipe *pipe = (struct pipe *)medium;
  if (pipe->incoming) incoming_resume(pipe->incoming);
  if (atomic_exchange(&pipe->interrupted, 0)) os_wake_clear(&pipe->wake);
}

/* ------------------------------------------------------------------ reading */

static int64_t take(struct pipe *pipe, unsigned char *data, int64_t bytes) {
  if (pipe->incoming) return (int64_t)incoming_read(pipe->incoming, data, (size_t)bytes);
  return os_pipe_read(pipe->descriptor, data, (size_t)bytes);
}

static int64_t receive(struct pipe *pipe, unsigned char *data, int64_t bytes) {
  int64_t done = 0;
  while (done < bytes && !(pipe->eager && done > 0) && wait_ready(pipe)) {
    int64_t count = take(pipe, data + done, bytes - done);
    if (count < 0 && errno == EAGAIN) continue; /* another reader of the same pipe was faster */
    if (count < 0) medium_fail(&pipe->medium, errno);
    if (count <= 0) pipe->ended = 1;
    if (count > 0) done += count;
  }
  pipe->moved += done;
  medium_moved(&pipe->medium, done);
  return done;
}

/* Keeps what comes in until it goes up to `end`. */
static void receive_head(struct pipe *pipe, int64_t end) {
  if (end > pipe->head_most) end = pipe->head_most;
  while (pipe->moved < end && !pipe->ended) {
    int64_t bytes = end - pipe->moved < STEP ? end - pipe->moved : STEP;
    if (pipe->moved + bytes > pipe->head_capacity) {
      int64_t capacity = pipe->head_capacity + pipe->head_capacity / 2 + bytes;
      unsigned char *head = realloc(pipe->head, (size_t)capacity);
      if (!head) {
        medium_fail(&pipe->medium, ENOMEM);
        return;
      }
      pipe->head = head;
      pipe->head_capacity = capacity;
    }
    pipe->head_length += receive(pipe, pipe->head + pipe->moved, bytes);
  }
}

/* A codec has gone forward to the start of the sound. */
static void pass_over(struct pipe *pipe) {
  unsigned char nothing[4096];
  while (pipe->moved < pipe->position && !pipe->ended) {
    int64_t left = pipe->position - pipe->moved;
    receive(pipe, nothing, left < (int64_t)sizeof nothing ? left : (int64_t)sizeof nothing);
  }
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct pipe *pipe = argument;
  int64_t done = 0;
  if (pipe->opening && pipe->position < pipe->head_most) receive_head(pipe, pipe->position + bytes);
  if (!pipe->opening) pass_over(pipe);
  if (pipe->position < pipe->head_length) {
    int64_t kept = pipe->head_length - pipe->position;
    done = bytes < kept ? bytes : kept;
    memcpy(data, pipe->head + pipe->position, (size_t)done);
    pipe->position += done;
  }
  if (!pipe->opening && pipe->position == pipe->moved && done < bytes) {
    int64_t received = receive(pipe, (unsigned char *)data + done, bytes - done);
    pipe->position += received;
    done += received;
  }
  return done;
}

/* The rest of the head is read before anything new. */
static void opened(struct medium *medium) { ((struct pipe *)medium)->opening = 0; }

/* ------------------------------------------------------------------ writing */

/* Writes into the first header that the length is unknown. libsndfile does that for AU only. */
static void mark_unknown_length(unsigned char *header, int64_t bytes) {
  if (bytes >= 44 && memcmp(header, "RIFF", 4) == 0 && memcmp(header + bytes - 8, "data", 4) == 0) {
    memset(header + 4, 0xFF, 4);
    memset(header + bytes - 4, 0xFF, 4);
  } else if (bytes >= 24 && memcmp(header, ".snd", 4) == 0) {
    memset(header + 8, 0xFF, 4);
  }
}

static int64_t send_bytes(struct pipe *pipe, const unsigned char *data, int64_t bytes) {
  int64_t done = 0;
  while (done < bytes && wait_ready(pipe)) {
    int64_t count = os_pipe_write(pipe->descriptor, data + done, (size_t)(bytes - done), wake_of(pipe));
    if (count < 0 && errno == EAGAIN) continue;
    if (count < 0) {
      medium_fail(&pipe->medium, errno);
      pipe->ended = 1;
      break;
    }
    done += count;
    medium_moved(&pipe->medium, count);
  }
  pipe->moved += done;
  return done;
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct pipe *pipe = argument;
  if (bytes <= 0) return 0;
  if (pipe->position < pipe->moved) { /* a header that is brought up to date */
    pipe->position += bytes;
    return bytes;
  }
  int64_t done;
  if (pipe->moved == 0) {
    unsigned char *header = malloc((size_t)bytes);
    if (!header) {
      medium_fail(&pipe->medium, ENOMEM);
      return 0;
    }
    memcpy(header, data, (size_t)bytes);
    mark_unknown_length(header, bytes);
    done = send_bytes(pipe, header, bytes);
    free(header);
  } else {
    done = send_bytes(pipe, data, bytes);
  }
  pipe->position = pipe->moved;
  return done;
}

/* ----------------------------------------------------------------- position */

static int64_t get_length(void *argument) {
  struct pipe *pipe = argument;
  return pipe->writing ? pipe->moved : pipe->claimed;
}

static int64_t tell(void *argument) { return ((struct pipe *)argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct pipe *pipe = argument;
  if (whence == SEEK_END && !pipe->writing) return -1;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? pipe->position : pipe->moved;
  if (offset < -from || offset > INT64_MAX - from) return -1;
  if (pipe->opening && !pipe->far_seeks && !pipe->writing && from + offset > pipe->moved + SKIP_LIMIT) return -1;
  return pipe->position = from + offset;
}

static int close_pipe(struct medium *medium) {
  struct pipe *pipe = (struct pipe *)medium;
  int result = pipe->own ? os_file_close(pipe->descriptor) : 0;
  if (pipe->incoming)
    object_release(&pipe->incoming->object);
  else
    os_wake_destroy(&pipe->wake);
  free(pipe->head);
  free(pipe);
  return result;
}

static const struct medium_type type = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 0,
    .opened = opened,
    .set_patience = set_patience,
    .interrupt = interrupt,
    .resume = resume,
    .close = close_pipe,
};

/* ------------------------------------------------------- what the probe knows */

static const struct pipe *pipe_in(const struct medium *medium) {
  while (medium->inner) medium = medium->inner;
  return medium->type == &type ? (const struct pipe *)medium : NULL;
}

void medium_pipe_expect(struct medium *medium, int64_t length, int64_t head, int far_seeks) {
  struct pipe *pipe = (struct pipe *)medium;
  pipe->claimed = length >= 0 ? length : INT64_MAX;
  if (head >= 0 && head < HEAD_LIMIT) pipe->head_most = head;
  pipe->far_seeks = far_seeks;
}

void medium_pipe_set_eager(struct medium *medium) {
  while (medium->inner) medium = medium->inner;
  if (medium->type == &type) ((struct pipe *)medium)->eager = 1;
}

int medium_pipe_ended(const struct medium *medium, int64_t *bytes) {
  const struct pipe *pipe = pipe_in(medium);
  if (pipe) *bytes = pipe->moved;
  return pipe && pipe->ended;
}

struct medium *medium_gather(struct medium *medium, int64_t most) {
  struct pipe *pipe = (struct pipe *)medium;
  pipe->head_most = most;
  while (!pipe->ended && !pipe->medium.error && pipe->moved < most) receive_head(pipe, pipe->moved + GATHER_STEP);
  unsigned char one;
  if (!pipe->medium.error && pipe->moved >= most && receive(pipe, &one, 1) > 0) medium_fail(medium, EFBIG);
  struct medium *memory = pipe->medium.error ? NULL : medium_memory(pipe->head, (size_t)pipe->head_length);
  if (!memory) {
    errno = pipe->medium.error > 0 ? pipe->medium.error : ENOMEM;
    return NULL;
  }
  close_pipe(medium);
  return memory;
}

/* The head of a pipe as a file. */
struct head {
  struct medium medium;
  const struct pipe *pipe;
  int64_t length, position;
};

static int64_t head_length(void *argument) { return ((struct head *)argument)->length; }

static int64_t head_tell(void *argument) { return ((struct head *)argument)->position; }

static int64_t head_seek(int64_t offset, int whence, void *argument) {
  struct head *head = argument;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? head->position : head->length;
  if (offset < -from || offset > INT64_MAX - from) return -1;
  return head->position = from + offset;
}

static int64_t head_read(void *data, int64_t bytes, void *argument) {
  struct head *head = argument;
  int64_t left = head->length - head->position, kept = head->pipe->head_length - head->position;
  if (bytes > left) bytes = left;
  if (bytes <= 0) return 0;
  memset(data, 0, (size_t)bytes);
  if (kept > 0) memcpy(data, head->pipe->head + head->position, (size_t)(kept < bytes ? kept : bytes));
  head->position += bytes;
  return bytes;
}

static int64_t head_write(const void *data, int64_t bytes, void *argument) {
  (void)data, (void)bytes, (void)argument;
  return 0;
}

static int close_head(struct medium *medium) {
  free(medium);
  return 0;
}

static const struct medium_type head_type = {
    .io = {head_length, head_seek, head_read, head_write, head_tell},
    .seekable = 1,
    .close = close_head,
};

struct medium *medium_pipe_head(const struct medium *medium, int64_t length) {
  struct head *head = calloc(1, sizeof *head);
  if (!head) return NULL;
  head->medium.type = &head_type;
  head->pipe = pipe_in(medium);
  head->length = length;
  return medium_window_like(medium, &head->medium);
}

static struct pipe *new_pipe(void) {
  struct pipe *pipe = calloc(1, sizeof *pipe);
  if (!pipe) return NULL;
  pipe->medium.type = &type;
  pipe->opening = pipe->far_seeks = 1;
  pipe->claimed = INT64_MAX;
  pipe->head_most = HEAD_LIMIT;
  pipe->patience = -1;
  return pipe;
}

struct medium *medium_pipe(int descriptor, int own, int writing, struct os_wake *stop) {
  struct pipe *pipe = new_pipe();
  if (!pipe) return NULL;
  pipe->descriptor = descriptor;
  pipe->own = own;
  pipe->writing = writing;
  pipe->stop = stop;
  if (os_wake_init(&pipe->wake) == 0) return &pipe->medium;
  free(pipe);
  return NULL;
}

struct medium *medium_incoming(struct incoming *incoming) {
  struct pipe *pipe = new_pipe();
  if (!pipe) return NULL;
  object_use(&incoming->object);
  pipe->incoming = incoming;
  return &pipe->medium;
}
