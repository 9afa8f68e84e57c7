import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type DatabaseFile, inTransaction, openDatabase } from "@pi-controller/database";
import type { AuditQuery } from "@pi-controller/schema";
import * as z from "zod";
import { auditTables } from "./audit-database.ts";
import { type ChainedText, chained, type UnchainedRecord } from "./audit-record.ts";
import type { ChainPoint } from "./chain-check.ts";

const rowSchema = z.object({ sequence: z.int(), text: z.string(), hash: z.string() });
const pointSchema = z.object({ sequence: z.int(), hash: z.string() });

export type AuditFilter = Pick<AuditQuery, "actor" | "outcome" | "correlationId">;

/** The tables of the audit log. Every method throws SQLite's own errors. */
export class AuditStore {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #setPoint: StatementSync;
  readonly #point: StatementSync;
  readonly #after: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare("INSERT INTO records (sequence, text, hash) VALUES (?, ?, ?)");
    this.#setPoint = database.prepare("UPDATE chain SET sequence = ?, hash = ? WHERE point = ?");
    this.#point = database.prepare("SELECT sequence, hash FROM chain WHERE point = ?");
    this.#after = database.prepare(
      "SELECT sequence, text, hash FROM records WHERE sequence > ? ORDER BY sequence LIMIT ?",
    );
  }

  /** @throws as `openDatabase` */
  static open(file: DatabaseFile, maxBytes: number): AuditStore {
    return openDatabase(file, auditTables(maxBytes), (database) => new AuditStore(database));
  }

  close(): void {
    this.#database.close();
  }

  /** The newest record ever written. */
  head(): ChainPoint {
    return pointSchema.parse(this.#point.get("head"));
  }

  /** The record before the first that is kept: what that one is chained to. */
  anchor(): ChainPoint {
    return pointSchema.parse(this.#point.get("anchor"));
  }

  /** Appends to what was written last, whatever has become of that since: all or none, on the disk on return. */
  append(records: readonly Omit<UnchainedRecord, "sequence">[]): void {
    inTransaction(this.#database, () => {
      let head = this.head();
      for (const record of records) {
        const next: ChainedText = chained({ ...record, sequence: head.sequence + 1 }, head.hash);
        this.#insert.run(next.sequence, next.text, next.hash);
        head = next;
      }
      this.#setPoint.run(head.sequence, head.hash, "head");
    });
  }

  /** @param before sequence number, left out itself. @returns newest first */
  list(filter: AuditFilter, before: number, limit: number): readonly ChainedText[] {
    const conditions = Object.entries({
      actor: filter.actor,
      outcome: filter.outcome,
      correlation_id: filter.correlationId,
    }).flatMap(([column, value]) => (value === undefined ? [] : [{ sql: `AND ${column} = ?`, value }]));
    const rows = this.#database
      .prepare(
        `SELECT sequence, text, hash FROM records WHERE sequence < ? ${conditions.map(({ sql }) => sql).join(" ")}
        ORDER BY sequence DESC LIMIT ?`,
      )
      .all(before, ...conditions.map(({ value }) => value), limit);
    return z.array(rowSchema).parse(rows);
  }

  /** @returns oldest first */
  after(sequence: number, limit: number): readonly ChainedText[] {
    return z.array(rowSchema).parse(this.#after.all(sequence, limit));
  }

  /** The newest record that was made before a time, among those up to a sequence number. */
  newestBefore(timeMs: number, upTo: number): number | undefined {
    const row = this.#database
      .prepare("SELECT MAX(sequence) AS sequence FROM records WHERE sequence <= ? AND at < ?")
      .get(upTo, new Date(timeMs).toISOString());
    const sequence = row?.["sequence"];
    return typeof sequence === "number" ? sequence : undefined;
  }

  /** Deletes the oldest records, and keeps the hash of the newest of them as what the rest is chained to. */
  cut(upTo: number): void {
    inTransaction(this.#database, () => {
      const newest = this.#database
        .prepare("SELECT sequence, hash FROM records WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1")
        .get(upTo);
      if (newest === undefined) return;
      const anchor = pointSchema.parse(newest);
      this.#setPoint.run(anchor.sequence, anchor.hash, "anchor");
      this.#database.prepare("DELETE FROM records WHERE sequence <= ?").run(anchor.sequence);
    });
  }
}
