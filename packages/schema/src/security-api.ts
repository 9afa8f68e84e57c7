import * as z from "zod";
import { roleNameSchema, ruleSchema, userNameSchema } from "./access.ts";
import {
  labelsSchema,
  multiaddrTextSchema,
  nodeIdSchema,
  nodeNameSchema,
  timestampSchema,
} from "./primitives.ts";

const MIN_PASSWORD_LENGTH = 12;

/**
 * A password as it is set. Length counts for more than kinds of characters (NIST SP 800-63B section 5.1.1.2); an
 * admin's also guards the authority of the mesh against whoever holds a stolen card.
 */
export const newPasswordSchema = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `expected at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(256, "expected at most 256 characters");

/** A password as it is entered to be checked: whether it is right is not for a schema to say. */
const passwordSchema = z.string("expected your password").min(1, "expected your password").max(256);

/** Set-up code as people write it: case, spaces and dashes do not matter, I L O count as 1 1 0. */
const setupCodeSchema = z
  .string("expected the set-up code of the node")
  .min(1, "expected the set-up code of the node")
  .max(200);

const labelSchema = z.string().max(100, "expected at most 100 characters");

// --- this node, before and after it belongs to a mesh

/** Body of `POST /api/v1/setup`, on a node that belongs to no mesh: makes a mesh with this node in it. */
export const setupRequestSchema = z.strictObject({
  code: setupCodeSchema,
  meshName: nodeNameSchema,
  nodeName: nodeNameSchema.optional(),
  userName: userNameSchema,
  password: newPasswordSchema,
});
export type SetupRequest = z.infer<typeof setupRequestSchema>;

/** Answer of `POST /api/v1/setup`: the mesh is made; this node serves it in a moment, at the same address. */
export const setupResultSchema = z.object({ meshId: z.string(), node: nodeIdSchema });
export type SetupResult = z.infer<typeof setupResultSchema>;

export const principalViewSchema = z.object({
  /** Null for somebody who is known by an OpenID provider alone. */
  userId: z.string().nullable(),
  userName: z.string(),
  roles: z.array(z.string()),
  /** What may be done, all roles and the scope of the credential taken together. */
  rules: z.array(ruleSchema),
  via: z.enum(["session", "api-token", "jwt", "client-certificate", "oidc"]),
  /** Of a session: when it ends unless it is used, and in any case. */
  idleExpiresAt: timestampSchema.nullable(),
  expiresAt: timestampSchema.nullable(),
  /** Whether this user can unseal the authority, and so approve, revoke and change users. */
  canUnseal: z.boolean(),
});
export type PrincipalView = z.infer<typeof principalViewSchema>;

/** Answer of `GET /api/v1/session`, which anybody may ask: what the UI has to show first. */
export const sessionStatusSchema = z.object({
  /** `unclaimed`: belongs to no mesh yet, and shows its set-up page alone. */
  state: z.enum(["unclaimed", "member"]),
  node: nodeIdSchema,
  nodeName: nodeNameSchema,
  /** For people to compare: groups of letters and digits. */
  fingerprint: z.string(),
  /** Null while unclaimed. */
  meshName: z.string().nullable(),
  principal: principalViewSchema.nullable(),
  /** Whether a login through an OpenID provider is set up here, and what it is called. */
  oidc: z.object({ label: z.string() }).nullable(),
  /** Set while this node's clock is behind what it knows to have happened: expiry is judged by a later time. */
  clock: z.object({ behindByMs: z.number() }).nullable(),
  /** Of an unclaimed node: when its set-up code may be tried again. */
  lockedUntil: timestampSchema.nullable(),
});
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

/** Body of `POST /api/v1/session`. */
export const loginRequestSchema = z.strictObject({
  userName: z.string("expected a user name").min(1, "expected a user name").max(64),
  password: passwordSchema,
});
export type LoginRequest = z.infer<typeof loginRequestSchema>;

/** Body of whatever asks for the acting user's password again, and of nothing else. */
export const confirmationSchema = z.strictObject({ password: passwordSchema });
export type Confirmation = z.infer<typeof confirmationSchema>;

// --- sessions and tokens

export const sessionViewSchema = z.object({
  id: z.string(),
  node: nodeIdSchema,
  userId: z.string().nullable(),
  userName: z.string(),
  via: z.enum(["password", "oidc"]),
  current: z.boolean(),
  address: z.string(),
  userAgent: z.string(),
  createdAt: timestampSchema,
  lastUsedAt: timestampSchema,
  idleExpiresAt: timestampSchema,
  expiresAt: timestampSchema,
});
export type SessionView = z.infer<typeof sessionViewSchema>;
export const sessionListSchema = z.object({ items: z.array(sessionViewSchema) });
export type SessionList = z.infer<typeof sessionListSchema>;

/** Answer of `POST /api/v1/session/jwt`: proves to any node of the mesh, for minutes, who asked for it. */
export const jwtSchema = z.object({ token: z.string(), expiresAt: timestampSchema });
export type Jwt = z.infer<typeof jwtSchema>;

export const apiTokenRequestSchema = z.strictObject({
  name: z.string("expected a name").min(1, "expected a name").max(100),
  /** Narrows what the token may to a part of what its user may; all of it when left out. */
  scope: z.array(ruleSchema).min(1).max(64).optional(),
  expiresInDays: z
    .int("expected 1 to 3650 days")
    .min(1, "expected 1 to 3650 days")
    .max(3_650, "expected 1 to 3650 days"),
  password: passwordSchema,
});
export type ApiTokenRequest = z.infer<typeof apiTokenRequestSchema>;
export const apiTokenViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  userId: z.string(),
  userName: z.string(),
  scope: z.array(ruleSchema).nullable(),
  createdAt: timestampSchema,
  expiresAt: timestampSchema,
  node: nodeIdSchema,
  state: z.enum(["valid", "expired", "revoked"]),
});
export type ApiTokenView = z.infer<typeof apiTokenViewSchema>;
export const apiTokenListSchema = z.object({ items: z.array(apiTokenViewSchema) });
/** The one time that the token itself is shown. */
export const newApiTokenSchema = apiTokenViewSchema.extend({ token: z.string() });
export type NewApiToken = z.infer<typeof newApiTokenSchema>;

// --- users and roles

export const userViewSchema = z.object({
  id: z.string(),
  name: userNameSchema,
  roles: z.array(z.string()),
  disabled: z.boolean(),
  oidcSubject: z.string().nullable(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  canUnseal: z.boolean(),
  self: z.boolean(),
});
export type UserView = z.infer<typeof userViewSchema>;
export const userListSchema = z.object({ items: z.array(userViewSchema) });
export type UserList = z.infer<typeof userListSchema>;

/** Body of `POST /api/v1/users`. `password` is the acting admin's own, as everywhere. */
export const userCreationSchema = z.strictObject({
  name: userNameSchema,
  roles: z.array(roleNameSchema).max(32),
  newPassword: newPasswordSchema,
  oidcSubject: z.string().min(1).max(255).nullable().optional(),
  password: passwordSchema,
});
export type UserCreation = z.infer<typeof userCreationSchema>;

/** Body of `PUT /api/v1/users/{id}`; what is left out stays. `newPassword` resets the user: his tokens and sessions end. */
export const userChangeSchema = z.strictObject({
  roles: z.array(roleNameSchema).max(32).optional(),
  disabled: z.boolean().optional(),
  newPassword: newPasswordSchema.optional(),
  oidcSubject: z.string().min(1).max(255).nullable().optional(),
  password: passwordSchema,
});
export type UserChange = z.infer<typeof userChangeSchema>;

/** Body of `PUT /api/v1/session/password`: changes one's own. Ends one's other sessions on all nodes. */
export const passwordChangeSchema = z.strictObject({
  password: passwordSchema,
  newPassword: newPasswordSchema,
});
export type PasswordChange = z.infer<typeof passwordChangeSchema>;

export const roleViewSchema = z.object({
  name: roleNameSchema,
  description: z.string(),
  rules: z.array(ruleSchema),
  builtIn: z.boolean(),
});
export type RoleView = z.infer<typeof roleViewSchema>;
export const roleListSchema = z.object({ items: z.array(roleViewSchema) });
export type RoleList = z.infer<typeof roleListSchema>;
/** Body of `PUT /api/v1/roles/{name}`: makes the role or replaces it. */
export const roleChangeSchema = z.strictObject({
  description: z.string().max(200).optional(),
  rules: z.array(ruleSchema).max(64),
  password: passwordSchema,
});
export type RoleChange = z.infer<typeof roleChangeSchema>;

// --- who joins, who leaves

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

// --- certificates

export const certificateViewSchema = z.object({
  kind: z.enum(["root", "node-authority", "leaf", "self-signed"]),
  /** Null for the root. */
  node: nodeIdSchema.nullable(),
  subject: z.string(),
  names: z.array(z.string()),
  /** SHA-256 of the certificate, in pairs of hexadecimal digits. */
  fingerprint: z.string(),
  notBefore: timestampSchema,
  notAfter: timestampSchema,
  /** When it is renewed by itself; null for what is not. */
  renewsAt: timestampSchema.nullable(),
});
export type CertificateView = z.infer<typeof certificateViewSchema>;
export const certificateListSchema = z.object({
  items: z.array(certificateViewSchema),
  /** Members whose request for a certificate authority waits for an admin's password. */
  waiting: z.array(nodeIdSchema),
  hsts: z.boolean(),
});
export type CertificateList = z.infer<typeof certificateListSchema>;

/** Body of `POST /api/v1/client-certificates`: signs a certificate that a program of the user logs in with. */
export const clientCertificateRequestSchema = z.strictObject({
  userId: z.string(),
  name: z.string("expected a name").min(1, "expected a name").max(100),
  /** PKCS #10, PEM. */
  request: z.string("expected a certificate request in PEM").max(8_192),
  expiresInDays: z.int().min(1).max(825),
  password: passwordSchema,
});
export type ClientCertificateRequest = z.infer<typeof clientCertificateRequestSchema>;
export const clientCertificateViewSchema = z.object({
  fingerprint: z.string(),
  name: z.string(),
  userId: z.string(),
  userName: z.string(),
  createdAt: timestampSchema,
  expiresAt: timestampSchema,
  state: z.enum(["valid", "expired", "revoked"]),
});
export type ClientCertificateView = z.infer<typeof clientCertificateViewSchema>;
export const clientCertificateListSchema = z.object({ items: z.array(clientCertificateViewSchema) });
export const newClientCertificateSchema = clientCertificateViewSchema.extend({
  /** The certificate, PEM, followed by the root. */
  certificate: z.string(),
});
export type NewClientCertificate = z.infer<typeof newClientCertificateSchema>;

// --- audit

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

// --- inventory

/** Answer of `GET /api/v1/inventory`: everything on this peer that can be asked or told something, and who may. */
export const inventorySchema = z.object({
  items: z.array(
    z.object({
      protocol: z.enum(["rest", "websocket", "request", "gossip"]),
      /** As `GET /api/v1/nodes`, `documents.sync` or `events`. */
      name: z.string(),
      /** `public`, `authenticated`, `member` (peers of the mesh alone), or verb and resource. */
      access: z.string(),
    }),
  ),
});
export type Inventory = z.infer<typeof inventorySchema>;
