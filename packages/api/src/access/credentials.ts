import type { IncomingHttpHeaders } from "node:http";
import { MeshError } from "@pi-controller/schema";
import type { PresentedCredentials } from "@pi-controller/security";
import { cookieOf } from "./cookies.ts";

/** An API token or a JWT (RFC 6750 section 2.1), with a bound above what a JWT of ours takes. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/**
 * Pure: what a request shows of who makes it. A browser shows the certificate that is installed in it to whoever asks:
 * what was chosen for this very request, a login or a token, counts instead.
 *
 * @param sessionCookie name of the cookie
 * @param clientCertificate as TLS has it
 * @throws MeshError UNAUTHENTICATED for what cannot be a credential of ours
 */
export function presentedCredentials(
  headers: Pick<IncomingHttpHeaders, "authorization" | "cookie">,
  sessionCookie: string,
  clientCertificate: string | undefined,
): PresentedCredentials {
  const session = cookieOf(headers.cookie, sessionCookie);
  const bearer = bearerOf(headers.authorization);
  return {
    ...(session === undefined ? {} : { session }),
    ...(bearer === undefined ? {} : { bearer }),
    ...(clientCertificate === undefined || session !== undefined || bearer !== undefined
      ? {}
      : { clientCertificate }),
  };
}

function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) {
    throw new MeshError("UNAUTHENTICATED", "Expected Authorization: Bearer, and an API token or a JWT");
  }
  return token;
}
