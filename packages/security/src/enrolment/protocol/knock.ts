import type { EnrolmentKnock } from "@pi-controller/schema";
import { inDomain } from "../../crypto/index.ts";

const DOMAIN = "enrolment knock";

/** What the join token signs when a node knocks: everything but the signature. */
export function knockBytes(knock: Omit<EnrolmentKnock, "signature">): Uint8Array {
  const { node, name, joinToken, addresses, at } = knock;
  return inDomain(DOMAIN, JSON.stringify([node, name, joinToken, addresses, at]));
}
