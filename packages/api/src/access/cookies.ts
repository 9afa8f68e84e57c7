import { MeshError, type NodeId } from "@pi-controller/schema";

export interface CookieNames {
  readonly session: string;
  /** Ties a login through an OpenID provider to the browser that began it. */
  readonly oidcState: string;
}

/** Base64url, and a bound that no value of ours reaches. */
const COOKIE_VALUE = /^[A-Za-z0-9_-]{1,256}$/;
const NODE_DIGITS = 8;
/** As long as one may take to log in at the provider. */
const OIDC_STATE_SECONDS = 600;

/**
 * Cookies do not know ports, and several nodes can answer at one address: each has names of its own, from the end of
 * its id, as all ids begin alike. `__Host-` has browsers take the cookie only over TLS, from this very host (RFC
 * 6265bis section 4.1.3.2).
 *
 * @param secure whether the connection is over TLS; else it is on the loopback
 */
export function cookieNames(node: NodeId, secure: boolean): CookieNames {
  const suffix = node.slice(-NODE_DIGITS);
  const prefix = secure ? "__Host-" : "";
  return { session: `${prefix}session-${suffix}`, oidcState: `${prefix}oidc-${suffix}` };
}

/**
 * The value of a cookie.
 *
 * @param header `Cookie`
 * @returns undefined when there is none of this name
 * @throws MeshError UNAUTHENTICATED when there are several, as somebody else on this host may have set one, or when
 *   it cannot be one of ours
 */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw new MeshError("UNAUTHENTICATED", "There are two cookies of one name");
  if (!COOKIE_VALUE.test(value)) throw new MeshError("UNAUTHENTICATED", "The cookie is none of this node's");
  return value;
}

/** What an answer does to the cookies: a value sets one, null clears it, undefined leaves it. */
export interface CookieChanges {
  readonly session?: string | null;
  readonly oidcState?: string | null;
}

/**
 * `Set-Cookie` headers. No script sees the cookies, no page of another site has them sent along; without an expiry
 * of its own the session's goes when the browser closes, and the node ends the session by its own clock in any case.
 */
export function setCookieHeaders(changes: CookieChanges, names: CookieNames, secure: boolean): string[] {
  const common = `; Path=/; HttpOnly${secure ? "; Secure" : ""}`;
  const headers: string[] = [];
  const { session, oidcState } = changes;
  if (session !== undefined) {
    headers.push(`${names.session}=${session ?? ""}${common}; SameSite=Strict${expiry(session, undefined)}`);
  }
  if (oidcState !== undefined) {
    // Lax: the provider's page sends the browser back, and Strict would leave the cookie out then.
    const text = `${names.oidcState}=${oidcState ?? ""}${common}; SameSite=Lax`;
    headers.push(text + expiry(oidcState, OIDC_STATE_SECONDS));
  }
  return headers;
}

function expiry(value: string | null, seconds: number | undefined): string {
  if (value === null) return "; Max-Age=0";
  return seconds === undefined ? "" : `; Max-Age=${seconds}`;
}
