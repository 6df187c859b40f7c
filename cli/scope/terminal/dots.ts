/** A bitmap drawn with braille characters: each cell has two columns and four rows of dots. */

/** The bit of each dot of a cell, by row. */
const BITS = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
const EMPTY_CELL = 0x2800;

export class Dots {
  /** In cells. */
  readonly width: number;
  readonly height: number;
  readonly #cells: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cells = new Uint8Array(width * height);
  }

  /** Sets a dot; x from 0 to below 2 x width, y from 0 (the top) to below 4 x height. */
  set(x: number, y: number): void {
    this.#cells[(y >> 2) * this.width + (x >> 1)] |= BITS[y & 3][x & 1];
  }

  /** Returns a line of cells. A cell without dots is a space. */
  line(line: number): string {
    const cells = this.#cells.subarray(line * this.width, (line + 1) * this.width);
    return Array.from(cells, (bits) => bits === 0 ? " " : String.fromCharCode(EMPTY_CELL + bits)).join("");
  }
}
