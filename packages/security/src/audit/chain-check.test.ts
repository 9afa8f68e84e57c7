import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { type ChainedText, chained, FIRST_HASH } from "./audit-record.ts";
import { beginCheck, checkNext, endCheck } from "./chain-check.ts";

const ANCHOR = { sequence: 0, hash: FIRST_HASH };

function chainOf(length: number): ChainedText[] {
  const rows: ChainedText[] = [];
  for (let sequence = 1; sequence <= length; sequence++) {
    const record = {
      sequence,
      at: new Date(sequence * 1_000).toISOString(),
      node: "node-0001",
      actor: "ada",
      userId: null,
      via: "session",
      address: "10.0.0.1",
      action: "delete nodes",
      target: `node-${sequence}`,
      outcome: "allowed",
      detail: "200",
      correlationId: "c",
    } as const;
    rows.push(chained(record, rows.at(-1)?.hash ?? FIRST_HASH));
  }
  return rows;
}

function check(rows: readonly ChainedText[], head = rows.at(-1) ?? ANCHOR, anchor = ANCHOR) {
  return endCheck(rows.reduce(checkNext, beginCheck(anchor)), head);
}

describe("the check of a chain", () => {
  const rows = chainOf(20);
  const head = rows[19] as ChainedText;

  it("finds a whole one whole, also one whose beginning was cut off", () => {
    expect(check(rows).firstProblem).toBeUndefined();
    expect(check(rows.slice(8), head, rows[7]).firstProblem).toBeUndefined();
    expect(check([]).firstProblem).toBeUndefined();
  });

  it("finds a changed record", () => {
    const changed = rows.map((row) =>
      row.sequence === 7 ? { ...row, text: row.text.replace("ada", "eve") } : row,
    );
    expect(check(changed)).toMatchObject({
      problems: 1,
      firstProblem: { sequence: 7, detail: "record 7 was changed" },
    });
  });

  it("finds a record that was changed together with its hash", () => {
    const changed = rows.map((row) => (row.sequence === 7 ? { ...row, hash: "f".repeat(64) } : row));
    expect(check(changed).problems).toBe(2);
  });

  it("finds records that were removed, in the middle and at either end", () => {
    const without = (...gone: number[]) => rows.filter(({ sequence }) => !gone.includes(sequence));
    expect(check(without(5, 6), head).firstProblem?.detail).toBe("records 5 to 6 are missing");
    expect(check(without(1), head).firstProblem?.detail).toBe("records 1 to 1 are missing");
    expect(check(without(19, 20), head).firstProblem?.detail).toBe("records 19 to 20 are missing");
    expect(check([], head).firstProblem?.detail).toBe("records 1 to 20 are missing");
  });

  it("finds records that have changed places", () => {
    const [one, other] = [rows[3] as ChainedText, rows[4] as ChainedText];
    const swapped = rows.map((row) => {
      if (row === one) return { ...other, sequence: one.sequence };
      return row === other ? { ...one, sequence: other.sequence } : row;
    });
    expect(check(swapped).firstProblem).toMatchObject({ sequence: 4 });
  });

  it("finds any single change, wherever it is", () => {
    const seed = 42;
    const random = seededRandom(seed);
    for (let run = 0; run < 300; run++) {
      const index = randomInteger(random, rows.length);
      const row = rows[index] as ChainedText;
      const field = random.next() < 0.5 ? "text" : "hash";
      const place = randomInteger(random, row[field].length);
      const other = row[field][place] === "1" ? "2" : "1";
      const text = row[field].slice(0, place) + other + row[field].slice(place + 1);
      const changed = rows.with(index, { ...row, [field]: text });
      expect(check(changed, head).problems, `seed ${seed}, run ${run}`).toBeGreaterThan(0);
    }
  });
});
