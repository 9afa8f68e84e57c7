import { createClient, type GpioStreamStatus } from "@pi-controller/client";
import { VirtualClock } from "@pi-controller/runtime";
import { type GpioStreamMessage, gpioStreamMessageSchema } from "@pi-controller/schema";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { gpioChange, reservationId } from "./testing/gpio-samples.ts";
import type { MemoryFollower, MemoryGpio } from "./testing/memory-gpio.ts";
import { bearerOf } from "./testing/memory-security.ts";
import { nodeId } from "./testing/samples.ts";
import { asUser, startApi } from "./testing/start-api.ts";

function follow(url: string, query = "", headers: Record<string, string> = asUser("ada")) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/gpio/changes${query}`, { headers });
  onTestFinished(() => socket.terminate());
  const messages: GpioStreamMessage[] = [];
  socket.on("message", (data: Buffer) => {
    messages.push(gpioStreamMessageSchema.parse(JSON.parse(data.toString())));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on("error", () => undefined);
  const changes = () => messages.flatMap((message) => (message.kind === "changes" ? message.changes : []));
  return { socket, messages, closed, changes };
}

async function followerOf(gpio: MemoryGpio): Promise<MemoryFollower> {
  await vi.waitUntil(() => gpio.followers.length > 0);
  const [follower] = gpio.followers;
  if (follower === undefined) throw new Error("Nobody follows");
  return follower;
}

const message = (...numbers: number[]) =>
  ({ kind: "changes", changes: numbers.map(gpioChange), coalesced: 0 }) as const;

describe("the stream of changes at pins", () => {
  it("says hello once and sends what happens, on behalf of who follows", async () => {
    const { url, gpio } = await startApi();
    const { messages } = follow(url);
    const follower = await followerOf(gpio);
    expect(follower.asking.requester.userName).toBe("ada");
    expect(await follower.asking.evidence("node-b")).toContain("ada");
    expect(follower.tell(message(1, 2))).toBe(true);
    follower.tell({ kind: "interrupted", interrupted: true, reason: "pi-1 does not answer" });
    await vi.waitUntil(() => messages.length === 3);
    expect(messages).toEqual([
      { kind: "hello", node: nodeId(0) },
      message(1, 2),
      { kind: "interrupted", interrupted: true, reason: "pi-1 does not answer" },
    ]);
  });

  it("stops following when its client is gone", async () => {
    const { url, gpio } = await startApi();
    const { socket, messages } = follow(url);
    const follower = await followerOf(gpio);
    await vi.waitUntil(() => messages.length === 1);
    socket.close();
    await vi.waitUntil(() => follower.closed);
    expect(follower.tell(message(1))).toBe(false);
  });

  it("has a slow client wait, and goes on when there is room, with nothing lost", async () => {
    const { url, gpio } = await startApi();
    const client = follow(url);
    const follower = await followerOf(gpio);
    await vi.waitUntil(() => client.messages.length === 1);
    client.socket.pause();
    let isReady = false;
    const unsubscribe = follower.ready(() => {
      isReady = true;
    });
    let sent = 0;
    const hundred = () => message(...Array.from({ length: 100 }, () => sent++));
    // More than the sockets' buffers and the bound hold.
    while (follower.tell(hundred())) {
      if (sent > 1_000_000) throw new Error("It was never too slow");
      await new Promise((resolve) => setImmediate(resolve));
    }
    isReady = false;
    client.socket.resume();
    await vi.waitUntil(() => isReady, { timeout: 5_000 });
    unsubscribe();
    follower.tell(hundred());
    await vi.waitUntil(() => client.changes().length === sent, { timeout: 5_000 });
    const seen = client.changes().map(({ kernelTimestampNs }) => Number(kernelTimestampNs) - 1_000_000);
    expect(seen).toEqual(Array.from({ length: sent }, (_none, index) => index));
  });

  it("says that it lives when nothing happens", async () => {
    const clock = new VirtualClock();
    const { url } = await startApi({ clock });
    const { messages } = follow(url);
    await vi.waitUntil(() => messages.length === 1);
    await vi.waitUntil(async () => {
      await clock.advance(15_000);
      return messages.length > 1;
    });
    expect(messages[1]).toEqual({ kind: "heartbeat" });
  });

  it("closes with the code that stands for the error, and without a hello", async () => {
    const { url } = await startApi();
    const closedOf = async (query: string) => {
      const { closed, messages } = follow(url, query);
      return { ...(await closed), messages };
    };
    for (const [query, field] of [
      ["?node=x%20y", "node"],
      ["?namespace=A", "namespace"],
      [`?id=${"x".repeat(5_000)}`, "id"],
      ["?extra=1", "extra"],
    ] as const) {
      const wrong = await closedOf(query);
      expect([query, wrong.code, wrong.messages]).toEqual([query, 1007, []]);
      expect(wrong.reason).toContain(field);
    }
    expect(await closedOf(`?node=${nodeId(99)}`)).toMatchObject({ code: 4404, messages: [] });
    expect(await closedOf(`?node=${nodeId(9)}`)).toMatchObject({ code: 1012, messages: [] });
  });

  it("ends at once when its user may no longer", async () => {
    const { url, security, gpio, changeTrust } = await startApi();
    const mona = follow(url, "", asUser("mona"));
    const follower = await followerOf(gpio);
    security.shutOut.add("mona");
    changeTrust();
    expect((await mona.closed).code).toBe(4401);
    await vi.waitUntil(() => follower.closed);
  });

  it("shares its bounds with the other streams, and is counted by itself", async () => {
    const { url, fetch } = await startApi({ limits: { maxStreamsPerAddress: 1 } });
    const first = follow(url);
    await vi.waitUntil(() => first.messages.length === 1);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain("picontroller_gpio_streams 1");
    expect(metrics).toContain("picontroller_event_streams 0");
    const events = new WebSocket(`${url.replace("http", "ws")}/api/v1/events`, { headers: asUser("ada") });
    const code = await new Promise((resolve) => void events.on("close", resolve));
    expect(code).toBe(1013);
  });
});

describe("the client's stream of changes", () => {
  const credentials = { bearer: bearerOf("ada") };

  it("hands over what the server sends, until it is closed", async () => {
    const { url, gpio } = await startApi();
    const statuses: GpioStreamStatus[] = [];
    const seen: (number | string | boolean)[] = [];
    const stream = createClient({ baseUrl: url, credentials, retryMaximumMs: 20 }).gpio.follow(
      { node: nodeId(1), id: reservationId(0) },
      {
        onChanges: (changes, coalesced) => seen.push(changes.length, coalesced),
        onInterruption: (interrupted, reason) => seen.push(interrupted, reason),
        onStatus: (status) => statuses.push(status),
      },
    );
    onTestFinished(() => stream.close());
    await vi.waitUntil(() => stream.status.state === "live");
    expect(stream.status).toEqual({ state: "live", node: nodeId(1) });
    gpio.followers[0]?.tell({ ...message(1, 2), coalesced: 7 });
    gpio.followers[0]?.tell({ kind: "interrupted", interrupted: false, reason: "" });
    await vi.waitUntil(() => seen.length === 4);
    expect(seen).toEqual([2, 7, false, ""]);
    stream.close();
    await vi.waitUntil(() => gpio.followers[0]?.closed);
    expect(statuses.at(-1)).toEqual({ state: "closed", error: null });
  });

  it("ends for good when there is no such node", async () => {
    const { url } = await startApi();
    const stream = createClient({ baseUrl: url, credentials }).gpio.follow(
      { node: nodeId(99) },
      { onChanges: () => undefined },
    );
    await vi.waitUntil(() => stream.status.state === "closed");
    expect(stream.status).toMatchObject({ state: "closed", error: { code: "NOT_FOUND" } });
  });
});
