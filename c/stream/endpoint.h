/* A source or a sink, as it is set. */
#ifndef PS_STREAM_ENDPOINT_H
#define PS_STREAM_ENDPOINT_H

#include <stdint.h>

#include "base/handle.h"
#include "engine/adapter.h"

struct endpoint {
  int32_t kind; /* PS_ENDPOINT_ */
  int32_t flags;
  int32_t plays_file;     /* counted in the file as a stream that plays it */
  struct object *object;  /* ring or file, in use by this stream; NULL for none */
  double rate;            /* Hz of its frames, */
  int32_t channels;       /* and their channels */
  struct object *between; /* the ring between file and callback, in use by this stream; NULL: to be made at the start */
};

#endif
