import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { meshReplica } from "../document-set.ts";
import { SimulatedDisk } from "../store/simulated-disk.ts";
import { SimulatedStore } from "../store/simulated-store.ts";
import type { LogChange } from "../store/store.ts";
import { Committer } from "./committer.ts";

const CLIENT = 7;

/** A store that counts its writes. */
class CountingStore extends SimulatedStore {
  readonly writes: (readonly LogChange[])[] = [];

  override async write(changes: readonly LogChange[]): Promise<void> {
    this.writes.push(changes);
    await super.write(changes);
  }
}

async function newCommitter() {
  const disk = new SimulatedDisk({ clock: new VirtualClock(), random: seededRandom(1) });
  const store = new CountingStore({ disk });
  await store.open();
  const replica = meshReplica();
  const locals: number[] = [];
  const committer = new Committer({
    store,
    logger: silentLogger,
    accompany: () => [],
    onStored: async () => undefined,
    onApplied: (applied) => locals.push(...applied.map(({ local }) => local?.writes.length ?? 0)),
  });
  const put = (id: string, n: number) =>
    committer.commit((batch) => {
      batch.draft(replica, CLIENT)?.write("things", id, JSON.stringify({ n }));
      return true;
    });
  return { disk, store, replica, locals, committer, put };
}

describe("the committer", () => {
  test("takes what waits together to the disk in one write and one update", async () => {
    const { store, replica, locals, put } = await newCommitter();
    await Promise.all(Array.from({ length: 100 }, (_, n) => put(`id${n}`, n)));
    expect(store.writes).toHaveLength(1);
    expect(store.writes[0]).toHaveLength(1);
    expect(locals).toEqual([100]);
    expect(replica.document.ids("things")).toHaveLength(100);
  });

  test("fails a job that throws, and no other one", async () => {
    const { committer, replica, put } = await newCommitter();
    const failing = committer.commit(() => {
      throw new Error("on purpose");
    });
    const others = Promise.all([put("a", 1), put("b", 2)]);
    await expect(failing).rejects.toThrow("on purpose");
    await others;
    expect(replica.document.ids("things")).toEqual(["a", "b"]);
  });

  test("lets a job that waits for an empty batch have the next one", async () => {
    const { committer, store, put } = await newCommitter();
    const first = put("a", 1);
    const exclusive = committer.commit((batch) => {
      if (!batch.isEmpty) return false;
      batch.change([{ kind: "append", log: "x", entry: new Uint8Array(1) }], () => undefined);
      batch.close();
      return true;
    });
    const last = put("b", 1);
    await Promise.all([first, exclusive, last]);
    expect(store.writes.map(([change]) => change?.log)).toEqual(["mesh", "x", "mesh"]);
  });

  test("applies nothing of a write that was refused, and goes on after it", async () => {
    const { disk, committer, replica, put } = await newCommitter();
    disk.isFull = true;
    await expect(put("a", 1)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    expect(replica.document.ids("things")).toEqual([]);
    expect(committer.lastError).toBeDefined();
    disk.isFull = false;
    await put("b", 1);
    expect(committer.lastError).toBeUndefined();
    expect(replica.document.ids("things")).toEqual(["b"]);
  });

  test("refuses more than it can hold, and everything once it stops, after finishing what it has", async () => {
    const { committer, replica, put } = await newCommitter();
    const writes = Array.from({ length: 20_001 }, (_, n) => put(`id${n % 10}`, n));
    await expect(writes.at(-1)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await committer.stop();
    await Promise.all(writes.slice(0, -1));
    expect(replica.document.record("things", "id9")).toBe('{"n":19999}');
    await expect(put("a", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
