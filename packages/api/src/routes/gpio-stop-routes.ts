import { stopListSchema, stopRequestSchema } from "@pi-controller/schema";
import type { GpioRouteComponents } from "./gpio-routes.ts";
import { type Route, route } from "./route.ts";
import { nodeParams } from "./schemas.ts";

/** Emergency stops. One that was made stands until somebody clears it. */
export function gpioStopRoutes({ gpio, asking }: GpioRouteComponents): readonly Route[] {
  const path = "/api/v1/gpio-stops";
  const ofNode = "/api/v1/nodes/{id}/gpio-stop";
  const meanings = {
    UNAVAILABLE: "the node cannot be reached",
    DEADLINE_EXCEEDED: "the node did not answer in time; it may have been done",
  };
  return [
    route({
      method: "GET",
      path,
      operationId: "listGpioStops",
      tag: "gpio",
      summary: "List the emergency stops that stand",
      access: { verb: "list", resource: "gpio-stops" },
      answers: { 200: { description: "Those of the mesh and those of nodes", body: stopListSchema } },
      errors: [],
      handle: (request) => ({ status: 200, body: gpio.stops(asking(request)) }),
    }),
    route({
      method: "POST",
      path,
      operationId: "stopGpio",
      tag: "gpio",
      summary: "Stop all outputs of all nodes",
      description:
        "Every output goes to its safe state and stays there until the stop is cleared and somebody writes to it " +
        "again. Nodes that cannot be reached now stop as soon as they can; `unconfirmed` names them. Needs no body.",
      access: { verb: "create", resource: "gpio-stops" },
      urgent: true,
      body: stopRequestSchema,
      bodyOptional: true,
      headers: ["Idempotency-Key"],
      answers: {
        200: { description: "What stands now, and who has not confirmed it", body: stopListSchema },
      },
      errors: ["DEADLINE_EXCEEDED"],
      meanings,
      async handle(request) {
        request.nameTarget("all nodes");
        return { status: 200, body: await gpio.stop(null, request.body, asking(request)) };
      },
    }),
    route({
      method: "DELETE",
      path,
      operationId: "clearGpioStops",
      tag: "gpio",
      summary: "Clear the emergency stop of the whole mesh",
      description: "Outputs stay safe until the next write. Stops of single nodes are cleared one by one.",
      access: { verb: "delete", resource: "gpio-stops" },
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "What still stands", body: stopListSchema } },
      errors: ["DEADLINE_EXCEEDED"],
      meanings,
      async handle(request) {
        request.nameTarget("all nodes");
        return { status: 200, body: await gpio.clear(null, asking(request)) };
      },
    }),
    route({
      method: "POST",
      path: ofNode,
      operationId: "stopNodeGpio",
      tag: "gpio",
      summary: "Stop all outputs of one node",
      description: "As for all nodes. Needs no body.",
      access: { verb: "create", resource: "gpio-stops", name: "id" },
      urgent: true,
      params: nodeParams,
      body: stopRequestSchema,
      bodyOptional: true,
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "What stands now", body: stopListSchema } },
      errors: ["NOT_FOUND", "DEADLINE_EXCEEDED"],
      meanings,
      handle: async (request) => ({
        status: 200,
        body: await gpio.stop(request.params.id, request.body, asking(request)),
      }),
    }),
    route({
      method: "DELETE",
      path: ofNode,
      operationId: "clearNodeGpioStop",
      tag: "gpio",
      summary: "Clear the emergency stop of one node",
      description:
        "Outputs stay safe until the next write, and where the whole mesh is stopped they stay so.",
      access: { verb: "delete", resource: "gpio-stops", name: "id" },
      params: nodeParams,
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "What still stands", body: stopListSchema } },
      errors: ["NOT_FOUND", "DEADLINE_EXCEEDED"],
      meanings,
      handle: async (request) => ({
        status: 200,
        body: await gpio.clear(request.params.id, asking(request)),
      }),
    }),
  ];
}
