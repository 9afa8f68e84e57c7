import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toNodeName } from "./node-name.ts";
import { nodeNameSchema } from "./primitives.ts";

describe("toNodeName", () => {
  it("keeps what is valid and replaces the rest", () => {
    expect(toNodeName("Kitchen Pi.local")).toBe("kitchen-pi-local");
    expect(toNodeName("192.168.1.20")).toBe("192-168-1-20");
    expect(toNodeName("___")).toBe("node");
  });

  it("gives a valid name for any text", () => {
    fc.assert(fc.property(fc.string(), (text) => nodeNameSchema.safeParse(toNodeName(text)).success));
  });
});
