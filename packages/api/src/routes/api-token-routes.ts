import {
  apiTokenListSchema,
  apiTokenRequestSchema,
  confirmationSchema,
  newApiTokenSchema,
} from "@pi-controller/schema";
import type { ApiTokenUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { ownOrAllQuery, tokenParams } from "./schemas.ts";

const path = "/api/v1/api-tokens";

/** Tokens of programs. Everybody has his own: they can do no more than he. */
export function apiTokenRoutes({ apiTokens }: { readonly apiTokens: ApiTokenUseCases }): readonly Route[] {
  return [
    route({
      method: "GET",
      path,
      operationId: "listApiTokens",
      tag: "session",
      summary: "List one's API tokens",
      access: "authenticated",
      everybodys: { verb: "list", resource: "api-tokens" },
      query: ownOrAllQuery,
      answers: {
        200: { description: "The tokens, without what is secret of them", body: apiTokenListSchema },
      },
      errors: [],
      handle: ({ query, acting }) => ({
        status: 200,
        body: { items: apiTokens.list(acting, query.all === "true") },
      }),
    }),
    route({
      method: "POST",
      path,
      operationId: "createApiToken",
      tag: "session",
      summary: "Make an API token for oneself",
      access: "authenticated",
      action: "create api-tokens",
      body: apiTokenRequestSchema,
      answers: { 201: { description: "The token: it is shown this once", body: newApiTokenSchema } },
      errors: ["FAILED_PRECONDITION"],
      handle: async ({ body, acting }) => ({ status: 201, body: await apiTokens.create(body, acting) }),
    }),
    route({
      method: "POST",
      path: `${path}/{id}/revoke`,
      operationId: "revokeApiToken",
      tag: "session",
      summary: "Revoke an API token: one's own, or as a keeper of the authority anybody's",
      access: "authenticated",
      action: "revoke api-tokens",
      params: tokenParams,
      body: confirmationSchema,
      answers: { 204: { description: "It is revoked", body: null } },
      errors: ["NOT_FOUND"],
      async handle({ params, body, acting }) {
        await apiTokens.revoke(params.id, body, acting);
        return { status: 204 };
      },
    }),
  ];
}
