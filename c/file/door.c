/* The door's calls on open sound files. */
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "engine/format.h"
#include "file/state.h"

int32_t ps_file_read(int32_t handle, void *data, int32_t frames, int32_t format) {
  struct file *file;
  int64_t status = check_memory("data", data, frames);
  if (status >= 0) status = file_begin(handle, &file);
  if (status < 0) return (int32_t)status;
  if (data && frames > 0) os_memory_fills(data, (size_t)frames * (size_t)file->channels * format_bytes(format));
  status = file_read(file, data, frames, format);
  file_end(file);
  return (int32_t)status;
}

int32_t ps_file_write(int32_t handle, const void *data, int32_t frames, int32_t format) {
  struct file *file;
  int64_t status = check_memory("data", data, frames);
  if (status >= 0) status = file_begin(handle, &file);
  if (status < 0) return (int32_t)status;
  status = file_write(file, data, frames, format);
  file_end(file);
  return (int32_t)status;
}

double ps_file_seek(int32_t handle, double frames, int32_t whence) {
  struct file *file;
  int64_t status = check_count("frames", frames, -COUNT_MOST, COUNT_MOST);
  if (status >= 0) status = check_choice("whence", whence, 3);
  if (status >= 0) status = file_begin(handle, &file);
  if (status < 0) return error_number((int32_t)status);
  status = file_seek(file, (int64_t)frames, whence);
  file_end(file);
  return status < 0 ? error_number((int32_t)status) : (double)status;
}

double ps_file_tell(int32_t handle) {
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!file) return error_number(PS_ERR_HANDLE);
  int64_t position = file_tell(file);
  object_release(&file->object);
  return (double)position;
}

int32_t ps_file_truncate(int32_t handle, double frames) {
  struct file *file;
  int32_t status = check_count("frames", frames, 0, COUNT_MOST);
  if (status >= 0) status = file_begin(handle, &file);
  if (status < 0) return status;
  status = file_truncate(file, (int64_t)frames);
  file_end(file);
  return status;
}

static int32_t call(int32_t handle, int32_t (*function)(struct file *)) {
  struct file *file;
  int32_t status = file_begin(handle, &file);
  if (status < 0) return status;
  status = function(file);
  file_end(file);
  return status;
}

int32_t ps_file_flush(int32_t handle) { return call(handle, file_flush); }
int32_t ps_file_finish(int32_t handle) { return call(handle, file_finish); }

int32_t ps_file_close(int32_t handle) {
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!file) return PS_ERR_HANDLE;
  int32_t status = file_claim(file);
  if (status >= 0) {
    status = file_finish(file);
    int32_t freed = handle_free(handle, HANDLE_FILE);
    if (freed < 0) status = freed; /* another call has closed it */
    file_give_back(file);          /* for a call that found it before, such as ps_shutdown, which waits for it */
  }
  object_release(&file->object);
  return status;
}

int32_t ps_file_bytes(int32_t handle, double offset, void *data, int32_t size) {
  int32_t result = check_memory("data", data, size);
  if (result >= 0) result = check_count("offset", offset, 0, COUNT_MOST);
  if (result < 0) return result;
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  if (!file) return PS_ERR_HANDLE;
  if (!medium_in_memory(file->medium)) {
    result = error_set(PS_ERR_ARGUMENT, 0, "%s is not in memory", file->name);
  } else if ((result = file_claim(file)) >= 0) {
    size_t bytes, from = (size_t)offset;
    const unsigned char *contents = medium_memory_data(file->medium, &bytes);
    size_t left = from < bytes ? bytes - from : 0;
    size_t copied = size > 0 && left > (size_t)size ? (size_t)size : left;
    if (size > 0 && copied > 0) memcpy(data, contents + from, copied);
    result = left > INT32_MAX ? INT32_MAX : (int32_t)left;
    file_give_back(file);
  }
  object_release(&file->object);
  return result;
}
