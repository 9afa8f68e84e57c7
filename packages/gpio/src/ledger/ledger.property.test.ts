import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Step, step, take } from "./board-life.fixture.ts";
import { idOf, modeOf } from "./ledger.fixture.ts";
import { ModelOwner } from "./model-owner.fixture.ts";
import {
  checkBoard,
  checkDecision,
  checkEnd,
  checkGrant,
  checkMethod,
  holdersOf,
} from "./plain-rules.fixture.ts";
import { compareTokens } from "./token.ts";

/** On a failure fast-check prints the seed and the shortest life that fails. */
describe("a board over a random life", () => {
  it("has one holder of each thing, keeps limits and the order in line, and leaves nothing idle", () => {
    const lives = fc.array(step, { minLength: 1, maxLength: 80, size: "max" });
    fc.assert(
      fc.property(lives, (steps) => live(steps)),
      { numRuns: 200 },
    );
  });

  it("gives it in the end to everyone who has the patience, in their order", () => {
    const priorities = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(priorities, (list) => {
        const owner = new ModelOwner();
        const terms = {
          resource: "GPIO18",
          mode: modeOf({ kind: "output" }),
          namespace: "home",
          preemptible: false,
          preempt: false,
        };
        const standing = { ttlMs: null, watchdogMs: null, powerMilliwatts: 0, waitMs: 1_000 };
        for (const priority of list) owner.request({ ...terms, ...standing, priority });
        for (const _one of list) {
          const [holder] = holdersOf(owner.ledger);
          if (holder !== undefined) owner.release(holder.record.id);
          owner.settle();
        }
        const others = list.slice(1);
        const inLine = others.map((priority, index) => ({ priority, id: idOf(index + 2) }));
        inLine.sort((one, other) => other.priority - one.priority || (one.id < other.id ? -1 : 1));
        expect(owner.grants.map(({ id }) => id)).toEqual([idOf(1), ...inLine.map(({ id }) => id)]);
        expect(owner.ledger.entries.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

function live(steps: readonly Step[]): void {
  const owner = new ModelOwner();
  for (const one of steps) {
    const seen = {
      asked: owner.asked.length,
      ends: owner.overdue.length,
      grants: owner.grants.length,
      tokens: owner.tokens.length,
    };
    const before = owner.ledger;
    const textBefore = JSON.stringify([...before.entries]);
    take(owner, one);
    for (const asking of owner.asked.slice(seen.asked)) {
      checkMethod(asking);
      checkDecision(asking, owner);
      if (asking.decision.kind === "refuse") expect(owner.ledger).toBe(before);
    }
    owner.settle();
    expect(JSON.stringify([...before.entries]), "a decision changed what it looked at").toBe(textBefore);
    for (const end of owner.overdue.slice(seen.ends)) checkEnd(end);
    for (const grant of owner.grants.slice(seen.grants)) checkGrant(grant, owner);
    for (let index = Math.max(seen.tokens, 1); index < owner.tokens.length; index++) {
      const [older = "", newer = ""] = owner.tokens.slice(index - 1);
      expect(compareTokens(older, newer), `${newer} came after ${older}`).toBeLessThan(0);
    }
    checkBoard(owner);
  }
}
