import { describe, expect, it } from "vitest";
import { eventOf } from "../test-samples.ts";
import { addEvent, addGap, emptyFeed, itemId, mergeTimeline } from "./event-feed.ts";

const start = Date.UTC(2026, 10, 21);
const numbered = (number: number) =>
  eventOf({
    id: `01KAJ0000000000000000${String(number).padStart(5, "0")}`,
    timestamp: new Date(start + number * 1000).toISOString(),
  });
const ids = (items: Parameters<typeof mergeTimeline>[0]) => items.map(itemId);

describe("the feed", () => {
  it("puts the newest first and takes an event that is sent again once", () => {
    const feed = [1, 2, 2].reduce((state, number) => addEvent(state, numbered(number)), emptyFeed);
    expect(ids(feed.items)).toEqual([numbered(2).id, numbered(1).id]);
    expect(feed.arrived).toBe(2);
  });

  it("stays bounded whatever comes, and counts on", () => {
    let feed = emptyFeed;
    for (let number = 0; number < 700; number++) feed = addEvent(feed, numbered(number));
    expect(feed.items).toHaveLength(500);
    expect(feed.arrived).toBe(700);
  });

  it("says how many events the server left out", () => {
    const feed = addGap(emptyFeed, { reason: "dropped", count: 7 }, 42);
    expect(feed.items[0]).toMatchObject({
      kind: "notice",
      time: 42,
      text: expect.stringContaining("7 events"),
    });
  });

  it("says why events of the time without a connection are missing", () => {
    const feed = addGap(
      addGap(emptyFeed, { reason: "expired", count: null }, 1),
      { reason: "other-log", count: null },
      2,
    );
    expect(new Set(feed.items.map(itemId)).size).toBe(2);
  });
});

describe("mergeTimeline", () => {
  it("shows what is both live and in the log once, newest first", () => {
    const live = [3, 1].map((number) => ({ kind: "event" as const, event: numbered(number) }));
    const merged = mergeTimeline(live, [numbered(2), numbered(1), numbered(0)]);
    expect(ids(merged)).toEqual([3, 2, 1, 0].map((number) => numbered(number).id));
  });

  it("leaves a notice between the events around it", () => {
    const notice = { kind: "notice", id: "n", time: start + 1500, text: "" } as const;
    const merged = mergeTimeline([{ kind: "event", event: numbered(2) }, notice], [numbered(1)]);
    expect(ids(merged)).toEqual([numbered(2).id, "n", numbered(1).id]);
  });
});
