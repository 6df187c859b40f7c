/** Shows a session on standard output: a full screen on a terminal, otherwise one line per second. */
import process from "node:process";
import type { Levels } from "../../../mod.ts";
import type { Reduced } from "../reducer.ts";
import type { Session, State, Status, Viewer } from "../session.ts";
import { lineOf, pictureOf, type Scene, type Size } from "./picture.ts";

const FRAME_INTERVAL = 80; // ms
const LINE_INTERVAL = 1; // seconds
/** Steps of 0.5 dB by which held peaks fall with each frame: about 6 dB a second. */
const SINK = 1;

const ENTER = "\x1b[?1049h\x1b[?25l"; // alternate screen, hidden cursor
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** Returns false if the terminal has no colours or the user does not want them (https://no-color.org). */
function wantsColour(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return !NO_COLOR && TERM !== "dumb";
}

export class TerminalView implements Viewer {
  readonly #isTerminal = process.stdout.isTTY === true;
  readonly #isColoured = wantsColour();
  #state: State;
  #status: Status | undefined;
  #levels: Levels = { input: [], output: [] };
  #row: Float32Array | undefined;
  #held: Float32Array | undefined;
  #drawnAt = -Infinity;
  #toldAt = -Infinity;
  /** False while the buffer of standard output is full. */
  #isFree = true;
  #lines: string[] = [];
  #size = "";
  /** Rejects when an error ends the run. */
  readonly ended: Promise<never>;
  #fail!: (error: Error) => void;
  readonly #free = () => void (this.#isFree = true);
  readonly #restore = () => void process.stdout.write(LEAVE);

  constructor(session: Session) {
    this.#state = session.state;
    this.ended = new Promise((_, reject) => this.#fail = reject);
    this.ended.catch(() => {}); // never an unhandled rejection
    if (!this.#isTerminal) return;
    process.stdout.write(ENTER);
    process.stdout.on("drain", this.#free);
    process.on("exit", this.#restore); // also after an uncaught error
  }

  close(): void {
    if (!this.#isTerminal) return;
    process.off("exit", this.#restore);
    process.stdout.off("drain", this.#free);
    this.#restore();
  }

  packet({ rows, bins }: Reduced, levels: Levels): void {
    this.#levels = levels;
    if (rows.length > 0) this.#take(rows, bins);
    if (this.#isTerminal) this.#draw();
  }

  state(state: State): void {
    this.#state = state;
    if (state.phase === "stopped" && state.error !== null) this.#fail(new Error(state.error));
  }

  status(status: Status): void {
    this.#status = status;
    if (this.#isTerminal || status.time - this.#toldAt < LINE_INTERVAL) return;
    this.#toldAt = status.time;
    process.stdout.write(`${lineOf(this.#scene())}\n`);
  }

  glitches(): void {} // the status has their number

  #scene(): Scene {
    return { state: this.#state, status: this.#status, levels: this.#levels, row: this.#row, held: this.#held };
  }

  /** Keeps the maximum of the new rows, and updates the held peaks. */
  #take(rows: Uint8Array, bins: number): void {
    if (this.#row?.length !== bins || !this.#held) {
      this.#row = new Float32Array(bins);
      this.#held = new Float32Array(bins);
    }
    for (let bin = 0; bin < bins; bin++) {
      let most = 0;
      for (let at = bin; at < rows.length; at += bins) most = Math.max(most, rows[at]);
      this.#row[bin] = most;
      this.#held[bin] = Math.max(most, this.#held[bin] - SINK);
    }
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#drawnAt < FRAME_INTERVAL || !this.#isFree) return;
    this.#drawnAt = now;
    const { columns = 80, rows = 24 } = process.stdout as Partial<Size>;
    const lines = pictureOf(this.#scene(), { columns, rows }, this.#isColoured);
    const size = `${columns} ${rows}`;
    let text = "";
    if (size !== this.#size) [text, this.#lines, this.#size] = ["\x1b[2J", [], size];
    lines.forEach((line, i) => {
      if (line !== this.#lines[i]) text += `\x1b[${i + 1};1H${line}`;
    });
    this.#lines = lines;
    if (text !== "") this.#isFree = process.stdout.write(text);
  }
}
