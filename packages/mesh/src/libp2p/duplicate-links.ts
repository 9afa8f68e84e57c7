import type { NodeId } from "@pi-controller/schema";

export interface LinkEnds {
  readonly dialler: NodeId;
  /** Wall clock, ms. */
  readonly openedAtMs: number;
}

/**
 * Which of several connections to one peer both sides keep: the one that the lower peer id dialled, of those
 * the newest. Both sides come to the same answer, so that they don't each close the other's choice.
 */
export function preferredLink<Link extends LinkEnds>(links: readonly Link[]): Link | undefined {
  return links.toSorted((a, b) => compareText(a.dialler, b.dialler) || b.openedAtMs - a.openedAtMs)[0];
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
