import type { Service, Unsubscribe } from "@pi-controller/runtime";
import type { Edges, Level, Pull } from "@pi-controller/schema";

/** How one line is set up. Levels are logical: `activeLow` swaps them at the line. */
export type LineConfig =
  | {
      readonly direction: "input";
      readonly pull: Pull;
      readonly activeLow: boolean;
      readonly edges: Edges;
      readonly debounceMs: number;
    }
  | {
      readonly direction: "output";
      readonly activeLow: boolean;
      readonly drive: "push-pull" | "open-drain" | "open-source";
      /** What it drives from the first moment. */
      readonly level: Level;
    };

/** Logical, as in `LineConfig`. */
export interface LineLevel {
  readonly line: number;
  readonly level: Level;
}

/** A change of an input that was asked to report it. */
export interface Edge extends LineLevel {
  /** When the kernel (or the daemon, or the simulation) saw it: ns of the machine's monotonic clock. */
  readonly timestampNs: bigint;
  /** Changes of this line that were lost just before this one, because nobody fetched them in time. */
  readonly lostBefore: number;
}

/** What adapters can do differently; cases of the contract that one cannot do are left out by this. */
export interface GpioFeatures {
  readonly pulls: boolean;
  readonly openDrain: boolean;
  readonly openSource: boolean;
  readonly debounce: boolean;
  readonly edges: boolean;
}

/** Of an adapter that can do all of it. */
export const allFeatures: GpioFeatures = {
  pulls: true,
  openDrain: true,
  openSource: true,
  debounce: true,
  edges: true,
};

/**
 * Port: the lines of the header, by BCM number. Calls take effect in the order in which they were made, so that of two
 * writes the one that was made later stands. `start` finds the chip, and throws MeshError FAILED_PRECONDITION that
 * says what to install or to change when there is none or it may not be opened; `stop` lets go of all lines.
 */
export interface GpioDriver extends Service {
  readonly features: GpioFeatures;
  /**
   * Takes lines for this process, or sets up anew those that it has; all of them or none. Lines that are taken in one
   * call are set together by `write`.
   *
   * @throws MeshError FAILED_PRECONDITION when another process has a line (it is named), UNIMPLEMENTED for what the
   *   adapter cannot do, OUT_OF_RANGE when there is no such line, UNAVAILABLE when the hardware fails
   */
  configure(lines: ReadonlyMap<number, LineConfig>): Promise<void>;
  /** Lets go of a line, as an input without pull, or as it is as far as the kernel leaves it so. Not taken: no error. */
  release(line: number, leave: "input" | "as-is"): Promise<void>;
  /** Levels in the order asked for. @throws MeshError FAILED_PRECONDITION for a line that is not taken, UNAVAILABLE */
  read(lines: readonly number[]): Promise<readonly Level[]>;
  /** Drives outputs. @throws MeshError FAILED_PRECONDITION for a line that is no output of ours, UNAVAILABLE */
  write(levels: readonly LineLevel[]): Promise<void>;
  /** Edges of all inputs that report them, in the kernel's order for one line. Listeners must not throw. */
  observe(listener: (edges: readonly Edge[]) => void): Unsubscribe;
}
