import { MeshError } from "@pi-controller/schema";
import type { LogChange, Store, StoredLog } from "./store.ts";

/** What a `MemoryStore` keeps: stands for the disk, and outlives the store as a disk outlives a process. */
export class MemoryDisk {
  readonly logs = new Map<string, Uint8Array[]>();
  /** Contents that were set aside, by suffix. */
  readonly asides = new Map<string, ReadonlyMap<string, readonly Uint8Array[]>>();
  openedBy: object | undefined;
  /** Set to refuse all writes, as a full disk does. */
  isFull = false;
}

/** A store in memory, for simulations and tests. */
export class MemoryStore implements Store {
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.#disk = disk;
  }

  async open(): Promise<void> {
    if (this.#disk.openedBy !== undefined && this.#disk.openedBy !== this) {
      throw new MeshError("FAILED_PRECONDITION", "Another peer has this memory disk open");
    }
    this.#disk.openedBy = this;
  }

  async *read(): AsyncIterable<StoredLog> {
    for (const [log, entries] of this.#disk.logs) yield { log, entries: [...entries] };
  }

  async write(changes: readonly LogChange[]): Promise<void> {
    if (this.#disk.openedBy !== this) throw new MeshError("UNAVAILABLE", "The store is not open");
    if (this.#disk.isFull) throw new MeshError("RESOURCE_EXHAUSTED", "The memory disk is full");
    const { logs } = this.#disk;
    for (const change of changes) {
      switch (change.kind) {
        case "append":
          logs.set(change.log, [...(logs.get(change.log) ?? []), change.entry.slice()]);
          break;
        case "replace":
          logs.set(change.log, [change.entry.slice()]);
          break;
        case "drop":
          logs.delete(change.log);
          break;
      }
    }
  }

  async setAside(suffix: string): Promise<string> {
    this.#disk.asides.set(suffix, new Map(this.#disk.logs));
    this.#disk.logs.clear();
    await this.open();
    return `memory-${suffix}`;
  }

  async close(): Promise<void> {
    if (this.#disk.openedBy === this) this.#disk.openedBy = undefined;
  }
}
