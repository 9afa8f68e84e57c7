import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MeshError } from "@pi-controller/schema";
import { ClassicLevel } from "classic-level";
import * as z from "zod";
import { toMeshError } from "./level-errors.ts";
import { decodeEntry, type EntryKind, encodeEntry, entryKey, parseEntryKey } from "./level-records.ts";
import type { LogChange, Store, StoredLog } from "./store.ts";

type Database = ClassicLevel<string, Buffer>;
type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: Buffer }
  | { readonly type: "del"; readonly key: string };

/** Numbers of a log's entries: `first` to `next` - 1; none when it was dropped. */
interface Extent {
  readonly first: number;
  readonly next: number;
}

/** What is found while one log is read. */
interface Reading {
  readonly log: string;
  readonly extent: Extent;
  readonly entries: Uint8Array[];
}

const FORMAT = 1;
/** Beside the database: says that there was one, so that an emptied one is not taken for a new one. */
const MARKER = "format.json";
const markerSchema = z.object({ format: z.int().positive() });

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
 * Straight on classic-level: y-leveldb swallows the errors of its transactions, so that
 * a locked database looks like an empty document, and took four times as long in our measurements.
 */
export function levelStore(options: LevelStoreOptions): Store {
  return new LevelStore(options);
}

class LevelStore implements Store {
  readonly #directory: string;
  readonly #extents = new Map<string, Extent>();
  #database: Database | undefined;
  #isMarked = false;
  /** Keys that no longer count, to be deleted with the next write. */
  #obsolete: string[] = [];
  /** Keys of refused writes. */
  #refused: readonly string[] = [];

  constructor(options: LevelStoreOptions) {
    this.#directory = options.directory;
  }

  async open(): Promise<void> {
    try {
      // LevelDB lets everybody read its files; users' sealed keys are among what they hold.
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      this.#isMarked = await this.#readMarker();
      await this.#checkFiles();
      this.#database = await this.#openDatabase();
    } catch (error) {
      throw toMeshError(error, this.#directory);
    }
  }

  async *read(): AsyncIterable<StoredLog> {
    this.#extents.clear();
    this.#obsolete = [];
    try {
      let reading: Reading | undefined;
      for await (const [key, value] of this.#openedDatabase().iterator({ fillCache: false })) {
        const { log, number } = parseEntryKey(key);
        if (reading !== undefined && reading.log !== log) {
          yield* this.#finish(reading);
          reading = undefined;
        }
        reading = this.#readEntry(reading, { log, number, ...decodeEntry(key, value) });
      }
      if (reading !== undefined) yield* this.#finish(reading);
    } catch (error) {
      throw toMeshError(error, this.#directory);
    }
    if (this.#isMarked && this.#extents.size === 0) {
      throw new MeshError("DATA_LOSS", `The database in ${this.#directory} has lost everything`);
    }
  }

  async write(changes: readonly LogChange[]): Promise<void> {
    const extents = new Map<string, Extent>();
    const obsolete: string[] = [];
    const additions = changes.map((change) => this.#additionOf(change, extents, obsolete));
    try {
      await this.#reopen();
      const deletions = this.#obsolete.map((key): Operation => ({ type: "del", key }));
      await this.#openedDatabase().batch<string, Buffer>([...deletions, ...additions], { sync: true });
      await this.#mark();
    } catch (error) {
      this.#refused = [...new Set([...this.#refused, ...additions.map(({ key }) => key)])];
      throw toMeshError(error, this.#directory);
    }
    this.#obsolete = obsolete;
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
    this.#extents.clear();
    this.#obsolete = [];
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

  #readEntry(
    reading: Reading | undefined,
    found: {
      readonly log: string;
      readonly number: number;
      readonly kind: EntryKind;
      readonly entry: Uint8Array;
    },
  ): Reading {
    const { log, number, kind, entry } = found;
    const next = number + 1;
    if (reading === undefined && kind === "append" && number > 0) {
      throw new MeshError("DATA_LOSS", `The database has lost the first entries of ${log}`);
    }
    if (reading === undefined || kind !== "append") {
      if (reading !== undefined) this.#obsolete.push(...keysOf(log, reading.extent));
      if (kind !== "drop") return { log, extent: { first: number, next }, entries: [entry] };
      this.#obsolete.push(entryKey(log, number));
      return { log, extent: { first: next, next }, entries: [] };
    }
    if (number !== reading.extent.next) {
      throw new MeshError("DATA_LOSS", `The database has lost entries of ${log}`);
    }
    reading.entries.push(entry);
    return { log, extent: { first: reading.extent.first, next }, entries: reading.entries };
  }

  *#finish({ log, extent, entries }: Reading): Generator<StoredLog> {
    this.#extents.set(log, extent);
    if (entries.length > 0) yield { log, entries };
  }

  /**
   * @param extents what this write has made of the logs so far
   * @param obsolete keys that this write makes obsolete
   */
  #additionOf(change: LogChange, extents: Map<string, Extent>, obsolete: string[]) {
    const { log, kind } = change;
    const { first, next } = extents.get(log) ?? this.#extents.get(log) ?? { first: 0, next: 0 };
    const key = entryKey(log, next);
    if (kind !== "append") obsolete.push(...keysOf(log, { first, next }));
    if (kind === "drop") obsolete.push(key);
    extents.set(log, {
      first: kind === "append" ? first : kind === "replace" ? next : next + 1,
      next: next + 1,
    });
    const entry = kind === "drop" ? new Uint8Array() : change.entry;
    // Where a log does not start with entry 0 it starts with a replacement: anything else is a loss.
    const stored = kind === "append" && first === next && next > 0 ? "replace" : kind;
    return { type: "put", key, value: encodeEntry(key, stored, entry) } as const;
  }

  /** After one failed write LevelDB refuses all others until it is opened again. */
  async #reopen(): Promise<void> {
    if (this.#refused.length === 0) return;
    await this.close();
    this.#database = await this.#openDatabase();
    const leftovers = this.#refused.map((key): Operation => ({ type: "del", key }));
    await this.#database.batch(leftovers, { sync: true });
    this.#refused = [];
  }

  async #readMarker(): Promise<boolean> {
    const path = join(this.#directory, MARKER);
    if (!existsSync(path)) return false;
    let marker: unknown;
    try {
      marker = JSON.parse(await readFile(path, "utf8"));
    } catch (error) {
      throw new MeshError("DATA_LOSS", `${path} is damaged`, {}, { cause: error });
    }
    const parsed = markerSchema.safeParse(marker);
    if (!parsed.success) throw new MeshError("DATA_LOSS", `${path} is damaged`, {}, { cause: parsed.error });
    if (parsed.data.format > FORMAT) {
      throw new MeshError(
        "FAILED_PRECONDITION",
        `The data in ${this.#directory} was written by a newer version of this program: update this one`,
      );
    }
    return true;
  }

  /** LevelDB makes a new database, and deletes the old one's files, when only the file CURRENT is gone. */
  async #checkFiles(): Promise<void> {
    const files = await readdir(this.#path);
    if (!files.includes("CURRENT") && files.some((file) => /\.(ldb|sst|log)$/.test(file))) {
      throw new MeshError("DATA_LOSS", `The database in ${this.#directory} has lost its file CURRENT`);
    }
  }

  async #mark(): Promise<void> {
    if (this.#isMarked) return;
    const path = join(this.#directory, MARKER);
    await writeFile(`${path}.new`, JSON.stringify({ format: FORMAT }), { flush: true });
    await rename(`${path}.new`, path);
    this.#isMarked = true;
  }
}

function keysOf(log: string, { first, next }: Extent): string[] {
  return Array.from({ length: next - first }, (_, index) => entryKey(log, first + index));
}
