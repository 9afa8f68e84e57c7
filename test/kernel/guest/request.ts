import type { ChipOptions } from "../support/simulated-chip.ts";

/** What the host asks of the guest: a file `request.json` in the exchange directory. */
export interface GuestRequest {
  /** Path of a program in TypeScript or JavaScript. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Made before the program starts. */
  readonly chips: readonly ChipOptions[];
  /** Begins the line that tells the exit code, so that no output of the program is taken for it. */
  readonly endMark: string;
}

/** Where the guest finds the exchange directory: the one place where it can write to the machine's disk. */
export const EXCHANGE = "/tmp/exchange";
