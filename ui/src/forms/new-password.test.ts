import { describe, expect, it } from "vitest";
import { newPasswordProblem } from "./new-password.tsx";

describe("newPasswordProblem", () => {
  it.each([
    ["tulip bridge seven", "tulip bridge seven", null],
    ["tulip bridge seven", "tulip bridge", "different"],
    ["short", "short", "short"],
  ])("%j and %j: %s", (password, repeated, problem) => {
    expect(newPasswordProblem({ password, repeated })).toBe(problem);
  });
});
