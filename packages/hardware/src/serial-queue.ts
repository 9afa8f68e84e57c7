import { MeshError } from "@pi-controller/schema";

/** One after the other, in the order in which they came; one that fails does not stop the next. */
export class SerialQueue {
  readonly #maxWaiting: number;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param maxWaiting how many may wait behind the one that runs */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * @returns what `task` returns
   * @throws what `task` throws, or MeshError RESOURCE_EXHAUSTED when too many wait already
   */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting > this.#maxWaiting) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too much is waiting for this hardware already", {
        retryAfterMs: 1_000,
      });
    }
    this.#waiting++;
    const result = this.#last.then(task).finally(() => {
      this.#waiting--;
    });
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
