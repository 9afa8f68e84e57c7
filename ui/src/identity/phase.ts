import type { MeshError, SessionStatus } from "@pi-controller/schema";

/** What happened to the node that served this page, so that there is nothing left to ask it. */
export interface Farewell {
  readonly kind: "revoked" | "left";
  readonly nodeName: string;
  /** Other nodes where one can go on. */
  readonly others: readonly { readonly name: string; readonly url: string }[];
}

/** Why somebody who was logged in sees the login page. */
export type EndReason = "logged-out" | "elsewhere" | "expired";

/** What a page knows of who uses it. */
export interface Known {
  readonly status: SessionStatus | null;
  /** Why the peer could not be asked. */
  readonly problem: MeshError | null;
  /** A mesh is being made, up to when its first user is logged in. */
  readonly claiming: boolean;
  readonly farewell: Farewell | null;
}

/** What there is to show. */
export type Phase = "asking" | "unclaimed" | "claiming" | "login" | "known" | "farewell";

/** Pure: what to show first, from what is known. */
export function phaseOf({ status, claiming, farewell }: Known): Phase {
  if (farewell !== null) return "farewell";
  if (claiming) return "claiming";
  if (status === null) return "asking";
  if (status.state === "unclaimed") return "unclaimed";
  return status.principal === null ? "login" : "known";
}

/**
 * Why a user is one no more, from the answer before and this one; null when nothing has ended.
 *
 * @param told what another tab or this one said just before
 */
export function endReasonOf(
  before: SessionStatus | null,
  after: SessionStatus,
  told: EndReason | null,
): EndReason | null {
  const was = before?.principal ?? null;
  if (was === null || after.principal !== null) return null;
  return told ?? "expired";
}

/** What tells one user, or one set of rights, from another: a page must keep nothing of the one before. */
export function principalKey(status: SessionStatus | null): string {
  const principal = status?.principal ?? null;
  return principal === null
    ? ""
    : JSON.stringify([principal.userId, principal.userName, principal.rules, principal.canUnseal]);
}
