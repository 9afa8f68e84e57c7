import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EventStreamMessage, eventStreamMessageSchema } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { bearer } from "../../scripts/mesh-setup.ts";
import { Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** An open event stream with all that came over it. */
function openStream(peer: PeerProcess, query = ""): { messages: EventStreamMessage[]; close: () => void } {
  const socket = new WebSocket(`${peer.url.replace("http", "ws")}/api/v1/events${query}`, {
    headers: bearer(peer.access),
  });
  const messages: EventStreamMessage[] = [];
  socket.on("message", (data) => {
    const text = Buffer.isBuffer(data) ? data.toString() : "";
    messages.push(eventStreamMessageSchema.parse(JSON.parse(text)));
  });
  socket.on("error", () => {
    // The test sees what did not come.
  });
  cleanup.add(() => socket.terminate());
  return { messages, close: () => socket.terminate() };
}

const eventsOf = (messages: readonly EventStreamMessage[]) =>
  messages.filter((message) => message.kind === "event");

describe("a simulated board", () => {
  it("browns out when a file tells it to, which all peers hear, and recovers with the file gone", async () => {
    const [first, second] = await startMesh(cleanup, 2, { meshName: "faults" });
    if (first === undefined || second === undefined) throw new Error("Two peers were started");
    const faults = join(first.dataDirectory, "board-faults");
    const stream = openStream(second, "?type=hardware.*");
    await waitFor("hello", () => stream.messages.length > 0, { withinMs: 5_000 });
    writeFileSync(faults, "brown-out\n");
    await waitFor(
      "the event is told",
      () => eventsOf(stream.messages).some(({ event }) => event.type === "hardware.voltage.low"),
      { withinMs: 10_000 },
    );
    rmSync(faults);
    await waitFor(
      "the voltage is good again",
      () => eventsOf(stream.messages).some(({ event }) => event.type === "hardware.voltage.normal"),
      { withinMs: 30_000 },
    );
  });
});

describe("the event stream", () => {
  it("tells on one peer what was done on another, filtered, and resumes without a gap", async () => {
    const [first, second] = await startMesh(cleanup, 2, { meshName: "events" });
    if (first === undefined || second === undefined) throw new Error("Two peers were started");
    const stream = openStream(second, "?type=cluster.node.added");
    await waitFor("hello", () => stream.messages.some(({ kind }) => kind === "hello"), { withinMs: 5_000 });
    const register = (name: string, address: string) =>
      first.send("POST", "/api/v1/nodes", { address, name });
    await register("one", "127.1.0.1");
    const [one] = await waitFor(
      "the event is told",
      () => {
        const events = eventsOf(stream.messages).filter(({ event }) => event.data.name === "one");
        return events.length > 0 && events;
      },
      { withinMs: 5_000 },
    );
    stream.close();
    // What happens while nobody listens is not lost.
    await register("two", "127.1.0.2");
    await register("three", "127.1.0.3");
    await waitFor(
      "the events are in the log",
      async () => {
        const { items } = (await second.request("/api/v1/events?type=cluster.node.added&limit=3")).body as {
          items: { data: { name: string } }[];
        };
        return items[0]?.data.name === "three";
      },
      { withinMs: 5_000 },
    );
    const resumed = openStream(second, `?type=cluster.node.added&after=${one?.sequence}`);
    await waitFor("the missed events come", () => eventsOf(resumed.messages).length >= 2, {
      withinMs: 5_000,
    });
    expect(eventsOf(resumed.messages).map(({ event }) => event.data.name)).toEqual(["two", "three"]);
    expect(resumed.messages[0]).toMatchObject({ kind: "hello", gap: false });
  });
});
