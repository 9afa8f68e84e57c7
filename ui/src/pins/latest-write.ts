/** Makes writes one at a time. Of those that are wanted meanwhile only the newest is made: a slider asks for many. */
export class LatestWrite<Value> {
  readonly #write: (value: Value) => Promise<void>;
  #next: { readonly value: Value } | null = null;
  #running: Promise<void> | null = null;

  /** @param write must not reject */
  constructor(write: (value: Value) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when nothing is left to be written. */
  want(value: Value): Promise<void> {
    this.#next = { value };
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#next !== null) {
      const { value } = this.#next;
      this.#next = null;
      await this.#write(value);
    }
    this.#running = null;
  }
}
