import { once } from "node:events";
import { createServer } from "node:http";
import {
  type ClientCredentials,
  createClient,
  type EventStreamOptions,
  type StreamGap,
  type StreamStatus,
} from "@pi-controller/client";
import { VirtualClock } from "@pi-controller/runtime";
import { MeshError, type MeshEvent } from "@pi-controller/schema";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocketServer } from "ws";
import { MemoryEvents } from "./testing/memory-events.ts";
import { bearerOf } from "./testing/memory-security.ts";
import { meshEvent, nodeId } from "./testing/samples.ts";
import { startApi } from "./testing/start-api.ts";

const credentials = { bearer: bearerOf("ada") };

async function portOf(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe("the client", () => {
  it("does with nodes all that the API can", async () => {
    const { url } = await startApi();
    const { nodes } = createClient({ baseUrl: url, credentials });
    const page = await nodes.list({ limit: 2, sort: "-name" });
    expect([page.items.length, page.total]).toEqual([2, 5]);
    const created = await nodes.create({ address: "192.168.1.20", name: "roof" });
    expect(created).toMatchObject({ created: true, value: { name: "roof" } });
    expect((await nodes.create({ address: "192.168.1.20" })).created).toBe(false);
    const { value, revision } = await nodes.get(created.value.id);
    const updated = await nodes.update(value.id, { labels: { role: "door" } }, { ifMatch: revision });
    expect(updated.value.labels).toEqual({ role: "door" });
    await expect(nodes.update(value.id, { name: "x" }, { ifMatch: revision })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await nodes.remove(nodeId(4));
    await expect(nodes.get(nodeId(4))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await nodes.metrics(nodeId(1), { limit: 2 })).history).toHaveLength(2);
  });

  it("reads events, the mesh and the health, also of a peer that is not ready", async () => {
    const checks = [{ name: "mesh", ok: false, detail: "starting" }];
    const { url, events } = await startApi({ health: () => ({ live: true, ready: false, checks }) });
    events.append(meshEvent(1), meshEvent(2));
    const client = createClient({ baseUrl: `${url}/`, credentials });
    expect((await client.events.list({ limit: 1 })).items).toEqual([meshEvent(2)]);
    expect((await client.mesh.get()).node).toBe(nodeId(0));
    expect(await client.health()).toEqual({ live: true, ready: false, checks });
  });

  it("throws what the peer said, with fields and correlation id", async () => {
    const { url } = await startApi();
    const failure = createClient({ baseUrl: url, credentials }).nodes.list({ limit: 0 });
    await expect(failure).rejects.toBeInstanceOf(MeshError);
    await expect(failure).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "limit" }], correlationId: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
  });

  it("tells a peer that is gone from one that is slow and from a caller that gave up", async () => {
    const silent = await portOf(createServer(() => {}));
    const slow = createClient({ baseUrl: silent, timeoutMs: 30 });
    await expect(slow.mesh.get()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const signal = AbortSignal.abort();
    await expect(slow.mesh.get({ signal })).rejects.toMatchObject({ code: "CANCELLED" });
    const gone = createClient({ baseUrl: "http://127.0.0.1:9" });
    await expect(gone.mesh.get()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("makes sense of answers that no peer gave", async () => {
    const answers: [number, string][] = [
      [502, "<html>bad gateway</html>"],
      [200, "<html>log in to this wifi</html>"],
      [200, '{"items":[{}]}'],
    ];
    const url = await portOf(
      createServer((_request, response) => {
        const [status, body] = answers.shift() ?? [500, ""];
        response.writeHead(status).end(body);
      }),
    );
    const { nodes } = createClient({ baseUrl: url, credentials });
    await expect(nodes.list()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(nodes.list()).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(nodes.list()).rejects.toThrow("items.0.id");
  });
});

/** A client's stream with all that it told. */
function followed(
  url: string,
  options: Partial<EventStreamOptions> & { clock?: VirtualClock; credentials?: ClientCredentials } = {},
) {
  const events: MeshEvent[] = [];
  const statuses: StreamStatus[] = [];
  const gaps: StreamGap[] = [];
  const { clock, credentials: given = credentials, ...streamOptions } = options;
  const stream = createClient({
    baseUrl: url,
    credentials: given,
    retryMaximumMs: 20,
    ...(clock === undefined ? {} : { clock }),
  }).events.stream({
    onEvent: (event) => events.push(event),
    onStatus: (status) => statuses.push(status),
    onGap: (gap) => gaps.push(gap),
    ...streamOptions,
  });
  onTestFinished(() => stream.close());
  return { stream, events, statuses, gaps, live: () => vi.waitUntil(() => stream.status.state === "live") };
}

describe("the client's event stream", () => {
  it("resumes after the peer was restarted, with no event lost and none twice", async () => {
    const { url, api, events } = await startApi();
    const follower = followed(url);
    await follower.live();
    events.append(meshEvent(1), meshEvent(2));
    await vi.waitUntil(() => follower.events.length === 2);
    await api.stop();
    events.append(meshEvent(3));
    const again = await startApi({ events, port: Number(new URL(url).port) });
    await vi.waitUntil(() => follower.events.length === 3);
    events.append(meshEvent(4));
    await vi.waitUntil(() => follower.events.length === 4);
    expect(follower.events).toEqual([1, 2, 3, 4].map((number) => meshEvent(number)));
    expect(follower.gaps).toEqual([]);
    expect(follower.stream.position).toEqual({ log: "log-1", sequence: 4 });
    expect(follower.statuses.map(({ state }) => state)).toContain("waiting");
    expect(again.url).toBe(url);
  });

  it("says when the log is another one, and goes on with what is new", async () => {
    const { url, api, events } = await startApi();
    events.append(meshEvent(1), meshEvent(2), meshEvent(3));
    const follower = followed(url, { after: { log: "log-1", sequence: 2 } });
    await vi.waitUntil(() => follower.events.length === 1);
    await api.stop();
    const other = new MemoryEvents("log-2");
    for (let number = 10; number < 20; number++) other.append(meshEvent(number));
    await startApi({ events: other, port: Number(new URL(url).port) });
    await vi.waitUntil(() => follower.gaps.length === 1);
    other.append(meshEvent(20));
    await vi.waitUntil(() => follower.events.length === 2);
    expect(follower.gaps).toEqual([{ reason: "other-log", count: null }]);
    expect(follower.events).toEqual([meshEvent(3), meshEvent(20)]);
  });

  it("says when what it missed is gone from the log", async () => {
    const events = new MemoryEvents();
    for (let number = 1; number <= 10; number++) events.append(meshEvent(number));
    events.keep(2);
    const { url } = await startApi({ events });
    const follower = followed(url, { after: { log: "log-1", sequence: 3 } });
    await vi.waitUntil(() => follower.events.length === 2);
    expect(follower.gaps).toEqual([{ reason: "expired", count: null }]);
  });

  it("applies its filter", async () => {
    const { url, events } = await startApi();
    const follower = followed(url, { filter: { type: "hardware.*" } });
    await follower.live();
    events.append(meshEvent(1), meshEvent(2, "hardware.voltage.low"));
    await vi.waitUntil(() => follower.events.length === 1);
    expect(follower.events[0]?.type).toBe("hardware.voltage.low");
  });

  it("ends for good when the peer says that it makes no sense", async () => {
    const { url } = await startApi();
    const follower = followed(url, { filter: { node: "not a node" } });
    await vi.waitUntil(() => follower.stream.status.state === "closed");
    expect(follower.stream.status).toMatchObject({
      error: { code: "INVALID_ARGUMENT", message: expect.stringContaining("node") },
    });
  });

  it("follows events with a token that is asked for anew, and ends when there is no right to them", async () => {
    const { url, events, security, changeTrust } = await startApi();
    const bearer = async () => bearerOf("mona");
    const follower = followed(url, { credentials: { bearer } });
    await follower.live();
    events.append(meshEvent(1));
    await vi.waitUntil(() => follower.events.length === 1);
    security.shutOut.add("mona");
    changeTrust();
    await vi.waitUntil(() => follower.stream.status.state === "closed");
    expect(follower.stream.status).toMatchObject({ error: { code: "UNAUTHENTICATED" } });
    for (const [token, code] of [
      ["nobody", "UNAUTHENTICATED"],
      [bearerOf("nemo"), "PERMISSION_DENIED"],
    ] as const) {
      const refused = followed(url, { credentials: { bearer: token } });
      await vi.waitUntil(() => refused.stream.status.state === "closed");
      expect(refused.stream.status).toMatchObject({ error: { code } });
    }
  });

  it("waits when its token cannot be had just now, and is quiet when it is closed meanwhile", async () => {
    const { url } = await startApi();
    const answers = [
      () => Promise.reject(new Error("the vault is closed")),
      () => Promise.resolve(bearerOf("ada")),
    ];
    const bearer = () => answers.shift()?.() ?? Promise.reject(new Error("asked too often"));
    const follower = followed(url, { credentials: { bearer } });
    await follower.live();
    expect(follower.statuses.map(({ state }) => state)).toEqual([
      "connecting",
      "waiting",
      "connecting",
      "live",
    ]);
    let answer = (_token: string) => {};
    const slow = followed(url, {
      credentials: {
        bearer: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      },
    });
    await vi.waitUntil(() => slow.statuses.length === 1);
    slow.stream.close();
    answer(bearerOf("ada"));
    const other = followed(url);
    await other.live();
    expect(slow.statuses.map(({ state }) => state)).toEqual(["connecting", "closed"]);
  });

  it("takes a link for dead when nothing comes, and connects again", async () => {
    // Shakes hands, says hello and nothing more, as behind a cable that was cut.
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    onTestFinished(() => sockets.clients.forEach((socket) => socket.terminate()));
    sockets.on("connection", (socket) => {
      socket.send(JSON.stringify({ kind: "hello", node: nodeId(1), log: "l", sequence: 0, gap: false }));
    });
    const clock = new VirtualClock();
    const follower = followed(await portOf(server), { clock, deadAfterMs: 40_000 });
    await follower.live();
    await clock.advance(39_999);
    expect(follower.stream.status.state).toBe("live");
    await clock.advance(1);
    expect(follower.stream.status).toMatchObject({ state: "waiting", error: { code: "UNAVAILABLE" } });
    follower.stream.retryNow();
    await follower.live();
  });

  it("waits longer after each failure, at random, up to a maximum", async () => {
    const clock = new VirtualClock();
    const follower = followed("http://127.0.0.1:9", { clock });
    await vi.waitUntil(async () => {
      await clock.advance(1_000);
      return follower.statuses.filter(({ state }) => state === "waiting").length >= 4;
    });
    const waits = follower.statuses.flatMap((status) =>
      status.state === "waiting" ? [status.retryInMs] : [],
    );
    expect(Math.max(...waits)).toBeLessThanOrEqual(20);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10);
  });

  it("is quiet after it was closed", async () => {
    const { url, events } = await startApi();
    const follower = followed(url);
    await follower.live();
    follower.stream.close();
    follower.stream.retryNow();
    events.append(meshEvent(1));
    const other = followed(url, { after: { log: "log-1", sequence: 0 } });
    await vi.waitUntil(() => other.events.length === 1);
    expect(follower.events).toEqual([]);
    expect(follower.stream.status).toEqual({ state: "closed", error: null });
  });
});
