import type { PrincipalView } from "@pi-controller/schema";

/** A session that is about to end. */
export interface SessionEnd {
  readonly remainingMs: number;
  /** `unused`: using it again keeps it. `absolute`: it ends in any case. */
  readonly kind: "unused" | "absolute";
}

/** From here on one is told. */
const WARN_MS = 10 * 60_000;

/**
 * Whether the session ends soon, and why.
 *
 * @param nowMs by the clock by which the peer judges expiry
 */
export function sessionEndOf(
  { idleExpiresAt, expiresAt }: Pick<PrincipalView, "idleExpiresAt" | "expiresAt">,
  nowMs: number,
): SessionEnd | null {
  const absolute = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - nowMs;
  const unused = idleExpiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(idleExpiresAt) - nowMs;
  const end: SessionEnd =
    unused < absolute ? { remainingMs: unused, kind: "unused" } : { remainingMs: absolute, kind: "absolute" };
  return end.remainingMs <= WARN_MS ? end : null;
}
