/* Measures how much faster one clock is than another, by the fill of the buffer between them: finds the ratio at which
 * the fill stays constant, and holds it there. Pure. */
#ifndef PS_DRIFT_H
#define PS_DRIFT_H

struct drift {
  double target; /* fill, frames */
  double rate;   /* frames a second, about */
  int locked;    /* the difference is known, and the ratio has come to it */

  /* Until then: a line through the fill as it would be without corrections, by least squares. */
  double time, corrected; /* seconds since the start, and frames that the ratio has made up for */
  double before;          /* the ratio's deviation since the last time, ppm */
  double settled;         /* seconds since the ratio has come to what the line says */
  double count, sum_t, sum_x, sum_tt, sum_tx;

  /* From then on: a loop around the ratio that was found. */
  double error; /* of the fill, smoothed */
  double held;  /* ppm */
};

void drift_reset(struct drift *drift, double target, double rate);
/* The fill after `seconds` more of output, counted in its frames; `now` is the ratio's deviation, which goes to what is
 * returned in small steps. Both in ppm: positive where the clock that fills is the faster one. */
double drift_update(struct drift *drift, double fill, double seconds, double now);

#endif
