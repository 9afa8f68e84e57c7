import type { MetricsSample } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { simulatedMesh } from "../simulated-mesh.ts";
import { encodeMetrics, packSample } from "./metrics-codec.ts";
import { MetricsExchange } from "./metrics-exchange.ts";
import { sampleAt } from "./samples.fixture.ts";

const ids = ["peer-aaaa", "peer-bbbb", "peer-cccc"];

async function make(memberCount = 3) {
  const size = { members: memberCount };
  const mesh = await simulatedMesh(ids);
  await mesh.connectAll();
  const peers = [];
  for (const peer of mesh.peers) {
    const exchange = new MetricsExchange(
      { ...peer, memberCount: () => size.members, isMember: (id) => ids.includes(id) },
      { bootEpoch: 1 },
    );
    await exchange.start();
    peers.push({ ...peer, exchange });
  }
  const [one, two, three] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]];
  /** Measures at the first peer every two seconds. */
  const measure = async (rounds: number, fields: (round: number) => Partial<MetricsSample> = () => ({})) => {
    for (let round = 0; round < rounds; round++) {
      one.exchange.record(sampleAt(mesh.clock.now(), fields(round)));
      await mesh.clock.advance(2_000);
    }
  };
  return { ...mesh, one, two, three, measure, size };
}

describe("MetricsExchange", () => {
  it("tells all others what a machine measured, and when they heard it", async () => {
    const { clock, one, two, three } = await make();
    const measured = sampleAt(clock.now());
    one.exchange.record(measured);
    const sentAtMs = clock.monotonic();
    await clock.advance(1_000);
    for (const { exchange } of [one, two, three]) {
      expect(exchange.last("peer-aaaa")?.sample).toEqual(measured);
      const heardAfterMs = (exchange.last("peer-aaaa")?.receivedAtMs ?? 0) - sentAtMs;
      expect(heardAfterMs).toBeGreaterThanOrEqual(0);
      expect(heardAfterMs).toBeLessThan(200);
    }
    expect(two.exchange.last("peer-bbbb")).toBeUndefined();
  });

  it("has every sample of a small mesh in every peer's history, in order", async () => {
    const { two, measure } = await make();
    await measure(50, (round) => ({ cpuUsage: round / 100 }));
    const history = two.exchange.history("peer-aaaa", { limit: 1_000 });
    expect(history.length).toBeGreaterThanOrEqual(49);
    expect(history.map((heard) => heard.sample.cpuUsage)).toEqual(history.map((_, round) => round / 100));
    expect(two.exchange.history("peer-aaaa", { limit: 5 })).toEqual(history.slice(-5));
    expect(two.exchange.history("peer-aaaa", { limit: 0 })).toEqual([]);
  });

  it("counts ages by the own clock, whatever the clock of the other shows", async () => {
    const { clock, two, measure } = await make();
    // The measuring machine lives in 1999.
    await measure(10, (round) => ({ time: new Date(Date.UTC(1999, 0, 1) + round * 2_000).toISOString() }));
    const heard = two.exchange.last("peer-aaaa");
    expect(heard?.sample.time.startsWith("1999")).toBe(true);
    expect(clock.monotonic() - (heard?.receivedAtMs ?? 0)).toBeLessThan(5_000);
    const recent = two.exchange.history("peer-aaaa", { sinceMs: clock.now() - 10_000, limit: 100 });
    expect(recent.length).toBeGreaterThanOrEqual(4);
    expect(recent.length).toBeLessThanOrEqual(5);
    // And when the own clock is set, ages stay what they were.
    clock.jumpTo(Date.UTC(2040, 0, 1));
    expect(two.exchange.history("peer-aaaa", { sinceMs: clock.now() - 10_000, limit: 100 })).toEqual(recent);
  });

  it("lets a larger mesh have a sample rarely, one with the average CPU usage of all since, and floods nobody", async () => {
    const { one, two, measure } = await make(100);
    await measure(150, (round) => ({ cpuUsage: round % 2 === 0 ? 0 : 1 }));
    // 300 s at one sample in 10 s, and one more for the random first interval.
    const usages = two.exchange.history("peer-aaaa", { limit: 100 });
    expect(usages.length).toBeGreaterThanOrEqual(27);
    expect(usages.length).toBeLessThanOrEqual(34);
    for (const { sample } of usages.slice(2))
      expect(Math.abs((sample.cpuUsage ?? 0) - 0.5)).toBeLessThan(0.2);
    expect(one.exchange.history("peer-aaaa", { limit: 1_000 })).toHaveLength(150);
    expect(one.gossip.published).toEqual([]);
  });

  it("goes on when the mesh grows beyond what is told directly, and shrinks again", async () => {
    const { clock, one, two, measure, size } = await make(32);
    const ageMs = () => clock.monotonic() - (two.exchange.last("peer-aaaa")?.receivedAtMs ?? 0);
    await measure(3);
    expect(ageMs()).toBeLessThan(2_500);
    size.members = 33;
    for (let round = 0; round < 30; round++) {
      await measure(1);
      expect(ageMs()).toBeLessThan(20_000);
    }
    expect(one.gossip.published.length).toBeLessThan(6);
    // What is due next is counted by the mesh's present size.
    size.members = 1_000;
    await measure(5);
    size.members = 32;
    await measure(2);
    expect(ageMs()).toBeLessThan(2_500);
  });

  it("keeps what it heard through a partition, and hears again after", async () => {
    const { clock, hub, two, measure, connectAll } = await make();
    await measure(3, () => ({ cpuUsage: 0.1 }));
    hub.partition([["peer-aaaa"], ["peer-bbbb", "peer-cccc"]]);
    await measure(30, () => ({ cpuUsage: 0.2 }));
    expect(two.exchange.last("peer-aaaa")?.sample.cpuUsage).toBe(0.1);
    expect(clock.monotonic() - (two.exchange.last("peer-aaaa")?.receivedAtMs ?? 0)).toBeGreaterThan(55_000);
    hub.healAll();
    await connectAll();
    await measure(3, () => ({ cpuUsage: 0.3 }));
    expect(two.exchange.last("peer-aaaa")?.sample.cpuUsage).toBe(0.3);
  });

  it("skips garbage with one message, and takes what comes after", async () => {
    const { clock, one, two, measure } = await make();
    const texts = ["", "{}", "null", "[".repeat(5_000), '{"version":1,"samples":[]}', '{"version":2}'];
    const bytes = [
      new Uint8Array(200_000),
      new Uint8Array([0xff, 0xfe]),
      ...texts.map((text) => Buffer.from(text)),
    ];
    for (const payload of bytes) {
      await one.gossip.publish("metrics", payload);
      await clock.advance(1_000);
    }
    expect(two.messages).toEqual(["Skipped metrics of a peer."]);
    await measure(2);
    expect(two.exchange.last("peer-aaaa")).toBeDefined();
  });

  it("does not let one peer flood the others", async () => {
    const { clock, one, two } = await make();
    one.exchange.record(sampleAt(clock.now()));
    await clock.advance(1_000);
    const payload = encodeMetrics([packSample(sampleAt(clock.now()))]);
    for (let count = 0; count < 500; count++) await one.gossip.publish("metrics", payload);
    await clock.advance(1_000);
    expect(two.exchange.history("peer-aaaa", { limit: 1_000 }).length).toBeLessThan(20);
    expect(two.messages).toEqual(["A peer sends more metrics than it should; skipped."]);
  });

  it("forgets a node, and sends and hears nothing after stop", async () => {
    const { two, one, measure } = await make();
    await measure(3);
    two.exchange.forget("peer-aaaa");
    expect(two.exchange.last("peer-aaaa")).toBeUndefined();
    await two.exchange.stop();
    await measure(3);
    expect(two.exchange.last("peer-aaaa")).toBeUndefined();
    await one.exchange.stop();
    const sent = one.gossip.published.length;
    await measure(3);
    expect(one.gossip.published).toHaveLength(sent);
  });

  it("shows nothing older than before when a mesh that had shrunk grows again, also where a peer started meanwhile", async () => {
    const { clock, one, two, three, size } = await make(40);
    const run = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        for (const { exchange } of [one, two, three]) exchange.record(sampleAt(clock.now()));
        await clock.advance(2_000);
      }
    };
    await run(20);
    expect(two.exchange.last("peer-aaaa")).toBeDefined();
    size.members = 3;
    await run(150);
    await three.exchange.stop();
    three.exchange = new MetricsExchange(
      { ...three, memberCount: () => size.members, isMember: (id) => ids.includes(id) },
      { bootEpoch: 2 },
    );
    await three.exchange.start();
    await run(5);
    size.members = 40;
    for (let round = 0; round < 20; round++) {
      await run(1);
      for (const id of ["peer-aaaa", "peer-bbbb"]) {
        const last = three.exchange.last(id);
        expect(clock.monotonic() - (last?.receivedAtMs ?? 0), `${id} in round ${round}`).toBeLessThan(60_000);
      }
    }
  });
});
