#include "stream/device.h"

#include <string.h>

#include "device/devices.h"

/* ------------------------------------------------------- what the device gives */

/* Makes it the stream's, with the public numbers of the devices. */
static void take_actual(struct stream *stream) {
  struct device *device = &stream->device;
  struct device_name names[2] = {0};
  int32_t version = devices_version();
  for (int i = 0; i < 2; i++) {
    double number = device->actual[PS_ACTUAL_INPUT_DEVICE + i];
    if (number != PS_DEVICE_NONE) device_name(stream->backends[i], (int32_t)number, &names[i]);
  }
  os_mutex_lock(&stream->lock);
  for (int i = 0; i < 2; i++) {
    double number = device->actual[PS_ACTUAL_INPUT_DEVICE + i];
    stream->actual[PS_ACTUAL_INPUT_DEVICE + i] = number == PS_DEVICE_NONE ? number : number + stream->first_devices[i];
    atomic_store(&stream->latencies[i], device->actual[PS_ACTUAL_INPUT_LATENCY + i]);
    stream->device_names[i] = names[i];
  }
  stream->list_version = version;
  os_mutex_unlock(&stream->lock);
}

void stream_follow_device(struct stream *stream) {
  const struct device_ops *ops = stream->device.ops;
  if (ops->update && ops->update(&stream->device)) take_actual(stream);
}

void stream_renumber_devices(struct stream *stream) {
  int32_t version = devices_version();
  struct device_name names[2];
  double numbers[2];
  os_mutex_lock(&stream->lock);
  int renumber = stream->has_device && stream->list_version != version;
  memcpy(names, stream->device_names, sizeof names);
  for (int i = 0; i < 2; i++) numbers[i] = stream->actual[PS_ACTUAL_INPUT_DEVICE + i];
  os_mutex_unlock(&stream->lock);
  if (!renumber) return;
  for (int i = 0; i < 2; i++) {
    int32_t found = numbers[i] >= 0 ? device_find(&names[i], i) : PS_DEVICE_NONE;
    if (found >= 0) numbers[i] = found;
  }
  os_mutex_lock(&stream->lock);
  for (int i = 0; i < 2; i++) /* unless it has moved meanwhile */
    if (memcmp(&names[i], &stream->device_names[i], sizeof names[i]) == 0)
      stream->actual[PS_ACTUAL_INPUT_DEVICE + i] = numbers[i];
  stream->list_version = version;
  os_mutex_unlock(&stream->lock);
}

/* ------------------------------------------------------------------------ life */

int32_t stream_open_device(struct stream *stream) {
  const struct device_ops *ops[2];
  int32_t first[2], status = device_choose(stream->config, ops, first);
  if (status < 0) return status;
  stream->device = (struct device){.host = &stream->host,
                                   .config = stream->config,
                                   .list = stream->list,
                                   .texts = (const char (*)[DEVICE_LABEL_SIZE])stream->texts};
  status = device_open(&stream->device, ops);
  if (status < 0) return status;
  os_mutex_lock(&stream->lock);
  for (int i = 0; i < 2; i++) {
    stream->backends[i] = ops[i];
    stream->first_devices[i] = first[i];
  }
  memcpy(stream->actual, stream->device.actual, sizeof stream->actual);
  stream->has_device = 1;
  os_mutex_unlock(&stream->lock);
  take_actual(stream);
  return PS_OK;
}

int32_t stream_start_device(struct stream *stream) {
  int32_t status = stream->device.ops->start(&stream->device);
  if (status >= 0) stream_follow_device(stream);
  return status;
}

int stream_revive_device(struct stream *stream) {
  const struct device_ops *ops = stream->device.ops;
  if (!ops->revive || !ops->revive(&stream->device)) return 0;
  stream_silence_reset(stream);
  stream_follow_device(stream);
  return 1;
}

void stream_leave_device(struct stream *stream, int play_out) {
  struct device *device = &stream->device;
  atomic_store_explicit(&stream->host.halted, 1, memory_order_release);
  if (!play_out || device->ops->stop(device) < 0) device->ops->abort(device);
  atomic_store_explicit(&stream->host.halted, 0, memory_order_release); /* the run goes on */
  os_mutex_lock(&stream->lock);
  stream->last_time = device->ops->time(device);
  stream->has_device = 0;
  os_mutex_unlock(&stream->lock);
  device->ops->close(device);
}
