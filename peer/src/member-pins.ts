import type { Documents } from "@pi-controller/document";
import {
  createPinOwner,
  type GpioEvents,
  type GpioEvidence,
  type GpioNodes,
  type GpioUseCases,
  type MachineTime,
  type Requester,
  routedGpio,
  StoredAtStart,
  serveGpio,
  stopsCollection,
} from "@pi-controller/gpio";
import type { HardwareEventType, PinHardware } from "@pi-controller/hardware";
import type { Membership, Network } from "@pi-controller/mesh";
import type { Roster } from "@pi-controller/nodes";
import type { Service, UnsyncedPage } from "@pi-controller/runtime";
import type { Board, NodeId } from "@pi-controller/schema";
import { type Principal, type SecurityUseCases, type Trust, userByName } from "@pi-controller/security";
import type { Events } from "@pi-controller/telemetry";
import type { Component } from "./create-peer.ts";
import { OwnPins } from "./own-pins.ts";
import { sealOf } from "./own-seal.ts";

/** What pins need of the machine that they are at. */
export interface PinMachine {
  /** What drives the pins of such a board; not started. */
  readonly openHardware: (board: Board) => PinHardware;
  /** For renewed ends of leases. */
  readonly leasePage: UnsyncedPage;
  readonly time: MachineTime;
}

export interface MemberPinsComponents {
  readonly component: Component;
  readonly machine: PinMachine;
  readonly network: Network;
  readonly documents: Documents;
  readonly membership: Pick<Membership, "member" | "observe">;
  readonly roster: Pick<Roster, "nameOf">;
  readonly trust: Trust;
  readonly events: Events;
  readonly evidence: GpioEvidence;
  readonly board: () => Promise<Board>;
  /** This node's identity. */
  readonly privateKey: { readonly raw: Uint8Array };
  readonly bootEpoch: number;
}

export interface MemberPins {
  readonly useCases: GpioUseCases;
  /** Reads what the disk says of the pins: after the documents were opened, and before the network starts. */
  readonly disk: Service;
  readonly service: Service;
  /** Has the pins react to what the board suffers from. */
  onHardwareEvent(type: HardwareEventType): void;
  /** What the board suffered from when outputs were last stopped for it: the end of that ends the stop. */
  alarmsBefore(): readonly ("hot" | "lowVoltage")[];
}

/** The pins of this node and those of all others, put together. */
export function createMemberPins(components: MemberPinsComponents): MemberPins {
  const { bootEpoch, component, documents, events, evidence, machine, network, trust } = components;
  const { self: node } = network;
  const others = () => [...trust.view.members.keys()].filter((id) => id !== node);
  const seal = sealOf(components.privateKey);
  const stored = new StoredAtStart({ own: documents.own, seal });
  const pinEvents: GpioEvents = {
    emit: (type, data, correlationId) =>
      void events.emit(type, { node, data, ...(correlationId === undefined ? {} : { correlationId }) }),
  };
  const pins = new OwnPins({
    ...component("gpio"),
    async open() {
      const hardware = machine.openHardware(await components.board());
      const service = createPinOwner(
        {
          ...component("gpio"),
          hardware,
          own: documents.own,
          seal,
          stored,
          wasLost: () => documents.wasLost,
          mesh: documents.mesh,
          otherNodes: () => others().map((id) => ({ node: id, document: documents.node(id) })),
          events: pinEvents,
          evidence,
          knowsUser(userName) {
            const user = userByName(trust.view, userName);
            return user === undefined || user.disabled ? undefined : { userId: user.id };
          },
          machineTime: machine.time,
          leasePage: machine.leasePage,
          trustedNow: () => trust.now(),
        },
        { node, bootEpoch },
      );
      return { hardware, service };
    },
  });
  serveGpio({ ...component("gpio"), network, owner: pins.owner, feed: pins.changes, evidence });
  const useCases = routedGpio({
    ...component("gpio"),
    owner: pins.owner,
    feed: pins.changes,
    network,
    documents,
    events: pinEvents,
    nodes: nodesOf(components),
    now: () => trust.now(),
  });
  return {
    useCases,
    disk: { name: "pins on disk", start: async () => stored.read(), stop: async () => {} },
    service: pins,
    onHardwareEvent(type) {
      const alarm = alarms[type];
      if (alarm !== undefined) pins.onAlarm(alarm.kind, alarm.on);
    },
    alarmsBefore() {
      const causes = documents.own
        .collection(stopsCollection)
        .all()
        .map(({ cause }) => cause);
      return [
        ...(causes.includes("over-temperature") ? (["hot"] as const) : []),
        ...(causes.includes("under-voltage") ? (["lowVoltage"] as const) : []),
      ];
    },
  };
}

const alarms: Readonly<
  Record<HardwareEventType, { readonly kind: "under-voltage" | "over-temperature"; readonly on: boolean }>
> = {
  "hardware.voltage.low": { kind: "under-voltage", on: true },
  "hardware.voltage.normal": { kind: "under-voltage", on: false },
  "hardware.temperature.high": { kind: "over-temperature", on: true },
  "hardware.temperature.normal": { kind: "over-temperature", on: false },
};

function nodesOf({ membership, network, roster, trust }: MemberPinsComponents): GpioNodes {
  return {
    all: () => [...trust.view.members.keys()],
    nameOf: (id) => roster.nameOf(id) ?? id,
    observe: (listener) => membership.observe(({ id }) => listener(id)),
    stateOf: (id) => (id === network.self ? "alive" : (membership.member(id)?.state ?? "unknown")),
  };
}

/** Who asks for pins, and what he may, by what security knows of him. */
export function gpioEvidence({
  authorize,
  evidence,
  intents,
}: Pick<SecurityUseCases, "authorize" | "evidence" | "intents">): GpioEvidence {
  const requesterOf = (principal: Principal): Requester => ({
    userName: principal.userName,
    userId: principal.userId,
    refusal: (access) => authorize(principal, access),
  });
  return {
    verify: async (text: string, from: NodeId) => requesterOf(await evidence.verify(text, from)),
    verifyIntent: async (signature, digest) => requesterOf(await intents.verify(signature, digest)),
  };
}
