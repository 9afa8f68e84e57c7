import { createHash } from "node:crypto";
import { type Resolution, resolve } from "./resolve.ts";
import { forgettable } from "./retention.ts";
import { beyondLimits, type SetLimits } from "./set-limits.ts";
import type { SignedStatement } from "./signed-statement.ts";

/** What stands, of all that this node has taken in. Immutable. */
export interface StatementSet {
  readonly resolution: Resolution;
  /** Tells whether two peers hold the same. */
  readonly hash: string;
}

export interface Addition {
  readonly set: StatementSet;
  /** What stands now and did not before. */
  readonly changed: readonly SignedStatement[];
  /** Keys of what stood before, under which nothing stands any more. */
  readonly dropped: readonly string[];
  readonly refused: ReadonlyMap<SignedStatement, string>;
}

/** Verifies what is held. @throws MeshError FAILED_PRECONDITION when the genesis is not among it */
export function statementSet(statements: Iterable<SignedStatement>, meshId: string): StatementSet {
  return setOf(resolve(statements, meshId));
}

/** Takes statements into a set. Pure. */
export function addTo(
  before: StatementSet,
  incoming: readonly SignedStatement[],
  { meshId, nowMs, limits }: { readonly meshId: string; readonly nowMs: number; readonly limits: SetLimits },
): Addition {
  const standing = before.resolution.standing;
  const resolveWith = (more: readonly SignedStatement[]) => resolve([...standing.values(), ...more], meshId);
  const verified = resolveWith(incoming);
  // Only what is genuine takes room.
  const refused = beyondLimits(standing, verified.standing, limits);
  const full = new Set([...refused.keys()].map(({ key }) => key));
  const taken = full.size === 0 ? incoming : incoming.filter(({ key }) => !full.has(key));
  const resolved = full.size === 0 ? verified : resolveWith(taken);
  for (const { signed, reason } of [...verified.rejected, ...resolved.rejected]) refused.set(signed, reason);
  for (const signed of incoming) {
    if (full.has(signed.key) && !refused.has(signed)) refused.set(signed, "there is no room for its key");
  }
  const over = forgettable(resolved.standing.values(), nowMs);
  const resolution =
    over.size === 0
      ? resolved
      : { ...resolved, standing: new Map([...resolved.standing].filter(([key]) => !over.has(key))) };
  for (const signed of taken) {
    if (refused.has(signed) || resolution.standing.get(signed.key)?.digest === signed.digest) continue;
    refused.set(signed, over.has(signed.key) ? "it expired long ago" : "another one stands in its place");
  }
  const changed = [...resolution.standing.values()].filter((signed) => standing.get(signed.key) !== signed);
  const dropped = [...standing.keys()].filter((key) => !resolution.standing.has(key));
  const same = changed.length === 0 && dropped.length === 0;
  return { set: same ? before : setOf(resolution), changed, dropped, refused };
}

function setOf(resolution: Resolution): StatementSet {
  let hash: string | undefined;
  return {
    resolution,
    get hash() {
      hash ??= hashOf(resolution.standing.values());
      return hash;
    },
  };
}

function hashOf(statements: Iterable<SignedStatement>): string {
  const lines = [...statements].map(({ key, digest }) => `${key} ${digest}\n`).sort();
  return createHash("sha256").update(lines.join("")).digest("base64url");
}
