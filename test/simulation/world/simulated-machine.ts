import { SimulatedDisk } from "@pi-controller/document/simulated";
import { MachineClock, type Random, startAll, stopAll } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { TestNode } from "@pi-controller/security/testing";
import { composePeer, type PeerSurroundings, type RunningPeer } from "./compose-peer.ts";
import { TrustDisk } from "./trust-disk.ts";
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
  readonly trust: ReturnType<TrustDisk["snapshot"]>;
  readonly bootEpoch: number;
}

/** `stopping`: it tells the others and closes what it has; the others of them are as their names say. */
export type MachineState = "off" | "starting" | "running" | "paused" | "stopping";

/** A machine of the world: what is in it outlives the processes that run on it. */
export class SimulatedMachine {
  readonly id: NodeId;
  readonly index: number;
  readonly node: TestNode;
  readonly clock: MachineClock;
  readonly disk: SimulatedDisk;
  readonly trustDisk: TrustDisk;
  /** The process that runs; undefined while none does. Also while it starts or stands still. */
  peer: RunningPeer | undefined;
  state: MachineState = "off";
  /** Whether the next start sets a damaged store aside, as an operator would have it. */
  recovers = false;
  /** Why it belongs to the mesh no more. */
  gone: "left" | "revoked" | undefined;
  /** What the process could not go on after; it ended then. */
  failure: unknown;
  readonly #world: World;
  readonly #surroundings: PeerSurroundings;
  #bootEpoch = 0;

  constructor({ world, random, surroundings }: SimulatedMachineComponents, options: SimulatedMachineOptions) {
    this.index = options.index;
    this.node = options.node;
    this.id = options.node.node;
    this.clock = new MachineClock({ clock: world.clock });
    this.disk = new SimulatedDisk({ clock: world.clock, random });
    this.trustDisk = new TrustDisk();
    this.#world = world;
    this.#surroundings = surroundings;
  }

  /** Short, for people: `m07`. */
  get name(): string {
    return `m${String(this.index).padStart(2, "0")}`;
  }

  get isRunning(): boolean {
    return this.state === "running";
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
   * Begins a process. It is `running` once all of its services are; one whose start fails is over at once, and
   * `failure` says why.
   */
  start(): void {
    if (this.state !== "off") return;
    this.failure = undefined;
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
        if (this.peer === peer && this.state === "starting") this.state = "running";
      },
      (error: unknown) => {
        if (this.peer === peer) this.#fail(error);
      },
    );
  }

  /** As on SIGTERM: it is off when it has told the others and closed everything. */
  stop(): void {
    const { peer } = this;
    if (peer === undefined || this.state !== "running") return;
    this.state = "stopping";
    peer.core
      .farewell("simulated")
      .then(() => stopAll(peer.services))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .then(() => {
        if (this.peer === peer) this.kill();
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
    return { disk: this.disk.snapshot(), trust: this.trustDisk.snapshot(), bootEpoch: this.#bootEpoch };
  }

  /** Puts an image back; the machine has to be off. */
  restore(image: CardImage): void {
    this.disk.restore(image.disk);
    this.trustDisk.restore(image.trust);
    this.#bootEpoch = image.bootEpoch;
  }

  /** What a peer does that is no member any more. */
  wipe(): void {
    this.trustDisk.wipe();
  }

  onGone(reason: "left" | "revoked"): void {
    this.gone = reason;
    this.#world.trace.add(this.worldMs(), `${this.name} is gone: ${reason}`);
    this.stop();
  }

  #fail(error: unknown): void {
    this.failure = error;
    const text = error instanceof Error ? error.message : String(error);
    this.#world.trace.add(this.worldMs(), `${this.name} does not start: ${text}`);
    this.kill();
  }

  #end(): void {
    this.peer = undefined;
    this.state = "off";
  }
}
