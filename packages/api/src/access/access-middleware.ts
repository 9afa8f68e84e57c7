import { MeshError, type NodeId, statusOfCode } from "@pi-controller/schema";
import type { Context, Middleware } from "koa";
import { HttpRejection } from "../http/http-rejection.ts";
import { stateOf } from "../http/request-state.ts";
import type { Route } from "../routes/route.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { cookieNames, setCookieHeaders } from "./cookies.ts";
import { refuseOtherSites } from "./cross-site.ts";
import { type Guard, strangerOf } from "./guard.ts";
import { rightText } from "./route-access.ts";

/** Authenticates and authorises, before a byte of the body is read. */
export function accessed(guard: Guard, node: () => NodeId): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") refuseOtherSites(ctx.headers);
    const state = stateOf(ctx);
    const { match, target, correlationId } = state;
    if (match.kind === "route") {
      try {
        state.caller = await guard.identify(ctx.req, correlationId, match.route);
      } catch (error) {
        if (error instanceof MeshError && error.code === "UNAUTHENTICATED") clearSession(ctx, node);
        throw error;
      }
      if (state.caller.staleSession) clearSession(ctx, node);
      guard.authorise(state.caller, match.route, match.params, target.query);
    }
    await next();
  };
}

/** The browser shall not go on to show a session that is over; it sends one only when there was no bearer. */
function clearSession(ctx: Context, node: () => NodeId): void {
  const { secure } = strangerOf(ctx.req, "");
  const names = cookieNames(node(), secure);
  if (ctx.headers.authorization !== undefined || !ctx.headers.cookie?.includes(`${names.session}=`)) return;
  ctx.set("set-cookie", setCookieHeaders({ session: null }, names, secure));
}

/** Of an unclaimed node: there is nobody to be known, and all its routes are public. */
export function strangersOnly(): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") refuseOtherSites(ctx.headers);
    const state = stateOf(ctx);
    state.caller = strangerOf(ctx.req, state.correlationId);
    await next();
  };
}

/** Records what was refused and what changed something, by whom, whatever became of it. */
export function audited(trail: AuditTrail): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      const { answer } = stateOf(ctx);
      record(ctx, trail, ctx.status, answer?.failure);
    } catch (error) {
      const known = error instanceof MeshError ? error : new MeshError("INTERNAL", "The peer failed");
      const status = known instanceof HttpRejection ? known.status : statusOfCode[known.code].http;
      record(ctx, trail, status, known);
      throw error;
    }
  };
}

function record(ctx: Context, trail: AuditTrail, status: number, error: MeshError | undefined): void {
  const state = stateOf(ctx);
  const { match, answer, caller = strangerOf(ctx.req, state.correlationId) } = state;
  const route = match.kind === "route" ? match.route : undefined;
  trail.record({
    method: ctx.method,
    action: route === undefined ? `${ctx.method.slice(0, 10)} ${state.route}` : actionOf(route),
    target: state.auditTarget ?? (match.kind === "route" ? targetOf(match.route, match.params) : ""),
    principal: answer?.session?.principal ?? caller.principal,
    origin: caller.origin,
    status,
    code: error?.code,
    always: answer?.session !== undefined || answer?.failure !== undefined,
    often: route?.audit === "summed",
  });
}

/** As the audit log calls what a route does. */
function actionOf({ action, access, method, path }: Route): string {
  if (action !== undefined) return action;
  return typeof access === "string" ? `${method} ${path}` : rightText(access);
}

/** Ids of the path, when they are ids: a token that somebody put there by mistake is none. */
function targetOf({ params: schema }: Route, params: Readonly<Record<string, string>>): string {
  return schema?.safeParse(params).success === true ? Object.values(params).join("/") : "";
}
