import type { Clock, Logger, Random } from "@pi-controller/runtime";
import type { Middleware } from "koa";
import type { RequestMetrics } from "../prometheus/request-metrics.ts";
import { correlationIdOf } from "./correlation.ts";
import type { Gate } from "./gate.ts";
import { problemOf } from "./problem.ts";
import { stateOf } from "./request-state.ts";
import { dataHeaders } from "./security-headers.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/** Outermost: what follows must not throw. */
export function measured(
  components: { readonly clock: Clock; readonly logger: Logger; readonly metrics: RequestMetrics },
  isStopping: () => boolean,
): Middleware {
  return async (ctx, next) => {
    const startedMs = components.clock.monotonic();
    const state = stateOf(ctx);
    state.startedMs = startedMs;
    state.route = "none";
    await next();
    // Whoever stays connected would be cut off in the middle of the next request.
    if (isStopping()) ctx.set("connection", "close");
    const durationMs = components.clock.monotonic() - startedMs;
    const method = METHODS.includes(ctx.method) ? ctx.method : "other";
    const { route, correlationId } = state;
    components.metrics.record({ method, route, status: ctx.status, durationMs });
    // Not the path: people put tokens there by mistake. What an id in it stood for is in the audit log.
    components.logger.debug(
      { method, route, status: ctx.status, durationMs, correlationId },
      "Answered a request",
    );
  };
}

/** Turns every error into `application/problem+json`; gives every answer its correlation id. */
export function withProblems(components: { readonly logger: Logger; readonly random: Random }): Middleware {
  return async (ctx, next) => {
    const correlationId = correlationIdOf(ctx.headers["x-correlation-id"], components.random);
    const state = stateOf(ctx);
    state.correlationId = correlationId;
    ctx.set("x-correlation-id", correlationId);
    try {
      await next();
    } catch (error) {
      const { problem, headers, hidden } = problemOf(error, correlationId);
      if (hidden) {
        components.logger.error(
          { err: error, correlationId, method: ctx.method, route: state.route },
          "A request failed",
        );
      }
      ctx.set({ ...dataHeaders, ...headers });
      ctx.status = problem.status;
      ctx.body = JSON.stringify(problem);
      ctx.set("content-type", "application/problem+json");
    }
  };
}

export function guarded(gate: Gate): Middleware {
  return async (ctx, next) => {
    // What only reads is safe from other pages without CORS: they cannot see the answer.
    gate.admit(ctx.req, ctx.method !== "GET" && ctx.method !== "HEAD");
    await gate.run(next);
  };
}
