import { describe, expect, it } from "vitest";
import { addRow, labelsOf, repeatedKeys, rowsOf } from "./label-rows.ts";

describe("label rows", () => {
  it("give back the labels that they were made of", () => {
    const labels = { role: "door", "example.com/floor": "2", empty: "" };
    expect(labelsOf(rowsOf(labels))).toEqual(labels);
  });

  it("leave out a row that was added and not filled in", () => {
    expect(labelsOf(addRow(rowsOf({ role: "door" })))).toEqual({ role: "door" });
  });

  it("keep a value without a key, so that the server's rule can refuse it", () => {
    expect(labelsOf([{ number: 0, key: " ", value: "x" }])).toEqual({ "": "x" });
  });

  it("number each row differently, also after one was taken out", () => {
    const rows = addRow(rowsOf({ a: "1", b: "2", c: "3" }).filter(({ key }) => key !== "b"));
    expect(new Set(rows.map(({ number }) => number)).size).toBe(3);
  });

  it("tell which keys are there twice", () => {
    const rows = ["a", "b", "a ", ""].map((key, number) => ({ number, key, value: "" }));
    expect(repeatedKeys(rows)).toEqual(["a"]);
  });
});
