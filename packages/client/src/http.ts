import { MeshError } from "@pi-controller/schema";
import type * as z from "zod";
import { authorizationOf, type ClientCredentials } from "./credentials.ts";
import { errorOfAnswer } from "./problem.ts";
import type { ClientClock } from "./time.ts";

/** What every call takes. */
export interface CallOptions {
  /** Gives up after this time with DEADLINE_EXCEEDED; the client's own default otherwise. */
  readonly timeoutMs?: number;
  /** Gives up with CANCELLED when it aborts. */
  readonly signal?: AbortSignal;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the base URL, with a leading slash, already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Statuses beside 2xx that are answers too and no errors. */
  readonly alsoAccept?: readonly number[];
}

export interface HttpAnswer<Body> {
  readonly status: number;
  readonly body: Body;
  /** From the `ETag` header, without its quotes; empty when there was none. */
  readonly revision: string;
}

interface Components {
  readonly fetch: typeof fetch;
  readonly clock: ClientClock;
}

interface Options {
  readonly baseUrl: URL;
  readonly timeoutMs: number;
  readonly credentials: ClientCredentials | undefined;
}

/** Makes requests to one peer's API; turns all that can go wrong into MeshErrors. */
export class HttpConnection {
  readonly #components: Components;
  readonly #options: Options;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
  }

  /**
   * @param schema what the body of the answer must be; null when there is none
   * @throws MeshError what the peer said; UNAVAILABLE when it could not be reached; DEADLINE_EXCEEDED;
   *   CANCELLED; INTERNAL when the answer makes no sense
   */
  async request<Schema extends z.ZodType>(
    request: HttpRequest,
    schema: Schema,
    call: CallOptions = {},
  ): Promise<HttpAnswer<z.infer<Schema>>> {
    const { response, text } = await this.#exchange(request, call);
    const body = parseJson(text);
    if (!response.ok && !request.alsoAccept?.includes(response.status)) {
      throw errorOfAnswer(response.status, body, response.headers.get("retry-after"));
    }
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      // A half-right answer to a failed request is a problem; to a good one, a peer that speaks differently.
      if (!response.ok) throw errorOfAnswer(response.status, body, response.headers.get("retry-after"));
      const issue = parsed.error.issues[0];
      throw new MeshError(
        "INTERNAL",
        `The peer's answer to ${request.method} ${request.path} is not understood: ` +
          `${issue?.path.map(String).join(".")}: ${issue?.message}`,
      );
    }
    const revision = (response.headers.get("etag") ?? "").replace(/^(?:W\/)?"(.*)"$/, "$1");
    return { status: response.status, body: parsed.data, revision };
  }

  /** The body of the answer alone. @throws MeshError as `request` */
  async read<Schema extends z.ZodType>(
    request: HttpRequest,
    schema: Schema,
    call?: CallOptions,
  ): Promise<z.infer<Schema>> {
    return (await this.request(request, schema, call)).body;
  }

  /** One HTTP exchange, the body included, within the time that the caller gives. */
  async #exchange(request: HttpRequest, call: CallOptions): Promise<{ response: Response; text: string }> {
    const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs;
    const deadline = new AbortController();
    const authorization = await authorizationOf(this.#options.credentials);
    const timer = this.#components.clock.setTimer(() => deadline.abort(), timeoutMs);
    const signal =
      call.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, call.signal]);
    try {
      const response = await this.#components.fetch(this.url(request), {
        method: request.method,
        headers: headersOf(request, authorization),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
        cache: "no-store",
        credentials: "same-origin",
        redirect: "error",
      });
      return { response, text: await response.text() };
    } catch (error) {
      const options = { cause: error };
      if (call.signal?.aborted) {
        throw new MeshError("CANCELLED", "The request was cancelled", {}, options);
      }
      if (deadline.signal.aborted) {
        throw new MeshError("DEADLINE_EXCEEDED", `No answer from the peer in ${timeoutMs} ms`, {}, options);
      }
      throw new MeshError(
        "UNAVAILABLE",
        `The peer at ${this.#options.baseUrl.host} cannot be reached`,
        {},
        options,
      );
    } finally {
      timer.cancel();
    }
  }

  /** The absolute URL of a request. */
  url(request: Pick<HttpRequest, "path" | "query">): URL {
    const { baseUrl } = this.#options;
    const url = new URL(baseUrl.pathname.replace(/\/$/, "") + request.path, baseUrl);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }
}

/** An id as one segment of a path. */
export const segment = (id: string) => encodeURIComponent(id);

function headersOf(request: HttpRequest, authorization: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (request.body !== undefined) headers["content-type"] = "application/json";
  if (request.ifMatch !== undefined) headers["if-match"] = `"${request.ifMatch}"`;
  if (request.idempotencyKey !== undefined) headers["idempotency-key"] = request.idempotencyKey;
  if (authorization !== undefined) headers["authorization"] = authorization;
  return headers;
}

function parseJson(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
