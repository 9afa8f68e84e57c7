import { MeshError, nodeIdSchema, parseInput } from "@pi-controller/schema";
import * as z from "zod";
import { decodeJson } from "../json-payload.ts";
import { VERSION_LIMIT } from "./member.ts";
import { VIEW_BUCKETS } from "./view-digest.ts";

/** A probe with all the news it may carry is far smaller. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** A view of the largest mesh. */
export const MAX_VIEW_BYTES = 2 * 1024 * 1024;
const MAX_UPDATES = 64;
const MAX_VIEW_UPDATES = 5_000;
const MAX_SILENCE_MS = 365 * 24 * 3_600_000;
const MAX_HELPER_TIMEOUT_MS = 10_000;

/** 64 bytes in base64url. */
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

const versionNumber = z
  .int()
  .nonnegative()
  .max(VERSION_LIMIT - 1);
const version = {
  bootEpoch: versionNumber,
  incarnation: versionNumber,
  signature: z.string().regex(SIGNATURE, "expected a signature of 64 bytes in base64url"),
};

const updateSchema = z.object({
  id: nodeIdSchema,
  state: z.enum(["alive", "suspect", "dead", "left"]),
  ...version,
  by: nodeIdSchema.optional(),
  silentForMs: z.number().nonnegative().max(MAX_SILENCE_MS).optional(),
});

const reportSchema = z.object({ state: z.enum(["alive", "left"]), ...version });

/** Probes and their answers: what the sender is, and news. */
export const probeSchema = z.object({
  report: reportSchema,
  updates: z.array(updateSchema).max(MAX_UPDATES),
});

const digestSchema = z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hexadecimal digits");

/** Asks whether two peers believe the same of all others. */
export const compareSchema = z.object({ report: reportSchema, digest: digestSchema });

/** A digest of each group of members when they do not; null when they do. */
export const compareAnswerSchema = z.object({
  report: reportSchema,
  buckets: z.array(digestSchema).length(VIEW_BUCKETS).nullable(),
});

/** What is believed of the members of the groups that differ. */
export const viewSchema = z.object({
  report: reportSchema,
  updates: z.array(updateSchema).max(MAX_VIEW_UPDATES),
});

/** The same, and which groups: the answer is of these. */
export const syncSchema = viewSchema.extend({
  buckets: z
    .array(
      z
        .int()
        .nonnegative()
        .max(VIEW_BUCKETS - 1),
    )
    .max(VIEW_BUCKETS),
});

/** Broadcast. */
export const newsSchema = z.object({ updates: z.array(updateSchema).min(1).max(MAX_UPDATES) });

/** Asks a helper to probe somebody. */
export const helpRequestSchema = z.object({
  target: nodeIdSchema,
  /** The helper gives up then, and says so. */
  timeoutMs: z.number().positive().max(MAX_HELPER_TIMEOUT_MS),
});

/** What the target said to the helper; null when it did not answer. */
export const helpAnswerSchema = z.object({ report: reportSchema.nullable() });

/**
 * Reads a message from another peer.
 *
 * @throws MeshError INVALID_ARGUMENT when it is too large, no JSON or not of this form
 */
export function decode<Schema extends z.ZodType>(
  schema: Schema,
  payload: Uint8Array,
  maximumBytes = MAX_MESSAGE_BYTES,
): z.infer<Schema> {
  if (payload.byteLength > maximumBytes) {
    throw new MeshError(
      "INVALID_ARGUMENT",
      `A membership message of ${payload.byteLength} bytes is too large`,
    );
  }
  const message = decodeJson(payload);
  if (message === undefined) {
    throw new MeshError("INVALID_ARGUMENT", "A membership message is not JSON in UTF-8");
  }
  return parseInput(schema, message, "membership message");
}
