import { DatabaseSync } from "node:sqlite";
import { MeshError } from "@pi-controller/schema";
import type { DatabaseFile } from "./database-file.ts";
import { isDamage } from "./failures.ts";
import { makePrivate } from "./files.ts";

/** SQLite's default. */
const PAGE_BYTES = 4096;

/** What is in a database, and how it is kept. */
export interface Tables {
  /** From 1; a database with a higher one was written by a newer peer. */
  readonly version: number;
  /** In a new database, within the transaction that notes the version. */
  readonly create: (database: DatabaseSync) => void;
  /**
   * `commit`: every commit is on disk when it returns, and outlives a power cut. `later`: without an fsync; kill -9
   * loses nothing, a power cut the last moments, and an SD card is spared.
   */
  readonly sync: "commit" | "later";
  /** Size beyond which SQLite writes nothing more, as on a full disk. */
  readonly maxBytes: number;
  /** Of memory, and of the write-ahead log before it is written back. */
  readonly cacheBytes: number;
  /** What was deleted is overwritten with zeros: who takes the card finds none of it. */
  readonly overwriteDeleted?: boolean;
}

/**
 * Opens a database, makes its tables in a new one, and locks it against every other process until closed. Its owner
 * alone can read the file.
 *
 * @param use makes of it what the caller works with; when that throws, the database is closed
 * @returns what `use` returns
 * @throws Error of SQLite or of the file system, see `describeFailure`; MeshError FAILED_PRECONDITION when a newer
 *   peer wrote it
 */
export function openDatabase<T>(file: DatabaseFile, tables: Tables, use: (database: DatabaseSync) => T): T {
  if (file.path !== ":memory:") makePrivate(file.path);
  const database = new DatabaseSync(file.path);
  try {
    configure(database, tables);
    // Takes the lock at once, so that a second peer fails here and not when it first writes.
    inTransaction(database, () => prepareTables(database, file, tables));
    return use(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens a database whose loss can be borne.
 *
 * @param replace told that it is damaged; takes it out of the way
 * @throws what `open` throws, but for damage at the first try
 */
export function openOrReplace<T>(open: () => T, replace: (damage: unknown) => void): T {
  try {
    return open();
  } catch (error) {
    if (!isDamage(error)) throw error;
    replace(error);
  }
  return open();
}

/** Runs `work` in one transaction: all of it or nothing. @throws what `work` and SQLite throw */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself on some failures, such as a full disk.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function configure(database: DatabaseSync, { sync, maxBytes, cacheBytes, overwriteDeleted }: Tables): void {
  database.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${sync === "commit" ? "FULL" : "NORMAL"};
    PRAGMA secure_delete = ${overwriteDeleted === true ? "ON" : "OFF"};
    PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)};
    PRAGMA wal_autocheckpoint = ${Math.ceil(cacheBytes / PAGE_BYTES)};
    PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)};
  `);
}

function prepareTables(database: DatabaseSync, { name, path }: DatabaseFile, tables: Tables): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > tables.version) {
    throw new MeshError(
      "FAILED_PRECONDITION",
      `The ${name} ${path} was written by a newer version (tables ${version}, this one knows ${tables.version})`,
    );
  }
  if (version !== 0) return;
  tables.create(database);
  database.exec(`PRAGMA user_version = ${tables.version}`);
}
