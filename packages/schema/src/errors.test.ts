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

  it("tells what was expected of a key", () => {
    const error = failure(() => parseInput(nodeUpdateSchema, { labels: { "a b": "x" } }, "node"));
    expect(error.details.fields?.[0]?.field).toBe("labels.a b");
    expect(error.message).toContain("expected a label key");
  });

  it("names a field that it does not know", () => {
    const error = failure(() => parseInput(nodeUpdateSchema, { nmae: "pi" }, "node"));
    expect(error.details.fields).toContainEqual({ field: "nmae", message: "there is no such field" });
  });
});

describe("statusOfCode", () => {
  it("has a status for every code", () => {
    expect(Object.keys(statusOfCode)).toEqual([...errorCodes]);
  });
});
