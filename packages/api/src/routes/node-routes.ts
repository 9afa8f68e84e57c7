import type { NodeUseCases, Revised } from "@pi-controller/nodes";
import {
  metricsQuerySchema,
  type NodeView,
  nodeMetricsSchema,
  nodePageSchema,
  nodeQuerySchema,
  nodeRegistrationSchema,
  nodeUpdateSchema,
  nodeViewSchema,
} from "@pi-controller/schema";
import { clientHas, entityTag, revisionOfIfMatch } from "../http/entity-tag.ts";
import { type Route, type RouteAnswer, route } from "./route.ts";
import { nodeParams } from "./schemas.ts";

const path = "/api/v1/nodes";

/** Admission and revocation have routes of their own, and reach the roster through the use cases of enrolment. */
export type ServedNodes = Omit<NodeUseCases, "admit" | "forget">;

export function nodeRoutes(nodes: Omit<ServedNodes, "mesh">): readonly Route[] {
  return [
    route({
      method: "GET",
      path,
      operationId: "listNodes",
      access: { verb: "list", resource: "nodes" },
      tag: "nodes",
      summary: "List the nodes that this peer knows, alive or not",
      query: nodeQuerySchema,
      answers: { 200: { description: "One page of nodes", body: nodePageSchema } },
      errors: [],
      handle: ({ query }) => ({ status: 200, body: nodes.list(query) }),
    }),
    route({
      method: "POST",
      path,
      operationId: "registerNode",
      access: { verb: "create", resource: "nodes" },
      tag: "nodes",
      summary: "Add a node by its address",
      description:
        "A peer that answers at the address joins the mesh; otherwise the machine is recorded, to be set up later.",
      body: nodeRegistrationSchema,
      answers: {
        201: { description: "The node was added", body: nodeViewSchema, headers: ["ETag", "Location"] },
        200: {
          description: "The node was known already",
          body: nodeViewSchema,
          headers: ["ETag", "Location"],
        },
      },
      errors: ["ALREADY_EXISTS", "UNAVAILABLE"],
      async handle({ body, context }) {
        const registered = await nodes.register(body, context);
        const location = `${path}/${registered.value.id}`;
        return answerOf(registered, registered.created ? 201 : 200, { location });
      },
    }),
    route({
      method: "GET",
      path: `${path}/{id}`,
      operationId: "getNode",
      access: { verb: "get", resource: "nodes", name: "id" },
      tag: "nodes",
      summary: "Show one node",
      description:
        "The entity tag is the revision of the node's record, that is of what a PUT can change; measured values " +
        "and the membership change without it, and 304 says nothing of them.",
      params: nodeParams,
      headers: ["If-None-Match"],
      answers: {
        200: { description: "The node", body: nodeViewSchema, headers: ["ETag"] },
        304: { description: "The record is the one that the client has", body: null, headers: ["ETag"] },
      },
      errors: ["NOT_FOUND"],
      handle({ params, ifNoneMatch }) {
        const node = nodes.get(params.id);
        if (!clientHas(ifNoneMatch, node.revision)) return answerOf(node, 200);
        return { status: 304, headers: { etag: entityTag(node.revision) } };
      },
    }),
    route({
      method: "PUT",
      path: `${path}/{id}`,
      operationId: "updateNode",
      access: { verb: "update", resource: "nodes", name: "id" },
      tag: "nodes",
      summary: "Change the name or the labels of a node",
      description: "What is left out stays as it is.",
      params: nodeParams,
      body: nodeUpdateSchema,
      headers: ["If-Match"],
      answers: { 200: { description: "The changed node", body: nodeViewSchema, headers: ["ETag"] } },
      errors: ["NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION"],
      async handle({ params, body, ifMatch, context }) {
        return answerOf(await nodes.update(params.id, body, revisionOfIfMatch(ifMatch), context), 200);
      },
    }),
    route({
      method: "DELETE",
      path: `${path}/{id}`,
      operationId: "removeNode",
      access: { verb: "delete", resource: "nodes", name: "id" },
      tag: "nodes",
      summary: "Remove a node that is gone, reachable or not",
      params: nodeParams,
      headers: ["If-Match"],
      answers: { 204: { description: "The node is removed", body: null } },
      errors: ["NOT_FOUND", "FAILED_PRECONDITION"],
      async handle({ params, ifMatch, context }) {
        await nodes.remove(params.id, revisionOfIfMatch(ifMatch), context);
        return { status: 204 };
      },
    }),
    route({
      method: "GET",
      path: `${path}/{id}/metrics`,
      operationId: "getNodeMetrics",
      access: { verb: "get", resource: "metrics", name: "id" },
      tag: "nodes",
      summary: "Show what a node measured: the last sample and a short history",
      params: nodeParams,
      query: metricsQuerySchema,
      answers: { 200: { description: "The metrics", body: nodeMetricsSchema } },
      errors: ["NOT_FOUND"],
      handle: ({ params, query }) => ({ status: 200, body: nodes.metrics(params.id, query) }),
    }),
  ];
}

function answerOf(
  node: Revised<NodeView>,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): RouteAnswer {
  return { status, body: node.value, headers: { etag: entityTag(node.revision), ...headers } };
}
