// A meter for each channel: RMS, held peak, and a clip indicator.
import { decibels, decibelText } from "./scale.ts";

const LOWEST = -60;
const HOLD = 1500; // ms
const ANNOUNCE = 1000; // ms between updates for screen readers

const place = (level) => Math.min(Math.max(1 - decibels(level) / LOWEST, 0), 1);
const text = (level) => decibelText(decibels(level));

class Meter {
  #held = 0;
  #heldAt = 0;
  #announced = 0;

  constructor(name) {
    this.name = name;
    this.element = element("div", "meter");
    this.element.append(element("span", "", name));
    this.bar = element("div", "bar");
    this.bar.append(element("div", "fill"), this.cover = element("div", "cover"), this.tick = element("div", "tick"));
    this.number = element("span", "number");
    this.clip = element("span", "clip", "clip");
    this.element.append(this.bar, this.number, this.clip);
    this.bar.setAttribute("role", "meter");
    this.bar.setAttribute("aria-label", `Level of ${name}`);
    this.bar.setAttribute("aria-valuemin", LOWEST);
    this.bar.setAttribute("aria-valuemax", 0);
    this.show({ peak: 0, rms: 0 }, 0);
    this.clearClip();
  }

  show({ peak, rms }, now) {
    if (peak >= this.#held || now - this.#heldAt > HOLD) [this.#held, this.#heldAt] = [peak, now];
    this.cover.style.transform = `scaleX(${1 - place(rms)})`;
    this.tick.style.left = `calc(${(place(this.#held) * 100).toFixed(2)}% - 2px)`;
    this.number.textContent = text(this.#held);
    if (peak >= 1) {
      this.clip.classList.add("on");
      this.clip.setAttribute("aria-label", `${this.name} has clipped`);
    }
    if (now - this.#announced < ANNOUNCE && this.#announced > 0) return;
    this.#announced = now;
    this.bar.setAttribute("aria-valuenow", Math.max(decibels(Math.max(rms, 1e-9)), LOWEST).toFixed(0));
    this.bar.setAttribute("aria-valuetext", `${text(rms)}, peak ${text(this.#held)}`);
  }

  clearClip() {
    this.clip.classList.remove("on");
    this.clip.setAttribute("aria-label", `${this.name} has not clipped`);
  }
}

function element(tag, className, content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = content;
  return made;
}

export class Meters {
  #meters = [];

  constructor(container) {
    this.container = container;
  }

  show(inputs, outputs, now) {
    const levels = [...inputs, ...outputs];
    if (levels.length !== this.#meters.length) {
      const names = [...inputs.map((_, i) => `In ${i + 1}`), ...outputs.map((_, i) => `Out ${i + 1}`)];
      this.#meters = names.map((name) => new Meter(name));
      this.container.replaceChildren(...this.#meters.map((meter) => meter.element));
    }
    this.#meters.forEach((meter, i) => meter.show(levels[i], now));
  }

  clearClips() {
    for (const meter of this.#meters) meter.clearClip();
  }
}
