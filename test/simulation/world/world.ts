import { createHash } from "node:crypto";
import { AddressBook } from "@pi-controller/mesh";
import { selfReportSigner } from "@pi-controller/mesh/libp2p";
import { type LinkConditions, SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Random, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { testNode } from "@pi-controller/security/testing";
import type { PinCall } from "../gpio/watched-pins.ts";
import { authorityKeyring } from "./authority-keyring.ts";
import type { Determinism } from "./determinism.ts";
import { type Founding, found } from "./founding.ts";
import { SimulatedMachine } from "./simulated-machine.ts";
import { Trace } from "./trace.ts";

export interface WorldOptions {
  readonly seed: number;
  /** Machines that are members from the beginning. */
  readonly members: number;
  /** Machines more that belong to no mesh yet. */
  readonly strangers: number;
  readonly conditions: Partial<LinkConditions>;
  /** Told of each line of the trace. */
  readonly trace?: ((line: string) => void) | undefined;
}

export interface Violation {
  readonly invariant: string;
  /** Of the world's monotonic clock. */
  readonly atMs: number;
  readonly text: string;
}

/** When a simulation begins. */
const START_MS = Date.UTC(2026, 5, 1);
/** Machines whose addresses everybody is given to join by. */
const JOINED = 3;
/** More of one kind say nothing more. */
const MAX_VIOLATIONS = 50;

/** Machines, what connects them, and time; all that happens in it follows from its seed. */
export class World {
  readonly clock: VirtualClock;
  readonly hub: SimulatedNetwork;
  readonly trace: Trace;
  readonly founding: Founding;
  readonly machines: readonly SimulatedMachine[];
  readonly violations: Violation[] = [];
  /** Machines whose disk has lost, or may have lost, what it had acknowledged. */
  readonly forgetful = new Set<SimulatedMachine>();
  /** Told of what drivers of pins are told to do, in that moment. */
  readonly pinWatchers = new Set<(machine: SimulatedMachine, call: PinCall) => void>();
  readonly seed: number;
  readonly #byId: ReadonlyMap<NodeId, SimulatedMachine>;

  private constructor(options: WorldOptions, founding: Founding, determinism: Determinism) {
    this.seed = options.seed;
    this.founding = founding;
    this.trace = new Trace(options.trace);
    this.clock = new VirtualClock({ startMs: START_MS, settle: determinism.work.settle });
    this.hub = new SimulatedNetwork(
      { clock: this.clock, random: this.random("network") },
      options.conditions,
    );
    const strangers = Array.from({ length: options.strangers }, (_, index) => testNode(`stranger ${index}`));
    const nodes = [...founding.nodes, ...strangers];
    const join = nodes.slice(0, JOINED).map(({ node }) => this.hub.addressOf(node));
    let contacts = 0;
    const surroundings = {
      hub: this.hub,
      random: this.random("peers"),
      keyring: authorityKeyring(founding.authority),
      signerOf: ({ node }: SimulatedMachine) => selfReportSigner(node.privateKey as never),
      join,
      openPendingNetwork: async () => {
        const { network } = this.hub.createPeer(testNode(`contact ${contacts++}`).node, {
          addressBook: new AddressBook(),
          logger: silentLogger,
        });
        await network.start(new AbortController().signal);
        return network;
      },
      onError: (machine: SimulatedMachine, message: string, fields: object) => {
        this.trace.add(this.clock.monotonic(), `${machine.name} error: ${message} ${reasonIn(fields)}`);
      },
      onPinCall: (machine: SimulatedMachine, call: PinCall) => {
        for (const watcher of this.pinWatchers) watcher(machine, call);
      },
    };
    this.machines = nodes.map((node, index) => {
      const components = { world: this, random: this.random(`disk ${index}`), surroundings };
      const machine = new SimulatedMachine(components, { index, node });
      if (index < options.members) machine.trustDisk.create(founding.meshId, founding.envelopes);
      return machine;
    });
    this.#byId = new Map(this.machines.map((machine) => [machine.id, machine]));
  }

  /** Founds a mesh and sets its machines up, all of them off. */
  static async create(options: WorldOptions, determinism: Determinism): Promise<World> {
    determinism.seed(options.members);
    const founding = await determinism.work.finish(found(options.members, START_MS - 3_600_000));
    determinism.seed(options.seed);
    return new World(options, founding, determinism);
  }

  machine(id: NodeId): SimulatedMachine | undefined {
    return this.#byId.get(id);
  }

  /** Chance for one purpose: what another purpose draws does not change it. */
  random(purpose: string): Random {
    const digest = createHash("sha256").update(`${this.seed} ${purpose}`).digest();
    return seededRandom(digest.readInt32LE());
  }

  /** Something does not hold that must. */
  violation(invariant: string, text: string): void {
    const atMs = this.clock.monotonic();
    this.trace.add(atMs, `VIOLATION ${invariant}: ${text}`);
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ invariant, atMs, text });
  }

  /** Whether two processes could speak with each other now, as far as they and what connects them go. */
  reach(one: SimulatedMachine, other: SimulatedMachine): boolean {
    const { links } = this.hub;
    return one.isRunning && other.isRunning && links.open(one.id, other.id) && links.open(other.id, one.id);
  }
}

function reasonIn(fields: object): string {
  const { err, error } = fields as { readonly err?: unknown; readonly error?: unknown };
  const reason = err ?? error;
  return reason instanceof Error ? reason.message : "";
}
