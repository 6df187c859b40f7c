// A ring of the last entries. Entry n, counted from the start, is stored at n modulo the capacity.

export class History {
  /** @param width numbers per entry */
  constructor(ArrayType, width, capacity) {
    this.width = width;
    this.capacity = Math.max(1, capacity);
    this.data = new ArrayType(this.width * this.capacity);
    /** Entries added so far. */
    this.total = 0;
  }

  /** Adds consecutive entries. */
  push(entries) {
    for (let at = 0; at < entries.length; at += this.width) {
      this.data.set(entries.subarray(at, at + this.width), (this.total % this.capacity) * this.width);
      this.total++;
    }
  }

  /** Adds empty entries for data that was missed. */
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

  /** Returns the index in `data` at which an entry begins. */
  at(entry) {
    return (entry % this.capacity) * this.width;
  }
}
