import {
  nodeIdSchema,
  nodeNameSchema,
  roleNameSchema,
  ruleSchema,
  timestampSchema,
  userNameSchema,
} from "@pi-controller/schema";
import * as z from "zod";

/** Bytes as base64url without padding (RFC 4648 section 5). */
const bytes = (length: number) =>
  z.base64url().length(Math.ceil((length * 4) / 3), `expected ${length} bytes in base64url`);
const blob = z.base64url().max(8_192);
const pem = z.string().max(8_192);

export const userIdSchema = z.string().regex(/^user-[a-z0-9]{16}$/, "expected a user id");
export type UserId = z.infer<typeof userIdSchema>;
export const tokenIdSchema = z
  .string()
  .regex(/^[a-z0-9]{16}$/, "expected a token id of 16 letters and digits");
export const meshIdSchema = z.string().regex(/^[0-9a-f]{32}$/, "expected a mesh id of 32 hexadecimal digits");
export const fingerprintSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal digits");

/** An HPKE box (RFC 9180): the encapsulated key and what it seals. */
export const boxSchema = z.object({ encapsulated: bytes(32), sealed: blob });
export type Box = z.infer<typeof boxSchema>;

/** Common to all: the highest version of a key wins; times are those of whoever signed. */
const common = {
  version: z
    .int()
    .min(1)
    .max(2 ** 48),
  issuedAt: timestampSchema,
};

export const genesisSchema = z.object({
  kind: z.literal("genesis"),
  version: z.literal(1),
  issuedAt: timestampSchema,
  meshName: nodeNameSchema,
  authority: bytes(32),
  /** Of the X.509 root, PEM. */
  rootCertificate: pem,
});

export const authoritySchema = z.object({
  kind: z.literal("authority"),
  ...common,
  /** For each admin, the private keys sealed to his box key. */
  boxes: z.record(userIdSchema, boxSchema),
});

export const memberSchema = z.object({
  kind: z.literal("member"),
  ...common,
  node: nodeIdSchema,
  /** X25519, to seal to this node. */
  boxKey: bytes(32),
  admittedBy: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("authority"),
      user: userIdSchema,
      /** With which it had joined before the authority signed its entry anew; it still counts as a use of it. */
      token: tokenIdSchema.optional(),
    }),
    z.object({ kind: z.literal("join-token"), token: tokenIdSchema, sponsor: nodeIdSchema }),
  ]),
});

export const revocationSchema = z.object({
  kind: z.literal("revocation"),
  ...common,
  node: nodeIdSchema,
  /** Entries of the node up to this version are void; of a node that left, the entry of this version alone. */
  memberVersion: z.int().min(1),
  reason: z.string().max(200),
  /** The admin who revoked it; the node itself when it left. */
  by: z.union([userIdSchema, nodeIdSchema]),
});

export const meshSecretSchema = z.object({
  kind: z.literal("mesh-secret"),
  ...common,
  node: nodeIdSchema,
  epoch: z.int().min(1),
  box: boxSchema,
});

export const certificateRequestSchema = z.object({
  kind: z.literal("certificate-request"),
  ...common,
  node: nodeIdSchema,
  /** PKCS #10, PEM, for the key of the node's own certificate authority. */
  request: pem,
  dnsNames: z.array(z.string().max(253)).max(16),
  ipAddresses: z.array(z.union([z.ipv4(), z.ipv6()])).max(32),
});

export const certificateSchema = z.object({
  kind: z.literal("certificate"),
  ...common,
  node: nodeIdSchema,
  /** Version of the request that it answers. */
  requestVersion: z.int().min(1),
  certificate: pem,
});

export const joinTokenSchema = z.object({
  kind: z.literal("join-token"),
  ...common,
  id: tokenIdSchema,
  publicKey: bytes(32),
  label: z.string().max(100),
  createdAt: timestampSchema,
  createdBy: userIdSchema,
  expiresAt: timestampSchema,
  uses: z.int().min(1).max(10_000),
  revoked: z.boolean(),
});

export const userSchema = z.object({
  kind: z.literal("user"),
  ...common,
  id: userIdSchema,
  name: userNameSchema,
  signingKey: bytes(32),
  boxKey: bytes(32),
  roles: z.array(roleNameSchema).max(32),
  createdAt: timestampSchema,
  disabled: z.boolean(),
  deleted: z.boolean(),
  /** Who this is at the OpenID provider that nodes may be configured with. */
  oidcSubject: z.string().max(255).nullable(),
  /**
   * Logins made under an earlier version of this statement are void, on every node: the version in which the user
   * was last disabled or reset. The first one when it is left out.
   */
  sessionsSince: z.int().min(1).optional(),
});

export const credentialSchema = z.object({
  kind: z.literal("credential"),
  ...common,
  user: userIdSchema,
  salt: bytes(16),
  /** Bounded from above, too: whoever logs in has any node of the mesh work it out. */
  argon2: z.object({
    memoryKib: z.int().min(8_192).max(131_072),
    passes: z.int().min(1).max(8),
    parallelism: z.int().min(1).max(4),
  }),
  /** SHA-256 of the first half of what argon2id makes of the password. */
  verifier: bytes(32),
  /** The seed of the user's keys: nonce, ciphertext and tag of AES-256-GCM under the second half. */
  sealedSeed: blob,
});

export const roleSchema = z.object({
  kind: z.literal("role"),
  ...common,
  name: roleNameSchema,
  description: z.string().max(200),
  rules: z.array(ruleSchema).max(64),
  deleted: z.boolean(),
});

export const apiTokenSchema = z.object({
  kind: z.literal("api-token"),
  ...common,
  id: tokenIdSchema,
  user: userIdSchema,
  name: z.string().min(1).max(100),
  publicKey: bytes(32),
  /** Narrows what the user may; null for all of it. */
  scope: z.array(ruleSchema).max(64).nullable(),
  createdAt: timestampSchema,
  expiresAt: timestampSchema,
  /** On which it was made and shown: when that node is revoked, so is the token. */
  node: nodeIdSchema,
  revoked: z.boolean(),
});

export const clientCertificateSchema = z.object({
  kind: z.literal("client-certificate"),
  ...common,
  /** SHA-256 of the certificate, DER. */
  fingerprint: fingerprintSchema,
  user: userIdSchema,
  name: z.string().min(1).max(100),
  createdAt: timestampSchema,
  expiresAt: timestampSchema,
  revoked: z.boolean(),
});

export const statementSchema = z.discriminatedUnion("kind", [
  genesisSchema,
  authoritySchema,
  memberSchema,
  revocationSchema,
  meshSecretSchema,
  certificateRequestSchema,
  certificateSchema,
  joinTokenSchema,
  userSchema,
  credentialSchema,
  roleSchema,
  apiTokenSchema,
  clientCertificateSchema,
]);
export type Statement = z.infer<typeof statementSchema>;
export type StatementKind = Statement["kind"];
export type StatementOf<Kind extends StatementKind> = Extract<Statement, { kind: Kind }>;

/** Who signed: the authority, or the holder of a key that a verified statement tells. */
export const signerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("authority") }),
  z.object({ kind: z.literal("node"), node: nodeIdSchema }),
  z.object({ kind: z.literal("user"), user: userIdSchema }),
  z.object({ kind: z.literal("join-token"), token: tokenIdSchema }),
]);
export type Signer = z.infer<typeof signerSchema>;

/** What travels and is stored: the text that was signed, byte for byte, and who signed it. */
export const envelopeSchema = z.object({
  /** JSON of a `Statement`. */
  statement: z.string().max(60_000),
  signatures: z
    .array(z.object({ by: signerSchema, value: bytes(64) }))
    .min(1)
    .max(3),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/**
 * The key under which a statement stands: one thing that is stated, whatever the version. That a node says it has
 * left stands beside what the authority says of it: neither can hide the other.
 */
export function keyOf(statement: Statement): string {
  switch (statement.kind) {
    case "genesis":
    case "authority":
      return statement.kind;
    case "revocation":
      return `${statement.by === statement.node ? "departure" : "revocation"}/${statement.node}`;
    case "member":
    case "mesh-secret":
    case "certificate-request":
    case "certificate":
      return `${statement.kind}/${statement.node}`;
    case "join-token":
    case "user":
    case "api-token":
      return `${statement.kind}/${statement.id}`;
    case "credential":
      return `${statement.kind}/${statement.user}`;
    case "role":
      return `${statement.kind}/${statement.name}`;
    case "client-certificate":
      return `${statement.kind}/${statement.fingerprint}`;
  }
}
