#include "engine/drift.h"

#include <math.h>

#include "engine/resampler.h"

#define LISTEN 2.0      /* seconds before the fill is looked at, which is not known well at first, */
#define SHORTEST 1.0    /* that a line is long at least, */
#define LOCK_AFTER 12.0 /* and before it is relied upon */
#define LOCK_WITHIN 0.5 /* ppm */
#define SETTLE 6.0      /* seconds that it stays there, until the smoothed fill is that of now */
#define SMOOTHING 0.5   /* seconds over which the fill is smoothed: callbacks come sooner or later */
#define PROPORTIONAL \
  0.5 /* ppm for a frame of error, and for a frame during a second: at 48 kHz a natural frequency of */
#define INTEGRAL 0.00133 /* 0.008 rad/s with a damping of 1.5; clocks change by 1 ppm in minutes */

static double limit(double ppm) {
  return ppm > RESAMPLER_DRIFT_MAX ? RESAMPLER_DRIFT_MAX : ppm < -RESAMPLER_DRIFT_MAX ? -RESAMPLER_DRIFT_MAX : ppm;
}

void drift_reset(struct drift *drift, double target, double rate) {
  *drift = (struct drift){.target = target, .rate = rate};
}

/* The slope of the line, in ppm of the rate. */
static double slope(struct drift *drift, double fill) {
  double x = fill - drift->target + drift->corrected, t = drift->time - LISTEN;
  if (t < 0) return 0;
  drift->count++;
  drift->sum_t += t;
  drift->sum_x += x;
  drift->sum_tt += t * t;
  drift->sum_tx += t * x;
  double spread = drift->count * drift->sum_tt - drift->sum_t * drift->sum_t;
  if (t < SHORTEST || spread <= 0) return 0;
  return (drift->count * drift->sum_tx - drift->sum_t * drift->sum_x) / spread / drift->rate * 1e6;
}

double drift_update(struct drift *drift, double fill, double seconds, double now) {
  drift->time += seconds;
  drift->corrected += drift->before * 1e-6 * seconds * drift->rate;
  drift->before = now;
  double part = seconds < SMOOTHING ? seconds / SMOOTHING : 1;
  drift->error += (fill - drift->target - drift->error) * part;
  if (!drift->locked) {
    drift->held = limit(slope(drift, fill));
    drift->settled = fabs(drift->held - now) > LOCK_WITHIN ? 0 : drift->settled + seconds;
    if (drift->time < LOCK_AFTER || drift->settled < SETTLE) return drift->held;
    /* The fill has moved meanwhile, by some 200 frames at 400 ppm. It stays there: bringing it back would bend the
     * ratio for a minute. */
    drift->target += drift->error;
    drift->error = 0;
    drift->locked = 1;
  }
  drift->held = limit(drift->held + INTEGRAL * drift->error * seconds);
  return limit(PROPORTIONAL * drift->error + drift->held);
}
