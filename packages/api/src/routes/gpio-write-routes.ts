import {
  busResultSchema,
  type GpioBatchResult,
  gpioBatchResultSchema,
  gpioBatchSchema,
  gpioViewSchema,
  gpioWriteSchema,
  i2cScanSchema,
  i2cTransactionSchema,
  MeshError,
  spiTransactionSchema,
} from "@pi-controller/schema";
import { gpioMeanings, HARDWARE_ERRORS, IN_ITS_NAMESPACE } from "./gpio-answers.ts";
import { GPIO_PATH, type GpioRouteComponents, targetOf } from "./gpio-routes.ts";
import { type Route, route } from "./route.ts";
import { busParams, reservationParams } from "./schemas.ts";

/** Driving what one holds: pins, PWM, devices on buses. */
export function gpioWriteRoutes({ gpio, asking }: GpioRouteComponents): readonly Route[] {
  const writeErrors = [
    "NOT_FOUND",
    "ABORTED",
    "FAILED_PRECONDITION",
    "DEADLINE_EXCEEDED",
    ...HARDWARE_ERRORS,
  ] as const;
  const updates = { verb: "update", resource: "gpio", name: "id", ...IN_ITS_NAMESPACE } as const;
  /** With a device on a bus. */
  const transaction = {
    method: "POST",
    tag: "gpio",
    access: updates,
    params: reservationParams,
    headers: ["Idempotency-Key"],
    audit: "summed",
    errors: writeErrors,
    meanings: gpioMeanings,
  } as const;
  return [
    route({
      method: "PUT",
      path: `${GPIO_PATH}/{id}`,
      operationId: "writeGpio",
      tag: "gpio",
      summary: "Set the level of a pin, or its PWM",
      description:
        "The owner of the pin looks at the token at the moment of the write. While the owner is away the value is " +
        "kept for it when `applyWithinMs` says for how long: it is written when the owner returns and the lease " +
        "still stands.",
      access: updates,
      params: reservationParams,
      body: gpioWriteSchema,
      headers: ["Idempotency-Key"],
      audit: "summed",
      answers: {
        200: { description: "It is written; `observed` is what the pin does now", body: gpioViewSchema },
        202: { description: "The owner is away, and will see it when it returns", body: gpioViewSchema },
      },
      errors: writeErrors,
      meanings: gpioMeanings,
      async handle(request) {
        const { params, body, nameTarget } = request;
        const view = await gpio.write(params.id, body, asking(request));
        nameTarget(targetOf(view));
        return { status: view.pending === null ? 200 : 202, body: view };
      },
    }),
    route({
      method: "POST",
      path: `${GPIO_PATH}/batch`,
      operationId: "writeGpioBatch",
      tag: "gpio",
      summary: "Write to many pins of many nodes at once",
      description:
        "Each write has a result of its own, in the order of the request: some may be made and others not. Those " +
        "to one node are made together.",
      access: { verb: "update", resource: "gpio", ...IN_ITS_NAMESPACE },
      action: "update gpio in a batch",
      body: gpioBatchSchema,
      headers: ["Idempotency-Key"],
      audit: "summed",
      answers: { 200: { description: "What became of each write", body: gpioBatchResultSchema } },
      errors: ["DEADLINE_EXCEEDED"],
      meanings: gpioMeanings,
      async handle(request) {
        const result = await gpio.batch(request.body, asking(request));
        request.nameTarget(ownersOf(result));
        const refused = refusalIn(result);
        return { status: 200, body: result, ...(refused === undefined ? {} : { failure: refused }) };
      },
    }),
    route({
      ...transaction,
      path: `${GPIO_PATH}/{id}/i2c`,
      operationId: "transferI2c",
      summary: "Read from and write to a reserved device on an I2C bus",
      description: "All steps are done in their order, with nobody else on the bus in between.",
      action: "update gpio over i2c",
      body: i2cTransactionSchema,
      answers: {
        200: { description: "What was read, step by step; null for a write", body: busResultSchema },
      },
      handle: async (request) => ({
        status: 200,
        body: await gpio.i2c(request.params.id, request.body, asking(request)),
      }),
    }),
    route({
      ...transaction,
      path: `${GPIO_PATH}/{id}/spi`,
      operationId: "transferSpi",
      summary: "Exchange bytes with a reserved device on an SPI bus",
      description: "The chip stays selected over all transfers.",
      action: "update gpio over spi",
      body: spiTransactionSchema,
      answers: { 200: { description: "What came back, transfer by transfer", body: busResultSchema } },
      handle: async (request) => ({
        status: 200,
        body: await gpio.spi(request.params.id, request.body, asking(request)),
      }),
    }),
    route({
      method: "POST",
      path: "/api/v1/nodes/{id}/i2c/{bus}/scan",
      operationId: "scanI2c",
      tag: "gpio",
      summary: "Look for devices on an I2C bus of a node",
      description:
        "It speaks to every address, which some devices take for a command: it takes the right to reserve.",
      access: { verb: "create", resource: "gpio", ...IN_ITS_NAMESPACE },
      action: "scan i2c",
      params: busParams,
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "The addresses that answered", body: i2cScanSchema } },
      errors: ["NOT_FOUND", "FAILED_PRECONDITION", "DEADLINE_EXCEEDED", ...HARDWARE_ERRORS],
      meanings: gpioMeanings,
      handle: async (request) => ({
        status: 200,
        body: await gpio.scan(request.params.id, request.params.bus, asking(request)),
      }),
    }),
  ];
}

/** What was refused to somebody is in the audit log, whatever else was done for him in the same request. */
function refusalIn({ results }: GpioBatchResult): MeshError | undefined {
  const refused = results.find(({ error }) => error?.code === "PERMISSION_DENIED");
  return refused && new MeshError("PERMISSION_DENIED", `It may not write to ${refused.id}`);
}

const MAX_NAMED = 8;

/** Whose pins were written: the nodes, as ids of reservations begin with them. */
function ownersOf({ results }: GpioBatchResult): string {
  const written = results.filter(({ ok }) => ok);
  if (written.length === 0) return "no pin";
  const owners = [...new Set(written.map(({ id }) => id.slice(0, 8)))].sort();
  const more = owners.length - MAX_NAMED;
  return `pins of ${owners.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more nodes` : ""}`;
}
