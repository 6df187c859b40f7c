#include "device/portaudio/thread.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "device/portaudio/api.h"
#include "pastream.h"

#define LOOK_SECONDS 0.1   /* between two looks at what the call is waiting for */
#define QUEUE_SECONDS 30.0 /* for the calls before one's own */

enum { CALL_WAITING, CALL_RUNNING, CALL_ENDED };

/* A thread that makes calls. It ends when another one has taken its place. */
struct worker {
  struct portaudio *portaudio;
  struct os_thread thread;
  double busy, busy_at; /* how long it had run when that was last looked at and had grown, and when that was */
  struct os_event wake;
};

/* The calls, of all instances. */
struct portaudio {
  struct os_mutex lock; /* for what follows, and for stage and owner of calls */
  struct worker *worker;
  struct portaudio_call *first, **last; /* waiting */
  struct portaudio_call *running;       /* of the present worker */
  int watches_forks;
};

static struct portaudio the_portaudio = {.lock = OS_MUTEX_INIT, .last = &the_portaudio.first};

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
    worker->busy = os_thread_busy(&worker->thread);
    worker->busy_at = os_time();
    call->deadline = worker->busy_at + call->limit;
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
  if (!worker || os_event_init(&worker->wake)) {
    free(worker);
    return -1;
  }
  worker->portaudio = portaudio;
  struct worker *before = portaudio->worker;
  portaudio->worker = worker;
  if (os_thread_start(&worker->thread, "ps-portaudio", OS_THREAD_NORMAL, make_calls, worker)) {
    portaudio->worker = before;
    os_event_destroy(&worker->wake);
    free(worker);
    return -1;
  }
  os_thread_detach(&worker->thread);
  portaudio->running = NULL;
  return 0;
}

/* A forked child has no thread of PortAudio's: its calls get a new one. */
static void forget_worker(void) {
  os_mutex_init(&the_portaudio.lock);
  the_portaudio.worker = NULL;
  the_portaudio.running = NULL;
  the_portaudio.first = NULL;
  the_portaudio.last = &the_portaudio.first;
}

/* Under the lock. */
static int enqueue(struct portaudio *portaudio, struct portaudio_call *call) {
  if (!portaudio->watches_forks) os_in_forked_child(forget_worker);
  portaudio->watches_forks = 1;
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

/* Whether the running call has taken too long, or its thread has waited too long for something: then its time is over
 * for its owner, too. Under the lock. */
static int is_late(struct portaudio *portaudio) {
  struct portaudio_call *call = portaudio->running;
  if (!call) return 0;
  struct worker *worker = portaudio->worker;
  double now = os_time(), busy = os_thread_busy(&worker->thread);
  if (busy > worker->busy) worker->busy_at = now;
  worker->busy = busy;
  if (call->idle > 0 && now >= worker->busy_at + call->idle) call->deadline = now;
  return now >= call->deadline;
}

/* Waits until the call has ended, at most as long as it may take. Whoever waits and finds the running call over its
 * time, be it another's, puts a new thread to work. If the call has not ended then, it has no owner any more. Under
 * the lock, which is open while it waits. */
static void await(struct portaudio *portaudio, struct portaudio_call *call) {
  double latest = os_time() + QUEUE_SECONDS;
  while (call->stage != CALL_ENDED) {
    if (is_late(portaudio)) replace_worker(portaudio);
    double now = os_time(), own_limit = call->stage == CALL_RUNNING ? call->deadline : latest;
    if (now >= own_limit) {
      if (call->stage == CALL_WAITING) withdraw(portaudio, call);
      call->owned = 0;
      return;
    }
    double left = own_limit - now;
    if ((call->stage == CALL_WAITING || call->idle > 0) && left > LOOK_SECONDS) left = LOOK_SECONDS;
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
  double since = os_time();
  os_mutex_lock(&portaudio->lock);
  int queued = enqueue(portaudio, call) == 0;
  if (queued) await(portaudio, call);
  int ended = call->stage == CALL_ENDED, begun = call->stage != CALL_WAITING;
  double waited = os_time() - since;
  os_event_destroy(&call->news);
  os_mutex_unlock(&portaudio->lock);
  if (ended) return call->error.status < 0 ? error_raise(&call->error) : call->error.status;

  if (!begun) call->late(call); /* never begun, so no other thread frees it */
  if (!queued)
    error_set(PS_ERR_THREAD, 0, "cannot create a thread for PortAudio");
  else
    error_set(PS_ERR_PORTAUDIO, PA_TIMED_OUT, "PortAudio did not answer within %.2g s", waited);
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
