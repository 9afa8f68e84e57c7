import { createHmac, hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sealOf } from "./own-seal.ts";

describe("the seal of a node", () => {
  const identity = { raw: new Uint8Array(64).fill(7) };

  it("is an HMAC-SHA-256 under a key of its own, made of the identity's seed", () => {
    const seed = identity.raw.subarray(0, 32);
    const key = hkdfSync("sha256", seed, "", "pi-controller gpio records v1", 32);
    const expected = createHmac("sha256", new Uint8Array(key)).update("text").digest("base64");
    expect(sealOf(identity).mac("text")).toBe(expected);
  });

  it("is another one for another text, and for another node", () => {
    const other = sealOf({ raw: new Uint8Array(64).fill(8) });
    const macs = [sealOf(identity).mac("text"), sealOf(identity).mac("texts"), other.mac("text")];
    expect(new Set(macs).size).toBe(3);
  });
});
