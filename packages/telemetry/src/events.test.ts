import { eventTypes, type MeshEvent } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { decodeEvents, encodeEvents, MAX_EVENTS } from "./event-codec.ts";
import { EventLog } from "./event-log.ts";
import { Events } from "./events.ts";
import { simulatedMesh } from "./simulated-mesh.ts";

const ids = ["peer-aaaa", "peer-bbbb", "peer-cccc"];

async function make({ connected = true } = {}) {
  const mesh = await simulatedMesh(ids);
  if (connected) await mesh.connectAll();
  const peers = [];
  for (const peer of mesh.peers) {
    const log = new EventLog(peer, {
      file: ":memory:",
      maxEvents: 5_000,
      maxAgeMs: 1e12,
      minEvents: 0,
      maxBytes: 2 ** 24,
    });
    const hasAudience = () => peer.network.status().connections.length > 0;
    const events = new Events({ ...peer, log, hasAudience }, { self: peer.id });
    await log.start();
    await events.start();
    const types = () => log.query({}, { limit: 500 }).items.map(({ type }) => type);
    peers.push({ ...peer, log, events, types });
  }
  const [one, two, three] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]];
  return { ...mesh, one, two, three };
}

const removed = { node: "peer-zzzz", data: { name: "pi" } };

describe("Events", () => {
  it("has an event in every log within a moment, the same one", async () => {
    const { clock, one, two, three } = await make();
    const event = one.events.emit("cluster.node.removed", { ...removed, correlationId: "request-7" });
    await clock.advance(250);
    expect(event).toMatchObject({ source: "peer-aaaa", node: "peer-zzzz", correlationId: "request-7" });
    for (const { log } of [one, two, three]) expect(log.query({}, { limit: 10 }).items).toEqual([event]);
  });

  it("keeps what it observed to itself", async () => {
    const { clock, one, two } = await make();
    one.events.emit("cluster.node.left", { node: "peer-bbbb", data: { previous: "alive" } });
    await clock.advance(1_000);
    expect(one.types()).toEqual(["cluster.node.left"]);
    expect(two.types()).toEqual([]);
  });

  it("sends events of one moment in one message", async () => {
    const { clock, one, two } = await make();
    for (let count = 0; count < 150; count++) one.events.emit("cluster.node.removed", removed);
    await clock.advance(250);
    expect(one.gossip.published).toHaveLength(1);
    expect(two.types()).toHaveLength(150);
    expect(two.log.after(0, {}, 200).map(({ event }) => event.id)).toEqual(
      one.log.after(0, {}, 200).map(({ event }) => event.id),
    );
  });

  it("waits for the first connection, so that others hear of a start", async () => {
    const { clock, connectAll, one, two } = await make({ connected: false });
    one.events.emit("cluster.node.started", {
      node: "peer-aaaa",
      data: { name: "a", version: "1", bootEpoch: 1 },
    });
    await clock.advance(10_000);
    await connectAll();
    await clock.advance(2_000);
    expect(two.types()).toEqual(["cluster.node.started"]);
  });

  it("does not wait for ever, and tells later events at once when somebody is there", async () => {
    const { clock, connectAll, one, two } = await make({ connected: false });
    one.events.emit("cluster.node.removed", removed);
    await clock.advance(70_000);
    expect(one.gossip.published).toHaveLength(1);
    await connectAll();
    one.events.emit("cluster.node.removed", removed);
    await clock.advance(100);
    expect(two.types()).toHaveLength(1);
  });

  it("tells what is waiting when it is told to, and when it stops", async () => {
    const { clock, one, two } = await make();
    one.events.emit("cluster.node.removed", removed);
    await one.events.flush();
    expect(one.gossip.published).toHaveLength(1);
    one.events.emit("cluster.node.stopping", { node: "peer-aaaa", data: { reason: "SIGTERM" } });
    await one.events.stop();
    await clock.advance(100);
    expect(two.types()).toEqual(["cluster.node.stopping", "cluster.node.removed"]);
  });

  it("leaves the oldest out, with a message, when more happens than can be told", async () => {
    const { clock, one, two } = await make();
    for (let count = 0; count < 1_500; count++) one.events.emit("cluster.node.removed", removed);
    await clock.advance(1_000);
    expect(one.messages).toEqual(["More events than can be told; the oldest is left out."]);
    expect(two.log.latestSequence).toBe(1_000);
    expect(one.log.latestSequence).toBe(1_500);
  });

  it("skips lies and garbage with one message, and takes the rest", async () => {
    const { clock, one, two } = await make();
    const good = one.events.emit("cluster.node.removed", removed);
    await clock.advance(100);
    const forged = { ...good, id: good.id.replace(/.$/, "0"), source: "peer-cccc" };
    const newer = {
      ...good,
      id: good.id.replace(/.$/, "1"),
      type: "kubernetes.pod.evicted",
      data: { pod: "x" },
    };
    await one.gossip.publish("events", Buffer.from("not json"));
    await one.gossip.publish("events", new Uint8Array(250_000));
    for (const payload of encodeEvents([forged, newer])) await one.gossip.publish("events", payload);
    await clock.advance(1_000);
    expect(two.types()).toEqual(["kubernetes.pod.evicted", "cluster.node.removed"]);
    expect(two.messages).toEqual(["Skipped events of a peer."]);
  });

  it("does not log an event twice that comes twice", async () => {
    const { clock, one, two } = await make();
    const event = one.events.emit("cluster.node.removed", removed);
    for (const payload of encodeEvents([event])) await one.gossip.publish("events", payload);
    await clock.advance(1_000);
    expect(two.types()).toHaveLength(1);
  });
});

describe("decodeEvents", () => {
  const event: MeshEvent = {
    id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    type: "hardware.temperature.high",
    timestamp: "2026-11-21T06:00:00.000Z",
    source: "peer-aaaa",
    node: "peer-aaaa",
    correlationId: "c",
    data: { celsius: 81 },
  };
  const decode = (...events: unknown[]) =>
    decodeEvents(Buffer.from(JSON.stringify({ version: 1, events })), "peer-aaaa");

  it.each([
    ["another source", { ...event, source: "peer-bbbb" }, "names another peer"],
    [
      "data of another form",
      { ...event, data: { celsius: "hot" } },
      "does not fit hardware.temperature.high",
    ],
    ["too much data", { ...event, type: "x.y", data: { text: "x".repeat(9_000) } }, "too large"],
    ["no id", { ...event, id: "1" }, "does not fit the schema"],
    ["nothing", null, "does not fit the schema"],
  ])("refuses %s, and only that", (_what, wrong, reason) => {
    const { events, refused } = decode(event, wrong);
    expect(events).toEqual([event]);
    expect(refused).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    ["cluster.node.alive", { previous: "dead", bootEpoch: 2, incarnation: 1 }],
    ["cluster.node.failed", { previous: "suspect", reason: "no answer" }],
    ["mesh.partition.healed", { durationMs: 70_000 }],
  ] as const)("refuses %s, which its observer keeps to itself", (type, data) => {
    expect(eventTypes[type].data.safeParse(data).success).toBe(true);
    expect(decode({ ...event, type, data })).toEqual({
      events: [],
      refused: [`events of the type ${type} stay with the peer that observed`],
    });
  });

  it("keeps what a newer peer added to the data of a known type", () => {
    const more = { ...event, data: { celsius: 81, fanSpeed: 3 } };
    expect(decode(more).events).toEqual([more]);
  });

  it("refuses a message with too many events", () => {
    expect(decode(...Array.from({ length: MAX_EVENTS + 1 }, () => event)).events).toEqual([]);
  });
});

describe("encodeEvents", () => {
  it("splits by number and by size, and loses none", () => {
    const event = (size: number): MeshEvent => ({
      id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      type: "x.y",
      timestamp: "2026-11-21T06:00:00.000Z",
      source: "peer-aaaa",
      node: "peer-aaaa",
      correlationId: "c",
      data: { text: "x".repeat(size) },
    });
    const counts = (events: MeshEvent[]) =>
      encodeEvents(events).map((payload) => decodeEvents(payload, "peer-aaaa").events.length);
    expect(counts([])).toEqual([]);
    expect(counts(Array.from({ length: 450 }, () => event(10)))).toEqual([200, 200, 50]);
    expect(counts(Array.from({ length: 20 }, () => event(7_000)))).toEqual([9, 9, 2]);
  });
});
