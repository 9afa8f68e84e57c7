import { chmodSync, closeSync, existsSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MeshError } from "@pi-controller/schema";
import * as z from "zod";
import { FIRST_HASH, fieldPath } from "./audit-record.ts";

/** Version of the tables; a higher one was written by a newer peer. */
const SCHEMA_VERSION = 1;
const FILE_MODE = 0o600;
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
    case LOCKED: {
      const message = `The audit log ${file} is in use by another process: is a second peer running on this data directory?`;
      return new MeshError("FAILED_PRECONDITION", message, {}, options);
    }
    case FULL:
      return new MeshError(
        "RESOURCE_EXHAUSTED",
        `The disk that holds the audit log ${file} is full`,
        {},
        options,
      );
    case CORRUPT:
    case NOT_A_DATABASE:
      return new MeshError("DATA_LOSS", `The audit log ${file} is damaged (${reason})`, {}, options);
    case undefined:
    default:
      return new MeshError("UNAVAILABLE", `The audit log ${file} cannot be used: ${reason}`, {}, options);
  }
}

/**
 * Opens the database, makes its tables in a new one, and locks it against every other process until closed. Nobody
 * else may read it. Every commit is synced.
 *
 * @param maxBytes size beyond which SQLite writes nothing more, as on a full disk
 * @throws Error of SQLite or of the file system, or MeshError FAILED_PRECONDITION when a newer peer wrote it
 */
export function openDatabase(file: string, maxBytes: number): DatabaseSync {
  // SQLite gives its other files the mode of this one.
  closeSync(openSync(file, "a", FILE_MODE));
  chmodSync(file, FILE_MODE);
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    database.exec("PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 256;");
    database.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
    // Takes the lock at once, so that a second peer fails here and not at its first record.
    database.exec("BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > SCHEMA_VERSION) {
      const message = `The audit log ${file} was written by a newer version (tables ${version}, this one knows ${SCHEMA_VERSION})`;
      throw new MeshError("FAILED_PRECONDITION", message);
    }
    if (version === 0) createTables(database);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What is searched for is taken out of the chained text itself: a copy of it could be changed unseen. */
function createTables(database: DatabaseSync): void {
  const taken = (name: string, path: string) =>
    `${name} TEXT AS (CASE WHEN json_valid(text) THEN json_extract(text, '${path}') END) VIRTUAL`;
  database.exec(`
    CREATE TABLE records (
      sequence INTEGER PRIMARY KEY,
      text TEXT NOT NULL,
      hash TEXT NOT NULL,
      ${taken("at", fieldPath("at"))},
      ${taken("actor", fieldPath("actor"))},
      ${taken("outcome", fieldPath("outcome"))},
      ${taken("correlation_id", fieldPath("correlationId"))}
    ) STRICT;
    CREATE TABLE chain (point TEXT PRIMARY KEY, sequence INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    INSERT INTO chain VALUES ('anchor', 0, '${FIRST_HASH}'), ('head', 0, '${FIRST_HASH}');
    PRAGMA user_version = ${SCHEMA_VERSION};
  `);
}

/**
 * Moves a damaged log out of the way, with its write-ahead log. Only the last one that was moved is kept.
 *
 * @returns where it is now
 */
export function moveAside(file: string, nowMs: number): string {
  const marked = `${file}.damaged-`;
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith(basename(marked))) rmSync(join(dirname(file), name));
  }
  const target = marked + new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-");
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  return target;
}
