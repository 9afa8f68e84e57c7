import * as z from "zod";
import { correlationIdSchema, nodeIdSchema, ulidSchema } from "./primitives.ts";

const reservationData = z.object({
  reservation: z.string(),
  resource: z.string(),
  namespace: z.string(),
  name: z.string().nullable(),
  holder: z.string(),
});

/**
 * Every type of event with what it carries in `data`. Names are `<area>.<thing>.<what happened>`.
 *
 * `observed` ones tell what *this* peer saw of another and stay in its own log; all others happened once,
 * at one node, and are told to the whole mesh.
 */
export const eventTypes = {
  "cluster.node.added": { observed: false, data: z.object({ name: z.string(), kind: z.string() }) },
  "cluster.node.updated": {
    observed: false,
    data: z.object({ name: z.string(), changed: z.array(z.string()) }),
  },
  "cluster.node.removed": { observed: false, data: z.object({ name: z.string() }) },
  "cluster.node.started": {
    observed: false,
    data: z.object({ name: z.string(), version: z.string(), bootEpoch: z.int() }),
  },
  "cluster.node.stopping": { observed: false, data: z.object({ reason: z.string() }) },
  "cluster.node.alive": {
    observed: true,
    data: z.object({ previous: z.string(), bootEpoch: z.int(), incarnation: z.int() }),
  },
  "cluster.node.suspected": { observed: true, data: z.object({ previous: z.string(), reason: z.string() }) },
  "cluster.node.failed": { observed: true, data: z.object({ previous: z.string(), reason: z.string() }) },
  "cluster.node.left": { observed: true, data: z.object({ previous: z.string() }) },
  "security.node.admitted": {
    observed: false,
    data: z.object({ name: z.string(), by: z.string(), joinToken: z.string().nullable() }),
  },
  "security.node.revoked": {
    observed: false,
    data: z.object({ name: z.string(), by: z.string(), reason: z.string() }),
  },
  "security.node.left": { observed: false, data: z.object({ name: z.string() }) },
  "security.join-token.overused": {
    observed: true,
    data: z.object({ joinToken: z.string(), uses: z.int(), used: z.int() }),
  },
  "security.user.changed": { observed: false, data: z.object({ userName: z.string(), change: z.string() }) },
  "security.login.locked": { observed: false, data: z.object({ address: z.string(), userName: z.string() }) },
  "security.certificate.renewed": { observed: false, data: z.object({ expiresAt: z.string() }) },
  "security.clock.behind": { observed: false, data: z.object({ behindByMs: z.number() }) },
  "mesh.partition.suspected": {
    observed: true,
    data: z.object({ reachable: z.int(), unreachable: z.array(z.string()) }),
  },
  "mesh.partition.healed": { observed: true, data: z.object({ durationMs: z.number() }) },
  "hardware.temperature.high": { observed: false, data: z.object({ celsius: z.number() }) },
  "hardware.temperature.normal": { observed: false, data: z.object({ celsius: z.number() }) },
  "hardware.voltage.low": { observed: false, data: z.object({}) },
  "hardware.voltage.normal": { observed: false, data: z.object({}) },
  "gpio.reservation.granted": { observed: false, data: reservationData },
  "gpio.reservation.waiting": { observed: false, data: reservationData },
  /** `reason`: `released`, `expired`, `watchdog`, `preempted`, `forced`, `gave up waiting`, `not restored`. */
  "gpio.reservation.ended": {
    observed: false,
    data: reservationData.extend({ reason: z.string(), by: z.string() }),
  },
  "gpio.reservation.transferred": { observed: false, data: reservationData.extend({ from: z.string() }) },
  "gpio.desired.discarded": { observed: false, data: reservationData.extend({ reason: z.string() }) },
  "gpio.hardware.failed": { observed: false, data: z.object({ resource: z.string(), problem: z.string() }) },
  "gpio.stop.set": {
    observed: false,
    data: z.object({
      scope: z.enum(["mesh", "node"]),
      cause: z.string(),
      by: z.string(),
      reason: z.string(),
    }),
  },
  "gpio.stop.cleared": {
    observed: false,
    data: z.object({ scope: z.enum(["mesh", "node"]), by: z.string() }),
  },
} as const satisfies Record<string, { observed: boolean; data: z.ZodType }>;

export type EventType = keyof typeof eventTypes;
export type EventData<Type extends EventType> = z.infer<(typeof eventTypes)[Type]["data"]>;

/** Something that happened. A type this peer does not know was made by a newer one, and is kept as it is. */
export const eventSchema = z.object({
  /** Sorts by time; the same event has the same id on every peer. */
  id: ulidSchema,
  type: z
    .string()
    .max(100)
    .regex(/^[a-z]+(\.[a-z0-9-]+)+$/, "expected a type such as cluster.node.added"),
  /** When it happened, by the clock of the node where it did. */
  timestamp: z.iso.datetime(),
  /** The node whose peer made this event. */
  source: nodeIdSchema,
  /** The node that it is about. */
  node: nodeIdSchema,
  correlationId: correlationIdSchema,
  data: z.record(z.string(), z.unknown()),
});
export type MeshEvent = z.infer<typeof eventSchema>;
