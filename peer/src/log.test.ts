import { describe, expect, it } from "vitest";
import { createLog, parseLevels } from "./log.ts";

describe("parseLevels", () => {
  it("takes one level for all, and others by component", () => {
    const levels = parseLevels("warn,mesh=debug,api=error");
    expect(levels.base).toBe("warn");
    expect([...levels.components]).toEqual([
      ["mesh", "debug"],
      ["api", "error"],
    ]);
  });
});

describe("createLog", () => {
  it.each(["error", "err"])("writes what an error says that stands in the field %s", async (field) => {
    const written: string[] = [];
    const lines = { write: (line: string) => written.push(line) };
    const log = await createLog({ logLevel: "info", logFormat: "json" }, { name: "pi-a" }, lines);
    const error = new Error("the card is full", { cause: new Error("no space left") });
    log.component("peer").warn({ [field]: error }, "It cannot be written");
    expect(written.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        name: "pi-a",
        msg: "It cannot be written",
        [field]: {
          message: "the card is full: no space left",
          stack: expect.stringContaining("log.test.ts"),
        },
      },
    ]);
  });
});
