import { MeshError } from "@pi-controller/schema";

/** Requests beyond this are refused: they come faster than the disk takes them. */
const MAX_WAITING = 1_000;

/** Changes of the ledger, one after the other, so that no decision is made on what another one is changing. */
export class ChangeQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @throws what `change` throws, and MeshError RESOURCE_EXHAUSTED */
  async run<T>(change: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many changes of reservations wait for this node", {
        retryAfterMs: 1_000,
      });
    }
    return this.always(change);
  }

  /** As `run`, for what must not be refused: the end of a lease. */
  always<T>(change: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last.then(change).finally(() => {
      this.#waiting--;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything that was asked for until now is done. */
  async drained(): Promise<void> {
    await this.#last;
  }
}
