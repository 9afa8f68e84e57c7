import { AddressBook } from "@pi-controller/mesh";
import { silentLogger } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { authorsOf, Fixture, type Peer, things, thingsOf } from "./documents.fixture.ts";
import { meshClient } from "./names.ts";
import type { SimulatedDisk } from "./store/simulated-disk.ts";
import { SimulatedStore } from "./store/simulated-store.ts";
import type { LogChange } from "./store/store.ts";
import { encodeFrame } from "./sync/frame.ts";
import { UPDATE_TOPIC } from "./sync/messages.ts";

const put = (peer: Peer, id: string, n: number) => peer.documents.mesh.collection(things).put(id, { id, n });
const putOwn = (peer: Peer, id: string, n: number) =>
  peer.documents.own.collection(things).put(id, { id, n });

/** What something else than a peer does to a disk. */
async function interfere(disk: SimulatedDisk, changes: readonly LogChange[]): Promise<void> {
  const store = new SimulatedStore({ disk });
  await store.open();
  await store.write(changes);
  await store.close();
}

describe("a full disk", () => {
  test("refuses writes, shows nothing of them to anybody, serves reads, and goes on when there is room", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 1)]));
    await fixture.run(1000);
    one.disk.isFull = true;
    await expect(fixture.finish(put(one, "x", 2))).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await expect(fixture.finish(putOwn(one, "mine", 2))).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
    await fixture.finish(put(other, "y", 1));
    await fixture.run(30_000);
    expect(one.documents.status().refusal).toContain("full");
    expect(thingsOf(one)).toEqual([{ id: "x", n: 1 }]);
    expect(thingsOf(other)).toEqual([
      { id: "x", n: 1 },
      { id: "y", n: 1 },
    ]);
    expect(thingsOf(other, one)).toEqual([{ id: "mine", n: 1 }]);
    one.disk.isFull = false;
    await fixture.finish(put(one, "x", 3));
    await fixture.run(30_000);
    expect(one.documents.status().refusal).toBeNull();
    expect(thingsOf(one)).toEqual([
      { id: "x", n: 3 },
      { id: "y", n: 1 },
    ]);
    expect(thingsOf(other)).toEqual(thingsOf(one));
    expect(one.log.filter(({ level }) => level === "error")).toHaveLength(1);
  });
});

describe("restarts", () => {
  test("keep the state, alone and all at once", async () => {
    const fixture = new Fixture();
    const peers = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    for (const peer of peers) await fixture.finish(putOwn(peer, "mine", 1));
    await fixture.finish(put(peers[0] as Peer, "x", 1));
    await fixture.run(1000);
    for (const peer of peers) await fixture.end(peer);
    for (const peer of peers) {
      await fixture.begin(peer);
      expect(thingsOf(peer)).toEqual([{ id: "x", n: 1 }]);
      for (const node of peers) expect(thingsOf(peer, node)).toEqual([{ id: "mine", n: 1 }]);
    }
  });

  test("1,000 times do not add authors, nor bytes", { timeout: 60_000 }, async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await put(peer, "x", -1);
    let bytes = 0;
    for (let round = 0; round < 1000; round++) {
      await fixture.end(peer);
      await fixture.begin(peer);
      await put(peer, "x", round);
      await putOwn(peer, "mine", round);
      if (round === 500) bytes = peer.documents.status().nodeBytes;
    }
    // The last writes have made the log long enough to be compacted.
    await fixture.run(10);
    expect(authorsOf(peer)).toBe(1);
    expect(peer.documents.status().nodeBytes).toBeLessThan(bytes + 5000);
    expect(thingsOf(peer)).toEqual([{ id: "x", n: 999 }]);
  });
});

describe("a log", () => {
  test("is compacted, so that its length does not grow with the number of writes", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    for (let n = 0; n < 2500; n++) {
      const writing = put(one, `r${n % 10}`, n);
      if (n % 50 === 0) await fixture.finish(writing);
      else await writing;
    }
    await fixture.run(20_000);
    for (const peer of [one, other]) {
      expect(peer.disk.logs.get("mesh")?.length).toBeLessThanOrEqual(1001);
      expect(thingsOf(peer).map(({ n }) => n)).toEqual(Array.from({ length: 10 }, (_, id) => 2490 + id));
      await fixture.end(peer);
      await fixture.begin(peer);
      expect(thingsOf(peer)).toHaveLength(10);
    }
  });
});

describe("a lost disk", () => {
  test("is filled again by others, the own document too, before anything is written to it", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 1)]));
    await fixture.run(1000);
    fixture.kill(one);
    const entries = one.disk.logs.get("mesh")?.length ?? 0;
    await interfere(one.disk, [{ kind: "append", log: "mesh", entry: new Uint8Array([1, 2, 3]) }]);
    await expect(fixture.begin(one)).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringContaining("--recover"),
    });
    fixture.kill(one);
    await fixture.begin(one, { recover: true });
    expect([...one.disk.asides.keys()]).toEqual([expect.stringMatching(/^damaged-2026-01-01T/)]);
    expect(one.disk.asides.values().next().value?.get("mesh")).toHaveLength(entries + 1);
    expect([one.documents.wasLost, other.documents.wasLost]).toEqual([true, true]);
    const writing = putOwn(one, "new", 2);
    await fixture.connectAll();
    await fixture.finish(writing);
    await fixture.run(15_000);
    const expected = [
      { id: "mine", n: 1 },
      { id: "new", n: 2 },
    ];
    expect(thingsOf(one)).toEqual([{ id: "x", n: 1 }]);
    expect(thingsOf(one, one)).toEqual(expected);
    expect(thingsOf(other, one)).toEqual(expected);
    fixture.kill(one);
    await fixture.begin(one);
    expect(one.documents.wasLost).toBe(false);
  });

  test("does not hold up a peer that finds nobody to ask for ever", async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await put(peer, "x", 1);
    fixture.kill(peer);
    await interfere(peer.disk, [{ kind: "drop", log: "storage" }]);
    await expect(fixture.begin(peer)).rejects.toMatchObject({ code: "DATA_LOSS" });
    fixture.kill(peer);
    await fixture.begin(peer, { recover: true, recoveryMs: 5000 });
    await fixture.finish(put(peer, "y", 1));
    expect(thingsOf(peer)).toEqual([{ id: "y", n: 1 }]);
  });
});

describe("a disk that was set back", () => {
  async function twoPeers() {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 1)]));
    await fixture.finish(putOwn(other, "theirs", 1));
    await fixture.run(1000);
    const copy = one.disk.snapshot();
    for (let n = 2; n < 8; n++) {
      await fixture.finish(Promise.all([put(one, "x", n), putOwn(one, "mine", n)]));
    }
    await fixture.finish(putOwn(one, "later", 1));
    await fixture.run(1000);
    fixture.kill(one);
    one.disk.restore(copy);
    return { fixture, one, other };
  }

  async function expectEqual(
    fixture: Fixture,
    one: Peer,
    other: Peer,
    x: number,
    mine: number,
  ): Promise<void> {
    await fixture.run(40_000);
    expect(thingsOf(one)).toEqual([{ id: "x", n: x }]);
    expect(thingsOf(one, one)).toEqual([
      { id: "later", n: 1 },
      { id: "mine", n: mine },
    ]);
    expect(thingsOf(other)).toEqual(thingsOf(one));
    expect(thingsOf(other, one)).toEqual(thingsOf(one, one));
    // And both go on.
    await fixture.finish(Promise.all([put(one, "x", 50), putOwn(one, "mine", 50)]));
    await fixture.run(1000);
    expect(thingsOf(other)).toEqual([{ id: "x", n: 50 }]);
    expect(thingsOf(other, one)).toEqual([
      { id: "later", n: 1 },
      { id: "mine", n: 50 },
    ]);
  }

  test("gets its own writing back when it has not written since", async () => {
    const { fixture, one, other } = await twoPeers();
    await fixture.begin(one);
    await fixture.connectAll();
    await expectEqual(fixture, one, other, 7, 7);
  });

  test("waits for the others before it writes, when there are others", async () => {
    const { fixture, one, other } = await twoPeers();
    await fixture.begin(one);
    const writing = Promise.all([put(one, "x", 20), putOwn(one, "mine", 20)]);
    await fixture.connectAll();
    await fixture.finish(writing);
    // In time: there was nothing to set right.
    expect(one.log).toEqual([]);
    await expectEqual(fixture, one, other, 20, 20);
  });

  test("goes on in a new epoch when it has written alone", async () => {
    const { fixture, one, other } = await twoPeers();
    await fixture.begin(one);
    await fixture.finish(Promise.all([put(one, "x", 20), putOwn(one, "mine", 20)]));
    await fixture.connectAll();
    await fixture.run(20_000);
    expect(one.log.map(({ message }) => message)).toContainEqual(expect.stringContaining("was set back"));
    await expectEqual(fixture, one, other, 20, 20);
  });

  test.each([6, 7, 12])(
    "finds out also when it has written %i times alone, as often as was lost or more",
    async (times) => {
      const { fixture, one, other } = await twoPeers();
      await fixture.begin(one);
      for (let n = 21 - times; n <= 20; n++) {
        await fixture.finish(Promise.all([put(one, "x", n), putOwn(one, "mine", n)]));
      }
      await fixture.connectAll();
      await fixture.run(20_000);
      expect(one.log.map(({ message }) => message)).toContainEqual(expect.stringContaining("was set back"));
      await expectEqual(fixture, one, other, 20, 20);
    },
  );
});

describe("a node's own document", () => {
  test("is replaced when tombstones outweigh its content, and stays as small as what is in it", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    const changes: string[] = [];
    other.documents
      .node(one.id)
      .collection(things)
      .observe((heard) => changes.push(...heard.map(({ id, value }) => `${id}=${value?.n}`)));
    for (let n = 0; n < 2000; n++) {
      const id = `r${n % 20}`;
      await fixture.finish(
        n % 3 === 0 ? one.documents.own.collection(things).delete(id) : putOwn(one, id, n),
      );
    }
    await fixture.run(15_000);
    expect(one.documents.status().nodeBytes).toBeLessThan(10_000);
    expect(one.documents.status().meshBytes).toBeLessThan(40_000);
    expect(thingsOf(other, one)).toEqual(thingsOf(one, one));
    expect(thingsOf(one, one).length).toBeGreaterThan(10);
    expect([...other.disk.logs.keys()].filter((log) => log.includes(one.id))).toHaveLength(1);
    expect([...one.disk.logs.keys()].filter((log) => log.includes(one.id))).toHaveLength(1);
    // A switch of documents by itself is no change of any record.
    expect(changes.length).toBeLessThanOrEqual(2000);
    expect(changes.at(-1)).toBe("r19=1999");
  });
});

describe("messages that are not ours", () => {
  test("are skipped: random bytes, foreign headers, other authors' updates, lists, too large ones", async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await put(peer, "x", 1);
    const stranger = fixture.network.createPeer("node-stranger", {
      addressBook: new AddressBook(),
      logger: silentLogger,
    });
    await stranger.network.start(new AbortController().signal);
    await fixture.finish(stranger.network.dial({ addresses: [fixture.network.addressOf(peer.id)] }, 1000));
    const epoch = "0123456789abcdef";
    const doc = new Y.Doc();
    doc.clientID = meshClient("node-stranger", epoch);
    doc.getMap("things").set("evil", new Y.Map());
    const nested = Y.encodeStateAsUpdate(doc);
    const foreign = new Y.Doc();
    foreign.getMap("things").set("x", { id: "x", n: 666 });
    const update = Y.encodeStateAsUpdate(foreign);
    const payloads = [
      new Uint8Array(),
      new Uint8Array([255, 255, 255, 255, 1]),
      Buffer.from("hello, this is no frame"),
      encodeFrame({ kind: "mesh", epoch }, [update]),
      encodeFrame({ kind: "mesh", epoch }, [nested]),
      encodeFrame({ kind: "mesh", epoch }, [new Uint8Array(1000).fill(255)]),
      encodeFrame({ kind: "mesh", epoch: "__proto__" }, [update]),
      encodeFrame({ kind: "node", guid: `${epoch}-1` }, [update]),
      encodeFrame({ kind: "node", guid: "constructor" }, [update]),
      encodeFrame({ kind: "mesh", epoch }, []),
      encodeFrame([1, 2], [update, update]),
    ];
    for (const payload of payloads) {
      await stranger.gossip.publish(UPDATE_TOPIC, payload);
      await fixture.run(5000);
      for (const method of ["document.sync"]) {
        const asking = stranger.network.request(peer.id, method, payload, { timeoutMs: 1000 });
        await expect(fixture.finish(asking)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    }
    expect(thingsOf(peer)).toEqual([{ id: "x", n: 1 }]);
    expect(peer.documents.status().documents).toBe(1);
    expect(peer.log.filter(({ message }) => message.includes("Skipped"))).toHaveLength(1);
    await fixture.finish(put(peer, "x", 2));
    expect(thingsOf(peer)).toEqual([{ id: "x", n: 2 }]);
  });
});
