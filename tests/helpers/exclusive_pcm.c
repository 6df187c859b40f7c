/* A plugin of ALSA for tests: a device in real time that plays to nobody and records silence, and that refuses to be
 * opened a second time in the same direction, as hardware does. cc -shared -fPIC exclusive_pcm.c -lasound; then
 * pcm_type.pastream_exclusive { lib "…" } and pcm.exclusive { type pastream_exclusive } in asound.conf. */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>

struct exclusive {
  snd_pcm_ioplug_t io;
  double started;
};

static int used[2]; /* by direction */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int start(snd_pcm_ioplug_t *io) {
  ((struct exclusive *)io->private_data)->started = now();
  long period = (long)(1e9 * (double)io->period_size / io->rate);
  struct itimerspec timer = {{0, period}, {0, period}};
  return timerfd_settime(io->poll_fd, 0, &timer, NULL);
}

static int stop(snd_pcm_ioplug_t *io) { return timerfd_settime(io->poll_fd, 0, &(struct itimerspec){0}, NULL); }

/* It waits for a program that is late. */
static snd_pcm_sframes_t pointer(snd_pcm_ioplug_t *io) {
  double frames = (now() - ((struct exclusive *)io->private_data)->started) * io->rate;
  double most = (double)io->appl_ptr + (io->stream == SND_PCM_STREAM_CAPTURE ? (double)io->buffer_size : 0);
  return (snd_pcm_sframes_t)(frames < most ? frames : most) % (snd_pcm_sframes_t)io->buffer_size;
}

static snd_pcm_sframes_t transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas, snd_pcm_uframes_t offset,
                                  snd_pcm_uframes_t size) {
  if (io->stream == SND_PCM_STREAM_CAPTURE) snd_pcm_areas_silence(areas, offset, io->channels, size, io->format);
  return (snd_pcm_sframes_t)size;
}

static int poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned count, unsigned short *revents) {
  uint64_t ticks;
  (void)count;
  *revents = 0;
  if (fds->revents & POLLIN && read(io->poll_fd, &ticks, sizeof ticks) > 0)
    *revents = io->stream == SND_PCM_STREAM_CAPTURE ? POLLIN : POLLOUT;
  return 0;
}

static int close_pcm(snd_pcm_ioplug_t *io) {
  used[io->stream] = 0;
  close(io->poll_fd);
  free(io->private_data);
  return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = start,
    .stop = stop,
    .pointer = pointer,
    .transfer = transfer,
    .poll_revents = poll_revents,
    .close = close_pcm,
};

SND_PCM_PLUGIN_DEFINE_FUNC(pastream_exclusive) {
  static const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
  static const unsigned format[] = {SND_PCM_FORMAT_FLOAT_LE, SND_PCM_FORMAT_S16_LE};
  (void)root, (void)conf;
  if (used[stream]) return -EBUSY;
  struct exclusive *own = calloc(1, sizeof *own);
  if (!own) return -ENOMEM;
  own->io = (snd_pcm_ioplug_t){.version = SND_PCM_IOPLUG_VERSION,
                               .name = "exclusive",
                               .callback = &callbacks,
                               .private_data = own,
                               .poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
                               .poll_events = POLLIN};
  int result = snd_pcm_ioplug_create(&own->io, name, stream, mode);
  if (result < 0) {
    close(own->io.poll_fd);
    free(own);
    return result;
  }
  used[stream] = 1;
  snd_pcm_ioplug_set_param_list(&own->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
  snd_pcm_ioplug_set_param_list(&own->io, SND_PCM_IOPLUG_HW_FORMAT, 2, format);
  snd_pcm_ioplug_set_param_minmax(&own->io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 2);
  snd_pcm_ioplug_set_param_minmax(&own->io, SND_PCM_IOPLUG_HW_RATE, 48000, 48000);
  snd_pcm_ioplug_set_param_minmax(&own->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 256, 65536);
  snd_pcm_ioplug_set_param_minmax(&own->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 16);
  *pcmp = own->io.pcm;
  return 0;
}

SND_PCM_PLUGIN_SYMBOL(pastream_exclusive);
