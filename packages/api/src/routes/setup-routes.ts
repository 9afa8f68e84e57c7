import { sessionStatusSchema, setupRequestSchema, setupResultSchema } from "@pi-controller/schema";
import type { SetupUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { SESSION_PATH } from "./session-routes.ts";

/** What a node that belongs to no mesh answers, and nothing else. */
export function setupRoutes({ setup }: { readonly setup: SetupUseCases }): readonly Route[] {
  return [
    route({
      method: "GET",
      path: SESSION_PATH,
      operationId: "getSession",
      tag: "session",
      summary: "Show what this node is",
      access: "public",
      answers: { 200: { description: "The node, unclaimed", body: sessionStatusSchema } },
      errors: [],
      handle: ({ caller }) => ({ status: 200, body: setup.status(caller.origin) }),
    }),
    route({
      method: "POST",
      path: "/api/v1/setup",
      operationId: "setUp",
      tag: "enrolment",
      summary: "Make a mesh with this node in it, and its first admin",
      access: "public",
      action: "create mesh",
      body: setupRequestSchema,
      answers: { 201: { description: "The mesh is made", body: setupResultSchema } },
      errors: ["FAILED_PRECONDITION"],
      handle: async ({ body, caller }) => ({ status: 201, body: await setup.setUp(body, caller.origin) }),
    }),
  ];
}
