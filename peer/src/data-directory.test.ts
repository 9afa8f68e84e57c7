import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { forgetMesh, isForgetting, markForgetting } from "./data-directory.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-data-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

it("forgets a mesh with all that was half written, or damaged and set aside; what is not of a peer stays", async () => {
  const own = [
    "identity.key",
    `identity.key.${randomUUID()}`,
    `node-authority.key.${randomUUID()}`,
    "boot-epoch.new",
    "document-clocks",
    "gpio-leases",
    "trust.db",
    "trust.db-wal",
    "trust.db.new",
    "trust.db.new-journal",
    "trust.db.damaged-2026-01-01T00-00-02-000Z",
    "sessions.db.damaged-2026-01-01T00-00-02-000Z-shm",
    "documents/level/000003.log",
    "documents.damaged-2026-01-01T00-00-02-000Z/level/000003.log",
  ];
  const others = ["documents.txt", "identity.key.pub", "my-trust.db", "config.yaml"];
  for (const name of [...own, ...others]) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), "content");
  }
  await markForgetting(directory);
  expect(isForgetting(directory)).toBe(true);
  await forgetMesh(directory);
  expect(readdirSync(directory).sort()).toEqual([...others].sort());
  await forgetMesh(directory);
});
