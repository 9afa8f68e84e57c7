import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import {
  pick,
  type Random,
  randomInteger,
  seededRandom,
  shuffle,
  silentLogger,
  VirtualClock,
} from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { violations } from "./invariants.ts";
import { Machine } from "./machine.ts";
import { Writes } from "./writes.ts";

const STEP_MS = 500;
const LOSSY = { latencyMs: 3, latencySpreadMs: 2, lossFraction: 0.02, duplicateFraction: 0.01 };
const LOSSLESS = { lossFraction: 0, duplicateFraction: 0 };
const MAX_PARTITION_MS = 5 * 60_000;
/** Machines that run at any time at least, so that there is a mesh to speak of. */
const MIN_RUNNING = 4;
/** The chance in one step that something of its kind begins. */
const CHANCE = { down: 0.08, up: 0.15, pause: 0.02, partition: 0.02, write: 0.5, remove: 0.03 };
const MAX_PAUSE_MS = 15_000;
/** A peer that stops longer than this is killed by its own main program. */
const STOP_WITHIN_MS = 15_000;
/** Two that can reach each other must not take each other for dead for longer. */
const MAX_FALSELY_DEAD_MS = 30_000;

/** A mesh to which things happen, all of them drawn from one seed. */
export class Chaos {
  readonly clock = new VirtualClock();
  readonly hub: SimulatedNetwork;
  readonly machines: readonly Machine[];
  readonly writes = new Writes();
  /** What was seen to be wrong while things happened. */
  readonly wrong: string[] = [];
  /** What happened, as sentences. */
  readonly story: string[] = [];
  readonly #random: Random;
  /** Until when each machine stands still. */
  readonly #paused = new Map<Machine, number>();
  readonly #groups = new Map<NodeId, number>();
  #partitionEndsMs = Infinity;
  /** Since when one could reach another and took it for dead, by the two. */
  readonly #falselyDead = new Map<string, number>();

  constructor(options: { readonly seed: number; readonly machines: number }) {
    this.#random = seededRandom(options.seed);
    this.hub = new SimulatedNetwork({ clock: this.clock, random: this.#random }, LOSSY);
    const ids = Array.from(
      { length: options.machines },
      (_, number) => `node-${String(number).padStart(4, "0")}`,
    );
    const join = ids.slice(0, 2).map((id) => this.hub.addressOf(id));
    this.machines = ids.map(
      (id) =>
        new Machine(
          {
            clock: this.clock,
            hub: this.hub,
            random: seededRandom(randomInteger(this.#random, 2 ** 31)),
            logger: silentLogger,
          },
          { id, join, members: ids },
        ),
    );
  }

  /**
   * Starts all machines, and lets them find each other while nothing happens yet.
   *
   * @returns what does not hold after this time
   */
  async begin(withinMs: number): Promise<string[]> {
    for (const machine of this.machines) await this.#start(machine);
    return this.settle(withinMs);
  }

  /** Lets things happen for a while. */
  async happen(durationMs: number): Promise<void> {
    for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs += STEP_MS) {
      await this.#step();
      await this.clock.advance(STEP_MS);
      this.#lookForFalselyDead();
    }
  }

  /** Ends all faults and starts what is down. */
  async heal(): Promise<void> {
    this.#endPartition();
    this.#resume(Infinity);
    this.hub.links.change(LOSSLESS);
    for (const machine of this.machines) if (machine.peer === undefined) await this.#start(machine);
  }

  /** @returns what still does not hold after this time at most; returns as soon as all does */
  async settle(withinMs: number): Promise<string[]> {
    let found = violations(this.machines, this.writes);
    for (let elapsedMs = 0; found.length > 0 && elapsedMs < withinMs; elapsedMs += 1_000) {
      await this.clock.advance(1_000);
      found = violations(this.machines, this.writes);
    }
    return found;
  }

  async #step(): Promise<void> {
    const running = this.machines.filter(({ peer }) => peer !== undefined);
    const stopped = this.machines.filter(({ peer }) => peer === undefined);
    this.#resume(this.clock.monotonic());
    if (this.clock.monotonic() >= this.#partitionEndsMs) this.#endPartition();
    if (this.#isTimeFor("write")) this.#write(pick(this.#random, running));
    if (this.#isTimeFor("down") && running.length > MIN_RUNNING) await this.#end(pick(this.#random, running));
    if (this.#isTimeFor("up")) await this.#start(pick(this.#random, stopped));
    if (this.#isTimeFor("pause")) this.#pause(pick(this.#random, running));
    if (this.#isTimeFor("partition") && this.#groups.size === 0) this.#partition();
    if (this.#isTimeFor("remove")) this.#remove(pick(this.#random, running), pick(this.#random, stopped));
  }

  #isTimeFor(what: keyof typeof CHANCE): boolean {
    return this.#random.next() < CHANCE[what];
  }

  #write(machine: Machine | undefined): void {
    if (machine === undefined) return;
    const kind = this.#random.next() < 0.5 ? "mesh" : "own";
    // Several at once share a write to the disk.
    for (let count = randomInteger(this.#random, 8); count >= 0; count--) {
      this.writes.begin(machine, kind, randomInteger(this.#random, 100));
    }
  }

  async #start(machine: Machine | undefined): Promise<void> {
    if (machine === undefined) return;
    this.#tell(`${machine.id} starts`);
    await machine.start();
  }

  async #end(machine: Machine | undefined): Promise<void> {
    if (machine === undefined) return;
    this.#paused.delete(machine);
    this.hub.resume(machine.id);
    // Something is always under way when it is killed.
    this.#write(machine);
    const how = pick(this.#random, ["kill", "powerOff", "stop"] as const) ?? "kill";
    this.#tell(`${machine.id}: ${how}`);
    if (how !== "stop") {
      machine.end(how);
      return;
    }
    await this.#within(machine.stop(), STOP_WITHIN_MS, `${machine.id} does not stop`);
    machine.end("kill");
  }

  #pause(machine: Machine | undefined): void {
    if (machine === undefined || this.#paused.has(machine)) return;
    const durationMs = MAX_PAUSE_MS * this.#random.next();
    this.#tell(`${machine.id} stands still for ${Math.round(durationMs)} ms`);
    this.hub.pause(machine.id);
    this.#paused.set(machine, this.clock.monotonic() + durationMs);
  }

  /** @param untilMs only those whose time is up by then */
  #resume(untilMs: number): void {
    for (const [machine, resumesMs] of this.#paused) {
      if (resumesMs > untilMs) continue;
      this.#paused.delete(machine);
      this.hub.resume(machine.id);
    }
  }

  /** Lets time pass until the work is done. */
  async #within(work: Promise<void>, limitMs: number, complaint: string): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    for (let elapsedMs = 0; !isDone && elapsedMs < limitMs; elapsedMs += 100) await this.clock.advance(100);
    if (isDone) await done;
    else this.wrong.push(complaint);
  }

  #partition(): void {
    const ids = shuffle(
      this.#random,
      this.machines.map(({ id }) => id),
    );
    const cut = 1 + randomInteger(this.#random, ids.length - 1);
    const groups = [ids.slice(0, cut), ids.slice(cut)];
    for (const [number, group] of groups.entries()) for (const id of group) this.#groups.set(id, number);
    this.hub.partition(groups);
    const durationMs = MAX_PARTITION_MS * this.#random.next();
    this.#partitionEndsMs = this.clock.monotonic() + durationMs;
    this.#tell(`${groups[0]?.join(" ")} are cut off for ${Math.round(durationMs)} ms`);
  }

  #endPartition(): void {
    this.#tell("no partition any more");
    this.hub.healAll();
    this.#groups.clear();
    this.#partitionEndsMs = Infinity;
  }

  /** An operator removes a machine that is down from the roster; it will come back. */
  #remove(by: Machine | undefined, machine: Machine | undefined): void {
    if (by?.peer === undefined || machine === undefined) return;
    this.#tell(`${by.id} removes ${machine.id}`);
    by.peer.nodes.remove(machine.id, undefined, { correlationId: "simulation" }).catch(() => {
      // Refused while it is not known to be dead, or not known at all: then it stays.
    });
  }

  #lookForFalselyDead(): void {
    const nowMs = this.clock.monotonic();
    const seen = new Set<string>();
    const awake = this.machines.filter((machine) => !this.#paused.has(machine));
    for (const { peer } of awake) {
      for (const { peer: other } of awake) {
        if (peer === undefined || other === undefined || peer === other) continue;
        if (this.#groups.get(peer.id) !== this.#groups.get(other.id)) continue;
        if (peer.membership.member(other.id)?.state !== "dead") continue;
        const pair = `${peer.id} takes ${other.id}, start ${other.bootEpoch}, for dead`;
        seen.add(pair);
        const sinceMs = this.#falselyDead.get(pair) ?? nowMs;
        this.#falselyDead.set(pair, sinceMs);
        if (nowMs - sinceMs === MAX_FALSELY_DEAD_MS) this.wrong.push(`${nowMs}: ${pair}`);
      }
    }
    for (const pair of this.#falselyDead.keys()) if (!seen.has(pair)) this.#falselyDead.delete(pair);
  }

  #tell(what: string): void {
    this.story.push(`${Math.round(this.clock.monotonic())} ms: ${what}`);
  }
}
