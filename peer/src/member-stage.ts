import { join } from "node:path";
import { createApi, type PeerProtocol } from "@pi-controller/api";
import { levelStore } from "@pi-controller/document";
import { HardwareMonitor, openPinHardware } from "@pi-controller/hardware";
import { AddressBook, discoveryTag, mdns, mdnsDiscovery, pendingDiscovery } from "@pi-controller/mesh";
import { libp2pNetwork, loadOrCreateIdentity, selfReportSigner } from "@pi-controller/mesh/libp2p";
import { announcementsCollection, nodesCollection } from "@pi-controller/nodes";
import { type Service, startAll, stopAll, unsyncedPageFile } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import {
  MeshSecrets,
  type NodeNames,
  namesOfNode,
  nodeKeyOf,
  Trust,
  TrustIntroduction,
  type TrustStore,
  trustGate,
  wipeEnrolmentSecrets,
} from "@pi-controller/security";
import { defaultRetention, EventLog, publishIntervalMs } from "@pi-controller/telemetry";
import { apiOptions } from "./api-options.ts";
import { nextBootEpoch } from "./boot-epoch.ts";
import type { Config } from "./config/config.ts";
import type { Surroundings } from "./create-peer.ts";
import { DOCUMENT_CLOCKS, GPIO_LEASES, markForgetting } from "./data-directory.ts";
import { PeerHealth } from "./health.ts";
import { knockOriginsOf } from "./knock-origins.ts";
import { apiUrlsOf, multiaddrOf, tcpPortOf } from "./listen-addresses.ts";
import { createMachine } from "./machine.ts";
import { machineTime } from "./machine-time.ts";
import { type CoreParts, createMemberCore } from "./member-core.ts";
import { gpioEvidence, type PinMachine } from "./member-pins.ts";
import { createMemberSecurity } from "./member-security.ts";
import { isPendingAt, openPendingNetwork } from "./pending-network.ts";
import { resolveAddress } from "./resolve-address.ts";
import type { Stage, StageEnd } from "./stage.ts";
import { SystemdNotifier } from "./systemd.ts";
import { enrolmentSecretsOptions } from "./unclaimed-stage.ts";
import { buildDateMs } from "./version.ts";
import { witnessesOf } from "./witnesses.ts";

const DAY_MS = 24 * 3_600_000;
/** Of the smallest mesh; see the budget of metrics in the telemetry package. */
const MEASURE_INTERVAL_MS = publishIntervalMs(1);
/** In the data directory of a peer with a simulated board: what happens at its pins. */
const SIMULATION_FILE = "simulated-pins";
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
  const eventLog = new EventLog(component("events"), {
    ...defaultRetention,
    file: join(config.dataDir, "events.db"),
    maxEvents: config.eventsKeep,
    maxAgeMs: config.eventsKeepDays * DAY_MS,
  });
  const { machine, services: machineServices } = createMachine(component("hardware"), config);
  let foundBoard: Promise<Board> | undefined;
  const board = () => (foundBoard ??= machine.detect());
  const monitor = new HardwareMonitor(
    {
      ...component("hardware"),
      machine,
      publish: (sample) => core.metrics.record(sample),
      emit(type, data) {
        // Outputs first: what cannot be told stops them nevertheless.
        core.pins.onHardwareEvent(type);
        core.events.emit(type, { node: self, data });
      },
    },
    { intervalMs: () => MEASURE_INTERVAL_MS, alarmsBefore: () => core.pins.alarmsBefore() },
  );
  const joinOrigins = knockOriginsOf(config.join, config.port);
  const core = createMemberCore(
    {
      component,
      nodeKey,
      privateKey,
      signer: selfReportSigner(privateKey),
      network,
      gossip,
      gate,
      addressBook,
      discovery,
      trust,
      secrets,
      documentStore: levelStore({ directory: join(config.dataDir, "documents") }),
      documentClockPage: unsyncedPageFile({ path: join(config.dataDir, DOCUMENT_CLOCKS) }),
      eventLog,
      board,
      pinMachine: pinMachineOf(config, component("gpio")),
      security: secure,
      isPending: (address) => isPendingAt(address, component("network")),
      toMultiaddrs: resolveAddress,
      apiUrls: () => apiUrlsOf(network.status().addresses, portOf(api.url())),
    },
    { name: config.name, version, bootEpoch, startedAtMs, join: config.join, recover: config.recover },
  );
  const { documents, pins, security } = core;
  const health = new PeerHealth({ documents, trust });
  const api = createApi(
    {
      ...component("api"),
      nodes: core.nodes,
      gpio: pins.useCases,
      events: eventLog,
      health: () => health.check(),
      security: security.useCases,
      peerProtocols,
      onTrustChange: (listener) => trust.observe(listener),
      tls: security.certificates,
    },
    apiOptions(config, { version, hostNames: () => security.names.certificateNames().dnsNames }),
  );
  // In the order in which they stand on each other: what is stored first, what people see last.
  const services: readonly Service[] = [
    ...core.services,
    ...(multicast === undefined ? [] : [multicast]),
    ...(discovery === undefined ? [] : [discovery]),
    ...(pending === undefined ? [] : [pending]),
    ...core.lateServices,
    api,
    core.registration,
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
      health.started();
      logger.info({ url: api.url(), addresses: network.status().addresses }, `Serving ${api.url()}`);
    },
    async stop() {
      if (health.stopping()) await core.farewell("stopped by its operator");
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

  function secure(parts: CoreParts) {
    const { roster } = parts;
    const names: NodeNames = {
      nodeName: () => roster.nameOf(self) ?? config.name,
      certificateNames: () =>
        namesOfNode(roster.nameOf(self) ?? config.name, config.hostName, network.status().addresses),
      observe(listener) {
        const subscriptions = [
          network.observe(({ kind }) => kind === "addresses-changed" && listener()),
          parts.documents.mesh.collection(nodesCollection).observe(listener),
        ];
        return () => {
          for (const unsubscribe of subscriptions) unsubscribe();
        };
      },
    };
    const made = createMemberSecurity(config, {
      ...parts,
      surroundings,
      trust,
      nodeKey,
      network,
      addressBook,
      secrets,
      names,
      pendingDiscovery: pending,
      witnesses: () =>
        witnessesOf({
          self,
          members: trust.view.members.keys(),
          connected: network.status().connections.map(({ peer }) => peer),
          stateOf: (node) => parts.membership.member(node)?.state,
          apiUrlsOf: (node) =>
            parts.documents.mesh.collection(announcementsCollection).get(node)?.apiUrls ?? [],
          joinOrigins,
        }),
      openPendingNetwork: () => openPendingNetwork(component("network")),
      wipe: () => markForgetting(config.dataDir),
      onGone: (reason) => ended.resolve({ kind: "gone", reason }),
    });
    return { ...made, names, pinEvidence: gpioEvidence(made.useCases) };
  }
}

function pinMachineOf(config: Config, components: ReturnType<Surroundings["component"]>): PinMachine {
  return {
    openHardware: (board) =>
      openPinHardware(components, board, {
        driver: config.gpioDriver,
        chip: config.gpioChip,
        pigpiodAddress: config.pigpiod,
        simulationFile: join(config.dataDir, SIMULATION_FILE),
      }),
    leasePage: unsyncedPageFile({ path: join(config.dataDir, GPIO_LEASES) }),
    time: machineTime(),
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
