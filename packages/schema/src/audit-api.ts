import * as z from "zod";
import { nodeIdSchema, timestampSchema } from "./primitives.ts";

export const auditRecordSchema = z.object({
  /** Counts this node's audit log from 1, without holes. */
  sequence: z.int(),
  at: timestampSchema,
  node: nodeIdSchema,
  /** Who: a user's name, `anonymous`, or the id of a node that asked by itself. */
  actor: z.string(),
  /** The user id, when there is one. */
  userId: z.string().nullable(),
  via: z.string(),
  /** From which address. */
  address: z.string(),
  /** As `create join-tokens`, `login`, or method and route. */
  action: z.string(),
  /** What it was done to. */
  target: z.string(),
  outcome: z.enum(["allowed", "denied", "failed"]),
  /** Status or reason, for people. */
  detail: z.string(),
  correlationId: z.string(),
  /** SHA-256 over the hash of the record before and this one, in hexadecimal digits. */
  hash: z.string(),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;
export const auditPageSchema = z.object({
  node: nodeIdSchema,
  items: z.array(auditRecordSchema),
  nextCursor: z.string().nullable(),
  /** Whether the chain of hashes was found whole when it was last checked, and since where it is kept. */
  chain: z.object({ intact: z.boolean(), firstSequence: z.int(), detail: z.string() }),
});
export type AuditPage = z.infer<typeof auditPageSchema>;
export const auditQuerySchema = z.strictObject({
  /** Whose log; this peer's own when left out. */
  node: nodeIdSchema.optional(),
  actor: z.string().max(64).optional(),
  outcome: z.enum(["allowed", "denied", "failed"]).optional(),
  correlationId: z.string().max(64).optional(),
  cursor: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;
