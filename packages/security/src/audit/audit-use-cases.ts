import { MeshError, type NodeId } from "@pi-controller/schema";
import type { Acting, AuditUseCases, PresentedCredentials } from "../use-cases.ts";
import type { AuditExchange } from "./audit-exchange.ts";
import type { AuditLog } from "./audit-log.ts";

export interface AuditUseCaseComponents {
  readonly node: NodeId;
  readonly log: Pick<AuditLog, "record" | "query">;
  readonly exchange: Pick<AuditExchange, "ask">;
  readonly isMember: (node: NodeId) => boolean;
  /** What proves to the node `audience` who asks. @throws MeshError PERMISSION_DENIED when there can be none */
  readonly evidence: (acting: Acting, credentials: PresentedCredentials, audience: NodeId) => Promise<string>;
}

/** The audit log of this node and, asked on behalf of a user, of any other. */
export function auditUseCases(components: AuditUseCaseComponents): AuditUseCases {
  const { evidence, exchange, isMember, log, node: self } = components;
  return {
    record: (entry) => log.record(entry),
    async query({ node = self, ...query }, acting, credentials) {
      if (node === self) return log.query(query);
      if (!isMember(node)) throw new MeshError("NOT_FOUND", "There is no such member of the mesh");
      return exchange.ask(node, await evidence(acting, credentials, node), query);
    },
  };
}
