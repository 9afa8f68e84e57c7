import { describe, expect, it } from "vitest";
import { eventOf } from "../test-samples.ts";
import { addEvent, emptyFeed } from "./event-feed.ts";
import { newestEvent } from "./newest-event.ts";

describe("newestEvent", () => {
  it("changes with each event that matches, and with no other", () => {
    const isStop = ({ type }: { type: string }) => type.startsWith("gpio.stop.");
    let feed = addEvent(emptyFeed, eventOf({ id: "1", type: "gpio.stop.set" }));
    expect(newestEvent(emptyFeed, isStop)).toBe("");
    expect(newestEvent(feed, isStop)).toBe("1");
    feed = addEvent(feed, eventOf({ id: "2" }));
    expect(newestEvent(feed, isStop)).toBe("1");
    feed = addEvent(feed, eventOf({ id: "3", type: "gpio.stop.cleared" }));
    expect(newestEvent(feed, isStop)).toBe("3");
  });
});
