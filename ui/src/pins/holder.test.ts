import { describe, expect, it } from "vitest";
import { isHolder } from "./holder.ts";

describe("isHolder", () => {
  it("goes by the id, for a name may be given to somebody else later", () => {
    expect(isHolder({ userId: "u1", userName: "ann" }, { userId: "u1", userName: "anna" })).toBe(true);
    expect(isHolder({ userId: "u2", userName: "ann" }, { userId: "u1", userName: "ann" })).toBe(false);
  });

  it("goes by the name of who has no id, and only of those", () => {
    expect(isHolder({ userId: null, userName: "ann" }, { userId: null, userName: "ann" })).toBe(true);
    expect(isHolder({ userId: "u1", userName: "ann" }, { userId: null, userName: "ann" })).toBe(false);
  });
});
