import { pick, type Random, type Timer } from "@pi-controller/runtime";
import type { CardImage, SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import { countersCollection } from "./document-writes.ts";
import { admin, outcomeOf, PASSWORD, runningMembers } from "./people.ts";
import type { Workload } from "./workload.ts";

export interface RevocationsOptions {
  /** Between two members that go. */
  readonly intervalMs: number;
}

/** A mesh of fewer is left alone. */
const MIN_MEMBERS = 3;
/** How many of those who were members at first may go. */
const MAX_GOING = 0.4;
const ROGUE_INTERVAL_MS = 1_500;

/** Which of the documents that a rogue writes. */
const KINDS = ["mesh", "own"] as const;

/** The record that a machine writes that was taken over: what counts is when. */
export function rogueRecordOf(machine: SimulatedMachine): string {
  return `rogue-${machine.id}`;
}

/** Members are revoked or leave; some of those that are revoked were stolen, and do not care. */
export class Revocations implements Workload {
  readonly name = "revocations";
  readonly #options: RevocationsOptions;
  #random: Random | undefined;
  #timer: Timer | undefined;
  #gone = 0;

  constructor(options: RevocationsOptions) {
    this.#options = options;
  }

  begin(world: World): void {
    this.#random = world.random("revocations");
    const step = () => {
      this.#timer = world.clock.setTimer(step, this.#options.intervalMs);
      this.#letGo(world);
    };
    this.#timer = world.clock.setTimer(step, this.#options.intervalMs);
    const write = () => {
      world.clock.setTimer(write, ROGUE_INTERVAL_MS);
      for (const machine of world.machines) if (machine.isRogue) writeAsRogue(world, machine);
    };
    write();
  }

  end(): void {
    this.#timer?.cancel();
  }

  #letGo(world: World): void {
    const random = this.#random as Random;
    const members = world.machines.filter(({ gone, isMember }) => gone === undefined && isMember);
    if (members.length <= MIN_MEMBERS || this.#gone >= MAX_GOING * members.length) return;
    const machine = pick(random, members) as SimulatedMachine;
    const chance = random.next();
    if (chance < 0.25) void this.#leave(world, machine);
    else void this.#revoke(world, machine, chance < 0.55);
  }

  async #leave(world: World, machine: SimulatedMachine): Promise<void> {
    if (!machine.isRunning) return;
    this.#gone++;
    this.#trace(world, `${machine.name} leaves`);
    await machine.peer?.enrolment
      .leaveFromConsole()
      .catch((error: unknown) => this.#trace(world, `${machine.name} has not left: ${outcomeOf(error)}`));
  }

  async #revoke(world: World, machine: SimulatedMachine, isStolen: boolean): Promise<void> {
    const random = this.#random as Random;
    const by = pick(random, runningMembers(world));
    if (by === undefined) return;
    this.#gone++;
    const image = machine.image();
    if (isStolen) machine.isRogue = true;
    const what = `${machine.name}${isStolen ? ", which is stolen," : ""}`;
    this.#trace(world, `${by.machine.name} revokes ${what}`);
    // It goes on running, or its card is put in another machine that nobody has told anything.
    if (isStolen && random.next() < 0.5) this.#setBackLater(world, machine, image);
    try {
      await by.peer.enrolment.revoke(machine.id, { password: PASSWORD, reason: "simulated" }, admin(world));
      this.#trace(world, `${by.machine.name} has revoked ${machine.name}`);
    } catch (error) {
      this.#trace(world, `${by.machine.name} has not revoked ${machine.name}: ${outcomeOf(error)}`);
    }
  }

  #setBackLater(world: World, machine: SimulatedMachine, image: CardImage): void {
    world.clock.setTimer(() => {
      if (machine.state !== "off") machine.powerOff();
      machine.restore(image);
      this.#trace(world, `${machine.name} begins again with its old card`);
      machine.start();
    }, 15_000);
  }

  #trace(world: World, what: string): void {
    world.trace.add(world.clock.monotonic(), what);
  }
}

/** Writes when it is, into each of its documents. */
function writeAsRogue(world: World, machine: SimulatedMachine): void {
  const { peer, state } = machine;
  if (peer === undefined || state !== "running") return;
  const id = rogueRecordOf(machine);
  const count = Math.floor(world.clock.monotonic());
  for (const kind of KINDS) {
    const written = peer.core.documents[kind].collection(countersCollection).put(id, { id, count });
    // Where nobody answers, documents may refuse.
    written.catch(() => undefined);
  }
}
