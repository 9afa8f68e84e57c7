import type { Mutation } from "../mutation.ts";

const folder = "packages/mesh/src/connector";

export const connectorMutations: readonly Mutation[] = [
  {
    name: "connector-dials-each-once",
    file: `${folder}/connector.ts`,
    find: "    this.#dialling.delete(peer);",
    replace: '    if (result.outcome === "connected") this.#dialling.delete(peer);',
    why: "A peer that could not be reached is dialled again, for as long as it is a neighbour.",
    invariant: "connections",
    hunt: {
      peers: 4,
      strangers: 0,
      minutes: 4,
      seed: 1,
      parts: "trust",
      faultsPerPeerMinute: 0.5,
      weights: { partition: 1 },
    },
  },
  {
    name: "connector-waits-ever-longer",
    file: `${folder}/dial-schedule.ts`,
    find: "maximumMs: 10_000",
    replace: "maximumMs: 10_000_000",
    why: "A cut that has healed is found soon, however long it lasted.",
    invariant: "connections",
    hunt: {
      peers: 4,
      strangers: 0,
      minutes: 4,
      seed: 1,
      parts: "trust",
      faultsPerPeerMinute: 0.5,
      weights: { partition: 1 },
    },
  },
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
