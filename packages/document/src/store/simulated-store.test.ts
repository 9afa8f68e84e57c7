import { randomInteger, seededRandom, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedStore } from "./simulated-store.ts";
import { contentOf, describeStoreContract } from "./store.contract.ts";
import type { LogChange } from "./store.ts";

const append = (log: string, text: string): LogChange => ({ kind: "append", log, entry: Buffer.from(text) });

function newDisk(seed = 1): { clock: VirtualClock; disk: SimulatedDisk } {
  const clock = new VirtualClock();
  return { clock, disk: new SimulatedDisk({ clock, random: seededRandom(seed) }) };
}

async function openedStore(disk: SimulatedDisk): Promise<SimulatedStore> {
  const store = new SimulatedStore({ disk });
  await store.open();
  return store;
}

/** What the next process finds. */
async function found(disk: SimulatedDisk): Promise<Record<string, readonly string[]>> {
  const store = await openedStore(disk);
  const content = await contentOf(store);
  await store.close();
  return content;
}

/** Whether a call has ended, and how. */
function watched(call: Promise<unknown>): { outcome: string } {
  const seen = { outcome: "pending" };
  call.then(
    () => {
      seen.outcome = "done";
    },
    (error: { code: string }) => {
      seen.outcome = error.code;
    },
  );
  return seen;
}

describeStoreContract("SimulatedStore", async () => {
  const { disk } = newDisk();
  return { next: () => new SimulatedStore({ disk }) };
});

describe("a simulated disk", () => {
  test("takes its time for a write", async () => {
    const { clock, disk } = newDisk();
    disk.writeDelay = { minimumMs: 10, spreadMs: 20 };
    const store = await openedStore(disk);
    for (let round = 0; round < 20; round++) {
      const write = watched(store.write([append("a", "1")]));
      await clock.advance(9.9);
      expect(write.outcome).toBe("pending");
      await clock.advance(20.1);
      expect(write.outcome).toBe("done");
    }
  });

  test("lets all writes wait while it stalls, those included that are on their way", async () => {
    const { clock, disk } = newDisk();
    disk.writeDelay = { minimumMs: 10, spreadMs: 0 };
    const store = await openedStore(disk);
    const write = watched(store.write([append("a", "1")]));
    await clock.advance(5);
    disk.stall(1_000);
    await clock.advance(999);
    expect(write.outcome).toBe("pending");
    await clock.advance(1);
    expect(write.outcome).toBe("done");
  });

  test("refuses writes and openings while it is full or broken, and keeps nothing of them for its process", async () => {
    const { disk } = newDisk();
    const store = await openedStore(disk);
    await store.write([append("a", "1")]);
    disk.isFull = true;
    await expect(store.write([append("a", "2")])).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    disk.isFull = false;
    disk.isBroken = true;
    await expect(store.write([append("a", "3")])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await contentOf(store)).toEqual({ a: ["1"] });
    await store.close();
    await expect(openedStore(disk)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    disk.isBroken = false;
    await store.open();
    await store.write([append("a", "4")]);
    await store.close();
    expect(await found(disk)).toEqual({ a: ["1", "4"] });
  });

  test("may show the next process a write that was refused, as LevelDB may find it in its log", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { disk } = newDisk(seed);
      const store = await openedStore(disk);
      disk.isBroken = true;
      await expect(store.write([append("a", "1"), append("b", "1")])).rejects.toThrow();
      await expect(store.write([append("a", "2")])).rejects.toThrow();
      disk.isBroken = false;
      await store.close();
      outcomes.add(JSON.stringify(await found(disk)));
    }
    expect([...outcomes].sort()).toEqual(['{"a":["1"],"b":["1"]}', "{}"]);
  });

  test.each(["kill", "cutPower"] as const)(
    "has all or nothing of a write on its way after %s, and tells nobody",
    async (end) => {
      const outcomes = new Set<string>();
      for (let seed = 0; seed < 20; seed++) {
        const { clock, disk } = newDisk(seed);
        const store = await openedStore(disk);
        await store.write([append("a", "1")]);
        disk.writeDelay = { minimumMs: 10, spreadMs: 0 };
        const write = watched(store.write([append("a", "2"), append("b", "1")]));
        await clock.advance(5);
        disk[end]();
        const after = JSON.stringify(await found(disk));
        outcomes.add(after);
        const calls = [
          write,
          store.write([append("c", "1")]),
          store.open(),
          store.setAside("x"),
          contentOf(store),
        ];
        const seen = calls.map((call) => ("outcome" in call ? call : watched(call)));
        await clock.advance(1_000);
        expect(seen.map(({ outcome }) => outcome)).toEqual(calls.map(() => "pending"));
        await store.close();
        expect(JSON.stringify(await found(disk))).toBe(after);
      }
      expect([...outcomes].sort()).toEqual(['{"a":["1","2"],"b":["1"]}', '{"a":["1"]}']);
    },
  );

  test("keeps a dead process from closing or opening what the next one uses", async () => {
    const { disk } = newDisk();
    const dead = await openedStore(disk);
    const unborn = new SimulatedStore({ disk });
    disk.kill();
    const store = await openedStore(disk);
    await dead.close();
    const opening = watched(unborn.open());
    await store.write([append("a", "1")]);
    expect(opening.outcome).toBe("pending");
    expect(await contentOf(store)).toEqual({ a: ["1"] });
  });

  test("loses the writes acknowledged last when it lies and the power goes, and no other", async () => {
    const { disk } = newDisk();
    const store = await openedStore(disk);
    await store.write([append("a", "1")]);
    disk.lastWritesAtRisk = 2;
    for (const text of ["2", "3", "4"]) await store.write([append("a", text)]);
    disk.kill();
    expect(await found(disk)).toEqual({ a: ["1", "2", "3", "4"] });
    disk.cutPower();
    expect(await found(disk)).toEqual({ a: ["1", "2"] });
    const next = await openedStore(disk);
    await next.write([append("a", "5")]);
    disk.lastWritesAtRisk = 0;
    disk.cutPower();
    expect(await found(disk)).toEqual({ a: ["1", "2", "5"] });
  });

  test("can be set back to what it was, while nobody uses it", async () => {
    const { disk } = newDisk();
    const store = await openedStore(disk);
    await store.write([append("a", "1"), append("b", "1")]);
    const snapshot = disk.snapshot();
    const bytes = disk.bytes;
    await store.write([append("a", "2"), { kind: "drop", log: "b" }]);
    expect(() => disk.restore(snapshot)).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
    disk.kill();
    for (let round = 0; round < 2; round++) {
      disk.restore(snapshot);
      expect(disk.bytes).toBe(bytes);
      const next = await openedStore(disk);
      expect(await contentOf(next)).toEqual({ a: ["1"], b: ["1"] });
      await next.write([append("a", `${round}`)]);
      await next.close();
    }
  });

  test("shows by the checksum that a bit has turned over, and goes on after being set aside", async () => {
    const { disk } = newDisk();
    expect(disk.flipBit()).toBe(false);
    const store = await openedStore(disk);
    await store.write([append("a", "12345")]);
    const snapshot = disk.snapshot();
    await store.close();
    expect(disk.flipBit()).toBe(true);
    await expect(found(disk)).rejects.toMatchObject({ code: "DATA_LOSS" });
    disk.kill();
    const next = await openedStore(disk);
    await expect(contentOf(next)).rejects.toMatchObject({ code: "DATA_LOSS" });
    await next.setAside("damaged");
    expect([...disk.asides.keys()]).toEqual(["damaged"]);
    expect(await contentOf(next)).toEqual({});
    await next.close();
    disk.restore(snapshot);
    expect(await found(disk)).toEqual({ a: ["12345"] });
  });

  test("counts what it is given and what it holds", async () => {
    const seed = 3;
    const random = seededRandom(seed);
    const { disk } = newDisk();
    const store = await openedStore(disk);
    const logs = ["a", "bb", "ccc"];
    let given = 0;
    for (let round = 0; round < 200; round++) {
      const log = logs[randomInteger(random, 3)] as string;
      const entry = new Uint8Array(randomInteger(random, 50));
      const kind = (["append", "append", "replace", "drop"] as const)[randomInteger(random, 4)] ?? "append";
      given += kind === "drop" ? 0 : entry.length;
      await store.write([kind === "drop" ? { kind, log } : { kind, log, entry }]);
    }
    expect(disk.writes).toBe(200);
    expect(disk.bytesWritten).toBeGreaterThan(given);
    const afresh = newDisk().disk;
    const other = await openedStore(afresh);
    for (const [log, entries] of disk.logs) {
      await other.write(entries.map((entry) => ({ kind: "append", log, entry })));
    }
    expect(disk.bytes, `seed ${seed}`).toBe(afresh.bytes);
    await other.write(logs.map((log) => ({ kind: "drop", log })));
    expect(afresh.bytes).toBe(0);
  });

  test("says so when it is called by two at the same time", async () => {
    const { clock, disk } = newDisk();
    disk.writeDelay = { minimumMs: 10, spreadMs: 0 };
    const store = await openedStore(disk);
    const writing = store.write([append("a", "1")]);
    await expect(store.write([append("a", "2")])).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(contentOf(store)).rejects.toMatchObject({ code: "INTERNAL" });
    await clock.advance(10);
    await writing;
    expect(await contentOf(store)).toEqual({ a: ["1"] });
  });

  test("is acknowledged by the process's own time, which may stand still", async () => {
    const { clock, disk } = newDisk();
    const process = new VirtualClock();
    const store = new SimulatedStore({ disk, clock: process });
    await store.open();
    disk.writeDelay = { minimumMs: 10, spreadMs: 0 };
    const write = watched(store.write([append("a", "1")]));
    await clock.advance(100);
    expect([disk.writes, write.outcome]).toEqual([1, "pending"]);
    await process.advance(0);
    expect(write.outcome).toBe("done");
  });
});
