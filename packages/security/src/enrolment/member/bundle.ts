import type { NodeId } from "@pi-controller/schema";
import { type Envelope, type Statement, statementSchema } from "../../trust/statements.ts";

/** Characters of all texts taken together: what a request may hold, with room for signatures and quoting. */
const MAX_LENGTH = 8 * 1024 * 1024;

/**
 * What a new member is given: everything, unless that is too much for one message. Then what its own entry stands
 * on, and what is its own; the rest comes with the introduction to the first member that it meets.
 */
export function bundleFor(
  node: NodeId,
  envelopes: readonly Envelope[],
  maxLength: number = MAX_LENGTH,
): readonly Envelope[] {
  const length = envelopes.reduce((sum, { statement }) => sum + statement.length, 0);
  if (length <= maxLength) return envelopes;
  return envelopes.filter(({ statement }) => isNeeded(node, statementSchema.parse(JSON.parse(statement))));
}

function isNeeded(node: NodeId, statement: Statement): boolean {
  switch (statement.kind) {
    case "genesis":
    case "authority":
    case "join-token":
    case "member":
    case "revocation":
    case "user":
    case "role":
      return true;
    case "mesh-secret":
    case "certificate-request":
    case "certificate":
      return statement.node === node;
    case "credential":
    case "api-token":
    case "client-certificate":
      return false;
  }
}
