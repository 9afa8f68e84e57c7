import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { multiaddr } from "@multiformats/multiaddr";
import { type Logger, silentLogger, systemClock, type Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import type { Fence, PeerGate } from "../gate/gate.ts";
import { createNode, type Node } from "./create-node.ts";
import { createTestPeer, createTestRequests, type TestPeer, until } from "./testing.ts";

const MEGABYTE = 1024 * 1024;
const KEY = new Uint8Array(32).fill(7);
const fence: Fence = { accepted: () => [KEY], dialling: () => KEY };

/** Allows those on its list, and counts how often it said no. */
class Roster implements PeerGate {
  readonly #members = new Set<NodeId>();
  readonly #listeners = new Set<() => void>();
  refusals = 0;

  allows(peer: NodeId): boolean {
    const member = this.#members.has(peer);
    if (!member) this.refusals++;
    return member;
  }

  observe(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  add(...peers: NodeId[]): void {
    for (const peer of peers) this.#members.add(peer);
  }

  remove(peer: NodeId): void {
    this.#members.delete(peer);
    for (const listener of this.#listeners) listener();
  }
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Home {
  readonly victim: TestPeer;
  readonly friend: TestPeer;
  readonly roster: Roster;
  /** What the victim logged. */
  readonly lines: readonly string[];
}

/** Two members, of whom one listens. */
async function startHome(options: { fence?: Fence } = {}): Promise<Home> {
  const roster = new Roster();
  const lines: string[] = [];
  const keep = (_fields: object, message: string) => void lines.push(message);
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  const victim = await createTestPeer({ ...options, gate: roster, logger });
  const friend = await createTestPeer({ ...options, listen: [] });
  roster.add(victim.network.self, friend.network.self);
  victim.network.handle("test.echo", async ({ payload }) => payload);
  victim.gossip.subscribe("test.news", () => undefined);
  for (const { network } of [victim, friend]) {
    await network.start(new AbortController().signal);
    closers.push(() => network.stop());
  }
  friend.addressBook.add(victim.network.self, victim.network.status().addresses);
  return { victim, friend, roster, lines };
}

async function expectFriendServed({ victim, friend }: Home): Promise<void> {
  const answer = await friend.network.request(victim.network.self, "test.echo", new Uint8Array([7]), {
    timeoutMs: 5_000,
  });
  expect([...answer]).toEqual([7]);
}

/** A libp2p node with all that there is, whose id nobody knows. */
async function startStranger(strangerFence?: Fence): Promise<Node> {
  const stranger = await createNode(
    {
      privateKey: await generateKeyPair("Ed25519"),
      clock: systemClock(),
      logger: silentLogger,
      gater: {},
      fence: strangerFence,
      whenOpen: async () => undefined,
    },
    { listen: [], meshName: "test", maxConnections: 10, gossip: true },
  );
  await stranger.start();
  closers.push(() => stranger.stop());
  return stranger;
}

function addressOf({ network }: { network: { status(): { addresses: readonly string[] } } }): string {
  return network.status().addresses[0] as string;
}

/** What comes of trying to speak a protocol. */
async function speak(stranger: Node, address: string, protocol: string): Promise<"spoken" | "refused"> {
  try {
    const connection = await stranger.dial(multiaddr(address));
    await connection.newStream(protocol, { signal: AbortSignal.timeout(3_000) });
    return "spoken";
  } catch {
    return "refused";
  }
}

interface Caller {
  readonly socket: Socket;
  readonly received: Buffer[];
  readonly closed: Promise<number>;
}

/** A connection to the victim's port; `closed` tells after how many ms it was closed by the other side. */
async function openSocket(victim: TestPeer): Promise<Caller> {
  const socket = connect(Number(addressOf(victim).split("/")[4]), "127.0.0.1");
  const received: Buffer[] = [];
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => received.push(bytes));
  await new Promise((resolve) => socket.once("connect", resolve));
  const openedMs = performance.now();
  const closed = new Promise<number>((resolve) =>
    socket.once("close", () => resolve(performance.now() - openedMs)),
  );
  closers.push(() => socket.destroy());
  return { socket, received, closed };
}

describe("libp2pNetwork among strangers", () => {
  it("speaks not one of its protocols with an unknown id, though it has the key of the fence", async () => {
    const home = await startHome({ fence });
    await expectFriendServed(home);
    const stranger = await startStranger(fence);
    const { protocols } = home.victim.inventory();
    expect(protocols.length).toBeGreaterThanOrEqual(3);
    for (const protocol of [...protocols, "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0"]) {
      expect(await speak(stranger, addressOf(home.victim), protocol), protocol).toBe("refused");
    }
    await until(() => stranger.getConnections().length === 0);
    // Once, however often he came; and no connection of his was ever ready.
    expect(home.lines).toEqual(["A peer that is not allowed in this mesh was turned away"]);
    expect(home.victim.network.status().connections.map(({ peer }) => peer)).toEqual([
      home.friend.network.self,
    ]);
    await expectFriendServed(home);
  }, 20_000);

  it("speaks nothing but Noise without a fence, either", async () => {
    const home = await startHome();
    const stranger = await startStranger();
    for (const protocol of home.victim.inventory().protocols) {
      expect(await speak(stranger, addressOf(home.victim), protocol), protocol).toBe("refused");
    }
    await expectFriendServed(home);
  }, 20_000);

  it("cuts a member within a second of his removal, though nothing was under way", async () => {
    const home = await startHome({ fence });
    await expectFriendServed(home);
    home.roster.remove(home.friend.network.self);
    const removedMs = performance.now();
    await until(() => home.friend.network.status().connections.length === 0, 1_000);
    expect(performance.now() - removedMs).toBeLessThan(1_000);
    const { outcome } = await home.friend.network.dial({ peer: home.victim.network.self }, 3_000);
    expect(outcome).toBe("unreachable");
  });

  it("answers not one byte to whoever does not have the key, and closes", async () => {
    const home = await startHome({ fence });
    const wrong = await openSocket(home.victim);
    wrong.socket.write(randomBytes(100));
    const plain = await openSocket(home.victim);
    plain.socket.write("\x13/multistream/1.0.0\n\x07/noise\n");
    const half = await openSocket(home.victim);
    half.socket.write(randomBytes(47));
    expect(await wrong.closed).toBeLessThan(1_000);
    expect(await plain.closed).toBeLessThan(4_500);
    expect(await half.closed).toBeLessThan(4_500);
    expect([wrong, plain, half].flatMap(({ received }) => received)).toEqual([]);
    await expectFriendServed(home);
  }, 10_000);

  it("gives those who are slow at the fence no more time for being many, and serves others meanwhile", async () => {
    const home = await startHome({ fence });
    const callers = await Promise.all(Array.from({ length: 25 }, () => openSocket(home.victim)));
    const drip = setInterval(() => {
      for (const { socket } of callers) if (socket.writable) socket.write(randomBytes(1));
    }, 200);
    closers.push(() => clearInterval(drip));
    await expectFriendServed(home);
    for (const duration of await Promise.all(callers.map(({ closed }) => closed))) {
      expect(duration).toBeLessThan(4_500);
    }
    await expectFriendServed(home);
  }, 15_000);

  it("keeps no more of one machine waiting than leaves room for others", async () => {
    const home = await startHome({ fence });
    const callers = await Promise.all(Array.from({ length: 146 }, () => openSocket(home.victim)));
    const atOnce = new Set<Caller>();
    for (const caller of callers)
      void caller.closed.then((duration) => duration < 1_500 && atOnce.add(caller));
    await until(() => atOnce.size === 18);
    await Promise.all(callers.map(({ closed }) => closed));
    expect(atOnce.size).toBe(18);
    await expectFriendServed(home);
  }, 15_000);

  it("shows whoever listens on the wire nothing that he could tell from chance", async () => {
    const home = await startHome({ fence });
    const seen: Buffer[] = [];
    const tap = createServer((socket) => {
      const inner = connect(Number(addressOf(home.victim).split("/")[4]), "127.0.0.1");
      for (const [from, to] of [
        [socket, inner],
        [inner, socket],
      ] as const) {
        from.on("data", (bytes) => {
          seen.push(bytes);
          to.write(bytes);
        });
        from.on("error", () => undefined);
        from.on("close", () => to.destroy());
      }
    });
    await new Promise<void>((resolve) => tap.listen(0, "127.0.0.1", resolve));
    closers.push(() => tap.close());
    const port = (tap.address() as { port: number }).port;
    home.friend.addressBook.replace(home.victim.network.self, [`/ip4/127.0.0.1/tcp/${port}`]);
    const payload = new Uint8Array(300_000);
    const answer = await home.friend.network.request(home.victim.network.self, "test.echo", payload, {
      timeoutMs: 5_000,
    });
    expect(answer).toEqual(payload);
    const bytes = Buffer.concat(seen);
    for (const word of ["multistream", "noise", "yamux", "pi-controller"]) {
      expect(bytes.includes(word), word).toBe(false);
    }
  });

  // What is garbage already says nothing about what is kept.
  it("keeps nothing of 2,000 strangers whom it turned away", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const heldBytes = () => {
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const home = await startHome();
    const callers = new Worker(strangersProgram(), { eval: true, workerData: addressOf(home.victim) });
    closers.push(() => callers.terminate());
    await until(() => home.roster.refusals >= 300, 20_000);
    const before = heldBytes();
    await until(() => home.roster.refusals >= 2_300, 50_000);
    const after = heldBytes();
    await callers.terminate();
    expect(after - before).toBeLessThan(2 * MEGABYTE);
    await expectFriendServed(home);
  }, 90_000);
});

describe("libp2pRequests", () => {
  async function startPending() {
    const pending = await createTestRequests("pending");
    pending.network.handle("enrolment.hello", async ({ from }) => new TextEncoder().encode(from));
    await pending.network.start(new AbortController().signal);
    closers.push(() => pending.network.stop());
    return pending;
  }

  it("answers requests of those who know its id, and of nobody else's protocol", async () => {
    const pending = await startPending();
    const member = await createTestRequests("pending", []);
    await member.network.start(new AbortController().signal);
    closers.push(() => member.network.stop());
    member.addressBook.add(pending.network.self, pending.network.status().addresses);
    const answer = await member.network.request(pending.network.self, "enrolment.hello", new Uint8Array(), {
      timeoutMs: 5_000,
    });
    expect(new TextDecoder().decode(answer)).toBe(member.network.self);
    expect(pending.inventory()).toEqual({
      methods: ["enrolment.hello"],
      topics: [],
      protocols: ["/pi-controller/pending/request/1"],
    });
  });

  it("has no more connections of one machine than it may, whatever ids they come under", async () => {
    const listen = ["/ip4/127.0.0.1/tcp/0"];
    const pending = await createTestRequests("pending", listen, { maxConnectionsOfHost: 3 });
    await pending.network.start(new AbortController().signal);
    closers.push(() => pending.network.stop());
    const outcomes: string[] = [];
    for (let count = 0; count < 6; count++) {
      const { network } = await createTestRequests("pending", []);
      await network.start(new AbortController().signal);
      closers.push(() => network.stop());
      const { outcome } = await network.dial({ addresses: [addressOf(pending)] }, 5_000);
      outcomes.push(outcome);
    }
    expect(outcomes.filter((outcome) => outcome === "connected")).toHaveLength(3);
    expect(pending.network.status().connections).toHaveLength(3);
  });

  it("speaks neither gossip nor anything that libp2p has for finding out about others", async () => {
    const pending = await startPending();
    const stranger = await startStranger();
    const others = [
      "/meshsub/1.2.0",
      "/meshsub/1.1.0",
      "/floodsub/1.0.0",
      "/pi-controller/pending/id/1.0.0",
      "/ipfs/id/1.0.0",
      "/ipfs/id/push/1.0.0",
      "/ipfs/ping/1.0.0",
      "/pi-controller/test/request/1",
    ];
    for (const protocol of others) {
      expect(await speak(stranger, addressOf(pending), protocol), protocol).toBe("refused");
    }
    expect(await speak(stranger, addressOf(pending), "/pi-controller/pending/request/1")).toBe("spoken");
  }, 20_000);
});

/** Dials again and again, each time under a new id. */
function strangersProgram(): string {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  return `
    const { workerData } = require("node:worker_threads");
    void (async () => {
      const { createTestPeer } = await import(${module("testing.ts")});
      const callAgain = async () => {
        for (;;) {
          const { network } = await createTestPeer({ listen: [] });
          await network.start(new AbortController().signal);
          const { outcome } = await network.dial({ addresses: [workerData] }, 5000);
          if (outcome === "connected") process.exit(1);
          await network.stop();
        }
      };
      await Promise.all([callAgain(), callAgain(), callAgain(), callAgain()]);
    })();
  `;
}
