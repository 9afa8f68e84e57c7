import { MachineClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { handleForEver } from "../network-contract-tools.ts";
import { SimulatedWire, type TestProcess, wireId } from "./simulated.fixture.ts";

const ONE = wireId(0);
const OTHER = wireId(1);

async function pair(options: { rate?: number } = {}) {
  const wire = new SimulatedWire(1, { latencyMs: 10 });
  const clock = new MachineClock({ clock: wire.clock }, options);
  const one = await wire.start(ONE, { clock });
  const other = await wire.start(OTHER);
  wire.dial(one, OTHER);
  await wire.clock.advance(100);
  const heard: string[] = [];
  for (const { network, id } of [one, other]) network.observe(({ kind }) => heard.push(`${id} ${kind}`));
  return { wire, one, other, heard };
}

const peersOf = ({ network }: TestProcess) => network.status().connections.map(({ peer }) => peer);

describe("connections of a simulated network", () => {
  it("are replaced without a word when their peer has started again and dials, though the old one never closed", async () => {
    const { wire, one, heard } = await pair();
    wire.hub.powerOff(OTHER);
    const again = await wire.start(OTHER);
    wire.dial(again, ONE);
    await wire.clock.advance(100);
    expect(heard).toEqual([]);
    expect(await wire.ask(one, OTHER)).toEqual({ outcome: "answered", tookMs: 20 });
    await wire.clock.advance(60_000);
    expect(heard).toEqual([]);
    expect(wire.hub.countersOf(ONE)).toMatchObject({ connectionsOpen: 1, connectionsOpened: 2 });
  });

  it("are reset by the kernel of a machine whose process is another one by now", async () => {
    const { wire, one, heard } = await pair();
    wire.hub.powerOff(OTHER);
    await wire.start(OTHER);
    // It did not dial: the first that is sent over the old connection ends it.
    const { outcome, tookMs } = await wire.ask(one, OTHER);
    expect([outcome, tookMs]).toEqual(["UNAVAILABLE", 20]);
    expect(heard).toEqual([`${ONE} disconnected`]);
    expect((await wire.ask(one, OTHER)).outcome).toBe("answered");
  });

  it("are taken anew by who still holds one that its peer has given up, and old answers go nowhere", async () => {
    const { wire, one, other, heard } = await pair();
    let answer: (payload: Uint8Array) => void = () => {};
    other.network.handle("test.slow", () => new Promise((resolve) => (answer = resolve)));
    const first = one.network.request(OTHER, "test.slow", new Uint8Array(), { timeoutMs: 90_000 });
    const lost = expect(first).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await wire.clock.advance(50);
    wire.hub.pause(OTHER);
    await wire.clock.advance(25_000);
    await lost;
    expect(heard).toEqual([`${ONE} disconnected`]);
    one.addressBook.add(OTHER, [wire.hub.addressOf(OTHER)]);
    const second = one.network.request(OTHER, "test.slow", new Uint8Array(), { timeoutMs: 90_000 });
    wire.hub.resume(OTHER);
    answer(new Uint8Array([1]));
    await wire.clock.advance(1_000);
    answer(new Uint8Array([2]));
    await wire.clock.advance(1_000);
    expect([...(await second)]).toEqual([2]);
    expect([peersOf(one), peersOf(other)]).toEqual([[OTHER], [ONE]]);
  });

  it("are closed by who stood still only when it hears of it", async () => {
    const { wire, other, heard } = await pair();
    wire.hub.pause(OTHER);
    await wire.clock.advance(60_000);
    expect(heard).toEqual([`${ONE} disconnected`]);
    expect(peersOf(other)).toEqual([ONE]);
    wire.hub.resume(OTHER);
    await wire.clock.advance(0);
    expect(heard).toEqual([`${ONE} disconnected`, `${OTHER} disconnected`]);
  });

  it("close when the link is whole again after one side closed in a short cut", async () => {
    const { wire, one, other, heard } = await pair();
    const mend = wire.hub.cut(ONE, OTHER);
    void one.network.disconnect(OTHER);
    await wire.clock.advance(5_000);
    expect(peersOf(other)).toEqual([ONE]);
    mend();
    await wire.clock.advance(10);
    expect(heard).toEqual([`${ONE} disconnected`, `${OTHER} disconnected`]);
  });

  describe("that one side has given up behind a cut, while the other stood still", () => {
    async function half() {
      const { wire, one, other, heard } = await pair();
      handleForEver(one, "test.slow");
      const code = other.network
        .request(ONE, "test.slow", new Uint8Array(), { timeoutMs: 600_000 })
        .catch((error: { code: string }) => error.code);
      await wire.clock.advance(50);
      wire.hub.pause(OTHER);
      const mend = wire.hub.cut(ONE, OTHER);
      // Long enough that TCP no longer tells the other side either.
      await wire.clock.advance(45_000);
      mend();
      expect(heard).toEqual([`${ONE} disconnected`]);
      heard.length = 0;
      return { wire, one, other, heard, code };
    }

    it("are replaced when that side dials, and what was under way ends", async () => {
      const { wire, one, other, heard, code } = await half();
      wire.dial(one, OTHER);
      wire.hub.resume(OTHER);
      await wire.clock.advance(100);
      expect(await code).toBe("UNAVAILABLE");
      expect(heard).toEqual([`${ONE} connected`]);
      expect([peersOf(one), peersOf(other)]).toEqual([[OTHER], [ONE]]);
    });

    it("are given up by the other side as well, some time after it went on", async () => {
      const { wire, other, heard, code } = await half();
      wire.hub.resume(OTHER);
      await wire.clock.advance(10_000);
      expect(peersOf(other)).toEqual([ONE]);
      await wire.clock.advance(11_000);
      expect(await code).toBe("UNAVAILABLE");
      expect(heard).toEqual([`${OTHER} disconnected`]);
    });
  });

  it("survive two short cuts that leave a moment between them", async () => {
    const { wire, heard } = await pair();
    for (let round = 0; round < 3; round++) {
      const mend = wire.hub.cut(ONE, OTHER);
      await wire.clock.advance(12_000);
      mend();
      await wire.clock.advance(1_000);
    }
    expect(heard).toEqual([]);
  });

  it("carry nothing of a process that is dead or stands still, whatever it still tries", async () => {
    const { wire, one, other } = await pair();
    const sent: string[] = [];
    wire.hub.observe((event) => {
      if (event.event === "sent") sent.push(event.name);
    });
    wire.hub.pause(ONE);
    void one.network.request(OTHER, "test.echo", new Uint8Array(), { timeoutMs: 5_000 }).catch(() => {});
    void one.gossip.publish("news", new Uint8Array());
    await wire.clock.advance(100);
    expect(sent).toEqual([]);
    wire.hub.resume(ONE);
    await wire.clock.advance(5);
    expect(sent).toEqual(["test.echo", "news"]);
    sent.length = 0;
    await wire.clock.advance(1_000);
    wire.hub.kill(OTHER);
    sent.length = 0;
    void other.network.request(ONE, "test.echo", new Uint8Array(), { timeoutMs: 5_000 }).catch(() => {});
    void other.gossip.publish("news", new Uint8Array());
    void other.network.disconnect(ONE);
    await wire.clock.advance(1_000);
    expect(sent).toEqual([]);
  });

  it("keep deadlines on the clock of the machine, also over a pause", async () => {
    const { wire, one } = await pair({ rate: 2 });
    wire.hub.links.change({ lossFraction: 1 });
    // A second of that machine is half a second of the network.
    expect(await wire.ask(one, OTHER)).toEqual({ outcome: "DEADLINE_EXCEEDED", tookMs: 500 });
    wire.hub.links.change({ lossFraction: 0 });
    expect(await wire.ask(one, OTHER)).toEqual({ outcome: "answered", tookMs: 20 });
    const code = one.network
      .request(OTHER, "test.echo", new Uint8Array(), { timeoutMs: 1_000 })
      .catch((error: { code: string }) => error.code);
    wire.hub.pause(ONE);
    await wire.clock.advance(600);
    wire.hub.resume(ONE);
    await wire.clock.advance(0);
    // Its timers come before what has arrived.
    expect(await code).toBe("DEADLINE_EXCEEDED");
  });

  it("and what goes over them are counted by machine and kind", async () => {
    const { wire, one } = await pair();
    await wire.ask(one, OTHER, { bytes: 1_000 });
    await one.gossip.publish("news", new Uint8Array(10));
    await wire.clock.advance(100);
    const sent = wire.hub.countersOf(ONE).sent;
    expect(sent.requests.get("test.echo")).toEqual({ messages: 1, bytes: 1_000 + 90 + "test.echo".length });
    expect(sent.gossip.get("news")?.messages).toBe(1);
    const received = wire.hub.countersOf(ONE).received;
    expect(received.answers.get("test.echo")).toEqual({ messages: 1, bytes: 1_090 });
    expect(received.total).toEqual(wire.hub.countersOf(OTHER).sent.total);
    wire.hub.pause(OTHER);
    for (let count = 0; count < 5; count++) await wire.ask(one, OTHER, { timeoutMs: 100 });
    await wire.clock.advance(10);
    // Five requests, and that nobody waits for any of them.
    expect(wire.hub.countersOf(OTHER).backlogPeak).toBe(10);
    wire.hub.kill(OTHER);
    await wire.clock.advance(100);
    expect(wire.hub.countersOf(ONE)).toMatchObject({ connectionsOpen: 0, connectionsPeak: 1 });
    expect(wire.hub.countersOf(OTHER).connectionsOpen).toBe(0);
  });

  it("tell an onlooker what is sent, delivered and dropped, until he stops", async () => {
    const { wire, one } = await pair();
    const seen: string[] = [];
    const stop = wire.hub.observe((event) => seen.push(event.event));
    await wire.ask(one, OTHER);
    wire.hub.links.change({ lossFraction: 1 });
    await wire.ask(one, OTHER, { timeoutMs: 100 });
    wire.hub.links.change({ lossFraction: 0 });
    expect(seen).toEqual(["sent", "delivered", "sent", "delivered", "sent", "dropped", "sent", "dropped"]);
    stop();
    stop();
    await wire.ask(one, OTHER);
    expect(seen).toHaveLength(8);
  });
});
