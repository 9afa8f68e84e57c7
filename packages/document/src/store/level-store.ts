import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { MeshError } from "@pi-controller/schema";
import { ClassicLevel } from "classic-level";
import { toMeshError } from "./level-errors.ts";
import { LevelMarker } from "./level-marker.ts";
import {
  DIGEST_KEY,
  decodeEntry,
  digestWith,
  type EntryKind,
  encodeDigest,
  encodeEntry,
  entryKey,
  logDigest,
  parseEntryKey,
} from "./level-records.ts";
import type { LogChange, Store, StoredLog } from "./store.ts";

type Database = ClassicLevel<string, Buffer>;
type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: Buffer }
  | { readonly type: "del"; readonly key: string };

/** Numbers of a log's entries: `first` to `next` - 1; none when it was dropped. */
interface Extent {
  readonly first: number;
  readonly next: number;
  /** Of those entries. */
  readonly digest: number;
}

const NOTHING: Extent = { first: 0, next: 0, digest: 0 };

/** What is found while one log is read. */
interface Reading {
  readonly log: string;
  readonly extent: Extent;
  readonly entries: Uint8Array[];
}

export interface LevelStoreOptions {
  /** Made when it is not there; nothing else may be in it. */
  readonly directory: string;
}

/**
 * The store in LevelDB.
 *
 * A write only ever adds entries, one that replaces its log too; what it made obsolete is deleted along with
 * the next write. So a write that was refused, which LevelDB may still find in its own log when it opens
 * again, is undone by deleting what it added.
 *
 * Each write has a digest of everything with it, in one record that is written over. For LevelDB skips what is damaged
 * in its own log, up to 32 KiB, and goes on after that: what is found then is of no moment that there was, and has the
 * digest of another. What is lost at the end of its log takes its digests along: that is an earlier moment, as a power
 * cut may leave it.
 *
 * Straight on classic-level: y-leveldb swallows the errors of its transactions, so that
 * a locked database looks like an empty document, and took four times as long in our measurements.
 */
export function levelStore(options: LevelStoreOptions): Store {
  return new LevelStore(options);
}

class LevelStore implements Store {
  readonly #directory: string;
  readonly #marker: LevelMarker;
  readonly #extents = new Map<string, Extent>();
  #database: Database | undefined;
  /** Of all logs. */
  #digest = 0;
  /** Keys that no longer count, to be deleted with the next write. */
  #obsolete: string[] = [];
  /** Keys of refused writes. */
  #refused: readonly string[] = [];

  constructor(options: LevelStoreOptions) {
    this.#directory = options.directory;
    this.#marker = new LevelMarker(options.directory);
  }

  async open(): Promise<void> {
    try {
      // LevelDB lets everybody read its files; users' sealed keys are among what they hold.
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      await this.#marker.read();
      await this.#checkFiles();
      this.#database = await this.#openDatabase();
    } catch (error) {
      throw toMeshError(error, this.#directory);
    }
  }

  async *read(): AsyncIterable<StoredLog> {
    this.#forget();
    let digest: Buffer | undefined;
    try {
      let reading: Reading | undefined;
      for await (const [key, value] of this.#openedDatabase().iterator({ fillCache: false })) {
        if (key === DIGEST_KEY) {
          digest = value;
          continue;
        }
        const { log, number } = parseEntryKey(key);
        if (reading !== undefined && reading.log !== log) {
          yield* this.#finish(reading);
          reading = undefined;
        }
        reading = this.#readEntry(reading, { log, number, value, ...decodeEntry(key, value) });
      }
      if (reading !== undefined) yield* this.#finish(reading);
    } catch (error) {
      throw toMeshError(error, this.#directory);
    }
    this.#checkDigest(digest);
  }

  async write(changes: readonly LogChange[]): Promise<void> {
    const extents = new Map<string, Extent>();
    const obsolete: string[] = [];
    const additions = changes.map((change) => this.#additionOf(change, extents, obsolete));
    let digest = this.#digest;
    for (const [log, { digest: now }] of extents) {
      digest = digestWith(digest, { before: this.#extentOf(log).digest, now });
    }
    try {
      await this.#reopen();
      const deletions = this.#obsolete.map((key): Operation => ({ type: "del", key }));
      await this.#openedDatabase().batch<string, Buffer>(
        [...deletions, ...additions, digestOperation(digest)],
        { sync: true },
      );
      await this.#marker.write();
    } catch (error) {
      this.#refused = [...new Set([...this.#refused, ...additions.map(({ key }) => key)])];
      throw toMeshError(error, this.#directory);
    }
    this.#obsolete = obsolete;
    this.#digest = digest;
    for (const [log, extent] of extents) this.#extents.set(log, extent);
  }

  async setAside(suffix: string): Promise<string> {
    await this.close();
    const target = `${this.#directory}.${suffix}`;
    try {
      await rename(this.#directory, target);
    } catch (error) {
      throw toMeshError(error, this.#directory);
    }
    this.#forget();
    this.#refused = [];
    await this.open();
    return target;
  }

  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  get #path(): string {
    return join(this.#directory, "level");
  }

  #openedDatabase(): Database {
    if (this.#database === undefined) throw new MeshError("UNAVAILABLE", "The store is not open");
    return this.#database;
  }

  async #openDatabase(): Promise<Database> {
    const database: Database = new ClassicLevel(this.#path, { keyEncoding: "utf8", valueEncoding: "buffer" });
    await database.open();
    return database;
  }

  #forget(): void {
    this.#extents.clear();
    this.#obsolete = [];
    this.#digest = 0;
  }

  #extentOf(log: string): Extent {
    return this.#extents.get(log) ?? NOTHING;
  }

  #readEntry(
    reading: Reading | undefined,
    found: {
      readonly log: string;
      readonly number: number;
      readonly value: Buffer;
      readonly kind: EntryKind;
      readonly entry: Uint8Array;
    },
  ): Reading {
    const { log, number, value, kind, entry } = found;
    const next = number + 1;
    const digest = logDigest(reading?.extent.digest ?? 0, value);
    if (reading === undefined && kind === "append" && number > 0) {
      throw new MeshError("DATA_LOSS", `The database has lost the first entries of ${log}`);
    }
    if (reading === undefined || kind !== "append") {
      if (reading !== undefined) this.#obsolete.push(...keysOf(log, reading.extent));
      if (kind !== "drop") return { log, extent: { first: number, next, digest }, entries: [entry] };
      this.#obsolete.push(entryKey(log, number));
      return { log, extent: { first: next, next, digest }, entries: [] };
    }
    if (number !== reading.extent.next) {
      throw new MeshError("DATA_LOSS", `The database has lost entries of ${log}`);
    }
    reading.entries.push(entry);
    return { log, extent: { first: reading.extent.first, next, digest }, entries: reading.entries };
  }

  *#finish({ log, extent, entries }: Reading): Generator<StoredLog> {
    this.#extents.set(log, extent);
    this.#digest = digestWith(this.#digest, { before: 0, now: extent.digest });
    if (entries.length > 0) yield { log, entries };
  }

  /**
   * @param stored what the newest write has left
   * @throws MeshError DATA_LOSS
   */
  #checkDigest(stored: Buffer | undefined): void {
    const isEmpty = this.#extents.size === 0;
    if (stored === undefined) {
      const { format } = this.#marker;
      if (isEmpty ? format === 0 : format === 1) return;
    } else if (stored.equals(encodeDigest(this.#digest))) return;
    const lost = isEmpty ? "everything" : "some of its writes, though not the newest";
    throw new MeshError("DATA_LOSS", `The database in ${this.#directory} has lost ${lost}`);
  }

  /**
   * @param extents what this write has made of the logs so far
   * @param obsolete keys that this write makes obsolete
   */
  #additionOf(change: LogChange, extents: Map<string, Extent>, obsolete: string[]) {
    const { log, kind } = change;
    const before = extents.get(log) ?? this.#extentOf(log);
    const { first, next } = before;
    const key = entryKey(log, next);
    if (kind !== "append") obsolete.push(...keysOf(log, before));
    if (kind === "drop") obsolete.push(key);
    const entry = kind === "drop" ? new Uint8Array() : change.entry;
    // Where a log does not start with entry 0 it starts with a replacement: anything else is a loss.
    const stored = kind === "append" && first === next && next > 0 ? "replace" : kind;
    const value = encodeEntry(key, stored, entry);
    extents.set(log, {
      first: kind === "append" ? first : kind === "replace" ? next : next + 1,
      next: next + 1,
      digest: logDigest(before.digest, value),
    });
    return { type: "put", key, value } as const;
  }

  /** After one failed write LevelDB refuses all others until it is opened again. */
  async #reopen(): Promise<void> {
    if (this.#refused.length === 0) return;
    await this.close();
    this.#database = await this.#openDatabase();
    const leftovers = this.#refused.map((key): Operation => ({ type: "del", key }));
    await this.#database.batch([...leftovers, digestOperation(this.#digest)], { sync: true });
    this.#refused = [];
  }

  /** LevelDB makes a new database, and deletes the old one's files, when only the file CURRENT is gone. */
  async #checkFiles(): Promise<void> {
    const files = await readdir(this.#path);
    if (!files.includes("CURRENT") && files.some((file) => /\.(ldb|sst|log)$/.test(file))) {
      throw new MeshError("DATA_LOSS", `The database in ${this.#directory} has lost its file CURRENT`);
    }
  }
}

function digestOperation(digest: number): Operation {
  return { type: "put", key: DIGEST_KEY, value: encodeDigest(digest) };
}

function keysOf(log: string, { first, next }: Extent): string[] {
  return Array.from({ length: next - first }, (_, index) => entryKey(log, first + index));
}
