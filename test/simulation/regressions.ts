import type { PlanOptions } from "./plan/plan-of.ts";

/** A run that found a defect of the product when it still had it. */
export interface Regression extends Partial<Omit<PlanOptions, "peers" | "durationMs">> {
  readonly seed: number;
  readonly peers: number;
  readonly minutes: number;
  /** What was wrong. */
  readonly what: string;
}

/** What is not said of a plan is as usual. */
export const regressions: readonly Regression[] = [
  {
    seed: 1,
    peers: 4,
    minutes: 1,
    faultsPerPeerMinute: 3,
    weights: { "disk-stall": 1 },
    what: "Who reserved or stopped pins was not answered in his time while the disk of the peer that he asked stalled",
  },
];
