import { chmodSync, closeSync, openSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { MeshError } from "@pi-controller/schema";
import * as z from "zod";
import { type Session, sessionSchema } from "./session.ts";
import type { StoredTimes } from "./session-times.ts";

const SCHEMA_VERSION = 1;
/** A session has about 1 kB. */
const MAX_BYTES = 32 * 2 ** 20;
const PAGE_BYTES = 4096;
/** SQLite's primary result codes (sqlite.org/rescode.html), in the low 8 bits of the extended ones. */
const IN_USE = new Set([5, 6]);
const DAMAGED = new Set([11, 26]);

const sqliteErrorSchema = z.object({ code: z.literal("ERR_SQLITE_ERROR"), errcode: z.int() });
const rowSchema = z.object({ id: z.string(), used_at_ms: z.int(), age_ms: z.int(), body: z.string() });

export type StoredSession = Omit<Session, "times" | "delegation"> & StoredTimes;

/**
 * The table of sessions. Every commit is on disk when it returns (`synchronous = FULL`): a session that was ended
 * must not come back after a power cut. Methods throw SQLite's own errors.
 */
export class SessionDatabase {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Opens the file, for this process alone; nobody else may read it. A damaged one is deleted: all that is lost is
   * that people have to log in again.
   *
   * @param onDamage told before it is deleted
   * @throws MeshError FAILED_PRECONDITION, UNAVAILABLE
   */
  static open(file: string, onDamage: (error: unknown) => void): SessionDatabase {
    try {
      return new SessionDatabase(open(file));
    } catch (error) {
      if (!DAMAGED.has(resultCode(error))) throw describe(error, file);
      onDamage(error);
    }
    try {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
      return new SessionDatabase(open(file));
    } catch (error) {
      throw describe(error, file);
    }
  }

  close(): void {
    this.#database.close();
  }

  /** @returns what can be read; a row that cannot is no session */
  all(): StoredSession[] {
    return this.#database
      .prepare("SELECT id, used_at_ms, age_ms, body FROM sessions ORDER BY used_at_ms")
      .all()
      .flatMap((row) => parseRow(row) ?? []);
  }

  /** In one transaction, all or nothing. */
  write(changes: {
    readonly put: readonly StoredSession[];
    readonly remove: readonly string[] | "all";
  }): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      if (changes.remove === "all") this.#database.exec("DELETE FROM sessions");
      else {
        const remove = this.#database.prepare("DELETE FROM sessions WHERE id = ?");
        for (const id of changes.remove) remove.run(id);
      }
      const put = this.#database.prepare(
        "INSERT OR REPLACE INTO sessions (id, used_at_ms, age_ms, body) VALUES (?, ?, ?, ?)",
      );
      for (const { usedAtMs, ageMs, ...session } of changes.put) {
        put.run(session.id, usedAtMs, ageMs, JSON.stringify(session));
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      // SQLite rolls back by itself on some failures, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function open(file: string): DatabaseSync {
  if (file !== ":memory:") {
    // Before SQLite makes it, and its write-ahead log in its likeness, with the mode of any other file.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  }
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    // What was deleted is overwritten: whoever takes the card shall not find who logged in last year.
    database.exec("PRAGMA secure_delete = ON; PRAGMA cache_size = -256; PRAGMA wal_autocheckpoint = 64;");
    database.exec(`PRAGMA max_page_count = ${MAX_BYTES / PAGE_BYTES}`);
    database.exec("BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > SCHEMA_VERSION) {
      throw new MeshError("FAILED_PRECONDITION", `${file} was written by a newer version`);
    }
    if (version === 0) {
      database.exec(`
        CREATE TABLE sessions (
          id TEXT PRIMARY KEY, used_at_ms INTEGER NOT NULL, age_ms INTEGER NOT NULL, body TEXT NOT NULL
        ) STRICT;
        PRAGMA user_version = ${SCHEMA_VERSION};`);
    }
    database.exec("COMMIT");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function parseRow(row: unknown): StoredSession | undefined {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) return undefined;
  const { used_at_ms: usedAtMs, age_ms: ageMs, body } = parsed.data;
  try {
    const session = sessionSchema.safeParse(JSON.parse(body));
    return session.success ? { ...session.data, usedAtMs, ageMs } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @returns 0 for what is no error of SQLite */
function resultCode(error: unknown): number {
  const parsed = sqliteErrorSchema.safeParse(error);
  return parsed.success ? parsed.data.errcode & 0xff : 0;
}

function describe(error: unknown, file: string): MeshError {
  if (error instanceof MeshError) return error;
  if (IN_USE.has(resultCode(error))) {
    const message = `${file} is in use by another process: is a second peer running on this data directory?`;
    return new MeshError("FAILED_PRECONDITION", message, {}, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new MeshError(
    "UNAVAILABLE",
    `The sessions in ${file} cannot be used: ${reason}`,
    {},
    { cause: error },
  );
}
