import type { RequestContext } from "@pi-controller/nodes";
import { type ErrorCode, parseInput } from "@pi-controller/schema";
import type * as z from "zod";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What one status of a route answers with. */
export interface AnswerSpec {
  readonly description: string;
  /** Of the JSON body; a media type for a body that is not JSON; null for none. */
  readonly body: z.ZodType | string | null;
  readonly headers?: readonly ("ETag" | "Location")[];
}

/** What the OpenAPI document says of a route. */
export interface RouteSpec {
  readonly method: Method;
  /** With parameters in braces, as `/api/v1/nodes/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: "nodes" | "events" | "mesh" | "peer";
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Which of these headers it looks at. */
  readonly conditions?: readonly ("If-Match" | "If-None-Match")[];
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Errors of its own; those that any route can have need no mention. */
  readonly errors: readonly ErrorCode[];
}

export interface RouteAnswer {
  readonly status: number;
  /** JSON unless the route's spec says otherwise; then text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as it comes in: nothing of it has been checked. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readBody(): Promise<unknown>;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly context: RequestContext;
}

export interface Route extends RouteSpec {
  /** Checks the request against the schemas, then answers it. @throws MeshError */
  answer(request: RawRequest): Promise<RouteAnswer>;
}

type Parsed<Schema extends z.ZodType | undefined> = Schema extends z.ZodType ? z.infer<Schema> : undefined;

interface RouteDefinition<
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | undefined,
> extends RouteSpec {
  readonly handle: (request: {
    readonly params: Parsed<Params>;
    readonly query: Parsed<Query>;
    readonly body: Parsed<Body>;
    readonly ifMatch: string | undefined;
    readonly ifNoneMatch: string | undefined;
    readonly context: RequestContext;
  }) => RouteAnswer | Promise<RouteAnswer>;
}

/** Makes a route of its description and of a handler that gets what the schemas made of the request. */
export function route<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  definition: RouteDefinition<Params, Query, Body> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
  },
): Route {
  const { handle, ...spec } = definition;
  return {
    ...spec,
    async answer(request) {
      const { ifMatch, ifNoneMatch, context } = request;
      const params = parsed(definition.params, request.params, "path");
      // A route without a query says nothing of one: whoever adds `?_=1` against a cache is no error.
      const query = parsed(definition.query, request.query, "query");
      const body = parsed(definition.body, definition.body && (await request.readBody()), "body");
      return handle({ params, query, body, ifMatch, ifNoneMatch, context });
    },
  };
}

function parsed<Schema extends z.ZodType | undefined>(
  schema: Schema | undefined,
  input: unknown,
  what: string,
): Parsed<Schema> {
  return (schema === undefined ? undefined : parseInput(schema, input, what)) as Parsed<Schema>;
}
