import type { NodeId } from "@pi-controller/schema";

/** Lifeguard's K: so many others who get no answer either make a suspicion certain. */
const CONFIRMATIONS_WANTED = 2;

/** How long a member must have been silent before it is declared dead. */
export interface SilenceLimits {
  /** When it is confirmed as often as is wanted. */
  readonly minimumMs: number;
  /** When nobody confirms it. */
  readonly maximumMs: number;
}

/**
 * Falls from the maximum to the minimum with the logarithm of the confirmations (Lifeguard, section IV-B).
 *
 * @param wanted how many confirmations lead to the minimum; 0 when there is nobody who could confirm
 * @returns how long a member must have been silent, in ms
 */
export function silenceToDieMs(confirmations: number, wanted: number, limits: SilenceLimits): number {
  if (wanted === 0) return limits.minimumMs;
  const share = Math.log(Math.min(confirmations, wanted) + 1) / Math.log(wanted + 1);
  return limits.maximumMs - (limits.maximumMs - limits.minimumMs) * share;
}

/** @param present members alive or suspect besides this peer, the suspect among them */
export function confirmationsWanted(present: number): number {
  return Math.min(Math.max(present - 1, 0), CONFIRMATIONS_WANTED);
}

/** One member's silence: since when, who noticed, and when it is enough. Times are monotonic, in ms. */
export class Suspicion {
  /** When the first probe without an answer was sent, by this peer or by who noticed first. */
  silentSinceMs: number;
  /** True once this peer itself had no answer. */
  witnessed = false;
  verdictAtMs = Infinity;
  #lastChanceGiven = false;
  #notBeforeMs = -Infinity;
  readonly #patience: number;
  readonly #witnesses = new Set<NodeId>();

  /**
   * @param patience share of the silence that this peer waits in addition while it knows only by hearsay, so
   *   that a large mesh does not announce one death a thousand times
   */
  constructor(silentSinceMs: number, patience: number) {
    this.silentSinceMs = silentSinceMs;
    this.#patience = patience;
  }

  /** @returns true when this one had not said so before */
  addWitness(id: NodeId): boolean {
    const before = this.#witnesses.size;
    // More than are wanted change nothing, so the set stays small.
    if (before <= CONFIRMATIONS_WANTED) this.#witnesses.add(id);
    return this.#witnesses.size > before;
  }

  /** How many confirm what the first one said. */
  get confirmations(): number {
    return Math.max(this.#witnesses.size - 1, 0);
  }

  /** Decides anew when the silence is enough; to be called when anything about it has changed. */
  plan(wanted: number, limits: SilenceLimits): void {
    const silenceMs = silenceToDieMs(this.confirmations, wanted, limits);
    const waitMs = this.witnessed ? silenceMs : silenceMs * (1 + this.#patience);
    this.verdictAtMs = Math.max(this.silentSinceMs + waitMs, this.#notBeforeMs);
  }

  /** What is to be done by now. Says `last-chance` once, and allows at least half of that time for it. */
  due(nowMs: number, lastChanceMs: number): "last-chance" | "verdict" | undefined {
    if (!this.#lastChanceGiven && nowMs >= this.verdictAtMs - lastChanceMs) {
      this.#lastChanceGiven = true;
      this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + lastChanceMs / 2);
      this.verdictAtMs = Math.max(this.verdictAtMs, this.#notBeforeMs);
      return "last-chance";
    }
    return this.#lastChanceGiven && nowMs >= this.verdictAtMs ? "verdict" : undefined;
  }

  /** When `due` has something to say. */
  dueAtMs(lastChanceMs: number): number {
    return this.#lastChanceGiven ? this.verdictAtMs : this.verdictAtMs - lastChanceMs;
  }

  /** A sign of life that is not yet a denial: the silence starts again from here. */
  heard(nowMs: number): void {
    this.silentSinceMs = nowMs;
    this.witnessed = false;
    this.#lastChanceGiven = false;
  }

  /** This process stood still: that time does not count, nor is there a verdict before what came in is read. */
  excuse(lostMs: number, notBeforeMs: number): void {
    this.silentSinceMs += lostMs;
    this.#lastChanceGiven = false;
    this.adjourn(notBeforeMs);
  }

  /** No verdict before then. */
  adjourn(notBeforeMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, notBeforeMs);
  }
}
