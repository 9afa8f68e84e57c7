import type { Asking, GpioUseCases } from "@pi-controller/gpio";
import {
  type GpioView,
  gpioPageSchema,
  gpioQuerySchema,
  gpioViewSchema,
  nodeGpioSchema,
  releaseQuerySchema,
  renewalSchema,
  renewedSchema,
  reservationRequestSchema,
  transferSchema,
} from "@pi-controller/schema";
import type { AskedRequest } from "../access/asking.ts";
import { gpioMeanings, HARDWARE_ERRORS, IN_ITS_NAMESPACE } from "./gpio-answers.ts";
import { type Route, route } from "./route.ts";
import { nodeParams, reservationParams } from "./schemas.ts";

export const GPIO_PATH = "/api/v1/gpio";

export interface GpioRouteComponents {
  readonly gpio: GpioUseCases;
  /** @throws MeshError INVALID_ARGUMENT for an idempotency key that is none */
  readonly asking: (request: AskedRequest) => Asking;
}

/** Reservations: who holds which pin or device, from asking for it to giving it back. */
export function gpioRoutes({ gpio, asking }: GpioRouteComponents): readonly Route[] {
  return [
    route({
      method: "GET",
      path: GPIO_PATH,
      operationId: "listGpio",
      tag: "gpio",
      summary: "List the reservations of pins and devices of all nodes",
      description:
        "Those of namespaces that one may list. What is observed at a pin is asked of its owner; where that does " +
        "not answer at once its status is `unknown`.",
      access: { verb: "list", resource: "gpio", ...IN_ITS_NAMESPACE },
      query: gpioQuerySchema,
      answers: { 200: { description: "One page of reservations", body: gpioPageSchema } },
      errors: [],
      handle: async (request) => ({ status: 200, body: await gpio.list(request.query, asking(request)) }),
    }),
    route({
      method: "POST",
      path: GPIO_PATH,
      operationId: "reserveGpio",
      tag: "gpio",
      summary: "Reserve a pin, or a device on a bus, of any node",
      description:
        "The node with the pin grants it. A grant carries a token, which every later request shows; it ends by " +
        "itself unless it is renewed within `ttlMs`. Whoever has to ask again because no answer came sends the " +
        "same Idempotency-Key, and gets the very same grant.",
      access: { verb: "create", resource: "gpio", ...IN_ITS_NAMESPACE },
      body: reservationRequestSchema,
      headers: ["Idempotency-Key"],
      answers: {
        201: { description: "It is granted", body: gpioViewSchema, headers: ["Location"] },
        202: {
          description: "It is taken; the request stands in line, at `position`",
          body: gpioViewSchema,
          headers: ["Location"],
        },
      },
      errors: ["NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "DEADLINE_EXCEEDED", ...HARDWARE_ERRORS],
      meanings: gpioMeanings,
      async handle(request) {
        const { body, nameTarget } = request;
        nameTarget(`${body.resource} of ${body.node} in ${body.namespace}`);
        const view = await gpio.reserve(body, asking(request));
        nameTarget(targetOf(view));
        const location = `${GPIO_PATH}/${view.id}`;
        return { status: view.state === "granted" ? 201 : 202, body: view, headers: { location } };
      },
    }),
    route({
      method: "GET",
      path: `${GPIO_PATH}/{id}`,
      operationId: "getGpio",
      tag: "gpio",
      summary: "Show one reservation, with what its owner sees at the pin now",
      access: { verb: "get", resource: "gpio", name: "id", ...IN_ITS_NAMESPACE },
      params: reservationParams,
      answers: { 200: { description: "The reservation", body: gpioViewSchema } },
      errors: ["NOT_FOUND", "DEADLINE_EXCEEDED"],
      meanings: gpioMeanings,
      handle: async (request) => ({ status: 200, body: await gpio.get(request.params.id, asking(request)) }),
    }),
    route({
      method: "DELETE",
      path: `${GPIO_PATH}/{id}`,
      operationId: "releaseGpio",
      tag: "gpio",
      summary: "Release a reservation, or leave the line",
      description:
        "The pin goes to its `onExpire` state, then to the next in line. With `force=true` it is taken from " +
        "whoever holds it, which takes the right to revoke gpio instead of the one to delete it. What is there no more is released.",
      access: { verb: "delete", resource: "gpio", name: "id", ...IN_ITS_NAMESPACE },
      withForce: { verb: "revoke", resource: "gpio", name: "id", ...IN_ITS_NAMESPACE },
      params: reservationParams,
      query: releaseQuerySchema,
      headers: ["Idempotency-Key"],
      answers: { 204: { description: "It is released", body: null } },
      errors: ["NOT_FOUND", "ABORTED", "DEADLINE_EXCEEDED"],
      meanings: gpioMeanings,
      async handle(request) {
        await gpio.release(request.params.id, request.query, asking(request));
        return { status: 204 };
      },
    }),
    route({
      method: "POST",
      path: `${GPIO_PATH}/{id}/renew`,
      operationId: "renewGpio",
      tag: "gpio",
      summary: "Renew a lease before it ends",
      access: { verb: "update", resource: "gpio", name: "id", ...IN_ITS_NAMESPACE },
      action: "renew gpio",
      params: reservationParams,
      body: renewalSchema,
      headers: ["Idempotency-Key"],
      audit: "summed",
      answers: { 200: { description: "What is left of it now", body: renewedSchema } },
      errors: ["NOT_FOUND", "ABORTED", "DEADLINE_EXCEEDED"],
      meanings: gpioMeanings,
      handle: async (request) => ({
        status: 200,
        body: await gpio.renew(request.params.id, request.body, asking(request)),
      }),
    }),
    route({
      method: "POST",
      path: `${GPIO_PATH}/{id}/transfer`,
      operationId: "transferGpio",
      tag: "gpio",
      summary: "Hand a reservation over to another user",
      description: "The pin stays as it is. There is a new token, and the old one is good for nothing.",
      access: { verb: "update", resource: "gpio", name: "id", ...IN_ITS_NAMESPACE },
      action: "transfer gpio",
      params: reservationParams,
      body: transferSchema,
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "The reservation as its new holder has it", body: gpioViewSchema } },
      errors: ["NOT_FOUND", "ABORTED", "FAILED_PRECONDITION", "DEADLINE_EXCEEDED"],
      meanings: gpioMeanings,
      async handle(request) {
        const { params, body, nameTarget } = request;
        const view = await gpio.transfer(params.id, body, asking(request));
        nameTarget(`${targetOf(view)} to ${view.holder.userName}`);
        return { status: 200, body: view };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/nodes/{id}/gpio",
      operationId: "getNodeGpio",
      tag: "gpio",
      summary: "Show the header of a node, what its pins can do and what holds them",
      access: { verb: "get", resource: "gpio", ...IN_ITS_NAMESPACE },
      params: nodeParams,
      answers: { 200: { description: "The header and its limits", body: nodeGpioSchema } },
      errors: ["NOT_FOUND", "DEADLINE_EXCEEDED"],
      handle: async (request) => ({ status: 200, body: await gpio.node(request.params.id, asking(request)) }),
    }),
  ];
}

/** As the audit log names a reservation. */
export function targetOf({ id, resource, nodeName, namespace }: GpioView): string {
  return `${id} (${resource} of ${nodeName} in ${namespace})`;
}
