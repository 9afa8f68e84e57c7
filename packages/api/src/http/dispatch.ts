import type { IncomingMessage } from "node:http";
import type { Clock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { Context, Middleware } from "koa";
import * as z from "zod";
import type { Caller } from "../access/caller.ts";
import { cookieNames, setCookieHeaders } from "../access/cookies.ts";
import type { Route, RouteAnswer } from "../routes/route.ts";
import { Router } from "../routes/router.ts";
import type { UiFiles } from "../ui/ui-files.ts";
import { readJsonBody } from "./body.ts";
import { methodNotAllowed } from "./http-rejection.ts";
import { stateOf } from "./request-state.ts";
import { parseTarget } from "./request-target.ts";
import { dataHeaders, uiHeaders } from "./security-headers.ts";

/** Finds out what is asked for; whether there is any such thing is told further in, to who may know. */
export function matched(routes: readonly Route[]): Middleware {
  const router = new Router(routes);
  return async (ctx, next) => {
    const state = stateOf(ctx);
    state.target = parseTarget(ctx.req.url ?? "");
    state.match = router.match(ctx.method, state.target.path);
    if (state.match.kind === "route") state.route = state.match.route.path;
    await next();
  };
}

/** What answering takes, besides the table of routes. */
export interface Answering {
  readonly clock: Pick<Clock, "monotonic">;
  readonly ui: UiFiles;
  /** This node, for the names of its cookies. */
  readonly node: () => NodeId;
  readonly mayEverybodys: (caller: Caller, route: Route) => boolean;
  /** Asked once the body is there, which may take long. @throws MeshError when the caller is not who he was */
  readonly recheck: (caller: Caller) => void;
  /** What a path says that is neither a route nor of the UI. */
  readonly unknownPath: (path: string) => MeshError;
  /** Whether a path is kept from the UI's files. */
  readonly isReserved: (path: string) => boolean;
}

/** Innermost: answers a request by the table of routes, or from the UI's files. */
export function answered(
  components: Answering,
  { maxBodyBytes }: { readonly maxBodyBytes: number },
): Middleware {
  return async (ctx) => {
    const state = stateOf(ctx);
    const { match, target, caller } = state;
    if (match.kind === "other-method") throw methodNotAllowed(ctx.method, target.path, match.allowed);
    if (match.kind === "none") return answerFromUi(ctx, components, target.path);
    if (caller === undefined) throw new MeshError("UNAUTHENTICATED", "Log in first, or send a token");
    const { route, params } = match;
    let isBodyRead = false;
    const asksForPassword = () => isBodyRead && caller.principal !== undefined && takesPassword(route);
    const answer = await confirmed(asksForPassword, () =>
      route.answer({
        params,
        query: target.query,
        async readBody() {
          const body =
            hasNoBody(ctx.req) && route.bodyOptional ? {} : await readJsonBody(ctx.req, maxBodyBytes);
          components.recheck(caller);
          isBodyRead = true;
          return body;
        },
        ifMatch: ctx.headers["if-match"],
        ifNoneMatch: ctx.headers["if-none-match"],
        idempotencyKey: headerOf(ctx, "idempotency-key"),
        elapsedMs: () => components.clock.monotonic() - state.startedMs,
        target: ctx.req.url ?? "",
        caller,
        mayEverybodys: components.mayEverybodys(caller, route),
        nameTarget(name) {
          state.auditTarget = name;
        },
      }),
    );
    state.answer = answer;
    setCookies(ctx, answer, caller, components.node);
    send(ctx, route, answer);
  };
}

/**
 * A wrong password that was to confirm an act is told apart from a login that is over: it names the field. Both are
 * UNAUTHENTICATED, and a client must not throw its user out for a typing error.
 */
async function confirmed(
  asksForPassword: () => boolean,
  answer: () => Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  try {
    return await answer();
  } catch (error) {
    const known = error instanceof MeshError && error.code === "UNAUTHENTICATED";
    if (!known || !asksForPassword() || error.details.fields !== undefined) throw error;
    const fields = [{ field: "password", message: error.message }];
    throw new MeshError(error.code, error.message, { ...error.details, fields }, { cause: error });
  }
}

/** RFC 9112 section 6.3: a request has a body when one of these says so. */
function hasNoBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
}

/** Node joins the values of a header that came several times: as such they are none that a schema takes. */
function headerOf({ headers }: Context, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "object" ? value.join(", ") : value;
}

function takesPassword({ access, body }: Route): boolean {
  return access !== "public" && body instanceof z.ZodObject && "password" in body.shape;
}

function setCookies(ctx: Context, answer: RouteAnswer, { secure }: Caller, node: () => NodeId): void {
  const { session, oidcState } = answer;
  if (session === undefined && oidcState === undefined) return;
  const changes = {
    ...(session === undefined ? {} : { session: session?.secret ?? null }),
    ...(oidcState === undefined ? {} : { oidcState }),
  };
  ctx.set("set-cookie", setCookieHeaders(changes, cookieNames(node(), secure), secure));
}

function send(ctx: Context, route: Route, { status, body, headers = {} }: RouteAnswer): void {
  ctx.set({ ...dataHeaders, ...headers });
  ctx.status = status;
  const kind = route.answers[status]?.body;
  if (kind === null || kind === undefined) {
    ctx.body = null;
    // Koa takes an empty body for 204 unless the status is said again.
    ctx.status = status;
  } else if (typeof kind === "string") {
    ctx.body = body;
    ctx.set("content-type", kind);
  } else {
    ctx.body = JSON.stringify(body);
    ctx.set("content-type", "application/json; charset=utf-8");
  }
}

async function answerFromUi(
  ctx: Context,
  { ui, unknownPath, isReserved }: Answering,
  path: string,
): Promise<void> {
  if (path === "/api" || path.startsWith("/api/") || isReserved(path)) throw unknownPath(path);
  if (ctx.method !== "GET" && ctx.method !== "HEAD") {
    throw methodNotAllowed(ctx.method, path, ["GET", "HEAD"]);
  }
  stateOf(ctx).route = "ui";
  const answer = await ui.answer(path, ctx.get("accept-encoding"));
  if (answer === undefined) throw new MeshError("NOT_FOUND", `There is no ${path}`);
  ctx.set({ ...uiHeaders, ...answer.headers });
  ctx.status = answer.status;
  ctx.body = answer.body;
  ctx.set("content-type", answer.headers["content-type"] ?? "application/octet-stream");
}
