import type { NodeId } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { about, Driver, reportOf, selfReport } from "./swim.fixture.ts";
import type { SwimInput } from "./swim-types.ts";

describe("What a member believes", () => {
  it("takes a member for alive when it speaks", () => {
    const driver = new Driver().with("member-a");
    expect(driver.state("member-a")).toBe("alive");
  });

  it("hears of members that it has no connection to", () => {
    const driver = new Driver();
    driver.news(about("member-a", "alive"));
    expect(driver.state("member-a")).toBe("alive");
  });

  it.each(["suspect", "dead", "left"] as const)("does not learn of an unknown member that is %s", (state) => {
    const driver = new Driver();
    driver.news(about("member-a", state));
    expect(driver.state("member-a")).toBeUndefined();
  });

  it("orders statements by boot epoch first, then by incarnation", () => {
    const driver = new Driver();
    driver.news(about("member-a", "alive", { bootEpoch: 2, incarnation: 0 }));
    driver.news(about("member-a", "dead", { bootEpoch: 1, incarnation: 9 }));
    expect(driver.state("member-a")).toBe("alive");
    driver.news(about("member-a", "dead", { bootEpoch: 2, incarnation: 0 }));
    expect(driver.state("member-a")).toBe("dead");
    driver.news(about("member-a", "alive", { bootEpoch: 2, incarnation: 0 }));
    expect(driver.state("member-a")).toBe("dead");
    driver.news(about("member-a", "alive", { bootEpoch: 3, incarnation: 0 }));
    expect(driver.state("member-a")).toBe("alive");
  });

  it("lets a member's own farewell stand over the death that others report of the same life", () => {
    const driver = new Driver();
    driver.news(about("member-a", "alive"), about("member-a", "dead"), about("member-a", "left"));
    driver.news(about("member-a", "dead"));
    expect(driver.state("member-a")).toBe("left");
  });

  it("does not repeat for long what it learned of all members at once when it started, but what is news", () => {
    const others = Array.from({ length: 300 }, (_, index) => `member-${index}`);
    const toldAfter = (learn: (driver: Driver) => void) => {
      const driver = new Driver();
      driver.do({ kind: "roster", ids: new Set(others) });
      learn(driver);
      expect(others.every((id) => driver.state(id) === "alive")).toBe(true);
      driver.news(about("member-7", "dead"));
      const first = driver.swim.updatesFor("member-0").map(({ id }) => id);
      let told = first.length;
      for (let more = first.length; more > 0; told += more) more = driver.swim.updatesFor("member-0").length;
      return { first, told };
    };
    const updates = others.map((id) => about(id, "alive"));
    const peer = "member-0";
    const view = toldAfter((driver) => driver.do({ kind: "view", peer, report: reportOf(peer), updates }));
    expect(view.told).toBeLessThan(4 * others.length);
    expect(view.first).toContain("member-7");
    const news = toldAfter((driver) => driver.news(...updates));
    expect(news.told).toBeGreaterThan(20 * others.length);
  });

  it("tells of a restart that nobody noticed before", () => {
    const driver = new Driver();
    driver.news(about("member-a", "alive"));
    const [effect] = driver.news(about("member-a", "alive", { bootEpoch: 2 }));
    expect(effect).toMatchObject({
      kind: "changed",
      change: { previous: "alive", member: { state: "alive", bootEpoch: 2 }, reason: "it has started again" },
    });
  });

  it("does not join an accusation when it heard of the accused later than the accuser, but asks it", () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.pass(1_000);
    const before = driver.effects.length;
    driver.news(about("member-a", "dead", { by: "member-b", silentForMs: 2_000 }));
    expect(driver.state("member-a")).toBe("alive");
    driver.pass(500);
    const accusations = driver.effects
      .slice(before)
      .flatMap((effect) => (effect.kind === "probe" && effect.target === "member-a" ? effect.updates : []));
    expect(accusations).toContainEqual(expect.objectContaining({ id: "member-a", state: "dead" }));
  });

  it("takes what a view says against a living member as a reason to ask it, no more", () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.pass(100_000, () => true);
    const updates = [about("member-a", "dead", { incarnation: 3 })];
    driver.do({ kind: "view", peer: "member-b", report: reportOf("member-b"), updates });
    expect(driver.state("member-a")).toBe("alive");
  });
});

describe("What a member does about silence", () => {
  it("asks helpers, then suspects, then declares dead, and tells all", () => {
    const driver = new Driver().with("member-a", "member-b", "member-c");
    driver.pass(1_000);
    const deafToB = (id: NodeId) => id !== "member-b";
    driver.pass(1_500, deafToB);
    expect(
      driver.effects.some((effect) => effect.kind === "ask-helpers" && effect.target === "member-b"),
    ).toBe(true);
    expect(driver.state("member-b")).toBe("suspect");
    driver.pass(10_000, deafToB);
    expect(driver.state("member-b")).toBe("dead");
    expect(driver.broadcasts().map(({ id, state }) => `${id} ${state}`)).toEqual([
      "member-b suspect",
      "member-b dead",
    ]);
  });

  it("is satisfied with the answer that a helper got", () => {
    const driver = new Driver().with("member-a", "member-b");
    const silent = (id: NodeId) => id !== "member-b";
    for (let round = 0; round < 100; round++) {
      driver.pass(50, silent);
      const asked = driver.effects.findLast((effect) => effect.kind === "ask-helpers");
      if (asked?.kind !== "ask-helpers") continue;
      driver.do({ kind: "helped", probe: asked.probe, helper: "member-a", report: reportOf("member-b") });
    }
    expect(driver.state("member-b")).toBe("alive");
    expect(driver.broadcasts()).toEqual([]);
  });

  it("declares dead sooner when others confirm the silence", () => {
    const timeToDie = (confirming: readonly NodeId[]) => {
      const driver = new Driver().with("member-a", "member-b", "member-c");
      const silent = (id: NodeId) => id !== "member-b";
      while (driver.state("member-b") === "alive") driver.pass(10, silent);
      for (const by of confirming) driver.news(about("member-b", "suspect", { by, silentForMs: 500 }));
      const startMs = driver.nowMs;
      while (driver.state("member-b") !== "dead") driver.pass(10, silent);
      return driver.nowMs - startMs;
    };
    const alone = timeToDie([]);
    const one = timeToDie(["member-a"]);
    const two = timeToDie(["member-a", "member-c"]);
    expect(two).toBeLessThan(one);
    expect(one).toBeLessThan(alone);
    expect(two).toBeLessThan(2_100);
    // The same voice again is no second witness.
    expect(timeToDie(["member-a", "member-a"])).toBe(one);
  });

  it("probes once more before the verdict", () => {
    const driver = new Driver().with("member-a");
    driver.pass(10_000, () => false);
    const verdict = driver.effects.findIndex(
      (effect) => effect.kind === "changed" && effect.change.member.state === "dead",
    );
    const lastProbe = driver.effects.slice(0, verdict).findLast((effect) => effect.kind === "probe");
    expect(lastProbe).toMatchObject({ target: "member-a", updates: [{ id: "member-a", state: "suspect" }] });
  });

  it("checks a suspicion of others itself, and confirms it when it has no answer either", () => {
    const driver = new Driver().with("member-a", "member-b");
    const silent = (id: NodeId) => id !== "member-b";
    driver.nowMs += 100;
    driver.news(about("member-b", "suspect", { by: "member-a", silentForMs: 500 }));
    expect(driver.probes().at(-1)).toBe("member-b");
    driver.pass(400, silent);
    expect(driver.broadcasts()).toMatchObject([{ id: "member-b", state: "suspect", by: "self-0000" }]);
  });

  it("drops a suspicion that the suspect denies", () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.news(about("member-b", "suspect", { by: "member-a" }));
    expect(driver.state("member-b")).toBe("suspect");
    driver.news(about("member-b", "alive", { incarnation: 1 }));
    expect(driver.state("member-b")).toBe("alive");
    driver.pass(20_000);
    expect(driver.broadcasts()).toEqual([]);
  });

  it("starts to count anew at a sign of life that is no denial yet", () => {
    const driver = new Driver().with("member-a");
    driver.pass(2_000, () => false);
    expect(driver.state("member-a")).toBe("suspect");
    driver.do({ kind: "heard", peer: "member-a", report: reportOf("member-a"), updates: [] });
    driver.pass(1_900, () => false);
    expect(driver.state("member-a")).toBe("suspect");
  });

  it("does not blame others for the time in which it did not run itself", () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.pass(1_500, () => false);
    expect(driver.state("member-a")).toBe("suspect");
    driver.nowMs += 60_000;
    driver.do({ kind: "tick" });
    expect(driver.state("member-a")).toBe("suspect");
    expect(driver.swim.localHealth).toBeGreaterThan(0);
    driver.pass(400, () => false);
    expect(driver.state("member-a")).toBe("suspect");
  });

  it("says that it is alive, after it stood still, before it reads that others think otherwise", () => {
    const driver = new Driver().with("member-a");
    driver.nowMs += 2_000;
    driver.do({ kind: "tick" });
    expect(driver.broadcasts()).toEqual([{ id: "self-0000", ...selfReport("alive", 1) }]);
    driver.news(about("self-0000", "suspect"));
    expect(driver.broadcasts()).toHaveLength(1);
  });

  it("doubts itself when helpers are silent too, and recovers with the answers it gets", () => {
    const driver = new Driver().with("member-a", "member-b", "member-c", "member-d");
    driver.pass(2_000, () => false);
    expect(driver.swim.localHealth).toBeGreaterThan(2);
    driver.pass(60_000);
    expect(driver.swim.localHealth).toBe(0);
  });
});

describe("What a member does about a lost connection", () => {
  const lost = () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.pass(1_000);
    const effects = driver.do({ kind: "disconnected", peer: "member-a", isMissed: true });
    expect(effects).toContainEqual({ kind: "dial", peer: "member-a" });
    return driver;
  };

  it("does not ask why of whom it does not need: he closes what he does not need himself", () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.pass(1_000);
    expect(driver.do({ kind: "disconnected", peer: "member-a", isMissed: false })).toEqual([]);
    expect(driver.state("member-a")).toBe("alive");
  });

  it("declares dead at once what refuses connections", () => {
    const driver = lost();
    driver.do({ kind: "dialled", peer: "member-a", outcome: "refused", reason: "ECONNREFUSED" });
    expect(driver.state("member-a")).toBe("dead");
    expect(driver.broadcasts()).toMatchObject([{ id: "member-a", state: "dead", by: "self-0000" }]);
  });

  it("suspects what cannot be reached", () => {
    const driver = lost();
    driver.pass(900, () => false);
    driver.do({ kind: "dialled", peer: "member-a", outcome: "unreachable" });
    expect(driver.state("member-a")).toBe("suspect");
  });

  it("does nothing about what can be connected to again", () => {
    const driver = lost();
    driver.do({ kind: "dialled", peer: "member-a", outcome: "connected" });
    expect(driver.state("member-a")).toBe("alive");
    expect(driver.broadcasts()).toEqual([]);
  });

  it("dials nobody who has said farewell", () => {
    const driver = new Driver().with("member-a");
    driver.news(about("member-a", "left"));
    expect(driver.do({ kind: "disconnected", peer: "member-a", isMissed: true })).toEqual([]);
  });
});

describe("What a member says of itself", () => {
  it.each(["suspect", "dead", "left"] as const)("denies being %s with a higher incarnation", (state) => {
    const driver = new Driver();
    driver.news(about("self-0000", state, { incarnation: 4 }));
    expect(driver.broadcasts()).toEqual([{ id: "self-0000", ...selfReport("alive", 5) }]);
    expect(driver.swim.report).toEqual(selfReport("alive", 5));
  });

  it("does not argue about what it has denied already, nor about an earlier life", () => {
    const driver = new Driver();
    driver.news(about("self-0000", "dead", { incarnation: 4 }));
    driver.news(about("self-0000", "dead", { incarnation: 4 }));
    driver.news(about("self-0000", "dead", { bootEpoch: 0, incarnation: 99 }));
    expect(driver.broadcasts()).toHaveLength(1);
  });

  it("says so when the mesh knows a later start of it, and goes on under that", () => {
    const driver = new Driver();
    driver.news(about("self-0000", "alive", { bootEpoch: 7 }));
    expect(driver.effects.some(({ kind }) => kind === "outdated")).toBe(true);
    expect(driver.swim.report).toEqual(reportOf("self-0000", "alive", { bootEpoch: 7, incarnation: 1 }));
  });

  it("tells a member that speaks of an earlier start than its last one, so that it goes on after that", () => {
    const driver = new Driver().with("member-a");
    const last = about("member-a", "alive", { bootEpoch: 7 });
    driver.news(last);
    // Until that is no news any more.
    driver.pass(60_000);
    driver.effects.length = 0;
    driver.do({ kind: "heard", peer: "member-a", report: reportOf("member-a"), updates: [] });
    driver.pass(1_000);
    const told = driver.effects.flatMap((effect) =>
      effect.kind === "probe" && effect.target === "member-a" ? effect.updates : [],
    );
    expect(told).toContainEqual(last);
  });

  it("says farewell once, and then lets itself be called gone", () => {
    const driver = new Driver().with("member-a");
    driver.do({ kind: "leave" });
    driver.news(about("self-0000", "dead"));
    expect(driver.broadcasts()).toEqual([{ id: "self-0000", ...selfReport("left", 0) }]);
    expect(driver.swim.nextWakeAtMs).toBe(Infinity);
  });

  it("tells a member that speaks what is believed of it, so that it can deny it", () => {
    const driver = new Driver().with("member-a");
    driver.news(about("member-a", "dead", { silentForMs: 0 }));
    expect(driver.swim.updatesFor("member-a")[0]).toMatchObject({ id: "member-a", state: "dead" });
  });
});

describe("Who is a member", () => {
  const roster = (...ids: NodeId[]): SwimInput => ({ kind: "roster", ids: new Set(ids) });

  it("holds those of the roster for unknown until they are heard of", () => {
    const driver = new Driver();
    driver.do(roster("self-0000", "member-a"));
    expect([...driver.swim.members.values()].map(({ id, state }) => [id, state])).toEqual([
      ["member-a", "unknown"],
    ]);
    expect(driver.probes()).toEqual([]);
    driver.news(about("member-a", "dead"));
    expect(driver.state("member-a")).toBe("dead");
  });

  it("forgets who was removed, and lets neither old news nor views bring it back", () => {
    const driver = new Driver();
    driver.do(roster("member-a", "member-b"));
    driver.news(about("member-a", "alive"), about("member-a", "dead"));
    driver.do(roster("member-b"));
    driver.news(about("member-a", "alive"), about("member-a", "dead"));
    driver.do({
      kind: "view",
      peer: "member-b",
      report: reportOf("member-b"),
      updates: [about("member-a", "alive")],
    });
    expect(driver.state("member-a")).toBeUndefined();
  });

  it("knows who was forgotten again when it speaks, or is heard of in a later life", () => {
    const driver = new Driver();
    driver.news(about("member-a", "alive"), about("member-b", "alive"));
    driver.do({ kind: "forget", id: "member-a" });
    driver.do({ kind: "forget", id: "member-b" });
    driver.do({ kind: "heard", peer: "member-a", report: reportOf("member-a"), updates: [] });
    driver.news(about("member-b", "alive", { bootEpoch: 2 }));
    expect([driver.state("member-a"), driver.state("member-b")]).toEqual(["alive", "alive"]);
  });

  it("keeps those that are not in the roster but speak", () => {
    const driver = new Driver().with("member-a");
    driver.do(roster("member-b"));
    expect(driver.state("member-a")).toBe("alive");
  });

  it("does not keep who connected and said nothing", () => {
    const driver = new Driver();
    driver.do({ kind: "connected", peer: "stranger" });
    driver.do({ kind: "disconnected", peer: "stranger", isMissed: true });
    expect(driver.swim.members.size).toBe(0);
  });
});

describe("What a large mesh costs", () => {
  const meshOf = (members: number, neighbours: number) => {
    const driver = new Driver();
    const ids = Array.from({ length: members }, (_, index) => `member-${index}`);
    driver.news(...ids.map((id) => about(id, "alive")));
    driver.with(...ids.slice(0, neighbours));
    driver.effects.length = 0;
    const connected = new Set(ids.slice(0, neighbours));
    const probesIn = (durationMs: number, answers?: (id: NodeId) => boolean) => {
      const before = driver.probes().length;
      driver.pass(durationMs, answers);
      const probes = driver.probes().slice(before);
      return { all: probes.length, strangers: probes.filter((id) => !connected.has(id)).length };
    };
    return { driver, probesIn };
  };

  it("probes a thousand members no more often than three, and hardly ever but over connections it has", () => {
    const few = meshOf(3, 3).probesIn(60_000);
    const many = meshOf(1_000, 30).probesIn(60_000);
    expect(many.all / few.all).toBeCloseTo(1, 1);
    expect(many.strangers / many.all).toBeCloseTo(1 / 50, 2);
  });

  it.each([
    ["falls silent", () => {}, (id: NodeId) => id !== "member-5"],
    [
      "is said to be dead",
      (driver: Driver) => driver.news(about("member-5", "dead", { by: "member-900" })),
      () => true,
    ],
  ])(
    "asks more of those that it has no connection to for a while when somebody %s",
    (_what, happens, answers) => {
      const { driver, probesIn } = meshOf(1_000, 30);
      probesIn(20_000);
      happens(driver);
      // Until the silence was noticed.
      probesIn(5_000, answers);
      const after = probesIn(8_000, answers);
      expect(after.strangers / after.all).toBeGreaterThan(1 / 10);
      probesIn(60_000);
      const later = probesIn(60_000);
      expect(later.strangers / later.all).toBeCloseTo(1 / 50, 2);
    },
  );
});
