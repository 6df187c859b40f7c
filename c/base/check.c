#include "base/check.h"

#include <math.h>
#include <stddef.h>

#include "base/error.h"
#include "pastream.h"

int32_t check_count(const char *name, double value, double least, double most) {
  if (value >= least && value <= most && value == floor(value)) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "%s: %.17g is not a whole number from %.0f to %.0f", name, value, least, most);
}

int32_t check_choice(const char *name, int32_t value, int32_t count) {
  if (value >= 0 && value < count) return PS_OK;
  return error_set(PS_ERR_ARGUMENT, 0, "%s must be 0 to %d, not %d", name, (int)count - 1, (int)value);
}

int32_t check_memory(const char *name, const void *memory, int32_t count) {
  if (count < 0) return error_set(PS_ERR_ARGUMENT, 0, "%s: the count must not be negative, as %d is", name, (int)count);
  if (count > 0 && !memory) return error_set(PS_ERR_ARGUMENT, 0, "%s: there is no memory for %d", name, (int)count);
  return PS_OK;
}
