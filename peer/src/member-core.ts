import { Documents, type Store } from "@pi-controller/document";
import type { GpioEvidence } from "@pi-controller/gpio";
import {
  type AddressBook,
  Connector,
  DirectGossip,
  type Discovery,
  type Gossip,
  Membership,
  type MemberView,
  type Network,
  type PeerGate,
  type SelfReportSigner,
} from "@pi-controller/mesh";
import {
  createNodes,
  type MembersPort,
  MeshWatch,
  type NodesComponents,
  type NodeUseCases,
  Roster,
  SelfRegistration,
} from "@pi-controller/nodes";
import type { Service, UnsyncedPage } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import {
  type MeshSecrets,
  type NodeKey,
  SecretRollover,
  type Trust,
  TrustCarrier,
  TrustNews,
} from "@pi-controller/security";
import { type EventLog, Events, MetricsExchange } from "@pi-controller/telemetry";
import type { Component } from "./create-peer.ts";
import { ForgetRevoked } from "./forget-revoked.ts";
import { createMemberPins, type MemberPins, type PinMachine } from "./member-pins.ts";
import { TrustUpkeep } from "./trust-upkeep.ts";

/** What a member stands on: its identity, what it keeps, and the ways to others. */
export interface MemberCoreComponents<Security extends CoreSecurity> {
  readonly component: Component;
  readonly nodeKey: NodeKey;
  /** This node's identity, in the form that libp2p has it in. */
  readonly privateKey: { readonly raw: Uint8Array };
  readonly signer: SelfReportSigner;
  readonly network: Network;
  readonly gossip: Gossip;
  readonly gate: PeerGate;
  readonly addressBook: AddressBook;
  readonly discovery?: Discovery | undefined;
  readonly trust: Trust;
  readonly secrets: MeshSecrets;
  readonly documentStore: Store;
  readonly documentClockPage: UnsyncedPage;
  readonly eventLog: EventLog;
  readonly board: () => Promise<Board>;
  readonly pinMachine: PinMachine;
  /** Who may do what, once the parts that it stands on are there. */
  readonly security: (parts: CoreParts) => Security;
  readonly isPending: NodesComponents["isPending"];
  readonly toMultiaddrs: NodesComponents["toMultiaddrs"];
  /** Where this peer's API answers, once it does. */
  readonly apiUrls: () => readonly string[];
}

export interface MemberCoreOptions {
  /** What it is called unless the roster says otherwise. */
  readonly name: string;
  readonly version: string;
  readonly bootEpoch: number;
  /** Wall clock, ms since 1970. */
  readonly startedAtMs: number;
  /** Where to find the mesh; see `Connector`. */
  readonly join: readonly string[];
  /** See `DocumentsOptions`. */
  readonly recover: boolean;
}

/** The parts of a member that security stands on. */
export interface CoreParts {
  readonly membership: Membership;
  readonly documents: Documents;
  readonly events: Events;
  readonly roster: Roster;
  readonly news: TrustNews;
  readonly nodes: NodeUseCases;
}

export interface CoreSecurity {
  readonly pinEvidence: GpioEvidence;
  /** Before anything listens. */
  readonly early: readonly Service[];
  /** What needs all else. */
  readonly late: readonly Service[];
}

export type MemberCore = ReturnType<typeof createMemberCore<CoreSecurity>>;

/**
 * Everything of a member in which it agrees with others: who is there, what the documents say, who belongs to the mesh,
 * whose a pin is. It is the same whether what is below are sockets and disks or a simulation of them. Starts nothing.
 */
export function createMemberCore<Security extends CoreSecurity>(
  components: MemberCoreComponents<Security>,
  options: MemberCoreOptions,
) {
  const { addressBook, component, discovery, eventLog, gate, gossip, network, nodeKey, secrets, trust } =
    components;
  const { bootEpoch, name, startedAtMs, version } = options;
  const { self } = network;
  const membership = new Membership(
    {
      ...component("membership"),
      network,
      gossip,
      gate,
      signer: components.signer,
      isNeeded: (peer) => connector.isNeeded(peer),
    },
    { bootEpoch },
  );
  const documents = new Documents(
    {
      ...component("documents"),
      network,
      gossip,
      store: components.documentStore,
      clockPage: components.documentClockPage,
      reachablePeers: () => network.status().connections.map(({ peer }) => peer),
      isNeeded: (peer) => connector.isNeeded(peer),
    },
    { recover: options.recover },
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
    {
      ...component("metrics"),
      network,
      gossip: metricsGossip,
      signer: components.signer,
      memberCount: () => membership.size,
      isMember: (id) => trust.view.members.has(id),
    },
    { bootEpoch },
  );
  const members = membersOf(trust);
  const roster = new Roster(
    { ...component("roster"), documents, members, membership, addressBook, metrics },
    { self },
  );
  const connector: Connector = new Connector(
    {
      ...component("connector"),
      network,
      gate,
      addressBook,
      members: () => roster.peers(),
      ...(discovery === undefined ? {} : { discovery }),
    },
    { join: options.join },
  );
  const watch = new MeshWatch(
    { ...component("mesh"), membership, documents, events, nameOf: (id) => roster.nameOf(id) },
    { self },
  );
  const { isPending, toMultiaddrs } = components;
  const nodes: NodeUseCases = createNodes(
    {
      ...component("roster"),
      network,
      discovery,
      documents,
      members,
      membership,
      metrics,
      events,
      isPending,
      partition: () => watch.partition(),
      toMultiaddrs,
    },
    { version, bootEpoch, startedAtMs, name },
  );
  const parts: CoreParts = { membership, documents, events, roster, news, nodes };
  const security = components.security(parts);
  const pins: MemberPins = createMemberPins({
    component,
    machine: components.pinMachine,
    network,
    documents,
    membership,
    roster,
    trust,
    events,
    evidence: security.pinEvidence,
    board: components.board,
    privateKey: components.privateKey,
    bootEpoch,
  });
  const registration = new SelfRegistration(
    { ...component("roster"), network, documents, events, board: components.board },
    {
      name,
      version,
      bootEpoch,
      isAlone: () => trust.view.members.size === 1,
      apiUrls: components.apiUrls,
    },
  );
  // In the order in which they stand on each other: what is stored first.
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
  ];
  /** What people and other machines see last. */
  const lateServices: readonly Service[] = [
    ...security.late,
    new ForgetRevoked({ ...component("roster"), documents, trust, nodes }, { self }),
  ];
  return {
    ...parts,
    metrics,
    connector,
    pins,
    security,
    trust,
    watch,
    services,
    lateServices,
    /** Enters this node in the roster: to be started when its API answers. */
    registration,
    /** Tells the mesh that this peer is off; before the services are stopped. */
    async farewell(reason: string): Promise<void> {
      events.emit("cluster.node.stopping", { node: self, data: { reason } });
      await events.flush();
      await membership.leave();
    },
  };
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
