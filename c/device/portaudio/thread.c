#include "device/portaudio/thread.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"
#include "device/portaudio/quiet.h"
#include "pastream.h"

#define INITIALIZE_SECONDS 15.0 /* ALSA alone may take one; Bluetooth and network devices more */
#define LOOK_SECONDS 0.1        /* between two looks at what the call is waiting for */
#define QUEUE_SECONDS 30.0      /* for the calls before one's own */

enum { CALL_WAITING, CALL_RUNNING, CALL_ENDED };

/* A thread that makes calls. It ends when another one has taken its place. */
struct worker {
  struct portaudio *portaudio;
  struct os_event wake;
};

/* All that belongs to one PortAudio. */
struct portaudio {
  struct portaudio_api api;
  struct os_mutex lock; /* for what follows, and for stage and owner of calls */
  struct worker *worker;
  struct portaudio_call *first, **last; /* waiting */
  struct portaudio_call *running;       /* of the present worker */
  int initializing;                     /* some thread is in Pa_Initialize */
  _Atomic int32_t initialized;
};

static struct portaudio the_portaudio = {.lock = OS_MUTEX_INIT, .last = &the_portaudio.first};

/* ------------------------------------------------------------------ library */

static const char *const file_names[] = {
#if defined(_WIN32)
    "portaudio.dll",
    "libportaudio-2.dll",
    "libportaudio.dll",
    "portaudio_x64.dll",
    "libportaudio64bit.dll",
#elif defined(__APPLE__)
    "libportaudio.2.dylib",
#else
    "libportaudio.so.2",
    "libportaudio.so",
#endif
    NULL,
};

/* In the bundle. */
#if defined(_WIN32)
#define BUNDLED "portaudio.dll"
#elif defined(__APPLE__)
#define BUNDLED "libportaudio.2.dylib"
#else
#define BUNDLED "libportaudio.so.2"
#endif

static const struct library_symbol symbols[] = {
#define F(result, name, real_name, parameters) {#real_name, offsetof(struct portaudio_api, name), 0},
    PORTAUDIO_FUNCTIONS(F)
#undef F
};

static const char *version_text(void) { return the_portaudio.api.get_version_text(); }

struct library library_portaudio = {
    .variable = "PASTREAM_PORTAUDIO",
    .names = file_names,
    .bundled = BUNDLED,
    .missing = PS_ERR_NO_PORTAUDIO,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof symbols[0],
    .functions = &the_portaudio.api,
    .version = version_text,
    .lock = OS_MUTEX_INIT,
};

/* -------------------------------------------------------------------- calls */

static void make_calls(void *argument) {
  struct worker *worker = argument;
  struct portaudio *portaudio = worker->portaudio;
  os_mutex_lock(&portaudio->lock);
  while (portaudio->worker == worker) {
    struct portaudio_call *call = portaudio->first;
    if (!call) {
      os_mutex_unlock(&portaudio->lock);
      os_event_wait(&worker->wake, -1);
      os_mutex_lock(&portaudio->lock);
      continue;
    }
    if (!(portaudio->first = call->next)) portaudio->last = &portaudio->first;
    portaudio->running = call;
    call->stage = CALL_RUNNING;
    call->deadline = os_time() + call->limit;
    if (call->owned) os_event_post(&call->news);
    os_mutex_unlock(&portaudio->lock);

    int32_t status = call->run(call);
    if (status < 0) error_save(&call->error);
    call->error.status = status;

    os_mutex_lock(&portaudio->lock);
    if (portaudio->worker == worker) portaudio->running = NULL;
    call->stage = CALL_ENDED;
    if (call->owned) {
      os_event_post(&call->news); /* the last touch: its owner may free it as soon as the lock is free */
    } else {
      os_mutex_unlock(&portaudio->lock);
      call->late(call);
      os_mutex_lock(&portaudio->lock);
    }
  }
  os_mutex_unlock(&portaudio->lock);
  os_event_destroy(&worker->wake);
  free(worker);
}

/* Puts a new thread to work in place of the present one, if any. Under the lock. */
static int replace_worker(struct portaudio *portaudio) {
  struct worker *worker = malloc(sizeof *worker);
  struct os_thread thread;
  if (!worker || os_event_init(&worker->wake)) {
    free(worker);
    return -1;
  }
  worker->portaudio = portaudio;
  struct worker *before = portaudio->worker;
  portaudio->worker = worker;
  if (os_thread_start(&thread, "ps-portaudio", OS_THREAD_NORMAL, make_calls, worker)) {
    portaudio->worker = before;
    os_event_destroy(&worker->wake);
    free(worker);
    return -1;
  }
  os_thread_detach(&thread);
  portaudio->running = NULL;
  return 0;
}

/* Under the lock. */
static int enqueue(struct portaudio *portaudio, struct portaudio_call *call) {
  if (!portaudio->worker && replace_worker(portaudio)) return -1;
  call->stage = CALL_WAITING;
  call->next = NULL;
  *portaudio->last = call;
  portaudio->last = &call->next;
  os_event_post(&portaudio->worker->wake);
  return 0;
}

static void withdraw(struct portaudio *portaudio, struct portaudio_call *call) {
  struct portaudio_call **link = &portaudio->first;
  while (*link != call) link = &(*link)->next;
  if (!(*link = call->next)) portaudio->last = link;
}

/* Waits until the call has ended, at most as long as it may take. Whoever waits and finds the running call over its
 * time, be it another's, puts a new thread to work. If the call has not ended then, nobody owns it any more. Under
 * the lock, which is open while it waits. */
static void await(struct portaudio *portaudio, struct portaudio_call *call) {
  double latest = os_time() + QUEUE_SECONDS;
  while (call->stage != CALL_ENDED) {
    double now = os_time(), own_limit = call->stage == CALL_RUNNING ? call->deadline : latest;
    if (portaudio->running && now >= portaudio->running->deadline) replace_worker(portaudio);
    if (now >= own_limit) {
      if (call->stage == CALL_WAITING) withdraw(portaudio, call);
      call->owned = 0;
      return;
    }
    double left = own_limit - now;
    if (call->stage == CALL_WAITING && left > LOOK_SECONDS) left = LOOK_SECONDS;
    os_mutex_unlock(&portaudio->lock);
    os_event_wait(&call->news, left);
    os_mutex_lock(&portaudio->lock);
  }
}

int32_t portaudio_call(struct portaudio_call *call) {
  struct portaudio *portaudio = &the_portaudio;
  call->stage = CALL_WAITING;
  if (os_event_init(&call->news)) {
    error_set(PS_ERR_MEMORY, 0, "no memory for a call of PortAudio");
    call->late(call);
    return PORTAUDIO_HUNG;
  }
  call->owned = 1;
  os_mutex_lock(&portaudio->lock);
  int queued = enqueue(portaudio, call) == 0;
  if (queued) await(portaudio, call);
  int ended = call->stage == CALL_ENDED, begun = call->stage != CALL_WAITING;
  double limit = call->limit;
  os_event_destroy(&call->news);
  os_mutex_unlock(&portaudio->lock);
  if (ended) return call->error.status < 0 ? error_raise(&call->error) : call->error.status;

  if (!begun) call->late(call); /* never taken up, so nobody else will */
  if (!queued)
    error_set(PS_ERR_THREAD, 0, "cannot create a thread for PortAudio");
  else
    error_set(PS_ERR_PORTAUDIO, PA_TIMED_OUT, "PortAudio did not answer within %g s", begun ? limit : QUEUE_SECONDS);
  return PORTAUDIO_HUNG;
}

void portaudio_post(struct portaudio_call *call) {
  struct portaudio *portaudio = &the_portaudio;
  call->owned = 0;
  os_mutex_lock(&portaudio->lock);
  int queued = enqueue(portaudio, call) == 0;
  os_mutex_unlock(&portaudio->lock);
  if (!queued) call->late(call);
}

int32_t portaudio_error(int pa_error, const char *doing) {
  const struct portaudio_api *api = &the_portaudio.api;
  const struct pa_host_error_info *host = api->get_last_host_error_info();
  if (pa_error != PA_UNANTICIPATED_HOST_ERROR || !host)
    return error_set(PS_ERR_PORTAUDIO, pa_error, "%s: %s", doing, api->get_error_text(pa_error));
  const char *text = host->text && *host->text ? host->text : api->get_error_text(pa_error);
  error_set(PS_ERR_PORTAUDIO, pa_error, "%s: %s", doing, text);
  error_set_host((int32_t)host->code, host->host_api_type);
  return PS_ERR_PORTAUDIO;
}

/* --------------------------------------------------------------- initialize */

/* A forked child has no thread of PortAudio's: its calls get a new one. */
static void forget_worker(void) {
  struct portaudio *portaudio = &the_portaudio;
  os_mutex_init(&portaudio->lock);
  portaudio->worker = NULL;
  portaudio->running = NULL;
  portaudio->first = NULL;
  portaudio->last = &portaudio->first;
  portaudio->initializing = 0;
}

static int32_t initialize(struct portaudio_call *call) {
  struct portaudio *portaudio = &the_portaudio;
  (void)call;
  os_mutex_lock(&portaudio->lock);
  int hanging = portaudio->initializing;
  portaudio->initializing = 1;
  os_mutex_unlock(&portaudio->lock);
  if (hanging)
    return error_set(PS_ERR_PORTAUDIO, PA_TIMED_OUT, "PortAudio is still starting: a sound server does not answer");
  portaudio_quiet();
  int result = atomic_load(&portaudio->initialized) ? PA_NO_ERROR : portaudio->api.initialize();
  if (result == PA_NO_ERROR && !atomic_exchange(&portaudio->initialized, 1)) os_in_forked_child(forget_worker);
  os_mutex_lock(&portaudio->lock);
  portaudio->initializing = 0;
  os_mutex_unlock(&portaudio->lock);
  if (result == PA_HOST_API_NOT_FOUND)
    return error_set(PS_ERR_PORTAUDIO, result,
                     "PortAudio finds no host API: on Linux it needs ALSA's library (libasound.so.2) or JACK's");
  return result == PA_NO_ERROR ? PS_OK : portaudio_error(result, "starting PortAudio");
}

static void free_call(struct portaudio_call *call) { free(call); }

int32_t portaudio_use(const struct portaudio_api **api) {
  struct portaudio *portaudio = &the_portaudio;
  *api = &portaudio->api;
  if (atomic_load_explicit(&portaudio->initialized, memory_order_acquire)) return PS_OK;
  int32_t status = library_load(&library_portaudio, NULL);
  if (status < 0) return status;
  struct portaudio_call *call = calloc(1, sizeof *call);
  if (!call) return error_set(PS_ERR_MEMORY, 0, "no memory for a call of PortAudio");
  *call = (struct portaudio_call){.run = initialize, .late = free_call, .limit = INITIALIZE_SECONDS};
  status = portaudio_call(call);
  if (status == PORTAUDIO_HUNG) return PS_ERR_PORTAUDIO;
  free(call);
  return status;
}
