import type { Mutation } from "../mutation.ts";

const folder = "packages/telemetry/src";

export const telemetryMutations: readonly Mutation[] = [
  {
    name: "metrics-history-without-end",
    file: `${folder}/metrics/metrics-history.ts`,
    find: "if (tooMany > 0) list.splice(0, tooMany);",
    replace: "if (tooMany > list.length) list.splice(0, tooMany);",
    why: "What is remembered of all nodes together is bounded.",
    invariant: "bounds",
    hunt: { peers: 2, strangers: 0, minutes: 27, seed: 1, faultsPerPeerMinute: 0 },
  },
  {
    name: "metrics-are-told-again",
    file: `${folder}/metrics/metrics-exchange.ts`,
    find: `const samples = this.#unsent;
    this.#unsent = [];`,
    replace: "const samples = this.#unsent;",
    why: "A sample is told once.",
    invariant: "bounds",
    hunt: { peers: 3, minutes: 1, seed: 1, faultsPerPeerMinute: 0 },
  },
  {
    name: "events-are-told-again",
    file: `${folder}/events.ts`,
    find: `    this.#queue = [];
    for (const payload`,
    replace: "    for (const payload",
    why: "An event is told once: traffic does not grow with what has happened.",
    invariant: "bounds",
    hunt: { peers: 3, minutes: 1, seed: 1, faultsPerPeerMinute: 0 },
  },
];
