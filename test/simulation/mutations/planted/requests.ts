import type { Mutation } from "../mutation.ts";

const file = "packages/mesh/src/request-calls.ts";

export const requestMutations: readonly Mutation[] = [
  {
    name: "requests-wait-for-ever",
    file,
    find: `        settle(failed(tooLate(method, options.timeoutMs)));
        wire.abandon(id);`,
    replace: "        wire.abandon(id);",
    why: "A request ends at its deadline, whether an answer comes or not.",
    invariant: "requests",
    hunt: { peers: 3, minutes: 1, seed: 1, faultsPerPeerMinute: 0 },
  },
  {
    name: "requests-take-the-lowest-free-number",
    file,
    find: `    do {
      this.#lastId = (this.#lastId + 1) >>> 0;
    } while (this.#outstanding.has(this.#lastId));
    return this.#lastId;`,
    replace: `    this.#lastId = 1;
    while (this.#outstanding.has(this.#lastId)) this.#lastId++;
    return this.#lastId;`,
    why: "A late answer is of a request that is over: it must not end another one that has its number by now.",
    invariant: "requests",
    hunt: { peers: 3, strangers: 0, minutes: 2, seed: 1, faultsPerPeerMinute: 3, weights: { "bad-link": 1 } },
  },
  {
    name: "requests-are-remembered-for-ever",
    file,
    find: "if (!this.#outstanding.delete(id)) return;",
    replace: "if (!this.#outstanding.has(id)) return;",
    why: "A request that has ended takes no memory.",
    invariant: "requests",
    hunt: { peers: 3, minutes: 2, seed: 1, faultsPerPeerMinute: 0 },
  },
];
