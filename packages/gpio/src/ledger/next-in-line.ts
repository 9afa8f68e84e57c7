import type { ReservationId } from "@pi-controller/schema";
import { conflictOf, holdersInTheWay } from "./claims.ts";
import { heldUpBy } from "./held-up.ts";
import type { Claim, Ledger, Limits } from "./ledger.ts";
import { limitsOnce } from "./limits-once.ts";
import { waitersInOrder } from "./line.ts";

/** See `LedgerDecisions`. Looks at each in turn as if those before it had already been granted theirs. */
export function nextInLine(ledger: Ledger, limitsNow: Limits): readonly ReservationId[] {
  const limits = limitsOnce(limitsNow);
  const entries = new Map(ledger.entries);
  const granted: ReservationId[] = [];
  /** What those ahead wait for and cannot have yet. */
  const awaited: Claim[] = [];
  for (const waiter of waitersInOrder(ledger)) {
    if (heldUpBy({ entries }, waiter, limits) !== undefined) continue;
    const taken = holdersInTheWay({ entries }, waiter.claims).length > 0;
    if (taken || conflictOf(waiter.claims, awaited) !== undefined) {
      awaited.push(...waiter.claims);
      continue;
    }
    const { id } = waiter.record;
    entries.set(id, { ...waiter, record: { ...waiter.record, state: "granted" } });
    granted.push(id);
  }
  return granted;
}
