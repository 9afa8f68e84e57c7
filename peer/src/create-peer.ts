import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { createApi } from "@pi-controller/api";
import { Documents, levelStore } from "@pi-controller/document";
import { HardwareMonitor } from "@pi-controller/hardware";
import {
  AddressBook,
  Connector,
  DirectGossip,
  discoveryTag,
  Membership,
  type MemberView,
  mdns,
  mdnsDiscovery,
  openGate,
} from "@pi-controller/mesh";
import { libp2pNetwork, loadOrCreateIdentity, selfReportSigner } from "@pi-controller/mesh/libp2p";
import { createNodes, MeshWatch, Roster, SelfRegistration } from "@pi-controller/nodes";
import { type Service, startAll, stopAll, systemClock, systemRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import {
  defaultRetention,
  EventLog,
  Events,
  MetricsExchange,
  publishIntervalMs,
} from "@pi-controller/telemetry";
import { nextBootEpoch } from "./boot-epoch.ts";
import type { Config } from "./config/config.ts";
import type { LogComponent } from "./config/options.ts";
import { PeerHealth } from "./health.ts";
import type { Log } from "./log.ts";
import { createMachine } from "./machine.ts";
import { resolveAddress } from "./resolve-address.ts";
import { SystemdNotifier } from "./systemd.ts";

const DAY_MS = 24 * 3_600_000;
/** Of the smallest mesh; see the budget of metrics in the telemetry package. */
const MEASURE_INTERVAL_MS = publishIntervalMs(1);
/** No more connections than this come in; a full mesh needs 31. */
const MAX_CONNECTIONS = 200;

export interface PeerEnvironment {
  readonly log: Log;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A peer that is put together. */
export interface Peer {
  /** @throws what the service that failed threw; those that had started are stopped again */
  start(signal: AbortSignal): Promise<void>;
  /** Tells the mesh that this peer leaves, then stops everything. */
  stop(): Promise<void>;
  /** Of the API and the web UI, once started. */
  url(): string;
}

/**
 * Puts a peer together: the one place that knows all parts. Reads its identity; starts nothing.
 *
 * @throws MeshError when the data directory or the identity in it cannot be used
 */
export async function createPeer(config: Config, { log, version, env }: PeerEnvironment): Promise<Peer> {
  const clock = systemClock();
  const random = systemRandom();
  const startedAtMs = clock.now();
  await makeDataDirectory(config.dataDir);
  const { privateKey, peer: self } = await loadOrCreateIdentity(config.dataDir);
  const bootEpoch = await nextBootEpoch(config.dataDir);
  const component = (name: LogComponent) => ({ clock, random, logger: log.component(name) });

  const addressBook = new AddressBook();
  const { network, gossip } = libp2pNetwork(
    { ...component("network"), privateKey, addressBook, gate: openGate },
    {
      listen: config.listen.map((address) => listenAddress(address, config.meshPort)),
      meshName: config.meshName,
      maxConnections: MAX_CONNECTIONS,
    },
  );
  const multicast = config.mdns ? mdns(component("discovery")) : undefined;
  const tags = [discoveryTag(new TextEncoder().encode(config.meshName))];
  const discovery =
    multicast && mdnsDiscovery({ ...component("discovery"), mdns: multicast }, { self, tags: () => tags });
  const membership = new Membership(
    {
      ...component("membership"),
      network,
      gossip,
      gate: openGate,
      signer: selfReportSigner(privateKey),
    },
    { bootEpoch },
  );
  const documents = new Documents(
    {
      ...component("documents"),
      network,
      gossip,
      store: levelStore({ directory: join(config.dataDir, "documents") }),
      reachablePeers: () => network.status().connections.map(({ peer }) => peer),
    },
    { recover: config.recover },
  );
  const eventLog = new EventLog(component("events"), {
    ...defaultRetention,
    file: join(config.dataDir, "events.db"),
    maxEvents: config.eventsKeep,
    maxAgeMs: config.eventsKeepDays * DAY_MS,
  });
  const events = new Events(
    {
      ...component("events"),
      gossip,
      log: eventLog,
      hasAudience: () => network.status().connections.length > 0,
    },
    { self },
  );
  const metricsGossip = new DirectGossip({
    ...component("metrics"),
    network,
    gossip,
    alive: () => [...membership.members().values()].filter(isAlive).map(({ id }) => id),
  });
  const metrics = new MetricsExchange(
    { ...component("metrics"), gossip: metricsGossip, memberCount: () => membership.size },
    { self },
  );
  const { machine, services: machineServices } = createMachine(component("hardware"), config);
  const monitor = new HardwareMonitor(
    {
      ...component("hardware"),
      machine,
      publish: (sample) => metrics.record(sample),
      emit: (type, data) => void events.emit(type, { node: self, data }),
    },
    { intervalMs: () => MEASURE_INTERVAL_MS },
  );
  const roster = new Roster(
    { documents, membership, addressBook, metrics, logger: log.component("roster") },
    { self },
  );
  const connector = new Connector(
    {
      ...component("connector"),
      network,
      gate: openGate,
      addressBook,
      members: () => roster.peers(),
      ...(discovery === undefined ? {} : { discovery }),
    },
    { join: config.join },
  );
  const watch = new MeshWatch(
    {
      membership,
      documents,
      events,
      clock,
      logger: log.component("mesh"),
      nameOf: (id) => roster.nameOf(id),
    },
    { self },
  );
  const registration = new SelfRegistration(
    { ...component("roster"), network, documents, events, board: () => machine.detect() },
    { name: config.name, version, bootEpoch, apiUrls: () => [api.url()] },
  );
  const nodes = createNodes(
    {
      network,
      discovery,
      documents,
      membership,
      metrics,
      events,
      clock,
      partition: () => watch.partition(),
      toMultiaddrs: resolveAddress,
    },
    { version, bootEpoch, startedAtMs, name: config.name },
  );
  const health = new PeerHealth({ documents });
  const api = createApi(
    { ...component("api"), nodes, events: eventLog, health: () => health.check() },
    {
      host: "127.0.0.1",
      port: config.port,
      version,
      ...(config.uiDir === "" ? {} : { uiDirectory: config.uiDir }),
    },
  );
  // In the order in which they stand on each other: what is stored first, what people see last.
  const services: readonly Service[] = [
    eventLog,
    documents,
    events,
    metrics,
    membership,
    network,
    roster,
    watch,
    connector,
    ...(multicast === undefined ? [] : [multicast]),
    ...(discovery === undefined ? [] : [discovery]),
    api,
    registration,
    ...machineServices,
    monitor,
    new SystemdNotifier(component("systemd"), { env }),
  ];
  const logger = log.component("peer");
  return {
    async start(signal) {
      logger.info({ peer: self, version, bootEpoch, dataDirectory: config.dataDir }, "Starting");
      await startAll(services, signal);
      health.started();
      logger.info({ url: api.url(), addresses: network.status().addresses }, `Serving ${api.url()}`);
    },
    async stop() {
      if (health.stopping()) {
        events.emit("cluster.node.stopping", { node: self, data: { reason: "stopped by its operator" } });
        await events.flush();
        await membership.leave();
      }
      await stopAll(services);
    },
    url: () => api.url(),
  };
}

function isAlive({ state }: MemberView): boolean {
  return state === "alive";
}

async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshError(
      "FAILED_PRECONDITION",
      `The data directory ${directory} cannot be made: ${reason}`,
      {},
      {
        cause: error,
      },
    );
  }
}

function listenAddress(address: string, port: number): string {
  return `/ip${isIP(address) === 6 ? 6 : 4}/${address}/tcp/${port}`;
}
