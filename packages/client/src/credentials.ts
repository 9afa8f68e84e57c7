import { MeshError } from "@pi-controller/schema";

/**
 * Who the client says it is. A page that the peer served needs none: its session cookie goes along by itself.
 * A program has an API token or a JWT.
 */
export interface ClientCredentials {
  /** Sent as `Authorization: Bearer`. A function is asked before each request and each connection of a stream. */
  readonly bearer?: string | (() => string | Promise<string>);
}

/**
 * The value of the `Authorization` header.
 *
 * @returns undefined without a bearer token; a promise only when there is a function to ask. It rejects with
 *   MeshError: the function's own, or UNAVAILABLE
 */
export function authorizationOf(
  credentials: ClientCredentials | undefined,
): string | undefined | Promise<string> {
  const bearer = credentials?.bearer;
  if (bearer === undefined) return undefined;
  return typeof bearer === "string" ? `Bearer ${bearer}` : askedFor(bearer);
}

async function askedFor(bearer: () => string | Promise<string>): Promise<string> {
  try {
    return `Bearer ${await bearer()}`;
  } catch (error) {
    if (error instanceof MeshError) throw error;
    throw new MeshError("UNAVAILABLE", "There was no token to ask with", {}, { cause: error });
  }
}
