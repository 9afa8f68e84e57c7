import * as z from "zod";
import { passwordSchema, setupCodeSchema } from "./credentials.ts";
import {
  labelsSchema,
  multiaddrTextSchema,
  nodeIdSchema,
  nodeNameSchema,
  timestampSchema,
} from "./primitives.ts";

const labelSchema = z.string().max(100, "expected at most 100 characters");

export const pendingNodeSchema = z.object({
  id: nodeIdSchema,
  name: z.string(),
  /** As the node itself shows it, for people to compare. */
  fingerprint: z.string(),
  addresses: z.array(multiaddrTextSchema),
  /** The join token that it says to carry. */
  joinToken: z.string().nullable(),
  foundAt: timestampSchema,
  /** What came of the last attempt to admit it, such as a token that has expired. */
  problem: z.string().nullable(),
});
export type PendingNode = z.infer<typeof pendingNodeSchema>;
export const pendingNodeListSchema = z.object({ items: z.array(pendingNodeSchema) });
export type PendingNodeList = z.infer<typeof pendingNodeListSchema>;

/** Body of `POST /api/v1/pending-nodes`: looks for a pending node where multicast does not reach. */
export const pendingNodeLookupSchema = z.strictObject({
  /** Multiaddr, host or host:port of its mesh port. */
  address: z.string("expected an address").min(1, "expected an address").max(512),
});
export type PendingNodeLookup = z.infer<typeof pendingNodeLookupSchema>;

/** Body of `POST /api/v1/pending-nodes/{id}/approve`. */
export const approvalSchema = z.strictObject({
  code: setupCodeSchema,
  name: nodeNameSchema.optional(),
  labels: labelsSchema.optional(),
  password: passwordSchema,
});
export type Approval = z.infer<typeof approvalSchema>;

export const joinTokenRequestSchema = z.strictObject({
  label: labelSchema.optional(),
  expiresInHours: z
    .int("expected 1 to 8760 hours")
    .min(1, "expected 1 to 8760 hours")
    .max(8_760, "expected 1 to 8760 hours"),
  uses: z
    .int("expected 1 to 10000 uses")
    .min(1, "expected 1 to 10000 uses")
    .max(10_000, "expected 1 to 10000 uses"),
  password: passwordSchema,
});
export type JoinTokenRequest = z.infer<typeof joinTokenRequestSchema>;
export const joinTokenViewSchema = z.object({
  id: z.string(),
  label: z.string(),
  createdAt: timestampSchema,
  createdBy: z.string(),
  expiresAt: timestampSchema,
  uses: z.int(),
  used: z.int(),
  state: z.enum(["valid", "used-up", "expired", "revoked"]),
});
export type JoinTokenView = z.infer<typeof joinTokenViewSchema>;
export const joinTokenListSchema = z.object({ items: z.array(joinTokenViewSchema) });
export const newJoinTokenSchema = joinTokenViewSchema.extend({ token: z.string() });
export type NewJoinToken = z.infer<typeof newJoinTokenSchema>;

/** Body of `POST /api/v1/nodes/{id}/revoke`. */
export const revocationRequestSchema = z.strictObject({
  reason: z.string().max(200, "expected at most 200 characters").optional(),
  password: passwordSchema,
});
export type RevocationRequest = z.infer<typeof revocationRequestSchema>;

/**
 * Body of `POST /api/v1/enrolment/knock`, which anybody may send to a member: a node that carries a join token waits
 * where multicast does not reach. Nothing in it is secret; a member that believes it dials the node.
 */
export const enrolmentKnockSchema = z.strictObject({
  node: nodeIdSchema,
  name: nodeNameSchema,
  /** Id of the join token. */
  joinToken: z.string().regex(/^[a-z0-9]{16}$/, "expected the id of a join token"),
  /** Where the node listens. */
  addresses: z
    .array(multiaddrTextSchema)
    .min(1, "expected an address")
    .max(16, "expected at most 16 addresses"),
  /** By the clock of the node, which may be wrong: of two knocks of one node the later one counts. */
  at: timestampSchema,
  /** Ed25519, by the join token, over all else; base64url. */
  signature: z.string().max(128),
});
export type EnrolmentKnock = z.infer<typeof enrolmentKnockSchema>;

/**
 * Query of `GET /api/v1/enrolment/revocation`, which anybody may send to a member: a node that nobody lets in any more
 * asks whether it was revoked.
 */
export const revocationQuestionSchema = z.strictObject({
  node: nodeIdSchema,
  /** Ed25519, by the node; base64url. It shows that the node itself asks, and is good for nothing else. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/, "expected 64 bytes in base64url"),
});
export type RevocationQuestion = z.infer<typeof revocationQuestionSchema>;

/** What proves that the node was revoked, or that it left; nothing when neither is known of whoever asks. */
export const revocationAnswerSchema = z.object({
  /** Whoever asked verifies them himself: see PROTOCOL.md, statements. */
  envelopes: z
    .array(
      z.object({
        statement: z.string().max(60_000),
        signatures: z.array(z.object({ by: z.looseObject({ kind: z.string() }), value: z.string() })).max(3),
      }),
    )
    .max(2),
});
export type RevocationAnswer = z.infer<typeof revocationAnswerSchema>;
