// The current spectrum and its held peaks.
import { binEdges, decibelsOf, decibelText, frequencyScale, frequencyTicks, largest } from "./scale.ts";
import { Surface } from "./surface.js";

/** Weight of a new row in the displayed spectrum when it falls: noise flickers less. */
const SHARE = 0.35;

export class Spectrum {
  #shown;
  #held;
  /** Horizontal position of the pointer, in pixels of the canvas. */
  #pointer;

  constructor(canvas, redraw) {
    this.surface = new Surface(canvas, redraw);
    const point = (at) => {
      this.#pointer = at;
      redraw();
    };
    canvas.addEventListener("pointermove", ({ offsetX }) => point(Math.round(offsetX * this.surface.ratio)));
    canvas.addEventListener("pointerleave", () => point(undefined));
  }

  /** Adds rows of `bins` bytes. */
  push(rows, bins) {
    if (this.#shown?.length !== bins) this.reset(bins);
    for (let at = 0; at < rows.length; at += bins) {
      for (let bin = 0; bin < bins; bin++) {
        const byte = rows[at + bin];
        this.#shown[bin] += (byte - this.#shown[bin]) * (byte > this.#shown[bin] ? 0.8 : SHARE);
        if (byte > this.#held[bin]) this.#held[bin] = byte;
      }
    }
  }

  reset(bins) {
    this.#shown = new Float32Array(bins);
    this.#held = new Float32Array(bins);
  }

  clearHold() {
    this.#held?.fill(0);
  }

  /** The displayed spectrum. */
  get row() {
    return this.#shown;
  }

  /** @param view { scale, floor, ceiling, sampleRate, hold, theme } */
  draw({ scale: kind, floor, ceiling, sampleRate, hold, theme }) {
    const { surface } = this;
    const { context, width } = surface;
    const bottom = surface.height - surface.px(18);
    const left = surface.px(30);
    const y = (decibels) => Math.round((ceiling - Math.max(decibels, floor)) / (ceiling - floor) * bottom);
    surface.clear(theme.card);
    const step = ceiling - floor > 60 ? 20 : 10;
    for (let decibels = Math.ceil(floor / step) * step; decibels <= ceiling; decibels += step) {
      surface.line(left, y(decibels), width, y(decibels) + 1, theme.grid);
      const inside = Math.min(Math.max(y(decibels), surface.px(7)), bottom - surface.px(4));
      surface.text(`${decibels}`.replace("-", "−"), left - surface.px(4), inside, theme.dim, "right");
    }
    const scale = frequencyScale(kind, sampleRate);
    let free = 0;
    for (const [hertz, text] of frequencyTicks(kind, sampleRate)) {
      const x = Math.round(left + scale.place(hertz) * (width - left));
      surface.line(x, 0, x + 1, bottom, theme.grid);
      if (x < free || x > width - surface.px(12)) continue;
      surface.text(text, x, surface.height - surface.px(8), theme.dim, "center");
      free = x + surface.px(30);
    }
    if (!this.#shown) return;
    const edges = binEdges(scale, width - left, this.#shown.length, sampleRate);
    const points = (row) =>
      Array.from({ length: width - left }, (_, i) => y(decibelsOf(largest(row, 0, edges[i], edges[i + 1]))));
    const curve = points(this.#shown);
    context.beginPath();
    context.moveTo(left, bottom);
    curve.forEach((at, i) => context.lineTo(left + i, at));
    context.lineTo(width, bottom);
    context.globalAlpha = 0.22;
    context.fillStyle = theme.accent;
    context.fill();
    context.globalAlpha = 1;
    this.#stroke(curve, left, theme.accent, 1.5);
    if (hold) this.#stroke(points(this.#held), left, theme.hold, 1);
    const at = (this.#pointer ?? 0) - left;
    if (at <= 0 || at >= width - left) return;
    const level = decibelsOf(largest(this.#shown, 0, edges[at], edges[at + 1]));
    surface.line(left + at, 0, left + at + 1, bottom, theme.text);
    const text = `${scale.hertz(at / (width - left)).toFixed(0)} Hz  ${decibelText(level)}`;
    const isLeft = at > (width - left) / 2;
    surface.text(text, left + at + surface.px(isLeft ? -6 : 6), surface.px(10), theme.text, isLeft ? "right" : "left");
  }

  #stroke(points, left, colour, thickness) {
    const { context } = this.surface;
    context.beginPath();
    points.forEach((at, i) => context.lineTo(left + i, at));
    context.strokeStyle = colour;
    context.lineWidth = this.surface.px(thickness);
    context.stroke();
  }
}
