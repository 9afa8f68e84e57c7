import type { RequestContext } from "@pi-controller/nodes";
import { type Access, type ErrorCode, MeshError, parseInput } from "@pi-controller/schema";
import type { Acting, Principal } from "@pi-controller/security";
import type * as z from "zod";
import type { Caller } from "../access/caller.ts";
import type { AccessRule, RouteAccess } from "../access/route-access.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What one status of a route answers with. */
export interface AnswerSpec {
  readonly description: string;
  /** Of the JSON body; a media type for a body that is not JSON; null for none. */
  readonly body: z.ZodType | string | null;
  readonly headers?: readonly ("ETag" | "Location" | "Set-Cookie")[];
}

/** What the OpenAPI document says of a route. */
export interface RouteSpec {
  readonly method: Method;
  /** With parameters in braces, as `/api/v1/nodes/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag:
    | "nodes"
    | "events"
    | "mesh"
    | "peer"
    | "session"
    | "users"
    | "enrolment"
    | "certificates"
    | "gpio";
  readonly summary: string;
  readonly description?: string;
  /** Who may. Asked before anything of the request but its head is looked at. */
  readonly access: RouteAccess;
  /** The right that it takes instead when the query says `force=true`. */
  readonly withForce?: AccessRule;
  /** Of a route about one's own: the right to everybody's, which `all=true` in the query asks for. */
  readonly everybodys?: Pick<Access, "verb" | "resource">;
  /** Answered however much the same user has asked for lately. */
  readonly urgent?: true;
  /** What the audit log calls it, where the right that it takes does not say it. */
  readonly action?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Whether a request without a body is one with an empty object. */
  readonly bodyOptional?: true;
  /** Which of these headers it looks at. */
  readonly headers?: readonly ("If-Match" | "If-None-Match" | "Idempotency-Key")[];
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Errors of its own; those that any route can have need no mention. */
  readonly errors: readonly ErrorCode[];
  /** What errors mean here, where their names do not say it. */
  readonly meanings?: Readonly<Partial<Record<ErrorCode, string>>>;
  /** `summed`: what programs do many times a second is recorded once in a while, with how often it was done. */
  readonly audit?: "summed";
}

export interface RouteAnswer {
  readonly status: number;
  /** JSON unless the route's spec says otherwise; then text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives the browser a session, for whom; null ends the one that it has. */
  readonly session?: { readonly secret: string; readonly principal: Principal } | null;
  /** Ties a login at a provider to the browser; null unties it. */
  readonly oidcState?: string | null;
  /**
   * Why it failed, for the audit log, where the answer is no problem: a browser that followed a link is led on to a page;
   * of many writes some were refused.
   */
  readonly failure?: MeshError;
}

/** A request as it comes in: nothing of it has been checked but who makes it, and that he may. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly readBody: () => Promise<unknown>;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** How long ago the request came in. */
  readonly elapsedMs: () => number;
  /** The target as in the request line. */
  readonly target: string;
  readonly caller: Caller;
  readonly mayEverybodys: boolean;
  /** For the audit log: a name that the path does not have, such as the user's who logs in. */
  readonly nameTarget: (target: string) => void;
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
  Allowed extends RouteAccess,
> extends RouteSpec {
  readonly access: Allowed;
  readonly handle: (
    request: Omit<RawRequest, "params" | "query" | "readBody"> & {
      readonly params: Parsed<Params>;
      readonly query: Parsed<Query>;
      readonly body: Parsed<Body>;
      readonly context: RequestContext;
      /** On whose behalf; strangers get to public routes alone. */
      readonly acting: Allowed extends "public" ? undefined : Acting;
    },
  ) => RouteAnswer | Promise<RouteAnswer>;
}

/** Makes a route of its description and of a handler that gets what the schemas made of the request. */
export function route<
  const Allowed extends "public" | "authenticated" | AccessRule,
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  definition: RouteDefinition<Params, Query, Body, Allowed> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
  },
): Route {
  const { handle, ...spec } = definition;
  return {
    ...spec,
    async answer(request) {
      const { readBody, caller, ...rest } = request;
      const acting = actingOf(caller, definition.access);
      const params = parsed(definition.params, request.params, "path");
      // A route without a query says nothing of one: whoever adds `?_=1` against a cache is no error.
      const query = parsed(definition.query, request.query, "query");
      const body = parsed(definition.body, definition.body && (await readBody()), "body");
      const context = { correlationId: caller.origin.correlationId };
      return handle({ ...rest, caller, params, query, body, context, acting });
    },
  };
}

/** A second look: whatever has gone wrong before, a route that is not public is answered to nobody unknown. */
function actingOf<Allowed extends RouteAccess>(
  { principal, origin }: Caller,
  access: Allowed,
): Allowed extends "public" ? undefined : Acting {
  if (access !== "public" && principal === undefined) {
    throw new MeshError("UNAUTHENTICATED", "Log in first, or send a token");
  }
  const acting = access === "public" || principal === undefined ? undefined : { ...origin, principal };
  return acting as Allowed extends "public" ? undefined : Acting;
}

function parsed<Schema extends z.ZodType | undefined>(
  schema: Schema | undefined,
  input: unknown,
  what: string,
): Parsed<Schema> {
  return (schema === undefined ? undefined : parseInput(schema, input, what)) as Parsed<Schema>;
}
