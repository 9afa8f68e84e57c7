import { newPasswordSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { passwordAdvice } from "./password-advice.ts";

describe("passwordAdvice", () => {
  it.each(["", "short", "elevenchars", "twelve chars", "correct horse battery staple"])(
    "calls %j short exactly when the peer refuses it",
    (password) => {
      expect(passwordAdvice(password).level !== "short").toBe(newPasswordSchema.safeParse(password).success);
    },
  );

  it.each([
    ["raspberry123", "weak"],
    ["abcdefghijklm", "weak"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "weak"],
    ["ann-and-home", "weak"],
    ["tulip bridge", "fair"],
    ["tulip bridge seven ocean", "good"],
    ["raspberry tulip bridge seven", "good"],
  ])("calls %j %s", (password, level) => {
    expect(passwordAdvice(password, ["home", "ann"]).level).toBe(level);
  });
});
