import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { type Logger, seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNode, type Node } from "./create-node.ts";
import { encodeFrame, FRAME_PAYLOAD_BYTES } from "./request-frames.ts";
import { untilWritable } from "./request-stream.ts";
import { createTestPeer, type TestPeer, until } from "./testing.ts";

const PROTOCOL = "/pi-controller/test/request/1";
const MEGABYTE = 1024 * 1024;

let victim: TestPeer;
let friend: TestPeer;
let hostile: Node;
let lines: string[];
const sockets: Socket[] = [];

beforeEach(async () => {
  lines = [];
  const keep = (_fields: object, message: string) => void lines.push(message);
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  victim = await createTestPeer({ logger });
  friend = await createTestPeer({ listen: [] });
  victim.network.handle("test.echo", async ({ payload }) => payload);
  victim.gossip.subscribe("test.news", () => undefined);
  for (const { network } of [victim, friend]) await network.start(new AbortController().signal);
  friend.addressBook.add(victim.network.self, victim.network.status().addresses);
  hostile = await createNode(
    {
      privateKey: await generateKeyPair("Ed25519"),
      clock: systemClock(),
      logger: silentLogger,
      gater: {},
      whenOpen: async () => undefined,
    },
    { listen: [], meshName: "test", maxConnections: 10, gossip: true },
  );
  await hostile.start();
  // It passes for one of the mesh: it takes request streams, and answers nothing.
  await hostile.handle(PROTOCOL, () => undefined);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await hostile.stop();
  for (const { network } of [friend, victim]) await network.stop();
});

/** What all of it must not change: others are answered. */
async function expectOthersServed(): Promise<void> {
  const answer = await friend.network.request(victim.network.self, "test.echo", new Uint8Array([7]), {
    timeoutMs: 5_000,
  });
  expect([...answer]).toEqual([7]);
}

function openSocket(): Socket {
  const port = Number(victim.network.status().addresses[0]?.split("/")[4]);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

async function openStream(protocol = PROTOCOL): Promise<Stream> {
  const connection = await hostile.dial(multiaddr(victim.network.status().addresses[0]));
  return connection.newStream(protocol);
}

/** Sends as fast as the other side takes it, until all is sent or the stream is cut. */
async function pour(stream: Stream, chunks: Iterable<Uint8Array>): Promise<"cut" | "sent"> {
  try {
    for (const chunk of chunks) {
      if (!stream.send(chunk)) await untilWritable(stream);
    }
    return "sent";
  } catch {
    return "cut";
  }
}

function* repeated(chunk: Uint8Array, count: number): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) yield chunk;
}

// What is garbage already says nothing about what is kept.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes of buffers that this process really holds. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe("libp2pNetwork among hostile peers", () => {
  it("has room for others when one peer connects again and again", async () => {
    const greedy = await createNode(
      {
        privateKey: await generateKeyPair("Ed25519"),
        clock: systemClock(),
        logger: silentLogger,
        gater: {},
        whenOpen: async () => undefined,
      },
      { listen: [], meshName: "test", maxConnections: 500, gossip: true },
    );
    await greedy.start();
    await greedy.handle(PROTOCOL, () => undefined);
    const address = multiaddr(victim.network.status().addresses[0]);
    for (let count = 0; count < 80; count++) {
      await greedy.dial(address, { force: true }).catch(() => undefined);
    }
    await expectOthersServed();
    await greedy.stop();
  });

  it("survives random bytes on its port", async () => {
    const random = seededRandom(9);
    for (let count = 0; count < 60; count++) {
      const length = 1 + Math.floor(random.next() * 20_000);
      openSocket().write(Uint8Array.from({ length }, () => Math.floor(random.next() * 256)));
    }
    await expectOthersServed();
  });

  it("serves others while many connections never finish their handshake", async () => {
    const opened = Array.from({ length: 100 }, openSocket);
    await Promise.all(opened.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    await expectOthersServed();
  });

  it("cuts off a request frame of 100 MB at its head, and logs it once", async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const stream = await openStream();
      const head = new Uint8Array(4);
      new DataView(head.buffer).setUint32(0, 100 * MEGABYTE);
      stream.send(head);
      expect(await pour(stream, repeated(new Uint8Array(MEGABYTE), 100))).toBe("cut");
    }
    await expectOthersServed();
    expect(lines.filter((line) => line.includes("no request"))).toHaveLength(1);
  });

  it("holds no more of a flood of large requests than its share", async () => {
    const stream = await openStream();
    const before = heldBytes();
    const request = (id: number) =>
      encodeFrame({
        kind: "request",
        id,
        timeoutMs: 60_000,
        totalBytes: 16 * MEGABYTE,
        method: "test.echo",
        part: new Uint8Array(),
      });
    for (let id = 1; id <= 12; id++) {
      stream.send(request(id));
      // All but the end of it, so that none is ever complete.
      const more = encodeFrame({ kind: "more", id, part: new Uint8Array(FRAME_PAYLOAD_BYTES) });
      await pour(stream, repeated(more, (15 * MEGABYTE) / FRAME_PAYLOAD_BYTES));
    }
    // 180 MB were sent and 32 are the share of one peer; what was on its way comes on top until it has arrived.
    await until(() => heldBytes() - before < 64 * MEGABYTE);
    await expectOthersServed();
  }, 20_000);

  it("keeps nothing of a gossip message of 100 MB", async () => {
    const before = heldBytes();
    const stream = await openStream("/meshsub/1.2.0");
    // The length of what follows, as a varint.
    stream.send(Uint8Array.from([0x80, 0x80, 0x80, 0x32]));
    // gossipsub gives the stream up at its head; what still comes is thrown away.
    await pour(stream, repeated(new Uint8Array(MEGABYTE), 100));
    await until(() => heldBytes() - before < 8 * MEGABYTE);
    await expectOthersServed();
  });

  it("lets nobody open thousands of streams", async () => {
    const connection = await hostile.dial(multiaddr(victim.network.status().addresses[0]));
    const attempts = Array.from({ length: 2_000 }, () =>
      connection.newStream(PROTOCOL, { signal: AbortSignal.timeout(3_000) }).then(
        () => "opened",
        () => "refused",
      ),
    );
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === "opened").length).toBeLessThanOrEqual(32);
    await expectOthersServed();
  }, 20_000);

  it("closes a connection on which a muxer frame of gigabytes is announced", async () => {
    const connection = await hostile.dial(multiaddr(victim.network.status().addresses[0]));
    await until(() => victim.network.status().connections.length > 0);
    const header = new Uint8Array(12);
    new DataView(header.buffer).setUint32(4, 1);
    new DataView(header.buffer).setUint32(8, 2 ** 31);
    // What lies below the streams is not in libp2p's interface.
    const { muxer } = connection as unknown as { muxer: { maConn: { send(bytes: Uint8Array): void } } };
    muxer.maConn.send(header);
    await until(() => connection.status !== "open");
    await expectOthersServed();
  });
});
