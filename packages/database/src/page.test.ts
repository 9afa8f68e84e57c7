import { describe, expect, it } from "vitest";
import { readPage } from "./page.ts";

const table = [5, 4, 3, 2, 1].map((sequence) => ({ sequence }));
const read = (before: number, limit: number) =>
  table.filter(({ sequence }) => sequence < before).slice(0, limit);

describe("readPage", () => {
  it("shows every row once, over pages that follow each other", () => {
    const pages: number[][] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = readPage({ limit: 2, cursor }, read);
      pages.push(page.rows.map(({ sequence }) => sequence));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  it("has no next page when the last one is just full", () => {
    expect(readPage({ limit: 5 }, read).nextCursor).toBeNull();
    expect(readPage({ limit: 2 }, () => [])).toEqual({ rows: [], nextCursor: null });
  });

  it.each(["", "x", "-1", "1.5", "1e3", "9".repeat(16)])("refuses the cursor %j", (cursor) => {
    expect(() => readPage({ limit: 2, cursor }, read)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: { fields: [{ field: "cursor", message: "expected one that a page before gave" }] },
      }),
    );
  });
});
