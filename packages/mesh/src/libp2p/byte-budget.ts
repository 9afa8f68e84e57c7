/** How many bytes of something may be held at a time, in all and by each one that shares it. */
export class ByteBudget {
  readonly #limitBytes: number;
  readonly #parent: ByteBudget | undefined;
  #takenBytes = 0;

  /** @param parent a larger budget that this one also draws on */
  constructor(limitBytes: number, parent?: ByteBudget) {
    this.#limitBytes = limitBytes;
    this.#parent = parent;
  }

  /** False, and nothing taken, when it would be too much. */
  take(bytes: number): boolean {
    if (this.#takenBytes + bytes > this.#limitBytes) return false;
    if (this.#parent?.take(bytes) === false) return false;
    this.#takenBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes;
    this.#parent?.give(bytes);
  }
}
