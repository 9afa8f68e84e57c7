import {
  busResultSchema,
  correlationIdSchema,
  emergencyStopSchema,
  errorCodeSchema,
  fencingTokenSchema,
  gpioValueSchema,
  i2cTransactionSchema,
  idempotencyKeySchema,
  nodeGpioSchema,
  observedSchema,
  renewalSchema,
  renewedSchema,
  reservationIdSchema,
  reservationRecordSchema,
  reservationRequestSchema,
  spiTransactionSchema,
  stopRequestSchema,
  timestampSchema,
  transferSchema,
} from "@pi-controller/schema";
import * as z from "zod";

/** Request method by which one node asks another one, on behalf of a user, to do something with its pins. */
export const CALL_METHOD = "gpio.call";
/** As much as the API takes for a body, and what is around it. */
export const MAX_CALL_BYTES = 80 * 1024;
/** All reservations of a node, or all that was read from a bus. */
export const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** A JWT of the user, which proves to this node alone that he asks. */
export const evidenceSchema = z.string().min(1).max(8_192);

const id = reservationIdSchema;
/** What an owner keeps at most, in hand and in line: see its limits. */
const MAX_RESERVATIONS = 4_096;
const stops = z.array(emergencyStopSchema).max(1_024);
const ownedReservation = z.object({
  record: reservationRecordSchema,
  gpio: z.int().nullable(),
  position: z.int().nullable(),
  remainingMs: z.number().nullable(),
  observed: observedSchema,
  asOf: timestampSchema,
});
const pinWrite = z.strictObject({ id, token: fencingTokenSchema, value: gpioValueSchema });
const writeResult = z.union([
  z.object({ id, observed: observedSchema }),
  z.object({ id, error: z.object({ code: errorCodeSchema, detail: z.string().max(2_048) }) }),
]);

/** What can be asked of the owner of pins, by the names of `PinOwner`: what goes there, and what comes back. */
export const ownerCalls = {
  describe: {
    arguments: z.strictObject({}),
    answer: nodeGpioSchema.omit({ node: true, nodeName: true, status: true, membership: true }),
  },
  list: {
    arguments: z.strictObject({ ids: z.array(id).max(512).nullable() }),
    answer: z.array(ownedReservation).max(MAX_RESERVATIONS),
  },
  reserve: {
    arguments: z.strictObject({ request: reservationRequestSchema.omit({ node: true }) }),
    answer: ownedReservation,
  },
  renew: { arguments: z.strictObject({ id, renewal: renewalSchema }), answer: renewedSchema },
  transfer: { arguments: z.strictObject({ id, transfer: transferSchema }), answer: ownedReservation },
  release: {
    arguments: z.strictObject({ id, token: fencingTokenSchema.nullable(), force: z.boolean() }),
    answer: z.null(),
  },
  write: {
    arguments: z.strictObject({ writes: z.array(pinWrite).min(1).max(256) }),
    answer: z.array(writeResult).max(256),
  },
  i2c: { arguments: z.strictObject({ id, transaction: i2cTransactionSchema }), answer: busResultSchema },
  spi: { arguments: z.strictObject({ id, transaction: spiTransactionSchema }), answer: busResultSchema },
  scan: {
    arguments: z.strictObject({ bus: z.int().min(0).max(99) }),
    answer: z.array(z.int().min(0).max(127)).max(128),
  },
  stop: {
    arguments: z.strictObject({ request: stopRequestSchema, ofMesh: emergencyStopSchema.nullable() }),
    answer: stops,
  },
  clear: {
    arguments: z.strictObject({ ids: z.array(z.string().min(1).max(64)).max(1_024).nullable() }),
    answer: stops,
  },
} as const satisfies Record<string, { readonly arguments: z.ZodType; readonly answer: z.ZodType }>;

export type OwnerCall = keyof typeof ownerCalls;
export type CallArguments<Name extends OwnerCall> = z.infer<(typeof ownerCalls)[Name]["arguments"]>;
export type CallAnswer<Name extends OwnerCall> = z.infer<(typeof ownerCalls)[Name]["answer"]>;

/** What is around the arguments of every call. */
export const callSchema = z.strictObject({
  operation: z.enum(Object.keys(ownerCalls) as [OwnerCall, ...OwnerCall[]]),
  /** Judged by the operation. */
  arguments: z.unknown(),
  evidence: evidenceSchema,
  correlationId: correlationIdSchema,
  idempotencyKey: idempotencyKeySchema.nullable(),
});
