import { type Clock, type Random, randomInteger, sleep } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { CachedContent } from "./cached-content.ts";
import { LogContent, storedBytes } from "./log-content.ts";
import type { LogChange, StoredLog } from "./store.ts";
import { UnsyncedFiles } from "./unsynced-files.ts";

/** Of a disk, at one moment. */
export interface DiskSnapshot {
  readonly content: LogContent;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface SimulatedDiskComponents {
  /** The time of the world: a machine's own starts anew with it, and what is on its way to the disk must not. */
  readonly clock: Clock;
  readonly random: Random;
}

/** A call of `write` that has neither been acknowledged nor refused. */
interface WriteInFlight {
  readonly changes: readonly LogChange[];
}

/**
 * A machine's disk, in memory, with what goes wrong with disks. It outlives the processes that open it, one after the
 * other, each with a `SimulatedStore` of its own.
 *
 * Behaves as LevelDB does under `levelStore`: a write is one record of LevelDB's log, with a checksum over all of it,
 * and acknowledged once it is synced. So what a kill or a power cut leaves of the write that was on its way is all of
 * it or nothing, and what was acknowledged stays, unless the disk lies (`lastWritesAtRisk`).
 */
export class SimulatedDisk {
  /** How long a write takes: between `minimumMs` and `minimumMs + spreadMs`. */
  writeDelay: { readonly minimumMs: number; readonly spreadMs: number } = { minimumMs: 0, spreadMs: 0 };
  /** Set to refuse all writes, as a full disk does. */
  isFull = false;
  /** Set to fail all writes, as a disk does that has gone read-only or away. */
  isBroken = false;
  /** For `SimulatedFile`: what is beside the store. */
  readonly files: UnsyncedFiles;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #asides = new Map<string, LogContent>();
  /** Entries whose checksum is wrong. */
  readonly #damaged = new WeakSet<Uint8Array>();
  readonly #content = new CachedContent();
  #user: object | undefined;
  /** Changes with every end of a process that had no time to close anything. */
  #life = {};
  #inFlight: WriteInFlight | undefined;
  /** A refused write that LevelDB's own log may hold: who opens next finds it, if it does. */
  #refused: { readonly by: object; readonly changes: readonly LogChange[] } | undefined;
  #stalledUntilMs = 0;
  #writes = 0;
  #bytesWritten = 0;

  constructor(components: SimulatedDiskComponents) {
    this.#clock = components.clock;
    this.#random = components.random;
    this.files = new UnsyncedFiles(components);
  }

  /** What is stored, as a process would read it that opened it now. */
  get logs(): ReadonlyMap<string, readonly Uint8Array[]> {
    return this.#content.current.logs;
  }

  /** Contents that were set aside, by suffix. */
  get asides(): ReadonlyMap<string, ReadonlyMap<string, readonly Uint8Array[]>> {
    return new Map([...this.#asides].map(([suffix, content]) => [suffix, content.logs]));
  }

  /** How many writes it has taken since it was made. */
  get writes(): number {
    return this.#writes;
  }

  /** In those writes and to files; what a database writes again when it tidies up is not counted. */
  get bytesWritten(): number {
    return this.#bytesWritten + this.files.bytesWritten;
  }

  /** What is stored now takes so much; what was set aside does not count. */
  get bytes(): number {
    return this.#content.current.bytes;
  }

  /** Whether a write that began now would be acknowledged later. */
  get takesTime(): boolean {
    return this.writeDelay.minimumMs + this.writeDelay.spreadMs > 0 || this.#stallMs() > 0;
  }

  /**
   * How many of the newest acknowledged writes a power cut takes: 0 for a disk that does what it says, more for a
   * card that acknowledges what is only in its cache.
   */
  get lastWritesAtRisk(): number {
    return this.#content.lastWritesAtRisk;
  }

  set lastWritesAtRisk(count: number) {
    this.#content.lastWritesAtRisk = count;
  }

  /** All writes wait, for so long from now, those included that are on their way. */
  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#clock.monotonic() + durationMs);
  }

  /**
   * The process that uses it is gone from one moment to the next. Stores that were made before do nothing to this disk
   * any more, and their calls never resolve. The write that was on its way is on the disk or not.
   */
  kill(): void {
    this.#life = {};
    this.#user = undefined;
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    if (inFlight !== undefined && this.#refusal() === undefined) this.#maybe(inFlight.changes);
  }

  /** As `kill`; what was not synced is gone, and a disk that lies loses what it has acknowledged last. */
  cutPower(): void {
    this.kill();
    this.files.cutPower();
    this.#content.cutPower();
  }

  /** An image of it, as of a card that is copied. */
  snapshot(): DiskSnapshot {
    return { content: this.#content.current.copy(), files: this.files.snapshot() };
  }

  /**
   * Puts an image on it, as somebody does who writes a card anew.
   *
   * @throws MeshError FAILED_PRECONDITION while a process has it open
   */
  restore(snapshot: DiskSnapshot): void {
    this.#checkUnused();
    this.#content.replace(snapshot.content.copy());
    this.files.restore(snapshot.files);
    this.#refused = undefined;
  }

  /** Takes everything, as a new disk in the place of the old one does. @throws as `restore` */
  wipe(): void {
    this.restore({ content: new LogContent(), files: new Map() });
  }

  /**
   * Turns one bit over somewhere in what is stored. Who reads that next sees it by the checksum. (So it is in
   * LevelDB's tables. In its log, which has the writes since it was last opened, some of them vanish, and nobody is told
   * of those that were the newest of all: that is `lastWritesAtRisk` and a power cut.)
   *
   * @returns false when nothing is stored
   */
  flipBit(random: Random = this.#random): boolean {
    const entries = [...this.logs].flatMap(([log, entries]) =>
      entries.map((entry, index) => ({ log, index, entry })),
    );
    let byte = randomInteger(
      random,
      entries.reduce((sum, { entry }) => sum + entry.length, 0),
    );
    for (const { log, index, entry } of entries) {
      if (byte < entry.length) {
        const changed = new Uint8Array(entry);
        changed[byte] = (changed[byte] ?? 0) ^ (1 << randomInteger(random, 8));
        this.#damaged.add(changed);
        this.#content.current.exchange(log, index, changed);
        return true;
      }
      byte -= entry.length;
    }
    return false;
  }

  /** For `SimulatedStore`: tells a store whether its process lives. */
  get life(): object {
    return this.#life;
  }

  /** For `SimulatedStore`. @throws as the port's `open` */
  open(store: object): void {
    if (this.#user === store) return;
    this.#checkUnused();
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    if (this.#refused !== undefined && this.#refused.by !== store) this.#maybe(this.#refused.changes);
    this.#user = store;
  }

  /** For `SimulatedStore`. */
  close(store: object): void {
    if (this.#user !== store) return;
    this.#checkIdle();
    this.#user = undefined;
  }

  /** For `SimulatedStore`. @throws MeshError DATA_LOSS */
  *read(store: object): Generator<StoredLog> {
    this.#check(store);
    for (const [log, entries] of this.logs) {
      if (entries.some((entry) => this.#damaged.has(entry))) {
        throw new MeshError("DATA_LOSS", `An entry of ${log} has the wrong checksum`);
      }
      yield { log, entries: [...entries] };
    }
  }

  /** For `SimulatedStore`; never resolves for a process that was killed. @throws as the port's `write` */
  async write(store: object, changes: readonly LogChange[]): Promise<void> {
    this.#check(store);
    // The caller may use its buffers again.
    const own = changes.map((change) =>
      change.kind === "drop" ? change : { ...change, entry: new Uint8Array(change.entry) },
    );
    const life = this.#life;
    this.#inFlight = { changes: own };
    await this.#wait();
    if (life !== this.#life) return never();
    this.#inFlight = undefined;
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      // Only one: LevelDB refuses all others until it is opened again.
      this.#refused ??= { by: store, changes: own };
      throw refusal;
    }
    this.#refused = undefined;
    this.#take(own);
  }

  /** For `SimulatedStore`. @returns where the content is now */
  setAside(store: object, suffix: string): string {
    this.close(store);
    this.#checkUnused();
    this.#asides.set(suffix, this.#content.current);
    this.#content.replace(new LogContent());
    this.#refused = undefined;
    this.open(store);
    return `simulated-disk.${suffix}`;
  }

  /** For `SimulatedFile`. @throws as its `write` */
  writeFile(name: string, bytes: Uint8Array): void {
    const refusal = this.#refusal();
    const grows = bytes.length > this.files.read(name).length;
    if (refusal !== undefined && (this.isBroken || grows)) throw refusal;
    this.files.write(name, bytes);
  }

  #check(store: object): void {
    if (this.#user !== store) throw new MeshError("UNAVAILABLE", "The store is not open");
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#inFlight === undefined) return;
    throw new MeshError("INTERNAL", "A store has one writer: this one was called while it was writing");
  }

  #checkUnused(): void {
    if (this.#user === undefined) return;
    throw new MeshError("FAILED_PRECONDITION", "Another peer has this disk open");
  }

  async #wait(): Promise<void> {
    const { minimumMs, spreadMs } = this.writeDelay;
    const delayMs = minimumMs + (spreadMs > 0 ? spreadMs * this.#random.next() : 0);
    if (delayMs > 0) await sleep(this.#clock, delayMs);
    for (let waitMs = this.#stallMs(); waitMs > 0; waitMs = this.#stallMs()) await sleep(this.#clock, waitMs);
  }

  #stallMs(): number {
    return this.#stalledUntilMs - this.#clock.monotonic();
  }

  #refusal(): MeshError | undefined {
    if (this.isBroken) return new MeshError("UNAVAILABLE", "The simulated disk does not work");
    if (this.isFull) return new MeshError("RESOURCE_EXHAUSTED", "The simulated disk is full");
    return undefined;
  }

  /** Takes what nobody was told of, or does not. */
  #maybe(changes: readonly LogChange[]): void {
    this.#refused = undefined;
    if (this.#random.next() < 0.5) this.#take(changes);
  }

  #take(changes: readonly LogChange[]): void {
    this.#content.apply(changes);
    this.#writes++;
    for (const change of changes) this.#bytesWritten += storedBytes(change);
  }
}

/** What a call is that nobody lives to see the end of. Not a constant: it would collect whoever waits for it. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}
