import { type Access, type Health, healthSchema } from "@pi-controller/schema";
import type { Caller } from "../access/caller.ts";
import { type Route, route } from "./route.ts";

export interface HealthComponents {
  readonly health: () => Health;
  /** Whether somebody may see what was looked at and found. */
  readonly maySeeChecks: (caller: Caller) => boolean;
}

/** The right to see why a peer is not well. */
export const healthAccess: Access = { verb: "get", resource: "health" };

/** For what watches over processes and balances load: it has no login, and needs to know nothing but yes or no. */
export function healthRoutes({ health, maySeeChecks }: HealthComponents): readonly Route[] {
  const shown = (caller: Caller): Health => {
    const found = health();
    return maySeeChecks(caller) ? found : { ...found, checks: [] };
  };
  const description = "What was looked at and found is told to whoever has the right to get health.";
  return [
    route({
      method: "GET",
      path: "/healthz",
      operationId: "getLiveness",
      tag: "peer",
      summary: "Tell whether the peer works, or only a restart helps",
      description,
      access: "public",
      answers: {
        200: { description: "It works", body: healthSchema },
        503: { description: "Restart it", body: healthSchema },
      },
      errors: [],
      handle({ caller }) {
        const body = shown(caller);
        return { status: body.live ? 200 : 503, body };
      },
    }),
    route({
      method: "GET",
      path: "/readyz",
      operationId: "getReadiness",
      tag: "peer",
      summary: "Tell whether the peer can do its work now",
      description,
      access: "public",
      answers: {
        200: { description: "It can", body: healthSchema },
        503: { description: "It cannot", body: healthSchema },
      },
      errors: [],
      handle({ caller }) {
        const body = shown(caller);
        return { status: body.ready ? 200 : 503, body };
      },
    }),
  ];
}
