import * as z from "zod";
import { boardSchema } from "./board.ts";
import { eventSchema } from "./event.ts";
import { membershipSchema, membershipStateSchema } from "./membership.ts";
import { metricsSampleSchema } from "./metrics.ts";
import { nodeKindSchema, nodeRecordSchema } from "./node.ts";
import {
  labelsSchema,
  multiaddrTextSchema,
  nodeIdSchema,
  nodeNameSchema,
  timestampSchema,
} from "./primitives.ts";

/**
 * A value that lives on another node. When its owner is out of reach, or the value is too old to stand for
 * now, `status` is `unknown` and `value` null; `lastValue` keeps what was heard last.
 */
export const remoteValueSchema = <Value extends z.ZodType>(value: Value) =>
  z.object({
    status: z.enum(["current", "unknown"]),
    /** When the owner had this value, by its own clock; null when nothing was ever heard. */
    asOf: timestampSchema.nullable(),
    /** How long ago this peer heard it, in ms, by this peer's own clock. */
    ageMs: z.number().nonnegative().nullable(),
    membership: membershipStateSchema,
    value: value.nullable(),
    lastValue: value.nullable(),
  });

/** A node as any peer shows it. */
export const nodeViewSchema = z.object({
  ...nodeRecordSchema.shape,
  kind: nodeKindSchema,
  /** True for the node that answers. */
  self: z.boolean(),
  membership: membershipSchema,
  /** When this peer last had a sign of life; for itself, now. Null when it never had one. */
  lastSeen: timestampSchema.nullable(),
  addresses: z.array(multiaddrTextSchema),
  apiUrls: z.array(z.string()),
  version: z.string().nullable(),
  board: boardSchema.nullable(),
  metrics: remoteValueSchema(metricsSampleSchema),
});
export type NodeView = z.infer<typeof nodeViewSchema>;

export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    /** How many match in all. */
    total: z.int().nonnegative(),
    /** Give as `cursor` to get the next page; null on the last one. */
    nextCursor: z.string().nullable(),
  });
export const nodePageSchema = pageSchema(nodeViewSchema);
export type NodePage = z.infer<typeof nodePageSchema>;

export const nodeSortFields = [
  "name",
  "state",
  "createdAt",
  "lastSeen",
  "temperature",
  "cpu",
  "memory",
] as const;

const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(256).optional(),
};

/** Query of `GET /api/v1/nodes`. */
export const nodeQuerySchema = z.strictObject({
  ...pageQuery,
  /** Membership states, separated by commas. */
  state: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(membershipStateSchema))
    .optional(),
  kind: nodeKindSchema.optional(),
  /** Part of a name. */
  name: z.string().max(63).optional(),
  /** Label selector: `key=value` or `key`, separated by commas; all must match. */
  label: z.string().max(1024).optional(),
  /** A field, with `-` in front for descending order. */
  sort: z
    .string()
    .regex(
      new RegExp(`^-?(${nodeSortFields.join("|")})$`),
      `expected one of ${nodeSortFields.join(", ")}, with - in front for descending order`,
    )
    .default("name"),
});
export type NodeQuery = z.infer<typeof nodeQuerySchema>;

/** Body of `POST /api/v1/nodes`. A peer that answers at the address joins; otherwise the machine is recorded. */
export const nodeRegistrationSchema = z.strictObject({
  /** Host name, IP address or multiaddr of the machine. */
  address: z
    .string()
    .min(1)
    .max(512)
    .regex(/^(\/[a-z0-9]+\/\S+|[A-Za-z0-9.:[\]-]+)$/, "expected a host name, an IP address or a multiaddr"),
  name: nodeNameSchema.optional(),
  labels: labelsSchema.optional(),
  macAddress: nodeRecordSchema.shape.macAddress,
});
export type NodeRegistration = z.infer<typeof nodeRegistrationSchema>;

/** Body of `PUT /api/v1/nodes/{id}`: what is left out stays as it is. */
export const nodeUpdateSchema = z
  .strictObject({ name: nodeNameSchema.optional(), labels: labelsSchema.optional() })
  .refine((update) => Object.keys(update).length > 0, "expected name, labels or both");
export type NodeUpdate = z.infer<typeof nodeUpdateSchema>;

/** Answer of `GET /api/v1/nodes/{id}/metrics`. */
export const nodeMetricsSchema = z.object({
  node: nodeIdSchema,
  last: remoteValueSchema(metricsSampleSchema),
  /** Oldest first, as far back as this peer remembers and was asked. */
  history: z.array(metricsSampleSchema),
});
export type NodeMetrics = z.infer<typeof nodeMetricsSchema>;

export const metricsQuerySchema = z.strictObject({
  /** Only samples after this moment. */
  since: timestampSchema.optional(),
  limit: z.coerce.number().int().min(0).max(2000).default(360),
});

const eventFilter = {
  /** Event types, separated by commas; `cluster.node.*` stands for all that start so. */
  type: z.string().max(1024).optional(),
  node: nodeIdSchema.optional(),
  correlationId: z.string().max(64).optional(),
};

/** Query of `GET /api/v1/events`: newest first. */
export const eventQuerySchema = z.strictObject({
  ...pageQuery,
  ...eventFilter,
  since: timestampSchema.optional(),
  until: timestampSchema.optional(),
});
export type EventQuery = z.infer<typeof eventQuerySchema>;

/** Query of the WebSocket on `/api/v1/events`. */
export const eventStreamQuerySchema = z.strictObject({
  ...eventFilter,
  /** Sequence number of the last message that the client has: what came after it is sent first. */
  after: z.coerce.number().int().nonnegative().optional(),
  /** The log that `after` counts in, as `hello` named it: in another log `after` means nothing. */
  log: z.string().max(64).optional(),
});
export type EventStreamQuery = z.infer<typeof eventStreamQuerySchema>;

export const eventPageSchema = z.object({
  items: z.array(eventSchema),
  nextCursor: z.string().nullable(),
});
export type EventPage = z.infer<typeof eventPageSchema>;

/**
 * What the server sends over the WebSocket. `sequence` counts this peer's log in the order of arrival, so
 * that an event that comes late from a far node is not skipped on resume.
 */
export const eventStreamMessageSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("hello"),
    node: nodeIdSchema,
    /** Names this log: a sequence number means nothing in another one. */
    log: z.string(),
    /** The newest sequence number in the log. */
    sequence: z.int(),
    /** True when events after `after` are gone from the log, or `after` is not of this log. */
    gap: z.boolean(),
  }),
  z.object({ kind: z.literal("event"), sequence: z.int(), event: eventSchema }),
  /** The client reads too slowly: this many events were left out. */
  z.object({ kind: z.literal("dropped"), count: z.int() }),
  /**
   * Sent when there was nothing else to send for a while: browsers do not see the protocol's own pings. All
   * that matches up to `sequence` has been sent, so that a rare filter resumes from there too.
   */
  z.object({ kind: z.literal("heartbeat"), sequence: z.int() }),
]);
export type EventStreamMessage = z.infer<typeof eventStreamMessageSchema>;

/** Answer of `GET /healthz` (with status 503 when not `live`) and of `GET /readyz` (when not `ready`). */
export const healthSchema = z.object({
  /** False when only a restart helps. */
  live: z.boolean(),
  /** False while the peer starts or stops, or cannot do its work. */
  ready: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      /** What was looked at and found, for people. */
      detail: z.string(),
    }),
  ),
});
export type Health = z.infer<typeof healthSchema>;

/** Answer of `GET /api/v1/mesh`: how the mesh looks from this peer. */
export const meshViewSchema = z.object({
  node: nodeIdSchema,
  name: nodeNameSchema,
  version: z.string(),
  bootEpoch: z.int(),
  startedAt: timestampSchema,
  asOf: timestampSchema,
  addresses: z.array(multiaddrTextSchema),
  counts: z.record(membershipStateSchema, z.int()),
  /** Set while this peer cannot reach members that it knew, several at once. */
  partition: z.object({ since: timestampSchema, unreachable: z.array(nodeIdSchema) }).nullable(),
  connections: z.array(
    z.object({
      node: nodeIdSchema,
      address: z.string(),
      direction: z.enum(["inbound", "outbound"]),
      roundTripMs: z.number().nullable(),
      openedAt: timestampSchema,
    }),
  ),
  discovery: z.array(
    z.object({
      interface: z.string(),
      address: z.string(),
      status: z.enum(["active", "failed"]),
      reason: z.string(),
    }),
  ),
  document: z.object({
    /** Of the mesh document, on this peer's disk. */
    meshBytes: z.int(),
    /** Of all node documents. */
    nodeBytes: z.int(),
    documents: z.int(),
    /** Whether there was an exchange with another peer since this one started. */
    synced: z.boolean(),
    /** Why writes are refused at the moment, as when the disk is full; null while they are taken. */
    refusal: z.string().nullable(),
  }),
  localHealth: z.int(),
});
export type MeshView = z.infer<typeof meshViewSchema>;
