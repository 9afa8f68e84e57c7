import {
  jwtSchema,
  loginRequestSchema,
  MeshError,
  passwordChangeSchema,
  sessionListSchema,
  sessionStatusSchema,
} from "@pi-controller/schema";
import type { SecurityUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { ownOrAllQuery, sessionParams } from "./schemas.ts";

export const SESSION_PATH = "/api/v1/session";

type Components = Pick<SecurityUseCases, "sessions" | "status">;

/** Who one is: logging in and out, one's password, one's sessions. */
export function sessionRoutes({ sessions, status }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: SESSION_PATH,
      operationId: "getSession",
      tag: "session",
      summary: "Show what this node is, and who asks",
      access: "public",
      answers: {
        200: { description: "The node and, when there is one, the login", body: sessionStatusSchema },
      },
      errors: [],
      handle: ({ caller }) => ({ status: 200, body: status(caller.principal) }),
    }),
    route({
      method: "POST",
      path: SESSION_PATH,
      operationId: "logIn",
      tag: "session",
      summary: "Log in with a password",
      description: "The session is in a cookie that scripts cannot read. Programs use API tokens instead.",
      access: "public",
      action: "login",
      body: loginRequestSchema,
      answers: {
        200: { description: "Logged in", body: sessionStatusSchema, headers: ["Set-Cookie"] },
      },
      errors: ["UNAUTHENTICATED"],
      async handle({ body, caller, nameTarget }) {
        // What is no user's name may be a password that slipped into the wrong field.
        if (sessions.knows?.(body.userName) === true) nameTarget(body.userName);
        const session = await sessions.login(body, caller.origin);
        // The browser forgets it now; nobody else shall find it.
        const former = caller.credentials.session;
        if (former !== undefined) await sessions.logout(former);
        return { status: 200, body: status(session.principal), session };
      },
    }),
    route({
      method: "DELETE",
      path: SESSION_PATH,
      operationId: "logOut",
      tag: "session",
      summary: "End the session that this request came with",
      access: "authenticated",
      action: "logout",
      answers: { 204: { description: "It is over", body: null, headers: ["Set-Cookie"] } },
      errors: ["FAILED_PRECONDITION"],
      async handle({ caller }) {
        const { session } = caller.credentials;
        if (session === undefined) {
          throw new MeshError("FAILED_PRECONDITION", "There is no session to end: revoke the token instead");
        }
        await sessions.logout(session);
        return { status: 204, session: null };
      },
    }),
    route({
      method: "PUT",
      path: `${SESSION_PATH}/password`,
      operationId: "changePassword",
      tag: "session",
      summary: "Change one's own password",
      description: "One's other sessions end, on all nodes.",
      access: "authenticated",
      action: "change password",
      body: passwordChangeSchema,
      answers: { 204: { description: "It is changed", body: null } },
      errors: ["FAILED_PRECONDITION"],
      async handle({ body, acting }) {
        await sessions.changePassword(body, acting);
        return { status: 204 };
      },
    }),
    route({
      method: "POST",
      path: `${SESSION_PATH}/jwt`,
      operationId: "createJwt",
      tag: "session",
      summary: "Get a token for minutes that any node of the mesh verifies by itself",
      access: "authenticated",
      action: "create jwt",
      answers: { 200: { description: "The token", body: jwtSchema } },
      errors: [],
      handle: async ({ acting, caller }) => ({
        status: 200,
        body: await sessions.jwt(acting, caller.credentials),
      }),
    }),
    route({
      method: "GET",
      path: "/api/v1/sessions",
      operationId: "listSessions",
      tag: "session",
      summary: "List one's sessions on this node",
      access: "authenticated",
      everybodys: { verb: "list", resource: "sessions" },
      query: ownOrAllQuery,
      answers: { 200: { description: "The sessions", body: sessionListSchema } },
      errors: [],
      handle: ({ query, acting }) => ({
        status: 200,
        body: { items: sessions.list(acting, query.all === "true") },
      }),
    }),
    route({
      method: "DELETE",
      path: "/api/v1/sessions/{id}",
      operationId: "endSession",
      tag: "session",
      summary: "End a session: one's own, or with the right to delete sessions anybody's",
      access: "authenticated",
      everybodys: { verb: "delete", resource: "sessions" },
      action: "delete sessions",
      params: sessionParams,
      answers: { 204: { description: "It is over", body: null } },
      errors: ["NOT_FOUND"],
      async handle({ params, acting, mayEverybodys }) {
        await sessions.end(params.id, acting, mayEverybodys);
        return { status: 204 };
      },
    }),
  ];
}
