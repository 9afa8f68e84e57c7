import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePage, seededRandom, unsyncedPageFile } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeLeases, LeaseFile, type Leases } from "./lease-file.ts";

const ULID = "01KDVDNA00ZY8KQDZEF4C74F2C";
const leases: Leases = {
  bootId: "boot-1",
  uptimeMs: 1_000,
  wallMs: 2_000,
  leases: { [ULID]: { endsAtMs: 61_000.5, ttlMs: 60_000 } },
};

describe("the file of leases", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gpio-leases-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives back what was saved, in one page", async () => {
    const path = join(folder, "leases");
    const file = new LeaseFile({ snapshot: () => leases, page: unsyncedPageFile({ path }) });
    expect(await file.load()).toBeUndefined();
    await file.save();
    await file.close();
    expect(statSync(path).size).toBe(4_096);
    expect(await loaded(path)).toEqual(leases);
  });

  it("has what stood when the last save was asked for, whatever was under way then", async () => {
    let now = { ...leases };
    const path = join(folder, "leases");
    const file = new LeaseFile({ snapshot: () => now, page: unsyncedPageFile({ path }) });
    const saves: Promise<void>[] = [];
    for (let uptimeMs = 1; uptimeMs <= 20; uptimeMs++) {
      now = { ...leases, uptimeMs };
      saves.push(file.save());
      if (uptimeMs % 7 === 0) await saves[0];
    }
    await saves.at(-1);
    expect(decodeLeases(readFileSync(path))?.uptimeMs).toBe(20);
    await Promise.all(saves);
    await file.close();
  });

  it("reads a file that is shorter or longer than the one before", async () => {
    const path = join(folder, "leases");
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [
        `01KDVDNA00ZY8KQDZEF4C7${String(index).padStart(4, "0")}`,
        { endsAtMs: 5, ttlMs: 5 },
      ]),
    );
    for (const next of [{ ...leases, leases: many }, leases, { ...leases, leases: {} }]) {
      const file = new LeaseFile({ snapshot: () => next, page: unsyncedPageFile({ path }) });
      await file.save();
      await file.close();
      expect(decodeLeases(readFileSync(path))).toEqual(next);
    }
  });

  it.each([
    ["empty", ""],
    ["of somebody else", "hello\n"],
    ["whose checksum is of something else", "00000000 2\n{}"],
    ["that says it is longer than it is", "bfd7c0ba 900\n{}"],
  ])("counts one %s as none", async (_, text) => {
    const path = join(folder, "leases");
    writeFileSync(path, text);
    expect(await loaded(path)).toBeUndefined();
  });

  it("never takes a torn one for a whole one", () => {
    const whole = encodePage(leases);
    for (let seed = 1; seed <= 500; seed++) {
      const random = seededRandom(seed);
      const torn = Buffer.from(whole);
      const at = Math.floor(random.next() * 150);
      torn[at] = (torn[at] ?? 0) ^ (1 + Math.floor(random.next() * 255));
      const read = decodeLeases(torn);
      // A byte of the padding is nobody's.
      if (read !== undefined) expect(read, `seed ${seed}`).toEqual(leases);
    }
  });
});

async function loaded(path: string): Promise<Leases | undefined> {
  const file = new LeaseFile({ snapshot: () => leases, page: unsyncedPageFile({ path }) });
  try {
    return await file.load();
  } finally {
    await file.close();
  }
}
