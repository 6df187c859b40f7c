/* The register of backends, and the lists of devices and host APIs made of theirs: one after the other, as in the
 * table. */
#include "device/devices.h"

#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "device/config.h"
#include "device/convert.h"
#include "device/pair.h"
#include "os/os.h"

/* The default device is that of the first backend that has one. */
static const struct device_ops *const backends[] = {&device_pulse, &device_portaudio, &device_virtual};
#define BACKENDS ((int)(sizeof backends / sizeof *backends))

#define PREFERENCE \
  "PASTREAM_HOST_API" /* environment variable: the host API whose default devices are the default ones */
#define PREFERENCE_SIZE 256

struct place { /* of a device or host API in the lists of all backends */
  const struct device_ops *ops;
  int32_t own;                          /* its number in that backend */
  int32_t first_device, first_host_api; /* numbers of the backend's first ones in the lists */
};

static _Atomic int32_t version; /* of the lists */
static const char *const direction_names[2] = {"input", "output"};

/* ------------------------------------------------------------------ numbers */

/* Why one of the first `count` backends cannot be used, such as a server that hangs; PS_OK if all can. */
static int32_t find_failure(int count) {
  for (int i = 0; i < count; i++) {
    int32_t own = backends[i]->default_device(DEVICE_OUTPUT);
    if (own < 0 && own != PS_DEVICE_NONE && own != PS_ERR_DEVICE_NOT_FOUND) return own;
  }
  return PS_OK;
}

/* The error of a backend that cannot be counted: that of one before it, which knows the server that hangs, if any. */
static int32_t not_counted(int backend) {
  struct error error;
  error_save(&error);
  int32_t status = find_failure(backend);
  return status < 0 ? status : error_raise(&error);
}

/* The backends one after the other, with their first numbers: up to the one that has number `device` or `host_api` (the
 * other is -1), or to the end. 1 if it was found, 0 if not; the totals are then in first_device and first_host_api. */
static int32_t find(struct place *place, int32_t device, int32_t host_api) {
  *place = (struct place){0};
  for (int i = 0; i < BACKENDS; i++) {
    int32_t devices, host_apis;
    if (backends[i]->count(&devices, &host_apis) < 0) return not_counted(i);
    place->ops = backends[i];
    place->own = device >= 0 ? device - place->first_device : host_api - place->first_host_api;
    if (place->own >= 0 && place->own < (device >= 0 ? devices : host_apis)) return 1;
    place->first_device += devices;
    place->first_host_api += host_apis;
  }
  return 0;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Whether `part` occurs in `text`, in whatever case. */
static int occurs(const char *part, const char *text) {
  for (; *text; text++) {
    size_t same = 0;
    while (part[same] && lower(part[same]) == lower(text[same])) same++;
    if (!part[same]) return 1;
  }
  return 0;
}

/* The default device of the first host API in whose name `name` occurs, among those that have one. */
static int32_t find_preferred(struct place *place, const char *name, int direction) {
  int32_t host_apis = ps_host_api_count();
  if (host_apis < 0) return host_apis;
  int known = 0;
  for (int32_t i = 0; i < host_apis; i++) {
    struct host_api_info info;
    int32_t status = find(place, -1, i);
    if (status > 0) status = place->ops->host_api(place->own, &info);
    if (status < 0) return status;
    if (!occurs(name, info.name)) continue;
    known = 1;
    place->own = (int32_t)info.numbers[PS_HOST_API_DEFAULT_INPUT + direction];
    if (place->own >= 0) return PS_OK;
  }
  return known ? error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "there is no default %s device of %s, as " PREFERENCE " says",
                           direction_names[direction], name)
               : error_set(PS_ERR_DEVICE_NOT_FOUND, 0, PREFERENCE ": no host API is called %s", name);
}

/* Why no backend before `ops` (NULL: none at all) has a device of a direction, as far as one of them knows, or NULL. */
static const char *shortage_before(const struct device_ops *ops, int direction) {
  const char *text = NULL;
  for (int i = 0; i < BACKENDS && backends[i] != ops && !text; i++)
    if (backends[i]->shortage) text = backends[i]->shortage(direction);
  return text;
}

/* The thread's error of the default device of `ops` (NULL: there is none), and why it was not an earlier backend's, if
 * that may be what its user has to mend. Returns the error's status. */
static int32_t explain_default(int32_t status, const struct device_ops *ops, int direction) {
  const char *shortage = shortage_before(ops, direction);
  char preferred[PREFERENCE_SIZE];
  struct error error;
  if (!shortage || os_environment(PREFERENCE, preferred, sizeof preferred)) return status;
  error_save(&error);
  return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "%s, and no other default %s device can be used: %s", shortage,
                   direction_names[direction], error.text);
}

/* The backend that has the default device of a direction, whose own number `place` gets. */
static int32_t find_default(struct place *place, int direction) {
  char preferred[PREFERENCE_SIZE];
  if (os_environment(PREFERENCE, preferred, sizeof preferred)) return find_preferred(place, preferred, direction);
  *place = (struct place){0};
  for (int i = 0; i < BACKENDS; i++) {
    int32_t devices, host_apis, own = backends[i]->default_device(direction);
    if (own < 0 && own != PS_DEVICE_NONE) /* a server that hangs would do so through the next one, too */
      return explain_default(own, backends[i], direction);
    if (own >= 0) {
      place->ops = backends[i];
      place->own = own;
      return PS_OK;
    }
    int32_t counted = backends[i]->count(&devices, &host_apis);
    if (counted < 0) return counted;
    place->first_device += devices;
    place->first_host_api += host_apis;
  }
  int32_t status = error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "there is no default %s device", direction_names[direction]);
  return explain_default(status, NULL, direction);
}

static int32_t no_such(const char *what, int32_t number, int32_t count) {
  return error_set(PS_ERR_ARGUMENT, 0, "there is no %s %d, only 0 to %d", what, (int)number, (int)count - 1);
}

/* -------------------------------------------------------------------- lists */

static int32_t put(const double *values, int32_t count, const char *from, double *info, int32_t info_size, char *name,
                   int32_t name_size) {
  if (info_size < 0 || (info_size > 0 && !info)) return error_set(PS_ERR_ARGUMENT, 0, "no room for the numbers");
  for (int32_t i = 0; i < count && i < info_size; i++) info[i] = values[i];
  return text_copy(from, name, name_size);
}

int32_t ps_device_count(void) {
  struct place place;
  int32_t status = find(&place, INT32_MAX, -1);
  return status < 0 ? status : place.first_device;
}

int32_t ps_host_api_count(void) {
  struct place place;
  int32_t status = find(&place, INT32_MAX, -1);
  return status < 0 ? status : place.first_host_api;
}

static int is_default(const struct place *place, int direction) {
  struct place found;
  return find_default(&found, direction) >= 0 && found.ops == place->ops && found.own == place->own;
}

/* Finds a device of the list, and what its backend says of it. */
static int32_t find_info(int32_t device, struct place *place, struct device_info *found) {
  int32_t status = find(place, device < 0 ? INT32_MAX : device, -1);
  if (status == 0) return no_such("device", device, place->first_device);
  return status < 0 ? status : place->ops->info(place->own, found);
}

int32_t ps_device_info(int32_t device, double *info, int32_t info_size, char *name, int32_t name_size) {
  struct place place;
  struct device_info found;
  int32_t status = find_info(device, &place, &found);
  if (status < 0) return status;
  found.numbers[PS_DEVICE_HOST_API] += place.first_host_api;
  found.numbers[PS_DEVICE_IS_DEFAULT_INPUT] = is_default(&place, DEVICE_INPUT);
  found.numbers[PS_DEVICE_IS_DEFAULT_OUTPUT] = is_default(&place, DEVICE_OUTPUT);
  return put(found.numbers, PS_DEVICE_INFO_SIZE, found.name, info, info_size, name, name_size);
}

int32_t ps_device_id(int32_t device, char *text, int32_t size) {
  struct place place;
  struct device_info found;
  int32_t status = find_info(device, &place, &found);
  return status < 0 ? status : text_copy(found.id, text, size);
}

int32_t ps_device_status(void) { return find_failure(BACKENDS); }

int32_t ps_device_loopback(void) {
  struct place place = {0};
  for (int i = 0; i < BACKENDS; i++) {
    int32_t devices, host_apis, own = backends[i]->loopback ? backends[i]->loopback() : PS_DEVICE_NONE;
    if (own >= 0) return place.first_device + own;
    if (own != PS_DEVICE_NONE) return own;
    int32_t status = backends[i]->count(&devices, &host_apis);
    if (status < 0) return status;
    place.first_device += devices;
  }
  const char *shortage = shortage_before(NULL, DEVICE_OUTPUT);
  if (shortage)
    return error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "no device here records what the default output plays: %s", shortage);
  return error_set(
      PS_ERR_DEVICE_NOT_FOUND, 0,
      "no device here records what the default output plays: Linux needs PulseAudio or PipeWire for it; on "
      "Windows and macOS choose a loopback device by its name, if there is one (isLoopback; on macOS a "
      "virtual device such as BlackHole)");
}

static void name_of(const struct device_ops *ops, const struct device_info *info, struct device_name *name) {
  struct host_api_info host_api;
  memset(name, 0, sizeof *name);
  text_copy(*info->id ? info->id : info->name, name->text, sizeof name->text);
  if (ops->host_api((int32_t)info->numbers[PS_DEVICE_HOST_API], &host_api) >= 0)
    name->host_api_type = (int)host_api.numbers[PS_HOST_API_TYPE];
}

void device_name(const struct device_ops *ops, int32_t number, struct device_name *name) {
  struct device_info info;
  memset(name, 0, sizeof *name);
  if (ops->info(number, &info) >= 0) name_of(ops, &info, name);
}

void device_default_name(int direction, struct device_name *name) {
  struct place place;
  memset(name, 0, sizeof *name);
  if (find_default(&place, direction) >= 0) device_name(place.ops, place.own, name);
}

int32_t device_find(const struct device_name *name, int direction) {
  int32_t count = ps_device_count();
  for (int32_t i = 0; i < count; i++) {
    struct place place;
    struct device_info info;
    struct device_name found;
    if (find(&place, i, -1) <= 0 || place.ops->info(place.own, &info) < 0) continue;
    if (info.numbers[PS_DEVICE_MAX_INPUT_CHANNELS + direction] <= 0) continue;
    name_of(place.ops, &info, &found);
    if (found.host_api_type == name->host_api_type && strcmp(found.text, name->text) == 0) return i;
  }
  return PS_DEVICE_NONE;
}

int32_t devices_version(void) { return atomic_load(&version); }

void devices_changed(void) { atomic_fetch_add(&version, 1); }

/* Whether a backend is among the first `count` ones. */
static int is_among(const struct device_ops *ops, int count) {
  for (int i = 0; i < count; i++)
    if (backends[i] == ops) return 1;
  return 0;
}

/* Whether the first `count` backends have all that a stream of backends `own` runs on. */
static int have_own(const struct device_ops *const own[2], int count) {
  for (int direction = 0; direction < 2; direction++)
    if (own[direction] && !is_among(own[direction], count)) return 0;
  return 1;
}

/* Whether they have default devices of its directions. */
static int have_defaults(const struct device_ops *const own[2], int count) {
  for (int direction = 0; direction < 2; direction++) {
    int found = !own[direction];
    for (int i = 0; i < count && !found; i++) found = backends[i]->default_device(direction) >= 0;
    if (!found) return 0;
  }
  return 1;
}

static int32_t refresh(const struct device_ops *ops) {
  if (!ops->refresh) return PS_OK;
  int32_t status = ops->refresh();
  devices_changed(); /* the list is used from now on, also while the next backend looks */
  return status;
}

int32_t devices_refresh(void) {
  int32_t status = PS_OK;
  for (int i = 0; i < BACKENDS && status >= 0; i++) status = refresh(backends[i]); /* as for the default device */
  return status;
}

int devices_refresh_for(const struct device_ops *const own[2], int no_others) {
  char preferred[PREFERENCE_SIZE];
  int any = os_environment(PREFERENCE, preferred, sizeof preferred); /* may be the host API of any backend */
  for (int i = 0; i < BACKENDS && refresh(backends[i]) >= 0; i++) {
    if (any || !have_own(own, i + 1)) continue;
    int found = have_defaults(own, i + 1);
    if (found || no_others) return found;
  }
  return 1;
}

int devices_watch(int on) {
  int by_notice = 1;
  for (int i = 0; i < BACKENDS; i++) {
    int noticed = backends[i]->watch && backends[i]->watch(on);
    if (backends[i]->refresh && !noticed) by_notice = 0;
  }
  return by_notice;
}

int32_t ps_host_api_info(int32_t host_api, double *info, int32_t info_size, char *name, int32_t name_size) {
  struct place place;
  struct host_api_info found;
  int32_t status = find(&place, -1, host_api < 0 ? INT32_MAX : host_api);
  if (status == 0) return no_such("host API", host_api, place.first_host_api);
  if (status > 0) status = place.ops->host_api(place.own, &found);
  if (status < 0) return status;
  for (int i = PS_HOST_API_DEFAULT_INPUT; i <= PS_HOST_API_DEFAULT_OUTPUT; i++)
    if (found.numbers[i] >= 0) found.numbers[i] += place.first_device;
  return put(found.numbers, PS_HOST_API_INFO_SIZE, found.name, info, info_size, name, name_size);
}

/* ------------------------------------------------------------------- choice */

/* The place of what a direction of a configuration names. */
static int32_t find_configured(struct place *place, double configured, int direction) {
  if (configured == PS_DEVICE_VIRTUAL) {
    *place = (struct place){.ops = &device_virtual, .first_device = PS_DEVICE_VIRTUAL};
    return PS_OK;
  }
  if (configured != PS_DEVICE_DEFAULT) {
    int32_t status = find(place, (int32_t)configured, -1);
    return status != 0 ? status : error_set(PS_ERR_DEVICE_NOT_FOUND, 0, "there is no device %g", configured);
  }
  int32_t status = find_default(place, direction);
  if (status >= 0 && place->own == place->ops->default_device(direction))
    place->own = PS_DEVICE_DEFAULT; /* the backend opens it as such: some follow it */
  return status;
}

int32_t device_choose(double *config, const struct device_ops *ops[2], int32_t first[2]) {
  int is_virtual = 1;
  for (int direction = DEVICE_OUTPUT; direction >= DEVICE_INPUT; direction--) {
    struct place place;
    double *configured = &config[PS_CONFIG_INPUT_DEVICE + direction];
    ops[direction] = NULL;
    if (*configured == PS_DEVICE_NONE) continue;
    int32_t status = find_configured(&place, *configured, direction);
    if (status < 0) return status;
    ops[direction] = place.ops;
    is_virtual = is_virtual && place.ops == &device_virtual;
    first[direction] = place.first_device;
    *configured = place.own;
  }
  if ((config[PS_CONFIG_FAULTS] != 0 || config[PS_CONFIG_VIRTUAL_RATES] != 0) && !is_virtual)
    return error_set(PS_ERR_ARGUMENT, 0, "faults and rates can be set for the virtual device only");
  return PS_OK;
}

/* ------------------------------------------------------------------ opening */

/* Whether the two directions have a clock each. */
static int is_pair(const double *config, const struct device_ops *const ops[2]) {
  if (!ops[DEVICE_INPUT] || !ops[DEVICE_OUTPUT]) return 0;
  if (ops[DEVICE_INPUT] != ops[DEVICE_OUTPUT]) return 1;
  return ops[DEVICE_INPUT] == &device_virtual &&
         (config[PS_CONFIG_VIRTUAL_SIMULATED] != 0 ||
          config[PS_CONFIG_INPUT_VIRTUAL_DRIFT] != config[PS_CONFIG_OUTPUT_VIRTUAL_DRIFT]);
}

/* The backends of a pair: two virtual devices have one between them. */
static int32_t pair_backends(const double *config, const struct device_ops *const ops[2],
                             const struct device_ops *own[2]) {
  int twins = ops[DEVICE_INPUT] == ops[DEVICE_OUTPUT];
  for (int i = 0; i < 2; i++) own[i] = twins ? &device_twin : ops[i];
  if (twins && config[PS_CONFIG_FAULTS] != 0)
    return error_set(PS_ERR_ARGUMENT, 0, "two virtual devices with a clock each have no faults");
  if (config[PS_CONFIG_VIRTUAL_CLOCK] != 0)
    return error_set(PS_ERR_ARGUMENT, 0, "a device that freewheels cannot make a stream together with another one");
  return PS_OK;
}

/* The thread's error of opening default devices: where it is their host API's, with what explain_default adds. */
static int32_t explain_open(int32_t status, const double *config, const struct device_ops *const ops[2]) {
  if (status >= 0 || ps_error_number(PS_ERROR_HOST_API_TYPE) < 0) return status;
  for (int direction = DEVICE_OUTPUT; direction >= DEVICE_INPUT; direction--) {
    if (!ops[direction] || config[PS_CONFIG_INPUT_DEVICE + direction] != PS_DEVICE_DEFAULT) continue;
    int32_t explained = explain_default(status, ops[direction], direction);
    if (explained != status) return explained;
  }
  return status;
}

static int32_t open_chosen(struct device *device, const struct device_ops *const ops[2]) {
  if (!is_pair(device->config, ops)) return convert_open(device);
  const struct device_ops *own[2];
  int32_t status = pair_backends(device->config, ops, own);
  return status < 0 ? status : pair_open(device, own);
}

static int32_t check_chosen(const struct device_ops *const ops[2], const double *config, const double *list) {
  if (!is_pair(config, ops))
    return convert_check(ops[DEVICE_INPUT] ? ops[DEVICE_INPUT] : ops[DEVICE_OUTPUT], config, list);
  const struct device_ops *own[2];
  int32_t status = pair_backends(config, ops, own);
  return status < 0 ? status : pair_check(own, config, list);
}

int32_t device_open(struct device *device, const struct device_ops *const ops[2]) {
  device->ops = ops[DEVICE_INPUT] ? ops[DEVICE_INPUT] : ops[DEVICE_OUTPUT];
  return explain_open(open_chosen(device, ops), device->config, ops);
}

int32_t ps_check_settings(const double *config, int32_t size, const double *list, int32_t list_size) {
  double own[PS_CONFIG_SIZE];
  const struct device_ops *ops[2];
  int32_t first[2], status = config_check(config, size, list, list_size);
  if (status < 0) return status;
  memcpy(own, config, sizeof own);
  status = device_choose(own, ops, first);
  return status < 0 ? status : explain_open(check_chosen(ops, own, list), own, ops);
}
