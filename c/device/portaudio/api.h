/* What the library uses of PortAudio, declared here: its headers are not on every machine, and no system's package has
 * those of all host APIs. The names are PortAudio's own in this project's spelling; a test compares layouts and values
 * with the real headers. The settings of ASIO, WASAPI and Core Audio have not been run by this project. */
#ifndef PS_PORTAUDIO_API_H
#define PS_PORTAUDIO_API_H

#include <stdint.h>

/* Errors. */
#define PA_NO_ERROR 0
#define PA_NOT_INITIALIZED -10000
#define PA_UNANTICIPATED_HOST_ERROR -9999
#define PA_INVALID_CHANNEL_COUNT -9998
#define PA_INVALID_DEVICE -9996
#define PA_BAD_DEVICE_COMBINATION -9993
#define PA_INSUFFICIENT_MEMORY -9992
#define PA_TIMED_OUT -9987
#define PA_INTERNAL_ERROR -9986
#define PA_DEVICE_UNAVAILABLE -9985
#define PA_HOST_API_NOT_FOUND -9979       /* no host API at all, where it comes from initialize */
#define PA_INCOMPATIBLE_STREAM_INFO -9984 /* paIncompatibleHostApiSpecificStreamInfo */

/* Sample formats. */
#define PA_FLOAT32 0x01ul
#define PA_INT32 0x02ul
#define PA_INT24 0x04ul
#define PA_INT16 0x08ul
#define PA_INT8 0x10ul
#define PA_UINT8 0x20ul

#define PA_NO_DEVICE -1

/* Types of host APIs. */
#define PA_DIRECT_SOUND 1
#define PA_MME 2
#define PA_ASIO 3
#define PA_CORE_AUDIO 5
#define PA_ALSA 8
#define PA_JACK 12
#define PA_WASAPI 13
#define PA_PULSE_AUDIO 16

struct pa_stream;

struct pa_host_api_info {
  int version;
  int type;
  const char *name;
  int device_count;
  int default_input_device;
  int default_output_device;
};

struct pa_host_error_info {
  int host_api_type;
  long code;
  const char *text;
};

struct pa_device_info {
  int version;
  const char *name;
  int host_api; /* index */
  int max_input_channels;
  int max_output_channels;
  double default_low_input_latency;
  double default_low_output_latency;
  double default_high_input_latency;
  double default_high_output_latency;
  double default_sample_rate;
};

struct pa_stream_parameters {
  int device;
  int channel_count;
  unsigned long sample_format;
  double suggested_latency;
  void *host_api_specific_stream_info;
};

struct pa_stream_info {
  int version;
  double input_latency;
  double output_latency;
  double sample_rate;
};

struct pa_callback_time_info {
  double input_buffer_adc_time;
  double current_time;
  double output_buffer_dac_time;
};

typedef int pa_stream_callback(const void *input, void *output, unsigned long frames,
                               const struct pa_callback_time_info *times, unsigned long flags, void *argument);

/* Settings of single host APIs; each begins like this. */
struct pa_host_settings {
  unsigned long size; /* of the whole struct */
  int host_api_type;
  unsigned long version; /* 1 */
  unsigned long flags;
};

#define PA_ASIO_USE_CHANNEL_SELECTORS 1

struct pa_asio_stream_info {
  struct pa_host_settings head;
  int *channel_selectors; /* as many as the parameters have channels */
};

#define PA_WASAPI_EXCLUSIVE 1
#define PA_WASAPI_AUTO_CONVERT 64

struct pa_wasapi_stream_info {
  struct pa_host_settings head;
  unsigned long channel_mask;
  void (*host_processor_output)(void);
  void (*host_processor_input)(void);
  int thread_priority;
  int stream_category;
  int stream_option;
  struct { /* not in PortAudio 19.7.0 and before, which refuses any size of the struct but its own */
    int format;
    unsigned encoded_samples_per_second, encoded_channels, average_bytes_per_second;
  } passthrough;
};

#define PA_MAC_CORE_CHANGE_DEVICE_PARAMETERS 1
#define PA_MAC_CORE_FAIL_IF_CONVERSION_REQUIRED 2

struct pa_mac_core_stream_info {
  struct pa_host_settings head;
  const int32_t *channel_map;
  unsigned long channel_map_size;
};

/* Functions: result, name here, name there, parameters. */
#define PORTAUDIO_FUNCTIONS(F)                                                                                        \
  F(int, get_version, Pa_GetVersion, (void))                                                                          \
  F(const char *, get_version_text, Pa_GetVersionText, (void))                                                        \
  F(const char *, get_error_text, Pa_GetErrorText, (int error))                                                       \
  F(int, initialize, Pa_Initialize, (void))                                                                           \
  F(int, terminate, Pa_Terminate, (void))                                                                             \
  F(int, get_host_api_count, Pa_GetHostApiCount, (void))                                                              \
  F(const struct pa_host_api_info *, get_host_api_info, Pa_GetHostApiInfo, (int host_api))                            \
  F(const struct pa_host_error_info *, get_last_host_error_info, Pa_GetLastHostErrorInfo, (void))                     \
  F(int, get_device_count, Pa_GetDeviceCount, (void))                                                                 \
  F(int, get_default_input_device, Pa_GetDefaultInputDevice, (void))                                                  \
  F(int, get_default_output_device, Pa_GetDefaultOutputDevice, (void))                                                \
  F(const struct pa_device_info *, get_device_info, Pa_GetDeviceInfo, (int device))                                   \
  F(int, is_format_supported, Pa_IsFormatSupported,                                                                   \
    (const struct pa_stream_parameters *input, const struct pa_stream_parameters *output, double sample_rate))        \
  F(int, open_stream, Pa_OpenStream,                                                                                  \
    (struct pa_stream * *stream, const struct pa_stream_parameters *input, const struct pa_stream_parameters *output, \
     double sample_rate, unsigned long frames_per_buffer, unsigned long flags, pa_stream_callback *callback,          \
     void *argument))                                                                                                 \
  F(int, close_stream, Pa_CloseStream, (struct pa_stream * stream))                                                   \
  F(int, start_stream, Pa_StartStream, (struct pa_stream * stream))                                                   \
  F(int, stop_stream, Pa_StopStream, (struct pa_stream * stream))                                                     \
  F(int, abort_stream, Pa_AbortStream, (struct pa_stream * stream))                                                   \
  F(int, is_stream_active, Pa_IsStreamActive, (struct pa_stream * stream))                                            \
  F(int, is_stream_stopped, Pa_IsStreamStopped, (struct pa_stream * stream))                                          \
  F(const struct pa_stream_info *, get_stream_info, Pa_GetStreamInfo, (struct pa_stream * stream))                    \
  F(double, get_stream_time, Pa_GetStreamTime, (struct pa_stream * stream))                                           \
  F(double, get_stream_cpu_load, Pa_GetStreamCpuLoad, (struct pa_stream * stream))

struct portaudio_api {
#define F(result, name, real_name, parameters) result(*name) parameters;
  PORTAUDIO_FUNCTIONS(F)
#undef F
  /* NULL where PortAudio lacks JACK: */
  int (*jack_set_client_name)(const char *name);
  int (*jack_get_client_name)(const char **name);
};

#endif
