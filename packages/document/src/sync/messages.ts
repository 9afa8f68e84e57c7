import { nodeIdSchema } from "@pi-controller/schema";
import * as z from "zod";
import { epochSchema, guidSchema } from "../names.ts";

/** Method of requests. */
export const SYNC_METHOD = "document.sync";
/** Topic of gossip. */
export const UPDATE_TOPIC = "document";

/** Node documents are compared in this many groups, so that what is in sync costs about a kilobyte in all. */
export const BUCKETS = 64;
/** Documents asked for in one request. */
export const MAX_FETCH = 256;
/** Answers stop growing here; what is left is asked for again. One document may be larger. */
export const FETCH_BUDGET_BYTES = 4 * 1024 * 1024;

const digestSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** One node document as somebody holds it. */
export const holdingSchema = z.object({ node: nodeIdSchema, guid: guidSchema, digest: digestSchema });
export type Holding = z.infer<typeof holdingSchema>;

/** Which document: the mesh document, or a generation of a node's. */
export const documentNameSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("mesh") }),
  z.object({ kind: z.literal("node"), node: nodeIdSchema, guid: guidSchema }),
]);
export type DocumentName = z.infer<typeof documentNameSchema>;

export const syncRequestSchema = z.discriminatedUnion("kind", [
  /** "This is what I hold: what do you hold that differs?" */
  z.object({
    kind: z.literal("compare"),
    mesh: digestSchema,
    buckets: z.array(digestSchema).length(BUCKETS),
  }),
  /** "Give me what I lack": one part a document, its state vector, or nothing for all of it. */
  z.object({ kind: z.literal("fetch"), documents: z.array(documentNameSchema).min(1).max(MAX_FETCH) }),
]);
export type SyncRequest = z.infer<typeof syncRequestSchema>;

export const compareAnswerSchema = z.object({
  meshDiffers: z.boolean(),
  /** What is held in the groups that differ. */
  holdings: z.array(holdingSchema).max(100_000),
});

export const fetchAnswerSchema = z.object({
  /** Whether each of the first documents asked for is held; one part for each that is. */
  held: z.array(z.boolean()).min(1).max(MAX_FETCH),
});

/** Header of a gossiped update. The only part is the update; none when it is too large: then fetch it. */
export const updateHeaderSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("mesh"),
    /** With the sender's id it gives the client id that all of the update must be of. */
    epoch: epochSchema,
  }),
  /** Of the sender's own document. */
  z.object({ kind: z.literal("node"), guid: guidSchema }),
]);
export type UpdateHeader = z.infer<typeof updateHeaderSchema>;
