/* Comparing declarations of our own with those of a library's header. */
#ifndef PS_TEST_ABI_H
#define PS_TEST_ABI_H

#include <stddef.h>

#include "test.h"

#define SAME_SIZE(ours, theirs) CHECK_EQUAL(sizeof(struct ours), sizeof(theirs))
#define SAME_FIELD(ours, field, theirs, their_field)                        \
  CHECK_EQUAL(offsetof(struct ours, field), offsetof(theirs, their_field)); \
  CHECK_EQUAL(sizeof(((struct ours *)0)->field), sizeof(((theirs *)0)->their_field))

/* Whether our declarations may spell an enumeration as int. */
#define INT_LIKE(type) _Generic((type)0, int: 1, unsigned: 1, default: 0)

#endif
