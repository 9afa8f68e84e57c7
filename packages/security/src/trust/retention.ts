import type { SignedStatement } from "./signed-statement.ts";
import type { Statement } from "./statements.ts";

const DAY_MS = 86_400_000;
/** What has expired is kept for people to see, and then for clocks that differ. */
const KEPT_DAYS = 30;
/** Peers whose clocks differ by less than this do not quarrel about what is over. */
const MARGIN_DAYS = 1;

/** When a statement means nothing any more, in ms since 1970; undefined for what has no end. */
function expiryMs(statement: Statement): number | undefined {
  return "expiresAt" in statement ? Date.parse(statement.expiresAt) : undefined;
}

/** Not told to others any more. */
export function isOutdated(statement: Statement, nowMs: number): boolean {
  const endMs = expiryMs(statement);
  return endMs !== undefined && nowMs > endMs + (KEPT_DAYS - MARGIN_DAYS) * DAY_MS;
}

/**
 * Keys of what is not kept any more, nor taken again. A join token is kept as long as the entry of a member names
 * it: the entry could not be verified without it.
 */
export function forgettable(statements: Iterable<SignedStatement>, nowMs: number): Set<string> {
  const all = [...statements];
  const inUse = new Set(
    all.map(({ statement }) => (statement.kind === "member" ? statement.admittedBy.token : undefined)),
  );
  const keys = all.filter(({ statement }) => {
    const endMs = expiryMs(statement);
    if (endMs === undefined || nowMs <= endMs + KEPT_DAYS * DAY_MS) return false;
    return statement.kind !== "join-token" || !inUse.has(statement.id);
  });
  return new Set(keys.map(({ key }) => key));
}

/**
 * Whether a record of the document can go: it expired long ago, or its user was deleted, for good.
 *
 * @param isDeleted whether a user is known and deleted
 */
export function isOver(statement: Statement, nowMs: number, isDeleted: (user: string) => boolean): boolean {
  if (statement.kind === "credential" || statement.kind === "api-token") {
    if (isDeleted(statement.user)) return true;
  }
  const endMs = expiryMs(statement);
  return endMs !== undefined && nowMs > endMs + KEPT_DAYS * DAY_MS;
}
