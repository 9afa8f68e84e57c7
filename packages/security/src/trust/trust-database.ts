import type { DatabaseFile, Tables } from "@pi-controller/database";

/** What a node holds of the trust of its mesh, as it is called before the person who runs the peer. */
export function trustFile(path: string): DatabaseFile {
  return {
    path,
    name: "trust database",
    remedy: "Restore it from a backup, or move it away and enrol this node anew",
  };
}

/** What was revoked stays so after a power cut; there are few commits. */
export const trustTables: Tables = {
  version: 1,
  sync: "commit",
  maxBytes: 64 * 2 ** 20,
  cacheBytes: 2 ** 20,
  create: (database) =>
    database.exec(`
      CREATE TABLE mesh (id TEXT NOT NULL) STRICT;
      CREATE TABLE envelopes (key TEXT PRIMARY KEY, envelope TEXT NOT NULL) STRICT;
      CREATE TABLE secrets (epoch INTEGER NOT NULL, sealed TEXT NOT NULL) STRICT;
      CREATE TABLE clock (last_seen_ms INTEGER NOT NULL) STRICT;
    `),
};
