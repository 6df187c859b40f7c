/* From PortAudio's callback to the host's, with silence before it and after it. */
#include <math.h>

#include "device/portaudio/state.h"
#include "engine/format.h"

/* Host APIs leave at 0 what they cannot tell. */
static struct callback_times convert_times(struct portaudio_device *device, const struct pa_callback_time_info *info) {
  static const struct pa_callback_time_info nothing;
  if (!info) info = &nothing;
  double here = os_time();
  double now = info->current_time > 0 ? info->current_time : here + atomic_load(&device->clock_offset);
  atomic_store(&device->clock_offset, now - here);
  return (struct callback_times){
      .now = now,
      .began = here,
      .input = info->input_buffer_adc_time > 0 ? info->input_buffer_adc_time : 0,
      .output = info->output_buffer_dac_time > 0 ? info->output_buffer_dac_time : 0,
  };
}

/* The host has played its last frame, in this block. Where PortAudio would now drop what its buffer holds, silence
 * follows until all of it was heard: for the output's latency, and for as long as this block says that it takes. */
static int complete(struct portaudio_device *own, unsigned long frames, const struct callback_times *times) {
  double wait = times->output > times->now ? times->output - times->now : 0;
  if (wait < own->latency) wait = own->latency;
  wait += (double)frames / own->setup.sample_rate;
  own->silence = wait;
  atomic_store(&own->heard_at, os_time() + wait);
  atomic_store(&own->completed, 1);
  return own->plays_out ? CALLBACK_COMPLETE : CALLBACK_CONTINUE;
}

/* A block of the silence. */
static int follow(struct portaudio_device *own, unsigned long frames) {
  own->silence -= (double)frames / own->setup.sample_rate;
  int over = own->silence <= 0 && os_time() >= atomic_load(&own->heard_at);
  return over || atomic_load(&own->host->aborting) ? CALLBACK_COMPLETE : CALLBACK_CONTINUE;
}

static void play_silence(const struct portaudio_device *own, void *output, unsigned long frames) {
  int channels = own->setup.sides[DEVICE_OUTPUT].parameters.channel_count;
  if (output) format_silence(own->output_format, output, frames * (size_t)channels);
}

static int call_host(struct portaudio_device *own, const void *input, void *output, unsigned long frames,
                     const struct pa_callback_time_info *info, unsigned long flags) {
  struct callback_times times = convert_times(own, info);
  double now = times.began, before = atomic_load(&own->called);
  if (own->revived && before > 0) {
    times.gap = fmax(now - before, 0);
    if (input) flags |= FLAG_INPUT_OVERFLOW;
    if (output) flags |= FLAG_OUTPUT_UNDERFLOW;
  }
  own->revived = 0;
  atomic_store(&own->called, now + (double)frames / own->setup.sample_rate);
  int result = own->host->callback(own->host, input, output, frames, &times, flags);
  if (result == CALLBACK_COMPLETE && output) return complete(own, frames, &times);
  if (result != CALLBACK_CONTINUE) atomic_store(&own->completed, 1);
  return result;
}

int portaudio_callback(const void *input, void *output, unsigned long frames, const struct pa_callback_time_info *info,
                       unsigned long flags, void *argument) {
  struct portaudio_device *own = argument;
  int result = CALLBACK_ABORT;
  atomic_store(&own->inside, 1);
  if (!atomic_load(&own->gate)) {
    play_silence(own, output, frames);
  } else if (own->lead_in > 0) {
    play_silence(own, output, frames);
    own->lead_in -= (double)frames / own->setup.sample_rate;
    result = CALLBACK_CONTINUE;
  } else if (atomic_load(&own->completed)) {
    play_silence(own, output, frames);
    result = follow(own, frames);
  } else {
    result = call_host(own, input, output, frames, info, flags);
  }
  atomic_store(&own->inside, 0);
  return result;
}
