import type { Tables } from "@pi-controller/database";
import { FIRST_HASH, fieldPath } from "./audit-record.ts";

/** The tables of the audit log. */
export function auditTables(maxBytes: number): Tables {
  return {
    version: 1,
    sync: "commit",
    maxBytes,
    cacheBytes: 2 ** 20,
    create: (database) => database.exec(newTables()),
  };
}

/** What is searched for is taken out of the chained text itself: a copy of it could be changed unseen. */
function newTables(): string {
  const taken = (name: string, path: string) =>
    `${name} TEXT AS (CASE WHEN json_valid(text) THEN json_extract(text, '${path}') END) VIRTUAL`;
  return `
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
  `;
}
