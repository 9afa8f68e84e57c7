import { MeshError } from "@pi-controller/schema";

export interface InFlightOptions {
  readonly perSender: number;
  readonly inAll: number;
}

/** Counts what is under way, for each sender and in all, and lets no more in than there is room for. */
export class InFlight {
  readonly #options: InFlightOptions;
  readonly #counts = new Map<string, number>();
  #all = 0;

  constructor(options: InFlightOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all;
  }

  /** @throws MeshError RESOURCE_EXHAUSTED when there is no room; what `work` throws */
  async run<T>(sender: string, work: () => Promise<T>): Promise<T> {
    const count = this.#counts.get(sender) ?? 0;
    if (count >= this.#options.perSender || this.#all >= this.#options.inAll) {
      throw new MeshError("RESOURCE_EXHAUSTED", "This node has too many such requests under way", {
        retryAfterMs: 100,
      });
    }
    this.#counts.set(sender, count + 1);
    this.#all++;
    try {
      return await work();
    } finally {
      this.#all--;
      const left = (this.#counts.get(sender) ?? 1) - 1;
      if (left > 0) this.#counts.set(sender, left);
      else this.#counts.delete(sender);
    }
  }
}
