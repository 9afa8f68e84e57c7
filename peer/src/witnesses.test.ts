import { describe, expect, it } from "vitest";
import { type WitnessFacts, witnessesOf } from "./witnesses.ts";

const facts: WitnessFacts = {
  self: "self",
  members: ["self", "one", "other"],
  connected: ["one", "other"],
  stateOf: () => "alive",
  apiUrlsOf: (node) => [`https://${node}:8080`],
  joinOrigins: ["https://pi-a.local:8080"],
};
const idsOf = (changed: Partial<WitnessFacts>) => witnessesOf({ ...facts, ...changed }).map(({ id }) => id);

describe("whom a peer asks whether it was revoked", () => {
  it("is nobody while it is connected to all, or is all there is", () => {
    expect(idsOf({})).toEqual([]);
    expect(idsOf({ members: ["self"], connected: [] })).toEqual([]);
  });

  it("is nobody of whom it only has no connection of its own, as in a large mesh", () => {
    expect(idsOf({ connected: ["one"] })).toEqual([]);
  });

  it("is whoever is not known to live", () => {
    for (const state of ["suspect", "dead", "left", "unknown", undefined] as const) {
      expect(idsOf({ connected: ["one"], stateOf: () => state })).toEqual(["other"]);
    }
  });

  it("is everybody when there is nobody left, and where it was told to join", () => {
    expect(witnessesOf({ ...facts, connected: [] })).toEqual([
      { id: "one", origins: ["https://one:8080"] },
      { id: "other", origins: ["https://other:8080"] },
      { id: "https://pi-a.local:8080", origins: ["https://pi-a.local:8080"] },
    ]);
  });
});
