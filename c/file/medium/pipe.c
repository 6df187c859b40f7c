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

struct stream_medium {
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
static int wait_ready(struct stream_medium *stream) {
  if (stream->ended) return 0;
  if (os_stream_wait(stream->descriptor, stream->writing, &stream->wake, stream->patience) == 1) return 1;
  /* Part of a frame may have gone through: whoever went on now would go on in the middle of it. */
  stream->ended = 1;
  medium_fail(&stream->medium, MEDIUM_STALLED);
  return 0;
}

static void set_patience(struct medium *medium, double seconds) {
  ((struct stream_medium *)medium)->patience = seconds;
}

static void interrupt(struct medium *medium) {
  struct stream_medium *stream = (struct stream_medium *)medium;
  atomic_store(&stream->interrupted, 1);
  os_wake_up(&stream->wake);
}

static void resume(struct medium *medium) {
  struct stream_medium *stream = (struct stream_medium *)medium;
  if (atomic_exchange(&stream->interrupted, 0)) os_wake_clear(&stream->wake);
}

/* ------------------------------------------------------------------ reading */

static int64_t receive(struct stream_medium *stream, unsigned char *data, int64_t bytes) {
  int64_t done = 0;
  while (done < bytes && wait_ready(stream)) {
    int64_t count = os_stream_read(stream->descriptor, data + done, (size_t)(bytes - done));
    if (count < 0 && errno == EAGAIN) continue; /* another reader of the same pipe was faster */
    if (count < 0) medium_fail(&stream->medium, errno);
    if (count <= 0) stream->ended = 1;
    if (count > 0) done += count;
  }
  stream->moved += done;
  medium_moved(&stream->medium, done);
  return done;
}

/* Keeps what comes in until it goes up to `end`. */
static void receive_head(struct stream_medium *stream, int64_t end) {
  if (end > HEAD_LIMIT) end = HEAD_LIMIT;
  while (stream->moved < end && !stream->ended) {
    int64_t bytes = end - stream->moved < STEP ? end - stream->moved : STEP;
    if (stream->moved + bytes > stream->head_capacity) {
      int64_t capacity = stream->head_capacity + stream->head_capacity / 2 + bytes;
      unsigned char *head = realloc(stream->head, (size_t)capacity);
      if (!head) {
        medium_fail(&stream->medium, ENOMEM);
        return;
      }
      stream->head = head;
      stream->head_capacity = capacity;
    }
    stream->head_length += receive(stream, stream->head + stream->moved, bytes);
  }
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct stream_medium *stream = argument;
  int64_t done = 0;
  if (stream->opening && stream->position - stream->moved <= SKIP_LIMIT) receive_head(stream, stream->position + bytes);
  if (stream->position < stream->head_length) {
    int64_t kept = stream->head_length - stream->position;
    done = bytes < kept ? bytes : kept;
    memcpy(data, stream->head + stream->position, (size_t)done);
    stream->position += done;
  }
  if (!stream->opening && stream->position == stream->moved && done < bytes) {
    int64_t received = receive(stream, (unsigned char *)data + done, bytes - done);
    stream->position += received;
    done += received;
  }
  return done;
}

/* The rest of the head is read before anything new. */
static void opened(struct medium *medium) { ((struct stream_medium *)medium)->opening = 0; }

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

static int64_t send_bytes(struct stream_medium *stream, const unsigned char *data, int64_t bytes) {
  int64_t done = 0;
  while (done < bytes && wait_ready(stream)) {
    int64_t count = os_stream_write(stream->descriptor, data + done, (size_t)(bytes - done));
    if (count < 0 && errno == EAGAIN) continue;
    if (count < 0) {
      medium_fail(&stream->medium, errno);
      stream->ended = 1;
      break;
    }
    done += count;
    medium_moved(&stream->medium, count);
  }
  stream->moved += done;
  return done;
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct stream_medium *stream = argument;
  if (bytes <= 0) return 0;
  if (stream->position < stream->moved) { /* a header that is brought up to date */
    stream->position += bytes;
    return bytes;
  }
  int64_t done;
  if (stream->moved == 0) {
    unsigned char *header = malloc((size_t)bytes);
    if (!header) {
      medium_fail(&stream->medium, ENOMEM);
      return 0;
    }
    memcpy(header, data, (size_t)bytes);
    mark_unknown_length(header, bytes);
    done = send_bytes(stream, header, bytes);
    free(header);
  } else {
    done = send_bytes(stream, data, bytes);
  }
  stream->position = stream->moved;
  return done;
}

/* ----------------------------------------------------------------- position */

/* What is read has no end that is known. */
static int64_t get_length(void *argument) {
  struct stream_medium *stream = argument;
  return stream->writing ? stream->moved : INT64_MAX;
}

static int64_t tell(void *argument) { return ((struct stream_medium *)argument)->position; }

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct stream_medium *stream = argument;
  if (whence == SEEK_END && !stream->writing) return -1;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream->position : stream->moved;
  if (offset < -from || offset > INT64_MAX - from) return -1;
  return stream->position = from + offset;
}

static int close_stream(struct medium *medium) {
  struct stream_medium *stream = (struct stream_medium *)medium;
  int result = stream->own ? os_file_close(stream->descriptor) : 0;
  os_wake_destroy(&stream->wake);
  free(stream->head);
  free(stream);
  return result;
}

static const struct medium_type type = {
    .io = {get_length, seek, read_bytes, write_bytes, tell},
    .seekable = 0,
    .opened = opened,
    .set_patience = set_patience,
    .interrupt = interrupt,
    .resume = resume,
    .close = close_stream,
};

struct medium *medium_stream(int descriptor, int own, int writing) {
  struct stream_medium *stream = calloc(1, sizeof *stream);
  if (!stream) return NULL;
  stream->medium.type = &type;
  stream->descriptor = descriptor;
  stream->own = own;
  stream->writing = writing;
  stream->opening = 1;
  stream->patience = -1;
  if (os_wake_init(&stream->wake) == 0) return &stream->medium;
  free(stream);
  return NULL;
}
