import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Logger, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { type AuditPage, auditPageSchema } from "@pi-controller/schema";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AuditEntry } from "../use-cases.ts";
import { AuditLog, type AuditLogOptions } from "./audit-log.ts";

const NODE = "node-0001";

function entry(change: Partial<AuditEntry> = {}): AuditEntry {
  return {
    actor: "ada",
    userId: "user-0123456789abcdef",
    via: "session",
    address: "192.168.1.7",
    action: "delete nodes",
    target: "node-0002",
    outcome: "allowed",
    detail: "204",
    correlationId: "c1",
    ...change,
  };
}

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-audit-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "audit.db");
}

async function open(
  file: string,
  options: Partial<AuditLogOptions> = {},
  { clock = new VirtualClock(), logger = silentLogger }: { clock?: VirtualClock; logger?: Logger } = {},
): Promise<{ readonly log: AuditLog; readonly clock: VirtualClock }> {
  const log = new AuditLog({ clock, logger, now: () => clock.now() }, { file, node: NODE, ...options });
  await log.start();
  onTestFinished(() => log.stop());
  return { log, clock };
}

/** The check waits for the virtual clock between batches. */
async function query(
  { log, clock }: { readonly log: AuditLog; readonly clock: VirtualClock },
  change: Partial<Parameters<AuditLog["query"]>[0]> = {},
): Promise<AuditPage> {
  const page = log.query({ limit: 100, ...change });
  await clock.advance(1);
  return page;
}

/** Writes a log of so many records, and lets somebody at the file. */
async function tamperedWith(count: number, statement: string) {
  const file = newFile();
  const { log } = await open(file);
  for (let index = 1; index <= count; index++) log.record(entry({ target: `node-${index}` }));
  await log.stop();
  const database = new DatabaseSync(file);
  database.exec(statement);
  database.close();
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) };
  const opened = await open(file, {}, { logger });
  return { ...opened, errors };
}

describe("AuditLog", () => {
  it("keeps records across a restart, newest first, in a file that is nobody else's", async () => {
    const file = newFile();
    const { log, clock } = await open(file);
    log.record(entry());
    log.record(entry({ actor: "eve", outcome: "denied" }));
    await clock.advance(1_000);
    expect(log.counters).toEqual({ written: 2, lost: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await log.stop();
    const page = auditPageSchema.parse(await query(await open(file)));
    expect(page.items.map(({ sequence, actor }) => [sequence, actor])).toEqual([
      [2, "eve"],
      [1, "ada"],
    ]);
    expect(page).toMatchObject({ node: NODE, nextCursor: null, chain: { intact: true, firstSequence: 1 } });
  });

  it("writes what waits when it stops, and shows at once what was recorded", async () => {
    const file = newFile();
    const { log, clock } = await open(file);
    log.record(entry());
    expect((await query({ log, clock })).items).toHaveLength(1);
    log.record(entry());
    await log.stop();
    expect((await query(await open(file))).items).toHaveLength(2);
  });

  it("is paged by a cursor, and filtered", async () => {
    const opened = await open(newFile());
    for (let index = 1; index <= 25; index++) {
      const outcome = index % 5 === 0 ? "denied" : "allowed";
      opened.log.record(
        entry({ actor: index % 2 === 0 ? "ada" : "bob", outcome, correlationId: `c${index}` }),
      );
    }
    const sequences: number[] = [];
    let cursor: string | undefined;
    do {
      const page: AuditPage = await query(opened, { limit: 10, ...(cursor === undefined ? {} : { cursor }) });
      sequences.push(...page.items.map(({ sequence }) => sequence));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(sequences).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
    const denied = await query(opened, { outcome: "denied", actor: "ada" });
    expect(denied.items.map(({ sequence }) => sequence)).toEqual([20, 10]);
    expect((await query(opened, { correlationId: "c7" })).items).toHaveLength(1);
    await expect(opened.log.query({ limit: 1, cursor: "x' OR 1" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("bounds what it is told, and keeps each record on one line", async () => {
    const opened = await open(newFile());
    opened.log.record(
      entry({ actor: "x".repeat(9_999), target: "a\nb\u2028c\ud800", detail: "y".repeat(9_999) }),
    );
    const [record] = (await query(opened)).items;
    expect(record?.actor).toHaveLength(128);
    expect(record?.detail).toHaveLength(256);
    expect(record?.target).toBe("a b c\ufffd");
  });

  it("cuts the oldest blocks and still verifies, after a restart too", async () => {
    const file = newFile();
    const retention = { maxRecords: 1_000, minRecords: 100 };
    const { log, clock } = await open(file, { retention });
    for (let index = 0; index < 1_900; index++) log.record(entry());
    await clock.advance(1_000);
    await clock.advance(11 * 60_000);
    expect((await query({ log, clock })).chain).toMatchObject({ intact: true, firstSequence: 501 });
    await log.stop();
    const again = await open(file, { retention });
    expect((await query(again)).chain).toMatchObject({ intact: true, firstSequence: 501 });
    again.log.record(entry());
    expect((await query(again, { limit: 1 })).items[0]?.sequence).toBe(1_901);
  });
});

describe("an audit log that somebody got at", () => {
  it.each([
    [
      "changed",
      "UPDATE records SET text = replace(text, 'node-600', 'node-601') WHERE sequence = 600",
      "record 600",
    ],
    ["removed", "DELETE FROM records WHERE sequence = 300", "records 300 to 300 are missing"],
    ["cut off at its end", "DELETE FROM records WHERE sequence > 690", "records 691 to 700 are missing"],
    ["made unreadable", "UPDATE records SET text = '{' WHERE sequence = 5", "record 5 was changed"],
    [
      "reordered",
      "UPDATE records SET sequence = 9999 WHERE sequence = 3; UPDATE records SET sequence = 3 WHERE sequence = 4; UPDATE records SET sequence = 4 WHERE sequence = 9999",
      "record 3 was changed",
    ],
  ])("tells when a record was %s, and goes on", async (_, statement, problem) => {
    const opened = await tamperedWith(700, statement);
    const before = await query(opened, { limit: 500 });
    expect(before.chain.intact).toBe(false);
    expect(before.chain.detail).toContain(problem);
    expect(opened.errors).toContain("The audit log was tampered with or damaged");
    opened.log.record(entry({ action: "after" }));
    const after = await query(opened, { limit: 2 });
    expect(after.items.map(({ action }) => action)).toEqual(["after", "audit check"]);
    expect(after.items[1]?.detail).toContain(problem);
    expect(after.chain.intact).toBe(false);
  });

  it("begins a new one when the file is no database any more, and says so in it", async () => {
    const file = newFile();
    writeFileSync(file, "no database at all, but long enough to be taken for one".repeat(100));
    const opened = await open(file);
    const page = await query(opened);
    expect(page.items.map(({ action }) => action)).toEqual(["audit replacement"]);
    expect(readdirSync(join(file, "..")).some((name) => name.startsWith("audit.db.damaged-"))).toBe(true);
  });

  it("starts with a file that was cut short, one way or the other", async () => {
    const file = newFile();
    const { log } = await open(file);
    for (let index = 0; index < 500; index++) log.record(entry());
    await log.stop();
    truncateSync(file, Math.floor(statSync(file).size / 2 / 4_096) * 4_096);
    const opened = await open(file);
    opened.log.record(entry({ action: "after" }));
    const page = await query(opened).catch((error: { readonly code: string }) => error.code);
    // What is there of it is read, or said to be lost; it never passes for whole.
    if (typeof page === "string") expect(page).toBe("DATA_LOSS");
    else expect(page.chain.intact && page.items.length >= 500).toBe(false);
  });

  it("is refused to a second process", async () => {
    const file = newFile();
    await open(file);
    await expect(open(file)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });
});

describe("a log that cannot keep up", () => {
  it("keeps a bounded number waiting, and tells in the log how many were lost", async () => {
    const opened = await open(newFile());
    for (let index = 0; index < 3_000; index++) opened.log.record(entry());
    expect(opened.log.counters.lost).toBe(1_000);
    await opened.clock.advance(2_000);
    const [newest] = (await query(opened, { limit: 1 })).items;
    expect(newest).toMatchObject({
      sequence: 2_001,
      action: "audit write",
      outcome: "failed",
      detail: "1000 records could not be written",
    });
  });

  it("stops no request when the disk is full, and writes what waited once there is room", async () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) };
    // As on a full disk: SQLite may not make its file any larger. Retention makes room again, after minutes.
    const retention = { minRecords: 10_000, maxRecords: 100 };
    const opened = await open(newFile(), { maxBytes: 130 * 4_096, retention }, { logger });
    const { log, clock } = opened;
    for (let index = 0; index < 1_500; index++) log.record(entry({ detail: "d".repeat(200) }));
    await clock.advance(1_000);
    const { written } = log.counters;
    expect(written).toBeGreaterThan(100);
    expect(written).toBeLessThan(1_500);
    expect(errors).toContain("The audit log refused records; they wait");
    await clock.advance(11 * 60_000);
    expect(log.counters).toEqual({ written: 1_500, lost: 0 });
    expect((await query(opened)).chain.intact).toBe(true);
  });

  it("makes room by cutting the oldest when the log itself has grown too large", async () => {
    const opened = await open(newFile(), { maxBytes: 150 * 4_096, retention: { minRecords: 100 } });
    const { log, clock } = opened;
    for (let index = 0; index < 3_000; index++) {
      log.record(entry());
      if (index % 100 === 0) await clock.advance(600);
    }
    await clock.advance(1_000);
    expect(log.counters).toEqual({ written: 3_000, lost: 0 });
    const { chain } = await query(opened);
    expect(chain.intact).toBe(true);
    expect(chain.firstSequence).toBeGreaterThan(1);
  });
});
