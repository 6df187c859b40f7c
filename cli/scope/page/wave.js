// The waveform: minimum and maximum per pixel, with a lane for each channel.
import { Surface } from "./surface.js";

const FULL_SCALE = 32767;

export class Wave {
  constructor(canvas, redraw) {
    this.surface = new Surface(canvas, redraw);
  }

  /** @param view { columns, channels, columnsPerSecond, seconds, theme } */
  draw({ columns, channels, columnsPerSecond, seconds, theme }) {
    const { surface } = this;
    const { width, height } = surface;
    surface.clear(theme.card);
    if (!columns) return;
    const lane = height / channels;
    const perPixel = seconds * columnsPerSecond / width;
    const end = Math.floor(columns.total / perPixel);
    for (let second = 0; second <= seconds; second += seconds > 10 ? 5 : seconds > 2 ? 1 : 0.5) {
      const x = Math.round(width - second / seconds * width);
      surface.line(x, 0, x + 1, height, theme.grid);
    }
    for (let channel = 0; channel < channels; channel++) {
      const middle = Math.round(lane * (channel + 0.5));
      surface.line(0, middle, width, middle + 1, theme.grid);
      this.#lane(columns, channel, { middle, half: lane / 2 - surface.px(3), perPixel, end, theme });
      if (channel > 0) surface.line(0, Math.round(lane * channel), width, Math.round(lane * channel) + 1, theme.grid);
      surface.text(`${channel + 1}`, surface.px(4), Math.round(lane * channel) + surface.px(10), theme.dim);
    }
    surface.text(`−${seconds} s`, surface.px(4), height - surface.px(8), theme.dim);
    surface.text("now", width - surface.px(4), height - surface.px(8), theme.dim, "right");
  }

  #lane(columns, channel, { middle, half, perPixel, end, theme }) {
    const { context, width } = this.surface;
    const thickness = this.surface.px(1);
    const clips = [];
    context.fillStyle = theme.channels[channel % theme.channels.length];
    for (let x = 0; x < width; x++) {
      const pixel = end - width + x;
      const first = Math.floor(pixel * perPixel);
      const last = Math.max(first, Math.floor((pixel + 1) * perPixel) - 1);
      if (!columns.has(first) || !columns.has(last)) continue;
      let low = FULL_SCALE;
      let high = -FULL_SCALE;
      for (let column = first; column <= last; column++) {
        const at = columns.at(column) + 2 * channel;
        low = Math.min(low, columns.data[at]);
        high = Math.max(high, columns.data[at + 1]);
      }
      const top = Math.round(middle - high / FULL_SCALE * half);
      const bottom = Math.round(middle - low / FULL_SCALE * half);
      context.fillRect(x, top, 1, Math.max(thickness, bottom - top));
      if (high >= FULL_SCALE || low <= -FULL_SCALE) clips.push(x);
    }
    context.fillStyle = theme.hot;
    for (const x of clips) {
      context.fillRect(x, Math.round(middle - half), 1, 3 * thickness);
      context.fillRect(x, Math.round(middle + half) - 3 * thickness, 1, 3 * thickness);
    }
  }
}
