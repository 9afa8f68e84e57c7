import type { AccessRule } from "../access/route-access.ts";
import { IN_ITS_NAMESPACE } from "../routes/gpio-answers.ts";
import { EVENTS_PATH } from "../routes/peer-routes.ts";
import { GPIO_CHANGES_PATH } from "./gpio-streams.ts";

/** Something that can be followed through a WebSocket. */
export interface WebSocketRoute {
  readonly path: string;
  readonly access: AccessRule;
}

/** All there are, for the handshake and for the inventory alike. */
export const webSocketRoutes: readonly WebSocketRoute[] = [
  { path: EVENTS_PATH, access: { verb: "watch", resource: "events" } },
  { path: GPIO_CHANGES_PATH, access: { verb: "watch", resource: "gpio", ...IN_ITS_NAMESPACE } },
];
