import { SimulatedFile, SimulatedStore } from "@pi-controller/document/simulated";
import { evidence } from "@pi-controller/gpio/testing";
import {
  HardwareMonitor,
  openPinHardware,
  type PinHardware,
  simulatedMachine,
} from "@pi-controller/hardware";
import {
  AddressBook,
  discoveryTag,
  type Network,
  openGate,
  type SelfReportSigner,
} from "@pi-controller/mesh";
import { announcementsCollection } from "@pi-controller/nodes";
import type { Clock, Service } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import {
  type Keyring,
  MeshSecrets,
  RevocationInquiry,
  Trust,
  TrustIntroduction,
  trustGate,
} from "@pi-controller/security";
import { EventLog, publishIntervalMs } from "@pi-controller/telemetry";
import { createMemberCore } from "../../../peer/src/member-core.ts";
import { createMemberEnrolment } from "../../../peer/src/member-enrolment.ts";
import { witnessesOf } from "../../../peer/src/witnesses.ts";
import { type PinCall, watchedPins } from "../gpio/watched-pins.ts";
import type { UnclaimedSurroundings } from "./compose-unclaimed.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import { worldLogger } from "./world-logger.ts";

const VERSION = "1.0.0";
/** Freshly flashed machines are all called so. */
export const NAME = "raspberrypi";
export const BUILD_MS = Date.UTC(2026, 0, 1);
/** What events a peer keeps; little, as a thousand peers keep them in one process. */
const EVENTS = { maxEvents: 500, maxAgeMs: 7 * 24 * 3_600_000, minEvents: 0, maxBytes: 2 ** 20 };

export interface PeerSurroundings extends UnclaimedSurroundings {
  readonly keyring: Keyring;
  readonly signerOf: (machine: SimulatedMachine) => SelfReportSigner;
  /** Addresses given with `--join`. */
  readonly join: readonly string[];
  /** Their APIs. */
  readonly joinOrigins: readonly string[];
  /** A network of its own for speaking to a node that is no member; see `EnrolmentComponents`. */
  readonly openPendingNetwork: (machine: SimulatedMachine, clock: Clock) => Promise<Network>;
  /** Told of what a peer reports as an error: in a simulation nothing should. */
  readonly onError: (machine: SimulatedMachine, message: string, fields: object) => void;
  /** Told of what the drivers of its pins are told to do. */
  readonly onPinCall: (machine: SimulatedMachine, call: PinCall) => void;
}

export type RunningPeer = ReturnType<typeof composePeer>;

/** A member as it ships, on a simulated machine: only sockets, disks, boards and passwords are not real. */
export function composePeer(machine: SimulatedMachine, surroundings: PeerSurroundings) {
  const { disk, id, node } = machine;
  const { apis, hub, keyring, localNetwork, random } = surroundings;
  const bootEpoch = machine.nextBootEpoch();
  const logger = worldLogger((message, fields) => surroundings.onError(machine, message, fields));
  const store = machine.trustDisk.open();
  if (store === undefined) throw new Error(`${machine.name} belongs to no mesh`);
  const trust = Trust.load({ clock: machine.clock, logger, store }, { buildDateMs: BUILD_MS });
  const gate = machine.isRogue ? openGate : trustGate(trust, id);
  const secrets = new MeshSecrets({ logger, trust, node: node.key, store }, { tagOf: discoveryTag });
  const addressBook = new AddressBook();
  const process = hub.createPeer(id, {
    addressBook,
    logger,
    gate,
    introduction: new TrustIntroduction({ trust }),
    fence: secrets,
    clock: machine.clock,
  });
  const { network, gossip, clock } = process;
  const common = { clock, random, logger };
  const simulation = simulatedMachine(common, { board: "pi-4", hostname: NAME });
  let hardware: ReturnType<typeof openPinHardware> | undefined;
  const openHardware = (board: Board): PinHardware => {
    hardware = openPinHardware(common, board, {
      driver: "simulated",
      chip: "",
      pigpiodAddress: "",
      simulationFile: "",
    });
    return watchedPins(hardware, (call) => surroundings.onPinCall(machine, call));
  };
  const startedAtMs = clock.now();
  const core = createMemberCore(
    {
      component: () => common,
      nodeKey: node.key,
      privateKey: node.privateKey,
      signer: surroundings.signerOf(machine),
      network,
      gossip,
      gate,
      addressBook,
      trust,
      secrets,
      documentStore: new SimulatedStore({ disk }),
      documentClockPage: new SimulatedFile({ disk }, { name: "document-clocks" }),
      eventLog: new EventLog(common, { ...EVENTS, file: ":memory:" }),
      board: () => simulation.detect(),
      pinMachine: {
        openHardware,
        leasePage: new SimulatedFile({ disk }, { name: "gpio-leases" }),
        time: { bootId: machine.clock.bootId, uptimeMs: () => machine.clock.uptimeMs() },
      },
      security: (parts) => {
        const enrolment = createMemberEnrolment({
          ...common,
          ...parts,
          trust,
          secrets,
          keyring,
          nodeKey: node.key,
          addressBook,
          discovery: localNetwork.discovery(id),
          openPendingNetwork: () => surroundings.openPendingNetwork(machine, clock),
          signCertificates: undefined,
          wipe: async () => machine.wipe(),
          onGone: (reason) => machine.onGone(reason),
        });
        const inquiry = new RevocationInquiry({
          ...common,
          trust,
          nodeKey: node.key,
          witnesses: () =>
            witnessesOf({
              self: id,
              members: trust.view.members.keys(),
              connected: network.status().connections.map(({ peer }) => peer),
              stateOf: (member) => parts.membership.member(member)?.state,
              apiUrlsOf: (member) =>
                parts.documents.mesh.collection(announcementsCollection).get(member)?.apiUrls ?? [],
              joinOrigins: surroundings.joinOrigins,
            }),
          ask: (origin, question) =>
            apis.ask(machine, origin, (asked, address) => asked.revocationOf(question, { address })),
        });
        return { pinEvidence: evidence, early: [], late: [enrolment, inquiry], enrolment };
      },
      isPending: async () => false,
      toMultiaddrs: async () => [],
      apiUrls: () => [apis.originOf(machine)],
    },
    {
      name: NAME,
      version: VERSION,
      bootEpoch,
      startedAtMs,
      join: surroundings.join,
      recover: machine.recovers,
    },
  );
  const monitor = new HardwareMonitor(
    {
      ...common,
      machine: simulation,
      publish: (sample) => core.metrics.record(sample),
      emit(type, data) {
        core.pins.onHardwareEvent(type);
        core.events.emit(type, { node: id, data });
      },
    },
    { intervalMs: () => publishIntervalMs(1), alarmsBefore: () => core.pins.alarmsBefore() },
  );
  const services: readonly Service[] = [...core.services, ...core.lateServices, core.registration, monitor];
  return {
    id,
    bootEpoch,
    /** Of the world's monotonic clock. */
    beganMs: machine.worldMs(),
    core,
    enrolment: core.security.enrolment,
    secrets,
    inventory: () => process.inventory(),
    network,
    gossip,
    clock,
    services,
    board: simulation.control,
    /** What is soldered to its header, once its pins are open. */
    get pinSimulation() {
      return hardware?.simulation ?? undefined;
    },
  };
}
