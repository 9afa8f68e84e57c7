import { describe, expect, it } from "vitest";
import { loadNativePart } from "./native-part.ts";

describe("a native part", () => {
  it("that is missing is named, with what to install", () => {
    expect(() => loadNativePart("no-such-native-part", "I2C")).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(/^I2C needs .*no-such-native-part.*build-essential/),
      }),
    );
  });
});
