import { once } from "node:events";
import { VirtualClock } from "@pi-controller/runtime";
import { type EventStreamMessage, eventStreamMessageSchema } from "@pi-controller/schema";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { MemoryEvents } from "./testing/memory-events.ts";
import { meshEvent, nodeId } from "./testing/samples.ts";
import { asUser, startApi } from "./testing/start-api.ts";

interface Follower {
  readonly socket: WebSocket;
  readonly messages: EventStreamMessage[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  sequences(): number[];
}

function follow(
  url: string,
  query = "",
  options: { origin?: string; autoPong?: boolean; headers?: Record<string, string> } = {},
): Follower {
  const headers = asUser("ada");
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/events${query}`, { headers, ...options });
  onTestFinished(() => socket.terminate());
  const messages: EventStreamMessage[] = [];
  socket.on("message", (data: Buffer) => {
    messages.push(eventStreamMessageSchema.parse(JSON.parse(data.toString())));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on("error", () => undefined);
  const sequences = () => messages.flatMap((message) => (message.kind === "event" ? [message.sequence] : []));
  return { socket, messages, closed, sequences };
}

function refusal(url: string, path: string, options: object = {}): Promise<number | undefined> {
  const socket = new WebSocket(url.replace("http", "ws") + path, { headers: asUser("ada"), ...options });
  return new Promise((resolve) => {
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode);
    });
    socket.on("error", () => undefined);
  });
}

function someEvents(count: number): MemoryEvents {
  const events = new MemoryEvents();
  for (let number = 1; number <= count; number++) events.append(meshEvent(number));
  return events;
}

describe("the event stream", () => {
  it("says hello and starts with what happens from now on", async () => {
    const events = someEvents(3);
    const { url } = await startApi({ events });
    const { messages } = follow(url);
    await vi.waitUntil(() => messages.length === 1);
    events.append(meshEvent(4));
    await vi.waitUntil(() => messages.length === 2);
    expect(messages).toEqual([
      { kind: "hello", node: nodeId(0), log: "log-1", sequence: 3, gap: false },
      { kind: "event", sequence: 4, event: meshEvent(4) },
    ]);
  });

  it("resumes after a sequence number, through more than one batch, without a hole", async () => {
    const events = someEvents(200);
    const { url } = await startApi({ events });
    const follower = follow(url, "?after=10&log=log-1");
    await vi.waitUntil(() => follower.messages.length > 1);
    events.append(meshEvent(201));
    await vi.waitUntil(() => follower.sequences().includes(201));
    expect(follower.sequences()).toEqual(Array.from({ length: 191 }, (_none, index) => 11 + index));
    expect(follower.messages[0]).toMatchObject({ kind: "hello", gap: false });
  });

  it("sends only what the filter asks for", async () => {
    const events = new MemoryEvents();
    const { url } = await startApi({ events });
    const follower = follow(url, `?type=cluster.node.*,mesh.partition.healed&node=${nodeId(0)}&after=0`);
    events.append(
      meshEvent(3),
      meshEvent(4),
      meshEvent(6, "hardware.voltage.low"),
      meshEvent(9, "mesh.partition.healed"),
    );
    await vi.waitUntil(() => follower.sequences().length === 2);
    expect(follower.sequences()).toEqual([1, 4]);
  });

  it("tells of a gap when what came after is gone, or was counted in another log", async () => {
    const events = someEvents(10);
    events.keep(3);
    const { url } = await startApi({ events });
    const hello = async (query: string) => {
      const follower = follow(url, query);
      await vi.waitUntil(() => follower.messages.length > 0);
      return follower;
    };
    const expired = await hello("?after=2");
    await vi.waitUntil(() => expired.sequences().length === 3);
    expect(expired.messages[0]).toMatchObject({ gap: true });
    expect(expired.sequences()).toEqual([8, 9, 10]);
    expect((await hello("?after=7")).messages[0]).toMatchObject({ gap: false });
    expect((await hello("?after=9&log=other")).messages).toMatchObject([{ gap: true, sequence: 10 }]);
    expect((await hello("?after=11")).messages).toMatchObject([{ gap: true }]);
  });

  it("tells a client that reads too slowly how many events it missed, and keeps nothing for it", async () => {
    const events = new MemoryEvents();
    const { url } = await startApi({ events });
    const follower = follow(url);
    await vi.waitUntil(() => follower.messages.length === 1);
    follower.socket.pause();
    // More than the sockets' buffers hold, in events of a few kilobytes.
    const large = { ...meshEvent(1), data: { text: "x".repeat(60_000) } };
    for (let round = 0; round < 100; round++) {
      events.append(large, large, large, large);
      await new Promise((resolve) => setImmediate(resolve));
    }
    events.keep(2);
    follower.socket.resume();
    await vi.waitUntil(() => follower.sequences().at(-1) === 400, { timeout: 5_000 });
    const dropped = follower.messages.flatMap((message) =>
      message.kind === "dropped" ? [message.count] : [],
    );
    expect(dropped).toHaveLength(1);
    expect(follower.sequences().length + (dropped[0] ?? 0)).toBe(400);
  });

  it("says that it lives when there is nothing else to say, and up to where all was sent", async () => {
    const clock = new VirtualClock();
    const events = someEvents(5);
    const { url } = await startApi({ events, clock });
    const follower = follow(url, "?type=nothing.like-this&after=1");
    await vi.waitUntil(() => follower.messages.length === 1);
    await vi.waitUntil(async () => {
      await clock.advance(15_000);
      return follower.messages.length > 1;
    });
    expect(follower.messages[1]).toEqual({ kind: "heartbeat", sequence: 5 });
  });

  it("cuts off a client that answers no ping, and keeps one that does", async () => {
    const clock = new VirtualClock();
    const { url } = await startApi({ clock });
    const silent = follow(url, "", { autoPong: false });
    const lively = follow(url);
    await vi.waitUntil(() => silent.messages.length === 1 && lively.messages.length === 1);
    for (let heartbeat = 0; heartbeat < 4; heartbeat++) {
      const pinged = once(lively.socket, "ping");
      await clock.advance(15_000);
      await pinged;
      // The pong is under way: a round trip later the server has it.
      lively.socket.ping();
      await once(lively.socket, "pong");
    }
    expect((await silent.closed).code).toBe(1006);
    expect(lively.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("closes with the code that stands for the error", async () => {
    const { url } = await startApi({ limits: { maxStreamsPerAddress: 1 } });
    const wrong = await follow(url, "?after=-1").closed;
    expect(wrong.code).toBe(1007);
    expect(wrong.reason).toContain("after");
    const first = follow(url);
    await vi.waitUntil(() => first.messages.length === 1);
    expect((await follow(url).closed).code).toBe(1013);
    first.socket.close();
    await first.closed;
    await vi.waitUntil(async () => {
      const next = follow(url);
      return await Promise.race([
        next.closed.then(() => false),
        once(next.socket, "message").then(() => true),
      ]);
    });
  });

  it("takes no large message and not many small ones", async () => {
    const { url } = await startApi();
    const large = follow(url);
    await once(large.socket, "open");
    large.socket.send("x".repeat(1_000));
    expect((await large.closed).code).toBe(1009);
    const many = follow(url);
    await once(many.socket, "open");
    for (let count = 0; count < 20; count++) many.socket.send("x");
    expect((await many.closed).code).toBe(1008);
  });

  it("refuses pages of other origins, other names and other paths", async () => {
    const { url } = await startApi();
    expect(await refusal(url, "/api/v1/events", { origin: "http://evil.example" })).toBe(403);
    expect(await refusal(url, "/api/v1/events", { headers: { host: "evil.example" } })).toBe(403);
    expect(await refusal(url, "/api/v1/nodes")).toBe(404);
    const same = follow(url, "", { origin: url });
    await vi.waitUntil(() => same.messages.length === 1);
  });

  it("tells by close code what browsers and Node's own WebSocket hide from programs", async () => {
    const { url } = await startApi();
    const headers = { "sec-fetch-mode": "websocket" };
    expect((await follow(url, "", { headers }).closed).code).toBe(4401);
    expect((await follow(url, "", { headers: { origin: url } }).closed).code).toBe(4401);
    const noRight = await follow(url, "", { headers: { ...headers, ...asUser("nemo") } }).closed;
    expect(noRight).toEqual({ code: 4403, reason: "nemo may not watch events" });
    expect(await refusal(url, "/api/v1/events", { headers: { ...headers, host: "evil.example" } })).toBe(403);
  });

  it("ends at once when its user may no longer, and at the next heartbeat at the latest", async () => {
    const clock = new VirtualClock();
    const { url, security, changeTrust } = await startApi({ clock });
    const mona = follow(url, "", { headers: asUser("mona") });
    const ada = follow(url);
    await vi.waitUntil(() => mona.messages.length === 1 && ada.messages.length === 1);
    security.shutOut.add("mona");
    changeTrust();
    expect((await mona.closed).code).toBe(4401);
    expect(ada.socket.readyState).toBe(WebSocket.OPEN);
    security.shutOut.add("ada");
    await clock.advance(15_000);
    expect((await ada.closed).code).toBe(4401);
  });

  it("says goodbye when the peer stops", async () => {
    const { url, api } = await startApi();
    const follower = follow(url);
    await vi.waitUntil(() => follower.messages.length === 1);
    await api.stop();
    expect((await follower.closed).code).toBe(1001);
  });
});
