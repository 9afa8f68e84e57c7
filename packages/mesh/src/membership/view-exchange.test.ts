import { silentLogger } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { AddressBook } from "../address-book.ts";
import { openGate } from "../gate/gate.ts";
import { decodeJson, encodeJson } from "../json-payload.ts";
import type { MemberUpdate } from "./member.ts";
import { SimulatedMesh, stateOf } from "./simulated-mesh.ts";
import { ALL_BUCKETS, about, reportOf } from "./swim.fixture.ts";
import { ViewDigest } from "./view-digest.ts";

const ASKER = "asker-000";

/** One member, and somebody who asks it by hand. */
async function begin() {
  const mesh = await SimulatedMesh.of(1, 31);
  const member = mesh.get(0);
  const addressBook = new AddressBook();
  const { network } = mesh.hub.createPeer(ASKER, { addressBook, gate: openGate, logger: silentLogger });
  await network.start(new AbortController().signal);
  addressBook.add(member.id, [mesh.hub.addressOf(member.id)]);
  let bytes = 0;
  const ask = async (method: string, question: object) => {
    const payload = encodeJson({ report: reportOf(ASKER), ...question });
    const request = network.request(member.id, `membership.${method}`, payload, { timeoutMs: 1_000 });
    await mesh.clock.advance(100);
    const answer = await request;
    bytes += payload.byteLength + answer.byteLength;
    return decodeJson(answer) as { buckets: string[] | null; updates: MemberUpdate[] };
  };
  return { mesh, member, ask, bytes: () => bytes };
}

const claims = (count: number) =>
  Array.from({ length: count }, (_, number) => about(`claimed-${number}`, "alive"));

function digestOf(updates: readonly MemberUpdate[]): ViewDigest {
  const digest = new ViewDigest();
  for (const update of updates) digest.set(update);
  return digest;
}

describe("An exchange of views", () => {
  it("tells each of the two what it did not know, and nothing that both know", async () => {
    const { member, ask } = await begin();
    const common = claims(50);
    await ask("sync", { buckets: ALL_BUCKETS, updates: common });
    const mine = about("mine-0000", "alive");
    const theirs = about("theirs-00", "alive");
    await ask("sync", { buckets: [], updates: [theirs] });
    const digest = digestOf([...common, mine]);
    const { buckets } = await ask("compare", { digest: digest.total(member.id) });
    const ours = digest.buckets(member.id);
    const differing = ALL_BUCKETS.filter((bucket) => ours[bucket] !== buckets?.[bucket]);
    expect(differing.length).toBeLessThanOrEqual(2);
    const updates = [...common, mine].filter(({ id }) => differing.includes(digest.bucketOf(id) as number));
    const answer = await ask("sync", { buckets: differing, updates });
    expect(answer.updates).toEqual([theirs]);
    expect(stateOf(member, mine.id)).toBe("alive");
  });

  it("tells what is believed otherwise", async () => {
    const { ask } = await begin();
    await ask("sync", { buckets: [], updates: claims(3) });
    const newer = about("claimed-1", "alive", { incarnation: 4 });
    await ask("sync", { buckets: [], updates: [newer] });
    const answer = await ask("sync", { buckets: ALL_BUCKETS, updates: claims(3) });
    expect(answer.updates).toEqual([newer]);
  });

  it("costs peers that agree the same in a mesh of ten and of a thousand", async () => {
    const costs: number[] = [];
    for (const count of [10, 1_000]) {
      const { member, ask, bytes } = await begin();
      await ask("sync", { buckets: [], updates: claims(count) });
      const before = bytes();
      const digest = digestOf(claims(count)).total(member.id);
      expect((await ask("compare", { digest })).buckets).toBeNull();
      costs.push(bytes() - before);
    }
    expect(costs[0]).toBe(costs[1]);
    expect(costs[0]).toBeLessThan(500);
  });
});
