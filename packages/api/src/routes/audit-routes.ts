import { auditPageSchema, auditQuerySchema, type Inventory, inventorySchema } from "@pi-controller/schema";
import type { AuditUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";

interface Components {
  readonly audit: Pick<AuditUseCases, "query">;
  readonly inventory: () => Inventory;
}

/** What was done, and what can be asked. */
export function auditRoutes({ audit, inventory }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/audit",
      operationId: "listAuditRecords",
      tag: "users",
      summary: "List what was refused and what was changed, newest first: by this node, or by the one named",
      access: { verb: "list", resource: "audit" },
      query: auditQuerySchema,
      answers: { 200: { description: "One page of records", body: auditPageSchema } },
      errors: ["NOT_FOUND", "UNAVAILABLE"],
      handle: async ({ query, acting, caller }) => ({
        status: 200,
        body: await audit.query(query, acting, caller.credentials),
      }),
    }),
    route({
      method: "GET",
      path: "/api/v1/inventory",
      operationId: "getInventory",
      tag: "peer",
      summary: "List everything on this peer that can be asked or told something, and who may",
      access: { verb: "get", resource: "inventory" },
      answers: { 200: { description: "The inventory", body: inventorySchema } },
      errors: [],
      handle: () => ({ status: 200, body: inventory() }),
    }),
  ];
}
