import { MeshError } from "@pi-controller/schema";
import { compareStatements } from "./precedence.ts";
import { meshIdOf, type SignedStatement } from "./signed-statement.ts";
import { type Foundation, isKind, type Signed, whyNotSigned } from "./signer-rules.ts";
import type { StatementKind } from "./statements.ts";

export interface Rejection {
  readonly signed: SignedStatement;
  readonly reason: string;
}

/** What stands of a set of statements. */
export interface Resolution {
  /** By key. */
  readonly standing: ReadonlyMap<string, SignedStatement>;
  readonly genesis: Signed<"genesis">;
  /** By node: what the authority has revoked. */
  readonly revocations: ReadonlyMap<string, Signed<"revocation">>;
  readonly rejected: readonly Rejection[];
}

/** Kinds that the authority alone signs and that the rules for others stand on. */
const FIRST: readonly StatementKind[] = ["authority", "join-token", "user", "role"];

/**
 * Verifies a set of statements in the one order in which each stands on what was verified before it, and says which
 * one stands for each key. A function of the set: the order in which they come does not matter.
 *
 * @throws MeshError FAILED_PRECONDITION when the genesis of the mesh is not among them
 */
export function resolve(statements: Iterable<SignedStatement>, meshId: string): Resolution {
  const all = [...statements];
  const genesis = all.find(
    (signed): signed is Signed<"genesis"> => isKind(signed, "genesis") && isGenesis(signed, meshId),
  );
  if (genesis === undefined) {
    throw new MeshError("FAILED_PRECONDITION", "What this mesh was founded with is missing, or not genuine");
  }
  const standing = new Map<string, SignedStatement>([[genesis.key, genesis]]);
  const rejected: Rejection[] = [];
  const foundation = {
    authority: genesis.statement.authority,
    joinTokens: new Map<string, Signed<"join-token">>(),
    users: new Map<string, Signed<"user">>(),
    revocations: new Map<string, Signed<"revocation">>(),
    members: new Map<string, Signed<"member">>(),
    epoch: 0,
  };
  const settle = (signed: SignedStatement): void => {
    const reason = whyNotSigned(signed, foundation);
    if (reason !== undefined) rejected.push({ signed, reason });
    else take(standing, signed);
  };

  const members: Signed<"member">[] = [];
  const rest: SignedStatement[] = [];
  for (const signed of all) {
    if (signed === genesis) continue;
    if (isKind(signed, "genesis")) rejected.push({ signed, reason: "it founds another mesh" });
    else if (FIRST.includes(signed.statement.kind) || isAuthorityRevocation(signed)) settle(signed);
    else if (isKind(signed, "member")) members.push(signed);
    else rest.push(signed);
  }
  for (const signed of standing.values()) {
    if (isKind(signed, "join-token")) foundation.joinTokens.set(signed.statement.id, signed);
    else if (isKind(signed, "user")) foundation.users.set(signed.statement.id, signed);
    else if (isKind(signed, "revocation")) foundation.revocations.set(signed.statement.node, signed);
  }

  admit(members, foundation);
  for (const signed of foundation.members.values()) standing.set(signed.key, signed);
  for (const signed of members) {
    const reason = whyNotSigned(signed, foundation);
    if (reason !== undefined) rejected.push({ signed, reason });
  }

  for (const signed of rest) {
    if (!isKind(signed, "mesh-secret") || signed.statement.epoch <= foundation.epoch) continue;
    const byAuthority = signed.isSignedByKey({ kind: "authority" }, foundation.authority);
    if (byAuthority) foundation.epoch = signed.statement.epoch;
  }
  for (const signed of rest) settle(signed);
  return { standing, genesis, revocations: foundation.revocations, rejected };
}

function isGenesis(signed: Signed<"genesis">, meshId: string): boolean {
  const { authority } = signed.statement;
  return meshIdOf(signed.envelope) === meshId && signed.isSignedByKey({ kind: "authority" }, authority);
}

function isAuthorityRevocation(signed: SignedStatement): boolean {
  return isKind(signed, "revocation") && signed.statement.by !== signed.statement.node;
}

function take(standing: Map<string, SignedStatement>, signed: SignedStatement): void {
  const other = standing.get(signed.key);
  if (other === undefined || compareStatements(signed, other) > 0) standing.set(signed.key, signed);
}

/**
 * Finds the member entries that are good: those of the authority, then those sponsored by who is good, and so on.
 * Fills `foundation.members` with the one that stands for each node.
 */
function admit(
  entries: readonly Signed<"member">[],
  foundation: Foundation & { readonly members: Map<string, Signed<"member">> },
): void {
  const waiting = Map.groupBy(entries, ({ statement: { admittedBy } }) =>
    admittedBy.kind === "authority" ? undefined : admittedBy.sponsor,
  );
  const good = new Set<Signed<"member">>();
  let next = waiting.get(undefined) ?? [];
  while (next.length > 0) {
    const found = next.filter(
      (signed) => !good.has(signed) && whyNotSigned(signed, foundation) === undefined,
    );
    for (const signed of found) {
      good.add(signed);
      const other = foundation.members.get(signed.statement.node);
      const better = other === undefined || compareStatements(signed, other) > 0;
      if (better) foundation.members.set(signed.statement.node, signed);
    }
    next = found.flatMap((signed) => waiting.get(signed.statement.node) ?? []);
  }
}
