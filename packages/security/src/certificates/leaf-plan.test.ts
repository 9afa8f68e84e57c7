import { describe, expect, it } from "vitest";
import { type LeafState, planLeaf, renewalTimeMs } from "./leaf-plan.ts";

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 15);
const names = { dnsNames: ["door"], ipAddresses: ["10.0.0.1"] };
const authority = { fingerprint: "a1", permitted: names, notAfterMs: NOW_MS + 3_650 * DAY_MS };
const leaf = {
  authority: "a1",
  names: { dnsNames: ["door", "localhost"], ipAddresses: ["10.0.0.1", "127.0.0.1", "::1"] },
  notBeforeMs: NOW_MS - 10 * DAY_MS,
  notAfterMs: NOW_MS + 20 * DAY_MS,
};
const state: LeafState = { nowMs: NOW_MS, names, leaf, authority };

describe("planLeaf", () => {
  it("leaves a good leaf alone", () => {
    expect(planLeaf(state)).toBeUndefined();
  });

  it("renews at two thirds of the life, and long after", () => {
    const atMs = renewalTimeMs(leaf);
    expect(atMs).toBe(NOW_MS + 10 * DAY_MS);
    expect(planLeaf({ ...state, nowMs: atMs - 1 })).toBeUndefined();
    expect(planLeaf({ ...state, nowMs: atMs })).toEqual({ kind: "leaf", names, reason: "renewal" });
    expect(planLeaf({ ...state, nowMs: atMs + 200 * DAY_MS })?.reason).toBe("renewal");
  });

  it("makes one that is valid now when the clock has gone back behind it", () => {
    expect(planLeaf({ ...state, nowMs: leaf.notBeforeMs - 1 })?.reason).toBe("clock");
  });

  it("goes from self-signed to the authority's, and back when that has ended", () => {
    const selfSigned = { ...leaf, authority: null };
    expect(planLeaf({ nowMs: NOW_MS, names })).toEqual({ kind: "self-signed", names, reason: "first" });
    expect(planLeaf({ nowMs: NOW_MS, names, leaf: selfSigned })).toBeUndefined();
    expect(planLeaf({ ...state, leaf: selfSigned })).toEqual({
      kind: "leaf",
      names,
      reason: "other authority",
    });
    expect(planLeaf({ ...state, authority: { ...authority, notAfterMs: NOW_MS } })?.kind).toBe("self-signed");
    expect(planLeaf({ ...state, authority: { ...authority, fingerprint: "a2" } })?.kind).toBe("leaf");
  });

  it("takes what an older authority covers of the names, and signs itself when that is nothing", () => {
    const more = { dnsNames: ["door", "door.local"], ipAddresses: ["10.0.0.2"] };
    expect(planLeaf({ ...state, names: more })).toEqual({
      kind: "leaf",
      names: { dnsNames: ["door"], ipAddresses: [] },
      reason: "other names",
    });
    const other = { dnsNames: ["gate"], ipAddresses: [] };
    expect(planLeaf({ ...state, names: other })).toMatchObject({ kind: "self-signed", names: other });
  });
});
