import { createSocket } from "node:dgram";
import type { NetworkInterfaceInfo } from "node:os";
import { seededRandom } from "@pi-controller/runtime";
import { decode } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import type { DiscoveredPeer } from "../network.ts";
import { serviceOf } from "./discovery-tag.ts";
import {
  eavesdrop,
  freePort,
  LOOPBACK,
  type MachineOptions,
  send,
  start,
  startMachine,
  stopAllStarted,
  until,
} from "./mdns.fixture.ts";
import { type MdnsDiscovery, mdnsDiscovery } from "./mdns-discovery.ts";

const TAG = "0123456789";
const OLD_TAG = "aaaaaaaaaa";
const OTHER_TAG = "9876543210";

afterEach(stopAllStarted);

async function startDiscovery(
  self: string,
  port: number,
  { tags = [TAG], ...options }: MachineOptions & { tags?: readonly string[] } = {},
): Promise<{ discovery: MdnsDiscovery; found: DiscoveredPeer[] }> {
  const machine = await startMachine(port, options);
  const discovery = mdnsDiscovery(machine, { self, tags: () => tags });
  const found: DiscoveredPeer[] = [];
  discovery.observe((peer) => found.push(peer));
  await start(discovery);
  return { discovery, found };
}

describe("mdnsDiscovery", () => {
  it("finds the peers of its mesh on this machine, and not itself or those of another mesh", async () => {
    const port = await freePort();
    const one = await startDiscovery("peer-one", port);
    const other = await startDiscovery("peer-two", port);
    const stranger = await startDiscovery("peer-six", port, { tags: [OTHER_TAG] });
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
    const random = seededRandom(42);
    const garbage = Array.from({ length: 200 }, () =>
      Uint8Array.from({ length: Math.floor(random.next() * 600) }, () => Math.floor(random.next() * 256)),
    );
    await send(port, garbage);
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

  it("looks for the peers of every tag, and announces itself under the newest alone", async () => {
    const port = await freePort();
    const told: string[] = [];
    const stopListening = await eavesdrop(port, (packet) => {
      const { answers = [] } = decode(packet);
      for (const { type, name } of answers) if (type === "TXT") told.push(name);
    });
    const old = await startDiscovery("peer-old", port, { tags: [OLD_TAG] });
    const both = await startDiscovery("peer-two", port, { tags: [TAG, OLD_TAG] });
    old.discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    both.discovery.announce(["/ip4/127.0.0.1/tcp/4102"]);
    await until(() => both.found.length > 0 && told.includes(`peer-two.${serviceOf(TAG)}`));
    expect(both.found[0]?.peer).toBe("peer-old");
    expect(old.found).toEqual([]);
    expect(told.filter((name) => name.startsWith("peer-two"))).not.toContain(
      `peer-two.${serviceOf(OLD_TAG)}`,
    );
    await stopListening();
  });

  it("says goodbye under the old tag when it gets a new one, and is found under that at once", async () => {
    const port = await freePort();
    const goodbyes: string[] = [];
    const stopListening = await eavesdrop(port, (packet) => {
      const { answers = [] } = decode(packet);
      for (const answer of answers) {
        if (answer.type === "TXT" && answer.ttl === 0) goodbyes.push(answer.name);
      }
    });
    const tags = [OLD_TAG];
    const one = await startDiscovery("peer-one", port, { tags });
    const other = await startDiscovery("peer-two", port, { tags: [TAG] });
    one.discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    tags.unshift(TAG);
    one.discovery.retag();
    await until(() => other.found.length > 0 && goodbyes.length > 0);
    expect(goodbyes).toEqual([`peer-one.${serviceOf(OLD_TAG)}`]);
    other.discovery.announce(["/ip4/127.0.0.1/tcp/4102"]);
    await until(() => one.found.length > 0);
    await stopListening();
  });

  it("says and asks nothing without a tag", async () => {
    const port = await freePort();
    const heard: Buffer[] = [];
    const stopListening = await eavesdrop(port, (packet) => heard.push(packet));
    const { discovery } = await startDiscovery("peer-one", port, { tags: [] });
    discovery.announce(["/ip4/127.0.0.1/tcp/4101"]);
    const witness = await startDiscovery("peer-wit", port);
    const other = await startDiscovery("peer-two", port);
    other.discovery.announce(["/ip4/127.0.0.1/tcp/4102"]);
    await until(() => witness.found.length > 0);
    expect(heard.some((packet) => packet.includes("peer-one"))).toBe(false);
    await stopListening();
  });
});
