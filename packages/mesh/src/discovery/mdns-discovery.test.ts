import { createSocket } from "node:dgram";
import type { NetworkInterfaceInfo } from "node:os";
import { type Logger, seededRandom, systemClock } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import type { DiscoveredPeer, Discovery } from "../network.ts";
import type { ReadInterfaces } from "./interfaces.ts";
import { mdnsDiscovery } from "./mdns-discovery.ts";

const LOOPBACK: NetworkInterfaceInfo = {
  address: "127.0.0.1",
  netmask: "255.0.0.0",
  family: "IPv4",
  mac: "00:00:00:00:00:00",
  internal: true,
  cidr: "127.0.0.1/8",
};

const started: Discovery[] = [];

afterEach(async () => {
  for (const discovery of started.splice(0)) await discovery.stop();
});

/** A UDP port that nobody uses: mDNS' own may be spoken by others on this machine. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

function listeningLogger(lines: string[]): Logger {
  const keep = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: keep, info: keep, warn: keep, error: keep };
}

async function startDiscovery(
  self: string,
  port: number,
  options: { meshName?: string; interfaces?: ReadInterfaces; lines?: string[] } = {},
): Promise<{ discovery: Discovery; found: DiscoveredPeer[] }> {
  const discovery = mdnsDiscovery(
    {
      clock: systemClock(),
      random: seededRandom(1),
      logger: listeningLogger(options.lines ?? []),
      interfaces: options.interfaces ?? (() => ({ lo: [LOOPBACK] })),
    },
    { self, meshName: options.meshName ?? "test", port },
  );
  const found: DiscoveredPeer[] = [];
  discovery.observe((peer) => found.push(peer));
  started.push(discovery);
  await discovery.start(new AbortController().signal);
  return { discovery, found };
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; !condition(); attempt++) {
    if (attempt > 400) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("mdnsDiscovery", () => {
  it("finds the peers of its mesh on this machine, and not itself or those of another mesh", async () => {
    const port = await freePort();
    const one = await startDiscovery("peer-one", port);
    const other = await startDiscovery("peer-two", port);
    const stranger = await startDiscovery("peer-six", port, { meshName: "another" });
    one.discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    other.discovery.announce(["/ip4/127.0.0.1/tcp/4102"]);
    stranger.discovery.announce(["/ip4/127.0.0.1/tcp/4106"]);
    await until(() => one.found.length > 0 && other.found.length > 0);
    expect(one.found[0]).toEqual({ peer: "peer-two", addresses: ["/ip4/127.0.0.1/tcp/4102"] });
    expect(other.found[0]).toEqual({ peer: "peer-one", addresses: ["/ip4/127.0.0.1/tcp/4101"] });
    // What came before a second announcement came in time to be found, had it been for them.
    stranger.discovery.announce(["/ip4/127.0.0.1/tcp/4107"]);
    one.discovery.announce(["/ip4/127.0.0.1/tcp/4103"]);
    await until(() => other.found.some(({ addresses }) => addresses.includes("/ip4/127.0.0.1/tcp/4103")));
    const peersFound = new Set([...one.found, ...other.found].map(({ peer }) => peer));
    expect(peersFound).toEqual(new Set(["peer-one", "peer-two"]));
    expect(stranger.found).toEqual([]);
  });

  it("finds a peer that was there before", async () => {
    const port = await freePort();
    const first = await startDiscovery("peer-one", port);
    const witness = await startDiscovery("peer-wit", port);
    first.discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    await until(() => witness.found.length > 0);
    const late = await startDiscovery("peer-two", port);
    await until(() => late.found.length > 0);
    expect(late.found[0]?.peer).toBe("peer-one");
  });

  it("tells new addresses at once", async () => {
    const port = await freePort();
    const one = await startDiscovery("peer-one", port);
    const other = await startDiscovery("peer-two", port);
    one.discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    await until(() => other.found.length > 0);
    one.discovery.announce(["/ip4/127.0.0.1/tcp/4199"]);
    await until(() => other.found.at(-1)?.addresses[0] === "/ip4/127.0.0.1/tcp/4199");
  });

  it("survives garbage on its port", async () => {
    const port = await freePort();
    const one = await startDiscovery("peer-one", port);
    const other = await startDiscovery("peer-two", port);
    const socket = createSocket("udp4");
    const random = seededRandom(42);
    for (let count = 0; count < 200; count++) {
      const length = Math.floor(random.next() * 600);
      const garbage = Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
      await new Promise<void>((resolve) => socket.send(garbage, port, "127.0.0.1", () => resolve()));
    }
    await new Promise<void>((resolve) => socket.close(resolve));
    one.discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    await until(() => other.found.length > 0);
    expect(other.discovery.status()).toEqual([
      { interface: "lo", address: "127.0.0.1", status: "active", reason: "" },
    ]);
  });

  it("says why it does not work on an interface, and still works on the others", async () => {
    const port = await freePort();
    const lines: string[] = [];
    const gone: NetworkInterfaceInfo = {
      ...LOOPBACK,
      address: "203.0.113.9",
      cidr: "203.0.113.9/24",
      internal: false,
    };
    const { discovery } = await startDiscovery("peer-one", port, {
      lines,
      interfaces: () => ({ lo: [LOOPBACK], eth9: [gone] }),
    });
    expect(discovery.status()).toMatchObject([
      { interface: "lo", status: "active" },
      { interface: "eth9", status: "failed" },
    ]);
    expect(lines.some((line) => line.startsWith("mDNS does not work") && line.includes("eth9"))).toBe(true);
  });

  it("names the port when a program keeps it to itself", async () => {
    const socket = createSocket({ type: "udp4", reuseAddr: false });
    await new Promise<void>((resolve) => socket.bind(0, resolve));
    const { port } = socket.address();
    const { discovery } = await startDiscovery("peer-one", port);
    expect(discovery.status()[0]).toMatchObject({
      status: "failed",
      reason: `UDP port ${port} is taken by a program that does not share it`,
    });
    await new Promise<void>((resolve) => socket.close(resolve));
  });
});
