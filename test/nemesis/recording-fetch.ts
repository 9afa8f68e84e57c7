import type { Host } from "../support/namespaces.ts";

/** One request to an API, as its client saw it. */
export interface ApiCall {
  readonly what: string;
  readonly sentMs: number;
  readonly endedMs: number;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** A `fetch` for the client library that asks on a host, and tells of every request when it has ended. */
export function recordingFetch(host: Host, onCall: (call: ApiCall) => void): typeof fetch {
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const { method = "GET", body } = init;
    const sentMs = performance.now();
    const what = `${method} ${new URL(url).pathname}`;
    const ended = (status: number | undefined, error: string | undefined) =>
      onCall({ what, sentMs, endedMs: performance.now(), status, error });
    try {
      const answer = await host.fetchJson(url, {
        method,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(typeof body === "string" ? { body } : {}),
      });
      ended(answer.status, undefined);
      return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), {
        status: answer.status,
        headers: withoutLength(answer.headers),
      });
    } catch (error) {
      ended(undefined, error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
}

/** The body was read and is written anew. */
function withoutLength(headers: Readonly<Record<string, string>>): Record<string, string> {
  const unfit = ["content-length", "content-encoding", "transfer-encoding"];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !unfit.includes(name.toLowerCase())));
}
