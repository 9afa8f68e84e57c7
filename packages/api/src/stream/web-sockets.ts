import type { AccessRule } from "../access/route-access.ts";
import { EVENTS_PATH } from "../routes/peer-routes.ts";

/** Something that can be followed through a WebSocket. */
export interface WebSocketRoute {
  readonly path: string;
  readonly access: AccessRule;
}

/** All there are, for the handshake and for the inventory alike. */
export const webSocketRoutes: readonly WebSocketRoute[] = [
  { path: EVENTS_PATH, access: { verb: "watch", resource: "events" } },
];
