// A canvas at the resolution of the screen that follows its element's size.

export class Surface {
  constructor(canvas, resized) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    const fit = () => {
      this.ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
      canvas.width = Math.max(1, Math.round(canvas.clientWidth * this.ratio));
      canvas.height = Math.max(1, Math.round(canvas.clientHeight * this.ratio));
      resized();
    };
    new ResizeObserver(fit).observe(canvas);
  }

  get width() {
    return this.canvas.width;
  }

  get height() {
    return this.canvas.height;
  }

  /** Converts CSS pixels to pixels of the canvas. */
  px(length) {
    return Math.round(length * this.ratio);
  }

  clear(colour) {
    this.context.fillStyle = colour;
    this.context.fillRect(0, 0, this.width, this.height);
  }

  text(text, x, y, colour, align = "left", baseline = "middle") {
    const { context } = this;
    context.font = `${this.px(11)}px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif`;
    context.fillStyle = colour;
    context.textAlign = align;
    context.textBaseline = baseline;
    context.fillText(text, x, y);
  }

  line(x1, y1, x2, y2, colour) {
    const { context } = this;
    context.fillStyle = colour;
    context.fillRect(x1, y1, Math.max(1, x2 - x1), Math.max(1, y2 - y1));
  }
}
