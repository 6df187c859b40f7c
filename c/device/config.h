/* The configuration of a stream: checked before anything is opened. */
#ifndef PS_CONFIG_H
#define PS_CONFIG_H

#include <stdint.h>

/* What a number of a configuration may be. */
struct config_rule {
  const char *name;
  double low, high;
  int whole;
};

/* PS_OK, or PS_ERR_ARGUMENT with what is wrong. */
int32_t config_number(const struct config_rule *rule, double value);
/* PS_OK, or PS_ERR_ARGUMENT with what is wrong. Looks at the numbers only, never at devices. */
int32_t config_check(const double *config, int32_t size, const double *list, int32_t list_size);

#endif
