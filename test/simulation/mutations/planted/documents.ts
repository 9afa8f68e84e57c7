import type { Mutation } from "../mutation.ts";

const folder = "packages/document/src";

export const documentMutations: readonly Mutation[] = [
  {
    name: "documents-acknowledge-before-disk",
    file: `${folder}/commit/committer.ts`,
    find: "await this.#store.write(changes);",
    replace: "for (const job of jobs) job.committed();\n        await this.#store.write(changes);",
    why: "What was acknowledged is on the disk: power that goes a moment later must not take it back.",
    invariant: "documents",
    hunt: {
      peers: 4,
      minutes: 3,
      seed: 1,
      faultsPerPeerMinute: 2,
      weights: { "disk-slow": 3, "disk-full": 1, kill: 2 },
    },
  },
  {
    name: "documents-show-before-disk",
    file: `${folder}/commit/committer.ts`,
    find: `        await this.#store.write(changes);`,
    replace: `        this.#onApplied(batch.apply());
        await this.#store.write(changes);
        for (const job of jobs) job.committed();
        return;`,
    why: "What others hear of is on this disk: else the same clocks are given out again for something else.",
    invariant: "documents",
    hunt: {
      peers: 4,
      minutes: 3,
      seed: 1,
      faultsPerPeerMinute: 1,
      weights: { "disk-full": 1, "disk-broken": 1 },
    },
  },
  {
    name: "documents-no-regular-exchange",
    file: `${folder}/sync/scheduler.ts`,
    find: "() => this.requestAny(0),",
    replace: "() => undefined,",
    why: "A broadcast that was lost, with none after it, is made up for by exchanges alone.",
    invariant: "documents",
    hunt: { peers: 2, minutes: 1, seed: 2, faultsPerPeerMinute: 3, weights: { "bad-link": 1 } },
  },
  {
    name: "documents-set-back-is-not-recovered-from",
    file: `${folder}/set-back.ts`,
    find: "if (!this.#fill(next, update)) return;",
    replace: "if (this.#fill(next, update)) return;",
    why: "Who lost writes and has used their clocks twice takes what others hold, and goes on as another author.",
    invariant: "documents",
    hunt: {
      peers: 2,
      strangers: 0,
      minutes: 3,
      seed: 1,
      faultsPerPeerMinute: 4,
      weights: { "lying-disk": 2, partition: 2 },
    },
  },
  {
    name: "documents-gaps-are-taken",
    file: `${folder}/content/inspect-update.ts`,
    find: 'if (!seen.has(client) && clock > known(client)) return { verdict: "gap" };',
    replace: "",
    why: "An update that builds on a lost one waits in the document, on the disk too: it cannot be read again.",
    invariant: "processes",
    hunt: { peers: 2, minutes: 2, seed: 1, faultsPerPeerMinute: 3, weights: { "bad-link": 2, kill: 1 } },
  },
  {
    name: "documents-others-updates-in-memory",
    file: `${folder}/commit/batch.ts`,
    find: `    const appends = this.#encoded.flatMap(({ replica, updates }) =>
      updates.map(`,
    replace: `    const appends = this.#encoded.flatMap(({ replica, local }) =>
      (local === undefined ? [] : [local.update]).map(`,
    why: "What others wrote is on this disk, too: own writes build on it, and cannot be read again without.",
    invariant: "processes",
    hunt: { peers: 2, minutes: 1, seed: 5, faultsPerPeerMinute: 2, weights: { kill: 1 } },
  },
  {
    name: "documents-digest-without-deletions",
    file: `${folder}/content/shared-document.ts`,
    find: ".update(Y.encodeSnapshot(Y.snapshot(this.#doc)))",
    replace: ".update(Y.encodeStateVector(this.#doc))",
    why: "A deletion moves no clock: who compares clocks alone never finds out that he missed one.",
    invariant: "documents",
    hunt: { peers: 2, minutes: 1, seed: 7, faultsPerPeerMinute: 3, weights: { "bad-link": 1 } },
  },
  {
    name: "documents-buckets-without-digest",
    file: `${folder}/sync/buckets.ts`,
    find: "`${node} ${guid} ${digest}\\n`",
    replace: "`${node} ${guid}\\n`",
    why: "Two that hold the same generation of a document may still hold different parts of it.",
    invariant: "documents",
    hunt: { peers: 2, minutes: 1, seed: 1, faultsPerPeerMinute: 3, weights: { "bad-link": 1 } },
  },
  {
    name: "documents-compaction-after-appends",
    file: `${folder}/commit/batch.ts`,
    find: "return [...this.#changes, ...appends];",
    replace: "return [...appends, ...this.#changes];",
    why: "A snapshot is of what was there before the batch: put after the batch's own updates, it drops them.",
    invariant: "documents",
    hunt: {
      peers: 2,
      strangers: 0,
      minutes: 5,
      seed: 1,
      faultsPerPeerMinute: 3,
      weights: { "disk-slow": 3, kill: 1 },
    },
  },
  {
    name: "documents-next-generation-of-old-content",
    file: `${folder}/own-document.ts`,
    find: "return { generation: this.#nextGeneration(), writes: writesOf(current.replica.document) };",
    replace: "return { generation: this.#nextGeneration(), writes };",
    why: "The next generation has what stands when it begins, not what stood when it was found to be needed.",
    invariant: "documents",
    hunt: {
      peers: 2,
      strangers: 0,
      minutes: 3,
      seed: 2,
      faultsPerPeerMinute: 3,
      weights: { "disk-slow": 1 },
    },
  },
  {
    name: "documents-old-generation-stays",
    file: `${folder}/intake.ts`,
    find: 'if (this.#set.announced(node)?.guid !== guid) return { kind: "unannounced" };',
    replace:
      'if (held !== undefined || this.#set.announced(node)?.guid !== guid) return { kind: "unannounced" };',
    why: "A node's next generation takes the place of the one that is held.",
    invariant: "documents",
    hunt: { peers: 4, minutes: 2, seed: 1, faultsPerPeerMinute: 0.2, weights: { kill: 1 } },
  },
];
