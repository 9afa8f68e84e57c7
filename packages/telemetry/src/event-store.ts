import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type DatabaseFile, inTransaction, openDatabase } from "@pi-controller/database";
import { eventSchema, type MeshEvent } from "@pi-controller/schema";
import * as z from "zod";
import { eventTables } from "./event-database.ts";
import { type EventFilter, filterConditions } from "./event-filter.ts";

/** An event with its place in this log. */
export interface LoggedEvent {
  /** Counts this log in the order of arrival; means nothing in another log. */
  readonly sequence: number;
  readonly event: MeshEvent;
}

/** An event as it was written; undefined when it cannot be read any more. */
export interface StoredEvent {
  readonly sequence: number;
  readonly event: MeshEvent | undefined;
}

export interface StoreQuery {
  readonly filter: EventFilter;
  /** Sequence numbers between these two, both left out. */
  readonly after: number;
  readonly before: number;
  readonly limit: number;
  readonly newestFirst: boolean;
}

const rowSchema = z.object({ sequence: z.int(), body: z.string() });

/** The tables of the event log. Every method throws SQLite's own errors. */
export class EventStore {
  readonly logId: string;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #newest: StatementSync;
  readonly #oldest: StatementSync;
  readonly #deleteUpTo: StatementSync;
  readonly #deleteLoggedBefore: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.logId = z.string().parse(database.prepare("SELECT id FROM log").get()?.["id"]);
    // Not ON CONFLICT: that one uses up a sequence number for every duplicate.
    this.#insert = database.prepare(`
      INSERT INTO events (id, type, node, correlation_id, time_ms, logged_ms, body)
      SELECT :id, :type, :node, :correlationId, :timeMs, :loggedMs, :body
      WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = :id)`);
    this.#newest = database.prepare("SELECT seq AS sequence FROM sqlite_sequence WHERE name = 'events'");
    this.#oldest = database.prepare("SELECT MIN(sequence) AS sequence FROM events");
    this.#deleteUpTo = database.prepare("DELETE FROM events WHERE sequence <= ?");
    this.#deleteLoggedBefore = database.prepare("DELETE FROM events WHERE logged_ms < ? AND sequence <= ?");
  }

  /** @param newLogId id for a log that is new. @throws as `openDatabase` */
  static open(file: DatabaseFile, maxBytes: number, newLogId: string): EventStore {
    return openDatabase(file, eventTables(maxBytes, newLogId), (database) => new EventStore(database));
  }

  close(): void {
    this.#database.close();
  }

  /** The highest sequence number ever given; 0 when there was none. */
  newest(): number {
    return Number(this.#newest.get()?.["sequence"] ?? 0);
  }

  oldest(): number | undefined {
    const sequence = this.#oldest.get()?.["sequence"];
    return typeof sequence === "number" ? sequence : undefined;
  }

  /**
   * Writes events in one transaction, all or none.
   *
   * @returns those that were not there before, by their id
   */
  add(events: readonly MeshEvent[], loggedMs: number): LoggedEvent[] {
    return inTransaction(this.#database, () =>
      events.flatMap((event) => {
        const { changes, lastInsertRowid } = this.#insert.run({
          id: event.id,
          type: event.type,
          node: event.node,
          correlationId: event.correlationId,
          timeMs: Date.parse(event.timestamp),
          loggedMs: Math.floor(loggedMs),
          body: JSON.stringify(event),
        });
        return changes === 0 ? [] : [{ sequence: Number(lastInsertRowid), event }];
      }),
    );
  }

  list({ filter, after, before, limit, newestFirst }: StoreQuery): StoredEvent[] {
    const { sql, parameters } = filterConditions(filter);
    const rows = this.#database
      .prepare(
        `SELECT sequence, body FROM events WHERE ${sql} AND sequence > ? AND sequence < ?
         ORDER BY sequence ${newestFirst ? "DESC" : "ASC"} LIMIT ?`,
      )
      .all(...parameters, after, before, limit);
    return z
      .array(rowSchema)
      .parse(rows)
      .map(({ sequence, body }) => ({ sequence, event: parseEvent(body) }));
  }

  /**
   * Deletes all but the newest `maxEvents`, and what was logged before `loggedBeforeMs` and is not among the
   * newest `minEvents`.
   */
  retain(maxEvents: number, minEvents: number, loggedBeforeMs: number): void {
    inTransaction(this.#database, () => {
      // Sequence numbers have no gaps, so that this many of them are this many events.
      this.#deleteUpTo.run(this.newest() - maxEvents);
      this.#deleteLoggedBefore.run(Math.floor(loggedBeforeMs), this.newest() - minEvents);
    });
  }
}

function parseEvent(body: string): MeshEvent | undefined {
  try {
    const result = eventSchema.safeParse(JSON.parse(body));
    return result.success ? result.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
