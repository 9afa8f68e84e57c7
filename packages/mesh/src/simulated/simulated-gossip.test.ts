import { describe, expect, it } from "vitest";
import { GOSSIP_OVERHEAD_BYTES } from "./parcel.ts";
import { SimulatedWire, type TestProcess, wireId } from "./simulated.fixture.ts";

const PAYLOAD = new Uint8Array(100);

function listen(processes: readonly TestProcess[], heard: string[]): void {
  for (const { gossip, id } of processes) gossip.subscribe("news", () => heard.push(id));
}

/** Peers in a line: each is connected to the next one only. */
async function line(count: number, conditions = {}) {
  const wire = new SimulatedWire(1, { latencyMs: 10, ...conditions });
  const peers = await wire.startMany(count);
  for (const [index, peer] of peers.entries()) if (index > 0) wire.dial(peer, wireId(index - 1));
  await wire.clock.advance(200);
  const heard: string[] = [];
  listen(peers, heard);
  return { wire, peers, heard };
}

/** Each connected to some that a seed picks, all of them together. */
async function mesh(count: number, degree: number, seed: number, conditions = {}) {
  const wire = new SimulatedWire(seed, { latencyMs: 10, latencySpreadMs: 5, ...conditions });
  const peers = await wire.startMany(count);
  for (const [index, peer] of peers.entries()) {
    wire.dial(peer, wireId((index + 1) % count));
    for (let link = 1; link < degree / 2; link++) {
      wire.dial(peer, wireId((index + 1 + Math.floor(wire.random.next() * (count - 1))) % count));
    }
  }
  await wire.clock.advance(500);
  const heard: string[] = [];
  listen(peers, heard);
  return { wire, peers, heard };
}

describe("gossip over a simulated network", () => {
  it("takes a hop at a time", async () => {
    const { wire, peers, heard } = await line(4);
    void peers[0]?.gossip.publish("news", PAYLOAD);
    const after: number[] = [];
    for (let hop = 0; hop < 4; hop++) {
      await wire.clock.advance(10);
      after.push(heard.length);
    }
    expect(after).toEqual([1, 2, 3, 3]);
  });

  it("goes no further than one that is paused until that goes on", async () => {
    const { wire, peers, heard } = await line(4);
    wire.hub.pause(wireId(2));
    void peers[0]?.gossip.publish("news", PAYLOAD);
    await wire.clock.advance(5_000);
    expect(heard).toEqual([wireId(1)]);
    wire.hub.resume(wireId(2));
    await wire.clock.advance(20);
    expect(heard).toEqual([wireId(1), wireId(2), wireId(3)]);
  });

  it("goes no further than one that is killed before it arrives", async () => {
    const { wire, peers, heard } = await line(4);
    void peers[0]?.gossip.publish("news", PAYLOAD);
    await wire.clock.advance(15);
    wire.hub.kill(wireId(2));
    await wire.clock.advance(5_000);
    expect(heard).toEqual([wireId(1)]);
  });

  it("is stopped by a cut that comes meanwhile, and offered again when that was short", async () => {
    const { wire, peers, heard } = await line(4);
    void peers[0]?.gossip.publish("news", PAYLOAD);
    await wire.clock.advance(15);
    const mend = wire.hub.cut(wireId(2), wireId(3));
    await wire.clock.advance(500);
    expect(heard).toEqual([wireId(1), wireId(2)]);
    mend();
    await wire.clock.advance(1_000);
    expect(heard).toEqual([wireId(1), wireId(2), wireId(3)]);
  });

  it.each([
    { count: 40, degree: 4, seed: 1 },
    { count: 100, degree: 32, seed: 2 },
    { count: 200, degree: 12, seed: 3 },
  ])("reaches all $count with $degree links each, once (seed $seed)", async ({ count, degree, seed }) => {
    const { wire, peers, heard } = await mesh(count, degree, seed);
    for (let message = 0; message < 5; message++) {
      heard.length = 0;
      void peers[message * 7]?.gossip.publish("news", PAYLOAD);
      await wire.clock.advance(3_000);
      expect(new Set(heard).size).toBe(count - 1);
      expect(heard.length).toBe(count - 1);
    }
  });

  it("reaches all though a fifth of the copies is lost and a fifth comes twice (seed 4)", async () => {
    const { wire, peers, heard } = await mesh(50, 16, 4, { lossFraction: 0.2, duplicateFraction: 0.2 });
    void peers[0]?.gossip.publish("news", PAYLOAD);
    await wire.clock.advance(3_000);
    expect(heard.toSorted()).toEqual(peers.slice(1).map(({ id }) => id));
  });

  it("costs a few copies for each that hears it, not one for each link", async () => {
    const { wire, peers } = await mesh(100, 40, 5);
    void peers[0]?.gossip.publish("news", PAYLOAD);
    await wire.clock.advance(3_000);
    const copies = peers.map(({ id }) => wire.hub.countersOf(id).sent.gossip.get("news"));
    const bytes = GOSSIP_OVERHEAD_BYTES + "news".length + PAYLOAD.byteLength;
    for (const tally of copies.slice(1)) {
      expect(tally?.messages ?? 0).toBeLessThanOrEqual(5);
      expect(tally?.bytes ?? 0).toBe((tally?.messages ?? 0) * bytes);
    }
    const sent = copies.reduce((sum, tally) => sum + (tally?.messages ?? 0), 0);
    const received = peers.reduce(
      (sum, { id }) => sum + (wire.hub.countersOf(id).received.gossip.get("news")?.messages ?? 0),
      0,
    );
    expect(received).toBe(sent);
    expect(sent).toBeGreaterThan(300);
  });

  it("is heard again by a process that starts anew, and by no other", async () => {
    const { wire, peers, heard } = await line(4);
    // Somebody lacks it, so that it is offered again.
    wire.hub.pause(wireId(3));
    void peers[0]?.gossip.publish("news", PAYLOAD);
    await wire.clock.advance(100);
    wire.hub.kill(wireId(2));
    const again = await wire.start(wireId(2));
    listen([again], heard);
    wire.dial(again, wireId(1));
    await wire.clock.advance(2_000);
    expect(heard).toEqual([wireId(1), wireId(2), wireId(2)]);
  });

  it("comes out the same for the same seed", async () => {
    const run = async () => {
      const { wire, peers, heard } = await mesh(30, 8, 6, { lossFraction: 0.1, reorderFraction: 0.2 });
      const events: string[] = [];
      wire.hub.observe((event) => events.push(`${wire.clock.monotonic()} ${JSON.stringify(event)}`));
      void peers[3]?.gossip.publish("news", PAYLOAD);
      await wire.clock.advance(3_000);
      return { heard, events };
    };
    const first = await run();
    expect(first.events.length).toBeGreaterThan(60);
    expect(await run()).toEqual(first);
  });
});
