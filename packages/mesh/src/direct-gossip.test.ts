import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { AddressBook } from "./address-book.ts";
import { DirectGossip } from "./direct-gossip.ts";
import { type GossipMessage, MAX_GOSSIP_BYTES } from "./network.ts";
import { SimulatedNetwork } from "./simulated/index.ts";

const IDS = ["peer-aaaa", "peer-bbbb", "peer-cccc"];

/** Three peers of which each pair in `links` is connected. */
async function mesh(links: readonly (readonly [number, number])[]) {
  const clock = new VirtualClock();
  const hub = new SimulatedNetwork({ clock, random: seededRandom(1) }, { latencyMs: 2 });
  const peers = IDS.map((id) => {
    const addressBook = new AddressBook();
    for (const other of IDS) addressBook.add(other, [hub.addressOf(other)]);
    const process = hub.createPeer(id, { addressBook, logger: silentLogger });
    const gossiped: string[] = [];
    const gossip = {
      publish: (topic: string, payload: Uint8Array) => {
        gossiped.push(topic);
        return process.gossip.publish(topic, payload);
      },
      subscribe: process.gossip.subscribe.bind(process.gossip),
    };
    const direct = new DirectGossip({
      network: process.network,
      gossip,
      logger: silentLogger,
      alive: () => IDS,
    });
    const heard: GossipMessage[] = [];
    direct.subscribe("metrics", (message) => heard.push(message));
    return { ...process, direct, heard, gossiped };
  });
  for (const { network } of peers) await network.start(new AbortController().signal);
  for (const [from, to] of links) void peers[from]?.network.dial({ peer: IDS[to] ?? "" }, 1_000);
  await clock.advance(100);
  const [one, two, three] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]];
  return { clock, hub, one, two, three };
}

const full = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;
const payload = new TextEncoder().encode("21 degrees");

describe("DirectGossip", () => {
  it("sends straight to everybody while it is connected to everybody", async () => {
    const { clock, one, two, three } = await mesh(full);
    await one.direct.publish("metrics", payload);
    await clock.advance(100);
    expect(one.heard).toEqual([]);
    expect(two.heard).toEqual([{ from: IDS[0], payload }]);
    expect(three.heard).toEqual([{ from: IDS[0], payload }]);
    expect(one.gossiped).toEqual([]);
  });

  it("gossips when somebody who is alive is not connected, so that it arrives all the same, once", async () => {
    const { clock, one, two, three } = await mesh([
      [0, 1],
      [1, 2],
    ]);
    await one.direct.publish("metrics", payload);
    await clock.advance(2_000);
    expect(one.gossiped).toEqual(["metrics"]);
    expect(two.heard).toHaveLength(1);
    expect(three.heard).toHaveLength(1);
  });

  it("goes on when a peer does not answer", async () => {
    const { clock, hub, one, two } = await mesh(full);
    hub.pause(IDS[2] ?? "");
    for (let count = 0; count < 3; count++) {
      await one.direct.publish("metrics", payload);
      await clock.advance(1_000);
    }
    expect(two.heard).toHaveLength(3);
  });

  it("refuses what is too large for gossip, whichever way it would go", async () => {
    const { one } = await mesh(full);
    await expect(one.direct.publish("metrics", new Uint8Array(MAX_GOSSIP_BYTES + 1))).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
  });

  it("hears nothing more after it unsubscribed", async () => {
    const { clock, one, two } = await mesh(full);
    const heard: GossipMessage[] = [];
    two.direct.subscribe("other", (message) => heard.push(message))();
    await one.direct.publish("other", payload);
    await clock.advance(100);
    expect(heard).toEqual([]);
  });
});
