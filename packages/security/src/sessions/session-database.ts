import type { DatabaseSync } from "node:sqlite";
import {
  describingFailures,
  inTransaction,
  openDatabase,
  openOrReplace,
  removeFiles,
  type Tables,
} from "@pi-controller/database";
import * as z from "zod";
import { type Session, sessionSchema } from "./session.ts";
import type { StoredTimes } from "./session-times.ts";

/** Every commit is on disk when it returns: a session that was ended must not come back after a power cut. */
const tables: Tables = {
  version: 1,
  sync: "commit",
  // A session has about 1 kB.
  maxBytes: 32 * 2 ** 20,
  cacheBytes: 256 * 1024,
  // Whoever takes the card shall not find who logged in last year.
  overwriteDeleted: true,
  create: (database) =>
    database.exec(`
      CREATE TABLE sessions (
        id TEXT PRIMARY KEY, used_at_ms INTEGER NOT NULL, age_ms INTEGER NOT NULL, body TEXT NOT NULL
      ) STRICT;
    `),
};

const rowSchema = z.object({ id: z.string(), used_at_ms: z.int(), age_ms: z.int(), body: z.string() });

export type StoredSession = Omit<Session, "times" | "delegation"> & StoredTimes;

/** The table of sessions. Methods throw SQLite's own errors. */
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
   * @throws MeshError as `describeFailure`, or when a newer version wrote it
   */
  static open(path: string, onDamage: (error: unknown) => void): SessionDatabase {
    const file = { path, name: "database of sessions" };
    const open = () => openDatabase(file, tables, (database) => new SessionDatabase(database));
    const replace = (damage: unknown) => {
      onDamage(damage);
      removeFiles(path);
    };
    return describingFailures(file, () => openOrReplace(open, replace));
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
    inTransaction(this.#database, () => {
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
    });
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
