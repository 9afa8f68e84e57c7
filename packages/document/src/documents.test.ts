import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { defineCollection } from "./collection.ts";
import { Fixture, type Peer, type Thing, things, thingsOf } from "./documents.fixture.ts";

const put = (peer: Peer, id: string, n: number) => peer.documents.mesh.collection(things).put(id, { id, n });
const putOwn = (peer: Peer, id: string, n: number) =>
  peer.documents.own.collection(things).put(id, { id, n });

describe("a collection", () => {
  test("shows a record once it is on the disk, frozen, and not the object that was put", async () => {
    const peer = await new Fixture().add("a");
    const collection = peer.documents.mesh.collection(things);
    const value: Thing = { id: "x", n: 1 };
    const writing = collection.put("x", value);
    expect(collection.get("x")).toBeUndefined();
    await writing;
    value.n = 2;
    const stored = collection.get("x");
    expect(stored).toEqual({ id: "x", n: 1 });
    expect(Object.isFrozen(stored)).toBe(true);
    expect(collection.get("x")).toBe(stored);
  });

  test("lists records by id, and deletes them", async () => {
    const peer = await new Fixture().add("a");
    await Promise.all([put(peer, "c", 3), put(peer, "a", 1), put(peer, "b", 2)]);
    await peer.documents.mesh.collection(things).delete("b");
    await peer.documents.mesh.collection(things).delete("none");
    expect(thingsOf(peer).map(({ id }) => id)).toEqual(["a", "c"]);
  });

  test("refuses what fails the schema, and says which field", async () => {
    const peer = await new Fixture().add("a");
    const collection = peer.documents.mesh.collection(things);
    await expect(collection.put("x", { id: "x", n: "one" } as unknown as Thing)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "n" }] },
    });
    await expect(collection.put("", { id: "", n: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const note = "x".repeat(70_000);
    await expect(collection.put("x", { id: "x", n: 1, note })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(collection.all()).toEqual([]);
  });

  test("tells of changes, whoever made them, and not of writes that change nothing", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    const heard: unknown[] = [];
    const unsubscribe = other.documents.mesh.collection(things).observe((changes) => {
      heard.push(changes.map(({ id, value }) => ({ id, value })));
    });
    await fixture.finish(put(one, "x", 1));
    await fixture.run(100);
    await fixture.finish(put(other, "x", 1));
    await fixture.finish(one.documents.mesh.collection(things).delete("x"));
    await fixture.run(100);
    unsubscribe();
    await fixture.finish(put(one, "x", 2));
    await fixture.run(100);
    expect(heard).toEqual([[{ id: "x", value: { id: "x", n: 1 } }], [{ id: "x", value: undefined }]]);
  });

  test("skips a record that a newer version wrote, and says so once", async () => {
    const peer = await new Fixture().add("a");
    const newer = defineCollection({
      name: "things",
      schema: z.object({ id: z.string(), colour: z.string() }),
    });
    await peer.documents.mesh.collection(newer).put("x", { id: "x", colour: "red" });
    await put(peer, "y", 1);
    const collection = peer.documents.mesh.collection(things);
    expect(collection.get("x")).toBeUndefined();
    expect(collection.all()).toEqual([{ id: "y", n: 1 }]);
    expect(collection.all()).toEqual([{ id: "y", n: 1 }]);
    for (let count = 0; count < 2; count++) {
      const inside = await peer.documents.mesh.transact((transaction) => transaction.all(things));
      expect(inside).toEqual([{ id: "y", n: 1 }]);
    }
    expect(peer.log.filter(({ level }) => level === "warn")).toHaveLength(1);
  });
});

describe("a transaction", () => {
  test("writes all or nothing, and sees its own writes", async () => {
    const peer = await new Fixture().add("a");
    const { mesh } = peer.documents;
    const sum = await mesh.transact((transaction) => {
      transaction.put(things, "a", { id: "a", n: 1 });
      transaction.put(things, "b", { id: "b", n: 2 });
      transaction.delete(things, "a");
      transaction.put(things, "c", { id: "c", n: 3 });
      return transaction.all(things).reduce((total, { n }) => total + n, 0);
    });
    expect(sum).toBe(5);
    const failing = mesh.transact((transaction) => {
      transaction.put(things, "d", { id: "d", n: 4 });
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(thingsOf(peer).map(({ id }) => id)).toEqual(["b", "c"]);
  });

  test("takes turns with others: nothing that two read and write is lost", async () => {
    const peer = await new Fixture().add("a");
    const increment = () =>
      peer.documents.own.transact((transaction) => {
        const n = (transaction.get(things, "x")?.n ?? 0) + 1;
        transaction.put(things, "x", { id: "x", n });
        return n;
      });
    const results = await Promise.all(Array.from({ length: 50 }, increment));
    expect(new Set(results).size).toBe(50);
    expect(thingsOf(peer, peer)).toEqual([{ id: "x", n: 50 }]);
  });
});

describe("peers", () => {
  test("show each other's writes at once, in the mesh document and in their own ones", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.run(1000);
    await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 2)]));
    await fixture.run(50);
    expect(thingsOf(other)).toEqual([{ id: "x", n: 1 }]);
    expect(thingsOf(other, one)).toEqual([{ id: "mine", n: 2 }]);
    expect(thingsOf(one, other)).toEqual([]);
  });

  test("fetch what was there before they met", async () => {
    const fixture = new Fixture();
    const one = await fixture.add("a");
    await put(one, "x", 1);
    await putOwn(one, "mine", 2);
    const other = await fixture.add("b");
    expect(other.documents.status().synced).toBe(false);
    await fixture.connectAll();
    await fixture.finish(other.documents.synced);
    expect(thingsOf(other)).toEqual([{ id: "x", n: 1 }]);
    expect(thingsOf(other, one)).toEqual([{ id: "mine", n: 2 }]);
    expect(other.documents.status()).toMatchObject({ synced: true, documents: 2, refusal: null });
  });

  test("let an exchange wait with whom they are not to stay connected, once they are in step with anybody", async () => {
    const fixture = new Fixture();
    const [one, other, passing] = [await fixture.add("a"), await fixture.add("b"), await fixture.add("c")];
    await fixture.end(one);
    await fixture.begin(one, {}, { isNeeded: (peer) => peer === other.id });
    await fixture.connect(passing, await fixture.add("d"));
    await fixture.connect(one, other);
    await fixture.run(1_000);
    await fixture.finish(put(passing, "x", 1));
    // Until gossip offers it no more.
    await fixture.run(3_000);
    await fixture.connect(one, passing);
    await fixture.run(1_000);
    expect(thingsOf(one)).toEqual([]);
    await fixture.run(60_000);
    expect(thingsOf(one)).toEqual([{ id: "x", n: 1 }]);
  });

  test("have equal documents after a partition in which both sides wrote", async () => {
    const fixture = new Fixture();
    const peers = [await fixture.add("a"), await fixture.add("b"), await fixture.add("c")];
    const [one, two, three] = peers as [Peer, Peer, Peer];
    await fixture.connectAll();
    await fixture.run(1000);
    await fixture.finish(put(one, "shared", 0));
    fixture.network.partition([[one.id, two.id], [three.id]]);
    await fixture.finish(Promise.all([put(one, "shared", 1), put(two, "left", 1), putOwn(two, "mine", 1)]));
    await fixture.finish(Promise.all([put(three, "shared", 2), put(three, "right", 2)]));
    await fixture.finish(three.documents.mesh.collection(things).delete("left"));
    await fixture.run(30_000);
    expect(thingsOf(three).map(({ id }) => id)).toEqual(["right", "shared"]);
    fixture.network.healAll();
    await fixture.connectAll();
    await fixture.run(15_000);
    expect(thingsOf(one).map(({ id }) => id)).toEqual(["left", "right", "shared"]);
    for (const peer of [two, three]) {
      expect(thingsOf(peer)).toEqual(thingsOf(one));
      expect(thingsOf(peer, two)).toEqual([{ id: "mine", n: 1 }]);
    }
  });

  test("repair a lost broadcast when the next one arrives", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.run(1000);
    fixture.network.links.change({ lossFraction: 1 });
    await fixture.finish(put(one, "lost", 1));
    await fixture.run(100);
    fixture.network.links.change({ lossFraction: 0 });
    expect(thingsOf(other)).toEqual([]);
    await fixture.finish(put(one, "next", 2));
    await fixture.run(100);
    expect(thingsOf(other).map(({ id }) => id)).toEqual(["lost", "next"]);
  });

  test("repair a lost broadcast, a deletion too, when no other follows", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 1)]));
    await fixture.run(1000);
    fixture.network.links.change({ lossFraction: 1 });
    await fixture.finish(one.documents.mesh.collection(things).delete("x"));
    await fixture.finish(one.documents.own.collection(things).delete("mine"));
    await fixture.run(100);
    fixture.network.links.change({ lossFraction: 0 });
    expect(thingsOf(other)).toHaveLength(1);
    await fixture.run(20_000);
    expect(thingsOf(other)).toEqual([]);
    expect(thingsOf(other, one)).toEqual([]);
  });

  test("fetch an update that is too large to broadcast", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.run(1000);
    const note = "x".repeat(50_000);
    const writes = ["x", "y"].map((id) => one.documents.mesh.collection(things).put(id, { id, n: 1, note }));
    await fixture.finish(Promise.all(writes));
    await fixture.run(3000);
    expect(thingsOf(other).map(({ id }) => id)).toEqual(["x", "y"]);
  });

  test("converge after random writes, cuts, losses and kills", { timeout: 60_000 }, async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
    try {
      await converge(seed);
    } catch (error) {
      throw new Error(`with SEED=${seed}`, { cause: error });
    }
  });

  test("all know when a node was forgotten, until it is back", async () => {
    const fixture = new Fixture();
    const [one, two, gone] = [await fixture.add("a"), await fixture.add("b"), await fixture.add("c")];
    await fixture.connectAll();
    await fixture.finish(putOwn(gone, "mine", 1));
    await fixture.run(1000);
    fixture.kill(gone);
    expect(thingsOf(two, gone)).toHaveLength(1);
    await fixture.finish(one.documents.forgetNode(gone.id));
    await fixture.run(30_000);
    expect(thingsOf(one, gone)).toEqual([]);
    expect(thingsOf(two, gone)).toEqual([]);
    expect(two.documents.status().documents).toBe(1);
    expect([...two.disk.logs.keys()].filter((log) => log.includes(gone.id))).toEqual([]);
    await fixture.begin(gone);
    await fixture.connectAll();
    await fixture.run(30_000);
    expect(thingsOf(two, gone)).toEqual([{ id: "mine", n: 1 }]);
    await expect(one.documents.forgetNode(one.id)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

async function converge(seed: number): Promise<void> {
  const fixture = new Fixture(seed);
  const random = seededRandom(seed);
  for (const name of ["a", "b", "c", "d"]) await fixture.add(name, { overheadBytes: 100 });
  await fixture.connectAll();
  for (let step = 0; step < 150; step++) {
    const peer = fixture.peers[randomInteger(random, 4)] as Peer;
    const other = fixture.peers[randomInteger(random, 4)] as Peer;
    const id = `r${randomInteger(random, 8)}`;
    const document = randomInteger(random, 2) === 0 ? peer.documents.mesh : peer.documents.own;
    switch (randomInteger(random, 10)) {
      case 0:
        if (peer !== other) fixture.network.cut(peer.id, other.id);
        break;
      case 1:
        fixture.network.healAll();
        fixture.network.links.change({ lossFraction: randomInteger(random, 2) * 0.3 });
        break;
      case 2:
        fixture.kill(peer);
        await fixture.begin(peer, { overheadBytes: 100 });
        await fixture.connectAll();
        break;
      case 3:
      case 4:
        await fixture.finish(document.collection(things).delete(id));
        break;
      default:
        await fixture.finish(document.collection(things).put(id, { id, n: step }));
    }
  }
  fixture.network.healAll();
  fixture.network.links.change({ lossFraction: 0 });
  await fixture.connectAll();
  await fixture.run(120_000);
  const [first, ...rest] = fixture.peers as [Peer, ...Peer[]];
  for (const peer of rest) {
    expect(thingsOf(peer)).toEqual(thingsOf(first));
    for (const node of fixture.peers) expect(thingsOf(peer, node)).toEqual(thingsOf(first, node));
  }
}
