import type { SimulatedMachine } from "../world/simulated-machine.ts";

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
