import { type Clock, sleep } from "@pi-controller/runtime";
import { never, type SimulatedDisk } from "./simulated-disk.ts";
import type { LogChange, Store, StoredLog } from "./store.ts";

export interface SimulatedStoreComponents {
  readonly disk: SimulatedDisk;
  /** The process's own time, when that can stand still: what takes time is then acknowledged by it. */
  readonly clock?: Clock | undefined;
}

/** One process's store on a simulated disk, for simulations and tests. Made anew with each process. */
export class SimulatedStore implements Store {
  readonly #disk: SimulatedDisk;
  readonly #clock: Clock | undefined;
  readonly #life: object;

  constructor(components: SimulatedStoreComponents) {
    this.#disk = components.disk;
    this.#clock = components.clock;
    this.#life = components.disk.life;
  }

  async open(): Promise<void> {
    if (this.#isDead) return never();
    this.#disk.open(this);
  }

  async *read(): AsyncIterable<StoredLog> {
    if (this.#isDead) await never();
    for (const stored of this.#disk.read(this)) {
      yield stored;
      if (this.#isDead) await never();
    }
  }

  async write(changes: readonly LogChange[]): Promise<void> {
    if (this.#isDead) return never();
    const writing = this.#disk.write(this, changes);
    if (this.#clock === undefined || !this.#disk.takesTime) return writing;
    try {
      await writing;
    } finally {
      await sleep(this.#clock, 0);
    }
  }

  async setAside(suffix: string): Promise<string> {
    if (this.#isDead) return never();
    return this.#disk.setAside(this, suffix);
  }

  async close(): Promise<void> {
    this.#disk.close(this);
  }

  get #isDead(): boolean {
    return this.#disk.life !== this.#life;
  }
}
