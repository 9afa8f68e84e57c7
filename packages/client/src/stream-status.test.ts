import { describe, expect, it } from "vitest";
import { stepOf } from "./stream-status.ts";

const hello = { kind: "hello", node: "12D3KooWNode", log: "a", sequence: 10, gap: false } as const;

describe("stepOf", () => {
  it("starts where the log is when there was no position", () => {
    expect(stepOf(undefined, hello)).toEqual({ position: { log: "a", sequence: 10 }, fresh: false });
  });

  it("keeps the position while the log can go on from there", () => {
    const position = { log: "a", sequence: 4 };
    expect(stepOf(position, hello)).toEqual({ position, fresh: false });
  });

  it("never stays ahead of a log that has lost its end", () => {
    const step = stepOf({ log: "a", sequence: 12 }, { ...hello, gap: true });
    expect(step).toMatchObject({ position: { log: "a", sequence: 10 }, gap: { reason: "expired" } });
  });

  it("moves with heartbeats, never back", () => {
    const position = { log: "a", sequence: 4 };
    expect(stepOf(position, { kind: "heartbeat", sequence: 9 }).position?.sequence).toBe(9);
    expect(stepOf(position, { kind: "heartbeat", sequence: 2 }).position?.sequence).toBe(4);
  });
});
