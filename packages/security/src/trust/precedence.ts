import type { SignedStatement } from "./signed-statement.ts";
import type { Envelope, Statement } from "./statements.ts";

/**
 * Which of two valid statements of one key stands: positive when it is `one`. A total order over texts, so that
 * peers agree whatever they learn first. The higher version stands, but
 * - what has ended has ended for good: a token revoked, a user deleted on one side of a partition does not come back
 *   because the other side changed it more often;
 * - a mesh secret of a later epoch stands before an earlier one, and the authority's before a sponsor's;
 * - a revocation that covers more stands before one that covers less.
 */
export function compareStatements(one: SignedStatement, other: SignedStatement): number {
  const [first, second] = [rank(one), rank(other)];
  for (const [index, value] of first.entries()) {
    const difference = value - (second[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return compareTexts(one.envelope.statement, other.envelope.statement) || compareSignatures(one, other);
}

/** Whoever holds a key can sign one text in more than one way; peers agree on one of them, too. */
function compareSignatures(one: SignedStatement, other: SignedStatement): number {
  return compareTexts(JSON.stringify(one.envelope.signatures), JSON.stringify(other.envelope.signatures));
}

function compareTexts(text: string, other: string): number {
  return text === other ? 0 : text > other ? 1 : -1;
}

/** What is compared first, first; as many numbers for all statements of one kind. */
function rank({ statement, envelope }: SignedStatement): number[] {
  const { kind, version } = statement;
  if (kind === "mesh-secret") return [statement.epoch, Number(isByAuthority(envelope)), version];
  if (kind === "revocation") return [statement.memberVersion, version];
  return [Number(hasEnded(statement)), version, Number(isDeletedRole(statement))];
}

/** Of a statement that was found good: it has no signature that was not verified. */
export function isByAuthority(envelope: Envelope): boolean {
  return envelope.signatures.some(({ by }) => by.kind === "authority");
}

/** What is over for good. */
export function hasEnded(statement: Statement): boolean {
  return statement.kind === "user" ? statement.deleted : "revoked" in statement && statement.revoked;
}

/** A role that is deleted can be made again, by a higher version. */
function isDeletedRole(statement: Statement): boolean {
  return statement.kind === "role" && statement.deleted;
}
