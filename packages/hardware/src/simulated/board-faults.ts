import type { SimulatedControl } from "./simulated-machine.ts";

/** What a simulated board can be told to suffer from. */
export const boardFaults = ["overheat", "brown-out"] as const;
export type BoardFault = (typeof boardFaults)[number];

/**
 * Reads which faults a text asks for: names apart by spaces, commas or lines; upper case does not matter.
 *
 * @returns the faults, and the words that are none, in short
 */
export function parseBoardFaults(text: string): {
  readonly faults: ReadonlySet<BoardFault>;
  readonly unknown: readonly string[];
} {
  const words = text.toLowerCase().split(/[\s,]+/);
  const faults = new Set(boardFaults.filter((fault) => words.includes(fault)));
  const known: ReadonlySet<string> = new Set(["", ...boardFaults]);
  const unknown = [...new Set(words.filter((word) => !known.has(word)))];
  return { faults, unknown: unknown.slice(0, 5).map((word) => word.slice(0, 40)) };
}

/** Makes a simulated board suffer from exactly these faults. */
export function applyBoardFaults(control: SimulatedControl, faults: ReadonlySet<BoardFault>): void {
  if (faults.has("overheat")) control.overheat();
  else control.cool();
  if (faults.has("brown-out")) control.brownOut();
  else control.restoreVoltage();
}
