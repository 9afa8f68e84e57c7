import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import type { MeshEvent } from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventFilter, eventFilter, matchesFilter } from "./event-filter.ts";
import { EventLog } from "./event-log.ts";
import { ulidFactory } from "./ulid.ts";

const types = ["a.b", "a.bc", "a.b.c", "b.c", "a"];
const nodes = ["node-aaaa", "node-bbbb"];
const times = [1_000, 2_000, 3_000];

const eventParts = fc.record({
  type: fc.constantFrom(...types.slice(0, 4)),
  node: fc.constantFrom(...nodes),
  correlationId: fc.constantFrom("one", "two"),
  timeMs: fc.constantFrom(...times),
});
const filters: fc.Arbitrary<EventFilter> = fc.record(
  {
    types: fc.array(fc.constantFrom(...types, "a.*", "a.b*", "*", "%", "a_b"), { maxLength: 3 }),
    node: fc.constantFrom(...nodes),
    correlationId: fc.constantFrom("one", "two"),
    sinceMs: fc.constantFrom(...times),
    untilMs: fc.constantFrom(...times),
  },
  { requiredKeys: [] },
);

describe("an event filter", () => {
  it("chooses the same events in memory as in the database", async () => {
    const clock = new VirtualClock();
    const random = seededRandom(1);
    const nextId = ulidFactory({ clock, random });
    await fc.assert(
      fc.asyncProperty(fc.array(eventParts, { maxLength: 20 }), filters, async (parts, filter) => {
        const log = new EventLog(
          { clock, random, logger: silentLogger },
          { file: ":memory:", maxEvents: 1_000, maxAgeMs: 1e12, minEvents: 0, maxBytes: 2 ** 24 },
        );
        await log.start();
        const events = parts.map(
          ({ timeMs, ...part }): MeshEvent => ({
            ...part,
            id: nextId(),
            timestamp: new Date(timeMs).toISOString(),
            source: "node-aaaa",
            data: {},
          }),
        );
        for (const event of events) log.append(event);
        const wanted = events.filter((event) => matchesFilter(filter, event));
        expect(log.after(0, filter, 100).map(({ event }) => event)).toEqual(wanted);
        expect(log.query(filter, { limit: 100 }).items).toEqual(wanted.toReversed());
        await log.stop();
      }),
      { numRuns: 100 },
    );
  });

  it("is read from the query of the API", () => {
    expect(eventFilter({ type: "a.b, c.*,", since: "2026-01-01T00:00:00Z" })).toEqual({
      types: ["a.b", "c.*"],
      sinceMs: Date.UTC(2026, 0, 1),
    });
    expect(eventFilter({})).toEqual({});
  });
});
