import {
  confirmationSchema,
  userChangeSchema,
  userCreationSchema,
  userListSchema,
  userViewSchema,
} from "@pi-controller/schema";
import type { UserUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { userParams } from "./schemas.ts";

const path = "/api/v1/users";

export function userRoutes({ users }: { readonly users: UserUseCases }): readonly Route[] {
  return [
    route({
      method: "GET",
      path,
      operationId: "listUsers",
      tag: "users",
      summary: "List the users",
      access: { verb: "list", resource: "users" },
      answers: { 200: { description: "All users", body: userListSchema } },
      errors: [],
      handle: ({ acting }) => ({ status: 200, body: { items: users.list(acting) } }),
    }),
    route({
      method: "POST",
      path,
      operationId: "createUser",
      tag: "users",
      summary: "Add a user",
      access: { verb: "create", resource: "users" },
      body: userCreationSchema,
      answers: { 201: { description: "The user was added", body: userViewSchema, headers: ["Location"] } },
      errors: ["UNAUTHENTICATED", "ALREADY_EXISTS"],
      async handle({ body, acting }) {
        const user = await users.create(body, acting);
        return { status: 201, body: user, headers: { location: `${path}/${user.id}` } };
      },
    }),
    route({
      method: "GET",
      path: `${path}/{id}`,
      operationId: "getUser",
      tag: "users",
      summary: "Show one user",
      access: { verb: "get", resource: "users", name: "id" },
      params: userParams,
      answers: { 200: { description: "The user", body: userViewSchema } },
      errors: ["NOT_FOUND"],
      handle: ({ params, acting }) => ({ status: 200, body: users.get(params.id, acting) }),
    }),
    route({
      method: "PUT",
      path: `${path}/{id}`,
      operationId: "updateUser",
      tag: "users",
      summary: "Change a user's roles, disable him, or give him a new password",
      description: "What is left out stays. A new password ends his sessions and API tokens.",
      access: { verb: "update", resource: "users", name: "id" },
      params: userParams,
      body: userChangeSchema,
      answers: { 200: { description: "The changed user", body: userViewSchema } },
      errors: ["NOT_FOUND", "FAILED_PRECONDITION"],
      handle: async ({ params, body, acting }) => ({
        status: 200,
        body: await users.change(params.id, body, acting),
      }),
    }),
    route({
      method: "POST",
      path: `${path}/{id}/remove`,
      operationId: "removeUser",
      tag: "users",
      summary: "Remove a user for good",
      access: { verb: "delete", resource: "users", name: "id" },
      params: userParams,
      body: confirmationSchema,
      answers: { 204: { description: "The user is removed", body: null } },
      errors: ["NOT_FOUND", "FAILED_PRECONDITION"],
      async handle({ params, body, acting }) {
        await users.remove(params.id, body, acting);
        return { status: 204 };
      },
    }),
  ];
}
