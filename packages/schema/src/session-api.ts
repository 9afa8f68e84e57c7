import * as z from "zod";
import { ruleSchema, userNameSchema } from "./access.ts";
import { newPasswordSchema, passwordSchema, setupCodeSchema } from "./credentials.ts";
import { nodeIdSchema, nodeNameSchema, timestampSchema } from "./primitives.ts";

// This node, before and after it belongs to a mesh.

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

// Sessions and tokens.

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
