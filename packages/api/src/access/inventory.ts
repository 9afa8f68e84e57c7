import type { Inventory } from "@pi-controller/schema";
import type { RouteSpec } from "../routes/route.ts";
import type { WebSocketRoute } from "../stream/web-sockets.ts";
import { accessText } from "./route-access.ts";

/** A request method or gossip topic between peers, and who may use it: `member`, or what the protocol says. */
export type PeerProtocol = Inventory["items"][number] & { readonly protocol: "request" | "gossip" };

/** Pure: everything on this peer that can be asked or told something. */
export function inventoryOf(
  routes: readonly RouteSpec[],
  webSockets: readonly WebSocketRoute[],
  peerProtocols: readonly PeerProtocol[],
): Inventory {
  const rest = routes.map(({ method, path, access, withForce }) => ({
    protocol: "rest" as const,
    name: `${method} ${path}`,
    access: accessText(access, withForce),
  }));
  const streams = webSockets.map(({ path, access }) => ({
    protocol: "websocket" as const,
    name: path,
    access: accessText(access),
  }));
  return { items: [...rest, ...streams, ...peerProtocols] };
}
