import type { Random } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

export interface LinkConditions {
  /** One way. */
  readonly latencyMs: number;
  /** The latency varies by at most this much up and down. */
  readonly latencySpreadMs: number;
  /** Share of messages that never arrive, 0 to 1. Connecting and closing are repeated by TCP and do arrive. */
  readonly lossFraction: number;
  /** Share of requests that arrive twice, 0 to 1. */
  readonly duplicateFraction: number;
}

const PERFECT: LinkConditions = { latencyMs: 1, latencySpreadMs: 0, lossFraction: 0, duplicateFraction: 0 };

/** Which way messages get through between the machines of a simulated network, and how well. */
export class SimulatedLinks {
  readonly #random: Random;
  readonly #cut = new Set<string>();
  #conditions: LinkConditions;

  constructor(components: { random: Random }, conditions: Partial<LinkConditions>) {
    this.#random = components.random;
    this.#conditions = { ...PERFECT, ...conditions };
  }

  change(conditions: Partial<LinkConditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Nothing gets through from one machine to the other any more; the way back stays as it is. */
  cutOneWay(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  healOneWay(from: NodeId, to: NodeId): void {
    this.#cut.delete(`${from}>${to}`);
  }

  healAll(): void {
    this.#cut.clear();
  }

  open(from: NodeId, to: NodeId): boolean {
    return !this.#cut.has(`${from}>${to}`);
  }

  latencyMs(): number {
    const { latencyMs, latencySpreadMs } = this.#conditions;
    return Math.max(0, latencyMs + latencySpreadMs * (2 * this.#random.next() - 1));
  }

  loses(): boolean {
    return this.#conditions.lossFraction > 0 && this.#random.next() < this.#conditions.lossFraction;
  }

  duplicates(): boolean {
    return this.#conditions.duplicateFraction > 0 && this.#random.next() < this.#conditions.duplicateFraction;
  }
}
