import { describe, expect, it } from "vitest";
import { encodeJson } from "../json-payload.ts";
import { type MemberUpdate, VERSION_LIMIT } from "./member.ts";
import { Self } from "./self.ts";
import { SimulatedMesh, stateOf } from "./simulated-mesh.ts";
import { simulatedSigner } from "./simulated-signer.ts";
import { ALL_BUCKETS, about, Driver, reportOf, selfReport } from "./swim.fixture.ts";

const VICTIM = "member-v";
/** Signed by somebody, but not by the member that it is about. */
const NOT_ITS_OWN = reportOf("member-x").signature;
/** A version that the victim never had. */
const ABSURD = { bootEpoch: VERSION_LIMIT - 1, incarnation: VERSION_LIMIT - 1 };

const forged = (state: MemberUpdate["state"], version: Partial<MemberUpdate> = {}): MemberUpdate => ({
  ...about(VICTIM, state, version),
  signature: NOT_ITS_OWN,
});

const unproven = (driver: Driver) =>
  driver.effects.flatMap((effect) => (effect.kind === "unproven" ? [effect.teller] : []));

describe("What others say of a member that it did not say itself", () => {
  it.each([
    ["that it is alive again", forged("alive", { incarnation: 1 })],
    ["that it has left", forged("left")],
    ["that it has left in a later version", forged("left", { incarnation: 5 })],
    ["that it is suspect in a version that it never had", forged("suspect", ABSURD)],
    ["that it is dead in a version that it never had", forged("dead", ABSURD)],
    ["that it is dead in the version after its own", forged("dead", { incarnation: 1 })],
  ])("is left out: %s", (_what, update) => {
    const driver = new Driver().with(VICTIM);
    driver.news(update);
    expect(driver.swim.members.get(VICTIM)).toMatchObject({ state: "alive", bootEpoch: 1, incarnation: 0 });
    expect(unproven(driver)).toEqual(["teller-0000"]);
    driver.news(about(VICTIM, "alive", { incarnation: 1 }), about(VICTIM, "suspect", { incarnation: 1 }));
    expect(driver.state(VICTIM)).toBe("suspect");
    driver.news(about(VICTIM, "alive", { incarnation: 2 }));
    expect(driver.state(VICTIM)).toBe("alive");
  });

  it("is left out of views, too, and nobody is asked about it", () => {
    const driver = new Driver().with("member-b", VICTIM);
    const before = driver.effects.length;
    const updates = [forged("dead", ABSURD)];
    driver.do({ kind: "view", peer: "member-b", report: reportOf("member-b"), updates });
    driver.pass(1_000);
    const toldToVictim = driver.effects
      .slice(before)
      .flatMap((effect) => (effect.kind === "probe" && effect.target === VICTIM ? effect.updates : []));
    expect(toldToVictim.filter(({ state }) => state === "dead")).toEqual([]);
    expect(driver.swim.view(ALL_BUCKETS).every(({ incarnation }) => incarnation === 0)).toBe(true);
  });

  it("makes nobody known, neither one of the roster nor a stranger", () => {
    const driver = new Driver();
    driver.do({ kind: "roster", ids: new Set([VICTIM]) });
    driver.news(forged("dead"));
    driver.news({ ...about("member-new", "alive"), signature: NOT_ITS_OWN });
    expect([...driver.swim.members.values()].map(({ id, state }) => [id, state])).toEqual([
      [VICTIM, "unknown"],
    ]);
    expect(driver.swim.view(ALL_BUCKETS)).toEqual([]);
  });

  it("brings a member neither back from the dead nor from its farewell", () => {
    const driver = new Driver();
    driver.news(about(VICTIM, "alive", { bootEpoch: 3, incarnation: 2 }));
    driver.news(about(VICTIM, "dead", { bootEpoch: 3, incarnation: 2 }));
    // What it really said, earlier.
    driver.news(about(VICTIM, "alive", { bootEpoch: 3, incarnation: 1 }));
    driver.news(about(VICTIM, "alive", { bootEpoch: 2, incarnation: 9 }));
    driver.news(about(VICTIM, "left", { bootEpoch: 2, incarnation: 9 }));
    driver.news(about(VICTIM, "alive", { bootEpoch: 3, incarnation: 2 }));
    driver.news(forged("alive", { bootEpoch: 4 }));
    expect(driver.state(VICTIM)).toBe("dead");
    // Its signature for one state says nothing about another.
    const alive = reportOf(VICTIM, "alive", { bootEpoch: 3, incarnation: 2 });
    driver.news({ ...alive, id: VICTIM, state: "left" });
    expect(driver.state(VICTIM)).toBe("dead");
  });

  it("ends the reading of the message, since an honest teller checks what it passes on", () => {
    const driver = new Driver().with(VICTIM);
    driver.message(about("member-a", "alive"), forged("left"), about("member-b", "alive"));
    expect([driver.state("member-a"), driver.state("member-b")]).toEqual(["alive", undefined]);
  });

  it("costs one signature to verify, however much of it is in a message", () => {
    const verified: number[] = [];
    const updates = Array.from({ length: 5_000 }, (_, incarnation) =>
      about(VICTIM, "alive", { incarnation }),
    );
    for (const signed of [updates, updates.map((update) => ({ ...update, signature: NOT_ITS_OWN }))]) {
      const driver = new Driver();
      driver.message(...signed);
      verified.push(driver.verifiedCount);
    }
    expect(verified).toEqual([1, 1]);
  });

  it("does not reach those who listen to an honest peer", () => {
    const driver = new Driver().with(VICTIM, "member-b");
    // Of a version that is known, the signature is not looked at; what is passed on has the right one.
    driver.news({ ...about(VICTIM, "suspect", { by: "member-b" }), signature: NOT_ITS_OWN });
    expect(driver.state(VICTIM)).toBe("suspect");
    const passedOn = driver.swim.updatesFor("member-b").filter(({ id }) => id === VICTIM);
    expect(passedOn).toEqual([about(VICTIM, "suspect", { by: "member-b" })]);
  });

  it("counts for nothing about those who may not be in the mesh, whether they signed it or not", () => {
    const driver = new Driver();
    driver.disallowed.add("member-out");
    driver.news(about("member-out", "alive"), about("member-a", "alive"));
    expect([...driver.swim.members.keys()]).toEqual(["member-a"]);
  });

  it("is no sign of life when a member says it of itself", () => {
    const driver = new Driver().with("member-a");
    const report = {
      ...reportOf("member-a", "alive", { bootEpoch: 1, incarnation: 1 }),
      signature: NOT_ITS_OWN,
    };
    driver.pass(1_500, () => false);
    expect(driver.state("member-a")).toBe("suspect");
    const updates = [about("member-b", "alive")];
    driver.do({ kind: "heard", peer: "member-a", report, updates });
    expect(driver.state("member-a")).toBe("suspect");
    expect(driver.state("member-b")).toBeUndefined();
    expect(unproven(driver)).toEqual(["member-a"]);
  });

  it("is no answer of a helper about the one that was probed", () => {
    const driver = new Driver().with("member-a", "member-b");
    driver.pass(700, (id) => id !== "member-b");
    const asked = driver.effects.findLast((effect) => effect.kind === "ask-helpers");
    if (asked?.kind !== "ask-helpers") throw new Error("nobody was asked");
    const report = { ...reportOf("member-b", "alive", ABSURD), signature: NOT_ITS_OWN };
    driver.do({ kind: "helped", probe: asked.probe, helper: "member-a", report });
    expect(driver.swim.members.get("member-b")).toMatchObject({ bootEpoch: 1, incarnation: 0 });
    expect(unproven(driver)).toEqual(["member-a"]);
  });
});

describe("What others say of this peer that it did not say", () => {
  it.each([
    ["dead in a version that it never had", about("self-0000", "dead", ABSURD)],
    ["alive in a later life", about("self-0000", "alive", { bootEpoch: 7 })],
    ["gone in its present version", about("self-0000", "left")],
  ])("is not worth a denial: %s", (_what, update) => {
    const driver = new Driver();
    driver.news({ ...update, signature: NOT_ITS_OWN });
    expect(driver.broadcasts()).toEqual([]);
    expect(driver.swim.report).toEqual(selfReport("alive", 0));
  });

  it("is denied when it is an accusation of its present version", () => {
    const driver = new Driver();
    driver.news({ ...about("self-0000", "dead"), signature: NOT_ITS_OWN });
    expect(driver.swim.report).toEqual(selfReport("alive", 1));
  });
});

describe("Self", () => {
  const after = (version: { bootEpoch: number; incarnation: number }) => {
    const self = new Self(simulatedSigner("self-0000"), "self-0000", 1);
    self.hear(about("self-0000", "dead", version));
    const { bootEpoch, incarnation } = self.report;
    return { bootEpoch, incarnation };
  };

  it("goes on in the next boot epoch when there is no incarnation left, and never beyond what others accept", () => {
    expect(after({ bootEpoch: 2, incarnation: VERSION_LIMIT - 2 })).toEqual({
      bootEpoch: 2,
      incarnation: VERSION_LIMIT - 1,
    });
    expect(after({ bootEpoch: 2, incarnation: VERSION_LIMIT - 1 })).toEqual({ bootEpoch: 3, incarnation: 0 });
    expect(after(ABSURD)).toEqual(ABSURD);
  });

  it("signs each report once", () => {
    let signed = 0;
    const signer = simulatedSigner("self-0000");
    const counting = {
      ...signer,
      sign(bytes: Uint8Array) {
        signed++;
        return signer.sign(bytes);
      },
    };
    const self = new Self(counting, "self-0000", 1);
    for (let count = 0; count < 10; count++) void self.report;
    self.renew();
    for (let count = 0; count < 10; count++) void self.report;
    self.leave();
    expect(self.report.state).toBe("left");
    expect(signed).toBe(3);
  });
});

describe("Members of a mesh in which one lies", { timeout: 30_000 }, () => {
  it("are not silenced by whatever it broadcasts about them, and survive its absurd numbers", async () => {
    const mesh = await SimulatedMesh.of(6, 21);
    // Until all are connected with all.
    await mesh.clock.advance(3_000);
    const [liar, victim] = [mesh.get(0), mesh.get(3)];
    const claimed = ["alive", "suspect", "dead", "left"] as const;
    const versions = [ABSURD, { bootEpoch: 1, incarnation: 1 }, { bootEpoch: 2 }, { bootEpoch: 2 ** 60 }, {}];
    for (let round = 0; round < 20; round++) {
      for (const state of claimed) {
        for (const version of versions) {
          const update = { ...about(victim.id, state, version), signature: NOT_ITS_OWN };
          await liar.gossip.publish("membership", encodeJson({ updates: [update] }));
        }
      }
      await mesh.clock.advance(500);
    }
    await mesh.clock.advance(1_000);
    for (const one of mesh.others(liar.id, victim.id)) {
      const member = one.membership.member(victim.id);
      expect(member).toMatchObject({ state: "alive", bootEpoch: 1 });
      // It denied what was said of versions that it has, once each.
      expect(member?.incarnation).toBeLessThan(100);
      const states = one.changes.filter(({ id }) => id === victim.id).map(({ member: { state } }) => state);
      expect(states).not.toContain("left");
    }
    mesh.hub.kill(victim.id);
    await mesh.until(() => mesh.others(victim.id).every((one) => stateOf(one, victim.id) === "dead"), 1_000);
  });
});
