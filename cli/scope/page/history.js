// The last of what has come, in rings: entry n, counted from the start, lies at n modulo the capacity.

export class History {
  /** @param width numbers in an entry */
  constructor(ArrayType, width, capacity) {
    this.width = width;
    this.capacity = Math.max(1, capacity);
    this.data = new ArrayType(this.width * this.capacity);
    /** Entries that have come. */
    this.total = 0;
  }

  /** Takes whole entries, one after the other. */
  push(entries) {
    for (let at = 0; at < entries.length; at += this.width) {
      this.data.set(entries.subarray(at, at + this.width), (this.total % this.capacity) * this.width);
      this.total++;
    }
  }

  /** Makes room for entries that did not come: a gap is drawn for them. */
  skip(count) {
    const end = this.total + count;
    for (this.total = Math.max(this.total, end - this.capacity); this.total < end; this.total++) {
      const at = (this.total % this.capacity) * this.width;
      this.data.fill(0, at, at + this.width);
    }
  }

  has(entry) {
    return entry >= 0 && entry >= this.total - this.capacity && entry < this.total;
  }

  /** Where an entry begins in `data`. */
  at(entry) {
    return (entry % this.capacity) * this.width;
  }
}
