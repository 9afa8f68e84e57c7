import { seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { afterAsking, follow, type InquirySchedule, nextToAsk } from "./inquiry-schedule.ts";

const DAY_MS = 24 * 3_600_000;

/** Who is asked when, looking once a second, while the same members are out of reach. */
function run(
  outOfReach: (nowMs: number) => readonly string[],
  untilMs: number,
): { id: string; atMs: number }[] {
  const random = seededRandom(1);
  const asked: { id: string; atMs: number }[] = [];
  let schedule: InquirySchedule = new Map();
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 1_000) {
    schedule = follow(schedule, outOfReach(nowMs), nowMs, random);
    const id = nextToAsk(schedule, nowMs);
    if (id === undefined) continue;
    asked.push({ id, atMs: nowMs });
    schedule = afterAsking(schedule, id, nowMs, random);
  }
  return asked;
}

describe("the schedule of an inquiry", () => {
  it("asks soon, but nobody who was out of reach for a moment", () => {
    const asked = run((nowMs) => (nowMs < 2_000 ? ["one", "other"] : ["other"]), 4_000);
    expect(asked.map(({ id }) => id)).toEqual(["other"]);
    expect(asked[0]?.atMs).toBeLessThanOrEqual(3_000);
  });

  it("asks whoever stays away less and less, ten minutes apart in the end", () => {
    const asked = run(() => ["one"], DAY_MS);
    expect(asked.length).toBeGreaterThan(DAY_MS / (12 * 60_000));
    expect(asked.length).toBeLessThan(DAY_MS / (8 * 60_000) + 10);
  });

  it("asks whom it has just lost before those who are gone for long", () => {
    const lostAtMs = 3_600_000;
    const asked = run((nowMs) => (nowMs < lostAtMs ? ["gone"] : ["gone", "lost"]), lostAtMs + 20_000);
    const since = asked.filter(({ atMs }) => atMs >= lostAtMs);
    expect(since.filter(({ id }) => id === "lost").length).toBeGreaterThanOrEqual(2);
    expect(since.find(({ id }) => id === "lost")?.atMs).toBeLessThanOrEqual(lostAtMs + 4_000);
  });

  it("begins anew with whoever was in reach meanwhile", () => {
    const away = (nowMs: number) => nowMs < 3_600_000 || nowMs >= 3_700_000;
    const asked = run((nowMs) => (away(nowMs) ? ["one"] : []), 3_705_000);
    expect(asked.at(-1)?.atMs).toBeGreaterThan(3_700_000);
  });
});
