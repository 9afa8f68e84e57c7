import {
  approvalSchema,
  confirmationSchema,
  enrolmentKnockSchema,
  joinTokenListSchema,
  joinTokenRequestSchema,
  newJoinTokenSchema,
  pendingNodeListSchema,
  pendingNodeLookupSchema,
  pendingNodeSchema,
  revocationAnswerSchema,
  revocationQuestionSchema,
  revocationRequestSchema,
} from "@pi-controller/schema";
import type { EnrolmentUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { nodeParams, tokenParams } from "./schemas.ts";

const PENDING = "/api/v1/pending-nodes";
const TOKENS = "/api/v1/join-tokens";

interface Components {
  readonly enrolment: EnrolmentUseCases;
}

/** Who comes into the mesh, and who leaves it. */
export function enrolmentRoutes(components: Components): readonly Route[] {
  return [
    ...pendingNodeRoutes(components),
    knockRoute(components),
    revocationRoute(components),
    ...joinTokenRoutes(components),
    ...departureRoutes(components),
  ];
}

function pendingNodeRoutes({ enrolment }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: PENDING,
      operationId: "listPendingNodes",
      tag: "enrolment",
      summary: "List the nodes in reach that belong to no mesh",
      access: { verb: "list", resource: "pending-nodes" },
      answers: { 200: { description: "The nodes", body: pendingNodeListSchema } },
      errors: [],
      handle: () => ({ status: 200, body: { items: enrolment.pending() } }),
    }),
    route({
      method: "POST",
      path: PENDING,
      operationId: "lookUpPendingNode",
      tag: "enrolment",
      summary: "Look for a node that belongs to no mesh at an address, where multicast does not reach",
      access: { verb: "create", resource: "pending-nodes" },
      body: pendingNodeLookupSchema,
      answers: { 200: { description: "The node that answers there", body: pendingNodeSchema } },
      errors: ["NOT_FOUND", "UNAVAILABLE"],
      handle: async ({ body, acting }) => ({ status: 200, body: await enrolment.lookUp(body, acting) }),
    }),
    route({
      method: "POST",
      path: `${PENDING}/{id}/approve`,
      operationId: "approveNode",
      tag: "enrolment",
      summary: "Admit a node whose set-up code one has",
      access: { verb: "approve", resource: "pending-nodes", name: "id" },
      params: nodeParams,
      body: approvalSchema,
      answers: { 200: { description: "The node: it is a member in a moment", body: pendingNodeSchema } },
      errors: ["NOT_FOUND", "FAILED_PRECONDITION", "UNAVAILABLE"],
      handle: async ({ params, body, acting }) => ({
        status: 200,
        body: await enrolment.approve(params.id, body, acting),
      }),
    }),
  ];
}

/** Of a node that belongs to no mesh yet, so that nobody can have told it who may: the token's signature counts. */
function knockRoute({ enrolment }: Components): Route {
  return route({
    method: "POST",
    path: "/api/v1/enrolment/knock",
    operationId: "knock",
    tag: "enrolment",
    summary: "Say where a node that carries a join token waits to be admitted",
    access: "public",
    action: "knock",
    body: enrolmentKnockSchema,
    answers: { 202: { description: "It is believed, and dialled in a moment", body: null } },
    errors: ["PERMISSION_DENIED"],
    handle({ body, caller, nameTarget }) {
      enrolment.knock(body, caller.origin);
      // Not before: what anybody makes up is not kept.
      nameTarget(body.node);
      return { status: 202 };
    },
  });
}

/** Of a node that members let in no more, so that they cannot tell it in any other way. Its signature counts. */
function revocationRoute({ enrolment }: Components): Route {
  return route({
    method: "GET",
    path: "/api/v1/enrolment/revocation",
    operationId: "getOwnRevocation",
    tag: "enrolment",
    summary: "The proof that a node was revoked, for that node",
    access: "public",
    query: revocationQuestionSchema,
    answers: {
      200: {
        description: "What proves it; nothing for whoever is none such, or asks in another one's name",
        body: revocationAnswerSchema,
      },
    },
    errors: [],
    handle: ({ query, caller }) => ({ status: 200, body: enrolment.revocationOf(query, caller.origin) }),
  });
}

function joinTokenRoutes({ enrolment }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: TOKENS,
      operationId: "listJoinTokens",
      tag: "enrolment",
      summary: "List the join tokens",
      access: { verb: "list", resource: "join-tokens" },
      answers: {
        200: { description: "The tokens, without what is secret of them", body: joinTokenListSchema },
      },
      errors: [],
      handle: () => ({ status: 200, body: { items: enrolment.joinTokens() } }),
    }),
    route({
      method: "POST",
      path: TOKENS,
      operationId: "createJoinToken",
      tag: "enrolment",
      summary: "Make a token that nodes join with by themselves",
      access: { verb: "create", resource: "join-tokens" },
      body: joinTokenRequestSchema,
      answers: { 201: { description: "The token: it is shown this once", body: newJoinTokenSchema } },
      errors: ["UNAUTHENTICATED"],
      handle: async ({ body, acting }) => ({
        status: 201,
        body: await enrolment.createJoinToken(body, acting),
      }),
    }),
    route({
      method: "POST",
      path: `${TOKENS}/{id}/revoke`,
      operationId: "revokeJoinToken",
      tag: "enrolment",
      summary: "Revoke a join token: nobody joins with it any more",
      access: { verb: "revoke", resource: "join-tokens", name: "id" },
      params: tokenParams,
      body: confirmationSchema,
      answers: { 204: { description: "It is revoked", body: null } },
      errors: ["NOT_FOUND"],
      async handle({ params, body, acting }) {
        await enrolment.revokeJoinToken(params.id, body, acting);
        return { status: 204 };
      },
    }),
  ];
}

function departureRoutes({ enrolment }: Components): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/nodes/{id}/revoke",
      operationId: "revokeNode",
      tag: "enrolment",
      summary: "Cut a member off for good",
      description:
        "Its connections end everywhere, and what it knew is changed for all others. To have it back, enrol it anew.",
      access: { verb: "revoke", resource: "nodes", name: "id" },
      params: nodeParams,
      body: revocationRequestSchema,
      answers: { 204: { description: "It is revoked", body: null } },
      errors: ["NOT_FOUND"],
      async handle({ params, body, acting }) {
        await enrolment.revoke(params.id, body, acting);
        return { status: 204 };
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/mesh/leave",
      operationId: "leaveMesh",
      tag: "enrolment",
      summary: "Have this node leave the mesh and wipe its keys",
      // To leave is to be revoked by oneself.
      access: { verb: "revoke", resource: "nodes" },
      action: "leave mesh",
      body: confirmationSchema,
      answers: { 204: { description: "It has left", body: null } },
      errors: [],
      async handle({ body, acting }) {
        await enrolment.leave(body, acting);
        return { status: 204 };
      },
    }),
  ];
}
