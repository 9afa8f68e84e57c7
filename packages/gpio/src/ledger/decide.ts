import { MeshError, type ReservationRecord } from "@pi-controller/schema";
import { holdersInTheWay } from "./claims.ts";
import { heldUpBy } from "./held-up.ts";
import type { Decision, Entry, Instant, Ledger, Limits } from "./ledger.ts";
import { limitsOnce } from "./limits-once.ts";
import { waitersAhead } from "./line.ts";
import { takenError } from "./taken-error.ts";

/** Granted and waiting together: the header has 28 pins, buses some devices; all else is a line of those who wait. */
export const MOST_RESERVATIONS = 256;
export const MOST_WAITING_FOR_ONE = 64;

/** A reservation that is asked for, and what it would do to get it. */
export interface Asked extends Pick<Entry, "record" | "claims"> {
  readonly preempt: boolean;
  readonly mayWait: boolean;
}

/** See `LedgerDecisions`. Changes nothing; what it takes from others is all that is in the way, or nothing. */
export function decide(ledger: Ledger, asked: Asked, limitsNow: Limits, at?: Instant): Decision {
  const limits = limitsOnce(limitsNow);
  const holders = holdersInTheWay(ledger, asked.claims);
  const ahead = waitersAhead(ledger, asked).filter(
    (waiter) => heldUpBy(ledger, waiter, limits) === undefined,
  );
  const takes = holders.length === 0 || (asked.preempt && holders.every((holder) => yields(holder, asked)));
  const mustWait = !takes || ahead.length > 0;
  if (mustWait && !asked.mayWait) {
    return { kind: "refuse", error: takenError({ asked, holders, ahead }, at) };
  }
  const leaving = mustWait ? [] : holders;
  const error = heldUpBy(ledger, asked, limits) ?? outOfRoom(ledger, asked, mustWait, leaving);
  if (error !== undefined) return { kind: "refuse", error };
  if (mustWait) return { kind: "wait", position: waitersAhead(ledger, asked).length + 1 };
  return { kind: "grant", preempted: leaving.map(({ record }) => record.id).sort() };
}

function yields({ record }: Entry, asked: Asked): boolean {
  return record.preemptible && record.priority < asked.record.priority;
}

/**
 * Bounds of what a node keeps. A tenant gets no more of either than is left for others, so that none can fill them
 * alone: half when there is nobody else, half of the rest when one other has his half.
 */
function outOfRoom(
  ledger: Ledger,
  asked: Asked,
  waits: boolean,
  leaving: readonly Entry[],
): MeshError | undefined {
  const { namespace, resource } = asked.record;
  const all = [...ledger.entries.values()]
    .filter((entry) => !leaving.includes(entry))
    .map(({ record }) => record);
  const isMine = (record: ReservationRecord) => record.namespace === namespace;
  const full = noRoom(MOST_RESERVATIONS, all.length, all.filter(isMine).length);
  if (full !== undefined) {
    return new MeshError("RESOURCE_EXHAUSTED", `This node takes no more reservations${of(full, namespace)}`);
  }
  if (!waits) return undefined;
  const line = all.filter((record) => record.state === "waiting" && record.resource === resource);
  const fullLine = noRoom(MOST_WAITING_FOR_ONE, line.length, line.filter(isMine).length);
  return fullLine === undefined
    ? undefined
    : new MeshError("RESOURCE_EXHAUSTED", `The line for ${resource} is full${of(fullLine, namespace)}`);
}

interface NoRoom {
  readonly limit: number;
  readonly used: number;
  readonly isTenants: boolean;
}

function noRoom(limit: number, used: number, mine: number): NoRoom | undefined {
  if (used >= limit) return { limit, used, isTenants: false };
  return mine < limit - used ? undefined : { limit: mine, used: mine, isTenants: true };
}

function of({ limit, used, isTenants }: NoRoom, namespace: string): string {
  const whose = isTenants ? ` of namespace ${namespace}, which would leave too few for others` : "";
  return `${whose}: limit ${limit}, used ${used}, asked 1`;
}
