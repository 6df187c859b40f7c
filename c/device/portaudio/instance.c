#include "device/portaudio/instance.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/library.h"
#include "device/portaudio/alsa.h"
#include "device/portaudio/jack.h"
#include "device/portaudio/quiet.h"
#include "device/portaudio/thread.h"

#define INITIALIZE_SECONDS 15.0 /* ALSA alone may take one; Bluetooth and network devices more */
#define INITIALIZE_IDLE 3.0     /* in which its thread only waits (thread.h) */
#define TERMINATE_SECONDS 3.0
#define FIRST_SECONDS 1.0
#define FIRST_POLL 0.01

struct portaudio_instance {
  struct portaudio_api api; /* first: it is the instance to those who use it */
  int kept;                 /* it cannot be ended, and its library stays */
  struct portaudio_lacking *lacking;
  char jack_client[JACK_NAME_SIZE];
  void *copy;           /* the copied library; NULL for the first instance, whose library stays */
  _Atomic int32_t uses; /* one of being the newest, and one of each user */
};

static struct portaudio_instance first = {.uses = 1};
static struct portaudio_instance *newest = &first; /* under the lock, as the next */
static int initializing;                           /* some thread is in the first Pa_Initialize, */
static int hanging;                                /* and has been for too long */
static _Atomic int32_t initialized;
static struct os_mutex lock = OS_MUTEX_INIT;

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
        {"PaJack_SetClientName", offsetof(struct portaudio_api, jack_set_client_name), 1},
    {"PaJack_GetClientName", offsetof(struct portaudio_api, jack_get_client_name), 1},
};

static const char *version_text(void) { return first.api.get_version_text(); }

struct library library_portaudio = {
    .variable = "PASTREAM_PORTAUDIO",
    .names = file_names,
    .bundled = BUNDLED,
    .missing = PS_ERR_NO_PORTAUDIO,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof symbols[0],
    .functions = &first.api,
    .version = version_text,
    .lock = OS_MUTEX_INIT,
};

int32_t portaudio_error(const struct portaudio_api *api, int pa_error, const char *doing) {
  const struct pa_host_error_info *host = api->get_last_host_error_info();
  if (pa_error != PA_UNANTICIPATED_HOST_ERROR || !host)
    return error_set(PS_ERR_PORTAUDIO, pa_error, "%s: %s", doing, api->get_error_text(pa_error));
  const char *text = host->text && *host->text ? host->text : api->get_error_text(pa_error);
  error_set(PS_ERR_PORTAUDIO, pa_error, "%s: %s", doing, text);
  error_set_host((int32_t)host->code, host->host_api_type);
  return PS_ERR_PORTAUDIO;
}

/* -------------------------------------------------------- starting, ending */

/* A call that starts or ends an instance. */
struct instance_call {
  struct portaudio_call call;
  struct portaudio_instance *instance;
};

static int32_t call_new(struct instance_call **call, struct portaudio_instance *instance, double limit, double idle) {
  *call = calloc(1, sizeof **call);
  if (!*call) return error_set(PS_ERR_MEMORY, 0, "no memory for a call of PortAudio");
  (*call)->instance = instance;
  (*call)->call.limit = limit;
  (*call)->call.idle = idle;
  return PS_OK;
}

static void free_call(struct portaudio_call *call) { free(call); }

static void free_instance(struct portaudio_instance *instance) {
  if (!instance->copy || instance->kept) return; /* the first one is static */
  os_library_close(instance->copy);
  portaudio_free_lacking(instance->lacking);
  free(instance);
}

static void terminate(void *instance) { ((struct portaudio_instance *)instance)->api.terminate(); }

/* An assertion of PortAudio's fails where its client of JACK has no server, which may also end meanwhile. */
static int32_t run_terminate(struct portaudio_call *call) {
  struct portaudio_instance *instance = ((struct instance_call *)call)->instance;
  if (!instance->kept) instance->kept = portaudio_jack_is_gone(instance->jack_client);
  if (instance->kept) return PS_OK;
  if (*instance->jack_client)
    instance->kept = os_survive_abort(terminate, instance);
  else
    terminate(instance);
  return PS_OK;
}

static void end_terminate(struct portaudio_call *call) {
  free_instance(((struct instance_call *)call)->instance);
  free(call);
}

struct start {
  const struct portaudio_api *api;
  int result;
};

static void initialize(void *argument) {
  struct start *start = argument;
  start->result = start->api->initialize();
}

/* An assertion of PortAudio's fails where a JACK server ends while it starts. Another try finds none then; the client
 * of the first one has the library's functions, which therefore stays. */
static int initialize_again(struct portaudio_instance *instance) {
  struct start start = {.api = &instance->api, .result = PA_INTERNAL_ERROR};
  for (int tries = 0; tries < 2 && os_survive_abort(initialize, &start); tries++) instance->kept = 1;
  return start.result;
}

static int32_t start_instance(struct portaudio_instance *instance) {
  portaudio_quiet();
  portaudio_alsa_prepare();
  portaudio_jack_set_client(&instance->api);
  int result = initialize_again(instance);
  if (result == PA_HOST_API_NOT_FOUND)
    return error_set(PS_ERR_PORTAUDIO, result,
                     "PortAudio finds no host API: on Linux it needs ALSA's library (libasound.so.2) or JACK's");
  if (result != PA_NO_ERROR) return portaudio_error(&instance->api, result, "starting PortAudio");
  portaudio_jack_client(&instance->api, instance->jack_client);
  portaudio_jack_name(&instance->api);
  return PS_OK;
}

static int32_t no_start(int pa_error) {
  return error_set(PS_ERR_PORTAUDIO, pa_error,
                   "PortAudio cannot start: a sound server (JACK, or one behind ALSA) or a device does not answer");
}

static int32_t run_first(struct portaudio_call *call) {
  (void)call;
  os_mutex_lock(&lock);
  int another = initializing;
  initializing = 1;
  os_mutex_unlock(&lock);
  if (another) return no_start(PA_DEVICE_UNAVAILABLE);
  int32_t status = atomic_load(&initialized) ? PS_OK : start_instance(&first);
  if (status == PS_OK) atomic_store(&initialized, 1);
  os_mutex_lock(&lock);
  initializing = hanging = 0;
  os_mutex_unlock(&lock);
  return status;
}

/* Whoever asks while the first start hangs is told so at once. */
static int is_hanging(void) {
  os_mutex_lock(&lock);
  int hangs = hanging;
  os_mutex_unlock(&lock);
  return hangs;
}

static int32_t start_first(void) {
  if (is_hanging()) return no_start(PA_DEVICE_UNAVAILABLE);
  struct instance_call *call;
  int32_t status = library_load(&library_portaudio, NULL);
  if (status >= 0) status = call_new(&call, &first, INITIALIZE_SECONDS, INITIALIZE_IDLE);
  if (status < 0) return status;
  call->call.run = run_first;
  call->call.late = free_call;
  status = portaudio_call(&call->call);
  if (status != PORTAUDIO_HUNG) {
    free(call);
    return status;
  }
  os_mutex_lock(&lock);
  hanging = initializing;
  os_mutex_unlock(&lock);
  return no_start(PA_TIMED_OUT);
}

/* ---------------------------------------------------------------------- use */

int32_t portaudio_use(const struct portaudio_api **api) {
  int32_t status = atomic_load_explicit(&initialized, memory_order_acquire) ? PS_OK : start_first();
  if (status < 0) return status;
  os_mutex_lock(&lock);
  atomic_fetch_add(&newest->uses, 1);
  *api = &newest->api;
  os_mutex_unlock(&lock);
  return PS_OK;
}

const struct portaudio_lacking *portaudio_lacks(const struct portaudio_api *api) {
  return ((const struct portaudio_instance *)api)->lacking;
}

void portaudio_leave(const struct portaudio_api *api) {
  struct portaudio_instance *instance = (struct portaudio_instance *)api;
  struct instance_call *call;
  if (atomic_fetch_sub(&instance->uses, 1) > 1 || call_new(&call, instance, TERMINATE_SECONDS, 0) < 0) return;
  call->call.run = run_terminate;
  call->call.late = end_terminate;
  portaudio_post(&call->call);
}

/* ------------------------------------------------------------------ refresh */

static int32_t run_start(struct portaudio_call *call) {
  return start_instance(((struct instance_call *)call)->instance);
}

/* It has started, but no thread waits for it any more. */
static void end_start(struct portaudio_call *call) {
  struct portaudio_instance *instance = ((struct instance_call *)call)->instance;
  free(call);
  portaudio_leave(&instance->api);
}

/* Whether the first start is under way. One that hung may be about to end, as its server answers again. */
static int is_starting(void) {
  os_mutex_lock(&lock);
  int starting = initializing;
  os_mutex_unlock(&lock);
  return starting;
}

int32_t portaudio_refresh(void) {
  double latest = os_time() + FIRST_SECONDS;
  while (is_starting() && os_time() < latest) os_sleep(FIRST_POLL);
  const struct portaudio_api *before;
  int looked = atomic_load(&initialized);
  int32_t status = portaudio_use(&before);
  if (status == PS_ERR_NO_PORTAUDIO) return PS_OK;
  if (status < 0) return status;
  portaudio_leave(before);
  if (!looked) return PS_OK; /* that was the first look */
  struct portaudio_instance *instance = calloc(1, sizeof *instance);
  if (!instance) return error_set(PS_ERR_MEMORY, 0, "no memory for another PortAudio");
  atomic_init(&instance->uses, 1);
  struct instance_call *call;
  status = library_copy(&library_portaudio, &instance->api, &instance->copy);
  if (status >= 0) status = call_new(&call, instance, INITIALIZE_SECONDS, INITIALIZE_IDLE);
  if (status < 0) {
    if (instance->copy) os_library_close(instance->copy);
    free(instance);
    return status;
  }
  call->call.run = run_start;
  call->call.late = end_start;
  status = portaudio_call(&call->call);
  if (status == PORTAUDIO_HUNG) return PS_ERR_PORTAUDIO;
  free(call);
  if (status < 0) {
    free_instance(instance);
    return status;
  }
  instance->lacking = portaudio_find_lacking(&instance->api);
  os_mutex_lock(&lock);
  struct portaudio_instance *old = newest;
  newest = instance;
  os_mutex_unlock(&lock);
  portaudio_leave(&old->api);
  return PS_OK;
}
