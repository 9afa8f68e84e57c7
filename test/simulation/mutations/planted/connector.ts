import type { Mutation } from "../mutation.ts";

const folder = "packages/mesh/src/connector";

export const connectorMutations: readonly Mutation[] = [
  {
    name: "connector-trims-neighbours",
    file: `${folder}/trim.ts`,
    find: "connections.filter(({ peer }) => !neighbours.has(peer))",
    replace: "connections.filter(({ peer }) => neighbours.has(peer))",
    why: "Connections to neighbours stay: closing them makes the mesh dial for ever.",
    invariant: "connections",
    hunt: { peers: 2, strangers: 0, minutes: 3, seed: 1, faultsPerPeerMinute: 0 },
  },
];
