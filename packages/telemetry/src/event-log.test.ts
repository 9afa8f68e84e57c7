import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Logger, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import type { MeshError, MeshEvent } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventLog, type EventLogOptions } from "./event-log.ts";
import type { LoggedEvent } from "./event-store.ts";
import { ulidFactory } from "./ulid.ts";

let folder: string;
let logs: EventLog[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "event-log-"));
  logs = [];
});
afterEach(async () => {
  for (const log of logs) await log.stop();
  rmSync(folder, { recursive: true });
});

function make(options: Partial<EventLogOptions> = {}) {
  const clock = new VirtualClock();
  // Another process, another chance: a log that is begun anew has another id.
  const random = seededRandom(100 + logs.length);
  const messages: string[] = [];
  const note = (_fields: object, message: string) => void messages.push(message);
  const logger: Logger = { ...silentLogger, warn: note, error: note };
  const log = new EventLog(
    { clock, random, logger },
    {
      file: join(folder, "events.db"),
      maxEvents: 1_000,
      maxAgeMs: 86_400_000,
      minEvents: 0,
      maxBytes: 2 ** 24,
      ...options,
    },
  );
  logs.push(log);
  const nextId = ulidFactory({ clock, random: seededRandom(logs.length) });
  const event = (fields: Partial<MeshEvent> = {}): MeshEvent => {
    const id = nextId();
    return {
      id,
      type: "cluster.node.updated",
      timestamp: new Date(clock.now()).toISOString(),
      source: "peer-aaaa",
      node: "peer-aaaa",
      correlationId: id,
      data: { name: "pi", changed: [] },
      ...fields,
    };
  };
  const add = (count: number, fields: Partial<MeshEvent> = {}) => {
    const events = Array.from({ length: count }, () => event(fields));
    for (const one of events) log.append(one);
    return events;
  };
  return { clock, log, messages, event, add };
}

async function failure(run: () => unknown): Promise<MeshError> {
  try {
    await run();
  } catch (error) {
    return error as MeshError;
  }
  throw new Error("expected an error");
}

describe("EventLog", () => {
  it("gives pages, newest first, until the last one", async () => {
    const { log, add } = make();
    await log.start();
    const events = add(25);
    const seen: MeshEvent[] = [];
    let cursor: string | null = null;
    do {
      const page = log.query({}, { limit: 10, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(events.toReversed());
  });

  it("filters by type, prefix, node, correlation and time, together", async () => {
    const { clock, log, add, event } = make();
    await log.start();
    add(1);
    add(1, { type: "cluster.nodes.counted" });
    add(1, { type: "hardware.voltage.low", node: "peer-bbbb" });
    add(1, { node: "peer-bbbb", correlationId: "request-1" });
    await clock.advance(60_000);
    log.append(event({ type: "cluster.node.removed" }));
    const types = (filter: Parameters<EventLog["query"]>[0]) =>
      log.query(filter, { limit: 10 }).items.map(({ type }) => type);
    expect(types({ types: ["cluster.node.*"] })).toEqual([
      "cluster.node.removed",
      "cluster.node.updated",
      "cluster.node.updated",
    ]);
    expect(types({ types: ["hardware.voltage.low", "cluster.nodes.*"] })).toHaveLength(2);
    expect(types({ types: ["hardware.*"], node: "peer-aaaa" })).toEqual([]);
    expect(types({ types: [] })).toEqual([]);
    expect(types({ node: "peer-bbbb" })).toHaveLength(2);
    expect(types({ correlationId: "request-1" })).toHaveLength(1);
    expect(types({ sinceMs: clock.now() })).toEqual(["cluster.node.removed"]);
    expect(types({ untilMs: clock.now() })).toHaveLength(4);
    // What is special in SQL is not special in a filter.
    expect(types({ types: ["%", "'; DROP TABLE events; --", "_*"] })).toEqual([]);
  });

  it("refuses a cursor that it did not give", async () => {
    const { log } = make();
    await log.start();
    const error = await failure(() => log.query({}, { limit: 1, cursor: "next please" }));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.details.fields?.[0]?.field).toBe("cursor");
  });

  it("keeps an event once, however often it arrives, without a gap in the numbers", async () => {
    const { clock, log, event } = make();
    const told: LoggedEvent[] = [];
    log.observe((logged) => void told.push(logged));
    await log.start();
    const [one, two] = [event(), event()];
    for (const each of [one, one, two, one]) log.append(each);
    await clock.advance(100);
    log.append(two);
    await clock.advance(100);
    expect(told).toEqual([
      { sequence: 1, event: one },
      { sequence: 2, event: two },
    ]);
    expect(log.latestSequence).toBe(2);
  });

  it("resumes after a sequence number, oldest first, with the filter", async () => {
    const { log, add } = make();
    await log.start();
    add(5);
    const [wanted] = add(1, { type: "hardware.voltage.low" });
    add(5);
    expect(log.after(9, {}, 100).map(({ sequence }) => sequence)).toEqual([10, 11]);
    expect(log.after(0, {}, 3).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(log.after(0, { types: ["hardware.*"] }, 100)).toEqual([{ sequence: 6, event: wanted }]);
  });

  it("tells every listener in the order of the log, though one of them reads and adds", async () => {
    const { clock, log, event } = make();
    await log.start();
    const orders: number[][] = [[], []];
    log.observe(({ sequence }) => {
      orders[0]?.push(sequence);
      if (sequence < 3) log.append(event());
      log.query({}, { limit: 1 });
    });
    log.observe(({ sequence }) => void orders[1]?.push(sequence));
    log.append(event());
    log.append(event());
    await clock.advance(1_000);
    expect(orders).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });

  it("is there after a restart with the same id, its numbers going on", async () => {
    const before = make();
    await before.log.start();
    const events = before.add(3);
    const { logId } = before.log;
    await before.log.stop();
    const { log, add } = make();
    await log.start();
    expect(log.logId).toBe(logId);
    add(1);
    expect(log.latestSequence).toBe(4);
    expect(log.after(0, {}, 3).map(({ event }) => event)).toEqual(events);
  });

  it("keeps the newest by count, and never gives a number twice", async () => {
    const { clock, log, add } = make({ maxEvents: 10 });
    await log.start();
    add(25);
    await clock.advance(11 * 60_000);
    expect([log.oldestSequence, log.latestSequence]).toEqual([16, 25]);
    expect(log.query({}, { limit: 100 }).items).toHaveLength(10);
  });

  it("deletes by age, down to nothing, and still knows the last number", async () => {
    const { clock, log, add } = make({ maxAgeMs: 3_600_000 });
    await log.start();
    add(3);
    await clock.advance(3_600_000 + 11 * 60_000);
    expect([log.oldestSequence, log.latestSequence]).toEqual([undefined, 3]);
    add(1);
    expect([log.oldestSequence, log.latestSequence]).toEqual([4, 4]);
  });

  it("keeps the newest events whatever the clock says", async () => {
    const { clock, log, add } = make({ minEvents: 2 });
    await log.start();
    add(5);
    await clock.advance(100);
    clock.jumpTo(Date.UTC(2099, 0, 1));
    await clock.advance(11 * 60_000);
    expect([log.oldestSequence, log.latestSequence]).toEqual([4, 5]);
  });

  it("cannot be used by two peers at once", async () => {
    const first = make();
    await first.log.start();
    const second = make();
    const error = await failure(() => second.log.start());
    expect(error).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(error.message).toContain("in use by another process");
    first.add(1);
    expect(first.log.latestSequence).toBe(1);
  });

  it("does not touch a log that a newer version wrote", async () => {
    const database = new DatabaseSync(join(folder, "events.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const error = await failure(() => make().log.start());
    expect(error.code).toBe("FAILED_PRECONDITION");
    expect(error.message).toContain("newer version");
    expect(readdirSync(folder)).toEqual(["events.db"]);
  });

  it("says so when its folder is missing", async () => {
    const file = join(folder, "missing", "events.db");
    const error = await failure(() => make({ file }).log.start());
    expect(error.code).toBe("UNAVAILABLE");
    expect(error.message).toContain(file);
  });

  it("moves a file aside that is no database, and begins anew", async () => {
    writeFileSync(join(folder, "events.db"), "not a database ".repeat(500));
    const { log, messages, add } = make();
    await log.start();
    add(1);
    expect(log.latestSequence).toBe(1);
    expect(readdirSync(folder).filter((name) => name.includes("damaged"))).toHaveLength(1);
    expect(messages).toEqual([
      "The event log is damaged; a new one is begun.",
      "The damaged event log was moved aside.",
    ]);
  });

  it("keeps only the last damaged file, so that a failing card is not filled", async () => {
    for (let start = 0; start < 3; start++) {
      writeFileSync(join(folder, "events.db"), `not a database, ${start} `.repeat(500));
      const { clock, log } = make();
      await clock.advance(start * 1_000);
      await log.start();
      await log.stop();
    }
    const damaged = readdirSync(folder).filter((name) => name.includes("damaged"));
    expect(damaged).toEqual(["events.db.damaged-2026-01-01T00-00-02-000Z"]);
  });

  it("survives damage that it meets while running, and is a new log after the next start", async () => {
    const first = make();
    await first.log.start();
    first.add(600);
    const { logId } = first.log;
    await first.log.stop();
    // A bad block somewhere behind the tables' first pages: nobody notices until it is read.
    const descriptor = openSync(join(folder, "events.db"), "r+");
    writeSync(descriptor, Buffer.alloc(30 * 4096, 0xff), 0, 30 * 4096, 8 * 4096);
    closeSync(descriptor);
    const second = make();
    await second.log.start();
    const damaged = await failure(() => second.log.query({ correlationId: "none" }, { limit: 500 }));
    expect(damaged.code).toBe("DATA_LOSS");
    second.add(500);
    await second.log.stop();
    const third = make();
    await third.log.start();
    third.add(1);
    expect(third.log.latestSequence).toBe(1);
    expect(third.log.logId).not.toBe(logId);
  });

  it("stays within its size by giving up the older half, and goes on taking events", async () => {
    const { log, messages, add } = make({ maxEvents: 100_000, maxBytes: 2 ** 20 });
    await log.start();
    for (let round = 0; round < 100; round++) add(100);
    const last = add(1);
    expect(log.query({}, { limit: 1 }).items).toEqual(last);
    expect(log.latestSequence - (log.oldestSequence ?? 0)).toBeGreaterThan(100);
    expect(messages).toEqual(["No room for events; the older half of the log was deleted."]);
    await log.stop();
    expect(statSync(join(folder, "events.db")).size).toBeLessThanOrEqual(2 ** 20);
  });

  it("refuses events with a message, and goes on, when there is no room at all", async () => {
    const { clock, log, messages, add } = make({ maxBytes: 10 * 4096 });
    await log.start();
    add(10);
    expect(log.latestSequence).toBe(10);
    for (let round = 0; round < 5; round++) {
      add(400);
      await clock.advance(100);
    }
    expect(messages).toContain("The event log refused events.");
    expect(messages).toHaveLength(2);
    const kept = add(1);
    expect(log.query({}, { limit: 1 }).items).toEqual(kept);
  });

  it("skips a row that it cannot read", async () => {
    const { log, add, messages } = make();
    await log.start();
    add(3);
    await log.stop();
    const database = new DatabaseSync(join(folder, "events.db"));
    database.exec("UPDATE events SET body = '{' WHERE sequence = 2");
    database.close();
    await log.start();
    expect(log.after(0, {}, 10).map(({ sequence }) => sequence)).toEqual([1, 3]);
    expect(messages).toEqual(["Skipped a logged event that cannot be read."]);
  });

  it("is fast enough for a burst: 10,000 events with all of them read back", async () => {
    const { log, add } = make({ maxEvents: 20_000 });
    await log.start();
    const startedMs = performance.now();
    add(10_000);
    expect(log.latestSequence).toBe(10_000);
    expect(log.query({ types: ["hardware.*"] }, { limit: 100 }).items).toEqual([]);
    // A loose bound for a shared machine: it takes about 150 ms on an idle one.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
