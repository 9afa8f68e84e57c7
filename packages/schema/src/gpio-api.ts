import * as z from "zod";
import { namespaceSchema, userNameSchema } from "./access.ts";
import { pageSchema, remoteValueSchema } from "./api.ts";
import {
  desiredRecordSchema,
  emergencyStopSchema,
  fencingTokenSchema,
  gpioPolicySchema,
  gpioQuotaSchema,
  gpioResourceTextSchema,
  gpioValueSchema,
  levelSchema,
  observedSchema,
  reservationIdSchema,
  reservationRecordSchema,
  ttlMsSchema,
} from "./gpio.ts";
import { membershipStateSchema } from "./membership.ts";
import { nodeIdSchema, timestampSchema } from "./primitives.ts";

/** A reservation as any peer shows it. */
export const gpioViewSchema = z.object({
  ...reservationRecordSchema.omit({ requestKey: true }).shape,
  node: nodeIdSchema,
  nodeName: z.string(),
  /** BCM number of a pin; null for a device on a bus. */
  gpio: z.int().nullable(),
  /** Place in line from 1; null when it holds. */
  position: z.int().nullable(),
  /** What is left of the lease, by the owner's clock when it answered; null: until released, or not known here. */
  remainingMs: z.number().nullable(),
  observed: remoteValueSchema(observedSchema),
  /** Written while the owner was away and not yet looked at by it. */
  pending: desiredRecordSchema.omit({ signature: true, id: true, node: true }).nullable(),
});
export type GpioView = z.infer<typeof gpioViewSchema>;

export const gpioQuerySchema = z.strictObject({
  node: nodeIdSchema.optional(),
  namespace: namespaceSchema.optional(),
  resource: gpioResourceTextSchema.optional(),
  name: z.string().max(63).optional(),
  state: z.enum(["granted", "waiting"]).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(256).optional(),
});
export type GpioQuery = z.infer<typeof gpioQuerySchema>;
export const gpioPageSchema = pageSchema(gpioViewSchema);
export type GpioPage = z.infer<typeof gpioPageSchema>;

/** Body of `PUT /api/v1/gpio/{id}`. */
export const gpioWriteSchema = z.strictObject({
  token: fencingTokenSchema,
  value: gpioValueSchema,
  /** When the owner is away: keeps the value for it for this long. Without it that is UNAVAILABLE. */
  applyWithinMs: z
    .int()
    .min(1_000)
    .max(7 * 24 * 3_600_000)
    .optional(),
});
export type GpioWrite = z.infer<typeof gpioWriteSchema>;

/** Body of `POST /api/v1/gpio/{id}/renew`; without `ttlMs` the term stays what it was. */
export const renewalSchema = z.strictObject({ token: fencingTokenSchema, ttlMs: ttlMsSchema.optional() });
export type Renewal = z.infer<typeof renewalSchema>;
export const renewedSchema = z.object({
  id: reservationIdSchema,
  token: fencingTokenSchema,
  remainingMs: z.number().nullable(),
});
export type Renewed = z.infer<typeof renewedSchema>;

/** Body of `POST /api/v1/gpio/{id}/transfer`: the pin stays as it is, the old token is good for nothing. */
export const transferSchema = z.strictObject({
  token: fencingTokenSchema,
  /** Who holds it from now on. */
  to: userNameSchema,
  purpose: z.string().max(200).optional(),
});
export type Transfer = z.infer<typeof transferSchema>;

/** Query of `DELETE /api/v1/gpio/{id}`. */
export const releaseQuerySchema = z.strictObject({
  /** Not needed by one who gives up his place in line. */
  token: fencingTokenSchema.optional(),
  /** Takes it from whoever holds it: needs the right to revoke. */
  force: z.enum(["true", "false"]).optional(),
});
export type ReleaseQuery = z.infer<typeof releaseQuerySchema>;

/** Body of `POST /api/v1/gpio/batch`. */
export const gpioBatchSchema = z.strictObject({
  writes: z
    .array(z.strictObject({ id: reservationIdSchema, token: fencingTokenSchema, value: gpioValueSchema }))
    .min(1)
    .max(256),
});
export type GpioBatch = z.infer<typeof gpioBatchSchema>;
/** One result for each write, in their order. Those to one node are made together, others not. */
export const gpioBatchResultSchema = z.object({
  results: z.array(
    z.object({
      id: reservationIdSchema,
      ok: z.boolean(),
      /** Set when it was made. */
      observed: observedSchema.nullable(),
      /** Set when it was not: code and reason as of a request of its own. */
      error: z.object({ code: z.string(), detail: z.string() }).nullable(),
    }),
  ),
});
export type GpioBatchResult = z.infer<typeof gpioBatchResultSchema>;

const bytes = (most: number) => z.array(z.int().min(0).max(255)).min(1).max(most);
const register = z.int().min(0).max(255);
/** One step of an I2C transaction; blocks as in SMBus: 32 bytes (System Management Bus Specification 3.2, 6.5.7). */
export const i2cOperationSchema = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("write"), bytes: bytes(4_096) }),
  z.strictObject({ op: z.literal("read"), length: z.int().min(1).max(4_096) }),
  z.strictObject({ op: z.literal("write-register"), register, bytes: bytes(32) }),
  z.strictObject({ op: z.literal("read-register"), register, length: z.int().min(1).max(32).default(1) }),
]);
export type I2cOperation = z.infer<typeof i2cOperationSchema>;
/** Body of `POST /api/v1/gpio/{id}/i2c`: done in order, with nobody else on the bus in between. */
export const i2cTransactionSchema = z.strictObject({
  token: fencingTokenSchema,
  operations: z.array(i2cOperationSchema).min(1).max(64),
});
export type I2cTransaction = z.infer<typeof i2cTransactionSchema>;
/** What was read, one entry an operation; null for a write. */
export const busResultSchema = z.object({ results: z.array(z.array(z.int()).nullable()) });
export type BusResult = z.infer<typeof busResultSchema>;

/** Body of `POST /api/v1/gpio/{id}/spi`: the chip stays selected over all transfers. */
export const spiTransactionSchema = z.strictObject({
  token: fencingTokenSchema,
  mode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).default(0),
  speedHz: z.int().min(1_000).max(125_000_000).default(500_000),
  bitsPerWord: z.literal([8, 16]).default(8),
  transfers: z
    .array(z.strictObject({ bytes: bytes(4_096) }))
    .min(1)
    .max(64),
});
export type SpiTransaction = z.infer<typeof spiTransactionSchema>;

export const i2cScanSchema = z.object({
  node: nodeIdSchema,
  bus: z.int(),
  /** Addresses that answered, 0x03 to 0x77. */
  addresses: z.array(z.int()),
  asOf: timestampSchema,
});
export type I2cScan = z.infer<typeof i2cScanSchema>;

export const pinFunctionSchema = z.object({
  /** As `SDA1`, `PWM0`, `TXD0`. */
  name: z.string(),
  /** `alt0` to `alt8`. */
  alternative: z.string(),
});

/** One place of the header. */
export const headerPinSchema = z.object({
  position: z.int().min(1).max(40),
  kind: z.enum(["gpio", "3v3", "5v", "ground"]),
  gpio: z.int().nullable(),
  functions: z.array(pinFunctionSchema),
  /** Why nobody may reserve it, for people; null when it can be reserved. */
  reservedFor: z.string().nullable(),
  /** What the board itself has on the pin, for people, as `a resistor of 1.8 kΩ to 3.3 V`; left out: nothing. */
  wiredTo: z.string().optional(),
  /** What it carries on this node at the moment, as `i2c-1` or `uart-0`; null: nothing but itself. */
  bus: z.string().nullable(),
  reservation: reservationIdSchema.nullable(),
});
export const gpioDriverKindSchema = z.enum(["gpiod", "pigpio", "simulated", "none"]);
export const pwmChannelSchema = z.object({
  gpio: z.int(),
  method: z.enum(["hardware", "software"]),
  /** Pins with one channel share frequency and duty cycle. */
  channel: z.string(),
  minFrequencyHz: z.number(),
  maxFrequencyHz: z.number(),
  /** True: the machine gave the pin to PWM when it started. It is no input or output, and safe by being low or high. */
  fixedFunction: z.boolean().optional(),
});
/** Answer of `GET /api/v1/nodes/{id}/gpio`: what one node can and what holds it. */
export const nodeGpioSchema = z.object({
  node: nodeIdSchema,
  nodeName: z.string(),
  /** `unknown`: the owner does not answer; what follows is what it wrote down last. */
  status: z.enum(["current", "unknown"]),
  membership: membershipStateSchema,
  asOf: timestampSchema,
  driver: gpioDriverKindSchema,
  /** Why there is no GPIO, and what would change that, for people; null when there is. */
  problem: z.string().nullable(),
  header: z.array(headerPinSchema),
  /** What of the header is not certain, for people, as on a carrier board of one's own. */
  note: z.string().optional(),
  pwm: z.array(pwmChannelSchema),
  i2cBuses: z.array(z.int()),
  spiDevices: z.array(z.string()),
  limits: z.object({
    /** Of one pin and of all together, in mA, with the document that says so. */
    pinMilliamperes: z.number(),
    totalMilliamperes: z.number().nullable(),
    boardMilliwatts: z.number().nullable(),
    source: z.string(),
  }),
  stops: z.array(emergencyStopSchema),
});
export type NodeGpio = z.infer<typeof nodeGpioSchema>;
export type HeaderPin = z.infer<typeof headerPinSchema>;

/** Body of the requests that stop. */
export const stopRequestSchema = z.strictObject({ reason: z.string().max(200).default("") });
export type StopRequest = z.infer<typeof stopRequestSchema>;
/** Answer of `GET /api/v1/gpio-stops`, and of stopping and clearing. */
export const stopListSchema = z.object({
  mesh: z.array(emergencyStopSchema),
  nodes: z.array(z.object({ node: nodeIdSchema, nodeName: z.string(), stops: z.array(emergencyStopSchema) })),
  /** After a mesh-wide stop: who has not confirmed it; they hear of it as soon as they can be reached. */
  unconfirmed: z.array(nodeIdSchema),
});
export type StopList = z.infer<typeof stopListSchema>;

export const gpioQuotaViewSchema = z.object({
  ...gpioQuotaSchema.shape,
  /** What the tenant holds now, as far as this peer knows. */
  used: z.object({
    pins: z.int(),
    pwm: z.int(),
    i2cDevices: z.int(),
    spiDevices: z.int(),
    powerMilliwatts: z.number(),
  }),
});
export type GpioQuotaView = z.infer<typeof gpioQuotaViewSchema>;
export const gpioQuotaListSchema = z.object({ items: z.array(gpioQuotaViewSchema) });
export const gpioQuotaBodySchema = gpioQuotaSchema.omit({ namespace: true });
export const gpioPolicyBodySchema = gpioPolicySchema;

/** A change at a pin, as a stream tells it. */
export const gpioChangeSchema = z.object({
  type: z.literal("gpio.state.changed"),
  node: nodeIdSchema,
  /** Null for a pin that nobody holds. */
  reservation: reservationIdSchema.nullable(),
  namespace: z.string().nullable(),
  name: z.string().nullable(),
  gpio: z.int(),
  /** `edge`: the kernel saw it; `write`: somebody drove it; `safe`: its lease ended, or it was stopped. */
  cause: z.enum(["edge", "write", "safe"]),
  level: levelSchema.nullable(),
  dutyCycle: z.number().nullable(),
  /** By the owner's wall clock, when it heard of it. */
  timestamp: timestampSchema,
  /** When the kernel saw the edge: ns of the owner's monotonic clock, as decimal digits; null for what is no edge. */
  kernelTimestampNs: z.string().regex(/^\d+$/).nullable(),
});
export type GpioChange = z.infer<typeof gpioChangeSchema>;

export const gpioStreamQuerySchema = z.strictObject({
  /** Left out: of this node. */
  node: nodeIdSchema.optional(),
  namespace: namespaceSchema.optional(),
  /** Reservations, separated by commas. */
  id: z.string().max(4_096).optional(),
});
export type GpioStreamQuery = z.infer<typeof gpioStreamQuerySchema>;
/** What the server sends over the WebSocket on `/api/v1/gpio/changes`. */
export const gpioStreamMessageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hello"), node: nodeIdSchema }),
  z.object({
    kind: z.literal("changes"),
    changes: z.array(gpioChangeSchema),
    /** Older changes that were left out because reader, link or kernel was too slow; the last level of each pin is told. */
    coalesced: z.int(),
  }),
  /** The node is out of reach (true), or answers again. What happened in between counts as coalesced, if it can be counted. */
  z.object({ kind: z.literal("interrupted"), interrupted: z.boolean(), reason: z.string() }),
  z.object({ kind: z.literal("heartbeat") }),
]);
export type GpioStreamMessage = z.infer<typeof gpioStreamMessageSchema>;
