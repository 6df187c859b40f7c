#include "engine/resampler_table.h"

#include <math.h>
#include <stdlib.h>

#include "engine/resampler.h"
#include "os/os.h"

/* A Kaiser window over 32 frames of the lower rate on each side. Measured over a grid of lengths, windows and cut-offs:
 * 0.072 dB at 90 % of the lower Nyquist frequency, -116 dB from 110 % on, falling to -132 dB at 190 %. */
#define BETA 11.8
#define CUTOFF 0.9775
#define EXACT_MOST 640 /* ratios with more positions are interpolated */
/* Rows between two input frames that linear interpolation needs when upsampling: its images are (f / 512)^2, -122 dB at
 * half the rate. Downsampling by n needs the n-th part, as the highest frequency is lower. */
#define INTERPOLATED 512.0
#define RATE_UNITS 1048576.0 /* to the Hz */
#define PI 3.14159265358979323846

static struct os_mutex lock = OS_MUTEX_INIT;
static struct resampler_table *tables;

static uint64_t common_divisor(uint64_t a, uint64_t b) {
  while (b) {
    uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

struct resampler_ratio resampler_ratio(double in_rate, double out_rate) {
  uint64_t in = (uint64_t)llround(in_rate * RATE_UNITS), out = (uint64_t)llround(out_rate * RATE_UNITS);
  uint64_t divisor = common_divisor(in, out);
  return (struct resampler_ratio){.up = out / divisor, .down = in / divisor};
}

/* The modified Bessel function of the first kind, order 0. */
static double bessel(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > sum * 1e-18; k++) {
    double factor = x / (2 * k);
    term *= factor * factor;
    sum += term;
  }
  return sum;
}

/* The filter at `time` input frames from its middle, `stretch` input frames to a frame of the lower rate. */
static double filter(double time, double stretch) {
  double x = time / stretch, part = x / RESAMPLER_REACH;
  if (part <= -1 || part >= 1) return 0;
  double angle = PI * CUTOFF * x, sinc = fabs(angle) < 1e-9 ? 1 : sin(angle) / angle;
  return sinc * bessel(BETA * sqrt(1 - part * part));
}

/* The row for a position `fraction` of a frame after the frame before the row's middle. Each row sums up to 1, so
 * that a constant stays one. */
static void fill_row(float *row, size_t taps, double fraction, double stretch, double *work) {
  double sum = 0;
  for (size_t k = 0; k < taps; k++) sum += work[k] = filter(fraction + (double)(taps / 2) - 1 - (double)k, stretch);
  for (size_t k = 0; k < taps; k++) row[k] = (float)(work[k] / sum);
}

static struct resampler_table *table_make(double in_per_out, uint64_t exact) {
  double stretch = in_per_out > 1 ? in_per_out : 1;
  size_t taps = ((size_t)ceil(2 * RESAMPLER_REACH * stretch) + 15) / 16 * 16;
  size_t phases = exact ? (size_t)exact : (size_t)ceil(INTERPOLATED / stretch);
  size_t rows = exact ? phases : phases + 1;
  struct resampler_table *table = calloc(1, sizeof *table);
  double *work = calloc(taps, sizeof *work);
  void *memory = malloc(rows * taps * sizeof(float) + RESAMPLER_ALIGNMENT);
  if (table && work && memory) {
    float *values = resampler_aligned(memory);
    for (size_t row = 0; row < rows; row++)
      fill_row(values + row * taps, taps, (double)row / (double)phases, stretch, work);
    *table = (struct resampler_table){
        .in_per_out = in_per_out, .exact = exact, .taps = taps, .phases = phases, .rows = values, .memory = memory};
  } else {
    free(memory);
    free(table);
    table = NULL;
  }
  free(work);
  return table;
}

struct resampler_table *resampler_table_use(struct resampler_ratio ratio, int varies) {
  double in_per_out = (double)ratio.down / (double)ratio.up;
  uint64_t exact = varies || ratio.up > EXACT_MOST ? 0 : ratio.up;
  os_mutex_lock(&lock);
  struct resampler_table *table = tables;
  /* Interpolated rows are the same for all ratios that do not downsample. */
  double key = exact || in_per_out > 1 ? in_per_out : 1;
  while (table && !(table->exact == exact && table->in_per_out == key)) table = table->next;
  if (!table) {
    table = table_make(key, exact);
    if (table) {
      table->next = tables;
      tables = table;
    }
  }
  if (table) table->uses++;
  os_mutex_unlock(&lock);
  return table;
}

void resampler_table_release(struct resampler_table *table) {
  os_mutex_lock(&lock);
  if (--table->uses == 0) {
    struct resampler_table **link = &tables;
    while (*link != table) link = &(*link)->next;
    *link = table->next;
    free(table->memory);
    free(table);
  }
  os_mutex_unlock(&lock);
}

size_t resampler_tables_live(void) {
  size_t count = 0;
  os_mutex_lock(&lock);
  for (const struct resampler_table *table = tables; table; table = table->next) count++;
  os_mutex_unlock(&lock);
  return count;
}
