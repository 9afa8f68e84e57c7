import * as z from "zod";
import { passwordSchema } from "./credentials.ts";
import { nodeIdSchema, timestampSchema } from "./primitives.ts";

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
