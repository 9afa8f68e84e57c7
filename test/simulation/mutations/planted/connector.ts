import type { Mutation } from "../mutation.ts";

const folder = "packages/mesh/src/connector";

export const connectorMutations: readonly Mutation[] = [
  {
    name: "connector-sparse-in-small-meshes",
    file: `${folder}/neighbours.ts`,
    find: "if (ring.length <= FULL_MESH_SIZE) return",
    replace: "if (ring.length <= Math.log2(FULL_MESH_SIZE)) return",
    why: "In a small mesh each is connected to all others, and no connection is closed as one too many.",
    invariant: "connections",
    hunt: { peers: 7, strangers: 0, minutes: 2, seed: 1, faultsPerPeerMinute: 0 },
  },
];
