import { type Logger, seededRandom, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { AddressBook } from "../address-book.ts";
import { openGate, type PeerGate } from "../gate/gate.ts";
import type { DiscoveredPeer, Discovery } from "../network.ts";
import { SimulatedNetwork } from "../simulated/index.ts";
import { Connector } from "./connector.ts";
import { ScriptedGate } from "./gate.fixture.ts";
import { neighbours } from "./neighbours.ts";

const SEED = 7;

interface TestPeer {
  readonly id: string;
  readonly connector: Connector;
  readonly connected: () => string[];
  readonly log: string[];
  readonly addressBook: AddressBook;
}

function simulation() {
  const clock = new VirtualClock();
  const random = seededRandom(SEED);
  const hub = new SimulatedNetwork({ clock, random });

  /** A peer with its connector, started. It knows the addresses of the whole roster. */
  async function startPeer(
    id: string,
    roster: readonly string[],
    options: { join?: string[]; discovery?: Discovery; gate?: PeerGate } = {},
  ): Promise<TestPeer> {
    const log: string[] = [];
    const keep = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const addressBook = new AddressBook();
    const { discovery, gate = openGate, ...connectorOptions } = options;
    const peer = hub.createPeer(id, { addressBook, gate, logger });
    for (const member of roster) addressBook.add(member, [hub.addressOf(member)]);
    const connector = new Connector(
      {
        network: peer.network,
        gate,
        ...(discovery === undefined ? {} : { discovery }),
        addressBook,
        clock: peer.clock,
        random,
        logger,
        members: () => roster,
        lookUpHost: async (host) => {
          if (host === "nowhere") throw new Error("ENOTFOUND");
          return [hub.addressOf(host).split("/")[2] as string];
        },
      },
      connectorOptions,
    );
    const signal = new AbortController().signal;
    await peer.network.start(signal);
    await connector.start();
    const connected = () =>
      peer.network
        .status()
        .connections.map((connection) => connection.peer)
        .sort();
    return { id, connector, connected, log, addressBook };
  }

  return { clock, hub, startPeer };
}

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `peer-${String(index).padStart(4, "0")}`);
const others = (all: readonly string[], self: string) => all.filter((name) => name !== self);

describe("Connector", () => {
  it("connects all members of a small roster within a second", async () => {
    const { clock, startPeer } = simulation();
    const roster = names(5);
    const peers = await Promise.all(roster.map((id) => startPeer(id, roster)));
    await clock.advance(1_000);
    for (const peer of peers) expect(peer.connected()).toEqual(others(roster, peer.id));
  });

  it("keeps the bounded overlay of a large roster, and no more", async () => {
    const { clock, startPeer } = simulation();
    const roster = names(64);
    const peers = await Promise.all(roster.map((id) => startPeer(id, roster)));
    await clock.advance(120_000);
    for (const peer of peers) expect(peer.connected().length).toBe(11);
  });

  it("connects again at once when a killed peer is back", async () => {
    const { clock, hub, startPeer } = simulation();
    const roster = names(3);
    const [first] = await Promise.all(roster.map((id) => startPeer(id, roster)));
    await clock.advance(30_000);
    hub.kill("peer-0002");
    await clock.advance(60_000);
    expect(first?.connected()).toEqual(["peer-0001"]);
    await startPeer("peer-0002", roster);
    await clock.advance(12_000);
    expect(first?.connected()).toEqual(["peer-0001", "peer-0002"]);
  });

  it("connects again within 15 s of the end of a cut that lasted five minutes", async () => {
    const { clock, hub, startPeer } = simulation();
    const roster = names(5);
    const peers = await Promise.all(roster.map((id) => startPeer(id, roster)));
    await clock.advance(30_000);
    hub.partition([roster.slice(0, 2), roster.slice(2)]);
    await clock.advance(300_000);
    expect(peers[0]?.connected()).toEqual(["peer-0001"]);
    hub.healAll();
    await clock.advance(15_000);
    for (const peer of peers) expect(peer.connected()).toEqual(others(roster, peer.id));
  });

  it("leaves the dial to the lower id, and takes over when that does not dial", async () => {
    const { clock, startPeer } = simulation();
    const roster = names(2);
    await startPeer("peer-0000", []);
    const higher = await startPeer("peer-0001", roster);
    await clock.advance(2_500);
    expect(higher.connected()).toEqual([]);
    await clock.advance(2_000);
    expect(higher.connected()).toEqual(["peer-0000"]);
  });

  it("joins through a named host as soon as somebody answers there, and says why not before", async () => {
    const { clock, startPeer } = simulation();
    const peer = await startPeer("peer-0000", [], { join: ["peer-0001:4101", "nowhere"] });
    await clock.advance(10_000);
    expect(peer.log.filter((line) => line.includes("connection refused"))).toHaveLength(1);
    expect(peer.log.filter((line) => line.includes("ENOTFOUND"))).toHaveLength(1);
    await startPeer("peer-0001", []);
    await clock.advance(20_000);
    expect(peer.connected()).toEqual(["peer-0001"]);
    expect(peer.log.some((line) => line.startsWith("Joined the mesh"))).toBe(true);
  });

  it("dials those that discovery finds, and announces where it can be dialled", async () => {
    const { clock, hub, startPeer } = simulation();
    const discovery = new ScriptedDiscovery();
    await startPeer("peer-0001", []);
    const peer = await startPeer("peer-0000", [], { discovery });
    discovery.find({ peer: "peer-0001", addresses: [hub.addressOf("peer-0001")] });
    await clock.advance(1_000);
    expect(peer.connected()).toEqual(["peer-0001"]);
    expect(discovery.announced).toEqual([`${hub.addressOf("peer-0000")}/p2p/peer-0000`]);
  });

  it("neither dials nor remembers a peer that it finds and that is not allowed, until it is", async () => {
    const { clock, hub, startPeer } = simulation();
    const discovery = new ScriptedDiscovery();
    const gate = new ScriptedGate("peer-0001");
    const found = { peer: "peer-0001", addresses: [hub.addressOf("peer-0001")] };
    await startPeer("peer-0001", []);
    const peer = await startPeer("peer-0000", [], { discovery, gate });
    for (let round = 0; round < 5; round++) {
      discovery.find(found);
      await clock.advance(5_000);
    }
    expect(peer.connected()).toEqual([]);
    expect(peer.addressBook.addressesOf("peer-0001")).toEqual([]);
    gate.allow("peer-0001");
    discovery.find(found);
    await clock.advance(1_000);
    expect(peer.connected()).toEqual(["peer-0001"]);
  });

  it("forgets a member that is no longer allowed, and dials it no more", async () => {
    const { clock, startPeer } = simulation();
    const roster = names(3);
    const gate = new ScriptedGate();
    const [peer] = await Promise.all([
      startPeer("peer-0000", roster, { gate }),
      startPeer("peer-0001", []),
      startPeer("peer-0002", []),
    ]);
    await clock.advance(5_000);
    expect(peer?.connected()).toEqual(["peer-0001", "peer-0002"]);
    gate.deny("peer-0001");
    await clock.advance(60_000);
    expect(peer?.connected()).toEqual(["peer-0002"]);
    expect(peer?.addressBook.addressesOf("peer-0001")).toEqual([]);
    expect(peer?.addressBook.addressesOf("peer-0002")).not.toEqual([]);
  });

  it("says once that nobody who may be in the mesh answers where it should join, and joins when one does", async () => {
    const { clock, startPeer } = simulation();
    const gate = new ScriptedGate("peer-0001");
    await startPeer("peer-0001", []);
    const peer = await startPeer("peer-0000", [], { join: ["peer-0001:4101"], gate });
    await clock.advance(10 * 60_000);
    expect(peer.connected()).toEqual([]);
    expect(peer.log.filter((line) => line.includes("not allowed in this mesh"))).toHaveLength(1);
    expect(peer.log.some((line) => line.startsWith("Joined the mesh"))).toBe(false);
    gate.allow("peer-0001");
    await clock.advance(20_000);
    expect(peer.connected()).toEqual(["peer-0001"]);
    expect(peer.log.filter((line) => line.startsWith("Joined the mesh"))).toHaveLength(1);
  });

  it("lets a stranger go that joins no roster", async () => {
    const { clock, startPeer } = simulation();
    const peer = await startPeer("peer-0000", ["peer-0000"], { join: ["peer-0009"] });
    await startPeer("peer-0009", ["peer-0009"]);
    await clock.advance(20_000);
    expect(peer.connected()).toEqual(["peer-0009"]);
    await clock.advance(60_000);
    expect(peer.log.some((line) => line.startsWith("Closing a connection"))).toBe(true);
  });

  it("finds those that are left when most of a large roster is switched off", async () => {
    const { clock, startPeer } = simulation();
    const roster = names(80);
    const alive = ["peer-0000", "peer-0011", "peer-0037", "peer-0062"];
    const peers = await Promise.all(alive.map((id) => startPeer(id, roster)));
    await clock.advance(180_000);
    for (const peer of peers) expect(peer.connected(), `seed ${SEED}`).toEqual(others(alive, peer.id));
  });

  it("needs nobody but its neighbours when it has all of them, and others in their place when not", async () => {
    const { clock, hub, startPeer } = simulation();
    const roster = names(40);
    const peers = await Promise.all(roster.map((id) => startPeer(id, roster)));
    const peer = peers[0] as TestPeer;
    await clock.advance(180_000);
    const near = [...neighbours(peer.id, roster)];
    expect(peer.connected()).toEqual(near.toSorted());
    const needed = () => others(roster, peer.id).filter((id) => peer.connector.isNeeded(id));
    expect(needed()).toEqual(near.toSorted());
    hub.kill(near[0] as string);
    await clock.advance(10_000);
    const standIns = peer.connected().filter((id) => !near.includes(id));
    expect(standIns).not.toEqual([]);
    expect(needed()).toEqual([...near, ...standIns].toSorted());
  });

  it("does nothing any more once stopped", async () => {
    const { clock, startPeer } = simulation();
    const roster = names(2);
    const peer = await startPeer("peer-0000", roster);
    await peer.connector.stop();
    const other = await startPeer("peer-0001", ["peer-0001"]);
    await clock.advance(60_000);
    expect([...peer.connected(), ...other.connected()]).toEqual([]);
  });
});

/** Finds what the test says. */
class ScriptedDiscovery implements Discovery {
  readonly name = "discovery";
  announced: readonly string[] = [];
  readonly #listeners: ((peer: DiscoveredPeer) => void)[] = [];

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  announce(addresses: readonly string[]): void {
    this.announced = addresses;
  }

  observe(listener: (peer: DiscoveredPeer) => void): () => void {
    this.#listeners.push(listener);
    return () => undefined;
  }

  status(): [] {
    return [];
  }

  find(peer: DiscoveredPeer): void {
    for (const listener of this.#listeners) listener(peer);
  }
}
