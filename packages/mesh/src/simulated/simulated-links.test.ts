import { describe, expect, it } from "vitest";
import { SimulatedWire, wireId } from "./simulated.fixture.ts";

const ONE = wireId(0);
const OTHER = wireId(1);
const THIRD = wireId(2);

async function trio(conditions = {}) {
  const wire = new SimulatedWire(3, { latencyMs: 10, ...conditions });
  const [one, other, third] = await wire.startMany(3);
  if (one === undefined || other === undefined || third === undefined) throw new Error("three were started");
  wire.dial(one, OTHER);
  wire.dial(one, THIRD);
  await wire.clock.advance(200);
  return { wire, one, other, third };
}

describe("SimulatedLinks", () => {
  it("gives one direction, a pair, or all ways of a machine conditions of their own, until taken back", async () => {
    const { wire, one } = await trio();
    const { links } = wire.hub;
    const slowThere = links.except({ from: ONE, to: OTHER }, { latencyMs: 100 });
    expect(await wire.ask(one, OTHER)).toEqual({ outcome: "answered", tookMs: 110 });
    expect(await wire.ask(one, THIRD)).toEqual({ outcome: "answered", tookMs: 20 });
    const slowBoth = links.except({ from: OTHER, to: ONE, bothWays: true }, { latencyMs: 200 });
    expect((await wire.ask(one, OTHER)).tookMs).toBe(400);
    slowBoth();
    expect((await wire.ask(one, OTHER)).tookMs).toBe(110);
    slowThere();
    const slowMachine = links.except({ from: ONE, bothWays: true }, { latencyMs: 50 });
    expect((await wire.ask(one, OTHER)).tookMs).toBe(100);
    expect((await wire.ask(one, THIRD)).tookMs).toBe(100);
    slowMachine();
    expect((await wire.ask(one, OTHER)).tookMs).toBe(20);
  });

  it("loses what goes one way and nothing of what goes the other", async () => {
    const { wire, one, other } = await trio();
    wire.hub.links.except({ from: ONE, to: OTHER }, { lossFraction: 1 });
    let heard = 0;
    other.network.handle("test.count", async () => {
      heard++;
      return new Uint8Array();
    });
    const asking = one.network.request(OTHER, "test.count", new Uint8Array(), { timeoutMs: 100 });
    const failing = expect(asking).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await wire.clock.advance(100);
    await failing;
    expect(heard).toBe(0);
    const back: string[] = [];
    one.network.handle("test.back", async () => {
      back.push("heard");
      return new Uint8Array();
    });
    const askingBack = other.network.request(ONE, "test.back", new Uint8Array(), { timeoutMs: 100 });
    const failingBack = expect(askingBack).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await wire.clock.advance(100);
    await failingBack;
    expect(back).toEqual(["heard"]);
  });

  it("takes one cut back and leaves others, of the same pair as well", async () => {
    const { wire, one } = await trio();
    const mendFirst = wire.hub.cut(ONE, OTHER);
    const mendSecond = wire.hub.partition([[ONE], [OTHER, THIRD]]);
    mendFirst();
    mendFirst();
    expect(wire.hub.links.open(ONE, OTHER)).toBe(false);
    mendSecond();
    expect(wire.hub.links.open(ONE, OTHER)).toBe(true);
    const mendOld = wire.hub.cut(ONE, OTHER);
    wire.hub.heal(ONE, OTHER);
    wire.hub.cut(ONE, OTHER);
    // Healed already: it must not take back the cut that came after.
    mendOld();
    expect(wire.hub.links.open(OTHER, ONE)).toBe(false);
    wire.hub.healAll();
    expect((await wire.ask(one, OTHER)).outcome).toBe("answered");
  });

  it("cuts some pairs only", async () => {
    const { wire, one, other } = await trio();
    wire.hub.cutPairs([[ONE, OTHER]]);
    expect((await wire.ask(one, OTHER, { timeoutMs: 100 })).outcome).toBe("DEADLINE_EXCEEDED");
    expect((await wire.ask(one, THIRD)).outcome).toBe("answered");
    expect((await wire.ask(other, THIRD)).outcome).toBe("answered");
    expect(wire.hub.reach(ONE, OTHER)).toBe(false);
    expect(wire.hub.reach(OTHER, THIRD)).toBe(true);
  });

  it("delays what is large by what the link carries, and lets what is small by", async () => {
    const { wire, one } = await trio();
    wire.hub.links.except({ from: OTHER, to: ONE }, { bytesPerSecond: 20_000 });
    const bytes = 200_000;
    const large = one.network.request(OTHER, "test.echo", new Uint8Array(bytes), { timeoutMs: 60_000 });
    let isThere = false;
    void large.then(() => {
      isThere = true;
    });
    await wire.clock.advance(1_000);
    const small = await wire.ask(one, OTHER, { timeoutMs: 5_000 });
    expect(small.outcome).toBe("answered");
    // At most a frame of the large answer is before it.
    expect(small.tookMs).toBeLessThan(20 + (32 * 1_024 + 200) / 20);
    expect(isThere).toBe(false);
    await wire.clock.advance(bytes / 20 - 6_000 - 100);
    expect(isThere).toBe(false);
    await wire.clock.advance(500);
    expect(isThere).toBe(true);
  });

  it("makes small messages wait for each other, and drops what is too much", async () => {
    const { wire, one, other } = await trio({});
    let heard = 0;
    other.network.handle("test.count", async () => {
      heard++;
      return new Uint8Array();
    });
    wire.hub.links.except({ from: ONE, to: OTHER }, { bytesPerSecond: 10_000, queueLimitBytes: 20_000 });
    const payload = new Uint8Array(1_000);
    for (let count = 0; count < 50; count++) {
      void one.network.request(OTHER, "test.count", payload, { timeoutMs: 9_000 }).catch(() => undefined);
    }
    await wire.clock.advance(1_010);
    // 1,100 bytes each with what goes around them: a tenth of a second.
    expect(heard).toBe(9);
    await wire.clock.advance(7_000);
    expect(heard).toBe(Math.floor(20_000 / 1_100) + 1);
  });

  it("lets requests overtake each other when told to, and never otherwise", async () => {
    const seen = async (reorderFraction: number) => {
      const { wire, one, other } = await trio({ latencySpreadMs: 5 });
      wire.hub.links.change({ reorderFraction, reorderDelayMs: 50 });
      const order: number[] = [];
      other.network.handle("test.order", async ({ payload }) => {
        order.push(payload[0] as number);
        return new Uint8Array();
      });
      for (let index = 0; index < 50; index++) {
        void one.network
          .request(OTHER, "test.order", new Uint8Array([index]), { timeoutMs: 500 })
          .catch(() => undefined);
        await wire.clock.advance(1);
      }
      await wire.clock.advance(500);
      return order;
    };
    const inOrder = Array.from({ length: 50 }, (_, index) => index);
    expect(await seen(0)).toEqual(inOrder);
    const shuffled = await seen(0.3);
    expect(shuffled).not.toEqual(inOrder);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(inOrder);
  });
});
