import { seededRandom, shuffle } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { VIEW_BUCKETS, ViewDigest } from "./view-digest.ts";

const belief = (number: number, incarnation = 0) => ({
  id: `member-${number}`,
  state: "alive" as const,
  bootEpoch: 1,
  incarnation,
});
const beliefs = Array.from({ length: 200 }, (_, number) => belief(number));
const NOBODY = "nobody";

function digestOf(members: readonly ReturnType<typeof belief>[]): ViewDigest {
  const digest = new ViewDigest();
  for (const member of members) digest.set(member);
  return digest;
}

describe("The digest of a view", () => {
  it("is equal for equal beliefs, however they came about", () => {
    const one = digestOf(beliefs);
    const other = digestOf(shuffle(seededRandom(7), beliefs).map(({ id }) => ({ ...belief(0, 3), id })));
    other.set(belief(1_000));
    for (const member of beliefs) other.set(member);
    expect(other.total(NOBODY)).not.toBe(one.total(NOBODY));
    other.delete("member-1000");
    expect(other.total(NOBODY)).toBe(one.total(NOBODY));
    expect(other.buckets(NOBODY)).toEqual(one.buckets(NOBODY));
  });

  it.each([
    ["state", { state: "dead" as const }],
    ["boot epoch", { bootEpoch: 2 }],
    ["incarnation", { incarnation: 1 }],
  ])("tells a member's %s, in the group of that member alone", (_what, change) => {
    const one = digestOf(beliefs);
    const other = digestOf(beliefs);
    other.set({ ...belief(5), ...change });
    expect(other.total(NOBODY)).not.toBe(one.total(NOBODY));
    const differing = one
      .buckets(NOBODY)
      .flatMap((bucket, index) => (bucket === other.buckets(NOBODY)[index] ? [] : [index]));
    expect(differing).toEqual([one.bucketOf("member-5")]);
  });

  it("leaves out members of which nothing is known, and the one it is for", () => {
    const one = digestOf(beliefs);
    const other = digestOf(beliefs);
    other.set({ ...belief(900), state: "unknown" });
    expect(other.total(NOBODY)).toBe(one.total(NOBODY));
    other.set(belief(5, 9));
    expect(other.total("member-5")).toBe(one.total("member-5"));
    expect(other.buckets("member-5")).toEqual(one.buckets("member-5"));
    expect(other.total("member-6")).not.toBe(one.total("member-6"));
  });

  it("spreads members over all groups", () => {
    const counts = Array.from({ length: VIEW_BUCKETS }, () => 0);
    const many = Array.from({ length: 6_400 }, (_, number) => belief(number));
    const digest = digestOf(many);
    for (const { id } of many) {
      const bucket = digest.bucketOf(id) as number;
      counts[bucket] = (counts[bucket] as number) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(200);
  });
});
