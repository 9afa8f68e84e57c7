import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { type I2cDraft, operationOf, operationText } from "./exchange-draft.ts";

const draft: I2cDraft = { op: "read-register", register: "0f", length: "2", bytes: "60 a0" };

describe("operationOf", () => {
  it.each<readonly [I2cDraft["op"], object, string]>([
    ["read-register", { op: "read-register", register: 15, length: 2 }, "read 2 from 0x0f"],
    ["write-register", { op: "write-register", register: 15, bytes: [0x60, 0xa0] }, "wrote 2 to 0x0f"],
    ["read", { op: "read", length: 2 }, "read 2"],
    ["write", { op: "write", bytes: [0x60, 0xa0] }, "wrote 2"],
  ])("%s", (op, operation, text) => {
    expect(operationOf({ ...draft, op })).toEqual(operation);
    expect(operationText(operationOf({ ...draft, op }))).toBe(text);
  });

  it.each<readonly [Partial<I2cDraft>, string]>([
    [{ register: "" }, "register"],
    [{ register: "0f 10" }, "register"],
    [{ length: "0" }, "length"],
    [{ length: "many" }, "length"],
    [{ op: "write", bytes: "" }, "bytes"],
    [{ op: "write", bytes: "zz" }, "bytes"],
  ])("names the field that is wrong in %j", (changes, field) => {
    try {
      operationOf({ ...draft, ...changes });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      expect(error.details.fields?.map((problem) => problem.field)).toEqual([field]);
    }
  });
});
