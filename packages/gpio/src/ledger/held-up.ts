import { holdersInTheWay } from "./claims.ts";
import type { Entry, Ledger, Limits } from "./ledger.ts";
import { limitRefusal } from "./limit-refusal.ts";

/**
 * Why one could not have what it asks for even if those who hold it let go of it: a quota or the power budget.
 * What those in the way use does not count, as it is theirs no more when the turn comes.
 *
 * Whoever a limit keeps from something keeps his place in line, and holds nobody up: else a tenant could keep free
 * pins from all others by standing in line for more than he may have.
 */
export function heldUpBy(ledger: Ledger, asked: Pick<Entry, "record" | "claims">, limits: Limits) {
  const goes = new Set(holdersInTheWay(ledger, asked.claims));
  const stays = [...ledger.entries.values()].filter((entry) => !goes.has(entry)).map(({ record }) => record);
  return limitRefusal(stays, asked.record, limits);
}
