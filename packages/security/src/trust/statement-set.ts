import { createHash } from "node:crypto";
import { type Resolution, resolve } from "./resolve.ts";
import { forgettable } from "./retention.ts";
import type { SignedStatement } from "./signed-statement.ts";

export interface SetLimits {
  readonly maxStatements: number;
  /** All texts taken together, in characters. */
  readonly maxLength: number;
  /** What one user can sign by himself. */
  readonly maxTokensOfUser: number;
}

export const defaultSetLimits: SetLimits = {
  maxStatements: 20_000,
  maxLength: 32 * 1024 * 1024,
  maxTokensOfUser: 500,
};

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
  const refused = new Map<SignedStatement, string>();
  const standing = before.resolution.standing;
  const room = new Room(standing.values(), limits);
  const taken = incoming.filter((signed) => {
    const reason = standing.has(signed.key) ? undefined : room.whyFull(signed);
    if (reason !== undefined) refused.set(signed, reason);
    return reason === undefined;
  });
  const resolved = resolve([...standing.values(), ...taken], meshId);
  for (const { signed, reason } of resolved.rejected) refused.set(signed, reason);
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

/** How much more may be taken in. */
class Room {
  readonly #limits: SetLimits;
  readonly #tokensOf = new Map<string, number>();
  #statements = 0;
  #length = 0;

  constructor(statements: Iterable<SignedStatement>, limits: SetLimits) {
    this.#limits = limits;
    for (const signed of statements) this.#count(signed);
  }

  /** Counts it when there is room for it. */
  whyFull(signed: SignedStatement): string | undefined {
    const { maxStatements, maxLength, maxTokensOfUser } = this.#limits;
    const { statement, envelope } = signed;
    if (this.#statements >= maxStatements) return "there are too many statements";
    if (this.#length + envelope.statement.length > maxLength) return "the statements are too long";
    if (statement.kind === "api-token" && (this.#tokensOf.get(statement.user) ?? 0) >= maxTokensOfUser) {
      return "its user has too many tokens";
    }
    this.#count(signed);
    return undefined;
  }

  #count({ statement, envelope }: SignedStatement): void {
    this.#statements++;
    this.#length += envelope.statement.length;
    if (statement.kind === "api-token") {
      this.#tokensOf.set(statement.user, (this.#tokensOf.get(statement.user) ?? 0) + 1);
    }
  }
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
