/* c/device/pulse/api.h against libpulse's own headers, where they are installed, and the installed library against
 * it. */
#include "abi.h"
#include "device/pulse/connection.h"
#include "pastream.h"
#include "servers.h"

#if defined(__has_include)
#if __has_include(<pulse/pulseaudio.h>)
#include <pulse/pulseaudio.h>
#define HEADERS 1
#endif
#endif

#if defined(HEADERS)
TEST(constants) {
  CHECK_EQUAL(PULSE_CHANNELS_MAX, PA_CHANNELS_MAX);
  CHECK_EQUAL(PULSE_INVALID_INDEX, PA_INVALID_INDEX);
  CHECK_EQUAL(PULSE_U8, PA_SAMPLE_U8);
  CHECK_EQUAL(PULSE_S16LE, PA_SAMPLE_S16LE);
  CHECK_EQUAL(PULSE_FLOAT32LE, PA_SAMPLE_FLOAT32LE);
  CHECK_EQUAL(PULSE_S32LE, PA_SAMPLE_S32LE);
  CHECK_EQUAL(PULSE_S24LE, PA_SAMPLE_S24LE);
  CHECK_EQUAL(PULSE_CHANNEL_MONO, PA_CHANNEL_POSITION_MONO);
  CHECK_EQUAL(PULSE_CONTEXT_READY, PA_CONTEXT_READY);
  CHECK_EQUAL(PULSE_CONTEXT_FAILED, PA_CONTEXT_FAILED);
  CHECK_EQUAL(PULSE_CONTEXT_TERMINATED, PA_CONTEXT_TERMINATED);
  CHECK_EQUAL(PULSE_STREAM_READY, PA_STREAM_READY);
  CHECK_EQUAL(PULSE_STREAM_FAILED, PA_STREAM_FAILED);
  CHECK_EQUAL(PULSE_STREAM_TERMINATED, PA_STREAM_TERMINATED);
  CHECK_EQUAL(PULSE_OPERATION_RUNNING, PA_OPERATION_RUNNING);
  CHECK_EQUAL(PULSE_CONTEXT_NOAUTOSPAWN, PA_CONTEXT_NOAUTOSPAWN);
  CHECK_EQUAL(PULSE_STREAM_START_CORKED, PA_STREAM_START_CORKED);
  CHECK_EQUAL(PULSE_STREAM_INTERPOLATE_TIMING, PA_STREAM_INTERPOLATE_TIMING);
  CHECK_EQUAL(PULSE_STREAM_AUTO_TIMING_UPDATE, PA_STREAM_AUTO_TIMING_UPDATE);
  CHECK_EQUAL(PULSE_STREAM_ADJUST_LATENCY, PA_STREAM_ADJUST_LATENCY);
  CHECK_EQUAL(PULSE_SUBSCRIPTION_SINK, PA_SUBSCRIPTION_MASK_SINK);
  CHECK_EQUAL(PULSE_SUBSCRIPTION_SOURCE, PA_SUBSCRIPTION_MASK_SOURCE);
  CHECK_EQUAL(PULSE_SUBSCRIPTION_SERVER, PA_SUBSCRIPTION_MASK_SERVER);
  CHECK_EQUAL(PULSE_SEEK_RELATIVE, PA_SEEK_RELATIVE);
  CHECK_EQUAL(PULSE_ERROR_NOENTITY, PA_ERR_NOENTITY);
  CHECK_EQUAL(PULSE_ERROR_CONNECTION_REFUSED, PA_ERR_CONNECTIONREFUSED);
  CHECK_EQUAL(PULSE_ERROR_TIMEOUT, PA_ERR_TIMEOUT);
}

TEST(layouts) {
  SAME_SIZE(pulse_sample_spec, pa_sample_spec);
  SAME_FIELD(pulse_sample_spec, format, pa_sample_spec, format);
  SAME_FIELD(pulse_sample_spec, rate, pa_sample_spec, rate);
  SAME_FIELD(pulse_sample_spec, channels, pa_sample_spec, channels);
  SAME_SIZE(pulse_channel_map, pa_channel_map);
  SAME_FIELD(pulse_channel_map, map, pa_channel_map, map);
  SAME_SIZE(pulse_volume, pa_cvolume);
  SAME_FIELD(pulse_volume, values, pa_cvolume, values);
  SAME_SIZE(pulse_buffer_attr, pa_buffer_attr);
  SAME_FIELD(pulse_buffer_attr, maxlength, pa_buffer_attr, maxlength);
  SAME_FIELD(pulse_buffer_attr, tlength, pa_buffer_attr, tlength);
  SAME_FIELD(pulse_buffer_attr, prebuf, pa_buffer_attr, prebuf);
  SAME_FIELD(pulse_buffer_attr, minreq, pa_buffer_attr, minreq);
  SAME_FIELD(pulse_buffer_attr, fragsize, pa_buffer_attr, fragsize);
  SAME_FIELD(pulse_timing_info, timestamp, pa_timing_info, timestamp);
  SAME_FIELD(pulse_timing_info, sink_usec, pa_timing_info, sink_usec);
  SAME_FIELD(pulse_timing_info, source_usec, pa_timing_info, source_usec);
  SAME_FIELD(pulse_timing_info, write_index, pa_timing_info, write_index);
  SAME_FIELD(pulse_timing_info, read_index, pa_timing_info, read_index);
  SAME_FIELD(pulse_timing_info, configured_sink_usec, pa_timing_info, configured_sink_usec);
  SAME_FIELD(pulse_timing_info, configured_source_usec, pa_timing_info, configured_source_usec);
  SAME_FIELD(pulse_sink_info, name, pa_sink_info, name);
  SAME_FIELD(pulse_sink_info, description, pa_sink_info, description);
  SAME_FIELD(pulse_sink_info, sample_spec, pa_sink_info, sample_spec);
  SAME_FIELD(pulse_sink_info, channel_map, pa_sink_info, channel_map);
  SAME_FIELD(pulse_source_info, name, pa_source_info, name);
  SAME_FIELD(pulse_source_info, description, pa_source_info, description);
  SAME_FIELD(pulse_source_info, sample_spec, pa_source_info, sample_spec);
  SAME_FIELD(pulse_source_info, channel_map, pa_source_info, channel_map);
  SAME_FIELD(pulse_source_info, monitor_of_sink, pa_source_info, monitor_of_sink);
  SAME_FIELD(pulse_source_info, monitor_of_sink_name, pa_source_info, monitor_of_sink_name);
  SAME_FIELD(pulse_server_info, sample_spec, pa_server_info, sample_spec);
  SAME_FIELD(pulse_server_info, default_sink_name, pa_server_info, default_sink_name);
  SAME_FIELD(pulse_server_info, default_source_name, pa_server_info, default_source_name);
  SAME_FIELD(pulse_sink_input_info, sink, pa_sink_input_info, sink);
  SAME_FIELD(pulse_source_output_info, source, pa_source_output_info, source);
}

/* Types that our declarations spell out, and signatures that use them. */
TEST(types) {
  CHECK(INT_LIKE(pa_sample_format_t) && INT_LIKE(pa_context_state_t) && INT_LIKE(pa_stream_state_t));
  CHECK(INT_LIKE(pa_operation_state_t) && INT_LIKE(pa_context_flags_t) && INT_LIKE(pa_stream_flags_t));
  CHECK(INT_LIKE(pa_subscription_mask_t) && INT_LIKE(pa_seek_mode_t) && INT_LIKE(pa_channel_position_t));
  CHECK(_Generic((pa_usec_t)0, uint64_t: 1, default: 0));
  CHECK(_Generic(&pa_mainloop_prepare, int (*)(pa_mainloop *, int): 1, default: 0));
  CHECK(_Generic(&pa_mainloop_poll, int (*)(pa_mainloop *): 1, default: 0));
  CHECK(_Generic(&pa_mainloop_dispatch, int (*)(pa_mainloop *): 1, default: 0));
  CHECK(_Generic(&pa_context_connect,
            int (*)(pa_context *, const char *, pa_context_flags_t, const pa_spawn_api *): 1,
            default: 0));
  CHECK(_Generic(&pa_stream_connect_playback,
            int (*)(pa_stream *, const char *, const pa_buffer_attr *, pa_stream_flags_t, const pa_cvolume *,
                    pa_stream *): 1,
            default: 0));
  CHECK(_Generic(&pa_stream_connect_record,
            int (*)(pa_stream *, const char *, const pa_buffer_attr *, pa_stream_flags_t): 1,
            default: 0));
  CHECK(_Generic(&pa_stream_get_latency, int (*)(pa_stream *, pa_usec_t *, int *): 1, default: 0));
  CHECK(_Generic(&pa_stream_peek, int (*)(pa_stream *, const void **, size_t *): 1, default: 0));
  CHECK(_Generic(&pa_stream_write,
            int (*)(pa_stream *, const void *, size_t, pa_free_cb_t, int64_t, pa_seek_mode_t): 1,
            default: 0));
  CHECK(_Generic((pa_sink_info_cb_t)0, void (*)(pa_context *, const pa_sink_info *, int, void *): 1, default: 0));
  CHECK(_Generic((pa_source_info_cb_t)0, void (*)(pa_context *, const pa_source_info *, int, void *): 1, default: 0));
  CHECK(_Generic((pa_server_info_cb_t)0, void (*)(pa_context *, const pa_server_info *, void *): 1, default: 0));
  CHECK(_Generic((pa_sink_input_info_cb_t)0,
            void (*)(pa_context *, const pa_sink_input_info *, int, void *): 1,
            default: 0));
  CHECK(_Generic((pa_source_output_info_cb_t)0,
            void (*)(pa_context *, const pa_source_output_info *, int, void *): 1,
            default: 0));
  CHECK(_Generic((pa_stream_success_cb_t)0, void (*)(pa_stream *, int, void *): 1, default: 0));
  CHECK(_Generic((pa_stream_notify_cb_t)0, void (*)(pa_stream *, void *): 1, default: 0));
}
#endif

TEST(every_function_is_there) {
  const struct pulse_api *api;
  CHECK_EQUAL(pulse_use(&api), PS_OK);
  CHECK(strcmp(api->strerror(PULSE_ERROR_NOENTITY), "No such entity") == 0);
  CHECK(strcmp(api->strerror(PULSE_ERROR_TIMEOUT), "Timeout") == 0);
}

int main(void) {
#if defined(HEADERS)
  RUN(constants);
  RUN(layouts);
  RUN(types);
#endif
  if (!missing_server(PULSE_PROGRAMS)) RUN(every_function_is_there);
  return test_end();
}
