#include "device/portaudio/jack.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/os.h"

#define EXPRESSION_ROOM 3               /* PortAudio adds ":.*" to a name */
#define NO_START_SERVER 1               /* JackNoStartServer */
#define PORT_IS_INPUT 1ul               /* JackPortIsInput, */
#define PORT_IS_OUTPUT 2ul              /* JackPortIsOutput */
#define AUDIO "32 bit float mono audio" /* JACK_DEFAULT_AUDIO_TYPE */

#if defined(_WIN32)
#define JACK_LIBRARY "libjack64.dll"
#elif defined(__APPLE__)
#define JACK_LIBRARY "libjack.0.dylib"
#else
#define JACK_LIBRARY "libjack.so.0"
#endif

struct jack_client;

static struct {
  struct jack_client *(*open)(const char *name, int options, int *status, ...);
  int (*close)(struct jack_client *client);
  const char **(*get_ports)(struct jack_client *client, const char *name, const char *type, unsigned long flags);
  void (*free)(void *memory);
  uint32_t (*get_buffer_size)(struct jack_client *client);
  char *(*get_uuid)(struct jack_client *client, const char *name);
} jack;

/* The names that have been changed, which stay. */
struct changed_name {
  struct changed_name *next;
  char expression[JACK_NAME_SIZE], name[JACK_NAME_SIZE];
};

static struct changed_name *_Atomic changed;

/* ------------------------------------------------------------------- JACK */

/* Whoever opens a client binds a socket of that name, whatever its server is, and JACK's library only looks whether the
 * name is free: when two processes open clients of one name at the same time, one of them is refused. So the process is
 * part of all names. */
static const char *client_name(const char *purpose, char *name) {
  snprintf(name, JACK_NAME_SIZE, "pastream%s-%d", purpose, os_process_id());
  return name;
}

/* A client, where there is a server; it is never started. */
static struct jack_client *look_in(void) {
  static const char *const names[] = {"jack_client_open", "jack_client_close",    "jack_get_ports",
                                      "jack_free",        "jack_get_buffer_size", "jack_get_uuid_for_client_name"};
  char reason[1];
  void *library = os_library_open(JACK_LIBRARY, reason, sizeof reason);
  void *found[sizeof names / sizeof *names];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!library || !(found[i] = os_library_symbol(library, names[i]))) return NULL;
  memcpy(&jack, found, sizeof jack);
  char name[JACK_NAME_SIZE];
  int status = 0;
  return jack.open(client_name("-look", name), NO_START_SERVER, &status);
}

static int count_ports(struct jack_client *client, const char *name, unsigned long flags) {
  char expression[JACK_NAME_SIZE + EXPRESSION_ROOM + 1];
  int count = 0;
  size_t length = strlen(name);
  memcpy(expression, name, length);
  memcpy(expression + length, ":.*", EXPRESSION_ROOM + 1);
  const char **ports = jack.get_ports(client, expression, AUDIO, flags);
  while (ports && ports[count]) count++;
  if (ports) jack.free((void *)ports);
  return count;
}

static int is_jack(const struct portaudio_api *api, const struct pa_device_info *info) {
  return api->get_host_api_info(info->host_api)->type == PA_JACK;
}

static int has_jack(const struct portaudio_api *api) {
  for (int i = 0; i < api->get_host_api_count(); i++)
    if (api->get_host_api_info(i)->type == PA_JACK) return 1;
  return 0;
}

/* ------------------------------------------------------------------ names */

/* An expression of the same length that matches the name; NULL without memory. Each name has one for ever. */
static const char *expression_for(const char *name) {
  for (struct changed_name *known = atomic_load(&changed); known; known = known->next)
    if (strcmp(known->name, name) == 0) return known->expression;
  struct changed_name *new = calloc(1, sizeof *new);
  if (!new) return NULL;
  text_copy(name, new->name, sizeof new->name);
  text_copy(name, new->expression, sizeof new->expression);
  for (char *c = new->expression; *c; c++)
    if (strchr("^$*+?()[]{}|\\", *c)) *c = '.';
  new->next = atomic_load(&changed);
  atomic_store(&changed, new);
  return new->expression;
}

/* PortAudio keeps the names of its devices until it ends, and does not free them one by one. */
static void change(struct jack_client *client, struct pa_device_info *info) {
  const char *expression = expression_for(info->name);
  if (!expression) return;
  info->name = expression;
  info->max_input_channels = count_ports(client, expression, PORT_IS_OUTPUT);
  info->max_output_channels = count_ports(client, expression, PORT_IS_INPUT);
}

static int lacks_latency(const struct pa_device_info *info) {
  return (info->max_input_channels > 0 && info->default_low_input_latency <= 0) ||
         (info->max_output_channels > 0 && info->default_low_output_latency <= 0);
}

static void set_latency(struct jack_client *client, struct pa_device_info *info) {
  double period = jack.get_buffer_size(client) / info->default_sample_rate;
  if (info->default_low_input_latency <= 0) info->default_low_input_latency = info->default_high_input_latency = period;
  if (info->default_low_output_latency <= 0)
    info->default_low_output_latency = info->default_high_output_latency = period;
}

static int is_misread(const struct pa_device_info *info) {
  return strlen(info->name) < JACK_NAME_SIZE && strpbrk(info->name, "^$*+?()[]{}|\\") != NULL;
}

void portaudio_jack_name(const struct portaudio_api *api) {
  struct jack_client *client = NULL;
  for (int i = 0; i < api->get_device_count(); i++) {
    struct pa_device_info *info = (struct pa_device_info *)api->get_device_info(i);
    if (!is_jack(api, info) || (!is_misread(info) && !lacks_latency(info))) continue;
    if (!client && !(client = look_in())) return;
    if (is_misread(info)) change(client, info);
    if (lacks_latency(info)) set_latency(client, info);
  }
  if (client) jack.close(client);
}

void portaudio_jack_copy_name(const struct pa_device_info *info, char *name, int32_t size) {
  const char *found = info->name;
  for (struct changed_name *known = atomic_load(&changed); known; known = known->next)
    if (known->expression == info->name) found = known->name;
  text_copy(found, name, size);
}

/* ------------------------------------------------------------------ server */

void portaudio_jack_set_client(const struct portaudio_api *api) {
  static char name[JACK_NAME_SIZE]; /* PortAudio keeps the address */
  if (api->jack_set_client_name) api->jack_set_client_name(client_name("", name));
}

void portaudio_jack_client(const struct portaudio_api *api, char *name) {
  const char *found = NULL;
  *name = 0;
  if (has_jack(api) && api->jack_get_client_name && api->jack_get_client_name(&found) == PA_NO_ERROR && found)
    text_copy(found, name, JACK_NAME_SIZE);
}

int portaudio_jack_is_gone(const char *name) {
  if (!*name) return 0;
  struct jack_client *client = look_in();
  if (!client) return 1;
  char *uuid = jack.get_uuid(client, name);
  if (uuid) jack.free(uuid);
  jack.close(client);
  return uuid == NULL;
}
