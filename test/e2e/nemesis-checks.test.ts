import { seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { contradictions, type Grant } from "../nemesis/history.ts";
import { drawPlan } from "../nemesis/plan.ts";

/** Asked for at 0, granted at 10, for 100 ms. */
function grant(change: Partial<Grant> = {}): Grant {
  const times = { sentMs: 0, acknowledgedMs: 10, standsUntilMs: 100, overFromMs: 110 };
  return { owner: "pi-a", resource: "GPIO17", id: "one", token: "1.1", ...times, ...change };
}
const later = {
  id: "two",
  token: "1.2",
  sentMs: 100,
  acknowledgedMs: 110,
  standsUntilMs: 200,
  overFromMs: 210,
};

describe("what five peers are held to", () => {
  it("is kept by one holder after the other", () => {
    const [first, second] = [grant(), grant(later)];
    const writes = [
      { grant: first, sentMs: 105 },
      { grant: second, sentMs: 150 },
    ];
    expect(contradictions({ grants: [first, second], writes })).toEqual([]);
  });

  it("is kept by grants of two pins, or at two owners, at the same time", () => {
    const others = [grant({ resource: "GPIO27", token: "1.2" }), grant({ owner: "pi-b" })];
    expect(contradictions({ grants: [grant(), ...others], writes: [] })).toEqual([]);
  });

  it("is not kept by two holders at a time", () => {
    const grants = [grant(), grant({ ...later, sentMs: 20, acknowledgedMs: 99 })];
    expect(contradictions({ grants, writes: [] })).toEqual([
      expect.stringMatching(/^two hold a pin: .*one.*two/),
    ]);
  });

  it.each(["0.9", "1.0"])("is not kept by the later token %s", (token) => {
    const grants = [grant(), grant({ ...later, token })];
    const found = [expect.stringMatching(/^a later grant has a lower token/)];
    expect(contradictions({ grants, writes: [] })).toEqual(found);
  });

  it("is not kept by one token twice", () => {
    const grants = [grant({ token: "1.2" }), grant(later)];
    expect(contradictions({ grants, writes: [] })).toEqual([
      expect.stringMatching(/^a token was given out twice/),
    ]);
  });

  it("is not kept by a write under a former token, or after the end", () => {
    const [first, second] = [grant({ overFromMs: 1_000 }), grant(later)];
    const former = contradictions({ grants: [first, second], writes: [{ grant: first, sentMs: 111 }] });
    expect(former).toEqual([
      expect.stringMatching(/^a write sent at 111 was accepted under .*one.* after .*two/),
    ]);
    const ended = contradictions({ grants: [grant()], writes: [{ grant: grant(), sentMs: 111 }] });
    expect(ended).toEqual([expect.stringMatching(/which was over$/)]);
  });
});

describe("a plan of faults", () => {
  const draw = (seed: number) =>
    drawPlan(seededRandom(seed), { machines: 5, durationMs: 60_000, nowMs: 1_795_000_000_000 });

  it.each([1, 2, 3])("has every kind, and one at a time for each machine (seed %i)", (seed) => {
    const plan = draw(seed);
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(9);
    for (const [index, fault] of plan.entries()) {
      const others = plan.slice(0, index).filter(({ machine }) => machine === fault.machine);
      for (const other of others) expect(other.atMs + other.durationMs).toBeLessThanOrEqual(fault.atMs);
      expect(fault.other).not.toBe(fault.machine);
      expect(fault.atMs + fault.durationMs).toBeLessThanOrEqual(60_000);
    }
  });

  it("is the same for the same seed", () => {
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
});
