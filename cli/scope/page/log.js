// The glitch log.
import { clock } from "./scale.ts";

const MOST = 200;

const names = {
  inputUnderflow: "Input underflow: the device had no input",
  inputOverflow: "Input overflow: input was lost",
  outputUnderflow: "Output underflow: the device had nothing to play",
  outputOverflow: "Output overflow: output was thrown away",
  sourceUnderflow: "The file came too late",
  sinkOverflow: "No room for the input",
  rerouted: "Moved to another device",
  deviceGap: "The device paused",
};

export class Log {
  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
  }

  clear() {
    this.list.replaceChildren();
    this.#show();
  }

  /** @param glitches oldest first; the newest is shown first */
  add(glitches, sampleRate) {
    for (const { frame, kind, frames } of glitches) {
      const item = document.createElement("p");
      const time = document.createElement("time");
      time.textContent = clock(frame / sampleRate, 3);
      const text = document.createElement("span");
      text.textContent = `${names[kind] ?? kind}${frames > 0 ? ` (${frames} frames)` : ""}`;
      item.append(time, text);
      this.list.prepend(item);
    }
    while (this.list.children.length > MOST) this.list.lastChild.remove();
    this.#show();
  }

  #show() {
    const isEmpty = this.list.children.length === 0;
    this.list.hidden = isEmpty;
    this.empty.hidden = !isEmpty;
  }
}
