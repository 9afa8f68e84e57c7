import { MeshError } from "@pi-controller/schema";
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
  const error = heldUpBy(ledger, asked, limits) ?? outOfRoom(ledger, asked, mustWait, leaving.length);
  if (error !== undefined) return { kind: "refuse", error };
  if (mustWait) return { kind: "wait", position: waitersAhead(ledger, asked).length + 1 };
  return { kind: "grant", preempted: leaving.map(({ record }) => record.id).sort() };
}

function yields({ record }: Entry, asked: Asked): boolean {
  return record.preemptible && record.priority < asked.record.priority;
}

/** Bounds of what a node keeps, whoever asks. */
function outOfRoom(
  ledger: Ledger,
  asked: Asked,
  waits: boolean,
  leavingCount: number,
): MeshError | undefined {
  const count = ledger.entries.size - leavingCount;
  if (count >= MOST_RESERVATIONS) {
    const numbers = `limit ${MOST_RESERVATIONS}, used ${count}, asked 1`;
    return new MeshError("RESOURCE_EXHAUSTED", `This node takes no more reservations: ${numbers}`);
  }
  if (!waits) return undefined;
  const { resource } = asked.record;
  const waiting = [...ledger.entries.values()].filter(
    ({ record }) => record.state === "waiting" && record.resource === resource,
  ).length;
  if (waiting < MOST_WAITING_FOR_ONE) return undefined;
  const numbers = `limit ${MOST_WAITING_FOR_ONE}, used ${waiting}, asked 1`;
  return new MeshError("RESOURCE_EXHAUSTED", `The line for ${resource} is full: ${numbers}`);
}
