import { auditQuerySchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { auditFilterOf, queryOfFilter } from "./audit-filter.ts";

describe("queryOfFilter", () => {
  it("leaves out what is not asked for", () => {
    expect(queryOfFilter(auditFilterOf(new URLSearchParams()), null, 100)).toEqual({ limit: 100 });
  });

  it("asks for what the address bar names, page by page", () => {
    const filter = auditFilterOf(
      new URLSearchParams("actor=ann&outcome=denied&node=12D3KooW&correlation=c1"),
    );
    expect(queryOfFilter(filter, "next", 50)).toEqual({
      limit: 50,
      actor: "ann",
      outcome: "denied",
      node: "12D3KooW",
      correlationId: "c1",
      cursor: "next",
    });
  });

  it("makes nothing that the API refuses of nonsense in the address bar", () => {
    const nonsense = new URLSearchParams({
      actor: ` ${"x".repeat(300)}`,
      outcome: "maybe",
      correlation: "c".repeat(99),
    });
    expect(auditQuerySchema.safeParse(queryOfFilter(auditFilterOf(nonsense), null, 100)).success).toBe(true);
  });
});
