import { isByAuthority } from "./precedence.ts";
import type { SignedStatement } from "./signed-statement.ts";

export interface SetLimits {
  readonly maxStatements: number;
  /** All of them taken together, as they are stored. */
  readonly maxBytes: number;
  /** What one user can sign by himself. */
  readonly maxTokensOfUser: number;
  readonly maxTokenBytesOfUser: number;
}

export const defaultSetLimits: SetLimits = {
  maxStatements: 20_000,
  maxBytes: 32 * 1024 * 1024,
  maxTokensOfUser: 500,
  maxTokenBytesOfUser: 1024 * 1024,
};

/** Of what all statements may take together: the rest is the authority's, who must be able to end what others do. */
const SHARE_OF_OTHERS = 0.5;

/** What some statements take together, and may. */
interface Account {
  count: number;
  bytes: number;
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly tooMany: string;
}

/**
 * Pure: which statements there is no room for, and why.
 *
 * @param before what stood, by key: it stays, whatever it takes
 * @param after what would stand instead; all of it is genuine
 */
export function beyondLimits(
  before: ReadonlyMap<string, SignedStatement>,
  after: ReadonlyMap<string, SignedStatement>,
  limits: SetLimits,
): Map<SignedStatement, string> {
  const beyond = new Map<SignedStatement, string>();
  const changed = [...after.values()].filter((signed) => before.get(signed.key) !== signed);
  if (changed.length === 0) return beyond;
  const room = new Room(before.values(), limits);
  const isOfOthers = ({ envelope }: SignedStatement) => Number(!isByAuthority(envelope));
  for (const signed of changed.sort((one, other) => isOfOthers(one) - isOfOthers(other))) {
    const reason = room.whyFull(signed, before.get(signed.key));
    if (reason !== undefined) beyond.set(signed, reason);
  }
  return beyond;
}

/** How much more may be taken in. */
class Room {
  readonly #limits: SetLimits;
  readonly #all: Account;
  readonly #others: Account;
  readonly #tokensOf = new Map<string, Account>();

  constructor(statements: Iterable<SignedStatement>, limits: SetLimits) {
    const { maxStatements, maxBytes } = limits;
    this.#limits = limits;
    this.#all = account(maxStatements, maxBytes, "there are too many statements");
    this.#others = account(
      maxStatements * SHARE_OF_OTHERS,
      maxBytes * SHARE_OF_OTHERS,
      "there are too many statements that are not of the authority",
    );
    for (const signed of statements) this.#count(signed, 1);
  }

  /** Counts it in the place of the one before it, when there is room for it. */
  whyFull(signed: SignedStatement, before: SignedStatement | undefined): string | undefined {
    const accountsBefore = before === undefined ? [] : this.#accountsOf(before);
    for (const taken of this.#accountsOf(signed)) {
      const replaced = accountsBefore.includes(taken) ? before : undefined;
      if (replaced === undefined && taken.count >= taken.maxCount) return taken.tooMany;
      const growth = signed.bytes - (replaced?.bytes ?? 0);
      if (growth > 0 && taken.bytes + growth > taken.maxBytes) return "the statements are too long";
    }
    if (before !== undefined) this.#count(before, -1);
    this.#count(signed, 1);
    return undefined;
  }

  #count(signed: SignedStatement, sign: 1 | -1): void {
    for (const counted of this.#accountsOf(signed)) {
      counted.count += sign;
      counted.bytes += sign * signed.bytes;
    }
  }

  #accountsOf({ envelope, statement }: SignedStatement): readonly Account[] {
    if (isByAuthority(envelope)) return [this.#all];
    if (statement.kind !== "api-token") return [this.#all, this.#others];
    const { maxTokensOfUser, maxTokenBytesOfUser } = this.#limits;
    const tokens =
      this.#tokensOf.get(statement.user) ??
      account(maxTokensOfUser, maxTokenBytesOfUser, "its user has too many tokens");
    this.#tokensOf.set(statement.user, tokens);
    return [this.#all, this.#others, tokens];
  }
}

function account(maxCount: number, maxBytes: number, tooMany: string): Account {
  return { count: 0, bytes: 0, maxCount, maxBytes, tooMany };
}
