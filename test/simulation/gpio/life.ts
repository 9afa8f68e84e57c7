import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";

/** No clock of the simulation goes this much faster or slower than the world's. */
export const FASTEST_CLOCK = 1.002;

/** A machine between two losses of its power. */
export class Life {
  readonly #bootId: string;
  readonly #disk: SimulatedMachine["disk"];
  readonly #wasAtRisk: boolean;

  constructor({ clock, disk }: SimulatedMachine) {
    this.#bootId = clock.bootId;
    this.#disk = disk;
    this.#wasAtRisk = disk.lastWritesAtRisk > 0;
  }

  isRebooted({ clock }: SimulatedMachine): boolean {
    return clock.bootId !== this.#bootId;
  }

  isStillOn(machine: SimulatedMachine): boolean {
    return !this.isRebooted(machine);
  }

  /** Whether its disk lied in it, or does now. */
  get wasAtRisk(): boolean {
    return this.#wasAtRisk || this.#disk.lastWritesAtRisk > 0;
  }
}

/** Clocks that nobody has set wrong differ by less. */
export const RIGHT_WITHIN_MS = 500;

/** Whether a process takes it to be as late as it is; one whose clock was ahead once may not. */
export function isRight(world: World, { peer }: SimulatedMachine): boolean {
  const nowMs = peer?.core.trust.now() ?? Number.NaN;
  return Math.abs(nowMs - world.clock.now()) < RIGHT_WITHIN_MS;
}
