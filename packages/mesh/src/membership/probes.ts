import type { NodeId } from "@pi-controller/schema";

/** `turn`: the regular one. `check`: of someone under suspicion, to confirm it or let them deny it. */
export type ProbePurpose = "turn" | "check";

export interface Probe {
  readonly number: number;
  readonly target: NodeId;
  readonly purpose: ProbePurpose;
  readonly sentAtMs: number;
  /** Set once there was no direct answer: how many helpers were asked, and who has not answered yet. */
  helpers?: { readonly asked: number; readonly waiting: Set<NodeId> } | undefined;
  /** When to go on to the next stage without an answer. */
  dueAtMs: number;
}

/** The probes that wait for an answer: few at any time, since each ends within a second or so. */
export class Probes {
  readonly #waiting = new Map<number, Probe>();
  #last = 0;

  send(target: NodeId, purpose: ProbePurpose, nowMs: number, dueAtMs: number): Probe {
    const probe = { number: ++this.#last, target, purpose, sentAtMs: nowMs, dueAtMs };
    this.#waiting.set(probe.number, probe);
    return probe;
  }

  get(number: number): Probe | undefined {
    return this.#waiting.get(number);
  }

  end(probe: Probe): void {
    this.#waiting.delete(probe.number);
  }

  /** Ends all probes of someone who gave a sign of life. */
  endAllOf(target: NodeId): Probe[] {
    const ended: Probe[] = [];
    for (const probe of this.#waiting.values()) {
      if (probe.target !== target) continue;
      this.end(probe);
      ended.push(probe);
    }
    return ended;
  }

  /** Waits for all of them at least until then. */
  extend(untilMs: number): void {
    for (const probe of this.#waiting.values()) probe.dueAtMs = Math.max(probe.dueAtMs, untilMs);
  }

  clear(): void {
    this.#waiting.clear();
  }

  due(nowMs: number): Probe[] {
    const due: Probe[] = [];
    for (const probe of this.#waiting.values()) if (probe.dueAtMs <= nowMs) due.push(probe);
    return due;
  }

  get nextDueAtMs(): number {
    let next = Infinity;
    for (const { dueAtMs } of this.#waiting.values()) next = Math.min(next, dueAtMs);
    return next;
  }
}
