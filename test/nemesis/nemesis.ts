import { inspect } from "node:util";
import type { Machine } from "./machine.ts";
import { describeFault, type Fault } from "./plan.ts";

export interface NemesisComponents {
  readonly machines: readonly Machine[];
  readonly log: (text: string) => void;
  /** Called while a machine is down whose last writes will be lost. */
  readonly onTorn: (machine: Machine) => Promise<void>;
  /** Something happened that must not. */
  readonly onViolation: (text: string) => void;
}

/** Does to machines what a plan says. */
export class Nemesis {
  readonly #components: NemesisComponents;
  /** Cuts between two that go on, by who does not reach whom: several may overlap. */
  readonly #lost = new Map<string, number>();

  constructor(components: NemesisComponents) {
    this.#components = components;
  }

  /** Resolves when the last fault is over, and all peers run again. */
  async carryOut(plan: readonly Fault[]): Promise<void> {
    const startMs = performance.now();
    // One thing at a time is done to a machine: a start may take longer than was planned.
    const last = new Map<number, Promise<void>>();
    for (const fault of plan) {
      await until(startMs + fault.atMs);
      const before = last.get(fault.machine) ?? Promise.resolve();
      last.set(
        fault.machine,
        before.then(() => this.#suffer(fault)),
      );
    }
    await Promise.all(last.values());
  }

  async #suffer(fault: Fault): Promise<void> {
    const { machines, log, onViolation } = this.#components;
    log(describeFault(fault, (index) => machines[index]?.name ?? "?"));
    const machine = machines[fault.machine];
    const other = machines[fault.other];
    if (machine === undefined || other === undefined) throw new Error("There is no such machine");
    const lasts = until(performance.now() + fault.durationMs);
    try {
      await this.#acts[fault.kind](machine, lasts, fault, other);
    } catch (error) {
      onViolation(`${machine.name} does not get over ${fault.kind}: ${inspect(error)}`);
    }
  }

  readonly #acts: Record<
    Fault["kind"],
    (machine: Machine, lasts: Promise<void>, fault: Fault, other: Machine) => Promise<void>
  > = {
    kill: (machine, lasts) =>
      troubled(machine, async () => {
        await machine.kill();
        await lasts;
        await machine.start();
      }),
    tear: (machine, lasts, { bytes }) =>
      troubled(machine, async () => {
        await machine.kill();
        const torn = machine.tearLog(bytes);
        this.#components.log(`${machine.name}: ${torn ?? "no log to tear"}`);
        await this.#components.onTorn(machine);
        await lasts;
        await this.#startTorn(machine);
      }),
    stop: (machine, lasts) =>
      troubled(machine, async () => {
        machine.peer.signal("SIGSTOP");
        await lasts;
        machine.peer.signal("SIGCONT");
      }),
    "full-disk": (machine, lasts) =>
      troubled(machine, async () => {
        await machine.disk.fill();
        await lasts;
        machine.disk.free();
      }),
    "stalled-disk": (machine, lasts) =>
      troubled(machine, async () => {
        await machine.disk.stall();
        await lasts;
        await machine.disk.goOn();
      }),
    clock: (machine, lasts, { offsetSeconds }) =>
      troubled(machine, async () => {
        machine.clock.set(offsetSeconds);
        await lasts;
        machine.clock.set(0);
      }),
    cut: async (machine, lasts) => {
      const all = this.#components.machines;
      for (const each of all) each.outOfReach();
      machine.host.cut();
      await lasts;
      machine.host.plug();
      for (const each of all) each.inReach();
    },
    "cut-one-way": async (machine, lasts, _fault, other) => {
      this.#loses(machine, other);
      await lasts;
      this.#reaches(machine, other);
    },
    "cut-pair": async (machine, lasts, _fault, other) => {
      this.#loses(machine, other);
      this.#loses(other, machine);
      await lasts;
      this.#reaches(machine, other);
      this.#reaches(other, machine);
    },
  };

  /** A torn log must not stop a peer; where it does, the peer must say how to go on, and that must work. */
  async #startTorn(machine: Machine): Promise<void> {
    try {
      await machine.start();
    } catch (error) {
      if (!String(error).includes("--recover")) throw error;
      this.#components.log(`${machine.name} wants --recover`);
      await machine.start({ flags: ["--recover"] });
    }
  }

  #loses(from: Machine, to: Machine): void {
    for (const each of [from, to]) each.outOfReach();
    const key = `${from.name}>${to.name}`;
    const count = (this.#lost.get(key) ?? 0) + 1;
    this.#lost.set(key, count);
    if (count === 1) from.host.loseTo(to.host);
  }

  #reaches(from: Machine, to: Machine): void {
    const key = `${from.name}>${to.name}`;
    const count = (this.#lost.get(key) ?? 0) - 1;
    this.#lost.set(key, count);
    if (count === 0) from.host.reach(to.host);
    for (const each of [from, to]) each.inReach();
  }
}

async function troubled(machine: Machine, act: () => Promise<void>): Promise<void> {
  machine.inTrouble();
  await act();
  machine.atEase();
}

function until(atMs: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, Math.max(0, atMs - performance.now())));
}
