import { type Clock, type Logger, seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import type { Health } from "@pi-controller/schema";
import { onTestFinished } from "vitest";
import { type Api, createApi } from "../create-api.ts";
import type { ApiOptions } from "../options.ts";
import { MemoryEvents } from "./memory-events.ts";
import { MemoryNodes } from "./memory-nodes.ts";

export interface TestApi {
  readonly api: Api;
  readonly url: string;
  readonly nodes: MemoryNodes;
  readonly events: MemoryEvents;
}

interface Setting extends Partial<ApiOptions> {
  readonly nodeCount?: number;
  readonly events?: MemoryEvents;
  readonly health?: () => Health;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A real server on a free port of the loopback, stopped when the test ends. */
export async function startApi(setting: Setting = {}): Promise<TestApi> {
  const {
    nodeCount = 5,
    events = new MemoryEvents(),
    health = () => ({ live: true, ready: true, checks: [] }),
    clock = systemClock(),
    logger = silentLogger,
    ...options
  } = setting;
  const nodes = new MemoryNodes(nodeCount);
  const api = createApi(
    { nodes, events, health, clock, random: seededRandom(1), logger },
    { host: "127.0.0.1", port: 0, version: "0.1.0", ...options },
  );
  await api.start(new AbortController().signal);
  onTestFinished(() => api.stop());
  return { api, url: api.url(), nodes, events };
}
