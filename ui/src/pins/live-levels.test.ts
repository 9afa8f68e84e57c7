import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { noLevels, withChanges, withInterruption, withLink } from "./live-levels.ts";
import { changeOf } from "./pin-samples.ts";

const live = withLink(noLevels, { state: "live", node: "12D3KooWtest0001" });

describe("live levels", () => {
  it("keep the last change of each pin, and the newest ones first", () => {
    const changes = [changeOf({ level: "high" }), changeOf({ gpio: 4 }), changeOf({ level: "low" })];
    const { last, recent } = withChanges(live, changes, 0);
    expect(last.get(18)?.level).toBe("low");
    expect(recent.map(({ gpio, level }) => [gpio, level])).toEqual([
      [18, "low"],
      [4, "high"],
      [18, "high"],
    ]);
  });

  it("stay bounded however many come, and count what was left out", () => {
    let levels = live;
    for (let round = 0; round < 20; round++) {
      levels = withChanges(
        levels,
        Array.from({ length: 50 }, () => changeOf({})),
        3,
      );
    }
    expect(levels.recent.length).toBeLessThanOrEqual(50);
    expect(levels.coalesced).toBe(60);
  });

  it("forget the levels of before a link that was away: they may be old", () => {
    const known = withChanges(live, [changeOf({})], 0);
    const away = withLink(known, { state: "connecting", attempt: 2 });
    expect(away.last.size).toBe(1);
    const back = withLink(away, { state: "live", node: "12D3KooWtest0001" });
    expect([back.last.size, back.gaps - away.gaps]).toEqual([0, 1]);
  });

  it("say why a node is interrupted, and ask anew when it is not any more", () => {
    const away = withInterruption(withChanges(live, [changeOf({})], 0), true, "it does not answer");
    expect(away.interrupted).toBe("it does not answer");
    const back = withInterruption(away, false, "");
    expect([back.interrupted, back.last.size, back.gaps - away.gaps]).toEqual([null, 0, 1]);
    expect(withInterruption(back, false, "")).toBe(back);
  });

  it("say why the stream ended for good", () => {
    const error = new MeshError("PERMISSION_DENIED", "ann may not watch pins");
    expect(withLink(live, { state: "closed", error })).toMatchObject({
      link: "closed",
      problem: "ann may not watch pins",
    });
  });
});
