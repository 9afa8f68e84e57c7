import { describe, expect, it } from "vitest";
import {
  type ConnectionChange,
  type ConnectionState,
  initialConnection,
  nextConnection,
} from "./connection.ts";

const after = (...changes: ConnectionChange[]): ConnectionState =>
  changes.reduce(nextConnection, initialConnection);
const answered = (now: number): ConnectionChange => ({ kind: "answered", now });
const failed = (now: number): ConnectionChange => ({ kind: "failed", now, reason: "no answer", chance: 0.5 });

describe("nextConnection", () => {
  it("is connected once the peer answers", () => {
    expect(after({ kind: "attempted" }, answered(5))).toMatchObject({ phase: "connected", lastAnswerAt: 5 });
  });

  it("remembers through all failures when the peer answered last", () => {
    const state = after(answered(5), failed(2000), failed(3000));
    expect(state).toMatchObject({ phase: "lost", lastAnswerAt: 5, failures: 2, reason: "no answer" });
  });

  it("waits 1, 2, 4, then 5 seconds between attempts", () => {
    let state = after(answered(0));
    const waits = [1, 2, 3, 4, 5].map((failure) => {
      state = nextConnection(state, failed(failure * 100_000));
      return (state.retryAt ?? 0) - failure * 100_000;
    });
    expect(waits).toEqual([1000, 2000, 4000, 5000, 5000]);
  });

  it("spreads attempts by a fifth to either side", () => {
    const retryAt = (chance: number) =>
      nextConnection(initialConnection, { kind: "failed", now: 0, reason: "", chance }).retryAt;
    expect(retryAt(0)).toBe(800);
    expect(retryAt(1)).toBe(1200);
  });

  it("has no next attempt while one is under way", () => {
    expect(after(failed(0), { kind: "attempted" })).toMatchObject({ phase: "lost", retryAt: null });
  });

  it("counts a return, but neither the first answer nor those that follow", () => {
    expect(after(answered(0), answered(1)).reconnects).toBe(0);
    const back = after(answered(0), failed(1), failed(2), answered(3), answered(4));
    expect(back).toMatchObject({ phase: "connected", failures: 0, reason: null, reconnects: 1 });
  });
});
