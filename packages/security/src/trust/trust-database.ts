import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MeshError } from "@pi-controller/schema";
import * as z from "zod";

/** Version of the tables; a higher one was written by a newer peer. */
const SCHEMA_VERSION = 1;
const FILE_MODE = 0o600;
/** SQLite's default. */
const PAGE_BYTES = 4096;
/** Four times what statements may take: the last page of each is half empty, or worse. */
const MAX_BYTES = 128 * 1024 * 1024;

/** SQLite's primary result codes (sqlite.org/rescode.html), in the low 8 bits of the extended ones. */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

const sqliteErrorSchema = z.object({ code: z.literal("ERR_SQLITE_ERROR"), errcode: z.int() });

/**
 * Opens the database, locks it against every other process until closed, and makes its tables in a new one.
 * Every commit is synced: what was revoked stays so after a power cut. There are few of them.
 *
 * @param file path of a file that is there
 * @throws MeshError as `describeFailure`
 */
export function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    database.exec("PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 256;");
    database.exec(`PRAGMA max_page_count = ${MAX_BYTES / PAGE_BYTES}`);
    // Takes the lock at once.
    database.exec("BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > SCHEMA_VERSION) {
      const message = `The trust database ${file} was written by a newer version (tables ${version}, this one knows ${SCHEMA_VERSION})`;
      throw new MeshError("FAILED_PRECONDITION", message);
    }
    if (version === 0) createTables(database);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    database?.close();
    throw describeFailure(error, file);
  }
}

function createTables(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE mesh (id TEXT NOT NULL) STRICT;
    CREATE TABLE envelopes (key TEXT PRIMARY KEY, envelope TEXT NOT NULL) STRICT;
    CREATE TABLE secrets (epoch INTEGER NOT NULL, sealed TEXT NOT NULL) STRICT;
    CREATE TABLE clock (last_seen_ms INTEGER NOT NULL) STRICT;
    PRAGMA user_version = ${SCHEMA_VERSION};
  `);
}

/** Makes an empty file that its owner alone can read; SQLite gives its other files the same mode. */
export function createPrivateFile(file: string): void {
  closeSync(openSync(file, "wx", FILE_MODE));
}

/** What was made or renamed in the directory of `file` is there after a power cut. */
export function syncDirectory(file: string): void {
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Runs `work` in one transaction. @throws MeshError as `describeFailure` */
export function inTransaction<T>(database: DatabaseSync, file: string, work: () => T): T {
  try {
    database.exec("BEGIN IMMEDIATE");
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself on some failures, such as a full disk.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw describeFailure(error, file);
  }
}

/** What went wrong with the file, in words for the person who runs the peer. */
export function describeFailure(error: unknown, file: string): MeshError {
  if (error instanceof MeshError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  const parsed = sqliteErrorSchema.safeParse(error);
  switch (parsed.success ? parsed.data.errcode & 0xff : undefined) {
    case BUSY:
    case LOCKED:
      return new MeshError(
        "FAILED_PRECONDITION",
        `The trust database ${file} is in use by another process: is a second peer running on this data directory?`,
        {},
        options,
      );
    case FULL:
      return new MeshError("RESOURCE_EXHAUSTED", `The disk that holds ${file} is full`, {}, options);
    case CORRUPT:
    case NOT_A_DATABASE:
      return new MeshError(
        "DATA_LOSS",
        `The trust database ${file} is damaged (${reason}). Restore it from a backup, or move it away and enrol this node anew`,
        {},
        options,
      );
    case undefined:
    default:
      return new MeshError(
        "UNAVAILABLE",
        `The trust database ${file} cannot be used: ${reason}`,
        {},
        options,
      );
  }
}
