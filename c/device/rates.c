#include "device/rates.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const int usual[] = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000};
#define USUAL (int)(sizeof usual / sizeof *usual)

/* Which of the usual rates a check does not fail with. */
static int taken(const struct device_ops *ops, const double *config, const double *list, int rates[USUAL]) {
  double tried[PS_CONFIG_SIZE];
  int count = 0;
  memcpy(tried, config, sizeof tried);
  for (int i = 0; i < USUAL; i++) {
    tried[PS_CONFIG_SAMPLE_RATE] = usual[i];
    if (ops->check(tried, list) >= 0) rates[count++] = usual[i];
  }
  return count;
}

int32_t rates_name(const struct device_ops *ops, const double *config, const double *list, int32_t status) {
  struct error error;
  int rates[USUAL], length = 0;
  char text[256] = "";
  error_save(&error);
  int count = taken(ops, config, list, rates);
  for (int i = 0; i < count; i++)
    length += snprintf(text + length, sizeof text - (size_t)length, "%s%d",
                       i == 0           ? ""
                       : i == count - 1 ? " and "
                                        : ", ",
                       rates[i]);
  if (count == 0) return error_raise(&error);
  error_set(status, error.numbers[0], "%s: the device takes %s Hz", error.text, text);
  return status;
}
