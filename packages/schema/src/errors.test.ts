import { describe, expect, it } from "vitest";
import { nodeUpdateSchema } from "./api.ts";
import { errorCodes, type MeshError, parseInput, statusOfCode } from "./errors.ts";

function failure(run: () => unknown): MeshError {
  try {
    run();
  } catch (error) {
    return error as MeshError;
  }
  throw new Error("expected an error");
}

describe("parseInput", () => {
  it("names every wrong field and what was expected", () => {
    const error = failure(() =>
      parseInput(nodeUpdateSchema, { name: "Not OK", labels: { role: "a b" } }, "node"),
    );
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.details.fields?.map(({ field }) => field)).toEqual(["name", "labels.role"]);
    expect(error.message).toContain("name: expected a host name");
  });

  it("names a field that it does not know", () => {
    const error = failure(() => parseInput(nodeUpdateSchema, { nmae: "pi" }, "node"));
    expect(error.message).toContain("nmae");
  });
});

describe("statusOfCode", () => {
  it("has a status for every code", () => {
    expect(Object.keys(statusOfCode)).toEqual([...errorCodes]);
  });
});
