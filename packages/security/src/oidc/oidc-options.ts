import { isIPv4 } from "node:net";
import { parseInput } from "@pi-controller/schema";
import * as z from "zod";

/** The OpenID provider that a node lets people log in through; each node may have its own, or none. */
export const oidcOptionsSchema = z.strictObject({
  /** As its discovery document names it; `https`, or `http` on this very machine. */
  issuer: z.url().refine(isSafe, "expected an https address (http on a loopback address alone)"),
  clientId: z.string().min(1).max(255),
  /** Left out for a public client. */
  clientSecret: z.string().min(1).max(1_024).optional(),
  /** What people call it: on the button of the login page. */
  label: z.string().min(1).max(64),
  /**
   * Claim of the ID token that names roles, one or a list. Takes from a user those of his roles that it does not
   * name; it never gives one.
   */
  roleClaim: z.string().min(1).max(255).optional(),
  /** Where the provider needs more to tell the role claim. */
  scope: z
    .string()
    .regex(
      /^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
      'expected "openid", and what else the provider is asked for',
    )
    .max(255)
    .default("openid"),
});
export type OidcOptions = z.infer<typeof oidcOptionsSchema>;

/** @throws MeshError INVALID_ARGUMENT naming each wrong field */
export function parseOidcOptions(input: unknown): OidcOptions {
  return parseInput(oidcOptionsSchema, input, "OpenID provider");
}

/** Whether an address is on this very machine: what is sent there crosses no network. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    hostname === "localhost" || hostname === "[::1]" || (isIPv4(hostname) && hostname.startsWith("127."))
  );
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && isLoopback(text));
}
