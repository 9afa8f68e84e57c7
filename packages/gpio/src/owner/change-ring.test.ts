import { seededRandom } from "@pi-controller/runtime";
import type { GpioChange } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ChangeRing } from "./change-ring.ts";

const change = (gpio: number, n: number): GpioChange => ({
  type: "gpio.state.changed",
  node: "node-owner-0000",
  reservation: null,
  namespace: null,
  name: null,
  gpio,
  cause: "edge",
  level: n % 2 === 0 ? "low" : "high",
  dutyCycle: null,
  timestamp: "2026-01-01T00:00:00.000Z",
  kernelTimestampNs: String(n),
});

describe("the ring of changes", () => {
  it("gives each reader what came after his cursor, in order, as much as he takes", () => {
    const ring = new ChangeRing("1");
    const cursor = ring.cursor();
    for (let number = 0; number < 5; number++) ring.add(change(4, number));
    const first = ring.read(cursor, 3);
    expect(first.changes.map(({ kernelTimestampNs }) => kernelTimestampNs)).toEqual(["0", "1", "2"]);
    const rest = ring.read(first.cursor, 3);
    expect(rest.changes.map(({ kernelTimestampNs }) => kernelTimestampNs)).toEqual(["3", "4"]);
    expect([first.coalesced, rest.coalesced]).toEqual([0, 0]);
  });

  it("tells a slow reader how many he missed, and the last change of each pin among them", () => {
    const ring = new ChangeRing("1", 4);
    const cursor = ring.cursor();
    ring.add(change(4, 0));
    ring.add(change(4, 1));
    for (let number = 2; number < 8; number++) ring.add(change(17, number));
    const { changes, coalesced } = ring.read(cursor, 100);
    expect(changes.map(({ kernelTimestampNs }) => kernelTimestampNs)).toEqual(["1", "4", "5", "6", "7"]);
    expect(coalesced).toBe(3);
  });

  it("counts what the kernel lost, once for each reader", () => {
    const ring = new ChangeRing("1");
    const cursor = ring.cursor();
    ring.add(change(4, 0), 7);
    ring.add(change(4, 1));
    const first = ring.read(cursor, 1);
    expect(first.coalesced).toBe(7);
    expect(ring.read(first.cursor, 1).coalesced).toBe(0);
    expect(ring.read(cursor, 10).coalesced).toBe(7);
  });

  it.each(["", "2.0.0", "1.99.0", "1.-1.0", "1.0", "1.x.0", "1.0.5"])(
    "begins anew for the cursor %o",
    (cursor) => {
      const ring = new ChangeRing("1");
      ring.add(change(4, 0));
      expect(ring.read(cursor, 10)).toEqual({ cursor: ring.cursor(), changes: [], coalesced: 0 });
    },
  );

  it("calls those who wait once until somebody reads", () => {
    const ring = new ChangeRing("1");
    let calls = 0;
    const unsubscribe = ring.observe(() => calls++);
    ring.add(change(4, 0));
    ring.add(change(4, 1));
    expect(calls).toBe(1);
    ring.read(ring.cursor(), 1);
    ring.add(change(4, 2));
    expect(calls).toBe(2);
    unsubscribe();
    ring.read(ring.cursor(), 1);
    ring.add(change(4, 3));
    expect(calls).toBe(2);
  });

  it("accounts for every change, whoever reads when and how much", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed);
      const ring = new ChangeRing("1", 8);
      const readers = Array.from({ length: 3 }, () => ({ cursor: ring.cursor(), told: 0 }));
      let happened = 0;
      for (let step = 0; step < 300; step++) {
        const lost = random.next() < 0.1 ? 3 : 0;
        ring.add(change(Math.floor(random.next() * 3), step), lost);
        happened += 1 + lost;
        for (const reader of readers) {
          if (random.next() > 0.1) continue;
          const batch = ring.read(reader.cursor, 1 + Math.floor(random.next() * 10));
          reader.cursor = batch.cursor;
          reader.told += batch.changes.length + batch.coalesced;
        }
      }
      for (const reader of readers) {
        for (let batch = ring.read(reader.cursor, 4); ; batch = ring.read(reader.cursor, 4)) {
          reader.cursor = batch.cursor;
          reader.told += batch.changes.length + batch.coalesced;
          if (batch.changes.length === 0) break;
        }
        expect(reader.told, `seed ${seed}`).toBe(happened);
      }
    }
  });
});
