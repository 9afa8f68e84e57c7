import type { NodeUseCases } from "@pi-controller/nodes";
import { eventPageSchema, eventQuerySchema, meshViewSchema } from "@pi-controller/schema";
import { eventFilter } from "@pi-controller/telemetry";
import * as z from "zod";
import type { EventReader } from "../event-reader.ts";
import { type Route, route } from "./route.ts";

export const EVENTS_PATH = "/api/v1/events";

interface Components {
  readonly nodes: Pick<NodeUseCases, "mesh">;
  readonly events: Pick<EventReader, "query">;
  /** Prometheus' text format. */
  readonly metricsText: () => string;
  /** The OpenAPI document of all routes. */
  readonly openApi: () => unknown;
}

export function peerRoutes({ nodes, events, metricsText, openApi }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: EVENTS_PATH,
      operationId: "listEvents",
      access: { verb: "list", resource: "events" },
      tag: "events",
      summary: "List what happened, newest first; or, as a WebSocket, follow it",
      description:
        "With a WebSocket handshake, the server sends EventStreamMessage texts: `hello`, then the events after " +
        "`after` (a sequence number of the log that `log` names), then each new one. It takes the filters " +
        "`type`, `node` and `correlationId`; close codes say why it ends.",
      query: eventQuerySchema,
      answers: { 200: { description: "One page of events", body: eventPageSchema } },
      errors: [],
      handle: ({ query }) => ({ status: 200, body: events.query(eventFilter(query), query) }),
    }),
    route({
      method: "GET",
      path: "/api/v1/mesh",
      operationId: "getMesh",
      access: { verb: "get", resource: "mesh" },
      tag: "mesh",
      summary: "Show how the mesh looks from this peer",
      answers: { 200: { description: "This peer's view", body: meshViewSchema } },
      errors: [],
      handle: () => ({ status: 200, body: nodes.mesh() }),
    }),
    route({
      method: "GET",
      path: "/api/v1/openapi.json",
      operationId: "getOpenApi",
      access: "authenticated",
      tag: "peer",
      summary: "This description of the API",
      answers: {
        200: { description: "An OpenAPI 3.1 document", body: z.looseObject({ openapi: z.string() }) },
      },
      errors: [],
      handle: () => ({ status: 200, body: openApi() }),
    }),
    route({
      method: "GET",
      path: "/metrics",
      operationId: "getPrometheusMetrics",
      access: { verb: "get", resource: "metrics" },
      tag: "peer",
      summary: "Metrics of all nodes and of this process, for Prometheus",
      answers: {
        200: { description: "Text format 0.0.4", body: "text/plain; version=0.0.4; charset=utf-8" },
      },
      errors: [],
      handle: () => ({ status: 200, body: metricsText() }),
    }),
  ];
}
