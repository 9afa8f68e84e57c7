import type { Mutation } from "../mutation.ts";

const folder = "packages/mesh/src/membership";

export const membershipMutations: readonly Mutation[] = [
  {
    name: "membership-old-word-counts",
    file: `${folder}/member.ts`,
    find: "return order > 0 || (order === 0 && gravity[update.state] > gravity[belief.state]);",
    replace: "return order > 0 || gravity[update.state] > gravity[belief.state];",
    why: "A graver word wins within one version only: one about an older incarnation was denied already.",
    invariant: "membership",
    hunt: {
      peers: 8,
      minutes: 3,
      seed: 1,
      faultsPerPeerMinute: 1,
      weights: { stop: 3, partition: 1, pause: 1 },
    },
  },
  {
    name: "membership-denies-with-old-version",
    file: `${folder}/self.ts`,
    find: "this.#become(versionAfter(claim));",
    replace: "this.#become({ bootEpoch: claim.bootEpoch, incarnation: claim.incarnation });",
    why: "Who denies its death has to raise its incarnation: a word of the same version takes nothing back.",
    invariant: "membership",
    hunt: { peers: 8, minutes: 4, seed: 1 },
  },
  {
    name: "membership-incarnation-before-boot-epoch",
    file: `${folder}/member.ts`,
    find: "return a.bootEpoch - b.bootEpoch || a.incarnation - b.incarnation;",
    replace: "return a.incarnation - b.incarnation || a.bootEpoch - b.bootEpoch;",
    why: "A process that starts again is newer than the one before, however often that one denied its death.",
    invariant: "membership",
    hunt: { peers: 5, minutes: 3, seed: 1, faultsPerPeerMinute: 1, weights: { pause: 1, kill: 1 } },
  },
  {
    name: "membership-confirmations-off-by-one",
    file: `${folder}/suspicion.ts`,
    find: "return Math.max(this.#witnesses.size - 1, 0);",
    replace: "return Math.max(this.#witnesses.size - CONFIRMATIONS_WANTED, 0);",
    why: "Who is silent to three is dead as soon as can be: the first one accuses, and the two others confirm.",
    invariant: "deaths",
    hunt: {
      peers: 8,
      strangers: 0,
      minutes: 2,
      seed: 1,
      faultsPerPeerMinute: 0.4,
      weights: { "power-off": 1 },
    },
  },
  {
    name: "membership-dead-are-not-asked",
    file: `${folder}/prober.ts`,
    find: 'return table.connected.has(id) ? table.get(id)?.state === "dead" : table.isPresent(id);',
    replace: "return !table.connected.has(id) && table.isPresent(id);",
    why: "A cut shorter than the life of a connection leaves both sides dead to each other, and still connected.",
    invariant: "membership",
    hunt: { peers: 4, minutes: 4, seed: 1, faultsPerPeerMinute: 0.5, weights: { partition: 1 } },
  },
  {
    name: "membership-dead-are-not-told",
    file: `${folder}/beliefs.ts`,
    find: 'member.state === "alive" || member.state === "unknown") return news;',
    replace: "!isPresent(member.state)) return news;",
    why: "Nobody denies a death that nobody tells him of.",
    invariant: "membership",
    hunt: {
      peers: 4,
      strangers: 0,
      minutes: 3,
      seed: 1,
      faultsPerPeerMinute: 1,
      weights: { pause: 1, partition: 1 },
    },
  },
  {
    name: "membership-counts-failed-questions-for-ever",
    file: `${folder}/correspondence.ts`,
    find: 'if (code === "DEADLINE_EXCEEDED" || code === "CANCELLED") return "silent";',
    replace: `if (code === "DEADLINE_EXCEEDED" || code === "CANCELLED") {
        this.#waiting++;
        return "silent";
      }`,
    why: "A question that was not answered waits no more: else a peer ends up asking nobody any more.",
    invariant: "membership",
    hunt: { peers: 6, minutes: 6, seed: 2, faultsPerPeerMinute: 1, weights: { pause: 1, partition: 1 } },
  },
];
