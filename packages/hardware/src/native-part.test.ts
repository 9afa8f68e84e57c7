import { describe, expect, it } from "vitest";
import { loadNativePart, whatBuildsIt } from "./native-part.ts";

describe("a native part", () => {
  it("that is missing is named, with what to install", () => {
    expect(() => loadNativePart("no-such-native-part", "I2C")).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(/^I2C needs .*no-such-native-part.*build-essential/),
      }),
    );
  });

  it("is built where the sources are, not beside a bundle", () => {
    expect(whatBuildsIt(true)).toContain("node scripts/build-addons.mjs");
    expect(whatBuildsIt(false)).not.toContain("build-addons");
    expect(whatBuildsIt(false)).toContain("npm run build");
  });
});
