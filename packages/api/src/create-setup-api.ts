import type { Clock, Logger, Random } from "@pi-controller/runtime";
import type { Health, MeshError } from "@pi-controller/schema";
import type { SetupUseCases } from "@pi-controller/security";
import { strangersOnly } from "./access/access-middleware.ts";
import type { Api } from "./create-api.ts";
import { createGate, HttpEdge } from "./http/edge.ts";
import { HttpRejection } from "./http/http-rejection.ts";
import type { SecureContextSource } from "./http/tls-source.ts";
import { type ApiOptions, setupLimits } from "./options.ts";
import { RequestMetrics } from "./prometheus/request-metrics.ts";
import { healthRoutes } from "./routes/health-routes.ts";
import { setupRoutes } from "./routes/setup-routes.ts";
import { SETUP_UI_NOT_BUILT, UiFiles } from "./ui/ui-files.ts";

export interface SetupApiComponents {
  readonly setup: SetupUseCases;
  /** Live and ready unless given. */
  readonly health?: () => Health;
  readonly tls?: SecureContextSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Paths of a member that are not the UI's, nor below `/api`. */
const MEMBER_PATHS: readonly string[] = ["/metrics", "/root.pem", "/root.crt"];

/** What a node that belongs to no mesh serves: its set-up, and the UI for it. Everything else is refused. */
export function createSetupApi(components: SetupApiComponents, options: ApiOptions): Api {
  const { setup, tls, clock, random, logger } = components;
  const health = components.health ?? (() => ({ live: true, ready: true, checks: [] }));
  const bounded = { ...options, limits: { ...setupLimits, ...options.limits } };
  const edge: HttpEdge = new HttpEdge(
    {
      gate: createGate(clock, bounded),
      routes: [...setupRoutes({ setup }), ...healthRoutes({ health, maySeeChecks: () => false })],
      access: strangersOnly(),
      metrics: new RequestMetrics(),
      ui: new UiFiles(options.uiDirectory, SETUP_UI_NOT_BUILT),
      node: () => setup.status().node,
      mayEverybodys: () => false,
      recheck: () => undefined,
      unknownPath: notSetUp,
      isReserved: (path) => MEMBER_PATHS.includes(path),
      onUpgrade() {
        throw notSetUp();
      },
      tls,
      clock,
      random,
      logger,
    },
    bounded,
  );
  return {
    name: "setup-api",
    start: (signal) => edge.start(signal),
    stop: () => edge.stop(),
    url: () => edge.url(),
  };
}

/** 403, not the 412 that usually stands for this code: nothing about the request would change it. */
function notSetUp(): MeshError {
  return new HttpRejection(403, "FAILED_PRECONDITION", "This node is not set up");
}
