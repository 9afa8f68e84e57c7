import { createHash } from "node:crypto";
import { selfReportSigner } from "@pi-controller/mesh/libp2p";
import { type LinkConditions, SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Random, seededRandom, VirtualClock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { StatementOf } from "@pi-controller/security";
import { type SignedStatement, type TestNode, testNode } from "@pi-controller/security/testing";
import type { PinCall } from "../gpio/watched-pins.ts";
import { authorityKeyring } from "./authority-keyring.ts";
import type { PeerSurroundings } from "./compose-peer.ts";
import { PendingContacts } from "./contacts.ts";
import type { Determinism } from "./determinism.ts";
import { type Founding, found } from "./founding.ts";
import { LocalNetwork } from "./local-network.ts";
import { originOf, SimulatedApis } from "./simulated-apis.ts";
import { type CardImage, SimulatedMachine } from "./simulated-machine.ts";
import { Trace } from "./trace.ts";

export interface WorldOptions {
  readonly seed: number;
  /** Machines that are members from the beginning. */
  readonly members: number;
  /** Machines more that belong to no mesh yet. */
  readonly strangers: number;
  readonly conditions: Partial<LinkConditions>;
  /** What the members' cards hold when it begins; freshly founded without. See `grownMesh`. */
  readonly images?: readonly CardImage[] | undefined;
  /** When it begins, in ms since 1970. */
  readonly startMs?: number;
  /** Told of each line of the trace. */
  readonly trace?: ((line: string) => void) | undefined;
}

export interface Violation {
  readonly invariant: string;
  /** Of the world's monotonic clock. */
  readonly atMs: number;
  readonly text: string;
}

/** An entry of a member. */
export interface Entered {
  readonly entry: StatementOf<"member">;
  readonly text: string;
  readonly writer: SimulatedMachine;
  readonly atMs: number;
}

/** When a simulation begins. */
export const START_MS = Date.UTC(2026, 5, 1);
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
  /** More of them come: a machine that has forgotten its mesh goes on as another one. */
  readonly machines: readonly SimulatedMachine[];
  readonly localNetwork: LocalNetwork;
  readonly apis: SimulatedApis;
  /** Where peers that are told to join find an API. */
  readonly joinOrigins: readonly string[];
  readonly violations: Violation[] = [];
  /** Machines whose disk has lost, or may have lost, what it had acknowledged. */
  readonly forgetful = new Set<SimulatedMachine>();
  /** Told of what drivers of pins are told to do, in that moment. */
  readonly pinWatchers = new Set<(machine: SimulatedMachine, call: PinCall) => void>();
  /** By node: all entries that anybody ever had on his disk, the one who had it first, and when. */
  readonly entries = new Map<NodeId, readonly Entered[]>();
  readonly seed: number;
  readonly #machines: SimulatedMachine[] = [];
  readonly #byId = new Map<NodeId, SimulatedMachine>();
  readonly #surroundings: PeerSurroundings;
  readonly #contacts: PendingContacts;
  /** By node: up to which version of its entry it was revoked or has left, as far as anybody has it on his disk. */
  readonly #revoked = new Map<NodeId, { readonly version: number; readonly why: "left" | "revoked" }>();

  private constructor(options: WorldOptions, founding: Founding, determinism: Determinism) {
    this.seed = options.seed;
    this.founding = founding;
    this.trace = new Trace(options.trace);
    const { startMs = START_MS } = options;
    this.clock = new VirtualClock({ startMs, settle: determinism.work.settle });
    this.hub = new SimulatedNetwork(
      { clock: this.clock, random: this.random("network") },
      options.conditions,
    );
    const { nodes } = founding;
    const join = nodes.slice(0, JOINED).map(({ node }) => this.hub.addressOf(node));
    const components = { clock: this.clock, random: this.random("local network"), hub: this.hub };
    this.localNetwork = new LocalNetwork(components);
    this.apis = new SimulatedApis(this);
    this.joinOrigins = join.map(originOf);
    this.#contacts = new PendingContacts(this);
    this.#surroundings = {
      localNetwork: this.localNetwork,
      apis: this.apis,
      hub: this.hub,
      random: this.random("peers"),
      keyring: authorityKeyring(founding.authority),
      signerOf: ({ node }) => selfReportSigner(node.privateKey as never),
      join,
      joinOrigins: this.joinOrigins,
      openPendingNetwork: (machine, clock) => this.#contacts.open(machine, clock),
      onError: (machine, message, fields) => {
        this.trace.add(this.clock.monotonic(), `${machine.name} error: ${message} ${reasonIn(fields)}`);
      },
      onPinCall: (machine, call) => {
        for (const watcher of this.pinWatchers) watcher(machine, call);
      },
    };
    this.machines = this.#machines;
    for (const [index, node] of nodes.entries()) {
      const machine = this.#add(node);
      const image = options.images?.[index];
      machine.trustDisk.create(founding.meshId, founding.envelopes).close();
      if (image !== undefined) machine.restore(image);
    }
    for (let count = 0; count < options.strangers; count++) this.addMachine();
  }

  /** Founds a mesh and sets its machines up, all of them off. */
  static async create(options: WorldOptions, determinism: Determinism): Promise<World> {
    determinism.seed(options.members);
    const founding = await determinism.work.finish(found(options.members, START_MS - 3_600_000));
    determinism.seed(options.seed);
    return new World(options, founding, determinism);
  }

  /** A machine more, which belongs to no mesh, and is off. */
  addMachine(): SimulatedMachine {
    return this.#add(testNode(`stranger ${this.#machines.length}`));
  }

  #add(node: TestNode): SimulatedMachine {
    const index = this.#machines.length;
    const components = {
      world: this,
      random: this.random(`disk ${index}`),
      surroundings: this.#surroundings,
    };
    const machine = new SimulatedMachine(components, { index, node });
    this.#machines.push(machine);
    this.#byId.set(machine.id, machine);
    return machine;
  }

  /** Statements are on the disk of a machine: what they say of members is so from now on. */
  trustChanged(writer: SimulatedMachine, changed: readonly SignedStatement[]): void {
    let isNews = false;
    for (const { statement } of changed) {
      if (statement.kind === "member" && this.#entered(writer, statement)) isNews = true;
      if (statement.kind !== "revocation") continue;
      const { by, memberVersion: version, node } = statement;
      const why = by === node ? "left" : "revoked";
      const known = this.#revoked.get(node);
      if (known !== undefined && known.version >= version && known.why !== "left") continue;
      this.#revoked.set(node, { version, why });
      isNews = true;
    }
    if (!isNews) return;
    for (const machine of this.machines) this.#judge(machine);
  }

  /** Finds out whether a machine belongs to the mesh, by all that anybody has on his disk. */
  #judge(machine: SimulatedMachine): void {
    const revoked = this.#revoked.get(machine.id);
    const entries = this.entries.get(machine.id) ?? [];
    const gone = ({ entry: { admittedBy, version } }: Entered) => {
      if (revoked !== undefined && version <= revoked.version) return revoked.why;
      if (admittedBy.kind === "authority") return undefined;
      return this.#revoked.get(admittedBy.sponsor)?.why === "revoked" ? "orphaned" : undefined;
    };
    const isOut = entries.length > 0 && entries.every((entered) => gone(entered) !== undefined);
    // Founders' entries are nobody's to see.
    const why = entries.length === 0 ? revoked?.why : isOut ? gone(entries.at(-1) as Entered) : undefined;
    if (machine.gone === why || (machine.gone === "orphaned" && why === undefined && entries.length === 0))
      return;
    machine.gone = why;
    this.trace.add(this.clock.monotonic(), `${machine.name} is ${why ?? "a member again"}`);
  }

  /** @returns whether nobody had that entry before */
  #entered(writer: SimulatedMachine, entry: StatementOf<"member">): boolean {
    const { admittedBy, node, version } = entry;
    const entries = this.entries.get(node) ?? [];
    const text = JSON.stringify(entry);
    if (entries.some((known) => known.text === text)) return false;
    const atMs = this.clock.monotonic();
    this.entries.set(node, [...entries, { text, entry, writer, atMs }]);
    const by =
      admittedBy.kind === "authority" ? "" : `, sponsored by ${this.machine(admittedBy.sponsor)?.name}`;
    this.trace.add(atMs, `${writer.name} enters ${this.machine(node)?.name} in version ${version}${by}`);
    return true;
  }

  /** A process of a machine is over: what it had open ends with it. */
  processEnded(machine: SimulatedMachine): void {
    this.#contacts.close(machine);
    this.localNetwork.deafen(machine.id);
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

  /**
   * Whether two processes could speak with each other now, as far as they and what connects them go, and both have
   * heard that the other is a member: one that was just admitted is known to nobody on the other side of a partition.
   */
  reach(one: SimulatedMachine, other: SimulatedMachine): boolean {
    const { links } = this.hub;
    if (!one.isRunning || !other.isRunning || !knows(one, other) || !knows(other, one)) return false;
    return links.open(one.id, other.id) && links.open(other.id, one.id);
  }
}

function knows(one: SimulatedMachine, other: SimulatedMachine): boolean {
  return one.peer?.core.trust.view.members.has(other.id) === true;
}

function reasonIn(fields: object): string {
  const { err, error } = fields as { readonly err?: unknown; readonly error?: unknown };
  const reason = err ?? error;
  return reason instanceof Error ? reason.message : "";
}
