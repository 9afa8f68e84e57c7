import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nextBootEpoch } from "./boot-epoch.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-epoch-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("nextBootEpoch", () => {
  it("counts from 1, and makes the data directory", async () => {
    const data = join(directory, "data");
    expect(await nextBootEpoch(data)).toBe(1);
    expect(await nextBootEpoch(data)).toBe(2);
  });

  it.each(["", "abc", "-1", "1.5"])("refuses to guess when the counter holds %j", async (text) => {
    writeFileSync(join(directory, "boot-epoch"), text);
    await expect(nextBootEpoch(directory)).rejects.toThrow("does not hold a number");
  });
});
