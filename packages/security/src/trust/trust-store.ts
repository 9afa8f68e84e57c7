import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import {
  type DatabaseFile,
  describingFailures,
  inTransaction,
  openDatabase,
  removeFiles,
  syncDirectory,
} from "@pi-controller/database";
import { MeshError } from "@pi-controller/schema";
import * as z from "zod";
import { readEnvelope, type SignedStatement } from "./signed-statement.ts";
import { type Envelope, meshIdSchema } from "./statements.ts";
import { trustFile, trustTables } from "./trust-database.ts";

const FILE_NAME = "trust.db";

const meshRowSchema = z.object({ id: meshIdSchema });
const envelopeRowSchema = z.object({ key: z.string(), envelope: z.string() });
const secretRowSchema = z.object({ epoch: z.int(), sealed: z.string() });
const clockRowSchema = z.object({ last_seen_ms: z.int() });

/** A mesh secret as it is kept: sealed with the node's own key. */
export interface StoredSecret {
  readonly epoch: number;
  readonly sealed: string;
}

export interface StoredStatements {
  readonly statements: readonly SignedStatement[];
  /** Keys of what is there and cannot be read any more. */
  readonly damaged: readonly string[];
}

/**
 * What this node holds of the trust of its mesh: in `trust.db` of its data directory. The file appears under its
 * name only with a whole mesh in it: a node belongs to a mesh when it is there, whatever state it is in.
 */
export class TrustStore {
  readonly meshId: string;
  readonly #database: DatabaseSync;
  readonly #file: DatabaseFile;

  private constructor(database: DatabaseSync, file: DatabaseFile, meshId: string) {
    this.#database = database;
    this.#file = file;
    this.meshId = meshId;
  }

  /**
   * @returns undefined when the node belongs to no mesh
   * @throws MeshError FAILED_PRECONDITION when another process has it open or a newer version wrote it, DATA_LOSS
   *   when it is damaged, UNAVAILABLE when it cannot be opened otherwise
   */
  static open(dataDirectory: string): TrustStore | undefined {
    const file = join(dataDirectory, FILE_NAME);
    return existsSync(file) ? TrustStore.#openFile(file) : undefined;
  }

  /**
   * Makes this node belong to a mesh.
   *
   * @param envelopes verified by the caller: all that is known of the mesh, its genesis included
   * @throws MeshError ALREADY_EXISTS when it belongs to one; as `open` otherwise
   */
  static create(dataDirectory: string, meshId: string, envelopes: readonly Envelope[]): TrustStore {
    const file = join(dataDirectory, FILE_NAME);
    if (existsSync(file)) throw new MeshError("ALREADY_EXISTS", "This node belongs to a mesh already");
    const temporary = `${file}.new`;
    describingFailures(trustFile(file), () => {
      // Left over by a start that was cut short.
      removeFiles(temporary);
      openDatabase(trustFile(temporary), trustTables, (database) => {
        inTransaction(database, () => {
          database.prepare("INSERT INTO mesh (id) VALUES (?)").run(meshId);
          database.prepare("INSERT INTO clock (last_seen_ms) VALUES (0)").run();
          const insert = database.prepare("INSERT INTO envelopes (key, envelope) VALUES (?, ?)");
          for (const envelope of envelopes) insert.run(readEnvelope(envelope).key, JSON.stringify(envelope));
        });
        return database;
      }).close();
      renameSync(temporary, file);
      syncDirectory(file);
    });
    return TrustStore.#openFile(file);
  }

  /** Forgets the mesh: for a node that has left. The store must be closed. */
  static remove(dataDirectory: string): void {
    const file = join(dataDirectory, FILE_NAME);
    describingFailures(trustFile(file), () => {
      removeFiles(file);
      syncDirectory(file);
    });
  }

  static #openFile(path: string): TrustStore {
    const file = trustFile(path);
    const read = (database: DatabaseSync) => {
      const row = meshRowSchema.safeParse(database.prepare("SELECT id FROM mesh").get());
      if (row.success) return new TrustStore(database, file, row.data.id);
      throw new MeshError("DATA_LOSS", `The trust database ${path} does not say which mesh it is of`);
    };
    return describingFailures(file, () => openDatabase(file, trustTables, read));
  }

  /** Everything that is held; what does not verify any more is for the caller to find. */
  statements(): StoredStatements {
    const rows = this.#guard(() => this.#database.prepare("SELECT key, envelope FROM envelopes").all());
    const statements: SignedStatement[] = [];
    const damaged: string[] = [];
    for (const row of z.array(envelopeRowSchema).parse(rows)) {
      try {
        statements.push(readEnvelope(JSON.parse(row.envelope)));
      } catch (error) {
        if (!(error instanceof MeshError || error instanceof SyntaxError)) throw error;
        damaged.push(row.key);
      }
    }
    return { statements, damaged };
  }

  /** Writes and forgets statements in one step; on the disk when it returns. */
  change(changed: readonly SignedStatement[], dropped: readonly string[]): void {
    if (changed.length === 0 && dropped.length === 0) return;
    this.#inTransaction(() => {
      const put = this.#database.prepare("INSERT OR REPLACE INTO envelopes (key, envelope) VALUES (?, ?)");
      const remove = this.#database.prepare("DELETE FROM envelopes WHERE key = ?");
      for (const key of dropped) remove.run(key);
      for (const { key, envelope } of changed) put.run(key, JSON.stringify(envelope));
    });
  }

  /** The last time that was written; 0 when none was. */
  lastSeenMs(): number {
    const row = this.#guard(() => this.#database.prepare("SELECT last_seen_ms FROM clock").get());
    return clockRowSchema.parse(row ?? { last_seen_ms: 0 }).last_seen_ms;
  }

  rememberTime(nowMs: number): void {
    this.#inTransaction(() => {
      this.#database.exec("DELETE FROM clock");
      this.#database.prepare("INSERT INTO clock (last_seen_ms) VALUES (?)").run(Math.floor(nowMs));
    });
  }

  secrets(): readonly StoredSecret[] {
    const rows = this.#guard(() =>
      this.#database.prepare("SELECT epoch, sealed FROM secrets ORDER BY epoch DESC").all(),
    );
    return z.array(secretRowSchema).parse(rows);
  }

  /** Replaces all that are kept. */
  keepSecrets(secrets: readonly StoredSecret[]): void {
    this.#inTransaction(() => {
      this.#database.exec("DELETE FROM secrets");
      const insert = this.#database.prepare("INSERT INTO secrets (epoch, sealed) VALUES (?, ?)");
      for (const { epoch, sealed } of secrets) insert.run(epoch, sealed);
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #guard<T>(read: () => T): T {
    return describingFailures(this.#file, read);
  }

  #inTransaction(work: () => void): void {
    this.#guard(() => inTransaction(this.#database, work));
  }
}
