import { describe, expect, it } from "vitest";
import { sessionEndOf } from "./session-end.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const inMinutes = (minutes: number) => new Date(now + minutes * 60_000).toISOString();

describe("sessionEndOf", () => {
  it("says nothing while there is time, or when nothing ends", () => {
    expect(sessionEndOf({ idleExpiresAt: inMinutes(480), expiresAt: inMinutes(900) }, now)).toBeNull();
    expect(sessionEndOf({ idleExpiresAt: null, expiresAt: null }, now)).toBeNull();
  });

  it("tells an end that use puts off from one that nothing does", () => {
    expect(sessionEndOf({ idleExpiresAt: inMinutes(5), expiresAt: inMinutes(900) }, now)).toEqual({
      remainingMs: 300_000,
      kind: "unused",
    });
    expect(sessionEndOf({ idleExpiresAt: inMinutes(9), expiresAt: inMinutes(9) }, now)?.kind).toBe(
      "absolute",
    );
  });

  it("goes on to tell after the end, until the peer has confirmed it", () => {
    expect(sessionEndOf({ idleExpiresAt: null, expiresAt: inMinutes(-1) }, now)?.remainingMs).toBe(-60_000);
  });
});
