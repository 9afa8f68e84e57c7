import { NothingGrows } from "./invariants/bounds.ts";
import { ConnectionsStay } from "./invariants/connections-stay.ts";
import { DeathsAreNoticed } from "./invariants/deaths-noticed.ts";
import { DocumentsAgree } from "./invariants/documents.ts";
import { EnrolmentsEnd } from "./invariants/enrolment.ts";
import { gpioInvariants } from "./invariants/gpio.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { MarksStand } from "./invariants/marks.ts";
import { MemberVersionsRise } from "./invariants/member-versions.ts";
import { MembershipIsTrue } from "./invariants/membership.ts";
import { ProcessesEnd } from "./invariants/processes.ts";
import { RequestsEnd } from "./invariants/requests-end.ts";
import { TrustHolds } from "./invariants/trust.ts";
import { UnenrolledAreOut } from "./invariants/unenrolled.ts";
import { applyFault } from "./plan/apply-fault.ts";
import type { Plan } from "./plan/fault.ts";
import { DocumentWrites } from "./workload/document-writes.ts";
import { Enrolments } from "./workload/enrolments.ts";
import { GpioClients, usualGpioClients } from "./workload/gpio-clients.ts";
import { Intruders } from "./workload/intruders.ts";
import { Marks } from "./workload/marks.ts";
import { Requests } from "./workload/requests.ts";
import { Revocations } from "./workload/revocations.ts";
import type { Workload } from "./workload/workload.ts";
import { beDeterministic } from "./world/determinism.ts";
import { grownMesh } from "./world/grown-mesh.ts";
import type { SimulatedMachine } from "./world/simulated-machine.ts";
import { type Violation, World } from "./world/world.ts";

/** What goes on in a run, and what is watched in it. */
export interface Parts {
  readonly workloads: readonly Workload[];
  readonly invariants: readonly Invariant[];
}

export interface RunOptions {
  /** Makes the parts of a run; all that there are when left out. */
  readonly parts?: ((plan: Plan) => Parts) | undefined;
  /** Told of each line of the trace. */
  readonly trace?: ((line: string) => void) | undefined;
  /** Ends the run with the first violation. */
  readonly stopEarly?: boolean;
}

export interface RunResult {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  /** SHA-256 of all that happened. */
  readonly digest: string;
  readonly traceLines: number;
  /** Simulated time, in ms. */
  readonly simulatedMs: number;
  /** Simulated time times machines, in s. */
  readonly nodeSeconds: number;
  /** Real time that it took, in ms. */
  readonly tookMs: number;
}

const CHECK_INTERVAL_MS = 1_000;
/** Machines are switched on within this. */
const SWITCHED_ON_WITHIN_MS = 3_000;
/** After everything has healed, everything has to hold within this. */
const SETTLE_WITHIN_MS = 150_000;
const USUAL_LINKS = {
  latencyMs: 2,
  latencySpreadMs: 1,
  lossFraction: 0.005,
  duplicateFraction: 0.005,
};

/** Runs a plan. The same plan gives the same result, the real time aside. */
export async function run(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
  const determinism = beDeterministic();
  const beganMs = performance.now();
  let onRejection: ((error: unknown) => void) | undefined;
  try {
    const world = await World.create(
      {
        seed: plan.seed,
        members: plan.peers,
        strangers: plan.strangers,
        conditions: USUAL_LINKS,
        images: plan.beginning === "grown" ? await grownMesh(plan.peers, determinism) : undefined,
        trace: options.trace,
      },
      determinism,
    );
    // As in a peer's own program, where it ends the process.
    onRejection = (error) => world.violation("processes", `a promise was left rejected: ${textOf(error)}`);
    process.on("unhandledRejection", onRejection);
    await new Run(world, plan, options).through();
    const simulatedMs = world.clock.monotonic();
    return {
      plan,
      violations: world.violations,
      digest: world.trace.digest(),
      traceLines: world.trace.lines,
      simulatedMs,
      nodeSeconds: (simulatedMs * plan.peers) / 1_000,
      tookMs: performance.now() - beganMs,
    };
  } finally {
    if (onRejection !== undefined) process.off("unhandledRejection", onRejection);
    determinism.restore();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** In a mesh of so many or fewer somebody comes every 10 s and goes every 30 s; larger ones are told of it longer. */
const SMALL_MESH = 30;

/** Everything that there is. */
export function usualParts({ peers }: Pick<Plan, "peers">): Parts {
  const slower = Math.max(1, peers / SMALL_MESH);
  const writes = new DocumentWrites({ intervalMs: 1_000 });
  const marks = new Marks({ intervalMs: 1_000 });
  const requests = new Requests({ intervalMs: 500 });
  const clients = new GpioClients(usualGpioClients);
  const invariants = [
    new MembershipIsTrue(),
    new MemberVersionsRise(),
    new DeathsAreNoticed(),
    new ConnectionsStay(),
    new MarksStand({ workload: marks }),
    new RequestsEnd({ workload: requests }),
    new NothingGrows(),
    new ProcessesEnd(),
    ...gpioInvariants(clients),
    new TrustHolds(),
    new EnrolmentsEnd(),
    new UnenrolledAreOut(),
    // Looks at every record that anybody has: not before all else holds.
    new DocumentsAgree({ writes }),
  ];
  const people = [
    new Enrolments({ intervalMs: 10_000 * slower }),
    new Revocations({ intervalMs: 30_000 * slower }),
    new Intruders({ intervalMs: 5_000 }),
  ];
  return { workloads: [writes, marks, requests, clients, ...people], invariants };
}

/** One run of a plan in a world. */
class Run {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #workloads: readonly Workload[];
  readonly #invariants: readonly Invariant[];
  /** Ends of the faults that go on. */
  readonly #ends = new Set<() => void>();

  constructor(world: World, plan: Plan, options: RunOptions) {
    this.#world = world;
    this.#plan = plan;
    this.#options = options;
    const { invariants, workloads } = (options.parts ?? usualParts)(plan);
    this.#workloads = workloads;
    this.#invariants = invariants;
  }

  async through(): Promise<void> {
    const { durationMs } = this.#plan;
    for (const invariant of this.#invariants) invariant.begin?.(this.#world);
    this.#switchOn();
    this.#schedule();
    for (const workload of this.#workloads) workload.begin(this.#world);
    while (this.#world.clock.monotonic() < durationMs && !this.#isOver) await this.#pass();
    for (const workload of this.#workloads) workload.end();
    const stopping = this.#world.machines.filter(({ state }) => state === "stopping");
    this.#heal();
    const endMs = this.#world.clock.monotonic() + SETTLE_WITHIN_MS;
    while (!this.#isOver && this.#somethingIsOpen()) {
      if (this.#world.clock.monotonic() >= endMs) {
        for (const { name, text } of this.#open()) this.#world.violation(name, text);
        return;
      }
      // Those that end by themselves from now on are a matter of the rules.
      for (const machine of [...stopping]) if (machine.isToStart) this.#startOnce(stopping, machine);
      await this.#pass();
    }
  }

  get #isOver(): boolean {
    return this.#options.stopEarly === true && this.#world.violations.length > 0;
  }

  async #pass(): Promise<void> {
    await this.#world.clock.advance(CHECK_INTERVAL_MS);
    for (const invariant of this.#invariants) invariant.check?.(this.#world);
  }

  #switchOn(): void {
    const random = this.#world.random("switching on");
    for (const machine of this.#world.machines) {
      if (!machine.isMember) continue;
      this.#world.clock.setTimer(() => machine.start(), SWITCHED_ON_WITHIN_MS * random.next());
    }
  }

  #schedule(): void {
    const { clock, trace } = this.#world;
    for (const fault of this.#plan.faults) {
      clock.setTimer(() => {
        trace.add(clock.monotonic(), `begins ${JSON.stringify(fault)}`);
        const end = applyFault(this.#world, fault);
        const ending = () => {
          if (!this.#ends.delete(ending)) return;
          trace.add(clock.monotonic(), `ends ${fault.kind} of ${fault.atMs}`);
          end();
        };
        this.#ends.add(ending);
        clock.setTimer(ending, fault.durationMs);
      }, fault.atMs);
    }
  }

  #heal(): void {
    this.#world.trace.add(this.#world.clock.monotonic(), "everything heals");
    for (const end of [...this.#ends]) end();
    this.#world.hub.links.change({ lossFraction: 0, duplicateFraction: 0 });
    for (const machine of this.#world.machines) if (machine.isToStart) machine.start();
  }

  #startOnce(stopping: SimulatedMachine[], machine: SimulatedMachine): void {
    stopping.splice(stopping.indexOf(machine), 1);
    machine.start();
  }

  /** What does not hold yet, one after the other: to look at all of it takes longer than to simulate a second. */
  *#open(): Iterable<{ readonly name: string; readonly text: string }> {
    for (const invariant of this.#invariants) {
      // All that one of them has to say: it may ask peers something on the way, for the next time.
      const texts = [...(invariant.settled?.(this.#world) ?? [])];
      for (const text of texts) yield { name: invariant.name, text };
    }
  }

  #somethingIsOpen(): boolean {
    for (const _open of this.#open()) return true;
    return false;
  }
}
