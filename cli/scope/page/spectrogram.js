// The spectrogram: spectra are columns of pixels, the newest on the right. The picture is shifted and only new columns
// are drawn, except after a change of size, scale, range or colours.
import { binEdges, decibelsOf, frequencyScale, frequencyTicks, largest } from "./scale.ts";
import { Surface } from "./surface.js";
import { pixelTable } from "./theme.js";

export class Spectrogram {
  #key = "";
  #picture = document.createElement("canvas");
  /** Columns of pixels drawn, counted from the start. */
  #drawn = 0;
  #edges;
  #table;

  constructor(canvas, redraw) {
    this.surface = new Surface(canvas, redraw);
  }

  /** @param view { rows, rowsPerSecond, seconds, scale, floor, ceiling, sampleRate, theme } */
  draw(view) {
    const { surface } = this;
    const { rows, rowsPerSecond, seconds, scale, floor, ceiling, sampleRate, theme } = view;
    if (!rows) return surface.clear(theme.map[0]);
    const { width, height } = surface;
    const key = [width, height, rows.width, seconds, scale, floor, ceiling, sampleRate, theme.map[0]].join();
    const isNew = key !== this.#key || rows !== this.rows;
    if (isNew) this.#prepare(view, key);
    const perRow = width / (seconds * rowsPerSecond);
    const pixels = Math.floor(rows.total * perRow);
    const count = Math.min(isNew ? width : pixels - this.#drawn, width);
    if (count > 0) this.#advance(rows, pixels, count, perRow);
    this.#drawn = pixels;
    surface.context.drawImage(this.#picture, 0, 0);
    this.#labels(scale, sampleRate, theme);
  }

  #prepare({ rows, scale, floor, ceiling, sampleRate, theme }, key) {
    const { width, height } = this.surface;
    this.#key = key;
    this.rows = rows;
    this.#edges = binEdges(frequencyScale(scale, sampleRate), height, rows.width, sampleRate);
    this.#table = pixelTable(theme.map, floor, ceiling, decibelsOf);
    this.#picture.width = width;
    this.#picture.height = height;
  }

  /** Shifts the picture to the left and draws its last `count` columns. */
  #advance(rows, pixels, count, perRow) {
    const { width, height } = this.surface;
    const context = this.#picture.getContext("2d", { alpha: false });
    if (count < width) context.drawImage(this.#picture, -count, 0);
    const image = context.createImageData(count, height);
    const out = new Uint32Array(image.data.buffer);
    for (let x = 0; x < count; x++) {
      const pixel = pixels - count + x;
      const first = Math.floor(pixel / perRow);
      const last = Math.max(first, Math.floor((pixel + 1) / perRow) - 1);
      const known = rows.has(first) && rows.has(last);
      for (let y = 0; y < height; y++) {
        const at = height - 1 - y;
        let most = 0;
        for (let row = first; known && row <= last; row++) {
          most = Math.max(most, largest(rows.data, rows.at(row), this.#edges[at], this.#edges[at + 1]));
        }
        out[y * count + x] = this.#table[Math.round(most)];
      }
    }
    context.putImageData(image, width - count, 0);
  }

  #labels(kind, sampleRate, theme) {
    const { surface } = this;
    const scale = frequencyScale(kind, sampleRate);
    const { context } = surface;
    for (const [hertz, text] of frequencyTicks(kind, sampleRate)) {
      const y = Math.round(surface.height * (1 - scale.place(hertz)));
      if (y < surface.px(8) || y > surface.height - surface.px(6)) continue;
      context.globalAlpha = 0.75;
      context.fillStyle = theme.map[0];
      context.fillRect(0, y - surface.px(7), surface.px(30), surface.px(14));
      context.globalAlpha = 1;
      surface.text(text, surface.px(26), y, theme.text, "right");
    }
  }
}
