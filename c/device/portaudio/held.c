#include "device/portaudio/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "device/devices.h"
#include "device/portaudio/list.h"
#include "os/os.h"

static struct portaudio_held *first;
static struct os_mutex lock = OS_MUTEX_INIT;

void portaudio_hold(struct portaudio_held *held, const struct portaudio_api *api, int device) {
  os_mutex_lock(&lock);
  *held = (struct portaudio_held){.next = first, .api = api, .device = device};
  first = held;
  os_mutex_unlock(&lock);
}

void portaudio_unhold(struct portaudio_held *held) {
  os_mutex_lock(&lock);
  struct portaudio_held **at = &first;
  while (*at && *at != held) at = &(*at)->next;
  int lacked = *at && held->lacked;
  if (*at) *at = held->next;
  os_mutex_unlock(&lock);
  if (lacked) devices_notice(); /* it may have been unplugged meanwhile */
}

/* The number of ALSA among the host APIs of an instance, or -1. */
static int find_alsa(const struct portaudio_api *api) {
  for (int i = 0; i < api->get_host_api_count(); i++)
    if (api->get_host_api_info(i)->type == PA_ALSA) return i;
  return -1;
}

static int find_device(const struct portaudio_api *api, int host_api, const char *name) {
  for (int i = 0; i < api->get_device_count(); i++) {
    const struct pa_device_info *info = api->get_device_info(i);
    if (info->host_api == host_api && strcmp(info->name, name) == 0) return i;
  }
  return -1;
}

static int is_in(const struct portaudio_lacking *lacking, const char *name) {
  while (lacking && strcmp(lacking->name, name) != 0) lacking = lacking->next;
  return lacking != NULL;
}

struct portaudio_lacking *portaudio_find_lacking(const struct portaudio_api *api) {
  struct portaudio_lacking *all = NULL;
  int alsa = find_alsa(api), more = api->get_device_count();
  os_mutex_lock(&lock);
  for (struct portaudio_held *held = first; held && alsa >= 0; held = held->next) {
    const struct pa_device_info *info = held->api->get_device_info(held->device);
    if (info->host_api != find_alsa(held->api) || is_in(all, info->name)) continue;
    int found = find_device(api, alsa, info->name);
    const struct pa_device_info *there = found >= 0 ? api->get_device_info(found) : NULL;
    if (there && there->max_input_channels >= info->max_input_channels &&
        there->max_output_channels >= info->max_output_channels)
      continue;
    struct portaudio_lacking *new = calloc(1, sizeof *new);
    if (!new) break;
    text_copy(info->name, new->name, sizeof new->name);
    new->info = *info;
    new->info.name = new->name;
    new->info.host_api = alsa;
    new->number = there ? found : more++;
    for (int i = 0; i < 2; i++) new->is_default[i] = portaudio_choose_default(held->api, i) == held->device;
    held->lacked = 1;
    new->next = all;
    all = new;
  }
  os_mutex_unlock(&lock);
  return all;
}

void portaudio_free_lacking(struct portaudio_lacking *lacking) {
  while (lacking) {
    struct portaudio_lacking *next = lacking->next;
    free(lacking);
    lacking = next;
  }
}
