import { join } from "node:path";
import { createApi, type PeerProtocol } from "@pi-controller/api";
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
  pendingDiscovery,
} from "@pi-controller/mesh";
import { libp2pNetwork, loadOrCreateIdentity, selfReportSigner } from "@pi-controller/mesh/libp2p";
import {
  announcementsCollection,
  createNodes,
  type MembersPort,
  MeshWatch,
  type NodeUseCases,
  nodesCollection,
  Roster,
  SelfRegistration,
} from "@pi-controller/nodes";
import { type Service, startAll, stopAll } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import {
  MeshSecrets,
  type NodeNames,
  namesOfNode,
  nodeKeyOf,
  SecretRollover,
  Trust,
  TrustCarrier,
  TrustIntroduction,
  TrustNews,
  type TrustStore,
  trustGate,
  wipeEnrolmentSecrets,
} from "@pi-controller/security";
import {
  defaultRetention,
  EventLog,
  Events,
  MetricsExchange,
  publishIntervalMs,
} from "@pi-controller/telemetry";
import { apiOptions } from "./api-options.ts";
import { nextBootEpoch } from "./boot-epoch.ts";
import type { Config } from "./config/config.ts";
import type { Surroundings } from "./create-peer.ts";
import { markForgetting } from "./data-directory.ts";
import { PeerHealth } from "./health.ts";
import { knockOriginsOf } from "./knock-origins.ts";
import { apiUrlsOf, multiaddrOf, tcpPortOf } from "./listen-addresses.ts";
import { createMachine } from "./machine.ts";
import { createMemberPins } from "./member-pins.ts";
import { createMemberSecurity } from "./member-security.ts";
import { isPendingAt, openPendingNetwork } from "./pending-network.ts";
import { resolveAddress } from "./resolve-address.ts";
import type { Stage, StageEnd } from "./stage.ts";
import { SystemdNotifier } from "./systemd.ts";
import { TrustUpkeep } from "./trust-upkeep.ts";
import { enrolmentSecretsOptions } from "./unclaimed-stage.ts";
import { buildDateMs } from "./version.ts";
import { witnessesOf } from "./witnesses.ts";

const DAY_MS = 24 * 3_600_000;
/** Of the smallest mesh; see the budget of metrics in the telemetry package. */
const MEASURE_INTERVAL_MS = publishIntervalMs(1);
/** No more connections than this come in; a full mesh needs 31. */
const MAX_CONNECTIONS = 200;

/** A peer as a member of its mesh. */
export interface MemberStage extends Stage {
  /** Leaves the mesh, for whoever has the machine in his hands. */
  leave(): Promise<void>;
}

/**
 * Puts a member together: the one place that knows all its parts. Starts nothing.
 *
 * @param store what this peer knows of its mesh; closed by the stage
 * @throws MeshError when the data directory or what is in it cannot be used
 */
export async function createMemberStage(
  config: Config,
  store: TrustStore,
  surroundings: Surroundings,
): Promise<MemberStage> {
  const { clock, component, env, log, version } = surroundings;
  const startedAtMs = clock.now();
  const { privateKey, peer: self } = await loadOrCreateIdentity(config.dataDir);
  const bootEpoch = await nextBootEpoch(config.dataDir);
  const nodeKey = nodeKeyOf(self, privateKey);
  const trust = Trust.load({ ...component("trust"), store }, { buildDateMs: buildDateMs() });
  const ended = Promise.withResolvers<StageEnd>();

  const gate = trustGate(trust, self);
  const secrets = new MeshSecrets(
    { ...component("trust"), trust, node: nodeKey, store },
    { tagOf: discoveryTag },
  );
  const addressBook = new AddressBook();
  const links = libp2pNetwork(
    {
      ...component("network"),
      privateKey,
      addressBook,
      gate,
      introduction: new TrustIntroduction({ trust }),
      fence: secrets,
    },
    {
      listen: config.listen.map((address) => multiaddrOf(address, config.meshPort)),
      meshName: "mesh",
      maxConnections: MAX_CONNECTIONS,
    },
  );
  const { network, gossip } = links;
  const multicast = config.mdns ? mdns(component("discovery")) : undefined;
  const discovery =
    multicast &&
    mdnsDiscovery({ ...component("discovery"), mdns: multicast }, { self, tags: () => secrets.tags() });
  const pending = multicast && pendingDiscovery({ ...component("discovery"), mdns: multicast }, { self });
  const membership = new Membership(
    { ...component("membership"), network, gossip, gate, signer: selfReportSigner(privateKey) },
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
  const carrier = new TrustCarrier({ ...component("trust"), trust, document: documents.mesh });
  const news = new TrustNews({ trust, network });
  const rollover = new SecretRollover({
    ...component("trust"),
    trust,
    secrets,
    node: nodeKey,
    document: documents.mesh,
  });
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
  let foundBoard: Promise<Board> | undefined;
  const board = () => (foundBoard ??= machine.detect());
  const monitor = new HardwareMonitor(
    {
      ...component("hardware"),
      machine,
      publish: (sample) => metrics.record(sample),
      emit(type, data) {
        // Outputs first: what cannot be told stops them nevertheless.
        pins.onHardwareEvent(type);
        events.emit(type, { node: self, data });
      },
    },
    { intervalMs: () => MEASURE_INTERVAL_MS, alarmsBefore: () => pins.alarmsBefore() },
  );
  const members = membersOf(trust);
  const roster = new Roster(
    { documents, members, membership, addressBook, metrics, logger: log.component("roster") },
    { self },
  );
  const connector = new Connector(
    {
      ...component("connector"),
      network,
      gate,
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
  const names: NodeNames = {
    nodeName: () => roster.nameOf(self) ?? config.name,
    certificateNames: () =>
      namesOfNode(roster.nameOf(self) ?? config.name, config.hostName, network.status().addresses),
    observe(listener) {
      const subscriptions = [
        network.observe(({ kind }) => kind === "addresses-changed" && listener()),
        documents.mesh.collection(nodesCollection).observe(listener),
      ];
      return () => {
        for (const unsubscribe of subscriptions) unsubscribe();
      };
    },
  };
  const joinOrigins = knockOriginsOf(config.join, config.port);
  const security = createMemberSecurity(config, {
    surroundings,
    trust,
    nodeKey,
    network,
    addressBook,
    membership,
    events,
    roster,
    news,
    secrets,
    names,
    pendingDiscovery: pending,
    witnesses: () =>
      witnessesOf({
        self,
        members: trust.view.members.keys(),
        connected: network.status().connections.map(({ peer }) => peer),
        stateOf: (node) => membership.member(node)?.state,
        apiUrlsOf: (node) => documents.mesh.collection(announcementsCollection).get(node)?.apiUrls ?? [],
        joinOrigins,
      }),
    nodes: () => nodes,
    openPendingNetwork: () => openPendingNetwork(component("network")),
    wipe: () => markForgetting(config.dataDir),
    onGone: (reason) => ended.resolve({ kind: "gone", reason }),
  });
  const nodes: NodeUseCases = createNodes(
    {
      network,
      discovery,
      documents,
      members,
      membership,
      metrics,
      events,
      clock,
      isPending: (address) => isPendingAt(address, component("network")),
      partition: () => watch.partition(),
      toMultiaddrs: resolveAddress,
    },
    { version, bootEpoch, startedAtMs, name: config.name },
  );
  const pins = createMemberPins(config, {
    surroundings,
    network,
    documents,
    membership,
    roster,
    trust,
    events,
    security: security.useCases,
    board,
    privateKey,
    bootEpoch,
  });
  const registration = new SelfRegistration(
    { ...component("roster"), network, documents, events, board },
    {
      name: config.name,
      version,
      bootEpoch,
      isAlone: () => trust.view.members.size === 1,
      apiUrls: () => apiUrlsOf(network.status().addresses, portOf(api.url())),
    },
  );
  const health = new PeerHealth({ documents, trust });
  const api = createApi(
    {
      ...component("api"),
      nodes,
      gpio: pins.useCases,
      events: eventLog,
      health: () => health.check(),
      security: security.useCases,
      peerProtocols,
      onTrustChange: (listener) => trust.observe(listener),
      tls: security.certificates,
    },
    apiOptions(config, { version, hostNames: () => names.certificateNames().dnsNames }),
  );
  // In the order in which they stand on each other: what is stored first, what people see last.
  const services: readonly Service[] = [
    // Open since it was loaded, and the last to be closed.
    { name: "trust database", start: async () => {}, stop: async () => trust.close() },
    secrets,
    eventLog,
    documents,
    pins.disk,
    carrier,
    news,
    events,
    // Tells of a clock that is behind, and so comes after what keeps events.
    new TrustUpkeep({
      ...component("trust"),
      trust,
      onClockBehind: (behindByMs) =>
        events.emit("security.clock.behind", { node: self, data: { behindByMs } }),
    }),
    metrics,
    membership,
    network,
    rollover,
    roster,
    // As soon as what was granted can be read: what stands is driven again, and what is over is made safe.
    pins.service,
    watch,
    connector,
    ...security.early,
    ...(multicast === undefined ? [] : [multicast]),
    ...(discovery === undefined ? [] : [discovery]),
    ...(pending === undefined ? [] : [pending]),
    ...security.late,
    api,
    registration,
    ...machineServices,
    monitor,
    new SystemdNotifier(component("systemd"), { env }),
  ];
  const logger = log.component("peer");
  return {
    ended: ended.promise,
    async start(signal) {
      logger.info({ peer: self, version, bootEpoch, dataDirectory: config.dataDir }, "Starting");
      // In case the node was interrupted when it had just become a member.
      await wipeEnrolmentSecrets(enrolmentSecretsOptions(config), log.component("enrolment"));
      await startAll(services, signal);
      if (discovery !== undefined) secrets.observe(() => discovery.retag());
      trust.observe((view) => forgetGone(view.members));
      forgetGone(trust.view.members);
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
    leave: () => security.enrolment.leaveFromConsole(),
    url: () => api.url(),
    ports: () => ({
      port: portOf(api.url()),
      meshPort: tcpPortOf(network.status().addresses[0]) ?? config.meshPort,
    }),
  };

  function peerProtocols(): readonly PeerProtocol[] {
    const { methods, topics } = links.inventory();
    return [
      ...methods.map((name) => ({ protocol: "request", name, access: "member" }) as const),
      ...topics.map((name) => ({ protocol: "gossip", name, access: "member" }) as const),
    ];
  }

  /** Whoever was revoked or has left stands in the roster no more. Every member sees to it: the first may be gone. */
  function forgetGone(present: ReadonlyMap<string, unknown>): void {
    for (const { id, kind } of documents.mesh.collection(nodesCollection).all()) {
      // Not itself: it enters itself again for as long as it runs, and the others are there to see to it.
      if (kind !== "peer" || id === self || present.has(id) || !trust.view.revocations.has(id)) continue;
      nodes.forget(id, { correlationId: `revoked-${id.slice(-16)}` }).catch((error: unknown) => {
        logger.warn({ node: id, err: error }, "A node that is gone could not be taken out of the roster");
      });
    }
  }
}

/** Who belongs to the mesh, for the roster. */
function membersOf(trust: Trust): MembersPort {
  return {
    has: (id) => trust.view.members.has(id),
    all: () => [...trust.view.members.keys()],
    observe: (listener) => trust.observe(() => listener()),
  };
}

function isAlive({ state }: MemberView): boolean {
  return state === "alive";
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
