/* A pipe, socket or terminal as the medium of a sound file. Its bytes come and go in order, but libsndfile's readers of
 * headers go back and forth: while a file is being opened all that came in is kept. What they look for behind the
 * sound is not there. Writers of headers go back to the start when the length is known: that is dropped, and the
 * header that is sent first says that the length is unknown, where the format has a way to say it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/medium/medium.h"
#include "os/os_file.h"

#define HEAD_LIMIT (16 << 20) /* bytes of headers, with the pictures in them */
#define SKIP_LIMIT (1 << 20)  /* a longer way forward is the way past the sound */
#define STEP 65536

struct pipe {
  struct medium medium;
  int descriptor, own, writing;
  int opening;
  int64_t position; /* where libsndfile believes to be */
  int64_t moved;    /* bytes that came in, or went out */
  unsigned char *head;
  int64_t head_length, head_capacity;
  int ended; /* no more will come, or can be sent */
  double patience;
  struct os_wake wake;
  _Atomic int32_t interrupted;
};

/* ------------------------------------------------------------------ waiting */

/* Waits until bytes can be moved; 0 if not. */
static int wait_ready(struct pipe *pipe) {
  if (pipe->ended) return 0;
  if (os_stream_wait(pipe->descriptor, pipe->writing, &pipe->wake, pipe->patience) == 1) return 1;
  /* Part of a frame may have gone through: whoever went on now would go on in the middle of it. */
  pipe->ended = 1;
  medium_fail(&pipe->medium, MEDIUM_STALLED);
  return 0;
}

static void set_patience(struct medium *medium, double seconds) { ((struct pipe *)medium)->patience = seconds; }

static void interrupt(struct medium *medium) {
  struct pipe *pipe = (struct pipe *)medium;
  atomic_store(&pipe->interrupted, 1);
  os_wake_up(&pipe->wake);
}

static void resume(struct medium *medium) {
  struct pipe *pipe = (struct pipe *)medium;
  if (atomic_exchange(&pipe->interrupted, 0)) os_wake_clear(&pipe->wake);
}

/* ------------------------------------------------------------------ reading */

static int64_t receive(struct pipe *pipe, unsigned char *data, int64_t bytes) {
  int64_t done = 0;
  while (done < bytes && wait_ready(pipe)) {
    int64_t count = os_stream_read(pipe->descriptor, data + done, (size_t)(bytes - done));
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
  if (end > HEAD_LIMIT) end = HEAD_LIMIT;
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

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct pipe *pipe = argument;
  int64_t done = 0;
  if (pipe->opening && pipe->position - pipe->moved <= SKIP_LIMIT) receive_head(pipe, pipe->position + bytes);
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

/* Says in the first header that the length is unknown. libsndfile knows how to for AU only. */
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
    int64_t count = os_stream_write(pipe->descriptor, data + done, (size_t)(bytes - done));
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

/* What is read has no end that is known. */
static int64_t get_length(void *argument) {
  struct pipe *pipe = argument;
  return pipe->writing ? pipe->moved : INT64_MAX;
}

static int64_t tell(void *argument) { return ((struct pipe *)argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct pipe *pipe = argument;
  if (whence == SEEK_END && !pipe->writing) return -1;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? pipe->position : pipe->moved;
  if (offset < -from || offset > INT64_MAX - from) return -1;
  return pipe->position = from + offset;
}

static int close_pipe(struct medium *medium) {
  struct pipe *pipe = (struct pipe *)medium;
  int result = pipe->own ? os_file_close(pipe->descriptor) : 0;
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

struct medium *medium_pipe(int descriptor, int own, int writing) {
  struct pipe *pipe = calloc(1, sizeof *pipe);
  if (!pipe) return NULL;
  pipe->medium.type = &type;
  pipe->descriptor = descriptor;
  pipe->own = own;
  pipe->writing = writing;
  pipe->opening = 1;
  pipe->patience = -1;
  if (os_wake_init(&pipe->wake) == 0) return &pipe->medium;
  free(pipe);
  return NULL;
}
