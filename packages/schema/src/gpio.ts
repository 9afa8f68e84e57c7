import * as z from "zod";
import { namespaceSchema } from "./access.ts";
import { nodeIdSchema, timestampSchema } from "./primitives.ts";

/**
 * What can be reserved, as text: a pin (`GPIO18`), a device on an I2C bus (`i2c-1:0x48`), or a chip select of an SPI
 * bus (`spi-0.0`). A pin may also be written `18` or `header:12`; the owner, who knows the board, makes one of these
 * of it.
 */
export const pinTextSchema = z
  .string()
  .max(16)
  .regex(/^(GPIO)?\d{1,2}$|^header:\d{1,2}$/i, "expected a pin such as GPIO18, 18 or header:12");
export const i2cDeviceTextSchema = z
  .string()
  .regex(/^i2c-\d{1,2}:0x[0-7][0-9a-f]$/i, "expected an I2C device such as i2c-1:0x48");
export const spiDeviceTextSchema = z
  .string()
  .regex(/^spi-\d{1,2}\.\d$/i, "expected an SPI device such as spi-0.0");
export const gpioResourceTextSchema = z.union(
  [pinTextSchema, i2cDeviceTextSchema, spiDeviceTextSchema],
  "expected a pin such as GPIO18, 18 or header:12, an I2C device such as i2c-1:0x48, or an SPI device such as spi-0.0",
);

/** BCM number of a GPIO of the header: what a pin is everywhere inside. */
export const bcmSchema = z.int().min(0).max(57);

export const levelSchema = z.enum(["low", "high"]);
export type Level = z.infer<typeof levelSchema>;
export const pullSchema = z.enum(["none", "up", "down"]);
export type Pull = z.infer<typeof pullSchema>;
export const edgesSchema = z.enum(["none", "rising", "falling", "both"]);
export type Edges = z.infer<typeof edgesSchema>;

/** `low` and `high` are logical: with `activeLow` the line has the other level. */
export const inputModeSchema = z.strictObject({
  kind: z.literal("input"),
  pull: pullSchema.default("none"),
  activeLow: z.boolean().default(false),
  /** Which changes are reported as they happen. */
  edges: edgesSchema.default("none"),
  /** A level has to stand for this long to count. */
  debounceMs: z.number().min(0).max(10_000).default(0),
});
export const outputModeSchema = z.strictObject({
  kind: z.literal("output"),
  activeLow: z.boolean().default(false),
  drive: z.enum(["push-pull", "open-drain", "open-source"]).default("push-pull"),
  /** From the first moment, and after a restart unless the last value is kept. */
  initial: levelSchema.default("low"),
});
/** Hardware where the pin has a free channel, else software, which `method` can also ask for or rule out. */
export const pwmModeSchema = z.strictObject({
  kind: z.literal("pwm"),
  method: z.enum(["auto", "hardware", "software"]).default("auto"),
  frequencyHz: z.number().min(0.1).max(30_000_000).default(1_000),
  /** 0 to 1. */
  dutyCycle: z.number().min(0).max(1).default(0),
  inverted: z.boolean().default(false),
});
export const busModeSchema = z.strictObject({ kind: z.enum(["i2c", "spi"]) });
export const gpioModeSchema = z.discriminatedUnion("kind", [
  inputModeSchema,
  outputModeSchema,
  pwmModeSchema,
  busModeSchema,
]);
export type GpioMode = z.infer<typeof gpioModeSchema>;
export type InputMode = z.infer<typeof inputModeSchema>;
export type PwmMode = z.infer<typeof pwmModeSchema>;

/** What is asked of a pin that is driven. What a PWM leaves out stays as it is. */
export const gpioValueSchema = z.union(
  [
    z.strictObject({ level: levelSchema }),
    z
      .strictObject({
        dutyCycle: z.number().min(0).max(1).optional(),
        frequencyHz: z.number().min(0.1).max(30_000_000).optional(),
      })
      .refine((value) => Object.keys(value).length > 0),
  ],
  "expected a level (low or high), or a duty cycle (0 to 1), a frequency in Hz or both",
);
export type GpioValue = z.infer<typeof gpioValueSchema>;

/** What its owner makes of a pin when its lease ends. `hold`: nothing, it stays as it was. */
export const onExpireSchema = z.enum(["low", "high", "input", "hold"]);
export type OnExpire = z.infer<typeof onExpireSchema>;

/**
 * Fencing token `<bootEpoch>.<seq>`: each grant of an owner has a higher one. It is no secret; whoever writes shows
 * it, and only that of the grant that stands is good.
 * Source of the idea: M. Kleppmann, "How to do distributed locking".
 */
export const fencingTokenSchema = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})$/, "expected a fencing token such as 3.17");
export type FencingToken = z.infer<typeof fencingTokenSchema>;

/** `<first 8 hex digits of the SHA-256 of the owner's node id>-<ULID>`: any peer finds the owner by it. */
export const reservationIdSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-7][0-9A-HJKMNP-TV-Z]{25}$/, "expected the id of a reservation");
export type ReservationId = z.infer<typeof reservationIdSchema>;

export const reservationNameSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a name: 1 to 63 of a-z, 0-9 and - inside");

export const idempotencyKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{8,64}$/, "expected 8 to 64 letters, digits, dots, dashes and underscores");

/** Time that a lease can be asked for: shorter ones could not be renewed in time over a slow network. */
export const ttlMsSchema = z
  .int()
  .min(500)
  .max(30 * 24 * 3_600_000);

const terms = {
  namespace: namespaceSchema.default("default"),
  /** What people call it, as `garden-pump`. */
  name: reservationNameSchema.optional(),
  purpose: z.string().max(200).default(""),
  mode: gpioModeSchema,
  /** The lease ends unless it is renewed in this time; null: stands until it is released. */
  ttlMs: ttlMsSchema.nullable().default(60_000),
  onExpire: onExpireSchema.default("input"),
  /** No write for this long is an expiry. */
  watchdogMs: z.int().min(50).max(3_600_000).nullable().default(null),
  /** Who waits in line: higher ones first. */
  priority: z.int().min(-100).max(100).default(0),
  /** Whether somebody with a higher priority may take it away. */
  preemptible: z.boolean().default(false),
  /** What hangs on the pin takes this much, checked against the board's and the tenant's budget. */
  powerMilliwatts: z.number().min(0).max(100_000).default(0),
  /**
   * Whether what is written is kept over a restart (each write is then on the disk before it is acknowledged).
   * Without it a restart begins with `initial`. Left out: kept when there is no `ttlMs`.
   */
  keep: z.boolean().optional(),
} as const;

/** Body of `POST /api/v1/gpio`: a claim on one pin or device of one node. */
export const reservationRequestSchema = z.strictObject({
  node: nodeIdSchema,
  resource: gpioResourceTextSchema,
  ...terms,
  /** Stands in line for this long when it is taken; 0: does not wait. */
  waitMs: z.int().min(0).max(3_600_000).default(0),
  /** Takes it from a holder of lower priority that has agreed to that. */
  preempt: z.boolean().default(false),
});
export type ReservationRequest = z.infer<typeof reservationRequestSchema>;

export const holderSchema = z.object({
  userName: z.string().max(64),
  /** Null for somebody whom an OpenID provider alone knows. */
  userId: z.string().max(64).nullable(),
});
export type Holder = z.infer<typeof holderSchema>;

/**
 * What an owner granted or keeps in line: key `gpio-reservations/<id>` of its own document. One that has ended is
 * not there any more.
 */
export const reservationRecordSchema = z.object({
  id: reservationIdSchema,
  /** Canonical: `GPIO18`, `i2c-1:0x48`, `spi-0.0`. */
  resource: z.string().max(16),
  ...terms,
  keep: z.boolean(),
  holder: holderSchema,
  state: z.enum(["granted", "waiting"]),
  /** Null while it waits. */
  token: fencingTokenSchema.nullable(),
  /** When it was asked for; the order in line among equals is that of `id`. */
  requestedAt: timestampSchema,
  grantedAt: timestampSchema.nullable(),
  /** Of one that waits: when it gives up. */
  waitsUntil: timestampSchema.nullable(),
  /** When the term as granted ends; renewals go to the owner alone and are not written here. */
  expiresAt: timestampSchema.nullable(),
  /**
   * The same end, of its wait or of its term as granted, by the owner's monotonic clock in ms: good until that machine
   * is started anew, however its wall clock is set meanwhile. None for what has no end.
   */
  uptimeEnd: z.object({ bootId: z.string().max(64), endsAtMs: z.number().nonnegative() }).optional(),
  /** What was last written with `keep`; null: nothing yet, or nothing since an emergency stop. */
  desired: gpioValueSchema.nullable(),
  /** An emergency stop has come since it was granted: with nothing kept since then, a restart leaves it safe. */
  stopped: z.literal(true).optional(),
  /**
   * When the value was written that is kept, or was looked at last of those that were left while the owner was away: no
   * value that was left before counts any more.
   */
  desiredAt: timestampSchema.optional(),
  /** Finds the grant again for whoever asks twice: SHA-256 of user and key, hexadecimal. */
  requestKey: z.string().max(64).nullable(),
});
export type ReservationRecord = z.infer<typeof reservationRecordSchema>;

/** What the owner saw last at a pin. */
export const observedSchema = z.object({
  /** Logical; null for what has no level (PWM, buses). */
  level: levelSchema.nullable(),
  dutyCycle: z.number().nullable(),
  frequencyHz: z.number().nullable(),
  /** True while an emergency stop holds it in its safe state. */
  stopped: z.boolean(),
  /** Why the hardware does not do what it should, for people; null when it does. */
  fault: z.string().nullable(),
});
export type Observed = z.infer<typeof observedSchema>;

/** Why outputs are off. */
export const stopCauseSchema = z.enum(["user", "under-voltage", "over-temperature"]);
/** An emergency stop that stands: key `gpio-stops/<id>`, in the mesh document for all nodes, in its own for one. */
export const emergencyStopSchema = z.object({
  id: z.string().max(64),
  cause: stopCauseSchema,
  by: z.string().max(64),
  reason: z.string().max(200),
  since: timestampSchema,
});
export type EmergencyStop = z.infer<typeof emergencyStopSchema>;

/** What a tenant may hold at most in the whole mesh; what is left out is not limited. Key `gpio-quotas/<namespace>`. */
export const gpioQuotaSchema = z.strictObject({
  namespace: namespaceSchema,
  pins: z.int().min(0).max(100_000).optional(),
  pwm: z.int().min(0).max(100_000).optional(),
  i2cDevices: z.int().min(0).max(100_000).optional(),
  spiDevices: z.int().min(0).max(100_000).optional(),
  powerMilliwatts: z.number().min(0).max(100_000_000).optional(),
});
export type GpioQuota = z.infer<typeof gpioQuotaSchema>;

/** What nodes do by themselves: key `gpio-policy/mesh`. */
export const gpioPolicySchema = z.strictObject({
  /** What under-voltage does to outputs. */
  onUnderVoltage: z.enum(["nothing", "stop"]).default("nothing"),
  onOverTemperature: z.enum(["nothing", "stop"]).default("nothing"),
  /** Whether such a stop ends by itself when the alarm does, or stands until somebody clears it. */
  clear: z.enum(["by-hand", "with-the-alarm"]).default("by-hand"),
  /** What all that hangs on one board's pins may take; null: what its 3.3 V pins give, by the board. */
  boardMilliwatts: z.number().min(0).max(100_000).nullable().default(null),
});
export type GpioPolicy = z.infer<typeof gpioPolicySchema>;

/**
 * A value for a pin whose owner was away: key `gpio-desired/<reservation id>` of the mesh document. Signed by who
 * wrote it, since any member could write it; taken out by the owner once it has looked at it.
 */
export const desiredRecordSchema = z.object({
  id: reservationIdSchema,
  node: nodeIdSchema,
  token: fencingTokenSchema,
  value: gpioValueSchema,
  writtenAt: timestampSchema,
  /** Not applied after this. */
  applyBefore: timestampSchema,
  /** Signed by the user: see `GpioEvidence`. */
  signature: z.string().max(8_192),
});
export type DesiredRecord = z.infer<typeof desiredRecordSchema>;
