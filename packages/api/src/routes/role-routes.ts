import { confirmationSchema, roleChangeSchema, roleListSchema, roleViewSchema } from "@pi-controller/schema";
import type { UserUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { roleParams } from "./schemas.ts";

const path = "/api/v1/roles";

export function roleRoutes({ users }: { readonly users: UserUseCases }): readonly Route[] {
  return [
    route({
      method: "GET",
      path,
      operationId: "listRoles",
      tag: "users",
      summary: "List the roles, those that every mesh has and those of this one",
      access: { verb: "list", resource: "roles" },
      answers: { 200: { description: "All roles", body: roleListSchema } },
      errors: [],
      handle: () => ({ status: 200, body: { items: users.roles() } }),
    }),
    route({
      method: "PUT",
      path: `${path}/{name}`,
      operationId: "putRole",
      tag: "users",
      summary: "Make a role, or replace it",
      access: { verb: "update", resource: "roles", name: "name" },
      params: roleParams,
      body: roleChangeSchema,
      answers: { 200: { description: "The role as it is now", body: roleViewSchema } },
      errors: ["FAILED_PRECONDITION"],
      handle: async ({ params, body, acting }) => ({
        status: 200,
        body: await users.putRole(params.name, body, acting),
      }),
    }),
    route({
      method: "POST",
      path: `${path}/{name}/remove`,
      operationId: "removeRole",
      tag: "users",
      summary: "Remove a role that nobody has",
      access: { verb: "delete", resource: "roles", name: "name" },
      params: roleParams,
      body: confirmationSchema,
      answers: { 204: { description: "The role is removed", body: null } },
      errors: ["NOT_FOUND", "FAILED_PRECONDITION"],
      async handle({ params, body, acting }) {
        await users.removeRole(params.name, body, acting);
        return { status: 204 };
      },
    }),
  ];
}
