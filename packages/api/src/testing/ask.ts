import { WebSocket } from "ws";
import { createRoutes } from "../routes/create-routes.ts";
import type { Route } from "../routes/route.ts";
import { MemoryEvents } from "./memory-events.ts";
import { MemoryGpio } from "./memory-gpio.ts";
import { MemoryNodes } from "./memory-nodes.ts";
import { MemorySecurity } from "./memory-security.ts";
import { routeRequests } from "./route-requests.ts";

/** The very table that a member serves. */
export function memberRoutes(): readonly Route[] {
  return createRoutes(
    {
      nodes: new MemoryNodes(1),
      events: new MemoryEvents(),
      health: () => ({ live: true, ready: true, checks: [] }),
      security: new MemorySecurity(),
      gpio: new MemoryGpio(),
    },
    { version: "1", metricsText: () => "" },
  );
}

export const nameOf = ({ method, path }: Pick<Route, "method" | "path">) => `${method} ${path}`;

/** Sends a proper request of a route, named by method and path. */
export function ask(url: string, route: string, headers: Record<string, string> = {}): Promise<Response> {
  const request = routeRequests[route];
  if (request === undefined) throw new Error(`There is no sample request of ${route}`);
  const { path, body } = request;
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(url + path, {
    method: route.split(" ")[0] ?? "",
    headers: { ...type, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    redirect: "manual",
  });
}

/** The status with which a WebSocket handshake is refused; 101 when it is not. */
export function handshake(url: string, path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(url.replace("http", "ws") + path, { headers });
  return new Promise((resolve) => {
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("error", () => undefined);
  });
}
