import { describe, expect, it } from "vitest";
import { decodeJson, encodeJson } from "./json-payload.ts";

describe("a payload of JSON", () => {
  it("comes out as it went in", () => {
    for (const value of [null, 0, "ü", [1, { a: false }]])
      expect(decodeJson(encodeJson(value))).toEqual(value);
  });

  it.each([
    ["nothing", []],
    ["half of it", [0x7b]],
    ["bytes that are no UTF-8", [0x22, 0xff, 0x22]],
  ])("is undefined when it is %s", (_what, bytes) => {
    expect(decodeJson(Uint8Array.from(bytes))).toBeUndefined();
  });
});
