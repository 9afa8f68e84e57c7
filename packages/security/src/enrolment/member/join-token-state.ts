import type { JoinTokenView } from "@pi-controller/schema";
import type { StatementOf } from "../../trust/statements.ts";

/**
 * What a join token is good for.
 *
 * @param used how many valid members it has admitted
 * @param nowMs wall clock
 */
export function joinTokenState(
  token: Pick<StatementOf<"join-token">, "revoked" | "expiresAt" | "uses">,
  used: number,
  nowMs: number,
): JoinTokenView["state"] {
  if (token.revoked) return "revoked";
  if (nowMs >= Date.parse(token.expiresAt)) return "expired";
  return used >= token.uses ? "used-up" : "valid";
}

/** Why a node with this token is not admitted, for people; null when nothing speaks against it. */
export function joinTokenProblem(state: JoinTokenView["state"] | undefined): string | null {
  switch (state) {
    case undefined:
      return "It carries a join token that this mesh does not know";
    case "revoked":
      return "Its join token was revoked";
    case "expired":
      return "Its join token has expired";
    case "used-up":
      return "Its join token has admitted as many nodes as it may";
    case "valid":
      return null;
  }
}
