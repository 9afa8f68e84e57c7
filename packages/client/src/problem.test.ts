import { describe, expect, it } from "vitest";
import { errorOfAnswer, errorOfClose } from "./problem.ts";

describe("errorOfAnswer", () => {
  it("keeps when to come again", () => {
    expect(errorOfAnswer(429, undefined, "3")).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      details: { retryAfterMs: 3_000 },
    });
    expect(errorOfAnswer(503, undefined, "soon").details).toEqual({});
  });

  it.each([
    [404, "NOT_FOUND"],
    [401, "UNAUTHENTICATED"],
    [502, "UNAVAILABLE"],
    [599, "UNAVAILABLE"],
    [418, "INTERNAL"],
  ])("takes status %i without a problem for %s", (status, code) => {
    expect(errorOfAnswer(status, "<html>", null).code).toBe(code);
  });
});

describe("errorOfClose", () => {
  it("tells what will not get better from what may", () => {
    expect(errorOfClose(4401, "log in")).toMatchObject({
      permanent: true,
      error: { code: "UNAUTHENTICATED" },
    });
    for (const closeCode of [1001, 1006, 1011, 1012, 1013])
      expect(errorOfClose(closeCode, "").permanent).toBe(false);
  });
});
