/* c/device/portaudio/api.h against PortAudio's own headers, as far as they are installed, and the installed library
 * against it. */
#include "abi.h"
#include "base/library.h"
#include "device/portaudio/api.h"
#include "pastream.h"

#if defined(__has_include)
#if __has_include(<portaudio.h>)
#include <portaudio.h>
#define HEADERS 1
#endif
#if __has_include(<pa_asio.h>)
#include <pa_asio.h>
#define ASIO_HEADER 1
#endif
#if __has_include(<pa_win_wasapi.h>)
#include <pa_win_wasapi.h>
#define WASAPI_HEADER 1
#endif
#if __has_include(<pa_mac_core.h>)
#include <pa_mac_core.h>
#define CORE_AUDIO_HEADER 1
#endif
#endif

#if defined(HEADERS)
TEST(constants) {
  CHECK_EQUAL(PA_NO_ERROR, paNoError);
  CHECK_EQUAL(PA_NOT_INITIALIZED, paNotInitialized);
  CHECK_EQUAL(PA_UNANTICIPATED_HOST_ERROR, paUnanticipatedHostError);
  CHECK_EQUAL(PA_INVALID_CHANNEL_COUNT, paInvalidChannelCount);
  CHECK_EQUAL(PA_INVALID_DEVICE, paInvalidDevice);
  CHECK_EQUAL(PA_TIMED_OUT, paTimedOut);
  CHECK_EQUAL(PA_INTERNAL_ERROR, paInternalError);
  CHECK_EQUAL(PA_BAD_DEVICE_COMBINATION, paBadIODeviceCombination);
  CHECK_EQUAL(PA_INSUFFICIENT_MEMORY, paInsufficientMemory);
  CHECK_EQUAL(PA_DEVICE_UNAVAILABLE, paDeviceUnavailable);
  CHECK_EQUAL(PA_HOST_API_NOT_FOUND, paHostApiNotFound);
  CHECK_EQUAL(PA_INCOMPATIBLE_STREAM_INFO, paIncompatibleHostApiSpecificStreamInfo);
  CHECK_EQUAL(PA_FLOAT32, paFloat32);
  CHECK_EQUAL(PA_INT32, paInt32);
  CHECK_EQUAL(PA_INT24, paInt24);
  CHECK_EQUAL(PA_INT16, paInt16);
  CHECK_EQUAL(PA_INT8, paInt8);
  CHECK_EQUAL(PA_UINT8, paUInt8);
  CHECK_EQUAL(PA_NO_DEVICE, paNoDevice);
  CHECK_EQUAL(PA_ASIO, paASIO);
  CHECK_EQUAL(PA_CORE_AUDIO, paCoreAudio);
  CHECK_EQUAL(PA_DIRECT_SOUND, paDirectSound);
  CHECK_EQUAL(PA_MME, paMME);
  CHECK_EQUAL(PA_ALSA, paALSA);
  CHECK_EQUAL(PA_JACK, paJACK);
  CHECK_EQUAL(PA_WASAPI, paWASAPI);
  /* What the public header says is as in PortAudio. */
  CHECK_EQUAL(PS_STREAM_CLIP_OFF, paClipOff);
  CHECK_EQUAL(PS_STREAM_DITHER_OFF, paDitherOff);
  CHECK_EQUAL(PS_STREAM_NEVER_DROP_INPUT, paNeverDropInput);
  CHECK_EQUAL(PS_STREAM_PRIME_OUTPUT, paPrimeOutputBuffersUsingStreamCallback);
  CHECK_EQUAL(1 << PS_GLITCH_INPUT_UNDERFLOW, paInputUnderflow);
  CHECK_EQUAL(1 << PS_GLITCH_INPUT_OVERFLOW, paInputOverflow);
  CHECK_EQUAL(1 << PS_GLITCH_OUTPUT_UNDERFLOW, paOutputUnderflow);
  CHECK_EQUAL(1 << PS_GLITCH_OUTPUT_OVERFLOW, paOutputOverflow);
}

TEST(layouts) {
  SAME_SIZE(pa_host_api_info, PaHostApiInfo);
  SAME_FIELD(pa_host_api_info, type, PaHostApiInfo, type);
  SAME_FIELD(pa_host_api_info, name, PaHostApiInfo, name);
  SAME_FIELD(pa_host_api_info, device_count, PaHostApiInfo, deviceCount);
  SAME_FIELD(pa_host_api_info, default_input_device, PaHostApiInfo, defaultInputDevice);
  SAME_FIELD(pa_host_api_info, default_output_device, PaHostApiInfo, defaultOutputDevice);
  SAME_SIZE(pa_host_error_info, PaHostErrorInfo);
  SAME_FIELD(pa_host_error_info, host_api_type, PaHostErrorInfo, hostApiType);
  SAME_FIELD(pa_host_error_info, code, PaHostErrorInfo, errorCode);
  SAME_FIELD(pa_host_error_info, text, PaHostErrorInfo, errorText);
  SAME_SIZE(pa_device_info, PaDeviceInfo);
  SAME_FIELD(pa_device_info, name, PaDeviceInfo, name);
  SAME_FIELD(pa_device_info, host_api, PaDeviceInfo, hostApi);
  SAME_FIELD(pa_device_info, max_input_channels, PaDeviceInfo, maxInputChannels);
  SAME_FIELD(pa_device_info, max_output_channels, PaDeviceInfo, maxOutputChannels);
  SAME_FIELD(pa_device_info, default_low_input_latency, PaDeviceInfo, defaultLowInputLatency);
  SAME_FIELD(pa_device_info, default_low_output_latency, PaDeviceInfo, defaultLowOutputLatency);
  SAME_FIELD(pa_device_info, default_high_input_latency, PaDeviceInfo, defaultHighInputLatency);
  SAME_FIELD(pa_device_info, default_high_output_latency, PaDeviceInfo, defaultHighOutputLatency);
  SAME_FIELD(pa_device_info, default_sample_rate, PaDeviceInfo, defaultSampleRate);
  SAME_SIZE(pa_stream_parameters, PaStreamParameters);
  SAME_FIELD(pa_stream_parameters, device, PaStreamParameters, device);
  SAME_FIELD(pa_stream_parameters, channel_count, PaStreamParameters, channelCount);
  SAME_FIELD(pa_stream_parameters, sample_format, PaStreamParameters, sampleFormat);
  SAME_FIELD(pa_stream_parameters, suggested_latency, PaStreamParameters, suggestedLatency);
  SAME_FIELD(pa_stream_parameters, host_api_specific_stream_info, PaStreamParameters, hostApiSpecificStreamInfo);
  SAME_SIZE(pa_stream_info, PaStreamInfo);
  SAME_FIELD(pa_stream_info, input_latency, PaStreamInfo, inputLatency);
  SAME_FIELD(pa_stream_info, output_latency, PaStreamInfo, outputLatency);
  SAME_FIELD(pa_stream_info, sample_rate, PaStreamInfo, sampleRate);
  SAME_SIZE(pa_callback_time_info, PaStreamCallbackTimeInfo);
  SAME_FIELD(pa_callback_time_info, input_buffer_adc_time, PaStreamCallbackTimeInfo, inputBufferAdcTime);
  SAME_FIELD(pa_callback_time_info, current_time, PaStreamCallbackTimeInfo, currentTime);
  SAME_FIELD(pa_callback_time_info, output_buffer_dac_time, PaStreamCallbackTimeInfo, outputBufferDacTime);
#if defined(ASIO_HEADER)
  SAME_SIZE(pa_asio_stream_info, PaAsioStreamInfo);
  SAME_FIELD(pa_asio_stream_info, channel_selectors, PaAsioStreamInfo, channelSelectors);
  CHECK_EQUAL(PA_ASIO_USE_CHANNEL_SELECTORS, paAsioUseChannelSelectors);
#endif
#if defined(WASAPI_HEADER)
  SAME_FIELD(pa_wasapi_stream_info, channel_mask, PaWasapiStreamInfo, channelMask);
  SAME_FIELD(pa_wasapi_stream_info, stream_option, PaWasapiStreamInfo, streamOption);
  CHECK_EQUAL(PA_WASAPI_EXCLUSIVE, paWinWasapiExclusive);
  CHECK_EQUAL(PA_WASAPI_AUTO_CONVERT, paWinWasapiAutoConvert);
#endif
#if defined(CORE_AUDIO_HEADER)
  SAME_SIZE(pa_mac_core_stream_info, PaMacCoreStreamInfo);
  SAME_FIELD(pa_mac_core_stream_info, channel_map, PaMacCoreStreamInfo, channelMap);
  SAME_FIELD(pa_mac_core_stream_info, channel_map_size, PaMacCoreStreamInfo, channelMapSize);
  CHECK_EQUAL(PA_MAC_CORE_CHANGE_DEVICE_PARAMETERS, paMacCoreChangeDeviceParameters);
  CHECK_EQUAL(PA_MAC_CORE_FAIL_IF_CONVERSION_REQUIRED, paMacCoreFailIfConversionRequired);
#endif
}

/* Types that our declarations spell out, and signatures that use them. */
TEST(types) {
  CHECK(INT_LIKE(PaError) && INT_LIKE(PaHostApiTypeId) && INT_LIKE(PaDeviceIndex) && INT_LIKE(PaHostApiIndex));
  CHECK(_Generic((PaSampleFormat)0, unsigned long: 1, default: 0));
  CHECK(_Generic((PaStreamFlags)0, unsigned long: 1, default: 0));
  CHECK(_Generic((PaStreamCallbackFlags)0, unsigned long: 1, default: 0));
  CHECK(_Generic((PaTime)0, double: 1, default: 0));
  CHECK(_Generic(&Pa_OpenStream,
            int (*)(PaStream **, const PaStreamParameters *, const PaStreamParameters *, double, unsigned long,
                    unsigned long, PaStreamCallback *, void *): 1,
            default: 0));
  CHECK(_Generic((PaStreamCallback *)0,
            int (*)(const void *, void *, unsigned long, const PaStreamCallbackTimeInfo *, unsigned long, void *): 1,
            default: 0));
  CHECK(_Generic(&Pa_IsFormatSupported,
            int (*)(const PaStreamParameters *, const PaStreamParameters *, double): 1,
            default: 0));
  CHECK(_Generic(&Pa_GetDeviceInfo, const PaDeviceInfo *(*)(int): 1, default: 0));
  CHECK(_Generic(&Pa_GetStreamInfo, const PaStreamInfo *(*)(PaStream *): 1, default: 0));
  CHECK(_Generic(&Pa_GetStreamTime, double (*)(PaStream *): 1, default: 0));
  CHECK(_Generic(&Pa_GetStreamCpuLoad, double (*)(PaStream *): 1, default: 0));
}
#endif

TEST(every_function_is_there) {
  const struct portaudio_api *api = library_portaudio.functions;
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_PORTAUDIO, NULL), PS_OK);
  CHECK(api->get_version() >= 0x130500); /* 19.5.0 */
  CHECK(strcmp(api->get_error_text(PA_INVALID_CHANNEL_COUNT), "Invalid number of channels") == 0);
  CHECK(strcmp(api->get_error_text(PA_TIMED_OUT), "Wait timed out") == 0);
}

int main(void) {
#if defined(HEADERS)
  RUN(constants);
  RUN(layouts);
  RUN(types);
#endif
  RUN(every_function_is_there);
  return test_end();
}
