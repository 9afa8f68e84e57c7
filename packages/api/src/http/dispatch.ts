import { MeshError } from "@pi-controller/schema";
import type { Context, Middleware } from "koa";
import type { Route, RouteAnswer } from "../routes/route.ts";
import { Router } from "../routes/router.ts";
import type { UiFiles } from "../ui/ui-files.ts";
import { readJsonBody } from "./body.ts";
import { methodNotAllowed } from "./http-rejection.ts";
import { stateOf } from "./middleware.ts";
import { parseTarget, type RequestTarget } from "./request-target.ts";
import { dataHeaders, uiHeaders } from "./security-headers.ts";

interface Components {
  readonly routes: readonly Route[];
  readonly ui: UiFiles;
}

/** Innermost: answers a request by the table of routes, or from the UI's files. */
export function dispatched(
  { routes, ui }: Components,
  options: { readonly maxBodyBytes: number },
): Middleware {
  const router = new Router(routes);
  return async (ctx) => {
    const target = parseTarget(ctx.req.url ?? "");
    const match = router.match(ctx.method, target.path);
    if (match.kind === "other-method") throw methodNotAllowed(ctx.method, target.path, match.allowed);
    if (match.kind === "none") return answerFromUi(ctx, ui, target.path);
    stateOf(ctx).route = match.route.path;
    return answerRoute(ctx, match.route, match.params, target, options.maxBodyBytes);
  };
}

async function answerRoute(
  ctx: Context,
  route: Route,
  params: Readonly<Record<string, string>>,
  target: RequestTarget,
  maxBodyBytes: number,
): Promise<void> {
  const answer = await route.answer({
    params,
    query: target.query,
    readBody: () => readJsonBody(ctx.req, maxBodyBytes),
    ifMatch: ctx.headers["if-match"],
    ifNoneMatch: ctx.headers["if-none-match"],
    context: { correlationId: stateOf(ctx).correlationId },
  });
  send(ctx, route, answer);
}

function send(ctx: Context, route: Route, { status, body, headers = {} }: RouteAnswer): void {
  ctx.set({ ...dataHeaders, ...headers });
  ctx.status = status;
  const kind = route.answers[status]?.body;
  if (kind === null || kind === undefined) {
    ctx.body = null;
  } else if (typeof kind === "string") {
    ctx.body = body;
    ctx.set("content-type", kind);
  } else {
    ctx.body = JSON.stringify(body);
    ctx.set("content-type", "application/json; charset=utf-8");
  }
}

async function answerFromUi(ctx: Context, ui: UiFiles, path: string): Promise<void> {
  if (path === "/api" || path.startsWith("/api/")) throw new MeshError("NOT_FOUND", `There is no ${path}`);
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
