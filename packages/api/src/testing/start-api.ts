import type { GpioUseCases } from "@pi-controller/gpio";
import {
  type Clock,
  Emitter,
  type Logger,
  seededRandom,
  silentLogger,
  systemClock,
} from "@pi-controller/runtime";
import type { Health } from "@pi-controller/schema";
import { onTestFinished } from "vitest";
import { type Api, createApi } from "../create-api.ts";
import { createSetupApi } from "../create-setup-api.ts";
import type { SecureContextSource } from "../http/tls-source.ts";
import type { ApiOptions } from "../options.ts";
import { memorySetup } from "./memory-acts.ts";
import { MemoryEvents } from "./memory-events.ts";
import { MemoryGpio } from "./memory-gpio.ts";
import { MemoryNodes } from "./memory-nodes.ts";
import { bearerOf, MemorySecurity, type UserName } from "./memory-security.ts";

export interface TestApi {
  readonly api: Api;
  readonly url: string;
  readonly nodes: MemoryNodes;
  readonly events: MemoryEvents;
  readonly security: MemorySecurity;
  readonly gpio: MemoryGpio;
  /** As an admin, unless the request says otherwise. */
  readonly fetch: typeof fetch;
  /** The mesh has learnt who may do what now. */
  readonly changeTrust: () => void;
}

interface Setting extends Partial<ApiOptions> {
  readonly nodeCount?: number;
  readonly events?: MemoryEvents;
  /** Instead of those in memory. */
  readonly pins?: GpioUseCases;
  readonly health?: () => Health;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly tls?: SecureContextSource;
}

export const asUser = (name: UserName) => ({ authorization: `Bearer ${bearerOf(name)}` });

/** A real server on a free port of the loopback, stopped when the test ends. */
export async function startApi(setting: Setting = {}): Promise<TestApi> {
  const {
    nodeCount = 5,
    events = new MemoryEvents(),
    health = () => ({ live: true, ready: true, checks: [] }),
    clock = systemClock(),
    logger = silentLogger,
    tls,
    pins,
    ...options
  } = setting;
  const nodes = new MemoryNodes(nodeCount);
  const security = new MemorySecurity();
  const gpio = new MemoryGpio();
  const trust = new Emitter<void>((error) => {
    throw error;
  });
  const api = createApi(
    {
      nodes,
      events,
      health,
      security,
      gpio: pins ?? gpio,
      onTrustChange: (listener) => trust.on(listener),
      peerProtocols: () => [{ protocol: "request", name: "documents.sync", access: "member" }],
      ...(tls === undefined ? {} : { tls }),
      clock,
      random: seededRandom(1),
      logger,
    },
    { host: "127.0.0.1", port: 0, version: "0.1.0", ...options },
  );
  await api.start(new AbortController().signal);
  onTestFinished(() => api.stop());
  const changeTrust = () => trust.emit();
  return { api, url: api.url(), nodes, events, security, gpio, fetch: fetchAs("ada"), changeTrust };
}

/** `fetch` that says who asks, as far as the request itself does not. */
export function fetchAs(name: UserName): typeof fetch {
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${bearerOf(name)}`);
    return fetch(input, { ...init, headers });
  };
}

/** The same of a node that belongs to no mesh. */
export async function startSetupApi(options: Partial<ApiOptions> = {}): Promise<string> {
  const api = createSetupApi(
    { setup: memorySetup(), clock: systemClock(), random: seededRandom(1), logger: silentLogger },
    { host: "127.0.0.1", port: 0, version: "0.1.0", ...options },
  );
  await api.start(new AbortController().signal);
  onTestFinished(() => api.stop());
  return api.url();
}
