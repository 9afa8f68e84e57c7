import { describe, expect, it } from "vitest";
import { testNode } from "../../crypto/testing.ts";
import { sponsorDelayMs } from "./sponsor-rank.ts";

const members = Array.from({ length: 20 }, (_, index) => testNode(`member ${index}`).node);
const delaysFor = (pending: string) => members.map((member) => sponsorDelayMs(member, members, pending));

describe("the order in which members admit a node with a join token", () => {
  it("gives each member a turn of its own, two seconds after the one before", () => {
    const delays = delaysFor(testNode("new").node).sort((one, other) => one - other);
    expect(delays).toEqual(members.map((_, index) => index * 2_000));
  });

  it("spreads nodes over members", () => {
    const firsts = Array.from({ length: 200 }, (_, index) =>
      delaysFor(testNode(`new ${index}`).node).indexOf(0),
    );
    expect(new Set(firsts).size).toBe(members.length);
  });

  it("lets the next one step in at once when the first is not alive", () => {
    const pending = testNode("new").node;
    const [first, second] = members.toSorted(
      (one, other) => sponsorDelayMs(one, members, pending) - sponsorDelayMs(other, members, pending),
    ) as [string, string];
    const alive = members.filter((member) => member !== first);
    expect(sponsorDelayMs(second, alive, pending)).toBe(0);
  });
});
