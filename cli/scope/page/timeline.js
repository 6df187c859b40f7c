// Lateness of callbacks and xruns over time, drawn by uPlot.
/* global uPlot */

const HEIGHT = 150;
const MOST = 1200;

export class Timeline {
  #data = [[], [], [], []];
  #plot;
  #theme;

  constructor(container) {
    this.container = container;
    new ResizeObserver(() => this.#plot?.setSize({ width: container.clientWidth, height: HEIGHT })).observe(container);
  }

  /** Redraws in the colours of a theme. */
  use(theme) {
    this.#theme = theme;
    this.#plot?.destroy();
    const axis = { stroke: theme.dim, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false }, size: 54 };
    const line = (label, stroke, more = {}) => ({ label, stroke, width: 1.5, points: { show: false }, ...more });
    this.#plot = new uPlot(
      {
        width: this.container.clientWidth,
        height: HEIGHT,
        padding: [8, 0, 0, 0],
        cursor: { y: false },
        legend: { live: false },
        scales: {
          x: { time: false },
          ms: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 0.5) * 1.1] },
          xruns: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 4)] },
        },
        axes: [
          { ...axis, size: 26, values: (_plot, values) => values.map((value) => `${value} s`) },
          { ...axis, scale: "ms", values: (_plot, values) => values.map((value) => `${value} ms`) },
          {
            ...axis,
            scale: "xruns",
            side: 1,
            grid: { show: false },
            size: 28,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000],
          },
        ],
        series: [
          {},
          line("late p99", theme.accent, { scale: "ms" }),
          line("late at most", theme.warm, { scale: "ms", paths: uPlot.paths.stepped({ align: 1 }) }),
          line("xruns", theme.hot, { scale: "xruns", paths: uPlot.paths.stepped({ align: 1 }) }),
        ],
      },
      this.#data,
      this.container,
    );
  }

  clear() {
    this.#data = [[], [], [], []];
    this.#plot?.setData(this.#data);
  }

  push(statuses) {
    for (const { time, lateness, xruns } of statuses) {
      if (time <= this.#data[0].at(-1)) continue;
      [time, lateness.p99 * 1000, lateness.max * 1000, xruns].forEach((value, i) => this.#data[i].push(value));
    }
    for (const values of this.#data) values.splice(0, values.length - MOST);
    this.#plot?.setData(this.#data);
  }
}
