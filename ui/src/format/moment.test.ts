import { describe, expect, it } from "vitest";
import { formatMoment, formatTime } from "./moment.ts";

describe("formatTime", () => {
  // Without a zone in the text, these are local times, whatever the zone of the machine.
  const now = new Date("2026-11-21T12:00:00").getTime();

  it("gives the time alone for today", () => {
    expect(formatTime(new Date("2026-11-21T09:05:07").getTime(), now)).toBe("09:05:07");
  });

  it("gives the date too for another day", () => {
    expect(formatTime(new Date("2026-11-20T23:59:59").getTime(), now)).toBe("20 Nov 2026, 23:59:59");
  });
});

describe("formatMoment", () => {
  it("gives back what is no timestamp, as another peer may have written it", () => {
    expect(formatMoment("soon")).toBe("soon");
  });
});
