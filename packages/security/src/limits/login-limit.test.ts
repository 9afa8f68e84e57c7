import { VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { AddressLimit } from "./address-limit.ts";
import { LoginLimit } from "./login-limit.ts";

async function make() {
  const clock = new VirtualClock();
  await clock.advance(1);
  const limit = new LoginLimit({ clock });
  /** Tries a password. @returns whether it was looked at, or how long to wait in ms */
  const tryOnce = (address: string, userName: string, outcome: "right" | "wrong" | "abandoned" = "wrong") => {
    const attempt = limit.attempt(address, userName);
    if ("retryAfterMs" in attempt) return attempt.retryAfterMs;
    if (outcome === "right") attempt.succeeded();
    if (outcome === "abandoned") attempt.abandoned();
    return attempt.locks ? "locks" : "looked at";
  };
  return { clock, limit, tryOnce };
}

describe("LoginLimit", () => {
  it("forgives five mistakes, then lets a sender wait twice as long each time", async () => {
    const { clock, tryOnce } = await make();
    for (let count = 0; count < 4; count++) expect(tryOnce("10.0.0.1", "ada")).toBe("looked at");
    expect(tryOnce("10.0.0.1", "ada")).toBe("locks");
    expect(tryOnce("10.0.0.1", "ada")).toBe(1_000);
    await clock.advance(1_000);
    expect(tryOnce("10.0.0.1", "ada")).toBe("looked at");
    expect(tryOnce("10.0.0.1", "ada", "right")).toBe(2_000);
  });

  it("counts attempts that are made at once before any of them has failed", async () => {
    const { limit } = await make();
    const attempts = Array.from({ length: 100 }, () => limit.attempt("10.0.0.1", "ada"));
    expect(attempts.filter((attempt) => !("retryAfterMs" in attempt))).toHaveLength(5);
  });

  it("never waits longer than a quarter of an hour, and forgets after an hour of peace", async () => {
    const { clock, limit, tryOnce } = await make();
    let longestMs = 0;
    for (let count = 0; count < 60; count++) {
      const waitMs = tryOnce("10.0.0.1", "ada");
      if (typeof waitMs !== "number") continue;
      longestMs = Math.max(longestMs, waitMs);
      await clock.advance(waitMs);
    }
    expect(longestMs).toBe(15 * 60_000);
    await clock.advance(60 * 60_000);
    const attempts = Array.from({ length: 5 }, () => limit.attempt("10.0.0.1", "ada"));
    expect(attempts.every((attempt) => !("retryAfterMs" in attempt))).toBe(true);
  });

  it("lets the owner in at once from his own address, however many others guess at his name", async () => {
    const { tryOnce } = await make();
    for (let host = 1; host < 250; host++) {
      for (let count = 0; count < 10; count++) tryOnce(`10.0.0.${host}`, "ada");
    }
    expect(tryOnce("10.0.1.1", "ada", "right")).toBe("looked at");
  });

  it("lets the owner who mistypes wait for 30 s at most, from his own mistake on", async () => {
    const { clock, tryOnce } = await make();
    for (let host = 1; host < 50; host++) tryOnce(`10.0.0.${host}`, "ada");
    expect(tryOnce("10.0.1.1", "ada")).toBe("looked at");
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000);
      // Others go on; that makes nobody wait but them.
      tryOnce(`10.0.2.${second}`, "ada");
    }
    expect(tryOnce("10.0.1.1", "ada", "right")).toBe("looked at");
  });

  it("slows a guesser who has many addresses down to one try in 30 s at each of them", async () => {
    const { clock, tryOnce } = await make();
    let looks = 0;
    for (let second = 0; second < 600; second++) {
      for (let host = 1; host <= 10; host++) if (tryOnce(`10.0.0.${host}`, "ada") === "looked at") looks++;
      await clock.advance(1_000);
    }
    expect(looks).toBeLessThan(10 * (600 / 30 + 10));
  });

  it("lets nobody in a home lock out who has logged in there before", async () => {
    const { tryOnce } = await make();
    tryOnce("2001:db8::ada", "ada", "right");
    for (let host = 1; host < 100; host++) tryOnce(`2001:db8::${host}`, "ada");
    expect(tryOnce("2001:db8::1:1", "bob")).toBeTypeOf("number");
    expect(tryOnce("2001:db8::ada", "bob")).toBeTypeOf("number");
    expect(tryOnce("2001:db8::ada", "ada", "right")).toBe("looked at");
    // He, too, has so many tries and no more.
    for (let count = 0; count < 5; count++) tryOnce("2001:db8::ada", "ada");
    expect(tryOnce("2001:db8::ada", "ada", "right")).toBeTypeOf("number");
  });

  it("clears the user's name after a right password, and not the sender", async () => {
    const { tryOnce } = await make();
    for (let count = 0; count < 4; count++) tryOnce("10.0.0.1", "ada");
    expect(tryOnce("10.0.0.1", "mallory", "right")).toBe("locks");
    expect(tryOnce("10.0.0.1", "ada")).toBe("locks");
    // His own name is open to him, and clears nothing.
    expect(tryOnce("10.0.0.1", "mallory", "right")).toBe("looked at");
    expect(tryOnce("10.0.0.1", "ada")).toBe(1_000);
  });

  it("does not count an attempt that nobody looked at", async () => {
    const { tryOnce } = await make();
    for (let count = 0; count < 50; count++) {
      expect(tryOnce("10.0.0.1", "ada", "abandoned")).toBe("looked at");
    }
  });

  it("takes no more memory for a flood from everywhere at every name", async () => {
    const { limit, tryOnce } = await make();
    for (let count = 0; count < 20_000; count++)
      tryOnce(`2001:db8:${count.toString(16)}::1`, `user-${count}`);
    expect(limit.size).toBeLessThanOrEqual(4_096 + 1_024);
  });
});

describe("AddressLimit", () => {
  it("refuses a sender after twenty failures, for at most a minute, and no other", async () => {
    const clock = new VirtualClock();
    const limit = new AddressLimit({ clock });
    for (let count = 0; count < 19; count++) limit.failed("2001:db8::1");
    expect(limit.retryAfterMs("2001:db8::1")).toBe(0);
    for (let count = 0; count < 100; count++) limit.failed("2001:db8::2");
    expect(limit.retryAfterMs("2001:db8::1")).toBe(60_000);
    expect(limit.retryAfterMs("2001:db8:1::1")).toBe(0);
    await clock.advance(60_000);
    expect(limit.retryAfterMs("2001:db8::1")).toBe(0);
  });

  it("remembers a bounded number of senders", () => {
    const limit = new AddressLimit({ clock: new VirtualClock() }, { maxSenders: 10 });
    for (let host = 0; host < 100; host++) limit.failed(`10.0.0.${host}`);
    expect(limit.size).toBe(10);
  });
});
