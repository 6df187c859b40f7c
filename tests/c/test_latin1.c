/* Tags: Latin-1 and UTF-8. */
#include "file/latin1.h"

#include "test.h"

static int same(char *text, const char *expected) {
  int result = expected ? text && strcmp(text, expected) == 0 : text == NULL;
  free(text);
  return result;
}

TEST(to_latin1) {
  CHECK(same(latin1_from_utf8(""), ""));
  CHECK(same(latin1_from_utf8("plain"), "plain"));
  CHECK(same(latin1_from_utf8("\xC3\x84 \xC2\xA1\xC3\xBF"), "\xC4 \xA1\xFF"));
  CHECK(same(latin1_from_utf8("\xC4\x80"), NULL));     /* U+0100 */
  CHECK(same(latin1_from_utf8("\xE2\x98\x83"), NULL)); /* a snowman */
  CHECK(same(latin1_from_utf8("\xC3"), NULL));         /* cut off */
  CHECK(same(latin1_from_utf8("\xC4"), NULL));
}

TEST(to_utf8) {
  static const char *const whole[] = {"", "plain", "\xC3\x84", "\xE2\x98\x83", "\xF0\x9F\x98\x80"};
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) CHECK(same(utf8_from_either(whole[i]), whole[i]));
  CHECK(same(utf8_from_either("\xC4 \xA1\xFF"), "\xC3\x84 \xC2\xA1\xC3\xBF"));
  CHECK(same(utf8_from_either("\xE2\x98"), "\xC3\xA2\xC2\x98")); /* cut off: not UTF-8 */
  CHECK(same(utf8_from_either("\x80"), "\xC2\x80"));
}

int main(void) {
  RUN(to_latin1);
  RUN(to_utf8);
  return test_end();
}
