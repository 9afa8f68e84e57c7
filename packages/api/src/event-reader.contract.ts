import type { MeshEvent } from "@pi-controller/schema";
import { describe, expect, it, vi } from "vitest";
import type { EventReader } from "./event-reader.ts";
import { meshEvent, nodeId } from "./testing/samples.ts";

interface Subject {
  readonly reader: EventReader;
  readonly append: (event: MeshEvent) => void;
}

/** What the API relies on. `make` gives a log with nothing in it. */
export function describeEventReaderContract(name: string, make: () => Promise<Subject>): void {
  const withEvents = async (count: number) => {
    const subject = await make();
    for (let number = 1; number <= count; number++) subject.append(meshEvent(number));
    return subject;
  };

  describe(`${name} as an EventReader`, () => {
    it("has no sequence numbers when it is empty", async () => {
      const { reader } = await make();
      expect([reader.latestSequence, reader.oldestSequence]).toEqual([0, undefined]);
      expect(reader.after(0, {}, 10)).toEqual([]);
      expect(reader.logId).not.toBe("");
    });

    it("counts from 1 and gives what comes after a number, oldest first", async () => {
      const { reader } = await withEvents(5);
      expect([reader.latestSequence, reader.oldestSequence]).toEqual([5, 1]);
      expect(reader.after(2, {}, 2)).toEqual([
        { sequence: 3, event: meshEvent(3) },
        { sequence: 4, event: meshEvent(4) },
      ]);
      expect(reader.after(5, {}, 2)).toEqual([]);
    });

    it("filters before it counts to the limit", async () => {
      const { reader, append } = await withEvents(6);
      append(meshEvent(7, "hardware.voltage.low"));
      const sequences = (filter: object) => reader.after(0, filter, 2).map(({ sequence }) => sequence);
      expect(sequences({ types: ["hardware.*", "nothing"] })).toEqual([7]);
      expect(sequences({ node: nodeId(0) })).toEqual([3, 6]);
      expect(sequences({ correlationId: "another" })).toEqual([]);
    });

    it("pages from the newest to the oldest", async () => {
      const { reader } = await withEvents(5);
      const first = reader.query({}, { limit: 3 });
      expect(first.items).toEqual([meshEvent(5), meshEvent(4), meshEvent(3)]);
      const second = reader.query({}, { limit: 3, cursor: first.nextCursor ?? "" });
      expect(second).toEqual({ items: [meshEvent(2), meshEvent(1)], nextCursor: null });
      expect(() => reader.query({}, { limit: 3, cursor: "no cursor" })).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    });

    it("tells of each event once, when it can be read already", async () => {
      const { reader, append } = await make();
      const told: [number, number][] = [];
      const unsubscribe = reader.observe(({ sequence }) => {
        told.push([sequence, reader.after(sequence - 1, {}, 1)[0]?.sequence ?? 0]);
      });
      append(meshEvent(1));
      append(meshEvent(2));
      await vi.waitUntil(() => told.length === 2);
      unsubscribe();
      append(meshEvent(3));
      expect(reader.latestSequence).toBe(3);
      expect(told).toEqual([
        [1, 1],
        [2, 2],
      ]);
    });
  });
}
