import type { Mutation } from "../mutation.ts";

const folder = "packages/nodes/src";

export const nodesMutations: readonly Mutation[] = [
  {
    name: "nodes-correct-themselves-once",
    file: `${folder}/self-registration.ts`,
    find: `      this.#isScheduled = false;
      return this.#correct();`,
    replace: "      return this.#correct();",
    why: "A node puts its entry right as often as somebody changes it, and gives way in name when it has to.",
    invariant: "roster",
    hunt: {
      peers: 8,
      strangers: 0,
      minutes: 1,
      seed: 4,
      parts: "trust",
      faultsPerPeerMinute: 0.5,
      weights: { partition: 1 },
    },
  },
  {
    name: "nodes-nobody-gives-way-in-name",
    file: `${folder}/self-registration.ts`,
    find: "seniority(own) < seniority(holder)) return undefined;",
    replace: "seniority(own) !== seniority(holder)) return undefined;",
    why: "Of two nodes with one name the later one takes another.",
    invariant: "roster",
    hunt: {
      peers: 8,
      strangers: 0,
      minutes: 1,
      seed: 4,
      parts: "trust",
      faultsPerPeerMinute: 0.5,
      weights: { partition: 1 },
    },
  },
];
