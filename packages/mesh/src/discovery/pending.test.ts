import { seededRandom } from "@pi-controller/runtime";
import { decode, encode, type Packet } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import { discoveryTag, serviceOf } from "./discovery-tag.ts";
import {
  eavesdrop,
  freePort,
  LOOPBACK,
  multicast,
  start,
  startMachine,
  stopAllStarted,
  until,
} from "./mdns.fixture.ts";
import { mdnsDiscovery } from "./mdns-discovery.ts";
import { question, records } from "./mdns-records.ts";
import type { PendingChange } from "./pending.ts";
import { pendingAnnouncer } from "./pending-announcer.ts";
import { pendingDiscovery } from "./pending-discovery.ts";
import { PENDING_SERVICE, pendingTexts } from "./pending-records.ts";

const TAG = discoveryTag(new Uint8Array(32));
const ADDRESS = "/ip4/127.0.0.1/tcp/4101";

afterEach(stopAllStarted);

async function startUnclaimed(self: string, port: number, joinToken?: string) {
  const machine = await startMachine(port);
  const announcer = await start(pendingAnnouncer(machine, { self, name: "greenhouse", joinToken }));
  announcer.announce([ADDRESS]);
  return announcer;
}

/** A member: it looks for its mesh and for unclaimed peers over one socket. */
async function startMember(self: string, port: number) {
  const lines: string[] = [];
  const machine = await startMachine(port, { lines });
  const discovery = await start(mdnsDiscovery(machine, { self, tags: () => [TAG] }));
  const pending = pendingDiscovery(machine, { self });
  const changes: PendingChange[] = [];
  pending.observe((change) => changes.push(change));
  await start(pending);
  return { discovery, pending, changes, lines, mdns: machine.mdns };
}

describe("pendingDiscovery", () => {
  it("finds an unclaimed peer that comes, with its name and its join token's id, and sees it go", async () => {
    const port = await freePort();
    const member = await startMember("peer-mem", port);
    const announcer = await startUnclaimed("peer-new", port, "a1b2c3d4e5f6a7b8");
    await until(() => member.changes.length > 0);
    const peer = {
      peer: "peer-new",
      addresses: [ADDRESS],
      name: "greenhouse",
      joinToken: "a1b2c3d4e5f6a7b8",
    };
    expect(member.pending.pending()).toEqual([peer]);
    await announcer.stop();
    await until(() => member.changes.length > 1);
    expect(member.changes).toEqual([
      { kind: "found", peer },
      { kind: "lost", peer },
    ]);
    expect(member.pending.pending()).toEqual([]);
  });

  it("finds one that was there before", async () => {
    const port = await freePort();
    const early = await startMember("peer-one", port);
    await startUnclaimed("peer-new", port);
    await until(() => early.changes.length > 0);
    const late = await startMember("peer-two", port);
    await until(() => late.changes.length > 0);
    expect(late.pending.pending()).toEqual([{ peer: "peer-new", addresses: [ADDRESS], name: "greenhouse" }]);
  });

  it("shares its sockets with the discovery of the mesh, and neither hears what is for the other", async () => {
    const port = await freePort();
    const [one, other] = [await startMember("peer-one", port), await startMember("peer-two", port)];
    const found: string[] = [];
    one.discovery.observe(({ peer }) => found.push(peer));
    await startUnclaimed("peer-new", port);
    other.discovery.announce(["/ip4/127.0.0.1/tcp/4102"]);
    await until(() => found.length > 0 && one.changes.length > 0);
    expect(new Set(found)).toEqual(new Set(["peer-two"]));
    expect(one.pending.pending().map(({ peer }) => peer)).toEqual(["peer-new"]);
    expect(one.mdns.status()).toHaveLength(1);
  });

  it("does not take itself for unclaimed, nor half of what others make up", async () => {
    const port = await freePort();
    const member = await startMember("peer-mem", port);
    const random = seededRandom(7);
    const peer = { peer: "peer-bad", addresses: [ADDRESS], name: "pi" };
    const bad = [
      { ...peer, name: "no host name" },
      { ...peer, addresses: ["no address"] },
      { ...peer, peer: "../../etc" },
      { ...peer, joinToken: "x y" },
      { ...peer, peer: "peer-mem" },
    ];
    const whole = encode(responseOf(peer));
    const broken = Array.from({ length: 300 }, () => {
      const packet = Buffer.from(whole);
      for (let count = 0; count < 4; count++) {
        packet[Math.floor(random.next() * packet.length)] = Math.floor(random.next() * 256);
      }
      return packet.subarray(0, Math.floor(random.next() * packet.length));
    });
    await multicast(port, [...bad.map((one) => encode(responseOf(one))), ...broken]);
    await startUnclaimed("peer-new", port);
    await until(() => member.pending.pending().some((one) => one.peer === "peer-new"));
    expect(member.pending.pending().map((one) => one.peer)).not.toContain("peer-mem");
    for (const { name, addresses } of member.pending.pending()) {
      expect(name).toMatch(/^[a-z0-9-]{1,63}$/);
      expect(addresses.every((address) => address.startsWith("/"))).toBe(true);
    }
    expect(member.lines.filter((line) => line.includes("failed"))).toEqual([]);
  });

  it("keeps no more than 256, and still answers for its mesh", async () => {
    const port = await freePort();
    const member = await startMember("peer-mem", port);
    const flood = Array.from({ length: 600 }, (_, count) =>
      encode(responseOf({ peer: `peer-f${count}`, addresses: [ADDRESS], name: "pi" })),
    );
    const isFull = () => member.lines.some((line) => line.startsWith("Left out an unclaimed peer"));
    await multicast(port, flood);
    await until(isFull);
    expect(member.pending.pending()).toHaveLength(256);
    expect(member.lines.filter((line) => line.startsWith("Left out an unclaimed peer"))).toHaveLength(1);
    expect(member.lines.filter((line) => line.startsWith("An unclaimed peer is on")).length).toBeLessThan(60);
    const other = await startMember("peer-two", port);
    const found: string[] = [];
    other.discovery.observe(({ peer }) => found.push(peer));
    member.discovery.announce([ADDRESS]);
    await until(() => found.includes("peer-mem"));
  });
});

describe("pendingAnnouncer", () => {
  it("answers those who look for unclaimed peers, and nobody who looks for a mesh; it asks nothing", async () => {
    const port = await freePort();
    const packets: Packet[] = [];
    const stopListening = await eavesdrop(port, (packet) => packets.push(decode(packet)));
    const told = () => packets.filter(({ type }) => type === "response").length;
    await startUnclaimed("peer-new", port);
    // All announcements that come unasked.
    await until(() => told() === 3);
    const asked = (service: string) => encode({ type: "query", ...question([service]) });
    await multicast(port, [asked(serviceOf(TAG)), asked("_services._dns-sd._udp.local")]);
    await multicast(port, [asked(PENDING_SERVICE)]);
    await until(() => told() === 4);
    const answered = packets.flatMap(({ answers = [] }) => answers.map(({ name }) => name));
    expect(new Set(answered)).toEqual(new Set([PENDING_SERVICE, `peer-new.${PENDING_SERVICE}`]));
    // The three questions of this test.
    expect(packets.filter(({ type }) => type === "query")).toHaveLength(3);
    await stopListening();
  });

  it("tells each interface the addresses that can be dialled there", async () => {
    const port = await freePort();
    const far = { ...LOOPBACK, address: "192.0.2.7", cidr: "192.0.2.7/24", internal: false };
    const machine = await startMachine(port, { interfaces: () => ({ lo: [LOOPBACK], eth9: [far] }) });
    const announcer = await start(pendingAnnouncer(machine, { self: "peer-new", name: "pi" }));
    announcer.announce([ADDRESS]);
    const member = await startMember("peer-mem", port);
    await until(() => member.pending.pending().length > 0);
    expect(member.pending.pending()[0]?.addresses).toEqual([ADDRESS]);
  });
});

function responseOf(peer: { peer: string; addresses: string[]; name: string }): Packet {
  const announcement = { service: PENDING_SERVICE, instance: peer.peer, texts: pendingTexts(peer) };
  return { type: "response", ...records(announcement) };
}
