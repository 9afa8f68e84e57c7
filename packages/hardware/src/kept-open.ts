import { SerialQueue } from "./serial-queue.ts";

export interface KeptOpenComponents<Handle> {
  readonly open: () => Promise<Handle>;
  readonly close: (handle: Handle) => Promise<void>;
}

const MAX_WAITING = 256;

/**
 * A file of the kernel that one task uses at a time: opened with the first use, kept for the next ones, and opened
 * again after it was closed.
 */
export class KeptOpen<Handle> {
  readonly #components: KeptOpenComponents<Handle>;
  readonly #queue = new SerialQueue(MAX_WAITING);
  #handle: Handle | undefined;

  constructor(components: KeptOpenComponents<Handle>) {
    this.#components = components;
  }

  /** @throws as `SerialQueue.run` */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#queue.run(task);
  }

  /** Within a task only. @throws what `open` throws */
  async handle(): Promise<Handle> {
    this.#handle ??= await this.#components.open();
    return this.#handle;
  }

  /** Within a task only. Not open: no error. @throws what `close` throws; it is opened again then, too */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) await this.#components.close(handle);
  }

  /** Closes it after the tasks that wait. */
  stop(): Promise<void> {
    return this.run(() => this.close());
  }
}
