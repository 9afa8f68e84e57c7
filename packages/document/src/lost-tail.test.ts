import { randomInteger, seededRandom, type UnsyncedPage } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { authorsOf, CLOCKS, Fixture, type Peer, things, thingsOf } from "./documents.fixture.ts";
import type { DiskSnapshot } from "./store/simulated-disk.ts";
import { SimulatedFile } from "./store/simulated-file.ts";

/** Stores that have lost the newest of what they acknowledged, as LevelDB does when the end of its log is damaged. */

const put = (peer: Peer, id: string, n: number) => peer.documents.mesh.collection(things).put(id, { id, n });
const putOwn = (peer: Peer, id: string, n: number) =>
  peer.documents.own.collection(things).put(id, { id, n });
const putBoth = (peer: Peer, id: string, n: number) => Promise.all([put(peer, id, n), putOwn(peer, id, n)]);

/** Takes what was written into the store since; what is beside the store stays. */
function loseSince(peer: Peer, then: DiskSnapshot): void {
  peer.disk.restore({ content: then.content, files: peer.disk.snapshot().files });
}

const tellsOfLoss = (peer: Peer) =>
  peer.log.filter(({ message }) => message.includes("has lost writes")).length;

/** All that a peer shows, of all documents. */
function shownBy(peer: Peer, peers: readonly Peer[]): string {
  return JSON.stringify([thingsOf(peer), ...peers.map((node) => thingsOf(peer, node))]);
}

function expectEqual(peers: readonly Peer[]): void {
  const [first, ...others] = peers.map((peer) => shownBy(peer, peers));
  for (const other of others) expect(other).toBe(first);
}

/**
 * Three peers, of which the first loses six writes to either document that the second has, and the third has not.
 *
 * @param overwrites whether it loses a seventh that overwrites something, which others notice more easily
 */
async function threePeers({ overwrites }: { overwrites: boolean }) {
  const fixture = new Fixture();
  const peers = [await fixture.add("a"), await fixture.add("b"), await fixture.add("c")] as const;
  const [one, other, third] = peers;
  await fixture.connectAll();
  await fixture.finish(putBoth(one, "x", 1));
  await fixture.run(15_000);
  const copy = one.disk.snapshot();
  fixture.kill(third);
  await fixture.run(30_000);
  for (let n = 2; n < 8; n++) await fixture.finish(putBoth(one, `lost-${n}`, n));
  if (overwrites) await fixture.finish(putBoth(one, "x", 2));
  await fixture.run(1000);
  fixture.kill(one);
  return { fixture, peers, one, other, third, copy };
}

const newOf = (peer: Peer, node?: Peer) => thingsOf(peer, node).filter(({ id }) => id.startsWith("new-"));

describe("a peer whose store has lost acknowledged writes", () => {
  test.each([1, 6, 7, 20])(
    "may meet first one who lacks them, too, and write %i times: all agree in the end, with all that was ever in the mesh document",
    async (times) => {
      const { fixture, peers, one, other, third, copy } = await threePeers({ overwrites: false });
      fixture.kill(other);
      loseSince(one, copy);
      await fixture.begin(third);
      await fixture.begin(one);
      await fixture.connect(one, third);
      for (let n = 0; n < times; n++) await fixture.finish(putBoth(one, `new-${n}`, n));
      await fixture.begin(other);
      await fixture.connectAll();
      await fixture.run(60_000);
      expectEqual(peers);
      expect(tellsOfLoss(one)).toBe(1);
      expect(thingsOf(one)).toHaveLength(1 + 6 + times);
      expect(newOf(other)).toHaveLength(times);
      expect(newOf(other, one)).toHaveLength(times);
    },
  );

  test("may be restarted again before it writes", async () => {
    const { fixture, peers, one, other, third, copy } = await threePeers({ overwrites: false });
    fixture.kill(other);
    loseSince(one, copy);
    await fixture.begin(third);
    for (let start = 0; start < 3; start++) {
      await fixture.begin(one);
      fixture.kill(one);
    }
    await fixture.begin(one);
    await fixture.connect(one, third);
    await fixture.finish(putBoth(one, "new-1", 1));
    await fixture.begin(other);
    await fixture.connectAll();
    await fixture.run(60_000);
    expectEqual(peers);
    expect(tellsOfLoss(one)).toBe(1);
    expect(thingsOf(one)).toHaveLength(1 + 6 + 1);
    expect(newOf(other, one)).toHaveLength(1);
  });

  test("has them back from whoever has them, those of its own document too", async () => {
    const { fixture, peers, one, copy } = await threePeers({ overwrites: true });
    loseSince(one, copy);
    await fixture.begin(one);
    expect(one.documents.wasLost).toBe(true);
    const writing = putBoth(one, "new-1", 1);
    await fixture.connectAll();
    await fixture.finish(writing);
    await fixture.run(20_000);
    expectEqual(peers.slice(0, 2));
    for (const shown of [thingsOf(one), thingsOf(one, one)]) {
      expect(shown).toHaveLength(1 + 6 + 1);
      expect(shown).toContainEqual({ id: "x", n: 2 });
    }
  });

  test("has them back also when it has written alone by then, except for what it has written since", async () => {
    const { fixture, peers, one, copy } = await threePeers({ overwrites: true });
    loseSince(one, copy);
    await fixture.begin(one);
    await fixture.finish(putBoth(one, "lost-3", 30));
    await fixture.connectAll();
    await fixture.run(20_000);
    expectEqual(peers.slice(0, 2));
    expect(thingsOf(one, one)).toEqual([
      ...[2, 3, 4, 5, 6, 7].map((n) => ({ id: `lost-${n}`, n: n === 3 ? 30 : n })),
      { id: "x", n: 2 },
    ]);
    expect(thingsOf(one)).toHaveLength(1 + 6);
    await fixture.finish(putBoth(one, "x", 3));
    await fixture.run(1000);
    expectEqual(peers.slice(0, 2));
  });

  test("has back what was written since it began another generation of its own document", async () => {
    const fixture = new Fixture();
    const [one, other] = [await fixture.add("a", { overheadBytes: 100 }), await fixture.add("b")];
    const generations = () => [...one.disk.logs.keys()].filter((log) => log.startsWith("node/node-a"));
    await fixture.connectAll();
    await fixture.finish(putBoth(one, "x", 1));
    await fixture.run(1000);
    const copy = one.disk.snapshot();
    const before = generations();
    for (let n = 2; n < 400; n++) await fixture.finish(putOwn(one, n % 2 === 0 ? "x" : "y", n));
    await fixture.run(1000);
    fixture.kill(one);
    expect(generations()).not.toEqual(before);
    loseSince(one, copy);
    expect(generations()).toEqual(before);
    await fixture.begin(one);
    await fixture.connectAll();
    await fixture.run(20_000);
    expect(thingsOf(one, one)).toEqual([
      { id: "x", n: 398 },
      { id: "y", n: 399 },
    ]);
    expectEqual([one, other]);
  });

  test("does not take an old copy of its card for that", async () => {
    const { fixture, one, copy } = await threePeers({ overwrites: true });
    one.disk.restore(copy);
    await fixture.begin(one);
    expect(tellsOfLoss(one)).toBe(0);
  });
});

describe("restarts that lose nothing", () => {
  test("1,000 kills in the midst of writes add no epoch and no author", { timeout: 60_000 }, async () => {
    const seed = Number(process.env["SEED"] ?? 1);
    const random = seededRandom(seed);
    const fixture = new Fixture(seed);
    const peer = await fixture.add("a");
    peer.disk.writeDelay = { minimumMs: 1, spreadMs: 10 };
    const storage = () => Buffer.concat([...(peer.disk.logs.get("storage") ?? [])]).toString();
    const epoch = storage();
    for (let round = 0; round < 1000; round++) {
      void putBoth(peer, "x", round);
      await fixture.run(random.next() * 20);
      void putBoth(peer, "y", round);
      await fixture.run(random.next() * 20);
      if (random.next() < 0.2) peer.disk.cutPower();
      fixture.kill(peer);
      const beginning = fixture.begin(peer);
      await fixture.finish(beginning);
    }
    expect(tellsOfLoss(peer), `with SEED=${seed}`).toBe(0);
    expect(storage()).toBe(epoch);
    expect(authorsOf(peer)).toBe(1);
  });

  test("a kill between the store and the page leaves the page behind, and costs nothing", async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await fixture.finish(putBoth(peer, "x", 1));
    for (let round = 2; round < 10; round++) {
      fixture.kill(peer);
      const file = new SimulatedFile(peer, { name: CLOCKS });
      let isCut = false;
      const clockPage: UnsyncedPage = {
        read: () => file.read(),
        write: (bytes) => (isCut ? new Promise<void>(() => undefined) : file.write(bytes)),
        close: () => file.close(),
      };
      await fixture.begin(peer, {}, { clockPage });
      isCut = true;
      let isAcknowledged = false;
      void put(peer, "x", round).then(() => {
        isAcknowledged = true;
      });
      await fixture.run(1000);
      expect(isAcknowledged).toBe(false);
    }
    fixture.kill(peer);
    await fixture.begin(peer);
    expect(thingsOf(peer)).toEqual([{ id: "x", n: 9 }]);
    expect(tellsOfLoss(peer)).toBe(0);
    expect(authorsOf(peer)).toBe(1);
  });

  test("a store that was made anew in the place of a lost one counts as new, whatever the page says", async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await fixture.finish(putBoth(peer, "x", 1));
    fixture.kill(peer);
    const { files } = peer.disk.snapshot();
    peer.disk.wipe();
    peer.disk.restore({ content: peer.disk.snapshot().content, files });
    for (let start = 0; start < 3; start++) {
      await fixture.begin(peer);
      await fixture.finish(putBoth(peer, "y", start));
      fixture.kill(peer);
      // As a power cut does that comes before anything of the page is on the disk.
      peer.disk.restore({ content: peer.disk.snapshot().content, files });
    }
    expect(tellsOfLoss(peer)).toBe(0);
    expect(authorsOf(peer)).toBe(1);
  });
});

describe("the page of clocks", () => {
  test("that cannot be read or written holds nothing up, and is told of once", async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await fixture.finish(putBoth(peer, "x", 1));
    fixture.kill(peer);
    const refuse = () => Promise.reject(new Error("EIO"));
    await fixture.begin(
      peer,
      {},
      { clockPage: { read: refuse, write: refuse, close: async () => undefined } },
    );
    for (let n = 2; n < 5; n++) await fixture.finish(putBoth(peer, "x", n));
    expect(thingsOf(peer)).toEqual([{ id: "x", n: 4 }]);
    expect(peer.log.map(({ message }) => message)).toEqual([
      expect.stringContaining("Cannot read how far"),
      expect.stringContaining("Cannot write down how far"),
    ]);
  });

  test("that is torn, or of somebody else, counts as none", async () => {
    const fixture = new Fixture();
    const peer = await fixture.add("a");
    await fixture.finish(putBoth(peer, "x", 1));
    for (const text of ["00000000 2\n{}", "hello", '1e0a6a6c 2\n{"']) {
      fixture.kill(peer);
      await new SimulatedFile(peer, { name: CLOCKS }).write(Buffer.from(text));
      await fixture.begin(peer);
      await fixture.finish(putBoth(peer, "x", 2));
    }
    expect(peer.log).toEqual([]);
    expect(authorsOf(peer)).toBe(1);
  });
});

describe("peers", () => {
  const seeds =
    process.env["SEED"] === undefined
      ? Array.from({ length: 12 }, (_, n) => n + 1)
      : [Number(process.env["SEED"])];

  test.each(seeds)(
    "agree in the end whatever was stopped, killed, cut or lost, with SEED=%i",
    async (seed) => {
      const fixture = new Fixture(seed);
      const random = seededRandom(seed);
      for (const name of ["a", "b", "c"]) await fixture.add(name, { overheadBytes: 100 });
      const { peers } = fixture;
      await fixture.connectAll();
      await Promise.all(peers.map((peer) => fixture.finish(putBoth(peer, "x", 0))));
      await fixture.run(15_000);
      const copies = new Map(peers.map((peer) => [peer, peer.disk.snapshot()]));
      const away = new Set<Peer>();
      const one = () => peers[randomInteger(random, peers.length)] as Peer;
      const leave = async (peer: Peer, how: number) => {
        if (away.has(peer)) return;
        away.add(peer);
        if (how === 0) return fixture.end(peer);
        fixture.kill(peer);
        if (how === 1) peer.disk.cutPower();
        else if (how === 2) loseSince(peer, copies.get(peer) as DiskSnapshot);
        return undefined;
      };
      const come = async (peer: Peer) => {
        if (!away.delete(peer)) return;
        await fixture.begin(peer, { overheadBytes: 100 });
      };
      for (let step = 0; step < 120; step++) {
        const peer = one();
        const id = `r${randomInteger(random, 6)}`;
        switch (randomInteger(random, 8)) {
          case 0:
            await leave(peer, randomInteger(random, 4));
            break;
          case 1:
          case 2:
            await come(peer);
            break;
          case 3:
            if (!away.has(peer))
              for (const other of peers)
                if (other !== peer && !away.has(other)) await fixture.connect(peer, other);
            break;
          case 4:
            copies.set(peer, peer.disk.snapshot());
            break;
          default:
            if (!away.has(peer))
              await fixture.finish(
                randomInteger(random, 2) === 0 ? put(peer, id, step) : putOwn(peer, id, step),
              );
        }
        await fixture.run(randomInteger(random, 3000));
      }
      for (const peer of peers) await come(peer);
      await fixture.connectAll();
      await fixture.run(60_000);
      expectEqual(peers);
      await Promise.all(peers.map((peer) => fixture.finish(putBoth(peer, "last", 1))));
      await fixture.run(60_000);
      expectEqual(peers);
      expect(thingsOf(peers[0] as Peer)).toContainEqual({ id: "last", n: 1 });
    },
  );
});
