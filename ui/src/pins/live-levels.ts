import type { GpioStreamStatus } from "@pi-controller/client";
import type { GpioChange } from "@pi-controller/schema";

/** What the stream of one node's changes has told this page. */
export interface LiveLevels {
  /** The last change of each pin, by BCM number; of before the link was last lost: none. */
  readonly last: ReadonlyMap<number, GpioChange>;
  /** Newest first, bounded. */
  readonly recent: readonly GpioChange[];
  /** How many changes were left out, as this page, the link or the kernel was too slow. */
  readonly coalesced: number;
  readonly link: GpioStreamStatus["state"];
  /** Why the stream ended for good; null while it has not. */
  readonly problem: string | null;
  /** Why the node with the pins does not answer, though the peer does; null while it does. */
  readonly interrupted: string | null;
  /** Grows whenever what was missed has to be read anew. */
  readonly gaps: number;
}

export const noLevels: LiveLevels = {
  last: new Map(),
  recent: [],
  coalesced: 0,
  link: "connecting",
  problem: null,
  interrupted: null,
  gaps: 0,
};

const MAX_RECENT = 40;

/** After some changes, oldest first. */
export function withChanges(
  levels: LiveLevels,
  changes: readonly GpioChange[],
  coalesced: number,
): LiveLevels {
  const last = new Map(levels.last);
  for (const change of changes) last.set(change.gpio, change);
  const recent = [...changes.slice(-MAX_RECENT).toReversed(), ...levels.recent].slice(0, MAX_RECENT);
  return { ...levels, last, recent, coalesced: levels.coalesced + coalesced };
}

/** After the link to the peer has changed. What was told before it broke may be old. */
export function withLink(levels: LiveLevels, status: GpioStreamStatus): LiveLevels {
  const link = status.state;
  const problem = status.state === "closed" ? (status.error?.message ?? null) : null;
  if (link !== "live" || levels.link === "live") return { ...levels, link, problem };
  return { ...levels, link, problem, interrupted: null, last: new Map(), gaps: levels.gaps + 1 };
}

/** After the node went out of reach, or answers again. */
export function withInterruption(levels: LiveLevels, interrupted: boolean, reason: string): LiveLevels {
  if (interrupted) return { ...levels, interrupted: reason };
  if (levels.interrupted === null) return levels;
  return { ...levels, interrupted: null, last: new Map(), gaps: levels.gaps + 1 };
}
