import type { Tables } from "@pi-controller/database";

/**
 * The tables of the event log.
 *
 * @param newLogId id for a log that is new
 */
export function eventTables(maxBytes: number, newLogId: string): Tables {
  return {
    version: 1,
    sync: "later",
    maxBytes,
    cacheBytes: 2 ** 20,
    create: (database) => {
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
      `);
      database.prepare("INSERT INTO log (id) VALUES (?)").run(newLogId);
    },
  };
}
