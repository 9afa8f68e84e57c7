import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { actOnOneself } from "./farewell.ts";

describe("actOnOneself", () => {
  it("says where to look when the node falls silent before it has answered", async () => {
    const act = () => Promise.reject(new MeshError("UNAVAILABLE", "The peer at pi-a cannot be reached"));
    await expect(actOnOneself("pi-a", act)).rejects.toThrow(/cannot be reached.*Look at another node/);
  });

  it("leaves a refusal as it is", async () => {
    const refusal = new MeshError("UNAUTHENTICATED", "The password is wrong");
    await expect(actOnOneself("pi-a", () => Promise.reject(refusal))).rejects.toBe(refusal);
  });
});
