/* Loading libraries at run time, with the C library's mathematics as the library. (ps_library_load and ps_library_text
 * are tested where PortAudio and libsndfile are.) */
#define _POSIX_C_SOURCE 200809L
#include "base/library.h"

#include <math.h>

#include "base/error.h"
#include "pastream.h"
#include "test.h"

#define MISSING PS_ERR_NO_SNDFILE
#define VARIABLE "PASTREAM_TEST_LIBRARY"

struct functions {
  double (*cosine)(double);
  double (*none)(double);
};

static struct functions functions;
static const struct library_symbol symbols[] = {
    {"cos", offsetof(struct functions, cosine), 0},
    {"pastream_none", offsetof(struct functions, none), 1},
};
static const char *const names[] = {"libpastream-none.so", "libm.so.6", NULL};
static const char *const no_names[] = {"libpastream-none.so", "libpastream-nowhere.so", NULL};

static struct library new_library(void) {
  functions = (struct functions){0};
  return (struct library){.variable = VARIABLE,
                          .names = names,
                          .missing = MISSING,
                          .symbols = symbols,
                          .symbol_count = 2,
                          .functions = &functions,
                          .lock = OS_MUTEX_INIT};
}

static const char *detail(void) {
  static char text[ERROR_TEXT_SIZE];
  ps_error_detail(text, sizeof text);
  return text;
}

TEST(names_are_tried_in_order) {
  struct library library = new_library();
  CHECK_EQUAL(library_load(&library, NULL), PS_OK);
  CHECK(functions.cosine && functions.cosine(0) == 1);
  CHECK(functions.none == NULL);                                 /* it may be missing */
  CHECK_EQUAL(library_load(&library, "/nonexistent.so"), PS_OK); /* it is loaded */
}

TEST(what_was_tried_is_told_line_by_line) {
  struct library library = new_library();
  library.names = no_names;
  CHECK_EQUAL(library_load(&library, NULL), MISSING);
  const char *second = strchr(detail(), '\n');
  CHECK(strncmp(detail(), "libpastream-none.so: ", 21) == 0);
  CHECK(second && strncmp(second + 1, "libpastream-nowhere.so: ", 24) == 0 && !strchr(second + 1, '\n'));
  library.names = names; /* a later attempt may succeed */
  CHECK_EQUAL(library_load(&library, NULL), PS_OK);
}

TEST(a_path_or_the_environment_comes_first) {
  struct library library = new_library();
  CHECK_EQUAL(library_load(&library, "/nonexistent.so"), MISSING);
  CHECK(strncmp(detail(), "/nonexistent.so: ", 17) == 0 && !strchr(detail(), '\n'));
  setenv(VARIABLE, "/nonexistent-either.so", 1);
  CHECK_EQUAL(library_load(&library, NULL), MISSING);
  CHECK(strncmp(detail(), "/nonexistent-either.so: ", 24) == 0 && !strchr(detail(), '\n'));
  CHECK_EQUAL(library_load(&library, "libm.so.6"), PS_OK);
  unsetenv(VARIABLE);
}

/* The bundle stands behind the system's on Linux, for which these tests are; a file that is named comes before both. */
TEST(the_system_the_bundle_and_what_is_named) {
  char nowhere[] = "/nonexistent-bundle.so", mathematics[] = "libm.so.6";
  struct library library = new_library();
  library.places[PS_ORIGIN_BUNDLE] = nowhere;
  CHECK_EQUAL(library_load(&library, NULL), PS_OK);
  CHECK_EQUAL(library.loaded, PS_ORIGIN_SYSTEM);

  library = new_library();
  library.names = no_names;
  library.places[PS_ORIGIN_BUNDLE] = mathematics;
  CHECK_EQUAL(library_load(&library, NULL), PS_OK);
  CHECK_EQUAL(library.loaded, PS_ORIGIN_BUNDLE);

  library = new_library();
  library.places[PS_ORIGIN_NAMED] = nowhere;
  CHECK_EQUAL(library_load(&library, NULL), MISSING); /* no other is tried */
  library.places[PS_ORIGIN_NAMED] = mathematics;
  setenv(VARIABLE, "/nonexistent-either.so", 1);
  CHECK_EQUAL(library_load(&library, NULL), PS_OK);
  CHECK_EQUAL(library.loaded, PS_ORIGIN_NAMED);
  unsetenv(VARIABLE);
}

TEST(the_bundle_lies_beside_this_library) {
  char path[OS_PATH_SIZE];
  struct library library = new_library();
  library.names = no_names;
  library.bundled = "libpastream-bundled.so";
  CHECK(os_beside_library(library.bundled, path, sizeof path) && path[0] == '/');
  CHECK_EQUAL(library_load(&library, NULL), MISSING);
  CHECK(strstr(detail(), path) != NULL);
  CHECK_EQUAL(os_beside_library(library.bundled, path, 10), 0); /* no room */
}

TEST(places_are_said_through_the_door) {
  CHECK_EQUAL(ps_library_place(7, PS_ORIGIN_NAMED, "/x"), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_library_place(PS_LIBRARY_SNDFILE, PS_ORIGIN_SYSTEM, "/x"), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_library_place(PS_LIBRARY_SNDFILE, PS_ORIGIN_NAMED, "/nonexistent-first.so"), PS_OK);
  CHECK_EQUAL(ps_library_place(PS_LIBRARY_SNDFILE, PS_ORIGIN_NAMED, "/nonexistent-named.so"), PS_OK);
  CHECK_EQUAL(ps_library_load(PS_LIBRARY_SNDFILE, NULL), PS_ERR_NO_SNDFILE);
  CHECK(strncmp(detail(), "/nonexistent-named.so: ", 23) == 0);
  CHECK_EQUAL(ps_library_origin(PS_LIBRARY_SNDFILE), 0);
  CHECK_EQUAL(ps_library_place(PS_LIBRARY_SNDFILE, PS_ORIGIN_NAMED, NULL), PS_OK);
  CHECK_EQUAL(ps_library_origin(7), PS_ERR_ARGUMENT);
}

TEST(the_environment) {
  char value[32];
  setenv(VARIABLE, "a value", 1);
  CHECK(os_environment(VARIABLE, value, sizeof value) && strcmp(value, "a value") == 0);
  CHECK_EQUAL(os_environment(VARIABLE, value, 7), 0);
  setenv(VARIABLE, "", 1);
  CHECK_EQUAL(os_environment(VARIABLE, value, sizeof value), 0);
  unsetenv(VARIABLE);
  CHECK_EQUAL(os_environment(VARIABLE, value, sizeof value), 0);
}

TEST(a_library_without_a_function_is_another_library) {
  struct library library = new_library();
  struct library_symbol needed[2] = {symbols[0], symbols[1]};
  needed[1].optional = 0;
  library.symbols = needed;
  CHECK_EQUAL(library_load(&library, "libm.so.6"), MISSING);
  CHECK(strcmp(detail(), "libm.so.6: has no function pastream_none") == 0);
}

TEST(a_long_list_is_cut_not_overrun) {
  static char long_name[300];
  const char *const many[] = {long_name, long_name, long_name, NULL};
  struct library library = new_library();
  memset(long_name, 'x', sizeof long_name - 1);
  library.names = many;
  CHECK_EQUAL(library_load(&library, NULL), MISSING);
  CHECK_WITHIN(strlen(detail()), 300, ERROR_TEXT_SIZE - 1);
}

TEST(paths_of_symbols) {
  char path[1024];
  struct library library = new_library();
  CHECK_EQUAL(library_load(&library, NULL), PS_OK);
  void *address;
  memcpy(&address, &functions.cosine, sizeof address);
  os_library_path(address, path, sizeof path);
  CHECK(path[0] == '/' && strstr(path, "libm"));
  os_library_path(NULL, path, sizeof path);
  CHECK_EQUAL(path[0], 0);
}

int main(void) {
  RUN(names_are_tried_in_order);
  RUN(what_was_tried_is_told_line_by_line);
  RUN(a_path_or_the_environment_comes_first);
  RUN(the_system_the_bundle_and_what_is_named);
  RUN(the_bundle_lies_beside_this_library);
  RUN(places_are_said_through_the_door);
  RUN(the_environment);
  RUN(a_library_without_a_function_is_another_library);
  RUN(a_long_list_is_cut_not_overrun);
  RUN(paths_of_symbols);
  return test_end();
}
