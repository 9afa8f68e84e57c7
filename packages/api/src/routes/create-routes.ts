import type { GpioUseCases } from "@pi-controller/gpio";
import type { Health } from "@pi-controller/schema";
import type { SecurityUseCases } from "@pi-controller/security";
import { askingOf } from "../access/asking.ts";
import { cookieNames } from "../access/cookies.ts";
import { inventoryOf, type PeerProtocol } from "../access/inventory.ts";
import type { EventReader } from "../event-reader.ts";
import { openApiDocument } from "../openapi/document.ts";
import { webSocketRoutes } from "../stream/web-sockets.ts";
import { apiTokenRoutes } from "./api-token-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { certificateRoutes } from "./certificate-routes.ts";
import { enrolmentRoutes } from "./enrolment-routes.ts";
import { gpioQuotaRoutes } from "./gpio-quota-routes.ts";
import { type GpioRouteComponents, gpioRoutes } from "./gpio-routes.ts";
import { gpioStopRoutes } from "./gpio-stop-routes.ts";
import { gpioWriteRoutes } from "./gpio-write-routes.ts";
import { healthAccess, healthRoutes } from "./health-routes.ts";
import { nodeRoutes, type ServedNodes } from "./node-routes.ts";
import { oidcRoutes } from "./oidc-routes.ts";
import { peerRoutes } from "./peer-routes.ts";
import { roleRoutes } from "./role-routes.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./session-routes.ts";
import { userRoutes } from "./user-routes.ts";

export interface RouteComponents {
  readonly nodes: ServedNodes;
  readonly events: EventReader;
  readonly health: () => Health;
  readonly security: SecurityUseCases;
  readonly gpio: GpioUseCases;
  /** The request methods and gossip topics of this peer, for the inventory. */
  readonly peerProtocols?: () => readonly PeerProtocol[];
}

/** All routes of a member, for the router, the OpenAPI document and the inventory alike. */
export function createRoutes(
  components: RouteComponents,
  options: { readonly version: string; readonly metricsText: () => string },
): readonly Route[] {
  const { nodes, events, health, security, gpio, peerProtocols } = components;
  const pins: GpioRouteComponents = { gpio, asking: (request) => askingOf(request, security) };
  const { authorize } = security;
  let document: unknown;
  const openApi = () => {
    const sessionCookie = cookieNames(security.status(undefined).node, true).session;
    document ??= openApiDocument(routes, { version: options.version, sessionCookie });
    return document;
  };
  const routes: readonly Route[] = [
    ...nodeRoutes(nodes),
    ...peerRoutes({ nodes, events, metricsText: options.metricsText, openApi }),
    ...healthRoutes({
      health,
      maySeeChecks: ({ principal }) =>
        principal !== undefined && authorize(principal, healthAccess) === undefined,
    }),
    ...sessionRoutes(security),
    ...oidcRoutes(security),
    ...apiTokenRoutes(security),
    ...userRoutes(security),
    ...roleRoutes(security),
    ...enrolmentRoutes(security),
    ...certificateRoutes(security),
    ...gpioWriteRoutes(pins),
    ...gpioRoutes(pins),
    ...gpioStopRoutes(pins),
    ...gpioQuotaRoutes(pins),
    ...auditRoutes({
      audit: security.audit,
      inventory: () => inventoryOf(routes, webSocketRoutes, peerProtocols?.() ?? []),
    }),
  ];
  return routes;
}
