import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import type { RouteAnswer } from "../routes/route.ts";
import type { RouteMatch } from "../routes/router.ts";
import type { RequestTarget } from "./request-target.ts";

/** What of a request the layers tell each other, each for those within it. */
export interface RequestState {
  correlationId: string;
  /** When it came in, by the monotonic clock. */
  startedMs: number;
  /** For logs and metrics: a path of the table of routes, or what kind of request it was. */
  route: string;
  target: RequestTarget;
  match: RouteMatch;
  /** Who asks, as soon as it is known. */
  caller?: Caller;
  /** For the audit log, when the path does not say what was acted on. */
  auditTarget?: string;
  answer?: RouteAnswer;
}

export function stateOf(ctx: Context): RequestState {
  return ctx.state;
}
