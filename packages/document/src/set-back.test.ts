import { expect, test } from "vitest";
import { Fixture, type Peer, things, thingsOf } from "./documents.fixture.ts";

/** Peers whose card was put back to an old copy, and that wrote alone before they met anybody. */

const OPTIONS = { overheadBytes: 100 };
const put = (peer: Peer, id: string, n: number) => peer.documents.mesh.collection(things).put(id, { id, n });
const putOwn = (peer: Peer, id: string, n: number) =>
  peer.documents.own.collection(things).put(id, { id, n });
const inOrder = (peer: Peer, node?: Peer) =>
  [...thingsOf(peer, node)].sort((one, other) => (one.id < other.id ? -1 : 1));
const generationOf = (peer: Peer) =>
  Number(
    [...peer.disk.logs.keys()]
      .find((log) => log.startsWith(`node/${peer.id}`))
      ?.split("-")
      .at(-1),
  );

/**
 * Two peers, connected, of which the first wrote so many times into its own document since the copy was made, and is
 * stopped with the copy in its place.
 */
async function setBack(times: number) {
  const fixture = new Fixture();
  const [one, other] = [await fixture.add("a", OPTIONS), await fixture.add("b")];
  await fixture.connectAll();
  await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 1)]));
  await fixture.finish(putOwn(other, "theirs", 1));
  await fixture.run(1000);
  const copy = one.disk.snapshot();
  await fixture.finish(putOwn(one, "kept", 1));
  for (let n = 2; n < times; n++) await fixture.finish(putOwn(one, n % 2 === 0 ? "mine" : "y", n));
  await fixture.run(15_000);
  fixture.kill(one);
  const generation = generationOf(one);
  one.disk.restore(copy);
  return { fixture, one, other, generation };
}

async function meet(fixture: Fixture, one: Peer, other: Peer): Promise<void> {
  await fixture.connectAll();
  await fixture.run(40_000);
  expect(inOrder(one)).toEqual(inOrder(other));
  expect(inOrder(one, one)).toEqual(inOrder(other, one));
}

test.each([10, 100, 400, 1000])(
  "what was lost comes back, newer values too, when it wrote %i times alone, in as many generations as that takes",
  async (times) => {
    const { fixture, one, other, generation } = await setBack(400);
    expect(generation).toBeGreaterThan(10);
    await fixture.begin(one, OPTIONS);
    for (let n = 0; n < times; n++) await fixture.finish(putOwn(one, n % 2 === 0 ? "z" : "w", n));
    if (times >= 100) expect(generationOf(one)).toBeGreaterThan(1);
    await meet(fixture, one, other);
    expect(inOrder(one, one)).toEqual([
      { id: "kept", n: 1 },
      { id: "mine", n: 398 },
      { id: "w", n: times - 1 },
      { id: "y", n: 399 },
      { id: "z", n: times - 2 },
    ]);
  },
);

test.each([2, 6, 12])(
  "what was lost comes back when it was restarted after it had written %i times alone, and what it wrote then stays",
  async (times) => {
    const { fixture, one, other } = await setBack(8);
    await fixture.begin(one, OPTIONS);
    for (let n = 0; n < times; n++) {
      await fixture.finish(Promise.all([putOwn(one, "z", n), put(one, "q", n)]));
    }
    await fixture.end(one);
    await fixture.begin(one, OPTIONS);
    fixture.kill(one);
    await fixture.begin(one, OPTIONS);
    await meet(fixture, one, other);
    expect(inOrder(one, one)).toEqual([
      { id: "kept", n: 1 },
      { id: "mine", n: 6 },
      { id: "y", n: 7 },
      { id: "z", n: times - 1 },
    ]);
    expect(inOrder(one)).toEqual([
      { id: "q", n: times - 1 },
      { id: "x", n: 1 },
    ]);
  },
);

test("what was checked once is not doubted at the next start", async () => {
  const { fixture, one, other } = await setBack(8);
  await fixture.begin(one, OPTIONS);
  await fixture.finish(put(one, "q", 1));
  await meet(fixture, one, other);
  const storage = () => Buffer.concat([...(one.disk.logs.get("storage") ?? [])]).toString();
  const checked = storage();
  expect(checked).not.toContain("unchecked");
  await fixture.end(one);
  await fixture.finish(put(other, "q", 2));
  await fixture.begin(one, OPTIONS);
  await meet(fixture, one, other);
  expect(inOrder(one)).toContainEqual({ id: "q", n: 2 });
  expect(storage()).toBe(checked);
});

test.each([1, 2, 3, 4, 5, 6])(
  "a peer that has lost its store and wrote before it met anybody has its own document back, with SEED=%i",
  async (seed) => {
    const fixture = new Fixture(seed);
    const [one, other] = [await fixture.add("a"), await fixture.add("b")];
    await fixture.connectAll();
    await fixture.finish(Promise.all([put(one, "x", 1), putOwn(one, "mine", 1), putOwn(one, "kept", 1)]));
    await fixture.run(15_000);
    fixture.kill(one);
    const { files } = one.disk.snapshot();
    one.disk.wipe();
    one.disk.restore({ content: one.disk.snapshot().content, files });
    await fixture.begin(one);
    fixture.kill(one);
    await fixture.begin(one);
    await fixture.finish(Promise.all([put(one, "y", 1), putOwn(one, "mine", 2)]));
    if (seed % 2 === 0) {
      await fixture.end(one);
      await fixture.begin(one);
    }
    await meet(fixture, one, other);
    expect(inOrder(one, one)).toEqual([
      { id: "kept", n: 1 },
      { id: "mine", n: 2 },
    ]);
    expect(inOrder(one)).toHaveLength(2);
  },
);
