import { SimulatedDisk } from "@pi-controller/document/simulated";
import { MachineClock, type Random, startAll, stopAll } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { newSetupCode } from "@pi-controller/security";
import { SimulatedTrustDisk, type TestNode, type TrustContent } from "@pi-controller/security/testing";
import { composePeer, type PeerSurroundings, type RunningPeer } from "./compose-peer.ts";
import { composeUnclaimed, type EnrolmentCard, type RunningUnclaimed } from "./compose-unclaimed.ts";
import type { World } from "./world.ts";

export interface SimulatedMachineComponents {
  readonly world: World;
  readonly random: Random;
  readonly surroundings: PeerSurroundings;
}

export interface SimulatedMachineOptions {
  readonly index: number;
  readonly node: TestNode;
}

/** Everything that outlives a process on a card: what a copy of the card brings back. */
export interface CardImage {
  readonly disk: ReturnType<SimulatedDisk["snapshot"]>;
  readonly trust: TrustContent | undefined;
  readonly isForgetting: boolean;
  readonly bootEpoch: number;
}

/**
 * `unclaimed`: a process runs that belongs to no mesh. `stopping`: it tells the others and closes what it has; the
 * others of them are as their names say, of a process that is a member.
 */
export type MachineState = "off" | "unclaimed" | "starting" | "running" | "paused" | "stopping";

/** A machine of the world, as long as it is the same peer: what is in it outlives the processes that run on it. */
export class SimulatedMachine {
  readonly id: NodeId;
  readonly index: number;
  readonly node: TestNode;
  readonly clock: MachineClock;
  readonly disk: SimulatedDisk;
  readonly trustDisk: SimulatedTrustDisk;
  /** What it is enrolled with. */
  readonly card: EnrolmentCard;
  /** The process of a member that runs; undefined while none does. Also while it starts or stands still. */
  peer: RunningPeer | undefined;
  /** The process that runs while the machine belongs to no mesh. */
  unclaimed: RunningUnclaimed | undefined;
  state: MachineState = "off";
  /** Whether the next start sets a damaged store aside, as an operator would have it. */
  recovers = false;
  /**
   * Why it belongs to the mesh no more: as soon as that is on anybody's disk, whether it has heard of it or not.
   * Nothing is expected of it then. An orphan was admitted on the word of somebody who was revoked, or by one who was
   * gone before he could tell anybody.
   */
  gone: "left" | "revoked" | "orphaned" | undefined;
  /** It was taken over: whatever it hears, it forgets nothing, and goes on. */
  isRogue = false;
  /** It has forgotten its mesh and who it was: the machine goes on as another one of the world. */
  isForgotten = false;
  /** What the process could not go on after; it ended then. */
  failure: unknown;
  readonly #world: World;
  readonly #surroundings: PeerSurroundings;
  #isForgetting = false;
  #bootEpoch = 0;
  #isSwitchedOn = false;

  constructor({ world, random, surroundings }: SimulatedMachineComponents, options: SimulatedMachineOptions) {
    this.index = options.index;
    this.node = options.node;
    this.id = options.node.node;
    this.clock = new MachineClock({ clock: world.clock });
    this.disk = new SimulatedDisk({ clock: world.clock, random });
    this.trustDisk = new SimulatedTrustDisk({ onChange: (changed) => world.trustChanged(this, changed) });
    this.card = { setupCode: newSetupCode(), joinToken: undefined, knockAt: [], lockOuts: new Map() };
    this.#world = world;
    this.#surroundings = surroundings;
  }

  /** Short, for people: `m07`. */
  get name(): string {
    return `m${String(this.index).padStart(2, "0")}`;
  }

  /** Whether its card says that it belongs to a mesh, and not that it is to forget it. */
  get isMember(): boolean {
    return this.trustDisk.content !== undefined && !this.#isForgetting;
  }

  /** Whether its card says that all is to be forgotten before anything else is done. */
  get isForgetting(): boolean {
    return this.#isForgetting;
  }

  /** Whether a process runs that does what a member should, and is one. */
  get isRunning(): boolean {
    return this.state === "running" && this.gone === undefined && !this.isRogue;
  }

  /** Whether a process should run here, and none does. */
  get isToStart(): boolean {
    return this.state === "off" && this.#isSwitchedOn && !this.isForgotten;
  }

  /** Of the world's monotonic clock. */
  worldMs(): number {
    return this.#world.clock.monotonic();
  }

  /** Counts the starts, as the file `boot-epoch` of a peer does. */
  nextBootEpoch(): number {
    this.#bootEpoch += 1;
    return this.#bootEpoch;
  }

  /**
   * Begins the process that the disk says: of a member, or of a peer that belongs to no mesh. That of a member is
   * `running` once all of its services are; one whose start fails is over at once, and `failure` says why.
   */
  start(): void {
    if (this.state !== "off" || this.isForgotten) return;
    this.#isSwitchedOn = true;
    this.failure = undefined;
    if (this.isForgetting) this.#forget();
    else if (this.isMember) this.#startMember();
    else this.#startUnclaimed();
  }

  #startMember(): void {
    this.state = "starting";
    let peer: RunningPeer;
    try {
      peer = composePeer(this, this.#surroundings);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.peer = peer;
    startAll(peer.services, new AbortController().signal).then(
      () => {
        if (this.peer !== peer || this.state !== "starting") return;
        this.state = "running";
        if (this.isForgetting) this.stop();
      },
      (error: unknown) => {
        if (this.peer === peer) this.#fail(error);
      },
    );
  }

  #startUnclaimed(): void {
    const unclaimed = composeUnclaimed(this, this.#surroundings);
    this.unclaimed = unclaimed;
    this.state = "unclaimed";
    this.#trace("waits to be enrolled");
    const isOver = () => this.unclaimed !== unclaimed;
    startAll(unclaimed.services, new AbortController().signal).catch((error: unknown) => {
      if (!isOver()) this.#fail(error);
    });
    void unclaimed.node.claimed.then(async ({ by }) => {
      if (isOver()) return;
      this.#trace(`was admitted by ${by}`);
      await stopAll(unclaimed.services);
      if (isOver()) return;
      unclaimed.silence(true);
      this.kill();
      this.start();
    });
  }

  /** As on SIGTERM: it is off when it has told the others and closed everything. */
  stop(): void {
    const { peer } = this;
    if (peer === undefined || this.state !== "running") return;
    this.state = "stopping";
    void peer.core
      .farewell("simulated")
      .then(() => stopAll(peer.services))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .then(() => {
        if (this.peer !== peer) return;
        this.kill();
        if (this.isForgetting) this.start();
      });
  }

  /** As on SIGKILL: nothing is told, and nothing closed but what the kernel closes. */
  kill(): void {
    this.#world.hub.kill(this.id);
    this.disk.kill();
    this.#end();
  }

  /** The power is gone: nobody is told anything. */
  powerOff(): void {
    this.#world.hub.powerOff(this.id);
    this.disk.cutPower();
    this.#end();
    this.clock.reboot({ wallMs: this.clock.now() });
  }

  /** As on SIGSTOP. */
  pause(): void {
    if (this.state !== "running") return;
    this.#world.hub.pause(this.id);
    this.state = "paused";
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    this.#world.hub.resume(this.id);
  }

  /** An image of all that is kept. */
  image(): CardImage {
    return {
      disk: this.disk.snapshot(),
      trust: this.trustDisk.content,
      isForgetting: this.#isForgetting,
      bootEpoch: this.#bootEpoch,
    };
  }

  /** Puts an image back; the machine has to be off. */
  restore(image: CardImage): void {
    this.disk.restore(image.disk);
    this.trustDisk.restore(image.trust);
    this.#isForgetting = image.isForgetting;
    this.#bootEpoch = image.bootEpoch;
  }

  /** What a peer does that is no member any more. */
  wipe(): void {
    if (!this.isRogue) this.#isForgetting = true;
  }

  onGone(reason: "left" | "revoked"): void {
    if (this.isRogue) return;
    this.#trace(`is gone: ${reason}`);
    this.stop();
  }

  /** The next life of the machine has another identity. */
  #forget(): void {
    this.isForgotten = true;
    const { name } = this.#world.addMachine();
    this.#trace(`has forgotten everything, and goes on as ${name}`);
  }

  #trace(what: string): void {
    this.#world.trace.add(this.worldMs(), `${this.name} ${what}`);
  }

  #fail(error: unknown): void {
    this.failure = error;
    const text = error instanceof Error ? error.message : String(error);
    this.#trace(`does not start: ${text}`);
    this.kill();
  }

  #end(): void {
    this.trustDisk.kill();
    this.#world.processEnded(this);
    this.unclaimed?.silence(false);
    this.unclaimed = undefined;
    this.peer = undefined;
    this.state = "off";
  }
}
