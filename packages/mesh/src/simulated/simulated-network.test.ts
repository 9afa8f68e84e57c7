import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { AddressBook } from "../address-book.ts";
import { describeNetworkContract } from "../network-contract.ts";
import type { ContractTrust } from "../network-contract-tools.ts";
import { SimulatedNetwork } from "./simulated-network.ts";

function simulation(seed = 1) {
  const clock = new VirtualClock();
  const hub = new SimulatedNetwork({ clock, random: seededRandom(seed) }, { latencyMs: 2 });
  const createPeer = (id: string, trust?: ContractTrust) => {
    const addressBook = new AddressBook();
    return { ...hub.createPeer(id, { ...trust, addressBook, logger: silentLogger }), addressBook };
  };
  return { clock, hub, createPeer };
}

describeNetworkContract("SimulatedNetwork", async () => {
  const { clock, hub, createPeer } = simulation();
  let count = 0;
  return {
    createPeer: async (trust) => createPeer(`contract-peer-${count++}`, trust),
    passTime: (durationMs) => clock.advance(durationMs),
    refusingAddress: async () => hub.addressOf("machine-without-peer"),
    async silentAddress() {
      const { network } = createPeer("silent-peer");
      await network.start(new AbortController().signal);
      hub.pause("silent-peer");
      return hub.addressOf("silent-peer");
    },
    async close() {},
  };
});

describe("SimulatedNetwork", () => {
  async function connectedPair(seed?: number) {
    const { clock, hub, createPeer } = simulation(seed);
    const one = createPeer("peer-one");
    const other = createPeer("peer-two");
    const heard: string[] = [];
    for (const { network, addressBook } of [one, other]) {
      await network.start(new AbortController().signal);
      addressBook.add("peer-one", [hub.addressOf("peer-one")]);
      addressBook.add("peer-two", [hub.addressOf("peer-two")]);
    }
    other.network.handle("test.echo", async ({ payload }) => payload);
    void one.network.dial({ peer: "peer-two" }, 1_000);
    await clock.advance(100);
    one.network.observe(({ kind }) => heard.push(kind));
    const outcomeOf = async (peer: string, timeoutMs = 1_000) => {
      const dialling = one.network.dial({ peer }, timeoutMs);
      await clock.advance(timeoutMs);
      return (await dialling).outcome;
    };
    const ask = async (timeoutMs = 1_000) => {
      const asking = one.network
        .request("peer-two", "test.echo", new Uint8Array(1), { timeoutMs })
        .then(() => "answered")
        .catch((error: { code: string }) => error.code);
      await clock.advance(timeoutMs);
      return asking;
    };
    return { clock, hub, createPeer, one, other, heard, outcomeOf, ask };
  }

  it("closes the connections of a killed process at once and refuses new ones", async () => {
    const { clock, hub, heard, outcomeOf } = await connectedPair();
    hub.kill("peer-two");
    await clock.advance(2);
    expect(heard).toEqual(["disconnected"]);
    expect(await outcomeOf("peer-two")).toBe("refused");
  });

  it("connects to the process that starts again on the same machine", async () => {
    const { hub, createPeer, outcomeOf } = await connectedPair();
    hub.kill("peer-two");
    await createPeer("peer-two").network.start(new AbortController().signal);
    expect(await outcomeOf("peer-two")).toBe("connected");
  });

  it("says nothing of a machine without power until the silence is too long", async () => {
    const { clock, hub, heard, outcomeOf } = await connectedPair();
    hub.powerOff("peer-two");
    await clock.advance(10_000);
    expect(heard).toEqual([]);
    await clock.advance(15_000);
    expect(heard).toEqual(["disconnected"]);
    expect(await outcomeOf("peer-two")).toBe("unreachable");
  });

  it("keeps what arrives at a paused process until it goes on", async () => {
    const { hub, ask } = await connectedPair();
    hub.pause("peer-two");
    expect(await ask(500)).toBe("DEADLINE_EXCEEDED");
    hub.resume("peer-two");
    expect(await ask()).toBe("answered");
  });

  it("stops the timers of a paused process, which fire when it goes on", async () => {
    const { clock, hub, other } = await connectedPair();
    const fired: number[] = [];
    other.clock.setTimer(() => fired.push(clock.monotonic()), 10);
    hub.pause("peer-two");
    await clock.advance(1_000);
    expect(fired).toEqual([]);
    hub.resume("peer-two");
    await clock.advance(0);
    expect(fired).toEqual([1_100]);
  });

  it("survives a short cut and loses the connection in a long one", async () => {
    const { clock, hub, heard, outcomeOf, ask } = await connectedPair();
    hub.cut("peer-one", "peer-two");
    expect(await ask(500)).toBe("DEADLINE_EXCEEDED");
    hub.heal("peer-one", "peer-two");
    expect(await ask()).toBe("answered");
    await clock.advance(30_000);
    expect(heard).toEqual([]);
    hub.cut("peer-one", "peer-two");
    await clock.advance(30_000);
    expect(heard).toEqual(["disconnected"]);
    expect(await outcomeOf("peer-two")).toBe("unreachable");
    hub.healAll();
    expect(await outcomeOf("peer-two")).toBe("connected");
  });

  it("carries requests one way and no answers back over a link that is cut one way", async () => {
    const { clock, hub, one, other } = await connectedPair();
    let asked = 0;
    other.network.handle("test.count", async () => {
      asked++;
      return new Uint8Array();
    });
    hub.cutOneWay("peer-two", "peer-one");
    const asking = one.network
      .request("peer-two", "test.count", new Uint8Array(), { timeoutMs: 500 })
      .catch((error: { code: string }) => error.code);
    await clock.advance(500);
    expect([asked, await asking]).toEqual([1, "DEADLINE_EXCEEDED"]);
  });

  it("loses the share of requests that it was told to", async () => {
    const seed = 5;
    const { hub, ask } = await connectedPair(seed);
    hub.links.change({ lossFraction: 0.5 });
    const outcomes: string[] = [];
    for (let index = 0; index < 200; index++) outcomes.push(await ask(20));
    const answered = outcomes.filter((outcome) => outcome === "answered").length;
    // Both the request and its answer have to arrive.
    expect(answered / 200, `seed ${seed}`).toBeGreaterThan(0.15);
    expect(answered / 200, `seed ${seed}`).toBeLessThan(0.35);
  });

  it("delivers a duplicated request twice and answers it once", async () => {
    const { hub, one, other, clock } = await connectedPair();
    hub.links.change({ duplicateFraction: 1 });
    let asked = 0;
    other.network.handle("test.count", async () => {
      asked++;
      return new Uint8Array([asked]);
    });
    const asking = one.network.request("peer-two", "test.count", new Uint8Array(), { timeoutMs: 100 });
    await clock.advance(100);
    expect([asked, (await asking)[0]]).toEqual([2, 1]);
  });

  it("gossips inside each side of a partition and not across", async () => {
    const { clock, hub, createPeer } = simulation();
    const ids = ["peer-a", "peer-b", "peer-c", "peer-d"];
    const peers = ids.map((id) => createPeer(id));
    const heard: string[] = [];
    for (const { network, gossip, addressBook } of peers) {
      await network.start(new AbortController().signal);
      gossip.subscribe("news", ({ from }) => heard.push(`${network.self} from ${from}`));
      for (const id of ids) addressBook.add(id, [hub.addressOf(id)]);
    }
    for (const { network } of peers) {
      for (const id of ids) if (id < network.self) void network.dial({ peer: id }, 1_000);
    }
    await clock.advance(100);
    hub.partition([
      ["peer-a", "peer-b"],
      ["peer-c", "peer-d"],
    ]);
    void peers[0]?.gossip.publish("news", new Uint8Array());
    await clock.advance(100);
    expect(heard).toEqual(["peer-b from peer-a"]);
    hub.healAll();
    void peers[0]?.gossip.publish("news", new Uint8Array());
    await clock.advance(100);
    expect(heard).toHaveLength(4);
  });
});
