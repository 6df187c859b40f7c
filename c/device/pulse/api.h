/* What the library uses of libpulse, PulseAudio's client library, declared here: its headers are not on every machine.
 * The names are libpulse's own in this project's spelling; a test compares layouts and values with the real headers. */
#ifndef PS_PULSE_API_H
#define PS_PULSE_API_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PULSE_CHANNELS_MAX 32
#define PULSE_INVALID_INDEX UINT32_MAX
#define PULSE_BY_SERVER UINT32_MAX /* in buffer attributes: the server chooses */

/* Sample formats. */
#define PULSE_U8 0
#define PULSE_S16LE 3
#define PULSE_FLOAT32LE 5
#define PULSE_S32LE 7
#define PULSE_S24LE 9 /* packed */

#define PULSE_CHANNEL_MONO 0

/* States of contexts, streams and operations. */
#define PULSE_CONTEXT_READY 4
#define PULSE_CONTEXT_FAILED 5
#define PULSE_CONTEXT_TERMINATED 6
#define PULSE_STREAM_READY 2
#define PULSE_STREAM_FAILED 3
#define PULSE_STREAM_TERMINATED 4
#define PULSE_OPERATION_RUNNING 0

/* Flags. */
#define PULSE_CONTEXT_NOAUTOSPAWN 0x1
#define PULSE_STREAM_START_CORKED 0x1
#define PULSE_STREAM_INTERPOLATE_TIMING 0x2
#define PULSE_STREAM_AUTO_TIMING_UPDATE 0x8
#define PULSE_STREAM_ADJUST_LATENCY 0x2000
#define PULSE_SUBSCRIPTION_SINK 0x1
#define PULSE_SUBSCRIPTION_SOURCE 0x2
#define PULSE_SUBSCRIPTION_SERVER 0x80

#define PULSE_SEEK_RELATIVE 0

/* Errors. */
#define PULSE_ERROR_NOENTITY 5
#define PULSE_ERROR_CONNECTION_REFUSED 6
#define PULSE_ERROR_TIMEOUT 8

struct pulse_context;
struct pulse_mainloop;
struct pulse_mainloop_api;
struct pulse_operation;
struct pulse_proplist;
struct pulse_spawn_api;
struct pulse_stream;

struct pulse_sample_spec {
  int format;
  uint32_t rate;
  uint8_t channels;
};

struct pulse_channel_map {
  uint8_t channels;
  int map[PULSE_CHANNELS_MAX];
};

struct pulse_volume {
  uint8_t channels;
  uint32_t values[PULSE_CHANNELS_MAX];
};

/* In bytes. */
struct pulse_buffer_attr {
  uint32_t maxlength;
  uint32_t tlength;  /* playback: what the server tries to hold */
  uint32_t prebuf;   /* playback: with which it begins, also after an underflow */
  uint32_t minreq;   /* playback: the least that it asks for at a time */
  uint32_t fragsize; /* recording: how much it sends at a time */
};

struct pulse_timing_info {
  struct {
    long seconds, microseconds;
  } timestamp;
  int synchronized_clocks;
  uint64_t sink_usec;
  uint64_t source_usec;
  uint64_t transport_usec;
  int playing;
  int write_index_corrupt;
  int64_t write_index;
  int read_index_corrupt;
  int64_t read_index;
  uint64_t configured_sink_usec;
  uint64_t configured_source_usec;
};

/* The beginnings of structs that libpulse allocates. */
struct pulse_sink_info {
  const char *name;
  uint32_t index;
  const char *description;
  struct pulse_sample_spec sample_spec;
  struct pulse_channel_map channel_map;
};

struct pulse_source_info {
  const char *name;
  uint32_t index;
  const char *description;
  struct pulse_sample_spec sample_spec;
  struct pulse_channel_map channel_map;
  uint32_t owner_module;
  struct pulse_volume volume;
  int mute;
  uint32_t monitor_of_sink;         /* PULSE_INVALID_INDEX: it is no monitor */
  const char *monitor_of_sink_name; /* or NULL */
};

struct pulse_server_info {
  const char *user_name;
  const char *host_name;
  const char *server_version;
  const char *server_name;
  struct pulse_sample_spec sample_spec;
  const char *default_sink_name;
  const char *default_source_name;
};

struct pulse_sink_input_info {
  uint32_t index;
  const char *name;
  uint32_t owner_module;
  uint32_t client;
  uint32_t sink; /* PULSE_INVALID_INDEX: what it plays goes nowhere */
};

struct pulse_source_output_info {
  uint32_t index;
  const char *name;
  uint32_t owner_module;
  uint32_t client;
  uint32_t source;
};

typedef void pulse_context_notify(struct pulse_context *context, void *argument);
typedef void pulse_context_success(struct pulse_context *context, int success, void *argument);
typedef void pulse_server_info_notify(struct pulse_context *context, const struct pulse_server_info *info,
                                      void *argument);
typedef void pulse_sink_info_notify(struct pulse_context *context, const struct pulse_sink_info *info, int end,
                                    void *argument);
typedef void pulse_source_info_notify(struct pulse_context *context, const struct pulse_source_info *info, int end,
                                      void *argument);
typedef void pulse_sink_input_info_notify(struct pulse_context *context, const struct pulse_sink_input_info *info,
                                          int end, void *argument);
typedef void pulse_source_output_info_notify(struct pulse_context *context, const struct pulse_source_output_info *info,
                                             int end, void *argument);
typedef void pulse_subscribe_notify(struct pulse_context *context, int event, uint32_t index, void *argument);
typedef void pulse_stream_notify(struct pulse_stream *stream, void *argument);
typedef void pulse_stream_success(struct pulse_stream *stream, int success, void *argument);

/* Functions: result, name here, name there, parameters. */
#define PULSE_FUNCTIONS(F)                                                                                         \
  F(const char *, get_library_version, pa_get_library_version, (void))                                             \
  F(const char *, strerror, pa_strerror, (int error))                                                              \
  F(struct pulse_mainloop *, mainloop_new, pa_mainloop_new, (void))                                                \
  F(void, mainloop_free, pa_mainloop_free, (struct pulse_mainloop * loop))                                         \
  F(int, mainloop_prepare, pa_mainloop_prepare, (struct pulse_mainloop * loop, int microseconds))                  \
  F(int, mainloop_poll, pa_mainloop_poll, (struct pulse_mainloop * loop))                                          \
  F(int, mainloop_dispatch, pa_mainloop_dispatch, (struct pulse_mainloop * loop))                                  \
  F(void, mainloop_wakeup, pa_mainloop_wakeup, (struct pulse_mainloop * loop))                                     \
  F(struct pulse_mainloop_api *, mainloop_get_api, pa_mainloop_get_api, (struct pulse_mainloop * loop))            \
  F(struct pulse_proplist *, proplist_new, pa_proplist_new, (void))                                                \
  F(void, proplist_free, pa_proplist_free, (struct pulse_proplist * list))                                         \
  F(int, proplist_sets, pa_proplist_sets, (struct pulse_proplist * list, const char *key, const char *value))      \
  F(struct pulse_context *, context_new, pa_context_new_with_proplist,                                             \
    (struct pulse_mainloop_api * api, const char *name, const struct pulse_proplist *properties))                  \
  F(void, context_unref, pa_context_unref, (struct pulse_context * context))                                       \
  F(int, context_connect, pa_context_connect,                                                                      \
    (struct pulse_context * context, const char *server, int flags, const struct pulse_spawn_api *spawn))          \
  F(void, context_disconnect, pa_context_disconnect, (struct pulse_context * context))                             \
  F(int, context_get_state, pa_context_get_state, (const struct pulse_context *context))                           \
  F(int, context_errno, pa_context_errno, (const struct pulse_context *context))                                   \
  F(struct pulse_operation *, context_get_server_info, pa_context_get_server_info,                                 \
    (struct pulse_context * context, pulse_server_info_notify * notify, void *argument))                           \
  F(struct pulse_operation *, context_get_sink_info_list, pa_context_get_sink_info_list,                           \
    (struct pulse_context * context, pulse_sink_info_notify * notify, void *argument))                             \
  F(struct pulse_operation *, context_get_source_info_list, pa_context_get_source_info_list,                       \
    (struct pulse_context * context, pulse_source_info_notify * notify, void *argument))                           \
  F(struct pulse_operation *, context_get_sink_input_info, pa_context_get_sink_input_info,                         \
    (struct pulse_context * context, uint32_t index, pulse_sink_input_info_notify *notify, void *argument))        \
  F(struct pulse_operation *, context_get_source_output_info, pa_context_get_source_output_info,                   \
    (struct pulse_context * context, uint32_t index, pulse_source_output_info_notify *notify, void *argument))     \
  F(void, context_set_subscribe_callback, pa_context_set_subscribe_callback,                                       \
    (struct pulse_context * context, pulse_subscribe_notify * notify, void *argument))                             \
  F(struct pulse_operation *, context_subscribe, pa_context_subscribe,                                             \
    (struct pulse_context * context, int mask, pulse_context_success *notify, void *argument))                     \
  F(int, operation_get_state, pa_operation_get_state, (const struct pulse_operation *operation))                   \
  F(void, operation_cancel, pa_operation_cancel, (struct pulse_operation * operation))                             \
  F(void, operation_unref, pa_operation_unref, (struct pulse_operation * operation))                               \
  F(struct pulse_stream *, stream_new, pa_stream_new_with_proplist,                                                \
    (struct pulse_context * context, const char *name, const struct pulse_sample_spec *spec,                       \
     const struct pulse_channel_map *map, struct pulse_proplist *properties))                                      \
  F(void, stream_unref, pa_stream_unref, (struct pulse_stream * stream))                                           \
  F(int, stream_connect_playback, pa_stream_connect_playback,                                                      \
    (struct pulse_stream * stream, const char *device, const struct pulse_buffer_attr *attr, int flags,            \
     const struct pulse_volume *volume, struct pulse_stream *sync))                                                \
  F(int, stream_connect_record, pa_stream_connect_record,                                                          \
    (struct pulse_stream * stream, const char *device, const struct pulse_buffer_attr *attr, int flags))           \
  F(int, stream_disconnect, pa_stream_disconnect, (struct pulse_stream * stream))                                  \
  F(int, stream_get_state, pa_stream_get_state, (const struct pulse_stream *stream))                               \
  F(uint32_t, stream_get_index, pa_stream_get_index, (const struct pulse_stream *stream))                          \
  F(const struct pulse_buffer_attr *, stream_get_buffer_attr, pa_stream_get_buffer_attr,                           \
    (struct pulse_stream * stream))                                                                                \
  F(const char *, stream_get_device_name, pa_stream_get_device_name, (const struct pulse_stream *stream))          \
  F(const struct pulse_timing_info *, stream_get_timing_info, pa_stream_get_timing_info,                           \
    (struct pulse_stream * stream))                                                                                \
  F(struct pulse_operation *, stream_update_timing_info, pa_stream_update_timing_info,                             \
    (struct pulse_stream * stream, pulse_stream_success * notify, void *argument))                                 \
  F(int, stream_get_latency, pa_stream_get_latency, (struct pulse_stream * stream, uint64_t *usec, int *negative)) \
  F(int64_t, stream_get_underflow_index, pa_stream_get_underflow_index, (const struct pulse_stream *stream))       \
  F(int, stream_is_suspended, pa_stream_is_suspended, (const struct pulse_stream *stream))                         \
  F(void, stream_set_underflow_callback, pa_stream_set_underflow_callback,                                         \
    (struct pulse_stream * stream, pulse_stream_notify * notify, void *argument))                                  \
  F(void, stream_set_overflow_callback, pa_stream_set_overflow_callback,                                           \
    (struct pulse_stream * stream, pulse_stream_notify * notify, void *argument))                                  \
  F(void, stream_set_started_callback, pa_stream_set_started_callback,                                             \
    (struct pulse_stream * stream, pulse_stream_notify * notify, void *argument))                                  \
  F(void, stream_set_buffer_attr_callback, pa_stream_set_buffer_attr_callback,                                     \
    (struct pulse_stream * stream, pulse_stream_notify * notify, void *argument))                                  \
  F(void, stream_set_moved_callback, pa_stream_set_moved_callback,                                                 \
    (struct pulse_stream * stream, pulse_stream_notify * notify, void *argument))                                  \
  F(void, stream_set_suspended_callback, pa_stream_set_suspended_callback,                                         \
    (struct pulse_stream * stream, pulse_stream_notify * notify, void *argument))                                  \
  F(size_t, stream_writable_size, pa_stream_writable_size, (const struct pulse_stream *stream))                    \
  F(size_t, stream_readable_size, pa_stream_readable_size, (const struct pulse_stream *stream))                    \
  F(int, stream_write, pa_stream_write,                                                                            \
    (struct pulse_stream * stream, const void *data, size_t bytes, void (*free_data)(void *), int64_t offset,      \
     int seek))                                                                                                    \
  F(int, stream_peek, pa_stream_peek, (struct pulse_stream * stream, const void **data, size_t *bytes))            \
  F(int, stream_drop, pa_stream_drop, (struct pulse_stream * stream))                                              \
  F(struct pulse_operation *, stream_cork, pa_stream_cork,                                                         \
    (struct pulse_stream * stream, int cork, pulse_stream_success *notify, void *argument))                        \
  F(struct pulse_operation *, stream_flush, pa_stream_flush,                                                       \
    (struct pulse_stream * stream, pulse_stream_success * notify, void *argument))                                 \
  F(struct pulse_operation *, stream_drain, pa_stream_drain,                                                       \
    (struct pulse_stream * stream, pulse_stream_success * notify, void *argument))

struct pulse_api {
#define F(result, name, real_name, parameters) result(*name) parameters;
  PULSE_FUNCTIONS(F)
#undef F
};

#endif
