/* The door with wrong arguments: counts that are negative, not whole, too large or no numbers, and no memory where
 * there should be some. Each call returns PS_ERR_ARGUMENT (NaN with that status where it returns a number), touches
 * nothing, and names what is wrong. */
#include <math.h>

#include "streams.h"

static const double bad_counts[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, 0.5, 9007199254740994.0, -7};
#define BAD (sizeof bad_counts / sizeof *bad_counts)

static double values[64];
static char text[512];

static int refused(int32_t status) {
  ps_error_detail(text, sizeof text);
  return status == PS_ERR_ARGUMENT && *text && ps_error_number(PS_ERROR_STATUS) == PS_ERR_ARGUMENT;
}

static int number_refused(double number) { return isnan(number) && refused(ps_error_number(PS_ERROR_STATUS)); }

TEST(rings) {
  int32_t ring = ps_ring_new(8, 16, NULL, 0), regions[4];
  unsigned char data[128] = {0};
  for (size_t i = 0; i < BAD; i++) {
    CHECK(refused(ps_ring_new(8, bad_counts[i], NULL, 0)));
    if (!(bad_counts[i] >= 128)) CHECK(refused(ps_ring_new(8, 16, data, bad_counts[i])));
    if (!(bad_counts[i] >= 128)) CHECK(refused(ps_ring_move(ring, data, bad_counts[i])));
  }
  CHECK(refused(ps_ring_new(8, 4294967301.0, NULL, 0))); /* 2^32 + 5: as 32 bits it would be 5 */
  CHECK(refused(ps_ring_new(8, 2147483648.0, NULL, 0)));
  CHECK(refused(ps_ring_new(0, 16, NULL, 0)) && refused(ps_ring_new(65537, 16, NULL, 0)));
  CHECK(refused(ps_ring_read(ring, data, -1)) && refused(ps_ring_read(ring, NULL, 1)));
  CHECK(refused(ps_ring_read_overlap(ring, data, -1, 0)) && refused(ps_ring_read_overlap(ring, NULL, 1, 0)));
  CHECK(refused(ps_ring_write(ring, data, -1)) && refused(ps_ring_write(ring, NULL, 1)));
  CHECK(refused(ps_ring_advance_read(ring, -1)) && refused(ps_ring_advance_write(ring, INT32_MIN)));
  CHECK(refused(ps_ring_regions(ring, 2, 4, regions)) && refused(ps_ring_regions(ring, -1, 4, regions)));
  CHECK(refused(ps_ring_regions(ring, PS_END_READER, -4, regions)));
  CHECK(refused(ps_ring_regions(ring, PS_END_READER, 4, NULL)));
  CHECK(refused(ps_ring_info(ring, -1)) && refused(ps_ring_info(ring, 4)));
  CHECK_EQUAL(ps_ring_read(ring, NULL, 0), 0);
  CHECK_EQUAL(ps_ring_read_available(ring), 0);
  CHECK_EQUAL(ps_ring_free(ring), PS_OK);
}

TEST(streams) {
  int32_t stream = stream_open(&(struct setup){0}), map[2] = {1, 2};
  for (size_t i = 0; i < BAD; i++) {
    double bad = bad_counts[i];
    CHECK(refused(ps_stream_set_run(stream, bad, 0, 0, 0)));
    CHECK(refused(ps_stream_set_run(stream, 0, bad, 0, 0)));
    CHECK(refused(ps_stream_set_run(stream, 0, 0, bad, 0)));
    if (!(bad < 0)) CHECK(refused(ps_stream_set_prebuffer(stream, bad)));
    if (!isfinite(bad)) CHECK(refused(ps_stream_set_gain(stream, bad)));
  }
  CHECK(refused(ps_stream_set_run(stream, 0, 0, 0, 2)) && refused(ps_stream_set_run(stream, 0, 0, 0, -1)));
  CHECK(refused(ps_stream_set_gain(stream, 1e300)));
  CHECK(refused(ps_stream_wait(stream, NAN)));
  CHECK(number_refused(ps_stream_due(stream, 0, NAN)) && number_refused(ps_stream_capture_time(stream, NAN)));
  CHECK(number_refused(ps_stream_number(stream, -1)) && number_refused(ps_stream_number(stream, PS_NUMBER_COUNT)));
  CHECK(refused(ps_stream_numbers(stream, NULL, 3)) && refused(ps_stream_numbers(stream, values, -3)));
  CHECK(refused(ps_stream_actual(stream, NULL, 3)) && refused(ps_stream_actual(stream, values, -3)));
  CHECK(refused(ps_stream_levels(stream, PS_DIRECTION_BOTH, NULL, 3)));
  CHECK(refused(ps_stream_levels(stream, 3, values, 3)) && refused(ps_stream_levels(stream, -1, values, 3)));
  CHECK(refused(ps_stream_glitches(stream, NULL, 3)) && refused(ps_stream_glitches(stream, values, -3)));
  CHECK(refused(ps_stream_timing(stream, NULL, 3)) && refused(ps_stream_timing(stream, values, -3)));
  CHECK(refused(ps_stream_error(stream, NULL, 0, NULL, 3)));
  CHECK(refused(ps_stream_set_map(stream, 2, map, 2)) && refused(ps_stream_set_map(stream, -1, map, 2)));
  CHECK(refused(ps_stream_set_map(stream, 0, NULL, 2)) && refused(ps_stream_set_map(stream, 0, map, -2)));
  CHECK(refused(ps_stream_set_source(stream, PS_ENDPOINT_NONE, 0, 4, 0)) && refused(ps_stream_set_lead(stream, NAN)));
  CHECK(refused(ps_stream_set_sink(stream, 3, 0, 0, 0)) && refused(ps_stream_set_sink(stream, -1, 0, 0, 0)));
  CHECK(refused(ps_stream_command(stream, 0)) && refused(ps_stream_command(stream, 6)));
  CHECK(refused(ps_stream_done(stream, -1)) && refused(ps_stream_done(stream, INT32_MAX)));
  CHECK(refused(ps_error_number(-1)) && refused(ps_error_number(4)));
  CHECK(refused(ps_library_text(PS_LIBRARY_PORTAUDIO, 2, text, sizeof text)));
  /* And what was set before is still so. */
  CHECK_EQUAL(ps_stream_set_run(stream, 100, PS_PAD_FOREVER, 0, 0), PS_OK);
  CHECK_EQUAL(await_command(stream, PS_COMMAND_START), PS_OK);
  CHECK_EQUAL(ps_stream_wait(stream, 20), 1);
  CHECK_EQUAL(number(stream, PS_NUMBER_FRAME_COUNT), 100);
  stream_close(stream);
}

TEST(files) {
  double info[PS_FILE_INFO_SIZE] = {48000, 1, 0x10002, 0, 0, -1, -1};
  short samples[10] = {0};
  int32_t file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  if (!CHECK(file > 0)) return;
  for (size_t i = 0; i < BAD; i++) {
    double bad = bad_counts[i];
    CHECK(bad == -7 || number_refused(ps_file_seek(file, bad, PS_WHENCE_START)));
    CHECK(refused(ps_file_truncate(file, bad)));
    CHECK(refused(ps_job_read(file, bad, PS_FORMAT_INT16)));
    CHECK(refused(ps_job_write(file, samples, bad, PS_FORMAT_INT16)));
    CHECK(refused(ps_file_bytes(file, bad, samples, 4)));
    if (bad != 9007199254740994.0) CHECK(refused(ps_file_open_memory(samples, bad, PS_MODE_READ, info, 7)));
  }
  CHECK(number_refused(ps_file_seek(file, 0, 3)) && number_refused(ps_file_seek(file, 0, -1)));
  CHECK(refused(ps_file_read(file, NULL, 3, PS_FORMAT_INT16)) &&
        refused(ps_file_read(file, samples, -3, PS_FORMAT_INT16)));
  CHECK(refused(ps_file_write(file, NULL, 3, PS_FORMAT_INT16)));
  CHECK(refused(ps_file_write(file, samples, -3, PS_FORMAT_INT16)));
  CHECK(refused(ps_job_write(file, NULL, 3, PS_FORMAT_INT16)));
  CHECK(refused(ps_file_bytes(file, 0, NULL, 3)) && refused(ps_file_bytes(file, 0, samples, -3)));
  CHECK_EQUAL(ps_file_close(file), PS_OK);
}

int main(void) {
  RUN(rings);
  RUN(streams);
  RUN(files);
  return test_end();
}
