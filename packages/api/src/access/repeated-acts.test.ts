import { VirtualClock } from "@pi-controller/runtime";
import type { AuditEntry } from "@pi-controller/security";
import { describe, expect, it } from "vitest";
import { RepeatedActs } from "./repeated-acts.ts";

function write(number: number, target = "pump"): AuditEntry {
  return {
    actor: "ada",
    userId: "user-ada0000000000000",
    via: "api-token",
    address: "10.0.0.1",
    action: "update gpio",
    target,
    outcome: "allowed",
    detail: "200",
    correlationId: `id-${number}`,
  };
}

function made() {
  const clock = new VirtualClock();
  const records: AuditEntry[] = [];
  const acts = new RepeatedActs({ record: (entry) => void records.push(entry), clock });
  const told = () =>
    records.map(({ target, detail, correlationId }) => `${target} ${correlationId}: ${detail}`);
  return { clock, acts, told };
}

const WINDOW_MS = 15 * 60_000;

describe("RepeatedActs", () => {
  it("records the first at once, and the rest of a quarter of an hour as one, with their number", async () => {
    const { clock, acts, told } = made();
    for (let number = 0; number < 10_000; number++) acts.add(write(number));
    expect(told()).toEqual(["pump id-0: 200"]);
    await clock.advance(WINDOW_MS);
    expect(told().slice(1)).toEqual(["pump id-9999: 200, 9999 times more since the last record of it"]);
  });

  it("goes on with one record a window while it goes on, and begins anew after a pause", async () => {
    const { clock, acts, told } = made();
    acts.add(write(0));
    acts.add(write(1));
    await clock.advance(WINDOW_MS);
    acts.add(write(2));
    await clock.advance(WINDOW_MS);
    const more = "200, once more since the last record of it";
    expect(told()).toEqual(["pump id-0: 200", `pump id-1: ${more}`, `pump id-2: ${more}`]);
    await clock.advance(2 * WINDOW_MS);
    acts.add(write(3));
    expect(told().slice(3)).toEqual(["pump id-3: 200"]);
  });

  it("tells one thing from another", () => {
    const { acts, told } = made();
    acts.add(write(0, "pump"));
    acts.add(write(1, "lamp"));
    acts.add({ ...write(2, "pump"), userId: "user-bob0000000000000" });
    acts.add({ ...write(3, "pump"), action: "renew gpio" });
    expect(told()).toHaveLength(4);
  });

  it("loses no count when the peer stops, nor when there are too many things to remember", () => {
    const { acts, told } = made();
    acts.add(write(0, "first"));
    acts.add(write(1, "first"));
    for (let number = 0; number < 1_024; number++) acts.add(write(number, `thing-${number}`));
    expect(told().filter((text) => text.startsWith("first"))).toEqual([
      "first id-0: 200",
      "first id-1: 200, once more since the last record of it",
    ]);
    acts.add(write(5, "thing-1023"));
    const before = told().length;
    acts.flush();
    expect(told().slice(before)).toEqual(["thing-1023 id-5: 200, once more since the last record of it"]);
    acts.flush();
    expect(told()).toHaveLength(before + 1);
  });
});
