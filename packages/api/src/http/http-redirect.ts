import type { ConnectionInfo } from "./connection-info.ts";

/** Where HTTP without TLS is served: to this machine itself, or to nobody. */
export type PlainHttp = "loopback" | "never";

/** `redirect` to the same over TLS, `refuse` where there is none. */
export type PlainDecision = "serve" | "redirect" | "refuse";

/**
 * Pure: what becomes of a request.
 *
 * @param hasTls whether this server speaks TLS at all
 */
export function decidePlain(
  connection: Pick<ConnectionInfo, "secure" | "loopback">,
  plainHttp: PlainHttp,
  hasTls: boolean,
): PlainDecision {
  if (connection.secure || (connection.loopback && plainHttp === "loopback")) return "serve";
  return hasTls ? "redirect" : "refuse";
}

/**
 * Where the same resource is over TLS: same name, same port, same path. 308 (RFC 9110 section 15.4.9) has clients
 * repeat the request as it was.
 *
 * @param host the Host header, found to name this peer
 * @param target of the request line
 * @returns undefined for a target that is no path
 */
export function secureLocation(host: string, target: string): string | undefined {
  return target.startsWith("/") ? `https://${host}${target}` : undefined;
}
