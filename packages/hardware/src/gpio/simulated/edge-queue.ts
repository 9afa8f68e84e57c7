import type { Level } from "@pi-controller/schema";
import type { Edge } from "../gpio-driver.ts";

/** What may wait for whoever fetches: a Linux line request keeps 1,024 at most (linux/gpio.h, event_buffer_size). */
const MAX_WAITING = 1_024;

/** Edges until they are fetched. When there are too many the oldest go, and are counted, as in the kernel. */
export class EdgeQueue {
  #waiting: Edge[] = [];
  readonly #lost = new Map<number, number>();
  readonly #lastNs = new Map<number, bigint>();

  /** @param atMs monotonic; times of one line's edges always rise */
  add(line: number, level: Level, atMs: number): void {
    const atNs = BigInt(Math.round(atMs * 1e6));
    const lastNs = this.#lastNs.get(line) ?? 0n;
    const timestampNs = atNs > lastNs ? atNs : lastNs + 1n;
    this.#lastNs.set(line, timestampNs);
    this.#waiting.push({ line, level, timestampNs, lostBefore: 0 });
    if (this.#waiting.length <= MAX_WAITING) return;
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) this.lose(oldest.line);
  }

  /** Counts an edge that nobody will see. */
  lose(line: number): void {
    this.#lost.set(line, (this.#lost.get(line) ?? 0) + 1);
  }

  /** @returns all that wait, and forgets them */
  take(): readonly Edge[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#lost.size === 0) return waiting;
    return waiting.map((edge) => {
      const lostBefore = this.#lost.get(edge.line) ?? 0;
      this.#lost.delete(edge.line);
      return lostBefore === 0 ? edge : { ...edge, lostBefore };
    });
  }

  forget(line: number): void {
    this.#waiting = this.#waiting.filter((edge) => edge.line !== line);
    this.#lost.delete(line);
  }
}
