/** When it begins, in ms of the world's time, and how long it lasts. */
interface Timed {
  readonly atMs: number;
  readonly durationMs: number;
}

/** Of one machine, by its index. */
interface OfMachine extends Timed {
  readonly machine: number;
}

/** Something that goes wrong. Each one stands for itself: a plan without it still makes sense. */
export type Fault =
  /** The process ends; it begins again after the duration. */
  | (OfMachine & { readonly kind: "kill" | "stop" | "power-off" })
  /** The process stands still. */
  | (OfMachine & { readonly kind: "pause" })
  /** All links between these machines and the others are cut. */
  | (Timed & { readonly kind: "partition"; readonly machines: readonly number[] })
  /** Some links are cut, each both ways or one way. */
  | (Timed & {
      readonly kind: "cut-links";
      readonly links: readonly { readonly from: number; readonly to: number; readonly bothWays: boolean }[];
    })
  /** Everything that goes to and from a machine is lost this often, and takes so long. */
  | (OfMachine & { readonly kind: "bad-link"; readonly lossFraction: number; readonly latencyMs: number })
  | (OfMachine & { readonly kind: "disk-full" | "disk-broken" | "disk-stall" })
  | (OfMachine & { readonly kind: "disk-slow"; readonly writeMs: number })
  /** The card acknowledges what it has not kept; the power goes at the end of it. */
  | (OfMachine & { readonly kind: "lying-disk"; readonly writes: number })
  /** The power goes, and the card is found damaged, put back to an older copy, or exchanged for an empty one. */
  | (OfMachine & { readonly kind: "bit-flip" | "old-disk" })
  /** The wall clock is set to something else, and right again after the duration. */
  | (OfMachine & { readonly kind: "clock-jump"; readonly byMs: number })
  | (OfMachine & { readonly kind: "drift"; readonly rate: number })
  /** The power goes, and the machine starts in 1970; it learns the time after the duration. */
  | (OfMachine & { readonly kind: "no-clock" })
  /** Under-voltage or heat of the board. */
  | (OfMachine & { readonly kind: "brown-out" | "overheat" });

export type FaultKind = Fault["kind"];

/** What is to happen in a run: all of it is drawn from the seed, faults aside, which are drawn from it by `planOf`. */
export interface Plan {
  readonly seed: number;
  readonly peers: number;
  /** Machines that belong to no mesh at first. */
  readonly strangers: number;
  /** `founded`: nobody knows more than who is a member; `grown`: the power comes back to a mesh that has run before. */
  readonly beginning: "founded" | "grown";
  /** How long things go wrong; then everything heals, and has to be right within a bound. */
  readonly durationMs: number;
  readonly faults: readonly Fault[];
}
