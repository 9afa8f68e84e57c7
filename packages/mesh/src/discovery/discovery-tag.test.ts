import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { discoveryTag, serviceOf } from "./discovery-tag.ts";

const secret = (fill: number) => new Uint8Array(32).fill(fill);

describe("discoveryTag", () => {
  it("is the same for the same secret and another one for every other", () => {
    expect(discoveryTag(secret(1))).toBe(discoveryTag(secret(1)));
    const tags = new Set(Array.from({ length: 200 }, (_, fill) => discoveryTag(secret(fill))));
    expect(tags.size).toBe(200);
  });

  it("is no part of the secret", () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
    expect(Buffer.from(bytes).toString("hex")).not.toContain(discoveryTag(bytes));
    expect(discoveryTag(bytes)).toMatch(/^[0-9a-f]{10}$/);
  });
});

describe("serviceOf", () => {
  it("fits DNS-SD", () => {
    expect(serviceOf(discoveryTag(secret(1)))).toMatch(/^_[a-z0-9-]{1,15}\._tcp\.local$/);
  });

  it.each(["", "home", "0123456789abcdef", "ABCDEF0123", "pending"])("knows no tag %j", (tag) => {
    expect(() => serviceOf(tag)).toThrow(MeshError);
  });
});
