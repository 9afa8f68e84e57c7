import type { RunningPeer } from "../world/compose-peer.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Where nothing else goes wrong a death is known to all 2.7 s after it, and it was up to a second ago when it is seen. */
const NOTICED_WITHIN_MS = 3_000;
/** Fewer may have nobody to confirm what they see. */
const MIN_WITNESSES = 4;

/** A process that has ended, and those who ought to notice. */
interface Death {
  readonly machine: SimulatedMachine;
  readonly bootEpoch: number;
  readonly atMs: number;
  readonly witnesses: ReadonlyMap<SimulatedMachine, RunningPeer>;
}

/** Whoever is well, and reaches all others, knows of a process that has ended soon. */
export class DeathsAreNoticed implements Invariant {
  readonly name = "deaths";
  /** The process that ran on each machine at the last look. */
  readonly #ran = new Map<SimulatedMachine, RunningPeer>();
  #deaths: readonly Death[] = [];

  check(world: World): void {
    const nowMs = world.clock.monotonic();
    const died = [...this.#ran].filter(([{ state }]) => state === "off");
    this.#ran.clear();
    for (const machine of world.machines) {
      if (machine.isRunning && machine.peer !== undefined) this.#ran.set(machine, machine.peer);
    }
    // Who reaches whom is looked up for each two of them: only when it matters.
    if (died.length === 0 && this.#deaths.length === 0) return;
    const well = wellOf(world);
    const deaths = died.map(
      ([machine, { bootEpoch }]): Death => ({ machine, bootEpoch, atMs: nowMs, witnesses: well }),
    );
    this.#deaths = [...this.#deaths, ...deaths].filter((death) =>
      this.#isStillOpen(world, death, well, nowMs),
    );
  }

  #isStillOpen(world: World, death: Death, well: Death["witnesses"], nowMs: number): boolean {
    const { machine, bootEpoch, atMs } = death;
    const witnesses = [...death.witnesses].filter(([witness, peer]) => well.get(witness) === peer);
    const isUndisturbed = witnesses.length === death.witnesses.size && witnesses.length >= MIN_WITNESSES;
    if (!isUndisturbed || machine.state !== "off") return false;
    if (nowMs - atMs < NOTICED_WITHIN_MS) return true;
    for (const [witness, { core }] of witnesses) {
      const believed = core.membership.member(machine.id);
      if (believed?.bootEpoch !== bootEpoch) continue;
      if (believed.state !== "alive" && believed.state !== "suspect") continue;
      const late = `${Math.round(nowMs - atMs)} ms after its end`;
      world.violation(this.name, `${witness.name} believes ${machine.name} to be ${believed.state} ${late}`);
    }
    return false;
  }
}

/** Those that run; none where one of them does not reach another, or doubts itself. */
function wellOf(world: World): Death["witnesses"] {
  const running = world.machines.filter(({ state }) => state !== "off");
  const isWell = running.every(
    (one) =>
      one.isRunning &&
      one.peer?.core.membership.localHealth() === 0 &&
      running.every((other) => other === one || world.reach(one, other)),
  );
  return new Map(isWell ? running.flatMap((one) => (one.peer === undefined ? [] : [[one, one.peer]])) : []);
}
