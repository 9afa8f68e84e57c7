import { describe, expect, it } from "vitest";
import { Fixture, type FixturePeer } from "./nodes.fixture.ts";

const IDS = ["peer-aaaa1", "peer-bbbb2", "peer-cccc3", "peer-dddd4"] as const;

describe("a peer that starts again", () => {
  it("takes those that were dead before for no partition, and does not tell of their deaths again", async () => {
    const fixture = new Fixture();
    for (const id of IDS) await fixture.add(id);
    await fixture.connectAll();
    await fixture.run(10_000);
    for (const id of IDS.slice(2)) fixture.hub.kill(id);
    await fixture.run(60_000);
    const [one] = fixture.peers as [FixturePeer];
    expect(one.nodes.mesh().partition?.unreachable).toHaveLength(2);
    fixture.hub.kill(IDS[0]);
    one.disk.kill();
    const again = await fixture.add(IDS[0], { disk: one.disk });
    void again.network.dial({ addresses: [fixture.hub.addressOf(IDS[1])] }, 1_000);
    await fixture.run(60_000);
    expect(again.nodes.mesh()).toMatchObject({ counts: { alive: 2, dead: 2 }, partition: null });
    expect(again.told("mesh.partition.suspected")).toEqual([]);
    expect(again.told("cluster.node.failed").filter(({ source }) => source === again.id)).toEqual([]);
    // Of whom it sees die itself it tells.
    fixture.hub.kill(IDS[1]);
    await fixture.run(10_000);
    const told = again.told("cluster.node.failed").filter(({ source }) => source === again.id);
    expect(told.map(({ node }) => node)).toEqual([IDS[1]]);
  });
});
