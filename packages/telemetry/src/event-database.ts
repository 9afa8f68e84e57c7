import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MeshError } from "@pi-controller/schema";
import * as z from "zod";

/** Version of the tables; a higher one was written by a newer peer. */
const SCHEMA_VERSION = 1;

/** SQLite's default. */
const PAGE_BYTES = 4096;

/** SQLite's primary result codes (sqlite.org/rescode.html), in the low 8 bits of the extended ones. */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

const sqliteErrorSchema = z.object({ code: z.literal("ERR_SQLITE_ERROR"), errcode: z.int() });

function resultCode(error: unknown): number | undefined {
  const parsed = sqliteErrorSchema.safeParse(error);
  return parsed.success ? parsed.data.errcode & 0xff : undefined;
}

/** True when SQLite says that the file is damaged, or no database at all. */
export function isCorruption(error: unknown): boolean {
  const code = resultCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** True when the disk, or the size that the database may have, is used up. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === FULL;
}

/** What went wrong with the file, in words for the person who runs the peer. */
export function describeFailure(error: unknown, file: string): MeshError {
  if (error instanceof MeshError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  switch (resultCode(error)) {
    case BUSY:
    case LOCKED:
      return new MeshError(
        "FAILED_PRECONDITION",
        `The event log ${file} is in use by another process: is a second peer running on this data directory?`,
        {},
        options,
      );
    case FULL:
      return new MeshError(
        "RESOURCE_EXHAUSTED",
        `The disk that holds the event log ${file} is full`,
        {},
        options,
      );
    case CORRUPT:
    case NOT_A_DATABASE:
      return new MeshError("DATA_LOSS", `The event log ${file} is damaged (${reason})`, {}, options);
    case undefined:
    default:
      return new MeshError("UNAVAILABLE", `The event log ${file} cannot be used: ${reason}`, {}, options);
  }
}

/**
 * Opens the database, makes its tables in a new one, and locks it against every other process until closed.
 * Commits go to the write-ahead log without an fsync (`synchronous = NORMAL`): kill -9 loses nothing, a
 * power cut the last moments, and an SD card is spared.
 *
 * @param file path, or `:memory:`
 * @param maxBytes size beyond which SQLite writes nothing more, as on a full disk
 * @param newLogId id for a database that is new
 * @throws Error of SQLite, or MeshError FAILED_PRECONDITION when a newer peer wrote it
 */
export function openDatabase(file: string, maxBytes: number, newLogId: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    // Keeps memory and the write-ahead log small: 1 MB of cache, a checkpoint every 1 MB.
    database.exec("PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 256;");
    database.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
    // Takes the lock at once, so that a second peer fails here and not at its first event.
    database.exec("BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > SCHEMA_VERSION) {
      throw new MeshError(
        "FAILED_PRECONDITION",
        `The event log ${file} was written by a newer version (tables ${version}, this one knows ${SCHEMA_VERSION})`,
      );
    }
    if (version === 0) createTables(database, newLogId);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function createTables(database: DatabaseSync, logId: string): void {
  // AUTOINCREMENT: a sequence number is never given twice, not even after the newest event was deleted.
  database.exec(`
    CREATE TABLE log (id TEXT NOT NULL) STRICT;
    CREATE TABLE events (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      type TEXT NOT NULL,
      node TEXT NOT NULL,
      correlation_id TEXT NOT NULL,
      time_ms INTEGER NOT NULL,
      logged_ms INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_node ON events (node, sequence);
    PRAGMA user_version = ${SCHEMA_VERSION};
  `);
  database.prepare("INSERT INTO log (id) VALUES (?)").run(logId);
}

/**
 * Moves a database out of the way, with its write-ahead log. Only the last one that was moved is kept, so
 * that a failing SD card is not filled with them.
 *
 * @returns where it is now
 */
export function moveAside(file: string, nowMs: number): string {
  const marked = `${file}.damaged-`;
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith(basename(marked))) rmSync(join(dirname(file), name));
  }
  const target = marked + new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-");
  renameSync(file, target);
  for (const suffix of ["-wal", "-shm", "-journal"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  return target;
}
