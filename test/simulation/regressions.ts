import type { PlanOptions } from "./plan/plan-of.ts";
import type { Parts } from "./run.ts";
import { trustParts } from "./trust-parts.ts";

/** A run that found a defect of the product when it still had it. */
export interface Regression extends Partial<Omit<PlanOptions, "peers" | "durationMs">> {
  readonly seed: number;
  readonly peers: number;
  readonly minutes: number;
  /** What goes on in it; everything there is when left out. */
  readonly parts?: (() => Parts) | undefined;
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
  {
    seed: 201,
    peers: 6,
    minutes: 2,
    strangers: 3,
    parts: trustParts,
    what: "A member that revoked its own sponsor was cut off by all others for good",
  },
  {
    seed: 3,
    peers: 6,
    minutes: 2,
    strangers: 3,
    faultsPerPeerMinute: 0,
    parts: trustParts,
    what: "A member that had just been revoked approved a machine, of which nobody else ever heard",
  },
  {
    seed: 1000,
    peers: 8,
    minutes: 1.5,
    strangers: 4,
    faultsPerPeerMinute: 0.6,
    parts: trustParts,
    what: "A member whose card was put back to a copy from before a revocation never found back into the fence",
  },
];
