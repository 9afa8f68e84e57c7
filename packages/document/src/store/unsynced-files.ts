import { type Clock, type Random, randomInteger } from "@pi-controller/runtime";

/** Linux writes what is dirty in its page cache after 30 s (`dirty_expire_centisecs`), and looks every 5 s. */
const WRITTEN_BACK_WITHIN_MS = 35_000;
/** What a disk writes in one piece. */
const SECTOR_BYTES = 512;
/** How often a power cut meets the write-back at work. */
const TORN_FRACTION = 0.25;

interface UnsyncedFile {
  onDisk: Uint8Array;
  /** In the page cache: what processes read. */
  current: Uint8Array;
  /** When `current` gets to the disk; undefined when it is there. */
  writtenBackAtMs: number | undefined;
}

/** Small files that are written and never synced: a kill loses nothing of them, a power cut what is newest. */
export class UnsyncedFiles {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #files = new Map<string, UnsyncedFile>();
  #bytesWritten = 0;

  constructor(components: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = components.clock;
    this.#random = components.random;
  }

  /** By write-backs. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** What processes read; empty when there is no such file. */
  read(name: string): Uint8Array {
    return new Uint8Array(this.#files.get(name)?.current ?? []);
  }

  /** Writes over the beginning of a file, which may grow by that, and never shrinks. */
  write(name: string, bytes: Uint8Array): void {
    const file = this.#files.get(name) ?? { ...written(new Uint8Array()) };
    this.#files.set(name, file);
    this.#writeBack(file);
    const current = new Uint8Array(Math.max(file.current.length, bytes.length));
    current.set(file.current);
    current.set(bytes);
    file.current = current;
    file.writtenBackAtMs ??= this.#clock.monotonic() + this.#random.next() * WRITTEN_BACK_WITHIN_MS;
  }

  cutPower(): void {
    for (const file of this.#files.values()) {
      this.#writeBack(file);
      if (file.writtenBackAtMs === undefined) continue;
      const isTorn = this.#random.next() < TORN_FRACTION;
      Object.assign(file, written(isTorn ? this.#torn(file) : file.onDisk));
    }
  }

  /** As processes read them. */
  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#files].map(([name, { current }]) => [name, current]));
  }

  restore(files: ReadonlyMap<string, Uint8Array>): void {
    this.#files.clear();
    for (const [name, bytes] of files) this.#files.set(name, written(bytes));
  }

  /** Does what is due. */
  #writeBack(file: UnsyncedFile): void {
    if (file.writtenBackAtMs === undefined || this.#clock.monotonic() < file.writtenBackAtMs) return;
    this.#bytesWritten += file.current.length;
    Object.assign(file, written(file.current));
  }

  /** Some first sectors of what was on its way, and the rest as it was. */
  #torn({ onDisk, current }: UnsyncedFile): Uint8Array {
    const torn = new Uint8Array(current.length);
    torn.set(onDisk);
    torn.set(current.subarray(0, SECTOR_BYTES * randomInteger(this.#random, current.length / SECTOR_BYTES)));
    return torn;
  }
}

function written(bytes: Uint8Array): UnsyncedFile {
  return { onDisk: bytes, current: bytes, writtenBackAtMs: undefined };
}
