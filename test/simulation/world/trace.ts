import { createHash, type Hash } from "node:crypto";

/** Everything that happened in a run, line by line: the same seed gives the same lines. */
export class Trace {
  readonly #hash: Hash = createHash("sha256");
  readonly #write: ((line: string) => void) | undefined;
  #lines = 0;

  /** @param write told of each line, as to keep them in a file; without it they only count in the digest */
  constructor(write?: (line: string) => void) {
    this.#write = write;
  }

  get lines(): number {
    return this.#lines;
  }

  add(atMs: number, what: string): void {
    const line = `${atMs.toFixed(3)} ${what}`;
    this.#lines++;
    this.#hash.update(line).update("\n");
    this.#write?.(line);
  }

  /** SHA-256 over all lines, in hex. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
