const FIRST_CAPACITY = 1_024;

/** Puts bytes one after another. Whole numbers take 7 bits a byte, lowest first (LEB128). */
export class ByteWriter {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param value whole, from 0 to 2^53 - 1 */
  number(value: number): void {
    let rest = value;
    // Not by shifting: that is for 32 bits.
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
  }

  /** @param value whole, below 2^48; always 6 bytes, highest first */
  number48(value: number): void {
    this.#reserve(6);
    this.#view.setUint16(this.#length, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#length + 2, value % 2 ** 32);
    this.#length += 6;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  /** All that was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength));
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}
