import { describe, expect, it } from "vitest";
import { type DialFailure, type DialKnowledge, failedDial, planDial } from "./dial-plan.ts";

const LAN = "/ip4/192.168.1.7/tcp/4101";
const OTHER = "/ip4/10.0.0.7/tcp/4101";
const LOOPBACK = "/ip4/127.0.0.1/tcp/4101";
const nothing: DialKnowledge = { addresses: [], lastReached: undefined, seenHosts: [], own: [] };

function plan(knowledge: Partial<DialKnowledge>): string[] {
  return planDial({ ...nothing, ...knowledge }).map(
    ({ address, decisive }) => `${address}${decisive ? " decides" : ""}`,
  );
}

describe("planDial", () => {
  it("begins where the peer was last reached, which alone decides", () => {
    expect(plan({ addresses: [OTHER, LAN], lastReached: LAN })).toEqual([`${LAN} decides`, OTHER]);
  });

  it("prefers the machine from which the peer was seen to its other addresses", () => {
    expect(plan({ addresses: [OTHER, LAN], seenHosts: ["ip4/192.168.1.7"] })).toEqual([
      `${LAN} decides`,
      OTHER,
    ]);
  });

  it("lets all decide when nothing better is known", () => {
    expect(plan({ addresses: [OTHER, LAN] })).toEqual([`${OTHER} decides`, `${LAN} decides`]);
  });

  it("counts loopback only for a peer that announces nothing else", () => {
    expect(plan({ addresses: [LOOPBACK, LAN] })).toEqual([`${LAN} decides`]);
    expect(plan({ addresses: [LOOPBACK] })).toEqual([`${LOOPBACK} decides`]);
  });

  it("leaves out this peer's own addresses: who answers there is not the other", () => {
    expect(plan({ addresses: [LOOPBACK, OTHER], own: [LOOPBACK, OTHER] })).toEqual([]);
  });

  it("tries no more than eight", () => {
    const addresses = Array.from({ length: 30 }, (_, index) => `/ip4/192.168.1.${index}/tcp/4101`);
    expect(plan({ addresses })).toHaveLength(8);
  });
});

describe("failedDial", () => {
  const failures = (...outcomes: [boolean, DialFailure][]) =>
    outcomes.map(([decisive, failure]) => ({
      candidate: { address: LAN, decisive },
      failure,
      reason: "why",
    }));

  it("is refused only when one that decides refused", () => {
    expect(failedDial(failures([false, "refused"], [true, "unreachable"])).outcome).toBe("unreachable");
    expect(failedDial(failures([true, "refused"], [false, "unreachable"])).outcome).toBe("refused");
  });

  it("says that no address is known when there was none to try", () => {
    expect(failedDial([])).toEqual({ outcome: "unreachable", reason: "no address is known" });
  });
});
